// Who activated what, when; back to an earlier pack, with its tests run again by the daemon; and since when the active pack
// has what it keeps.
import { useState } from "preact/hooks";
import { get, post } from "../api.js";
import { ago, dateTime, duration, number } from "../format.js";
import { inWords } from "../problem.js";
import { may, useSession } from "../session.js";
import { t } from "../text.js";
import { Badge, Button, Dialog, Loading, Notice, Panel, ProblemNotice, Table, useAnswer } from "../ui.jsx";
import { whoOf } from "./who.js";

function Refused({ problem }) {
	return (
		<Notice tone="bad" live title={t("rules.refused", { title: inWords(problem).title })}>
			<pre class="findings" lang="en">{problem.detail}</pre>
			<p>{t("rules.refused.more")}</p>
		</Notice>
	);
}

function Confirm({ activation, onClose, onDone }) {
	const [busy, setBusy] = useState(false), [problem, setProblem] = useState(null);
	const session = useSession();
	const back = async () => {
		setBusy(true);
		setProblem(null);
		try {
			onDone(await post("/v1/rules/rollback", { to: String(activation.seq), by: session.name || "console" }));
		} catch (refused) {
			setProblem(refused);
		}
		setBusy(false);
	};
	return (
		<Dialog title={t("rules.back.title", { pack: activation.name })} onClose={onClose}
			footer={<><Button onClick={onClose}>{t("rules.back.not")}</Button><Button kind="primary" busy={busy} onClick={back}>{t(busy ? "rules.back.testing" : "rules.back.do")}</Button></>}>
			<p>{t("rules.back.about", { hash: activation.hash.slice(0, 12), when: activation.time_ms ? dateTime(activation.time_ms) : t("rules.active.start"), who: whoOf(activation) })}</p>
			<p class="muted">{t("rules.back.more", { count: activation.tests })}</p>
			{problem && <Refused problem={problem} />}
		</Dialog>
	);
}

function Done({ result }) {
	if (!result.seq)
		return <Notice tone="info" live>{t("rules.back.same", { pack: result.name })}</Notice>;
	return (
		<Notice tone="good" live title={t("rules.back.done", { pack: result.name, hash: result.hash.slice(0, 12), seq: result.seq })}>
			{result.untested ? t("rules.back.untested") : t("rules.back.tested", { count: result.tests })}
		</Notice>
	);
}

function Kept({ now }) {
	const [data, problem] = useAnswer((signal) => get("/v1/rules/series", { signal }), [], 30000);
	if (!data)
		return problem ? <ProblemNotice problem={problem} /> : <Loading />;
	const told = data.declared.some((d) => d.filling || d.filled) || !data.declared.every((d) => d.is_new); // all new: of the first pack
	const columns = [
		{ key: "name", title: t("rules.kept.name"), cell: (d) => <strong>{d.name}</strong> },
		{ key: "kind", title: t("rules.kept.kind"), cell: (d) => t(`rules.kind.${d.kind}`) },
		{ key: "about", title: t("rules.kept.about"), cell: (d) => t(`rules.about.${d.about}`) },
		{ key: "since", title: t("rules.kept.since"), cell: (d) => (d.since_ms ? `${dateTime(d.since_ms)} (${ago(d.since_ms, now)})` : t("rules.kept.entry", { seq: number(d.since_seq) })) },
		{ key: "span", title: t("rules.kept.span"), cell: (d) => (d.keep_ms ? duration(d.keep_ms) : t("rules.kept.forever")) },
		told && { key: "state", title: t("rules.state"), cell: (d) => (d.filling ? <Badge tone="warn">{t("rules.kept.filling")}</Badge> : d.filled ? <Badge tone="good">{t("rules.kept.filled")}</Badge> : d.is_new ? <Badge tone="info">{t("rules.kept.new")}</Badge> : null) },
	].filter(Boolean);
	return <Table columns={columns} rows={data.declared} caption={t("rules.kept")} rowKey={(d) => d.kind + d.name + d.about} />;
}

function States({ activation: a }) {
	return (
		<>
			{a.active && <Badge tone="good" icon="check">{t("rules.is-active")}</Badge>}{" "}
			{a.undone && <Badge tone="warn">{t("rules.undone")}</Badge>}{" "}
			{a.back_to > 0 && <Badge tone="info">{t("rules.back-to", { seq: a.back_to })}</Badge>}
		</>
	);
}

export function Activations({ data, again }) {
	const [asked, setAsked] = useState(null), [result, setResult] = useState(null);
	const author = may("author");
	const columns = [
		{ key: "seq", title: t("rules.entry"), number: true, cell: (a) => number(a.seq) },
		{ key: "time", title: t("rules.when"), cell: (a) => (a.time_ms ? <span title={ago(a.time_ms, data.status.now_ms)}>{dateTime(a.time_ms)}</span> : t("rules.active.start")) },
		{ key: "pack", title: t("rules.pack"), cell: (a) => <><strong>{a.name}</strong> <code title={a.hash}>{a.hash.slice(0, 12)}</code></> },
		{ key: "who", title: t("rules.who"), cell: whoOf },
		{ key: "counts", title: t("rules.contents"), cell: (a) => `${t("rules.count.rules", { count: a.rules })}, ${t("rules.count.actions", { count: a.actions })}` },
		{ key: "series", title: t("rules.series"), cell: (a) => t("rules.series.of", { kept: a.series_kept, added: a.series_new }) },
		{ key: "tests", title: t("rules.tests"), cell: (a) => (a.untested ? <Badge tone="warn" icon="alert">{t("rules.untested")}</Badge> : t("rules.tests.passed", { count: a.tests })) },
		{ key: "state", title: t("rules.state"), cell: (a) => <States activation={a} /> },
		author && { key: "back", title: "", cell: (a) => (!a.active && a.kept && a.hash !== data.rules.hash
			? <Button small onClick={() => (setResult(null), setAsked(a))}>{t("rules.back")}</Button> : null) },
	].filter(Boolean);
	return (
		<div class="stack">
			{result && <Done result={result} />}
			{!author && <Notice>{t("rules.not-author")}</Notice>}
			<Panel flush title={t("rules.history")} aside={t("rules.history.about")}>
				<Table columns={columns} rows={data.history.activations} caption={t("rules.history")} rowKey={(a) => a.seq} />
			</Panel>
			<Panel flush title={t("rules.kept")} aside={t("rules.kept.more")}><Kept now={data.status.now_ms} /></Panel>
			{asked && <Confirm activation={asked} onClose={() => setAsked(null)} onDone={(done) => (setAsked(null), setResult(done), again())} />}
		</div>
	);
}
