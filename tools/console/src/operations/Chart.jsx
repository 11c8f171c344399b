// One figure or a few over time: the plot, what it means, and the same as a table for who wants numbers or cannot see it.
import { useState } from "preact/hooks";
import { timeSeconds } from "../format.js";
import { Plot } from "../plot.jsx";
import { t } from "../text.js";
import { Button, Panel, Spoken, Table } from "../ui.jsx";
import { AS, highest, latest } from "./history.js";

const ROWS = 60;

function linesOf(chart, history) {
	if (!chart.shards)
		return chart.lines.map(([key, words, as]) => ({ key, label: t(words), values: AS[as](history, key) }));
	return Object.keys(history.values).filter((key) => key.startsWith(chart.shards + "/")).map((key) => (
		{ key, label: t("operations.shard", { number: key.split("/")[1] }), values: history.values[key] }));
}

function Numbers({ chart, lines, history }) {
	const from = Math.max(0, history.ends.length - ROWS);
	const rows = history.ends.slice(from).map((ms, at) => ({ ms, at: from + at })).reverse();
	const shown = (value) => (value === null || value === undefined ? "–" : chart.format(value));
	const columns = [{ key: "time", title: t("operations.time"), cell: (row) => timeSeconds(row.ms) },
		...lines.map((line) => ({ key: line.key, title: line.label, number: true, cell: (row) => shown(line.values[row.at]) }))];
	return <Table class="numbers" caption={t(`operations.chart.${chart.name}`)} columns={columns} rows={rows} rowKey={(row) => row.ms} />;
}

function summary(chart, lines) {
	const parts = lines.map((line) => {
		const now = latest(line.values), most = highest(line.values);
		return t("operations.summary.line", { name: line.label, now: now == null ? "–" : chart.format(now), most: most == null ? "–" : chart.format(most) });
	});
	return t("operations.summary", { title: t(`operations.chart.${chart.name}`), lines: parts.join("; ") });
}

export function Chart({ chart, history, range }) {
	const [table, setTable] = useState(false), [point, setPoint] = useState(null);
	const lines = linesOf(chart, history);
	const data = [history.ends.map((ms) => ms / 1000), ...lines.map((line) => line.values)];
	const said = point !== null && history.ends[point] !== undefined && [timeSeconds(history.ends[point]),
		...lines.map((line) => `${line.label} ${line.values[point] == null ? "–" : chart.format(line.values[point])}`)].join(", ");
	const scale = chart.top ? () => [0, chart.top] : undefined;
	return (
		<Panel class="chart" title={t(`operations.chart.${chart.name}`)} data-chart={chart.name}
			aside={<Button small kind="quiet" aria-expanded={table ? "true" : "false"} onClick={() => setTable(!table)}>
				{t(table ? "operations.as-plot" : "operations.as-table")}
			</Button>}>
			<p class="about">{t(`operations.about.${chart.name}`)}</p>
			{table ? <Numbers chart={chart} lines={lines} history={history} /> : (
				<Plot data={data} series={lines.map(({ label }) => ({ label }))} height={190} text={chart.format} log={chart.log} incrs={chart.steps}
					scale={scale} range={range} sync="operations" onPoint={setPoint} summary={summary(chart, lines)} />
			)}
			<Spoken>{said || ""}</Spoken>
		</Panel>
	);
}
