// What was: interactions, offers and their outcomes as sentences, the newest first, by day.
import { useState } from "preact/hooks";
import { date, dateTime, dayKey, time } from "../format.js";
import { language, t } from "../text.js";
import { Button, Empty, Icon, Panel } from "../ui.jsx";
import { lines } from "./state.js";
import { tell } from "./tell.js";

const KINDS = ["all", "contact", "offer", "other"];
const ICONS = { contact: "chat", offer: "right", other: "info" };
const FIRST = 14;

function Line({ line, customer, now }) {
	const { who, text, agent } = tell(line, customer);
	return (
		<li class={line.kind}>
			<Icon name={line.events?.some((m) => m.channel === "call") ? "phone" : ICONS[line.kind]} />
			<span class="text">
				{who && <strong>{who}</strong>}{who && " "}{text}
				{agent && <> <span class="muted by">· {agent}</span></>}
			</span>
			<time dateTime={new Date(line.time_ms).toISOString()} title={dateTime(line.time_ms)}>{time(line.time_ms)}</time>
		</li>
	);
}

function dayTitle(ms, now) {
	const days = Math.round((Date.parse(dayKey(ms)) - Date.parse(dayKey(now))) / 86400e3);
	return Math.abs(days) < 7 ? new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(days, "day") : date(ms);
}

export function Past({ customer, now }) {
	const [kind, setKind] = useState("all"), [all, setAll] = useState(false);
	const every = lines(customer), list = every.filter((l) => kind === "all" || l.kind === kind);
	const shown = all ? list : list.slice(0, FIRST), days = byDay(shown);
	return (
		<Panel class="past" title={t("desk.past")} aside={(
			<div class="filters" role="group" aria-label={t("desk.past.filter")}>
				{KINDS.map((k) => (
					<button type="button" key={k} aria-pressed={k === kind} onClick={() => setKind(k)}>{t("desk.past." + k)}</button>
				))}
			</div>
		)}>
			{!shown.length && <Empty title={t("desk.past.none")} />}
			{[...days].map(([day, ofDay]) => (
				<section key={day}>
					<h3 title={date(ofDay[0].time_ms)}>{dayTitle(ofDay[0].time_ms, now)}</h3>
					<ol>{ofDay.map((l) => <Line line={l} customer={customer} now={now} key={l.key} />)}</ol>
				</section>
			))}
			{list.length > shown.length && (
				<Button kind="quiet" small class="flush-left" icon="more" onClick={() => setAll(true)}>{t("desk.more", { count: list.length - shown.length })}</Button>
			)}
		</Panel>
	);
}

function byDay(list) {
	const days = new Map();
	for (const l of list)
		days.set(dayKey(l.time_ms), [...(days.get(dayKey(l.time_ms)) ?? []), l]);
	return days;
}
