// One field that finds a customer: a combobox with its list (arrows choose, Enter opens, Escape closes).
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { inOneLine } from "../problem.js";
import { t } from "../text.js";
import { Icon, Key } from "../ui.jsx";
import { find, recent } from "./find.js";
import { attributeName } from "../pack.js";

const WAIT_MS = 180;

function Option({ hit, id, active, onPick }) {
	const by = { attribute: hit.matched !== hit.label && `${attributeName(hit.attribute ?? "")}: ${hit.matched}`, alias: hit.matched, member: hit.member }[hit.why];
	return (
		<li id={id} role="option" aria-selected={active} class={active ? "active" : ""} onMouseDown={(event) => event.preventDefault()}
			onClick={() => onPick(hit)}>
			<span class="label">{hit.label}</span> <span class="id">{hit.id}</span> {by && <span class="by">{by}</span>}
		</li>
	);
}

// What is found of `text`, a moment after the last key: {hits, problem, busy}.
function useHits(text) {
	const [state, setState] = useState({ text: "", hits: [] });
	useEffect(() => {
		const stop = new AbortController();
		if (!text)
			return setState({ text, hits: recent() });
		const timer = setTimeout(async () => {
			try {
				setState({ text, hits: await find(text, stop.signal) });
			} catch (problem) {
				if (problem.name !== "AbortError")
					setState({ text, hits: [], problem });
			}
		}, WAIT_MS);
		return () => {
			clearTimeout(timer);
			stop.abort();
		};
	}, [text]);
	return { ...state, busy: state.text !== text };
}

export function Search({ onPick, inputRef }) {
	const [typed, setTyped] = useState(""), [open, setOpen] = useState(false), [at, setAt] = useState(0), [eager, setEager] = useState(false);
	const id = useId(), text = typed.trim();
	const { hits, problem, busy } = useHits(text);
	const pick = (hit) => {
		setTyped("");
		setOpen(false);
		setEager(false);
		inputRef.current.blur();
		onPick(hit);
	};
	useEffect(() => setAt(0), [text, hits]);
	useEffect(() => open && document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" }), [at, open]);
	useEffect(() => {
		if (eager && !busy && hits.length)
			pick(hits[0]);
		else if (!busy)
			setEager(false);
	}, [eager, busy, hits]);
	const keys = {
		ArrowDown: () => open ? setAt((at + 1) % Math.max(1, hits.length)) : setOpen(true),
		ArrowUp: () => setAt((at - 1 + hits.length) % Math.max(1, hits.length)),
		Home: () => setAt(0),
		End: () => setAt(Math.max(0, hits.length - 1)),
		Enter: () => (busy ? text && setEager(true) : hits[at] && pick(hits[at])), // before the answer is there: the first of it
		Escape: () => (open && typed ? setTyped("") : (setOpen(false), inputRef.current.blur())),
	};
	const onKeyDown = (event) => {
		if (!keys[event.key] || ((event.key === "Home" || event.key === "End") && !open))
			return;
		event.preventDefault();
		keys[event.key]();
	};
	const said = !open || busy ? "" : problem ? inOneLine(problem) : t("desk.search.found", { count: hits.length });
	return (
		<div class="desk-search" role="search">
			<label class="unseen" for={id}>{t("desk.search")}</label>
			<Icon name="search" />
			<input id={id} ref={inputRef} role="combobox" autocomplete="off" spellcheck={false} placeholder={t("desk.search.hint")} value={typed}
				aria-expanded={open && hits.length > 0} aria-controls={id + "-list"} aria-autocomplete="list"
				aria-activedescendant={open && hits[at] ? `${id}-${at}` : undefined} onKeyDown={onKeyDown}
				onInput={(event) => (setTyped(event.target.value), setOpen(true))} onFocus={() => setOpen(true)}
				onBlur={() => setOpen(false)} />
			<span class="key" aria-hidden="true"><Key>/</Key></span>
			<div class="found" hidden={!open || (!text && !hits.length)}>
				{!text && hits.length > 0 && <p class="head">{t("desk.recent")}</p>}
				<ul id={id + "-list"} role="listbox" aria-label={t(text ? "desk.search.results" : "desk.recent")}>
					{hits.map((hit, n) => <Option hit={hit} id={`${id}-${n}`} key={hit.id} active={n === at} onPick={pick} />)}
				</ul>
				{text && !hits.length && <p class="head">{busy ? t("ui.loading") : problem ? inOneLine(problem) : t("desk.search.none", { text })}</p>}
			</div>
			<div class="unseen" role="status">{said}</div>
		</div>
	);
}
