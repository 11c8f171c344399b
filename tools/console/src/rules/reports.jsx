// The reports, by what they are about and since when; each column is defined where it stands, and all of it can be taken away
// as CSV.
import { useState } from "preact/hooks";
import { get, query } from "../api.js";
import { date, dayKey, duration, money, number, percent, plain } from "../format.js";
import { go } from "../route.js";
import { said } from "../said.js";
import { language, t } from "../text.js";
import { Button, Empty, Field, Loading, Notice, Panel, ProblemNotice, useAnswer } from "../ui.jsx";

// What rows may be by, as the daemon has it; the first is its own choice.
export const REPORTS = {
	relationship: ["topic", "channel", "agent", "day", "month", "total"],
	agents: ["agent", "topic", "channel", "day", "month", "total"],
	actions: ["action", "group", "goal", "channel", "agent", "month", "day", "arm", "total"],
	effects: ["action", "group", "goal", "channel", "agent", "month", "total"],
	reasons: ["reason", "outcome", "action", "agent", "group", "goal", "month", "day", "total"],
	campaigns: ["campaign", "segment", "channel", "reason", "month", "total"],
	segments: ["segment", "total"],
	churn: ["reason", "agent", "topic", "day", "month", "total"],
	contracts: ["agent", "campaign", "product", "day", "month", "total"],
	budgets: ["month", "group", "goal", "action", "total"],
	learning: ["agent", "topic", "channel", "total"],
	surveys: ["survey", "segment", "agent", "topic", "channel", "month", "day", "total"],
	scores: ["segment", "band", "total"],
};

const SINCE_DAYS = { all: 0, "7": 7, "30": 30, "90": 90 };
const DAY_MS = 86400e3;

export function shown(value, unit) {
	if (value === null || value === undefined)
		return "–";
	if (typeof value === "boolean")
		return t(value ? "rules.yes" : "rules.no");
	if (typeof value === "string")
		return value;
	if (unit === "share")
		return percent(value, 1);
	if (unit === "count")
		return number(value);
	if (unit === "s")
		return value ? duration(value * 1000) : "0";
	if (unit === "h")
		return value ? duration(value * 3600e3) : "0";
	return /^[A-Z]{3}$/.test(unit) ? money(value, unit) : plain(value, 2);
}

const quoted = (value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

export function csv(report) {
	const lines = [report.columns.map((c) => c.name), ...report.rows.map((row) => report.columns.map((c) => row[c.name] ?? ""))];
	return lines.map((line) => line.map((cell) => quoted(String(cell))).join(",")).join("\r\n") + "\r\n";
}

function download(report) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob(["\ufeff" + csv(report)], { type: "text/csv;charset=utf-8" }));
	link.download = `${report.name}-${dayKey(report.until_ms)}.csv`;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// A column's head is a button: its definition is told below the table when it is pointed at, focused or pressed.
function Rows({ report, onAbout }) {
	const [order, setOrder] = useState(null);
	const rows = order ? report.rows.toSorted((a, b) => compare(a[order.name], b[order.name]) * order.way) : report.rows;
	const by = (c) => (order?.name === c.name ? (order.way > 0 ? "ascending" : "descending") : undefined);
	const press = (c) => setOrder(order?.name === c.name && order.way < 0 ? { name: c.name, way: 1 } : order?.name === c.name ? null : { name: c.name, way: -1 });
	return (
		<div class="table-box report" tabIndex={0} role="region" aria-label={report.about}>
			<table>
				<caption class="unseen">{report.about}</caption>
				<thead>
					<tr>{report.columns.map((c) => (
						<th scope="col" key={c.name} class={c.key ? "" : "number"} aria-sort={by(c)}>
							<button type="button" class="as-link" title={c.help} onClick={() => press(c)} onMouseEnter={() => onAbout(c)} onFocus={() => onAbout(c)}>
								{c.name}{by(c) && (order.way > 0 ? " ↑" : " ↓")}
							</button>
						</th>))}
					</tr>
				</thead>
				<tbody>{rows.map((row, at) => (
					<tr key={at}>{report.columns.map((c) => (c.key ? <th scope="row" key={c.name}>{shown(row[c.name], c.unit)}</th>
						: <td class="number" key={c.name}>{shown(row[c.name], c.unit)}</td>))}</tr>))}
				</tbody>
			</table>
		</div>
	);
}

function compare(a, b) {
	if (a === null || a === undefined || b === null || b === undefined)
		return (a === null || a === undefined) - (b === null || b === undefined);
	return typeof a === "string" ? a.localeCompare(b) : a - b;
}

export function Reports({ name = "relationship" }) {
	const known = name in REPORTS ? name : "relationship";
	const [choice, setChoice] = useState({ by: "", since: "all" }), [about, setAbout] = useState(null);
	const by = REPORTS[known].includes(choice.by) ? choice.by : "";
	const [report, problem, again] = useAnswer(async (signal) => {
		const days = SINCE_DAYS[choice.since], now = days ? Number((await get("/v1/status", { signal })).now_ms) : 0;
		return get(`/v1/reports/${known}` + query({ by, since_ms: days ? now - days * DAY_MS : undefined }), { signal });
	}, [known, by, choice.since]);
	const ready = report?.name === known ? report : null;
	return (
		<div class="stack">
			<div class="narrow reports-choice">
				<Field label={t("rules.report")} value={known} options={Object.keys(REPORTS).map((key) => [key, t(`rules.report.${key}`)])}
					onChange={(event) => go("rules", "reports", event.target.value)} />
				<Field label={t("rules.report.by")} value={by} options={[["", t("rules.report.by.own", { by: t(`rules.by.${REPORTS[known][0]}`) })], ...REPORTS[known].slice(1).map((key) => [key, t(`rules.by.${key}`)])]}
					onChange={(event) => setChoice({ ...choice, by: event.target.value })} />
				<Field label={t("rules.report.since")} value={choice.since} options={Object.keys(SINCE_DAYS).map((key) => [key, t(`rules.since.${key}`)])}
					onChange={(event) => setChoice({ ...choice, since: event.target.value })} />
				<Button disabled={!ready?.rows.length} icon="down" onClick={() => download(ready)}>{t("rules.report.csv")}</Button>
			</div>
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			{!ready && !problem && <Loading lines={6} />}
			{ready && (
				<Panel flush title={t(`rules.report.${known}`)} aside={ready.since_ms ? t("rules.report.days", { from: date(ready.since_ms), to: date(ready.until_ms) }) : t("rules.since.all")}>
					{language() === "en" && <p class="under muted">{ready.about}</p>}
					{ready.notes.map((note) => <Notice key={note}>{said(note)}</Notice>)}
					{ready.rows.length ? <Rows report={ready} onAbout={setAbout} /> : <Empty title={t("rules.report.empty")} />}
					{ready.rows.length > 0 && (
						<p class="defined" aria-live="polite">{about && ready.columns.some((c) => c.name === about.name)
							? <><strong>{about.name}</strong>{about.unit && ` (${about.unit})`}: <span lang="en">{about.help}</span></> : t("rules.report.hint")}</p>
					)}
					{ready.more > 0 && <p class="under muted">{t("rules.report.more", { count: Number(ready.more) })}</p>}
				</Panel>
			)}
		</div>
	);
}
