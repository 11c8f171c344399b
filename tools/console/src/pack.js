// What the active pack calls things, in the language of the page: GET /v1/rules/words. What it does not spell is shown as it
// is named, with its dashes as spaces.
import { get } from "./api.js";
import { date, dateTime, money, plain, setPlace } from "./format.js";
import { language, t } from "./text.js";

const EMPTY = { topics: [], languages: ["en"], names: new Map(), kinds: new Map() };

let words = EMPTY;

export async function loadPack(signal) {
	const answer = (await get("/v1/rules/words", { signal })).words;
	const names = new Map();
	for (const s of answer.spellings) {
		if (!names.has(s.name))
			names.set(s.name, []);
		names.get(s.name).push({ value: s.value, low: s.at_least?.at ?? -Infinity, high: s.at_most?.at ?? Infinity,
			texts: Object.fromEntries(s.wordings.map((w) => [w.language, w.text])), first: s.wordings[0]?.text });
	}
	setPlace(answer);
	words = { ...answer, names, kinds: new Map(answer.attributes.map((a) => [a.name, a.kind])) };
	return words;
}

const wording = (s) => s.texts[language()] ?? s.first;

// The pack's words, or undefined. "bill" stands for "bill/pay" where that has none of its own; numbers go by bands.
export function spelled(name, value) {
	const list = words.names.get(name) ?? [];
	const exact = (text) => list.find((s) => s.value !== "" && s.value === text);
	if (typeof value === "number") {
		const band = list.find((s) => s.value === "" && value >= s.low && value <= s.high);
		return band && wording(band);
	}
	const found = exact(String(value)) ?? (String(value).includes("/") ? exact(String(value).split("/")[0]) : undefined);
	return found && wording(found);
}

export const readable = (name) => String(name).replace(/[-_]/g, " ").replace(/^#.*/, "");
export const capital = (text) => (text ? text[0].toLocaleUpperCase(language()) + text.slice(1) : "");
export const uncapital = (text) => (text ? text[0].toLocaleLowerCase(language()) + text.slice(1) : "");
export const spell = (name, value) => spelled(name, value) ?? readable(value);
export const actionName = (name) => capital(spelled("action", name) ?? readable(name));
export const topicName = (topic) => capital(spelled("topic", topic) ?? readable(topic.replace("/", ": ")));
export const topics = () => words.topics;
export const reasons = () => (words.names.get("reason") ?? []).map((s) => [s.value, wording(s)]);

// What comes in one language only comes in the pack's first.
export const firstLanguage = () => words.languages[0];

const DATE = /^\d{1,2} [A-Z][a-z]{2} \d{4}$/, NUMBER = /^-?\d+(\.\d+)?$/;

// A value out of a sentence, as it is written in the language of the page.
function valueSaid(text) {
	if (DATE.test(text))
		return date(Date.parse(text + " 12:00 UTC"));
	return NUMBER.test(text) ? plain(text) : spelled("topic", text) ?? text;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// An alert's text is kept in one language. Where the pack spells the sentences of its alerts, with "…" for each value, it is said in
// that of the page.
export function alertText(alert) {
	const sentence = words.names.get("alert")?.find((s) => s.value === alert.rule);
	const from = sentence?.texts[firstLanguage()], to = sentence?.texts[language()];
	if (!from || !to || from === to)
		return alert.text;
	const values = new RegExp(`^${from.split("…").map(escaped).join("(.+?)")}$`, "s").exec(alert.text)?.slice(1);
	return values ? to.replace(/…/g, () => valueSaid(values.shift() ?? "…")) : alert.text;
}

export const recipientName = (to) => spelled("recipient", to) ?? to.replace(/^agent:/, "");

// Names of attributes that the pack lists come first, in its order.
export function attributeOrder(name) {
	const at = (words.names.get("attribute") ?? []).findIndex((s) => s.value === name);
	return at < 0 ? Infinity : at;
}

export const attributeName = (name) => spelled("attribute", name) ?? readable(name);

// A value of an attribute as a person reads it: amounts, dates and what the pack spells.
export function valueText(name, value) {
	const kind = words.kinds.get(name);
	if (value === null || value === undefined)
		return t("desk.unknown");
	if (typeof value === "boolean")
		return t(value ? "desk.yes" : "desk.no");
	if (typeof value === "number" && kind === "money")
		return money(value);
	if (typeof value === "number" && kind === "time")
		return value % 60000 ? dateTime(value) : date(value);
	return spelled(name, value) ?? (typeof value === "number" ? plain(value) : value);
}
