// Lines over time by uPlot, in the colours of the theme. data: [times in s, values, ...]; series: [{label, color?, text?(v)}],
// color: a custom property ("--series-1"). summary: what it shows, in words, for who does not see it. range: () => [from, to]
// in s; log: a scale of powers of ten; incrs: steps of the values' axis; sync: plots of that name point at the same moment. With the keyboard: arrows move from
// moment to moment (Page Up and Down by ten, Home and End to the ends), and onPoint(at) hears of it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { time as timeText, timeSeconds } from "./format.js";
import { language, t } from "./text.js";
import { useShownTheme } from "./theme.js";

const COLORS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5"];

function css(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function axis(values) {
	return { stroke: css("--muted"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 },
		font: "11px " + css("--font"), values, size: 62, gap: 4 };
}

// Where nothing is pointed at, the legend tells the newest values.
function newest(u) {
	if (u.cursor.idx === null || u.cursor.idx === undefined)
		u.setLegend({ idx: u.data[0].length - 1 }, false);
}

const TENS = [1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8];

// Whole powers of ten around what is there.
function tens(_, low, high) {
	if (!(high > 0))
		return [1, 1000];
	return [10 ** Math.floor(Math.log10(Math.max(low, 0.1))), 10 ** Math.ceil(Math.log10(high * 1.01))];
}

// A value between two gaps makes no line: it is a point.
function alone(u, series) {
	const values = u.data[series], found = [];
	for (let at = 0; at < values.length; at++)
		if (values[at] != null && values[at - 1] == null && values[at + 1] == null)
			found.push(at);
	return found.length ? found : null;
}

function yAxis(text, log, incrs) {
	const shown = axis((_, splits) => splits.map((v) => (v === null ? "" : text(v))));
	if (incrs)
		shown.incrs = incrs;
	return log ? { ...shown, splits: (_, _axis, low, high) => TENS.filter((v) => v >= low && v <= high), filter: (_, splits) => splits } : shown;
}

function optionsOf({ series, height, scale, text, marks, range, log, sync, incrs }, width) {
	const times = (_, splits, _axis, _space, step) => splits.map((s) => (step < 60 ? timeSeconds : timeText)(s * 1000));
	return {
		width, height, legend: { live: true },
		cursor: { points: { size: 6 }, drag: { x: false, y: false }, sync: sync ? { key: sync, setSeries: false } : undefined },
		scales: { x: { time: true, ...(range && { range: () => range.current() }) }, y: log ? { distr: 3, range: tens } : { range: scale ?? ((_, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1]) } },
		axes: [{ ...axis(times), size: 28, space: 62 }, yAxis(text, log, incrs)],
		series: [{ label: t("ui.time"), value: (_, s) => (s === null ? "" : timeSeconds(s * 1000)) }].concat(
			series.map((s, at) => ({
				label: s.label, stroke: css(s.color ?? COLORS[at % COLORS.length]), width: 1.5, points: { show: false, filter: alone, size: 5 },
				value: (_, v) => (v === null || v === undefined ? "–" : (s.text ?? text)(v)), fill: s.fill ? css(s.fill) : undefined,
			}))),
		hooks: { draw: marks ? [marks] : [], setCursor: [newest] },
	};
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };

export function Plot({ data, series, height = 180, scale, text = String, summary, range, log, sync, incrs, onPoint }) {
	const box = useRef(), plot = useRef(), at = useRef(null), ends = useRef(range), shown = useShownTheme();
	ends.current = range;
	const move = (event) => {
		const u = plot.current, last = u.data[0].length - 1;
		if (!(event.key in STEPS) || last < 0)
			return;
		event.preventDefault();
		at.current = Math.max(0, Math.min(last, (at.current ?? last + 1) + STEPS[event.key]));
		u.setCursor({ left: u.valToPos(u.data[0][at.current], "x"), top: u.bbox.height / devicePixelRatio / 2 });
		onPoint?.(at.current);
	};
	const shape = series.map((s) => s.label).join("|") + shown + language() + height + log;
	useEffect(() => {
		if (!box.current)
			return undefined;
		const make = () => {
			plot.current?.destroy();
			plot.current = new uPlot(optionsOf({ series, height, scale, text, log, sync, incrs, range: range && ends }, box.current.clientWidth || 300), data, box.current);
		};
		make();
		const watch = new ResizeObserver(() => box.current && plot.current?.setSize({ width: box.current.clientWidth || 300, height }));
		watch.observe(box.current);
		return () => {
			watch.disconnect();
			plot.current?.destroy();
			plot.current = null;
		};
	}, [shape]);
	useEffect(() => {
		if (!plot.current)
			return;
		plot.current.setData(data);
		newest(plot.current);
	}, [data]);
	return <div class="plot" ref={box} role={onPoint ? "application" : "img"} aria-label={summary} tabIndex={onPoint ? 0 : undefined}
		onKeyDown={onPoint && move} onBlur={() => (at.current = null)} />;
}
