// What somebody must know now: open alerts of one customer, or of everybody; each can be acknowledged.
import { useState } from "preact/hooks";
import { post } from "../api.js";
import { ago, dateTime } from "../format.js";
import { href } from "../route.js";
import { may } from "../session.js";
import { t } from "../text.js";
import { Badge, Button, Panel, ProblemNotice, toneOf } from "../ui.jsx";
import { capital, spell } from "./pack.js";

function Alert({ alert, agent, now, named, onDone }) {
	const [busy, setBusy] = useState(false), [problem, setProblem] = useState();
	const acknowledge = async () => {
		setBusy(true);
		setProblem();
		try {
			await post(`/v1/alerts/${alert.seq}-${alert.index}/acknowledge`, { by: agent });
			onDone(alert);
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
				<Badge tone={toneOf(alert.severity)}>{t("desk.severity." + alert.severity)}</Badge>
			</p>
			<p>{alert.text}</p>
			<p class="foot">
				{named && <a href={href("desk", alert.customer)}>{alert.customer}</a>}
				<time title={dateTime(alert.time_ms)} class="muted">{ago(alert.time_ms, now)}</time>
				<span class="muted">{t("desk.alert.to", { to: alert.to })}</span>
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

export function Alerts({ alerts, agent, now, named, onDone, title }) {
	return (
		<Panel class={"alerts" + (alerts.length ? " some" : "")} title={title ?? t("desk.alerts")} aside={alerts.length > 0 && <Badge tone="bad">{alerts.length}</Badge>}>
			{alerts.length ? (
				<ul>{alerts.map((a) => <Alert alert={a} agent={agent} now={now} named={named} onDone={onDone} key={`${a.seq}-${a.index}`} />)}</ul>
			) : <p class="muted small">{t("desk.alerts.none")}</p>}
		</Panel>
	);
}
