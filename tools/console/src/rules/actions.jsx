// What the pack can do for a customer: how each action was received, and what was learned from it.
import { useState } from "preact/hooks";
import { get } from "../api.js";
import { date, duration, number, percent, plain } from "../format.js";
import { t } from "../text.js";
import { Badge, Empty, Field, Loading, Meter, Notice, Panel, ProblemNotice, Table, useAnswer } from "../ui.jsx";

async function ask(signal) {
	const [models, report] = await Promise.all([get("/v1/models", { signal }), get("/v1/reports/actions?by=action", { signal })]);
	return { models, rows: new Map(report.rows.map((row) => [row.action, row])), columns: report.columns };
}

// Ten bins of what was expected, and what came: words where the eye has a picture.
function Calibration({ bins, action }) {
	const known = bins.map((b, at) => ({ ...b, at })).filter((b) => b.trials);
	if (!known.length)
		return <p class="muted">{t("rules.calibration.none")}</p>;
	const columns = [
		{ key: "from", title: t("rules.calibration.expected"), cell: (b) => percent(b.expected, 1) },
		{ key: "came", title: t("rules.calibration.came"), number: true, cell: (b) => percent(b.accepted / b.trials, 1) },
		{ key: "trials", title: t("rules.calibration.trials"), number: true, cell: (b) => number(b.trials) },
		{ key: "bar", title: "", cell: (b) => <Meter value={b.accepted / b.trials} label={t("rules.calibration.came")} text={percent(b.accepted / b.trials)} /> },
	];
	return <Table columns={columns} rows={known} caption={`${t("rules.calibration")}: ${action}`} rowKey={(b) => b.at} />;
}

function Segments({ model }) {
	const columns = [
		{ key: "segment", title: model.by.join(", ") || t("rules.segment"), cell: (s) => s.segment },
		{ key: "propensity", title: t("rules.learned"), number: true, cell: (s) => `${percent(s.propensity, 1)} ± ${percent(s.deviation, 1)}` },
		{ key: "accepted", title: t("rules.accepted"), number: true, cell: (s) => `${number(s.accepted)} / ${number(s.trials)}` },
	];
	return model.segments.length ? <Table columns={columns} rows={model.segments} caption={t("rules.segments")} rowKey={(s) => s.segment} />
		: <p class="muted">{t("rules.segments.none")}</p>;
}

function Learned({ model }) {
	const { own, start } = model, low = Math.max(0, own.propensity - own.deviation), high = Math.min(1, own.propensity + own.deviation);
	return (
		<div class="learned" title={t("rules.learned.about")}>
			<span>{percent(own.propensity, 1)} <span class="muted">± {percent(own.deviation, 1)}</span></span>
			<svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={t("rules.learned.text", { now: percent(own.propensity, 1), start: percent(start, 1) })}>
				<rect class="rest" y="3" width="100" height="2" />
				<rect class="band" x={low * 100} y="2" width={Math.max(1, (high - low) * 100)} height="4" />
				<rect class="start" x={start * 100 - 0.5} y="0" width="1" height="8" />
				<rect class="now" x={own.propensity * 100 - 0.75} y="1" width="1.5" height="6" />
			</svg>
			<span class="muted small">{t("rules.learned.start", { start: percent(start) })}</span>
		</div>
	);
}

export function Actions({ hash }) {
	const [data, problem, again] = useAnswer(ask, [hash], 30000);
	const [text, setText] = useState(""), [open, setOpen] = useState(null);
	if (!data)
		return problem ? <ProblemNotice problem={problem} onAgain={again} /> : <Loading lines={6} />;
	const cell = (name) => (m) => { const v = data.rows.get(m.action)?.[name]; return v === undefined || v === null ? "–" : number(v); };
	const accepted = (m) => {
		const row = data.rows.get(m.action);
		if (row?.acceptance === undefined || row.acceptance === null)
			return "–";
		return <>{percent(row.acceptance)}<div class="muted small">{percent(row.acceptance_low)} – {percent(row.acceptance_high)}</div></>;
	};
	const rows = data.models.models.filter((m) => !text || `${m.action} ${m.goal}`.includes(text.trim().toLowerCase()));
	const columns = [
		{ key: "action", title: t("rules.action"), cell: (m) => (
			<button type="button" class="as-link" aria-expanded={open === m.action ? "true" : "false"} onClick={(event) => (event.stopPropagation(), setOpen(open === m.action ? null : m.action))}>{m.action}</button>) },
		{ key: "goal", title: t("rules.goal"), class: "one", cell: (m) => <Badge tone={m.goal === "grow" ? "accent" : "info"}>{m.goal}</Badge> },
		...["recommended", "shown", "offered", "accepted", "rejected", "later", "overruled"].map((name) => ({ key: name, number: true, cell: cell(name),
			title: <span title={data.columns.find((c) => c.name === name)?.help}>{t(`rules.outcome.${name}`)}</span> })),
		{ key: "rate", class: "two-wide", title: <span title={data.columns.find((c) => c.name === "acceptance")?.help}>{t("rules.acceptance")}</span>, number: true, cell: accepted },
		{ key: "learned", title: t("rules.learned"), cell: (m) => <Learned model={m} /> },
	];
	const learns = data.models.explore > 0 || data.models.control > 0;
	const model = data.models.models.find((m) => m.action === open);
	return (
		<div class="stack">
			{problem && <ProblemNotice problem={problem} onAgain={again} />}
			<Notice>{learns ? t("rules.actions.about", { explore: percent(data.models.explore), control: percent(data.models.control) }) : t("rules.actions.about.none")}</Notice>
			{model && (
				<Panel title={model.action} aside={model.since_ms ? t("rules.learning-since", { when: date(model.since_ms), life: duration(model.half_life_ms) }) : t("rules.learning-not")}>
					<div class="two">
						<div><h3>{t("rules.segments")}</h3><Segments model={model} /></div>
						<div><h3 title={t("rules.calibration.about")}>{t("rules.calibration")}</h3><p class="muted small">{t("rules.calibration.about")}</p><Calibration bins={model.calibration} action={model.action} /></div>
					</div>
					{model.control_trials > 0 && <p class="muted">{t("rules.control", { accepted: number(model.control_accepted), trials: number(model.control_trials), share: plain((100 * model.control_accepted) / model.control_trials, 1) })}</p>}
				</Panel>
			)}
			<Panel flush>
				<div class="narrow"><Field label={t("rules.search.action")} unseenLabel type="search" placeholder={t("rules.search.action")} value={text} onInput={(event) => setText(event.target.value)} /></div>
				<Table class="eight" columns={columns} rows={rows} caption={t("rules.tab.actions")} rowKey={(m) => m.action} picked={(m) => m.action === open} empty={<Empty title={t("rules.no-such")} />} />
			</Panel>
		</div>
	);
}
