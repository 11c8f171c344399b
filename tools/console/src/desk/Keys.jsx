// The shortcuts, said in one place. Single keys can be turned off, for who speaks to the computer.
import { useEffect, useRef, useState } from "preact/hooks";
import { keep, recall } from "../kept.js";
import { may } from "../session.js";
import { t } from "../text.js";
import { Dialog, Key } from "../ui.jsx";

const LIST = [["/", "search"], ["1 … 6", "action"], ["o a r l x", "outcomes"], ["w", "why"], ["h", "held"], ["n", "next"], ["u", "take"],
	["t", "topic"], ["m", "member"], ["b", "leave"], ["Esc", "escape"], ["?", "keys"]];
const READING = ["search", "leave", "keys"]; // who gets no advice has nothing to do with the others

const typing = (target) => target.closest?.("input:not([type=radio]), select, textarea, dialog[open], [contenteditable]");

// keys: {"/": () => …}, or false: none; a key means nothing where one types, nor with Ctrl, Alt or Meta.
export function useKeys(keys) {
	const latest = useRef();
	latest.current = keys;
	const [on, setOn] = useState(recall("desk.keys") !== "off");
	useEffect(() => {
		const pressed = (event) => {
			if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !on)
				return;
			const act = latest.current && (latest.current[event.key] ?? latest.current[event.key.toLowerCase()]);
			if (act && act(event.key) !== false)
				event.preventDefault();
		};
		addEventListener("keydown", pressed);
		return () => removeEventListener("keydown", pressed);
	}, [on]);
	return [on, (value) => (keep("desk.keys", value ? null : "off"), setOn(value))];
}

export function Keys({ on, onSwitch, onClose }) {
	return (
		<Dialog title={t("desk.keys")} onClose={onClose}>
			<dl class="keys">
				{LIST.filter(([, name]) => may("recommend") || READING.includes(name)).map(([keys, name]) => (
					<div key={name}><dt>{keys.split(" ").map((k) => (k === "…" ? " … " : <Key key={k}>{k}</Key>))}</dt><dd>{t("desk.keys." + name)}</dd></div>
				))}
			</dl>
			<label class="switch"><input type="checkbox" checked={on} onChange={(e) => onSwitch(e.target.checked)} /> {t("desk.keys.on")}</label>
		</Dialog>
	);
}
