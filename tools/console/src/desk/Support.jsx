// Beside the actions: quick answers for the topic, and offers that hold.
import { useState } from "preact/hooks";
import { ago, date, dateTime } from "../format.js";
import { t } from "../text.js";
import { Panel } from "../ui.jsx";
import { actionName, attributeName, capital, spelled, uncapital, valueText } from "../pack.js";

export function Terms({ terms }) {
	return Object.entries(terms).map(([name, value]) => (
		<span class="term" key={name}>{attributeName(name)}: <strong>{valueText(name, value)}</strong></span>
	));
}

export function Offers({ offers, now }) {
	if (!offers.length)
		return null;
	return (
		<Panel class="offers" title={t("desk.offers")}>
			<ul>
				{offers.map((o) => (
					<li key={o.action + o.made_ms}>
						<strong>{actionName(o.action)}</strong> <Terms terms={o.terms} />
						<p class="muted small">
							{t("desk.offer.made", { when: uncapital(ago(o.made_ms, now)), channel: uncapital(t("desk.channel." + o.channel)) })}
							{o.until_ms > 0 && <span title={dateTime(o.until_ms)}>; {t("desk.offer.until", { date: date(o.until_ms) })}</span>}
						</p>
					</li>
				))}
			</ul>
		</Panel>
	);
}

export function Answers({ answers }) {
	const [part, setPart] = useState("");
	if (!answers.length)
		return null;
	const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
	const list = answers.map((a) => ({ ...a, words: spelled("question", a.question) ?? capital(a.question) }))
		.filter((a) => fold(a.words + a.text).includes(fold(part)));
	return (
		<Panel class="answers" title={t("desk.answers")}>
			{answers.length > 6 && <input type="search" aria-label={t("desk.answers.filter")} placeholder={t("desk.answers.filter")} value={part} onInput={(e) => setPart(e.target.value)} />}
			<dl>{list.map((a) => <div key={a.question}><dt>{a.words}</dt><dd>{a.text}</dd></div>)}</dl>
		</Panel>
	);
}
