// What somebody must know now: open alerts of one customer, or of everybody; each can be acknowledged.
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { ago, dateTime } from "../format.js";
import { href } from "../route.js";
import { may } from "../session.js";
import { t } from "../text.js";
import { Badge, Button, Panel, ProblemNotice, toneOf } from "../ui.jsx";
import { alertText, capital, recipientName, spell } from "../pack.js";

const RANK = { critical: 0, high: 1, medium: 2, low: 3 };

// Alerts of one rule about one person stand as one: [[newest, older …], …], the most severe first.
export function grouped(alerts) {
	const groups = new Map();
	for (const a of alerts.toSorted((x, y) => y.time_ms - x.time_ms)) {
		const key = `${a.customer} ${a.member} ${a.rule} ${a.to}`;
		groups.set(key, [...(groups.get(key) ?? []), a]);
	}
	return [...groups.values()].sort(([a], [b]) => RANK[a.severity] - RANK[b.severity] || b.time_ms - a.time_ms);
}

function Alert({ group, agent, now, named, onDone }) {
	const alert = group[0];
	const [busy, setBusy] = useState(false), [problem, setProblem] = useState();
	const acknowledge = async () => {
		setBusy(true);
		setProblem();
		try {
			for (const one of group) {
				await post(`/v1/alerts/${one.seq}-${one.index}/acknowledge`, { by: agent });
				onDone(one);
			}
		} catch (error) {
			setProblem(error);
		}
		setBusy(false);
	};
	const title = capital(spell("rule", alert.rule));
	return (
		<li class={toneOf(alert.severity)}>
			<p class="title">
				<strong>{title}</strong>
				<span class="tags">
					{group.length > 1 && <Badge>{t("desk.alert.times", { count: group.length })}</Badge>}
					<Badge tone={toneOf(alert.severity)}>{t("desk.severity." + alert.severity)}</Badge>
				</span>
			</p>
			<p>{alertText(alert)}</p>
			<p class="foot">
				{named && <a href={href("desk", alert.customer)}>{alert.customer}</a>}
				<time title={dateTime(alert.time_ms)} class="muted">{ago(alert.time_ms, now)}</time>
				<span class="muted">{t("desk.alert.to", { to: recipientName(alert.to) })}</span>
				{may("recommend") && (
					<Button small busy={busy} icon="check" onClick={acknowledge} aria-label={t("desk.acknowledge.of", { alert: `${title}, ${ago(alert.time_ms, now)}` })}>
						{t("desk.acknowledge")}
					</Button>
				)}
			</p>
			{problem && <ProblemNotice problem={problem} onAgain={acknowledge} />}
		</li>
	);
}

// About one customer, or (named) about many.
export function Alerts({ alerts, agent, now, named, onDone, title }) {
	return (
		<Panel class={"alerts" + (alerts.length ? " some" : "")} title={title ?? t("desk.alerts")} aside={alerts.length > 0 && <Badge tone="bad">{alerts.length}</Badge>}>
			{alerts.length ? (
				<ul>{grouped(alerts).map((g) => <Alert group={g} agent={agent} now={now} named={named} onDone={onDone} key={`${g[0].customer} ${g[0].member} ${g[0].rule} ${g[0].to}`} />)}</ul>
			) : <p class="muted small">{t("desk.alerts.none")}</p>}
		</Panel>
	);
}
