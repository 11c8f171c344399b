// Which past is to be explained: a decision by its id, an entry of the journal, a customer at a moment, or what a rule made of
// an event.
import { useEffect, useState } from "preact/hooks";
import { enc, get, post, readState } from "../api.js";
import { dateTime, instantOf, wallOf, zoneName } from "../format.js";
import { go, href } from "../route.js";
import { language, t } from "../text.js";
import { Button, Empty, Field, Loading, Panel, ProblemNotice, Segments, useAnswer } from "../ui.jsx";
import { Explanation } from "./explanation.jsx";

function ask([kind, id, at], signal) {
	if (kind === "decision")
		return get(`/v1/decisions/${enc(id)}`, { signal });
	if (kind === "entry")
		return get(`/v1/entries/${enc(id)}`, { signal });
	return post("/v1/explanations", { ask: { customer: id, language: language(), ...(at && { time_ms: Number(at) }) } }, { signal });
}

// A decision by its id, or an entry by its number.
function ByNumber({ of: [kind, id] }) {
	const [number, setNumber] = useState(kind === "decision" || kind === "entry" ? id : ""), [wrong, setWrong] = useState("");
	const submit = (event) => {
		event.preventDefault();
		const text = number.trim();
		if (!/^\d+(-\d+)?$/.test(text))
			return setWrong(t("rules.explain.wrong"));
		setWrong("");
		go("rules", text.includes("-") ? "decision" : "entry", text);
	};
	return (
		<form class="line" onSubmit={submit}>
			<Field label={t("rules.explain.id")} help={t("rules.explain.id.help")} problem={wrong} value={number} onInput={(event) => setNumber(event.target.value)} spellcheck={false} autocomplete="off" />
			<Button kind="primary" type="submit">{t("rules.explain.show")}</Button>
		</form>
	);
}

const idField = { maxLength: 64, spellcheck: false, autocomplete: "off" };
const When = ({ value, onInput, disabled }) => (
	<Field label={t("rules.explain.time")} help={t("rules.explain.time.help", { zone: zoneName() })} type="datetime-local" value={value}
		disabled={disabled} onInput={(event) => onInput(event.target.value)} />
);

function ByMoment({ of: [kind, id, at] }) {
	const [customer, setCustomer] = useState(kind === "customer" ? id : ""), [time, setTime] = useState(kind === "customer" && at ? wallOf(Number(at)) : "");
	const submit = (event) => {
		event.preventDefault();
		if (customer.trim())
			go("rules", "customer", customer.trim(), ...(time ? [String(instantOf(time))] : []));
	};
	return (
		<form class="line" onSubmit={submit}>
			<Field label={t("rules.explain.customer")} value={customer} onInput={(event) => setCustomer(event.target.value)} {...idField} />
			<When value={time} onInput={setTime} />
			<Button kind="primary" type="submit" disabled={!customer.trim()}>{t("rules.explain.show")}</Button>
		</form>
	);
}

// The entry of a customer's event: the one with that id, or the last one by then.
async function entryOf(customer, event, time) {
	if (event)
		return (await post("/v1/explanations", { ask: { customer }, event })).entry.seq;
	const then = await post("/v1/explanations", { ask: { customer, ...(time && { time_ms: instantOf(time) }) } });
	return then.recommendation?.as_of_seq || then.as_of_seq;
}

function ByRule({ of: [kind, id, named], rules }) {
	const asked = kind === "rule" ? id : kind === "entry" ? named ?? "" : "";
	const [rule, setRule] = useState(asked), [customer, setCustomer] = useState("");
	const [event, setEvent] = useState(""), [time, setTime] = useState(""), [busy, setBusy] = useState(false), [problem, setProblem] = useState();
	useEffect(() => setRule(asked), [asked]);
	const submit = async (pressed) => {
		pressed.preventDefault();
		setBusy(true);
		setProblem();
		try {
			go("rules", "entry", String(await entryOf(customer.trim(), event.trim(), time)), ...(rule ? [rule] : []));
		} catch (refused) {
			setProblem(refused);
		}
		setBusy(false);
	};
	return (
		<>
			<form class="line" onSubmit={submit}>
				<Field label={t("rules.explain.which")} value={rule} options={[["", t("rules.explain.every")], ...rules.map((r) => [r.name, r.name])]} onChange={(changed) => setRule(changed.target.value)} />
				<Field label={t("rules.explain.customer")} value={customer} onInput={(typed) => setCustomer(typed.target.value)} {...idField} />
				<Field label={t("rules.explain.event")} help={t("rules.explain.event.help")} value={event} onInput={(typed) => setEvent(typed.target.value)} {...idField} />
				<When value={event.trim() ? "" : time} onInput={setTime} disabled={Boolean(event.trim())} />
				<Button kind="primary" type="submit" busy={busy} disabled={!customer.trim()}>{t("rules.explain.show")}</Button>
			</form>
			{problem && <ProblemNotice problem={problem} />}
		</>
	);
}

const QUESTIONS = ["decision", "moment", "rule"];

function questionOf([kind, , named]) {
	if (kind === "customer")
		return "moment";
	return kind === "rule" || (kind === "entry" && named) ? "rule" : "decision";
}

// What is asked for stands in the address; who asked of every rule, of an entry, goes on asking so.
function Choose({ params, rules }) {
	const [question, setQuestion] = useState(questionOf(params));
	useEffect(() => {
		if (params.length)
			setQuestion((now) => (params[0] === "entry" && now === "rule" ? now : questionOf(params)));
	}, [params.join("\n")]);
	return (
		<section class="panel choose" aria-label={t(`rules.explain.${question}`)}>
			<div class="body">
				<Segments label={t("rules.explain.question")} options={QUESTIONS.map((name) => [name, t(`rules.explain.${name}`)])} value={question} onChange={setQuestion} />
				{question === "decision" && <ByNumber of={params} key={"number " + params.join()} />}
				{question === "moment" && <ByMoment of={params} key={"moment " + params.join()} />}
				{question === "rule" && <ByRule of={params} rules={rules} />}
			</div>
		</section>
	);
}

// Decisions and entries that the customer's record names: what one would look for next.
function Known({ customer }) {
	const [data] = useAnswer((signal) => readState({ customer }, { signal }).catch(() => null), [customer]);
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

export function Explain({ params, rules }) {
	const asks = params.length > 0 && params[0] !== "rule";
	const [answer, problem, again] = useAnswer((signal) => (asks ? ask(params, signal).then((data) => ({ data, of: params.join() })) : Promise.resolve(null)), [params.join("\n"), language()]);
	const data = answer?.of === params.join() ? answer.data : null;
	const waiting = asks && !data && !problem;
	return (
		<div class="stack">
			<Choose params={params} rules={rules} />
			{!asks && <Empty icon="search" title={t("rules.explain.none")}>{t("rules.explain.none.more")}</Empty>}
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			{waiting && <Loading lines={8} />}
			{data && <Explanation x={data} rule={params[0] === "entry" ? params[2] : undefined} />}
			{data?.subject_kind === "customer" && <Known customer={data.subject} />}
		</div>
	);
}
