// Which past is to be explained: a decision by its id, an entry of the journal, or a customer at a moment.
import { useState } from "preact/hooks";
import { enc, get, post } from "../api.js";
import { dateTime } from "../format.js";
import { go, href } from "../route.js";
import { t } from "../text.js";
import { Button, Empty, Field, Loading, Panel, ProblemNotice, useAnswer } from "../ui.jsx";
import { Explanation } from "./explanation.jsx";

function ask([kind, id, at], signal) {
	if (kind === "decision")
		return get(`/v1/decisions/${enc(id)}`, { signal });
	if (kind === "entry")
		return get(`/v1/entries/${enc(id)}`, { signal });
	return post("/v1/explanations", { ask: { customer: id, ...(at && { time_ms: Number(at) }) } }, { signal });
}

// "2026-06-30T19:32" of a field, in the browser's zone; empty: now.
const msOf = (text) => (text ? new Date(text).getTime() : undefined);

function Choose({ params }) {
	const [kind, id] = params;
	const [decision, setDecision] = useState(kind === "decision" ? id : ""), [customer, setCustomer] = useState(kind === "customer" ? id : "");
	const [time, setTime] = useState(""), [wrong, setWrong] = useState("");
	const byDecision = (event) => {
		event.preventDefault();
		const text = decision.trim();
		if (!/^\d+(-\d+)?$/.test(text))
			return setWrong(t("rules.explain.wrong"));
		setWrong("");
		go("rules", text.includes("-") ? "decision" : "entry", text);
	};
	const byCustomer = (event) => {
		event.preventDefault();
		const ms = msOf(time);
		if (customer.trim())
			go("rules", "customer", customer.trim(), ...(ms ? [String(ms)] : []));
	};
	return (
		<div class="choose">
			<Panel title={t("rules.explain.decision")}>
				<form class="line" onSubmit={byDecision}>
					<Field label={t("rules.explain.id")} help={t("rules.explain.id.help")} problem={wrong} value={decision} onInput={(event) => setDecision(event.target.value)} spellcheck={false} autocomplete="off" />
					<Button kind="primary" type="submit">{t("rules.explain.show")}</Button>
				</form>
			</Panel>
			<Panel title={t("rules.explain.moment")}>
				<form class="line" onSubmit={byCustomer}>
					<Field label={t("rules.explain.customer")} value={customer} onInput={(event) => setCustomer(event.target.value)} spellcheck={false} autocomplete="off" />
					<Field label={t("rules.explain.time")} help={t("rules.explain.time.help")} type="datetime-local" value={time} onInput={(event) => setTime(event.target.value)} />
					<Button kind="primary" type="submit" disabled={!customer.trim()}>{t("rules.explain.show")}</Button>
				</form>
			</Panel>
		</div>
	);
}

// Decisions and entries that the customer's record names: what one would look for next.
function Known({ customer }) {
	const [data] = useAnswer((signal) => get(`/v1/customers/${enc(customer)}`, { signal }).catch(() => null), [customer]);
	if (!data)
		return null;
	const rows = [...data.outcomes.filter((o) => o.decision).map((o) => ({ to: ["decision", o.decision], time: o.time_ms, text: `${o.action}: ${o.kind}` })),
		...data.alerts.filter((a) => a.seq).map((a) => ({ to: ["entry", String(a.seq)], time: a.time_ms, text: `${a.rule}: ${a.text}` }))]
		.sort((a, b) => b.time - a.time).slice(0, 12);
	if (!rows.length)
		return null;
	return (
		<Panel title={t("rules.explain.known")}>
			<ul class="known">
				{rows.map((row) => <li key={row.to.join()}><a href={href("rules", ...row.to)}>{dateTime(row.time)}</a> {row.text}</li>)}
			</ul>
		</Panel>
	);
}

export function Explain({ params }) {
	const [answer, problem, again] = useAnswer((signal) => (params.length ? ask(params, signal).then((data) => ({ data, of: params.join() })) : Promise.resolve(null)), [params.join("\n")]);
	const data = answer?.of === params.join() ? answer.data : null;
	const waiting = params.length > 0 && !data && !problem;
	return (
		<div class="stack">
			<Choose params={params} key={params.join()} />
			{!params.length && <Empty icon="search" title={t("rules.explain.none")}>{t("rules.explain.none.more")}</Empty>}
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			{waiting && <Loading lines={8} />}
			{data && <Explanation x={data} />}
			{data?.subject_kind === "customer" && <Known customer={data.subject} />}
		</div>
	);
}
