// The pack that is active: its rules, its actions and what they have learned, reports, who activated what; and why anything
// was decided, also long ago. #/rules/TAB, #/rules/decision/ID, #/rules/entry/SEQ[/RULE], #/rules/customer/ID[/TIME],
// #/rules/rule/RULE.
import { useEffect } from "preact/hooks";
import { get } from "../api.js";
import { ago, dateTime } from "../format.js";
import { go } from "../route.js";
import { register, t } from "../text.js";
import { Badge, Empty, Loading, Notice, ProblemNotice, Tabs, useAnswer } from "../ui.jsx";
import { Actions } from "./actions.jsx";
import { Activations } from "./activations.jsx";
import { Explain } from "./explain.jsx";
import { RuleList } from "./list.jsx";
import { Reports } from "./reports.jsx";
import { whoOf } from "./who.js";
import words from "./words.js";
import "./rules.css";

register(words);

const TABS = ["list", "actions", "reports", "history", "explain"];
const EXPLAINS = ["decision", "entry", "customer", "rule"];
const EVERY_MS = 10000;
const SECOND_MS = 2500; // from the first answer to the second: then there are rates

const tabOf = (name) => (EXPLAINS.includes(name) ? "explain" : TABS.includes(name) ? name : "list");

function Head({ rules, active, now }) {
	const aside = rules.rules.filter((r) => r.aside), failing = rules.rules.filter((r) => r.failed && !r.aside);
	if (!rules.pack)
		return <Empty title={t("rules.none")}>{t("rules.none.more")}</Empty>;
	return (
		<>
			<div class="pack">
				<h1>{t("rules.title")}</h1>
				<span class="name"><Badge tone="accent">{rules.pack}</Badge> <code title={rules.hash}>{rules.hash.slice(0, 12)}</code></span>
				{active && (
					<span class="muted">
						{t("rules.active", { when: active.time_ms ? `${dateTime(active.time_ms)} (${ago(active.time_ms, now)})` : t("rules.active.start"), who: whoOf(active) })}
						{" · "}{t("rules.count.rules", { count: active.rules })} · {t("rules.count.actions", { count: active.actions })}
						{" · "}{active.untested ? t("rules.untested") : t("rules.count.tests", { count: active.tests })}
					</span>
				)}
			</div>
			{aside.map((r) => <Notice tone="bad" key={r.name} title={t("rules.aside", { rule: r.name })}>{r.last_error}</Notice>)}
			{!aside.length && failing.length > 0 && <Notice tone="warn">{t("rules.failing", { count: failing.length, names: failing.map((r) => r.name).join(", ") })}</Notice>}
		</>
	);
}

export function Rules({ params = [] }) {
	const [data, problem, again] = useAnswer(async (signal) => {
		const [rules, history, status] = await Promise.all([get("/v1/rules", { signal }), get("/v1/rules/history", { signal }), get("/v1/status", { signal })]);
		return { rules, history, status, at: Date.now() };
	}, [], EVERY_MS);
	useEffect(() => {
		const timer = setTimeout(again, SECOND_MS);
		return () => clearTimeout(timer);
	}, []);
	const tab = tabOf(params[0]);
	if (!data)
		return <>{problem ? <ProblemNotice problem={problem} onAgain={again} /> : <Loading lines={6} />}<h1 class="unseen">{t("rules.title")}</h1></>;
	const tabs = TABS.map((key) => ({ key, title: t(`rules.tab.${key}`), count: key === "list" ? data.rules.rules.length : undefined }));
	const active = data.history.activations.find((a) => a.active);
	return (
		<div class="rules">
			<Head rules={data.rules} active={active} now={data.status.now_ms} />
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			<Tabs label={t("rules.title")} tabs={tabs} value={tab} onChange={(key) => (key === "list" ? go("rules") : go("rules", key))}>
				{() => ({
					list: () => <RuleList data={data} />,
					actions: () => <Actions hash={data.rules.hash} />,
					reports: () => <Reports name={params[0] === "reports" ? params[1] : undefined} />,
					history: () => <Activations data={data} again={again} />,
					explain: () => <Explain params={EXPLAINS.includes(params[0]) ? params : []} rules={data.rules.rules} />,
				})[tab]()}
			</Tabs>
		</div>
	);
}
