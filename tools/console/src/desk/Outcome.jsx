// What is asked before an outcome is told: whether it is sure, when to ask again, why the agent knew better.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { dateTime, instantOf, wallOf, zoneName } from "../format.js";
import { t } from "../text.js";
import { Button, Field } from "../ui.jsx";
import { reasons } from "../pack.js";

const DAY = 86400e3;
const WHEN = [["tomorrow", DAY], ["days3", 3 * DAY], ["week", 7 * DAY], ["month", 30 * DAY]];

function Ask({ title, busy, onCancel, onSend, ready = true, label, children }) {
	const first = useRef();
	useLayoutEffect(() => (first.current.querySelector("[data-first]") ?? first.current.querySelector("button[type=submit]")).focus(), []); // before the next key
	const submit = (event) => {
		event.preventDefault();
		if (ready && !busy)
			onSend();
	};
	return (
		<form class="ask" ref={first} onSubmit={submit} aria-label={title}>
			<p class="title">{title}</p>
			{children}
			<div class="buttons">
				<Button kind="primary" type="submit" busy={busy} disabled={!ready}>{label}</Button>
				<Button onClick={onCancel}>{t("desk.cancel")}</Button>
			</div>
		</form>
	);
}

export function Sure({ name, kind, ...rest }) {
	return <Ask title={t(`desk.sure.${kind}`, { action: name })} label={t(`desk.record.${kind}`)} {...rest} />;
}

export function Later({ name, now, onSend, ...rest }) {
	const [chosen, setChosen] = useState("days3"), [own, setOwn] = useState(wallOf(Number(now) + 3 * DAY));
	const until = chosen === "own" ? instantOf(own) : Number(now) + WHEN.find(([key]) => key === chosen)[1];
	return (
		<Ask title={t("desk.later.title", { action: name })} label={t("desk.record.later")} ready={until > now} onSend={() => onSend(Math.round(until))} {...rest}>
			<fieldset class="choices">
				<legend class="unseen">{t("desk.later.when")}</legend>
				{[...WHEN.map(([key]) => key), "own"].map((key) => (
					<label key={key}>
						<input type="radio" name="when" checked={chosen === key} onChange={() => setChosen(key)} data-first={key === chosen ? true : undefined} />
						{t("desk.later." + key)}
					</label>
				))}
			</fieldset>
			{chosen === "own" && <Field label={t("desk.later.at", { zone: zoneName() })} type="datetime-local" value={own} onInput={(e) => setOwn(e.target.value)} />}
			<p class="muted small">{until > now ? t("desk.later.until", { time: dateTime(until) }) : t("desk.later.past")}</p>
		</Ask>
	);
}

export function Overrule({ name, onSend, ...rest }) {
	const list = reasons().length ? reasons() : ["has it already", "wrong moment", "does not suit"].map((r) => [r, t("desk.reason." + r)]);
	const [chosen, setChosen] = useState(list[0][0]), [own, setOwn] = useState("");
	const reason = chosen === "own" ? own.trim() : chosen;
	return (
		<Ask title={t("desk.overrule.title", { action: name })} label={t("desk.record.overruled")} ready={reason.length > 0} onSend={() => onSend(reason)} {...rest}>
			<fieldset class="choices">
				<legend class="unseen">{t("desk.overrule.why")}</legend>
				{[...list, ["own", t("desk.reason.own")]].map(([key, text]) => (
					<label key={key}>
						<input type="radio" name="reason" checked={chosen === key} onChange={() => setChosen(key)} data-first={key === list[0][0] ? true : undefined} />
						{text}
					</label>
				))}
			</fieldset>
			{chosen === "own" && <Field label={t("desk.reason.words")} maxLength={60} value={own} onInput={(e) => setOwn(e.target.value)} />}
		</Ask>
	);
}
