// The daemon's figures over time, as GET /v1/history keeps them: fetched once for the span that is shown, then only what is
// new. A figure's key is its name, or NAME/SHARD.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, query } from "../api.js";

export const SPANS = {
	"5m": { ms: 5 * 60e3, step: 5000, every: 5000 },
	"1h": { ms: 3600e3, step: 5000, every: 5000 },
	"24h": { ms: 86400e3, step: 60000, every: 20000 },
};

const keyOf = (figure) => (figure.shard === "" ? figure.name : `${figure.name}/${figure.shard}`);

function taken(answer) {
	return {
		started: answer.started_ms, now: answer.now_ms, sampled: answer.sampled, step: answer.step_ms,
		ends: answer.ends_ms, spans: answer.spans_ms,
		values: Object.fromEntries(answer.figures.map((f) => [keyOf(f), f.values])),
	};
}

// What is known, and what came since: another start of the daemon begins anew.
function joined(old, more, keep_ms) {
	if (!old || old.started + 1000 < more.started || old.step !== more.step)
		return more;
	const from = old.ends.findIndex((ms) => ms > more.now - keep_ms);
	const cut = (list, added) => (from < 0 ? [] : list.slice(from)).concat(added);
	const values = Object.fromEntries(Object.entries(more.values).map(([key, list]) => [key, cut(old.values[key] ?? [], list)]));
	return { ...more, ends: cut(old.ends, more.ends), spans: cut(old.spans, more.spans), values };
}

export function useHistory(span, paused) {
	const [state, setState] = useState({ history: null, problem: null });
	const known = useRef(null);
	useEffect(() => {
		if (paused)
			return undefined;
		const { ms, step, every } = SPANS[span], stop = new AbortController();
		let timer;
		if (known.current?.step !== step)
			known.current = null;
		const ask = async () => {
			try {
				const last = known.current?.ends.at(-1) ?? 0;
				const more = taken(await get("/v1/history" + query({ step_ms: step, since_ms: last || undefined }), { signal: stop.signal }));
				known.current = joined(known.current, more, step * 1440);
				setState({ history: shown(known.current, ms), problem: null });
			} catch (problem) {
				if (!stop.signal.aborted)
					setState((before) => ({ ...before, problem }));
			}
			if (!stop.signal.aborted)
				timer = setTimeout(ask, every);
		};
		ask();
		return () => {
			stop.abort();
			clearTimeout(timer);
		};
	}, [span, paused]);
	return state;
}

function shown(history, ms) {
	const from = history.ends.findIndex((end) => end > history.now - ms);
	const cut = (list) => (from < 0 ? [] : list.slice(from));
	return { ...history, ends: cut(history.ends), spans: cut(history.spans), ms,
		values: Object.fromEntries(Object.entries(history.values).map(([key, list]) => [key, cut(list)])) };
}

// Series to be drawn: a count as a rate, a percentile of no requests as a gap.
export const AS = {
	rate: (h, key) => (h.values[key] ?? []).map((n, at) => (n * 1000) / h.spans[at]),
	level: (h, key) => h.values[key] ?? [],
	time: (h, key) => (h.values[key] ?? []).map((us) => (us > 0 ? us : null)),
};

export const total = (h, key) => (h.values[key] ?? []).reduce((sum, n) => sum + n, 0);
export const latest = (list) => (list.length ? list[list.length - 1] : undefined);

// The newest rate, over some samples: one alone jumps.
export function rateNow(h, key, samples = 3) {
	const values = (h.values[key] ?? []).slice(-samples), spans = h.spans.slice(-samples);
	const ms = spans.reduce((sum, n) => sum + n, 0);
	return ms ? (values.reduce((sum, n) => sum + n, 0) * 1000) / ms : undefined;
}

export const highest = (list) => list.reduce((most, v) => (v !== null && (most === undefined || v > most) ? v : most), undefined);
