// What is recommended for the open customer. What the agent asks for is shown at once; what comes of events is shown where
// nobody was working with what is there, else it waits to be taken over (`fresh`).
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../api.js";

const MOST = 6;
const REST_MS = 3000; // between answers that nobody asked for: each is a decision that is recorded

function question(id, call, language) {
	const mood = call.mood === "" ? {} : { has_mood: true, mood: Number(call.mood) };
	return { customer: id, member: call.member, agent: call.agent, channel: call.channel, intent: call.topic, language, limit: MOST, ...mood };
}

// What is seen of it: an answer that has the same is no news.
function seen(r) {
	const choices = r.choices.map((c) => [c.action, c.say, c.score.toFixed(3)]);
	return JSON.stringify([choices, r.opening, r.cautions, r.avoid, r.guidelines, r.answers, r.offers.map((o) => o.action), r.strain?.level]);
}

// {shown, fresh, problem, busy, take(), ask(), refresh()}. touched(): is somebody working with it? onTaken(): it came by itself.
export function useRecommendation(id, ready, call, language, { touched, onTaken, onFresh }) {
	const [state, setState] = useState({}), latest = useRef({}), running = useRef(), rest = useRef({ until: 0 });
	latest.current = { shown: state.shown, touched, onTaken, onFresh, body: question(id, call, language) };
	const ask = async (quietly) => {
		running.current?.abort();
		const stop = running.current = new AbortController();
		if (!quietly)
			setState((s) => ({ ...s, busy: true, problem: undefined }));
		try {
			const answer = await post("/v1/recommendations", latest.current.body, { signal: stop.signal });
			const { shown } = latest.current;
			if (!quietly || !shown)
				return setState({ shown: answer });
			if (seen(answer) === seen(shown))
				return setState((s) => ({ shown: s.shown })); // the decision that the agent has seen stays the one
			if (latest.current.touched()) {
				latest.current.onFresh(answer);
				return setState((s) => ({ shown: s.shown, fresh: answer }));
			}
			setState({ shown: answer });
			latest.current.onTaken(answer);
		} catch (problem) {
			if (problem.name !== "AbortError")
				setState((s) => ({ ...s, busy: false, problem }));
		}
	};
	useEffect(() => {
		if (ready)
			ask(false);
		return () => running.current?.abort();
	}, [ready, JSON.stringify(latest.current.body)]);
	const refresh = () => {
		clearTimeout(rest.current.timer);
		rest.current.timer = setTimeout(() => {
			rest.current.until = Date.now() + REST_MS;
			ask(true);
		}, Math.max(0, rest.current.until - Date.now()));
	};
	useEffect(() => () => clearTimeout(rest.current.timer), []);
	return { ...state, ask: () => ask(false), refresh, take: () => setState((s) => ({ shown: s.fresh ?? s.shown })) };
}
