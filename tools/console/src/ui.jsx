// The pieces that every view is made of. Plain elements wherever there are: a <button>, a <table>, a <dialog>.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons.jsx";
import { inWords } from "./problem.js";
import { t } from "./text.js";

export { Icon };

const names = (...list) => list.filter(Boolean).join(" ");

// kind: "primary", "quiet", "danger". busy: it is under way.
export function Button({ kind, icon, busy, small, class: more, children, disabled, ...rest }) {
	return (
		<button type="button" class={names("button", kind, small && "small", !children && "bare", more)}
			disabled={disabled || busy} aria-busy={busy ? "true" : undefined} {...rest}>
			{icon && <Icon name={icon} />}
			{children}
		</button>
	);
}

// A part of the page with its heading. level: of the heading. aside: beside the heading.
export function Panel({ title, aside, level = 2, class: more, flush, children, ...rest }) {
	const id = useId();
	const Heading = `h${level}`;
	return (
		<section class={names("panel", flush && "flush", more)} aria-labelledby={title ? id : undefined} {...rest}>
			{(title || aside) && (
				<header>
					{title && <Heading id={id}>{title}</Heading>}
					{aside && <div class="aside">{aside}</div>}
				</header>
			)}
			<div class="body">{children}</div>
		</section>
	);
}

// A table that is wider than its box folds: each row stands as a block, the first cell over the others, which have their titles
// with them. It is looked at after each drawing and whenever the box changes, for only the words say how wide it is.
function useFolding(ref) {
	const fold = (box) => {
		box.classList.remove("folded");
		box.classList.toggle("folded", box.scrollWidth > box.clientWidth);
	};
	useLayoutEffect(() => fold(ref.current));
	useEffect(() => {
		let width = ref.current.clientWidth;
		const watch = new ResizeObserver(([{ target }]) => {
			if (target.clientWidth === width)
				return;
			width = target.clientWidth;
			fold(target);
		});
		watch.observe(ref.current);
		return () => watch.disconnect();
	}, []);
}

function Cell({ column: c, row }) {
	const value = c.cell ? c.cell(row) : row[c.key];
	const bare = value === null || value === undefined || value === false || value === "";
	return <td role="cell" class={names(c.number && "number", bare && "bare", c.class)} data-title={c.title?.props?.children ?? c.title}><div>{value}</div></td>;
}

// The roles are said because a table that is laid out in another way has none in some browsers.
function Rows({ columns, rows, caption, rowKey, picked, class: more }) {
	const box = useRef();
	useFolding(box);
	return (
		<div class={names("table-box", more)} ref={box} tabIndex={0} role="region" aria-label={caption}>
			<table role="table">
				{caption && <caption class="unseen">{caption}</caption>}
				<thead role="rowgroup">
					<tr role="row">{columns.map((c) => <th role="columnheader" scope="col" class={names(c.number && "number", c.class)} key={c.key}>{c.title}</th>)}</tr>
				</thead>
				<tbody role="rowgroup">
					{rows.map((row, at) => (
						<tr role="row" key={rowKey ? rowKey(row) : at} class={names(picked?.(row) && "picked")}>
							{columns.map((c) => <Cell column={c} row={row} key={c.key} />)}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

// columns: [{key, title, number, cell(row), class}].
export function Table({ empty, ...rest }) {
	return rest.rows.length ? <Rows {...rest} /> : empty ?? <Empty />;
}

// tone: "good", "warn", "bad", "info", "accent" or none.
export function Badge({ tone, icon, children, ...rest }) {
	return <span class={names("badge", tone)} {...rest}>{icon && <Icon name={icon} />}{children}</span>;
}

const SEVERITIES = { low: "info", medium: "warn", high: "bad", critical: "bad" };
export const toneOf = (severity) => SEVERITIES[severity];

// What stands over the page until it is answered: Escape and the button close it, focus returns to where it was.
export function Dialog({ title, onClose, wide, children, footer }) {
	const box = useRef(), id = useId();
	useEffect(() => {
		const back = document.activeElement;
		box.current.showModal();
		return () => back?.focus?.();
	}, []);
	return (
		<dialog ref={box} class={names("dialog", wide && "wide")} aria-labelledby={id} onClose={onClose}
			onClick={(event) => event.target === box.current && onClose()}>
			<header>
				<h2 id={id}>{title}</h2>
				<Button kind="quiet" icon="close" aria-label={t("ui.close")} onClick={onClose} />
			</header>
			<div class="body">{children}</div>
			{footer && <footer>{footer}</footer>}
		</dialog>
	);
}

// tabs: [{key, title, count?}]; children(key) is shown. Arrows move, as tab lists do.
export function Tabs({ tabs, value, onChange, label, children }) {
	const id = useId(), list = useRef();
	const move = (event) => {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!step)
			return;
		event.preventDefault();
		const at = (tabs.findIndex((tab) => tab.key === value) + step + tabs.length) % tabs.length;
		onChange(tabs[at].key);
		list.current.children[at].focus();
	};
	return (
		<div class="tabs">
			<div class="tab-list" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
				{tabs.map((tab) => (
					<button type="button" role="tab" key={tab.key} id={`${id}-${tab.key}`} aria-selected={tab.key === value ? "true" : "false"}
						aria-controls={`${id}-panel`} tabIndex={tab.key === value ? 0 : -1} onClick={() => onChange(tab.key)}>
						{tab.title}
						{tab.count !== undefined && <span class="count">{tab.count}</span>}
					</button>
				))}
			</div>
			<div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`}>{children(value)}</div>
		</div>
	);
}

// A labelled input, select (options: [[value, text]]) or textarea. problem: what is wrong with it.
export function Field({ label, help, problem, options, rows, unseenLabel, class: more, inputRef, ...rest }) {
	const id = useId();
	const about = [help && `${id}-help`, problem && `${id}-problem`].filter(Boolean).join(" ") || undefined;
	const common = { id, ref: inputRef, "aria-describedby": about, "aria-invalid": problem ? "true" : undefined, ...rest };
	return (
		<div class={names("field", more)}>
			<label for={id} class={unseenLabel ? "unseen" : ""}>{label}</label>
			{options ? (
				<select {...common}>{options.map(([value, text]) => <option value={value} key={value}>{text}</option>)}</select>
			) : rows ? <textarea rows={rows} {...common} /> : <input {...common} />}
			{help && <p class="help" id={`${id}-help`}>{help}</p>}
			{problem && <p class="problem" id={`${id}-problem`} role="alert">{problem}</p>}
		</div>
	);
}

// One of a few, side by side. options: [[value, text]].
export function Segments({ options, value, onChange, label }) {
	return (
		<div class="segments" role="group" aria-label={label}>
			{options.map(([key, text]) => (
				<button type="button" key={key} aria-pressed={key === value ? "true" : "false"} onClick={() => onChange(key)}>{text}</button>
			))}
		</div>
	);
}

export function Empty({ title, icon, children }) {
	return (
		<div class="empty">
			{icon && <Icon name={icon} />}
			<p class="title">{title ?? t("ui.nothing")}</p>
			{children && <div>{children}</div>}
		</div>
	);
}

// tone as Badge's. live: told to who cannot see it.
export function Notice({ tone = "info", title, action, live, children }) {
	return (
		<div class={names("notice", tone)} role={live ? (tone === "bad" ? "alert" : "status") : undefined}>
			<Icon name={tone === "good" ? "check" : tone === "info" ? "info" : "alert"} />
			<div>
				{title && <strong>{title}</strong>}
				{children && <div>{children}</div>}
			</div>
			{action}
		</div>
	);
}

// What the daemon says of it is English.
export function ProblemText({ problem }) {
	const { text, detail } = inWords(problem);
	return <>{text}{text && detail && " "}{detail && <span lang="en">{detail}</span>}</>;
}

export function ProblemNotice({ problem, onAgain }) {
	return (
		<Notice tone="bad" live title={inWords(problem).title} action={onAgain && <Button small onClick={onAgain}>{t("ui.again")}</Button>}>
			<ProblemText problem={problem} />
		</Notice>
	);
}

export function Loading({ lines = 3 }) {
	return (
		<div class="loading" role="status">
			<span class="unseen">{t("ui.loading")}</span>
			{Array.from({ length: lines }, (_, at) => <span class="bone" key={at} />)}
		</div>
	);
}

// A value between low and high, with its words. tone colours it.
export function Meter({ value, low = 0, high = 1, label, text, tone }) {
	const known = value !== undefined && value !== null && !Number.isNaN(Number(value));
	const share = known ? Math.max(0, Math.min(1, (Number(value) - low) / (high - low))) : 0;
	return (
		<div class={names("meter", tone, !known && "unknown")}>
			<svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={`${label}: ${text}`}>
				<rect class="rest" width="100" height="6" />
				<rect class="bar" width={share * 100} height="6" />
			</svg>
		</div>
	);
}

// A small line of numbers (null: a gap), for a trend beside a figure. label says in words what it shows.
export function Spark({ values, label, low, high, width = 96, height = 24, tone }) {
	const known = values.filter((v) => v !== null && v !== undefined);
	if (known.length < 2)
		return null;
	const least = low ?? Math.min(...known), most = high ?? Math.max(...known);
	const x = (at) => (1 + (at / (values.length - 1)) * (width - 2)).toFixed(1);
	const y = (v) => (height - 2 - ((v - least) / (most - least || 1)) * (height - 4)).toFixed(1);
	let path = "", pen = "M";
	values.forEach((v, at) => {
		if (v === null || v === undefined) {
			pen = "M";
			return;
		}
		path += `${pen}${x(at)} ${y(v)}`;
		pen = "L";
	});
	const last = values.length - 1;
	return (
		<svg class={names("spark", tone)} viewBox={`0 0 ${width} ${height}`} width={width} height={height} preserveAspectRatio="none" role="img" aria-label={label}>
			<path d={path} />
			{values[last] !== null && values[last] !== undefined && <circle cx={x(last)} cy={y(values[last])} r="2" />}
		</svg>
	);
}

// One figure with its name: "Events a second  1,204".
export function Figure({ label, value, more, tone, children, ...rest }) {
	return (
		<div class={names("figure", tone)} {...rest}>
			<dt>{label}</dt>
			<dd>{value}{more && <span class="more">{more}</span>}</dd>
			{children && <dd class="below">{children}</dd>}
		</div>
	);
}

export function Key({ children }) {
	return <kbd>{children}</kbd>;
}

// Said to who listens instead of looking; nothing is seen of it.
export function Spoken({ children, urgent }) {
	return <div class="unseen" role={urgent ? "alert" : "status"}>{children}</div>;
}

// [data, problem, again, setData]: of an async question, asked again when `inputs` change; every_ms: and from time to time.
export function useAnswer(question, inputs, every_ms) {
	const [answer, setAnswer] = useState({ data: undefined, problem: undefined });
	const [round, setRound] = useState(0);
	useEffect(() => {
		const stop = new AbortController();
		let timer;
		const ask = async () => {
			try {
				const data = await question(stop.signal);
				if (!stop.signal.aborted)
					setAnswer({ data, problem: undefined });
			} catch (problem) {
				if (!stop.signal.aborted)
					setAnswer((old) => ({ data: old.data, problem }));
			}
			if (every_ms && !stop.signal.aborted)
				timer = setTimeout(ask, every_ms);
		};
		ask();
		return () => {
			stop.abort();
			clearTimeout(timer);
		};
	}, [...inputs, round]);
	const setData = (change) => setAnswer((old) => ({ data: typeof change === "function" ? change(old.data) : change, problem: undefined }));
	return [answer.data, answer.problem, () => setRound((n) => n + 1), setData];
}
