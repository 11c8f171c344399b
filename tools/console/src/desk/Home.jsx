// Before a customer is open: whom one had lately, and what is open for everybody.
import { useEffect } from "preact/hooks";
import { get } from "../api.js";
import { href } from "../route.js";
import { recall } from "../kept.js";
import { t } from "../text.js";
import { Key, Panel, ProblemNotice, useAnswer } from "../ui.jsx";
import { Alerts } from "./Alerts.jsx";
import { recent } from "./find.js";

const wanted = (a) => a.kind === "alert" && a.subject_kind === "customer" && a.state === "open" && !a.historical;
export function Home({ now, listen }) {
	const list = recent();
	const [answer, problem, again, set] = useAnswer((signal) => get("/v1/alerts?limit=200", { signal }), []);
	useEffect(() => listen((alert) => set((old) => ({ ...old, alerts: [...(old?.alerts ?? []), alert] }))), []);
	const gone = (alert) => set((old) => ({ ...old, alerts: old.alerts.filter((a) => a.seq !== alert.seq || a.index !== alert.index) }));
	return (
		<div class="home">
			<header>
				<h1>{t("desk.title")}</h1>
				<p class="muted lead">{t("desk.home")} <Key>/</Key></p>
			</header>
			<div>
				<Panel title={t("desk.recent")}>
					{list.length ? (
						<ul class="recent">{list.map((r) => <li key={r.id}><a href={href("desk", r.id)}><strong>{r.label}</strong> <span class="muted">{r.id}</span></a></li>)}</ul>
					) : <p class="muted">{t("desk.recent.none")}</p>}
				</Panel>
			</div>
			<div>
				{problem && <ProblemNotice problem={problem} onAgain={again} />}
				{answer && <Alerts title={t("desk.alerts.all")} alerts={answer.alerts.filter(wanted)} agent={recall("desk.agent") ?? ""} now={now} named onDone={gone} />}
			</div>
		</div>
	);
}
