// A past, explained for people: what was decided and what was not, by which conditions and values, how the score came about,
// what would have made another action win; or what an entry of the journal caused, rule by rule.
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { dateTime, number, percent, plain } from "../format.js";
import { go, href } from "../route.js";
import { t } from "../text.js";
import { Badge, Button, Empty, Field, Icon, Meter, Notice, Panel, Table } from "../ui.jsx";
import { said, weight } from "../said.js";

const three = (v) => plain(v, 3);

function valueText(attribute) {
	const value = attribute?.value;
	if (value === null || value === undefined)
		return t("rules.not-known");
	if (typeof value === "boolean")
		return t(value ? "rules.yes" : "rules.no");
	return typeof value === "number" ? plain(value, 3) : `“${value}”`;
}

function Values({ values }) {
	if (!values?.length)
		return null;
	return (
		<span class="values">
			{values.map((v) => (
				<span class={"value" + (v.value?.value === null || v.value?.value === undefined ? " unknown" : "")} key={v.member + v.name}>
					{v.member && `${v.member}: `}{said(v.name)} <b>{valueText(v.value)}</b>
				</span>
			))}
		</span>
	);
}

const STATES = { passed: ["good", "check"], held: ["bad", "close"], unknown: ["warn", "alert"], open: ["", null] };

function State({ state }) {
	const [tone, icon] = STATES[state] ?? ["", null];
	return <Badge tone={tone || undefined} icon={icon}>{t(`rules.condition.${state}`)}</Badge>;
}

function Condition({ name, c }) {
	return (
		<li class={"condition " + c.state}>
			<State state={c.state} />
			<div>
				<strong>{name}</strong>
				{c.text && <span class="text">{said(c.text)}</span>}
				<Values values={c.values} />
				{c.missing && <span class="missing"><b>{t("rules.needs")}</b> {said(c.missing)}</span>}
			</div>
		</li>
	);
}

function Conditions({ a }) {
	const [all, setAll] = useState(false);
	const list = [...a.gates.map((c) => ({ name: t(`rules.gate.${c.name}`), c })), ...a.policies.map((c) => ({ name: `${t("rules.policy")}: ${said(c.name)}`, c })),
		...a.contexts.map((c) => ({ name: t("rules.context", { weight: weight(c.name) }), c, context: true }))];
	const bare = (one) => one.c.state === "open" || (one.context && one.c.state === "held");
	const open = list.filter(bare).length;
	return (
		<>
			<ul class="conditions">{list.filter((one) => all || !bare(one)).map((one, at) => <Condition name={one.name} c={one.c} key={at} />)}</ul>
			{open > 0 && <Button small kind="quiet" aria-expanded={all ? "true" : "false"} onClick={() => setAll(!all)}>{t(all ? "rules.open.hide" : "rules.open.show", { count: open })}</Button>}
		</>
	);
}

function Score({ a, balance }) {
	const parts = [["propensity", three(a.propensity)], ["value", three(a.value)], ["context", plain(a.context)], ["lever", plain(a.lever)]];
	const side = (unknown, value) => (unknown ? t("rules.not-known") : three(value));
	return (
		<div class="reckoned">
			<div class="product">
				<span class="result"><b>{three(a.score)}</b><small>{t("rules.score")}</small></span>
				{parts.map(([name, value], at) => [<span class="sign" key={name + "-"}>{at ? "×" : "="}</span>,
					<span class="factor" key={name} title={t(`rules.part.${name}.about`)}><b>{value}</b><small>{t(`rules.part.${name}`)}</small></span>])}
			</div>
			<p class="muted small">{t("rules.value.is", { value: three(a.value), balance: percent(balance), customer: side(a.customer_unknown, a.customer_value), rest: percent(1 - balance), business: side(a.business_unknown, a.business_value) })}</p>
		</div>
	);
}

function Action({ a, balance, most, choice, open }) {
	return (
		<details class={"weighed " + (a.rank ? "chosen" : "left")} open={open}>
			<summary>
				<span class="weigh-rank">{a.rank ? a.rank : "–"}</span>
				<span class="name"><strong>{a.action}</strong> <span class="muted">{[a.goal, a.group, a.member && t("rules.for", { member: a.member })].filter(Boolean).join(" · ")}</span></span>
				<span class="fell">{a.rank ? <Badge tone="good" icon="check">{t("rules.chosen", { rank: a.rank })}</Badge>
					: <Badge tone={a.gate === "rank" ? "info" : undefined}>{t("rules.fell", { gate: t(`rules.gate.${a.gate || "rank"}`) })}</Badge>}</span>
				<span class="weigh-bar"><Meter value={a.score} high={most} label={t("rules.score")} text={three(a.score)} tone={a.rank ? "good" : undefined} /></span>
				<span class="number">{three(a.score)}</span>
			</summary>
			<div class="inside">
				{a.to_win && <p class="to-win"><b>{t("rules.to-win")}</b> {said(a.to_win)}</p>}
				{choice?.say && <blockquote>{choice.say}</blockquote>}
				<Score a={a} balance={balance} />
				<Conditions a={a} />
			</div>
		</details>
	);
}

function Ranking({ r }) {
	const [only, setOnly] = useState("all"), [text, setText] = useState("");
	const chosen = (a) => a.rank || Infinity;
	const gates = [...new Set(r.actions.filter((a) => !a.rank).map((a) => a.gate))];
	const shown = r.actions.filter((a) => only === "all" || (only === "chosen" ? a.rank : a.gate === only && !a.rank))
		.filter((a) => !text || `${a.action} ${a.goal} ${a.group}`.toLowerCase().includes(text.trim().toLowerCase()))
		.sort((a, b) => chosen(a) - chosen(b) || b.score - a.score);
	const most = Math.max(...r.actions.map((a) => a.score), 0.001);
	const options = [["all", t("rules.only.all", { count: r.actions.length })], ["chosen", t("rules.only.chosen", { count: r.actions.filter((a) => a.rank).length })],
		...gates.map((gate) => [gate, `${t("rules.fell", { gate: t(`rules.gate.${gate}`) })} (${r.actions.filter((a) => !a.rank && a.gate === gate).length})`])];
	return (
		<Panel flush title={t("rules.ranking")} aside={t("rules.ranking.about", { balance: percent(r.balance) })}>
			<div class="narrow">
				<Field label={t("rules.search.action")} unseenLabel type="search" placeholder={t("rules.search.action")} value={text} onInput={(event) => setText(event.target.value)} />
				<Field label={t("rules.only")} value={only} options={options} onChange={(event) => setOnly(event.target.value)} />
			</div>
			{r.cautions.map((caution) => <Notice tone="warn" key={caution}>{said(caution)}</Notice>)}
			{shown.map((a) => <Action a={a} key={a.action + a.member} balance={r.balance} most={most} open={a.rank === 1} choice={r.choices.find((c) => c.action === a.action)} />)}
			{!shown.length && <Empty title={t("rules.no-such")} />}
		</Panel>
	);
}

const CAME = { fired: "good", held: "", unknown: "warn", once: "info", failed: "bad", aside: "bad", nobody: "" };

function RuleCame({ rule, asked }) {
	return (
		<li class={"came" + (asked ? " asked" : "")}>
			<div class="head"><strong>{rule.rule}</strong> <Badge tone={CAME[rule.came] || undefined}>{t(`rules.came.${rule.came}`)}</Badge>
				<span class="muted">{[rule.on, rule.member && t("rules.for", { member: rule.member }), rule.subject && `${t(`rules.about.${rule.about}`)} ${rule.subject}`].filter(Boolean).join(" · ")}</span></div>
			{rule.why && <p class="muted">{rule.why}</p>}
			{rule.when && rule.when.state !== "open" && <ul class="conditions"><Condition name={t("rules.when-holds")} c={rule.when} /></ul>}
			{rule.reason && rule.reason !== rule.when?.missing && <p>{said(rule.reason)}</p>}
			{rule.did.map((did) => <p class="did" key={did}><Icon name="right" /> {did}</p>)}
		</li>
	);
}

// Back over what the subject has lived through, an entry at a time.
function Earlier({ x, rule }) {
	const [busy, setBusy] = useState(false), [none, setNone] = useState(false);
	const back = async () => {
		setBusy(true);
		const then = await post("/v1/explanations", { ask: { customer: x.subject }, as_of_seq: Number(x.entry.seq) - 1 }).catch(() => null);
		const seq = then && (then.recommendation?.as_of_seq || then.as_of_seq);
		setBusy(false);
		if (seq > 0)
			go("rules", "entry", String(seq), ...(rule ? [rule] : []));
		else
			setNone(true);
	};
	return none ? <p class="muted">{t("rules.entry.first")}</p> : <p><Button small icon="back" busy={busy} onClick={back}>{t("rules.entry.earlier")}</Button></p>;
}

function Entry({ x, rule: asked }) {
	const { entry: e } = x, fired = x.rules.filter((r) => r.came === "fired");
	const order = (r) => (r.rule === asked ? 0 : r.came === "fired" ? 1 : 2);
	const about = e.event && [e.event.type, e.event.source, e.event.member, e.event.agent, e.event.channel].filter(Boolean).join(" · ");
	return (
		<>
			<Panel title={t("rules.entry.title", { seq: number(e.seq) })} aside={dateTime(e.received_at_ms)}>
				<p>{e.what}</p>
				{about && <p class="muted">{about}</p>}
				{e.event && <Values values={Object.entries(e.event.attributes).map(([name, value]) => ({ name, member: "", value: { value } }))} />}
				{e.historical && <Notice>{t("rules.historical")}</Notice>}
				{e.nudges.map((text) => <p class="did" key={text}><Icon name="right" /> {text}</p>)}
				{e.effects.map((text) => <p class="did" key={text}><Icon name="right" /> {text}</p>)}
				{e.source_seq > 0 && <p><a href={href("rules", "entry", String(e.source_seq))}>{t("rules.entry.source", { seq: number(e.source_seq) })}</a></p>}
				{x.subject_kind === "customer" && <Earlier x={x} rule={asked} key={e.seq} />}
			</Panel>
			<Panel title={t("rules.heard", { fired: fired.length, count: x.rules.length })}>
				{asked && !x.rules.some((r) => r.rule === asked) && <Notice tone="warn">{t("rules.heard.not", { rule: asked, type: e.event?.type || e.what })}</Notice>}
				{x.rules.length ? <ul class="cames">{x.rules.toSorted((a, b) => order(a) - order(b)).map((rule, at) => <RuleCame rule={rule} asked={rule.rule === asked} key={at} />)}</ul>
					: <p class="muted">{t("rules.heard.none")}</p>}
			</Panel>
		</>
	);
}

function Facts({ facts }) {
	const [text, setText] = useState("");
	const known = facts.filter((f) => f.value && f.value.value !== null && f.value.value !== undefined);
	const rows = known.filter((f) => !text || `${f.member} ${f.name}`.toLowerCase().includes(text.trim().toLowerCase()));
	const columns = [{ key: "name", title: t("rules.fact"), cell: (f) => <code>{f.name}</code> }, { key: "member", title: t("rules.member"), cell: (f) => f.member || "–" },
		{ key: "value", title: t("rules.value"), cell: (f) => valueText(f.value) }];
	return (
		<details class="fold">
			<summary>{t("rules.facts", { count: known.length, unknown: facts.length - known.length })}</summary>
			<Field label={t("rules.facts.search")} unseenLabel type="search" placeholder={t("rules.facts.search")} value={text} onInput={(event) => setText(event.target.value)} />
			<Table class="scroll" columns={columns} rows={rows} caption={t("rules.facts", { count: known.length, unknown: facts.length - known.length })} rowKey={(f) => f.member + f.name} />
		</details>
	);
}

function Asked({ d }) {
	const ask = d.ask ?? {};
	const rows = [["customer", ask.customer && <a href={href("desk", ask.customer)}>{ask.customer}</a>], ["member", ask.member], ["agent", ask.agent], ["channel", ask.channel],
		["intent", ask.intent], ["topic", ask.topic], ["mood", ask.has_mood ? plain(ask.mood) : ""], ["language", ask.language]].filter(([, value]) => value);
	return (
		<dl class="facts">
			{rows.map(([name, value]) => [<dt key={name}>{t(`rules.ask.${name}`)}</dt>, <dd key={name + "="}>{value}</dd>])}
		</dl>
	);
}

function Decision({ x }) {
	const d = x.decision;
	const recorded = d.choices.map((c) => `${c.action} ${three(c.score)}`).join(", ");
	return (
		<Panel title={t("rules.asked")} aside={t("rules.recorded", { seq: number(d.seq) })}>
			{d.nudge && <p>{t("rules.nudge-of", { rule: d.rule })} {d.source_seq > 0 && <a href={href("rules", "entry", String(d.source_seq))}>{t("rules.entry.source", { seq: number(d.source_seq) })}</a>}</p>}
			<Asked d={d} />
			<p><b>{t("rules.chosen-then")}</b> {recorded || t("rules.chosen-nothing")}</p>
			{d.foreign_reads > 0 && <p class="muted small">{t("rules.foreign", { count: d.foreign_reads })}</p>}
		</Panel>
	);
}

function Head({ x }) {
	const last = x.recommendation?.as_of_seq || x.as_of_seq; // the customer's own
	const r = x.recomputed, kind = t(`rules.about.${x.subject_kind}`);
	return (
		<div class="explained-head">
			<h2>{t(`rules.explained.${x.about}`)} · {kind} {x.subject_kind === "customer" ? <a href={href("desk", x.subject)}>{x.subject}</a> : x.subject}</h2>
			<p class="muted">{t("rules.explained.as-of", { when: dateTime(x.time_ms), seq: number(x.as_of_seq) })} · {t("rules.explained.pack", { pack: x.pack, hash: x.pack_hash.slice(0, 12) })}
				{x.about !== "entry" && last > 0 && <> · <a href={href("rules", "entry", String(last))}>{t("rules.explained.last")}</a></>}</p>
			{x.merged_from && <p class="muted">{t("rules.explained.merged", { from: x.merged_from })}</p>}
			{r && <Notice tone={r.identical ? "good" : "bad"} title={t(r.identical ? "rules.proven" : "rules.differs")}>{t("rules.proven.more", { count: Number(r.entries), differing: Number(r.differing) })}</Notice>}
			{r?.erased > 0 && <Notice tone="warn">{t("rules.erased", { count: Number(r.erased) })}</Notice>}
			{x.rules_aside > 0 && <Notice tone="warn">{t("rules.aside-then", { count: x.rules_aside })}</Notice>}
			{x.notes.map((note) => <Notice key={note}>{note}</Notice>)}
		</div>
	);
}

export function Explanation({ x, rule }) {
	const alerts = x.state?.alerts.filter((a) => a.state === "open" && !a.historical) ?? [];
	return (
		<div class="explained">
			<Head x={x} />
			{x.decision && <Decision x={x} />}
			{x.entry && x.about === "entry" && <Entry x={x} rule={rule} />}
			{x.recommendation?.actions.length > 0 && <Ranking r={x.recommendation} />}
			{x.recommendation?.fallback && <Notice tone="warn">{t("rules.fallback", { why: x.recommendation.fallback_reason })}</Notice>}
			{x.state && (
				<Panel title={t("rules.known-then")}>
					{alerts.map((a) => <p key={a.seq}><Badge tone="warn">{a.rule}</Badge> {a.text}</p>)}
					<Facts facts={x.state.facts} />
				</Panel>
			)}
		</div>
	);
}
