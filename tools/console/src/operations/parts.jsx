// The tables below the plots: shards, journal and store, the last start, connections, alerts, agents, where the time goes.
import { useState } from "preact/hooks";
import { get, readState } from "../api.js";
import { ago, bytes, dateTime, duration, number, percent, plain } from "../format.js";
import { alertText, firstLanguage, loadPack, recipientName, spelled } from "../pack.js";
import { href } from "../route.js";
import { has, language, t } from "../text.js";
import { Badge, Button, Empty, Loading, Meter, Panel, ProblemNotice, Table, toneOf, useAnswer } from "../ui.jsx";
import { BUSY } from "./attention.js";
import { FORMAT } from "./charts.js";
import { latest, rateNow } from "./history.js";

function Advice({ strain }) {
	const here = language() === firstLanguage() ? "" : spelled("advice", strain.level);
	return here ? <>{here}</> : strain.suggestion ? <span lang={firstLanguage()}>{strain.suggestion}</span> : <>–</>;
}

const levelName = (level) => spelled("strain", level) ?? level;

// Its words come in the pack's first language; what it is called is spelled in every one.
function strainText(part) {
	const name = language() === firstLanguage() ? "" : spelled("strain", part.name);
	return name ? `${name}: ${plain(part.points, 0)}` : part.say || part.name;
}

export const SEVERITIES = ["critical", "high", "medium", "low", "nudge"];
const AGENTS_ASKED = 40;

function Facts({ rows }) {
	return (
		<dl class="facts">
			{rows.map(([name, value, about]) => [<dt key={name} title={about}>{name}</dt>, <dd key={name + "="}>{value}</dd>])}
		</dl>
	);
}

export function Shards({ status, history }) {
	const rows = status.each_shard.map((s, at) => ({ ...s, at, rate: rateNow(history, `shard_events/${at}`), busy: latest(history.values[`shard_busy/${at}`] ?? []) }));
	const all = rows.reduce((sum, row) => sum + (row.rate ?? 0), 0);
	const busy = (row) => row.busy !== undefined && (
		<span class="with-meter">
			<Meter value={row.busy} high={100} label={t("operations.busy")} text={FORMAT.share(row.busy)} tone={row.busy > BUSY ? "bad" : undefined} />
			<span>{FORMAT.share(row.busy)}{row.busy > BUSY && <> <Badge tone="bad">{t("operations.too-busy")}</Badge></>}</span>
		</span>
	);
	const columns = [
		{ key: "at", title: t("operations.shard.one"), cell: (row) => <strong>{t("operations.shard", { number: row.at })}</strong> },
		{ key: "rate", title: t("operations.shard.rate"), number: true, cell: (row) => (row.rate === undefined ? "–" : FORMAT.rate(row.rate)) },
		{ key: "share", title: t("operations.shard.share"), number: true, cell: (row) => (all ? percent(row.rate / all) : "–") },
		{ key: "busy", title: t("operations.busy"), cell: busy },
		{ key: "events", title: t("operations.shard.events"), number: true, cell: (row) => number(row.events) },
		{ key: "queries", title: t("operations.shard.queries"), number: true, cell: (row) => number(row.queries) },
		{ key: "records", title: t("operations.shard.records"), number: true, cell: (row) => number(row.records) },
		{ key: "bytes", title: t("operations.shard.memory"), number: true, cell: (row) => bytes(row.cache_bytes) },
		{ key: "dirty", title: t("operations.shard.dirty"), number: true, cell: (row) => number(row.dirty) },
		{ key: "effects", title: t("operations.shard.effects"), number: true, cell: (row) => number(row.effects_pending) },
		{ key: "timers", title: t("operations.shard.timers"), number: true, cell: (row) => number(row.timers) },
	];
	return (
		<Panel flush class="wide" title={t("operations.shards")} aside={t("operations.shards.about")}>
			<Table columns={columns} rows={rows} caption={t("operations.shards")} rowKey={(row) => row.at} />
		</Panel>
	);
}

export function Storage({ status }) {
	const gauge = (name) => status.gauges.find((g) => g.name === name)?.value ?? 0;
	const rows = [
		[t("operations.journal.entries"), `${number(status.journal_first)} – ${number(status.journal_last)}`, t("operations.journal.entries.about")],
		[t("operations.journal.durable"), number(status.journal_durable), t("operations.journal.durable.about")],
		[t("operations.journal.size"), t("operations.journal.size.in", { size: bytes(status.journal_bytes), count: gauge("journal_segments") })],
		[t("operations.journal.tail"), bytes(gauge("journal_tail")), t("operations.about.kept")],
		[t("operations.journal.sync"), `${FORMAT.us(gauge("sync_p50"))} · ${FORMAT.us(gauge("sync_p99"))} · ${FORMAT.us(gauge("sync_max"))}`],
		[t("operations.store.covers"), number(status.store_mark)],
		[t("operations.store.records"), t("operations.store.records.in", { count: Number(status.records_stored), size: bytes(gauge("store_bytes")) })],
		[t("operations.store.dirty"), number(status.records_dirty)],
		[t("operations.store.free"), <>{bytes(status.free_bytes)}{status.storage_refusing && <> <Badge tone="bad">{t("operations.refusing")}</Badge></>}</>],
		[t("operations.data"), <code key="data">{status.data}</code>],
	];
	return <Panel title={t("operations.storage")}><Facts rows={rows} /></Panel>;
}

export function LastStart({ status, started }) {
	const r = status.recovery;
	const rows = [
		[t("operations.start.at"), started ? `${dateTime(started)} (${ago(started)})` : "–"],
		[t("operations.start.took"), r ? duration(r.took_ms) : "–"],
		[t("operations.start.journal"), r?.last_seq ? number(r.last_seq) : t("operations.start.empty")],
		[t("operations.start.stored"), number(r?.stored_seq ?? 0)],
		[t("operations.start.applied"), number(r?.applied ?? 0)],
		[t("operations.start.skipped"), number(r?.skipped ?? 0)],
		[t("operations.start.dropped"), r?.dropped_bytes ? bytes(r.dropped_bytes) : t("operations.none")],
		[t("operations.version"), `nudged ${status.version}`],
	];
	return (
		<Panel title={t("operations.start")}>
			<p class="about">{t("operations.start.about")}</p>
			<Facts rows={rows} />
		</Panel>
	);
}

const stageText = (kind, name, otherwise) => (has(`operations.stage.${kind}.${name}`) ? t(`operations.stage.${kind}.${name}`) : otherwise);

export function Stages({ status }) {
	const most = Math.max(...status.stages.map((s) => s.us), 0.001);
	const columns = [
		{ key: "name", title: t("operations.stage"), cell: (s) => <code>{s.name}</code> },
		{ key: "about", title: t("operations.stage.about"), cell: (s) => stageText("of", s.name, s.about) },
		{ key: "item", title: t("operations.stage.item"), cell: (s) => stageText("item", s.item, s.item) },
		{ key: "thread", title: t("operations.stage.thread"), cell: (s) => (s.thread ? stageText("thread", s.thread, s.thread) : t("operations.stage.waiting")) },
		{ key: "us", title: t("operations.stage.us"), number: true, cell: (s) => (s.items ? `${plain(s.us)} µs` : "–") },
		{ key: "bar", title: "", cell: (s) => <Meter value={s.us} high={most} label={s.name} text={`${plain(s.us)} µs`} /> },
	];
	return (
		<Panel flush class="wide" title={t("operations.stages")} aside={t("operations.stages.about")}>
			<Table class="scroll" columns={columns} rows={status.stages} caption={t("operations.stages")} rowKey={(s) => s.name} />
		</Panel>
	);
}

export function Severity({ name }) {
	return <Badge tone={name === "nudge" ? "accent" : toneOf(name)} icon={["critical", "high"].includes(name) ? "alert" : undefined}>{t(`operations.severity.${name}`)}</Badge>;
}

function About({ alert }) {
	if (alert.subject_kind === "customer")
		return <a href={href("desk", alert.customer)}>{alert.customer}</a>;
	return <>{t(`operations.kind.${alert.subject_kind}`)} <strong>{alert.customer}</strong></>;
}

export function Alerts({ status, paused }) {
	const [only, setOnly] = useState("");
	const [answer, problem, again] = useAnswer((signal) => (paused ? Promise.resolve(null) : get("/v1/alerts?limit=1000", { signal })), [paused], paused ? 0 : 10000);
	const [kept, setKept] = useState(null);
	const list = answer ?? kept;
	if (answer && answer !== kept)
		setKept(answer);
	const counts = Object.fromEntries(SEVERITIES.map((s) => [s, status[s === "nudge" ? "open_nudges" : "open_" + s]]));
	const rows = (list?.alerts ?? []).filter((a) => !only || a.severity === only)
		.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.time_ms - a.time_ms).slice(0, 200);
	const columns = [
		{ key: "severity", title: t("operations.alert.severity"), cell: (a) => <Severity name={a.severity} /> },
		{ key: "rule", title: t("operations.alert.rule"), cell: (a) => <a href={href("rules", "entry", String(a.seq))}>{a.rule}</a> },
		{ key: "about", title: t("operations.alert.about"), class: "whole", cell: (a) => <About alert={a} /> },
		{ key: "text", title: t("operations.alert.text"), cell: (a) => alertText(a) },
		{ key: "to", title: t("operations.alert.to"), class: "whole", cell: (a) => recipientName(a.to) },
		{ key: "time", title: t("operations.alert.time"), class: "whole", cell: (a) => <span title={dateTime(a.time_ms)}>{ago(a.time_ms, status.now_ms)}</span> },
	];
	return (
		<Panel flush class="wide" title={t("operations.alerts", { count: status.alerts_open })} aside={t("operations.alerts.about")}>
			<div class="severities" role="group" aria-label={t("operations.alerts.filter")}>
				<Button small aria-pressed={only === "" ? "true" : "false"} onClick={() => setOnly("")}>{t("operations.alerts.all")} {number(status.alerts_open)}</Button>
				{SEVERITIES.map((s) => (
					<Button small key={s} aria-pressed={only === s ? "true" : "false"} onClick={() => setOnly(only === s ? "" : s)}>
						{t(`operations.severity.${s}`)} {number(counts[s])}
					</Button>
				))}
			</div>
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			{list ? <Table class="scroll" columns={columns} rows={rows} caption={t("operations.alerts.list")} rowKey={(a) => `${a.seq}-${a.index}`}
				empty={<Empty icon="check" title={t("operations.alerts.none")} />} /> : !problem && <Loading />}
		</Panel>
	);
}

// Those with most contacts, and those whom an alert is about: each one's own state has the strain. Only who has served a contact has
// one, and only where the pack keeps something of agents.
export async function strained(signal) {
	await loadPack(signal).catch(() => {}); // without its words things are called as they are named
	const [report, open, kept] = await Promise.all([get("/v1/reports/agents?by=agent&limit=200", { signal }), get("/v1/alerts?limit=1000", { signal }),
		get("/v1/rules/series", { signal })]);
	if (!kept.declared.some((d) => d.about === "agent"))
		return { asked: 0, agents: [] };
	const names = new Set(open.alerts.filter((a) => a.subject_kind === "agent").map((a) => a.customer));
	for (const row of report.rows.filter((r) => r.served > 0 && r.agent !== "-").sort((a, b) => b.contacts - a.contacts))
		if (names.size < AGENTS_ASKED)
			names.add(row.agent);
	const agents = await Promise.all([...names].map((name) => readState({ agent: name }, { signal }).catch(() => null)));
	return { asked: names.size, agents: agents.filter((a) => a?.strain).sort((a, b) => b.strain.score - a.strain.score) };
}

export function Agents({ answer, problem, again }) {
	const columns = [
		{ key: "agent", title: t("operations.agent"), cell: (a) => <strong>{a.id}</strong> },
		{ key: "level", title: t("operations.agent.level"), cell: (a) => (a.strain.level
			? <Badge tone="warn" icon="alert">{levelName(a.strain.level)}</Badge> : <Badge tone="good">{t("operations.agent.well")}</Badge>) },
		{ key: "score", title: t("operations.agent.score"), cell: (a) => (
			<span class="with-meter">
				<Meter value={a.strain.score} high={100} label={t("operations.agent.score")} text={plain(a.strain.score, 0)} tone={a.strain.level ? "warn" : undefined} />
				<span>{plain(a.strain.score, 0)}</span>
			</span>) },
		{ key: "why", title: t("operations.agent.why"), cell: (a) => a.strain.parts.map(strainText).join(" · ") || "–" },
		{ key: "do", title: t("operations.agent.do"), cell: (a) => <Advice strain={a.strain} /> },
	];
	const rows = answer?.agents.filter((a) => a.strain.score > 0) ?? [];
	return (
		<Panel flush class="wide" title={t("operations.agents")} aside={answer?.asked > 0 && t("operations.agents.about", { count: answer.asked })}>
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			{answer ? <Table columns={columns} rows={rows} caption={t("operations.agents")} rowKey={(a) => a.id}
				empty={<Empty icon="check" title={t("operations.agents.none")} />} /> : !problem && <Loading />}
		</Panel>
	);
}
