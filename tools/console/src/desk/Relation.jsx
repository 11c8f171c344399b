// How it stands between us: the score with its parts and its trend, the mood, what they expect, and what is open.
import { ago, date, dateTime, duration, money, number, percent } from "../format.js";
import { t } from "../text.js";
import { Badge, Meter, Panel, Spark } from "../ui.jsx";
import { capital, spell, spelled, uncapital } from "../pack.js";
import { enoughKnown, memberName, moods, openCases, toneOfMood, toneOfScore } from "./state.js";

function Trend({ change, label }) {
	if (!change || Math.abs(change.by) < 0.5)
		return null;
	const up = change.by > 0;
	return <Badge tone={up ? "good" : "bad"} icon={up ? "up" : "down"}>{t(label, { points: number(Math.abs(change.by)) })}</Badge>;
}

function Part({ part }) {
	const name = capital(spell("part", part.name));
	const text = part.known ? percent(part.value) : t("desk.unknown");
	return (
		<li title={t("desk.part.weight", { share: percent(part.weight) })}>
			<span class="name">{name}</span>
			<Meter value={part.known ? part.value : null} label={name} text={text} tone={part.known ? toneOfScore(part.value * 100) : undefined} />
			<span class="value">{text}</span>
		</li>
	);
}

function Figure({ relationship: r, now }) {
	const past = [...(r.past ?? []).map((p) => p.score), r.score], tone = toneOfScore(r.score);
	return (
		<>
			<div class="score">
				<span class={`figure-large ${tone}`}>{number(r.score)}</span>
				<span class="of">{t("desk.of100")}</span>
				<Spark values={past} low={0} high={100} width={110} height={30} tone={tone}
					label={t("desk.trend.label", { from: number(past[0]), to: number(r.score), since: r.since_ms ? date(r.since_ms) : date(now) })} />
			</div>
			<div class="trends">
				<Trend change={r.month} label="desk.trend.month" />
				<Trend change={r.contact} label="desk.trend.contact" />
			</div>
			<Meter value={r.score} high={100} tone={tone} label={t("desk.relation")} text={number(r.score)} />
		</>
	);
}

function Score({ relationship: r, now }) {
	if (!r.known)
		return <p class="muted">{t("desk.relation.unknown")}</p>;
	const enough = enoughKnown(r);
	return (
		<>
			{enough ? <Figure relationship={r} now={now} /> : <p class="muted too-little">{t("desk.relation.too-little")}</p>}
			<ul class="parts">{r.parts.map((p) => <Part part={p} key={p.name} />)}</ul>
			{r.share < 0.995 && <p class="muted small">{t(enough ? "desk.relation.share" : "desk.relation.share.little", { share: percent(r.share) })}</p>}
			{r.growth?.revenue > 0 && <p class="small">{t("desk.growth", { amount: money(r.growth.revenue, r.growth.currency) })}</p>}
		</>
	);
}

function Mood({ customer, now }) {
	const all = moods(customer), last = all.at(-1);
	if (!last)
		return null;
	const words = spelled("mood_end", last.mood) ?? number(last.mood, 1), tone = toneOfMood(last.mood);
	return (
		<div class="line mood">
			<h3>{t("desk.mood")}</h3>
			<span><Badge tone={tone}>{words}</Badge> <span class="muted small" title={dateTime(last.time_ms)}>{ago(last.time_ms, now)}</span></span>
			<Spark values={all.map((m) => m.mood)} low={-1} high={1} tone={tone}
				label={t("desk.mood.trend", { words: all.map((m) => spelled("mood_end", m.mood) ?? number(m.mood, 1)).join(", ") })} />
		</div>
	);
}

function Case({ customer, one, now }) {
	const late = one.missed || (one.due_ms && one.due_ms < now);
	return (
		<li>
			<span class="name">{capital(spell("case", one.name))}{one.member && <span class="muted"> · {memberName(customer, one.member)}</span>}</span>
			<span title={dateTime(one.opened_ms)} class="muted">{t("desk.case.age", { age: duration(Math.max(1000, now - one.opened_ms)) })}</span>
			{one.due_ms > 0 && (
				<Badge tone={late ? "bad" : "info"} icon={late ? "alert" : "clock"} title={dateTime(one.due_ms)}>
					{late ? t("desk.case.late", { ago: uncapital(ago(one.due_ms, now)) }) : t("desk.case.due", { when: uncapital(ago(one.due_ms, now)) })}
				</Badge>
			)}
			{one.agent && <span class="muted small">{t("desk.by", { agent: one.agent })}</span>}
		</li>
	);
}

export function Relation({ customer, expects, now }) {
	const cases = openCases(customer);
	return (
		<Panel class="relation" title={t("desk.relation")}>
			{customer.relationship && <Score relationship={customer.relationship} now={now} />}
			<Mood customer={customer} now={now} />
			{expects.length > 0 && (
				<div class="line">
					<h3>{t("desk.expects")}</h3>
					<ul class="dots">{expects.map((words) => <li key={words}>{capital(words)}</li>)}</ul>
				</div>
			)}
			<div class="line">
				<h3>{t("desk.cases")}</h3>
				{cases.length ? <ul class="cases">{cases.map((c) => <Case customer={customer} one={c} now={now} key={c.name + c.key} />)}</ul>
					: <p class="muted small">{t("desk.cases.none")}</p>}
			</div>
		</Panel>
	);
}
