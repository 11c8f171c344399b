// The timeline in sentences: who did what, about what, and how it went. The words of types, topics, channels and moods are the
// pack's; how they are joined is the language's.
import { language, t } from "../text.js";
import { actionName, attributeName, capital, spell, spelled, valueText } from "./pack.js";
import { memberName } from "./state.js";

const TOLD = new Set(["topic", "ref", "mood_end", "mood", "mood_start", "resolved"]);

const first = (events, name) => events.map((m) => m.fields[name]).findLast((v) => v !== undefined && v !== null);
const has = (events, end) => events.find((m) => m.type.endsWith(end));

function about(events) {
	const topic = first(events, "topic") ?? first(events, "intent");
	return topic ? t("desk.tell.about", { topic: spell("topic", topic) }) : "";
}

// How it ended: ["left angry", "not resolved"].
function ending(events) {
	const mood = first(events, "mood_end"), resolved = first(events, "resolved"), parts = [];
	const words = typeof mood === "number" ? spelled("mood_end", mood) ?? t(`desk.mood.${mood < -0.15 ? "low" : mood > 0.3 ? "high" : "even"}`) : "";
	if (words)
		parts.push(t("desk.tell.left", { mood: words }));
	if (resolved !== undefined)
		parts.push(t(resolved ? "desk.tell.resolved" : "desk.tell.unresolved"));
	return parts;
}

function contactText(events) {
	const began = has(events, ".started") ?? has(events, ".ended") ?? events[0];
	const besides = events.filter((m) => !/^contact\.(queued|started|held|ended)$/.test(m.type)).map((m) => spell("type", m.type));
	const way = has(events, ".started") || has(events, ".ended") ? spelled("channel", began.channel) ?? spell("type", began.type) : besides.shift();
	const head = [way, about(events)].filter(Boolean).join(" ");
	const over = has(events, ".ended") || has(events, ".abandoned");
	const rest = [...besides, ...ending(events), ...(over ? [] : [t("desk.tell.now")])];
	return [head, ...rest].join(", ");
}

function plainText(m) {
	const more = Object.entries(m.fields).filter(([name]) => !TOLD.has(name) && name !== "to")
		.map(([name, value]) => (name === "amount" ? valueText(name, value) : `${attributeName(name).toLocaleLowerCase(language())} ${valueText(name, value)}`));
	const to = m.fields.to ? t("desk.tell.to", { to: spelled("message_plan", m.fields.to) ?? spelled("data_plan", m.fields.to) ?? m.fields.to }) : "";
	const way = m.channel && m.channel !== "call" && spelled("channel", m.channel);
	return [[way, spell("type", m.type), to, about([m])].filter(Boolean).join(" "), ...more, ...ending([m])].join(", ");
}

function outcomeText(o) {
	const reason = o.reason ? ` (${spelled("reason", o.reason) ?? o.reason})` : "";
	return t(`desk.tell.outcome.${o.kind}`, { action: actionName(o.action) }) + reason;
}

// {who, text, agent, channel}: who is empty where it is nobody's doing.
export function tell(line, customer) {
	if (line.outcome)
		return { who: memberName(customer, line.outcome.member), text: outcomeText(line.outcome), agent: line.outcome.agent, channel: line.outcome.channel };
	if (line.nudge)
		return { who: memberName(customer, line.nudge.member), text: t("desk.tell.nudge", { channel: line.nudge.to, text: line.nudge.text }), agent: "", channel: line.nudge.to };
	const events = line.events, m = events[0];
	const text = m.contact ? contactText(events) : plainText(m);
	return { who: memberName(customer, m.member), text: capital(text), agent: first(events.map((e) => ({ fields: { agent: e.agent || undefined } })), "agent") ?? "", channel: m.channel };
}
