// How the daemon is doing: whether it serves, what is out of the ordinary, its figures over time, and the parts of it.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api.js";
import { bytes, duration, number, timeSeconds } from "../format.js";
import { register, t } from "../text.js";
import { Badge, Button, Dialog, Figure, Loading, Notice, Panel, ProblemNotice, Segments, Spark, useAnswer } from "../ui.jsx";
import { CHARTS, FORMAT } from "./charts.js";
import { Chart } from "./Chart.jsx";
import { outOfTheOrdinary } from "./attention.js";
import { AS, SPANS, highest, latest, rateNow, useHistory } from "./history.js";
import { Agents, Alerts, LastStart, Shards, Stages, Storage, strained } from "./parts.jsx";
import words from "./words.js";
import "./operations.css";

register(words);

const EVERY_MS = 5000, STRAIN_EVERY_MS = 60000;
const SILENT_MS = 15000; // longer than that without an answer is told
const LEAST_MS = 2 * 60e3; // a daemon that has just started has no hour to show

// {tone, key, detail}: /readyz says "ok", or why not.
async function readiness() {
	try {
		const response = await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(SILENT_MS) });
		if (response.ok)
			return { tone: "good", key: "ready" };
		const problem = await response.json().catch(() => ({}));
		return { tone: "bad", key: problem.code === "closed" ? "recovering" : "not-ready", detail: problem.detail ?? "" };
	} catch {
		return { tone: "bad", key: "silent" };
	}
}

function Top({ ready, status, span, setSpan, paused, setPaused, onHelp }) {
	return (
		<div class="top">
			<h1>{t("operations.title")}</h1>
			<div class="state" role="status">
				{ready && <Badge tone={ready.tone} icon={ready.tone === "good" ? "check" : "alert"}>{t(`operations.ready.${ready.key}`)}</Badge>}
				{ready?.detail && <span>{ready.detail}</span>}
				{status && <span>{t("operations.up", { time: duration(status.uptime_ms) })}</span>}
			</div>
			<div class="controls">
				<Segments label={t("operations.span")} options={Object.keys(SPANS).map((name) => [name, t(`operations.span.${name}`)])} value={span} onChange={setSpan} />
				<Button aria-pressed={paused ? "true" : "false"} onClick={() => setPaused(!paused)}>{t(paused ? "operations.go-on" : "operations.pause")}</Button>
				<Button icon="info" onClick={onHelp}>{t("operations.help")}</Button>
			</div>
		</div>
	);
}

function Attention({ status, history, ready, agents }) {
	if (!status || !history || ready?.key === "silent")
		return null;
	const found = outOfTheOrdinary(status, history, agents);
	return (
		<section class="attention" aria-label={t("operations.attention")} aria-live="polite">
			{found.map(({ tone, key, values }) => <Notice tone={tone} key={key + (values.number ?? "")}>{t(`operations.attention.${key}`, values)}</Notice>)}
			{!found.length && <Notice tone="good">{t("operations.attention.none")}</Notice>}
		</section>
	);
}

const shownRate = (v) => (v === undefined ? "–" : FORMAT.rate(v));
const shownTime = (v) => (v === undefined || v === null ? "–" : FORMAT.us(v));
const lastKnown = (list) => list.findLast((v) => v !== null);

function Tiles({ status, history }) {
	const time = (key) => AS.time(history, key), level = (key) => AS.level(history, key);
	const tiles = [
		["events", shownRate(rateNow(history, "events")), AS.rate(history, "events"), t("operations.tile.of", { count: status.events_accepted })],
		["queries", shownRate(rateNow(history, "queries")), AS.rate(history, "queries"), t("operations.tile.of", { count: status.recommendations })],
		["publish", shownTime(lastKnown(time("publish_p99"))), time("publish_p99"), t("operations.tile.most", { value: shownTime(highest(time("publish_max"))) })],
		["recommend", shownTime(lastKnown(time("recommend_p99"))), time("recommend_p99"), t("operations.tile.most", { value: shownTime(highest(time("recommend_max"))) })],
		["tail", bytes(latest(level("journal_tail")) ?? 0), level("journal_tail"), t("operations.tile.kept", { size: bytes(status.journal_bytes) })],
		["memory", bytes(latest(level("memory")) ?? 0), level("memory"), t("operations.tile.records", { count: status.records_cached })],
		["open", number(status.alerts_open), level("open_high"), t("operations.tile.high", { count: status.open_critical + status.open_high })],
		["connections", number(status.connections), level("connections"), t("operations.tile.http", { count: latest(level("http_connections")) ?? 0 })],
	];
	return (
		<dl class="tiles">
			{tiles.map(([name, value, line, more]) => (
				<Figure key={name} label={t(`operations.tile.${name}`)} value={value} more={more}
					title={t(`operations.tile.${name}.about`)} data-tile={name}>
					<Spark values={line.slice(-120)} low={0} width={160} height={26} label={t(`operations.tile.${name}.about`)} />
				</Figure>
			))}
		</dl>
	);
}

function Help({ onClose }) {
	const names = [...CHARTS.map((c) => [t(`operations.chart.${c.name}`), t(`operations.about.${c.name}`)]),
		...["percentile", "shard", "effect", "nudge", "timer"].map((word) => [t(`operations.word.${word}`), t(`operations.word.${word}.about`)])];
	return (
		<Dialog wide title={t("operations.help.title")} onClose={onClose}>
			<p class="about">{t("operations.help.about")}</p>
			<dl class="glossary">
				{names.map(([name, about]) => <div key={name}><dt>{name}</dt><dd>{about}</dd></div>)}
			</dl>
		</Dialog>
	);
}

function Charts({ history }) {
	const from = Math.max(history.now - history.ms, Math.min(history.started, history.now - LEAST_MS));
	const range = () => [from / 1000, history.now / 1000];
	if (!history.ends.length)
		return <Panel><Notice tone="info">{t(history.sampled ? "operations.no-samples" : "operations.not-sampled")}</Notice></Panel>;
	return <div class="charts">{CHARTS.map((chart) => <Chart key={chart.name} chart={chart} history={history} range={range} />)}</div>;
}

// Since when nothing new has come, where that is long: what is shown is not how it is now.
function Stale({ newest }) {
	const [at, setAt] = useState(Date.now()), [, tick] = useState(0);
	useEffect(() => setAt(Date.now()), [newest]);
	useEffect(() => {
		const timer = setInterval(() => tick((n) => n + 1), EVERY_MS);
		return () => clearInterval(timer);
	}, []);
	if (Date.now() - at < SILENT_MS)
		return null;
	return <Notice tone="warn" live>{t("operations.stale", { at: timeSeconds(at) })}</Notice>;
}

export function Operations() {
	const [span, setSpan] = useState("1h"), [paused, setPaused] = useState(false), [help, setHelp] = useState(false);
	const { history, problem: noHistory } = useHistory(span, paused);
	const [ready] = useAnswer(readiness, [], EVERY_MS);
	const [newest, problem, again] = useAnswer((signal) => get("/v1/status", { signal }), [], EVERY_MS);
	const [agents, noAgents, againAgents] = useAnswer(strained, [paused], paused ? 0 : STRAIN_EVERY_MS);
	const [status, setStatus] = useState(null);
	useEffect(() => {
		if (newest && (!paused || !status))
			setStatus(newest);
	}, [newest, paused]);
	const failed = noHistory ?? problem;
	return (
		<div class="operations">
			<Top {...{ ready, status, span, setSpan, paused, setPaused }} onHelp={() => setHelp(true)} />
			{failed && <ProblemNotice problem={failed} onAgain={again} />}
			{status && <Stale newest={newest} />}
			<Attention status={status} history={history} ready={ready} agents={agents?.agents} />
			{status && history ? (
				<>
					<Tiles status={status} history={history} />
					<Charts history={history} />
					<div class="lists">
						<Alerts status={status} paused={paused} />
						<Agents answer={agents} problem={noAgents} again={againAgents} />
						<Shards status={status} history={history} />
						<Storage status={status} />
						<LastStart status={status} started={history.started} />
						<Stages status={status} />
					</div>
				</>
			) : !failed && <Loading lines={6} />}
			{help && <Help onClose={() => setHelp(false)} />}
		</div>
	);
}
