// Words in the user's language. A view registers its own ({en: {...}, vi: {...}}); a key that has ".one" beside ".other" is
// chosen by values.count, by the language's own rules (Intl.PluralRules). Numbers are given as numbers: they are written as
// the language writes them. A word that is missing shows its key: tests look for those.
import { useEffect, useState } from "preact/hooks";
import { keep, recall } from "./kept.js";

export const LANGUAGES = { vi: "Tiếng Việt", en: "English" };

const words = { en: {}, vi: {} };
const listeners = new Set();

function preferred() {
	const kept = recall("language");
	if (kept in LANGUAGES)
		return kept;
	for (const tag of navigator.languages || [])
		if (tag.slice(0, 2) in LANGUAGES)
			return tag.slice(0, 2);
	return "en";
}

let current = preferred();
document.documentElement.lang = current;

export function language() {
	return current;
}

export function setLanguage(code) {
	current = code;
	keep("language", code);
	document.documentElement.lang = code;
	for (const listener of listeners)
		listener(code);
}

// Everything below is rendered again when the language changes; the shell calls it, views need not.
export function useLanguage() {
	const [, set] = useState(current);
	useEffect(() => {
		listeners.add(set);
		return () => listeners.delete(set);
	}, []);
	return current;
}

export function register(more) {
	for (const code of Object.keys(words))
		Object.assign(words[code], more[code]);
}

export function has(key) {
	return key in words[current] || key + ".other" in words[current];
}

const plurals = Object.fromEntries(Object.keys(LANGUAGES).map((code) => [code, new Intl.PluralRules(code)]));
const numbers = Object.fromEntries(Object.keys(LANGUAGES).map((code) => [code, new Intl.NumberFormat(code)]));
const shown = (value) => (typeof value === "number" ? numbers[current].format(value) : String(value));

export function t(key, values = {}) {
	let text = words[current][key];
	if (text === undefined && "count" in values)
		text = words[current][`${key}.${plurals[current].select(values.count)}`] ?? words[current][`${key}.other`];
	if (text === undefined)
		text = words.en[key] ?? words.en[key + ".other"] ?? key;
	return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? shown(values[name]) : all));
}
