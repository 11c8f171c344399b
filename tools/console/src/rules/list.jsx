// Each rule of the active pack: how often it is asked and fires, what it costs, whether it fails.
import { useEffect, useRef, useState } from "preact/hooks";
import { number, percent, plain } from "../format.js";
import { href } from "../route.js";
import { t } from "../text.js";
import { Badge, Empty, Field, Meter, Panel, Table } from "../ui.jsx";

const WINDOW_MS = 60000;

// How many events a second each rule heard over the last minute that this page has seen.
function useRates(data) {
	const seen = useRef([]);
	useEffect(() => {
		const last = seen.current.at(-1);
		if (last && last.hash !== data.rules.hash)
			seen.current = [];
		seen.current.push({ at: data.at, hash: data.rules.hash, counts: new Map(data.rules.rules.map((r) => [r.name, r])) });
		seen.current = seen.current.filter((s) => s.at >= data.at - WINDOW_MS - 5000);
	}, [data]);
	const first = seen.current[0];
	return (rule, field) => {
		const before = first?.counts.get(rule.name);
		return before && data.at > first.at && rule[field] >= before[field] ? ((rule[field] - before[field]) * 1000) / (data.at - first.at) : undefined;
	};
}

const ORDERS = {
	pack: () => 0,
	fired: (a, b) => b.fired - a.fired,
	failed: (a, b) => b.failed - a.failed,
	time: (a, b) => meanUs(b) - meanUs(a),
};

const meanUs = (r) => (r.matched ? r.time_ns / r.matched / 1000 : 0);

function State({ rule }) {
	if (rule.aside)
		return <Badge tone="bad" icon="alert">{t("rules.state.aside")}</Badge>;
	if (rule.failed)
		return <Badge tone="warn" icon="alert">{t("rules.state.failing")}</Badge>;
	return rule.matched ? <Badge tone="good">{t("rules.state.works")}</Badge> : <Badge>{t("rules.state.unheard")}</Badge>;
}

function Name({ rule }) {
	return (
		<div class="rule-name">
			<span><strong>{rule.name}</strong> <a class="why-link" href={href("rules", "rule", rule.name)} aria-label={t("rules.why-fired.of", { rule: rule.name })}>{t("rules.why-fired")}</a></span>
			{rule.why && <span class="muted">{rule.why}</span>}
			{rule.last_error && <code class="error">{rule.last_error}</code>}
		</div>
	);
}

export function RuleList({ data }) {
	const [order, setOrder] = useState("pack"), [text, setText] = useState("");
	const rateOf = useRates(data);
	const wanted = text.trim().toLowerCase();
	const rows = data.rules.rules.filter((r) => !wanted || [r.name, r.why, ...r.on].some((s) => s.toLowerCase().includes(wanted))).sort(ORDERS[order]);
	const most = Math.max(...data.rules.rules.map(meanUs), 0.001);
	const rate = (value) => (value === undefined ? "…" : plain(value, 1));
	const columns = [
		{ key: "name", title: t("rules.rule"), cell: (r) => <Name rule={r} /> },
		{ key: "on", title: t("rules.on"), cell: (r) => <>{r.on.map((on) => <code class="chip" key={on}>{on}</code>)}<div class="muted">{t(`rules.about.${r.about}`)}</div></> },
		{ key: "state", title: t("rules.state"), cell: (r) => <State rule={r} /> },
		{ key: "rate", title: <span title={t("rules.rate.about")}>{t("rules.rate")}</span>, number: true, cell: (r) => rate(rateOf(r, "matched")) },
		{ key: "matched", title: <span title={t("rules.matched.about")}>{t("rules.matched")}</span>, number: true, cell: (r) => number(r.matched) },
		{ key: "fired", title: <span title={t("rules.fired.about")}>{t("rules.fired")}</span>, number: true,
			cell: (r) => <>{number(r.fired)}<div class="muted">{r.matched ? (r.fired && r.fired / r.matched < 0.001 ? "< " + percent(0.001, 1) : percent(r.fired / r.matched, 1)) : "–"}</div></> },
		{ key: "unknown", title: <span title={t("rules.unknown.about")}>{t("rules.could-not")}</span>, number: true, cell: (r) => number(r.unknown) },
		{ key: "failed", title: t("rules.failed"), number: true, cell: (r) => (r.failed ? <strong class="bad-text">{number(r.failed)}</strong> : "0") },
		{ key: "time", title: <span title={t("rules.time.about")}>{t("rules.time")}</span>, number: true, cell: (r) => (
			<>{r.matched ? `${plain(meanUs(r), 2)} µs` : "–"}<Meter value={meanUs(r)} high={most} label={t("rules.time")} text={`${plain(meanUs(r))} µs`} /></>) },
	];
	return (
		<Panel flush class="list">
			<div class="narrow">
				<Field label={t("rules.search")} unseenLabel type="search" placeholder={t("rules.search")} value={text} onInput={(event) => setText(event.target.value)} />
				<Field label={t("rules.order")} value={order} options={Object.keys(ORDERS).map((key) => [key, t(`rules.order.${key}`)])} onChange={(event) => setOrder(event.target.value)} />
				<p class="muted">{t("rules.counting")}</p>
			</div>
			<Table columns={columns} rows={rows} caption={t("rules.tab.list")} rowKey={(r) => r.name} empty={<Empty title={t("rules.no-such")} />} />
		</Panel>
	);
}
