// The timeline in sentences: who did what, about what, and how it went. The words of types, topics, channels and moods are the
// pack's; how they are joined is the language's.
import { has as known, t } from "../text.js";
import { actionName, attributeName, capital, spell, spelled, uncapital, valueText } from "../pack.js";
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
		.map(([name, value]) => (name === "amount" ? valueText(name, value) : `${uncapital(attributeName(name))}: ${valueText(name, value)}`));
	const to = m.fields.to ? t("desk.tell.to", { to: spelled("message_plan", m.fields.to) ?? spelled("data_plan", m.fields.to) ?? m.fields.to }) : "";
	const way = m.channel && m.channel !== "call" && spelled("channel", m.channel);
	return [[way, spell("type", m.type), to, about([m])].filter(Boolean).join(" "), ...more, ...ending([m])].join(", ");
}

function outcomeText(o) {
	const reason = o.reason ? ` (${spelled("reason", o.reason) ?? o.reason})` : "";
	return t(`desk.tell.outcome.${o.kind}`, { action: actionName(o.action) }) + reason;
}

function nudgeText(nudge, name) {
	const channel = known(`desk.channel.${nudge.to}`) ? t(`desk.channel.${nudge.to}`) : nudge.to;
	return t(name ? "desk.tell.nudge.to" : "desk.tell.nudge", { channel, name, text: nudge.text });
}

// {who, text, agent}: who is empty where it is nobody's doing.
export function tell(line, customer) {
	if (line.outcome) {
		const who = memberName(customer, line.outcome.member), text = outcomeText(line.outcome);
		return { who, text: who ? text : capital(text), agent: line.outcome.agent };
	}
	if (line.nudge)
		return { who: "", text: nudgeText(line.nudge, memberName(customer, line.nudge.member)), agent: "" };
	const events = line.events, m = events[0];
	const text = m.contact ? contactText(events) : plainText(m);
	const who = memberName(customer, m.member);
	return { who, text: who ? text : capital(text), agent: events.findLast((e) => e.agent)?.agent ?? "" };
}
