// Why something is recommended, and why something else is not: the decision explained by the daemon, gate by gate. The
// names in conditions are the pack's own.
import { useEffect, useState } from "preact/hooks";
import { enc, get } from "../api.js";
import { dateTime, number, percent, plain } from "../format.js";
import { said, weight } from "../said.js";
import { t } from "../text.js";
import { Badge, Dialog, Icon, Loading, ProblemNotice } from "../ui.jsx";
import { actionName, spell } from "../pack.js";

const kept = { id: "", answer: undefined };

// The last decision's explanation is kept: several cards ask for the same.
export function useExplanation(decision) {
	const [state, setState] = useState({}), [round, setRound] = useState(0);
	useEffect(() => {
		let current = true;
		if (kept.id !== decision)
			Object.assign(kept, { id: decision, answer: get(`/v1/decisions/${enc(decision)}`) });
		const asked = kept.answer;
		asked.then((answer) => current && setState({ answer: answer.recommendation, recomputed: answer.recomputed, entry: answer.decision }), (problem) => {
			if (kept.answer === asked)
				kept.id = "";
			if (current)
				setState({ problem });
		});
		return () => (current = false);
	}, [decision, round]);
	return { ...state, again: () => (setState({}), setRound(round + 1)) };
}

const SIGNS = { passed: "check", held: "close", unknown: "info", open: "check" };

function Condition({ condition: c, title }) {
	return (
		<li class={c.state}>
			<Icon name={SIGNS[c.state] ?? "info"} />
			<div>
				<strong>{title}</strong> <span class="state">{t("desk.gate." + c.state)}</span>
				{c.text && c.state !== "open" && <p>{said(c.text)}</p>}
				{c.missing && <p class="missing">{said(c.missing)}</p>}
			</div>
		</li>
	);
}

function Conditions({ action, all }) {
	const gates = action.gates.filter((g) => all || g.state !== "open");
	const policies = action.policies.filter((p) => p.state !== "open");
	const contexts = action.contexts.filter((c) => c.state === "passed");
	return (
		<ul class="conditions">
			{gates.map((g) => <Condition condition={g} title={t("desk.gate.name." + g.name)} key={g.name} />)}
			{policies.map((p) => <Condition condition={{ ...p, text: p.text ? `${p.name}: ${p.text}` : p.name }} title={t("desk.gate.name.policy")} key={"p" + p.name} />)}
			{contexts.map((c) => <Condition condition={c} title={t("desk.context", { weight: weight(c.name) })} key={"c" + c.name + c.text} />)}
		</ul>
	);
}

export function Why({ choice, decision }) {
	const { answer, problem, again } = useExplanation(decision);
	const action = answer?.actions.find((a) => a.action === choice.action);
	return (
		<div class="why">
			{choice.reasons.length > 0 && <p class="reasons">{choice.reasons.map(said).join("; ")}</p>}
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			{!answer && !problem && <Loading lines={2} />}
			{action && (
				<>
					<p class="small">
						{t("desk.value.made", { value: plain(action.value), share: percent(answer.balance), customer: plain(action.customer_value),
							rest: percent(1 - answer.balance), business: plain(action.business_value) })}
					</p>
					<Conditions action={action} />
				</>
			)}
		</div>
	);
}

const GATES = ["rank", "policy", "suitable", "applicable", "goal", "eligible", "channel"];

function HeldAction({ action, leftOut }) {
	return (
		<details class="held-action">
			<summary>
				<strong>{actionName(action.action)}</strong>
				<Badge>{spell("goal", action.goal)}</Badge>
				{leftOut?.unknown && <Badge tone="info">{t("desk.gate.unknown")}</Badge>}
				{action.score > 0 && <span class="muted">{number(action.score, 2)}</span>}
				<span class="reason">{said(leftOut?.reason ?? action.to_win)}</span>
			</summary>
			{leftOut?.until_ms > 0 && <p class="small">{t("desk.held.until", { time: dateTime(leftOut.until_ms) })}</p>}
			{action.to_win && <p class="small">{t("desk.held.win")}: {said(action.to_win)}</p>}
			<Conditions action={action} />
		</details>
	);
}

export function HeldBack({ decision, onClose }) {
	const { answer, recomputed, problem, again } = useExplanation(decision);
	const held = answer?.actions.filter((a) => !a.rank) ?? [];
	return (
		<Dialog title={t("desk.held")} wide onClose={onClose}>
			<p class="muted">{t("desk.held.about")}</p>
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			{!answer && !problem && <Loading lines={6} />}
			{GATES.map((gate) => {
				const list = held.filter((a) => a.gate === gate);
				return list.length > 0 && (
					<section class="held-group" key={gate}>
						<h3>{t("desk.held.gate." + gate)} <span class="muted">{list.length}</span></h3>
						{list.map((a) => <HeldAction action={a} leftOut={answer.left_out.find((l) => l.action === a.action)} key={a.action} />)}
					</section>
				);
			})}
			{recomputed && <p class="muted small" lang="en">{decision} · {recomputed.verdict}</p>}
		</Dialog>
	);
}
