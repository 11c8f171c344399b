// Lines over time by uPlot, in the colours of the theme. data: [times in s, values, ...]; series: [{label, color?, text?(v)}],
// color: a custom property ("--series-1"). summary: what it shows, in words, for who does not see it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { time as timeText, timeSeconds } from "./format.js";
import { language } from "./text.js";
import { useShownTheme } from "./theme.js";

const COLORS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5"];

function css(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function axis(values) {
	return { stroke: css("--muted"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line"), width: 1 },
		font: "11px " + css("--font"), values, size: 52, gap: 4 };
}

function optionsOf({ series, height, scale, text, marks }, width) {
	const times = (_, splits, _axis, _space, step) => splits.map((s) => (step < 60 ? timeSeconds : timeText)(s * 1000));
	return {
		width, height, cursor: { points: { size: 6 } }, legend: { live: true },
		scales: { x: { time: true }, y: { range: scale ?? ((_, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1]) } },
		axes: [{ ...axis(times), size: 28, space: 80 }, axis((_, splits) => splits.map((v) => (v === null ? "" : text(v))))],
		series: [{ label: "", value: (_, s) => (s === null ? "" : timeSeconds(s * 1000)) }].concat(
			series.map((s, at) => ({
				label: s.label, stroke: css(s.color ?? COLORS[at % COLORS.length]), width: 1.5, points: { show: false },
				value: (_, v) => (v === null || v === undefined ? "–" : (s.text ?? text)(v)), fill: s.fill ? css(s.fill) : undefined,
			}))),
		hooks: marks ? { draw: [marks] } : {},
	};
}

export function Plot({ data, series, height = 180, scale, text = String, summary }) {
	const box = useRef(), plot = useRef(), shown = useShownTheme();
	const shape = series.map((s) => s.label).join("|") + shown + language() + height;
	useEffect(() => {
		const make = () => {
			plot.current?.destroy();
			plot.current = new uPlot(optionsOf({ series, height, scale, text }, box.current.clientWidth || 300), data, box.current);
		};
		make();
		const watch = new ResizeObserver(() => plot.current.setSize({ width: box.current.clientWidth || 300, height }));
		watch.observe(box.current);
		return () => {
			watch.disconnect();
			plot.current.destroy();
			plot.current = null;
		};
	}, [shape]);
	useEffect(() => plot.current?.setData(data), [data]);
	return <div class="plot" ref={box} role="img" aria-label={summary} />;
}
