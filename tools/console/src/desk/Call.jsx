// The conversation: what it is about, how to begin, what not to say, and the rules that apply.
import { useState } from "preact/hooks";
import { dateTime, time } from "../format.js";
import { t } from "../text.js";
import { Badge, Button, Field, Icon, Panel } from "../ui.jsx";
import { spelled, topicName, topics } from "../pack.js";

const CHANNELS = ["call", "chat", "shop", "web", "sms", "email"];
const MOODS = ["-0.7", "-0.3", "0", "0.6"];

function MoodChoice({ value, onChange }) {
	const words = (mood) => spelled("mood_end", Number(mood)) ?? t("desk.mood.of." + mood);
	return (
		<fieldset class="moods">
			<legend>{t("desk.call.mood")}</legend>
			{["", ...MOODS].map((mood) => (
				<label key={mood} class={value === mood ? "checked" : ""}>
					<input type="radio" name="mood" class="unseen" checked={value === mood} onChange={() => onChange(mood)} />
					{mood === "" ? t("desk.mood.unknown") : words(mood)}
				</label>
			))}
		</fieldset>
	);
}

export function Controls({ call, onCall, topicRef }) {
	const known = topics(), list = [["", t("desk.topic.unknown")], ...known.map((topic) => [topic, topicName(topic)])];
	const channels = CHANNELS.map((c) => [c, t("desk.channel." + c)]);
	return (
		<div class="controls">
			<Field label={t("desk.call.topic")} options={list} value={call.topic} inputRef={topicRef} onChange={(e) => onCall({ topic: e.target.value })} />
			<Field label={t("desk.call.channel")} options={channels} value={call.channel} onChange={(e) => onCall({ channel: e.target.value })} />
			<Field label={t("desk.call.agent")} value={call.agent} placeholder={t("desk.call.agent.hint")} maxLength={64} autocomplete="off" spellcheck={false}
				onChange={(e) => onCall({ agent: e.target.value.trim() })} />
			<MoodChoice value={call.mood} onChange={(mood) => onCall({ mood })} />
		</div>
	);
}

function Words({ kind, icon, title, list }) {
	if (!list.length)
		return null;
	return (
		<div class={"said " + kind}>
			<h3><Icon name={icon} />{title}</h3>
			{list.length === 1 ? <p>{list[0]}</p> : <ul class="dots">{list.map((words) => <li key={words}>{words}</li>)}</ul>}
		</div>
	);
}

// Of the agent's own strain, and only to them.
function Strain({ strain }) {
	const [away, setAway] = useState("");
	if (!strain?.level || away === strain.level)
		return null;
	return (
		<div class="said strain" role="note">
			<h3><Icon name="info" />{t("desk.strain")}</h3>
			<p>{strain.suggestion} <span class="muted">{strain.parts.map((p) => p.say).filter(Boolean).join(", ")}</span></p>
			<Button kind="quiet" small icon="close" aria-label={t("ui.close")} onClick={() => setAway(strain.level)} />
		</div>
	);
}

export function Opening({ answer, contact }) {
	return (
		<Panel class="opening" title={t("desk.begin")} aside={contact && (
			<Badge tone="good" icon="phone" title={dateTime(contact.time_ms)}>{t("desk.talking", { since: time(contact.time_ms) })}</Badge>
		)}>
			{answer.opening && <blockquote>{answer.opening}</blockquote>}
			<div class="rules">
				<Words kind="caution" icon="alert" title={t("desk.caution")} list={answer.cautions} />
				<Words kind="avoid" icon="close" title={t("desk.avoid")} list={answer.avoid} />
				<Words kind="guideline" icon="rules" title={t("desk.guideline")} list={answer.guidelines} />
			</div>
			<Strain strain={answer.strain} />
		</Panel>
	);
}

export function Before({ answer }) {
	if (!answer.conversation.length)
		return null;
	return (
		<Panel class="before" title={t("desk.before")}>
			<ul class="dots">{answer.conversation.map((l) => <li key={l.text} title={dateTime(l.time_ms)}>{l.text}</li>)}</ul>
		</Panel>
	);
}
