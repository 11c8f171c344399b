// Light, dark, or as the system is. A data-theme attribute on the root decides; the colours are in style.css.
import { useEffect, useState } from "preact/hooks";
import { keep, recall } from "./kept.js";

export const THEMES = ["system", "light", "dark"];
const dark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set();
let chosen = THEMES.includes(recall("theme")) ? recall("theme") : "system";

function shown() {
	return chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
}

function apply() {
	document.documentElement.dataset.theme = shown();
	for (const listener of listeners)
		listener(shown() + chosen);
}

dark.addEventListener("change", apply);
apply();

export function theme() {
	return chosen;
}

export function setTheme(name) {
	chosen = name;
	keep("theme", name === "system" ? null : name);
	apply();
}

// "light" or "dark", and again when it changes: for what is painted on a canvas.
export function useShownTheme() {
	const [, set] = useState("");
	useEffect(() => {
		listeners.add(set);
		return () => listeners.delete(set);
	}, []);
	return shown();
}
