// What comes in while a customer is open: alerts by the stream, and any other change by asking whether the customer is still as
// of the entry that is shown (an answer of a few bytes).
import { useEffect, useRef, useState } from "preact/hooks";
import { readState, stream } from "../api.js";

const LOOK_MS = 1500;

// onAlert(alert) for each that is new. Returns "open", "lost" or "refused".
export function useAlerts(onAlert) {
	const [state, setState] = useState("lost"), latest = useRef(onAlert);
	latest.current = onAlert;
	useEffect(() => stream("/v1/alerts/stream?from_now=true", (event) => {
		if (event.type === "alert" || event.type === "nudge")
			latest.current(event.data);
	}, setState), []);
	return state;
}

// onChange() where the customer is not as of `seq` any more. look() asks at once.
export function useChanges(id, seq, onChange) {
	const latest = useRef(), look = useRef(() => {});
	latest.current = { seq, onChange };
	useEffect(() => {
		const stop = new AbortController();
		let timer;
		const ask = async () => {
			clearTimeout(timer);
			const known = latest.current.seq;
			try {
				if (known && document.visibilityState === "visible") {
					const now = await readState({ customer: id, known_seq: known }, { signal: stop.signal });
					if (!stop.signal.aborted && now.seq !== known && latest.current.seq === known)
						latest.current.onChange(now);
				}
			} catch (problem) {
				if (problem.name === "AbortError")
					return;
			}
			timer = setTimeout(ask, LOOK_MS);
		};
		look.current = ask;
		timer = setTimeout(ask, LOOK_MS);
		document.addEventListener("visibilitychange", ask);
		return () => {
			stop.abort();
			clearTimeout(timer);
			document.removeEventListener("visibilitychange", ask);
		};
	}, [id]);
	return () => look.current();
}
