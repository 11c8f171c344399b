// What to do next, ranked: the words to say, the score and what it is made of, why, and what became of it.
import { useEffect, useRef, useState } from "preact/hooks";
import { date, number, percent, plain } from "../format.js";
import { t } from "../text.js";
import { Badge, Button, Icon, Key, Notice, ProblemNotice } from "../ui.jsx";
import { Later, Overrule, Sure } from "./Outcome.jsx";
import { actionName, spell } from "../pack.js";
import { Terms } from "./Support.jsx";
import { Why } from "./Why.jsx";

const OPEN = ["offered", "accepted", "rejected", "later", "overruled"];
export const KEYS = { o: "offered", a: "accepted", r: "rejected", l: "later", x: "overruled" };
const keyOf = (kind) => Object.keys(KEYS).find((key) => KEYS[key] === kind);
const TONES = { accepted: "good", rejected: "warn", overruled: "warn", offered: "info", later: "info" };

// P x V x C x L, with a bar each: of the shares as they are, of the weights against twice their usual 1.
function Score({ choice: c }) {
	const parts = [["propensity", percent(c.propensity), c.propensity], ["value", plain(c.value), c.value],
		["context", "× " + plain(c.context), c.context / 2], ["lever", "× " + plain(c.lever), c.lever / 2]];
	return (
		<dl class="equation" aria-label={t("desk.score.made")}>
			<div class="whole"><dt>{t("desk.score")}</dt><dd>{number(c.score, 2)}</dd></div>
			{parts.map(([name, text, share]) => (
				<div key={name} title={t(`desk.score.${name}.help`)}>
					<dt>{t("desk.score." + name)}</dt>
					<dd>{text}</dd>
					<svg viewBox="0 0 40 3" preserveAspectRatio="none" aria-hidden="true">
						<rect class="rest" width="40" height="3" /><rect class="bar" width={40 * Math.max(0, Math.min(1, share))} height="3" />
					</svg>
				</div>
			))}
			{c.drawn && <Badge tone="info" title={t("desk.drawn.help")}>{t("desk.drawn")}</Badge>}
		</dl>
	);
}

function Buttons({ done, first, armed, busy, onArm }) {
	const left = OPEN.filter((kind) => kind !== "offered" || done?.kind !== "offered");
	return (
		<div class="outcomes" role="group" aria-label={t("desk.outcome")}>
			{left.map((kind) => (
				<Button small key={kind} kind={first && kind === "accepted" ? "primary" : undefined} disabled={busy} aria-pressed={armed === kind ? "true" : undefined}
					aria-keyshortcuts={keyOf(kind)} onClick={() => onArm(kind)}>
					{t("desk.outcome." + kind)}<Key>{keyOf(kind)}</Key>
				</Button>
			))}
		</div>
	);
}

const finished = (done) => done && done.kind !== "offered";

// The id is made when the outcome is begun: pressing twice, or trying again after a lost answer, is one outcome.
function useOutcome(choice, send) {
	const [armed, setArmed] = useState(null), [busy, setBusy] = useState(false), [problem, setProblem] = useState(), sending = useRef(false);
	const run = async (outcome) => {
		if (sending.current)
			return;
		sending.current = true;
		setBusy(true);
		setProblem();
		try {
			await send(choice, outcome);
			setArmed(null);
		} catch (error) {
			setProblem({ error, again: () => run(outcome) });
		}
		sending.current = false;
		setBusy(false);
	};
	const arm = (kind) => {
		setProblem();
		const outcome = { id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`, kind };
		if (kind === "offered")
			run(outcome); // it can be told as accepted or rejected after it
		else
			setArmed(armed?.kind === kind ? null : outcome);
	};
	return { armed, busy, problem, arm, run, cancel: () => setArmed(null) };
}

function Form({ choice, outcome, busy, now, onSend, onCancel }) {
	const common = { name: actionName(choice.action), busy, onCancel };
	if (outcome.kind === "later")
		return <Later {...common} now={now} onSend={(until_ms) => onSend({ ...outcome, until_ms })} />;
	if (outcome.kind === "overruled")
		return <Overrule {...common} onSend={(reason) => onSend({ ...outcome, reason })} />;
	return <Sure {...common} kind={outcome.kind} onSend={() => onSend(outcome)} />;
}

function Card({ choice, rank, done, decision, now, send, focused, onFocused, children }) {
	const card = useRef(), [why, setWhy] = useState(false);
	const o = useOutcome(choice, async (...outcome) => {
		await send(...outcome);
		card.current?.focus();
	});
	useEffect(() => {
		if (focused) {
			card.current.focus();
			card.current.scrollIntoView({ block: "nearest" });
			onFocused();
		}
	}, [focused]);
	const close = () => (o.cancel(), card.current.focus());
	const onKeyDown = (event) => {
		if (event.key === "Escape" && o.armed)
			return close();
		if (event.target !== card.current || event.ctrlKey || event.metaKey || event.altKey)
			return;
		const key = event.key.toLowerCase();
		if (KEYS[key] && !finished(done) && !o.busy)
			o.arm(KEYS[key]);
		else if (key === "w")
			setWhy(!why);
		else
			return;
		event.preventDefault();
		event.stopPropagation();
	};
	return (
		<li>
			<article ref={card} tabIndex={-1} class={"action" + (rank === 1 ? " first" : "") + (finished(done) ? " done" : "")} onKeyDown={onKeyDown}
				data-action={choice.action} aria-labelledby={`action-${rank}`}>
				<header>
					<span class="rank" aria-hidden="true">{rank}</span>
					<h3 id={`action-${rank}`}>{actionName(choice.action)}</h3>
					<span class="tags">
						{choice.goal && <Badge>{spell("goal", choice.goal)}</Badge>}
						{done && <Badge tone={TONES[done.kind]} icon="check">{t("desk.done." + done.kind)}</Badge>}
					</span>
				</header>
				{choice.say && <blockquote>{choice.say}</blockquote>}
				{choice.offer && (
					<p class="offer"><Icon name="clock" /><Terms terms={choice.offer.terms} />
						{choice.offer.until_ms > 0 && t("desk.offer.until", { date: date(choice.offer.until_ms) })}
						{choice.offer.made_ms > 0 && <Badge tone="accent">{t("desk.offer.again")}</Badge>}
					</p>
				)}
				<div class="foot">
					{!finished(done) && <Buttons done={done} first={rank === 1} armed={o.armed?.kind} busy={o.busy} onArm={o.arm} />}
					<Score choice={choice} />
					<Button kind="quiet" small icon={why ? "less" : "more"} class="why-button" aria-expanded={why} aria-keyshortcuts="w" onClick={() => setWhy(!why)}>{t("desk.why")}</Button>
				</div>
				{o.armed && <Form choice={choice} outcome={o.armed} busy={o.busy} now={now} onSend={o.run} onCancel={close} />}
				{o.problem && <ProblemNotice problem={o.problem.error} onAgain={o.problem.again} />}
				{children}
				{why && <Why choice={choice} decision={decision} />}
			</article>
		</li>
	);
}

// What comes next, from the answer to the outcome.
export function Next({ step, onGo, onClose }) {
	return (
		<div class="next" role="status">
			<header>
				<Badge tone={TONES[step.kind]} icon="check">{t("desk.recorded", { action: actionName(step.of), kind: t("desk.done." + step.kind) })}</Badge>
				<Button kind="quiet" small icon="close" aria-label={t("ui.close")} onClick={onClose} />
			</header>
			{step.duplicate && <p class="muted">{t("desk.duplicate")}</p>}
			{step.say && <><h3>{t("desk.next")}</h3><blockquote>{step.say}</blockquote></>}
			{step.action && (
				<Button kind="primary" icon="right" onClick={() => onGo(step.action)}>{t("desk.next.go", { action: actionName(step.action) })}</Button>
			)}
			{!step.say && !step.action && <p class="muted">{t("desk.next.none")}</p>}
		</div>
	);
}

// step: what came of the outcome told last; it stands where it was told.
export function Actions({ answer, done, step, now, send, focus, onFocused, onHeld }) {
	return (
		<section class="actions" aria-labelledby="actions-title">
			<header class="section-head">
				<h2 id="actions-title">{t("desk.actions")}</h2>
				<Button kind="quiet" small icon="info" onClick={onHeld}>{t("desk.held")}</Button>
			</header>
			{answer.fallback && <Notice tone="warn">{t("desk.fallback", { reason: answer.fallback_reason })}</Notice>}
			{step && !answer.choices.some((c) => c.action === step.of) && step.view}
			{answer.choices.length ? (
				<ol>
					{answer.choices.map((c, at) => (
						<Card choice={c} rank={at + 1} done={done[c.action]} decision={answer.decision} now={now} send={send} focused={focus === c.action}
							onFocused={onFocused} key={c.action}>
							{step?.of === c.action && step.view}
						</Card>
					))}
				</ol>
			) : <Notice>{t("desk.actions.none")}</Notice>}
		</section>
	);
}
