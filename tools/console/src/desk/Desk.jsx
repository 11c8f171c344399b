// The agent desk: find a customer, see how it stands, and have the next ten seconds of the conversation before one's eyes.
// #/desk, #/desk/CUSTOMER, #/desk/CUSTOMER/MEMBER.
import { useEffect, useRef, useState } from "preact/hooks";
import { get } from "../api.js";
import { go } from "../route.js";
import { register, t } from "../text.js";
import { Badge, Button, Loading, ProblemNotice } from "../ui.jsx";
import { Customer } from "./Customer.jsx";
import { Home } from "./Home.jsx";
import { Keys, useKeys } from "./Keys.jsx";
import { useAlerts } from "./live.js";
import { loadPack } from "../pack.js";
import { Search } from "./Search.jsx";
import words from "./words.js";
import "./desk.css";
import "./call.css";

register(words);

// The daemon's clock, which may be simulated: then it stands still between answers. [now, note(time_ms)].
function useNow() {
	const [clock, setClock] = useState({ at: Date.now(), got: Date.now(), runs: true }), [, tick] = useState(0);
	useEffect(() => {
		get("/v1/status").then((s) => setClock({ at: s.now_ms, got: Date.now(), runs: s.clock !== "events" }), () => {});
		const timer = setInterval(() => tick((n) => n + 1), 20e3);
		return () => clearInterval(timer);
	}, []);
	const note = (time_ms) => setClock((c) => (time_ms > c.at ? { ...c, at: time_ms, got: Date.now() } : c));
	return [clock.runs ? clock.at + Date.now() - clock.got : clock.at, note];
}

function usePack() {
	const [state, setState] = useState({}), [round, setRound] = useState(0);
	useEffect(() => {
		const stop = new AbortController();
		loadPack(stop.signal).then(() => setState({ ready: true }), (problem) => problem.name !== "AbortError" && setState({ problem }));
		return () => stop.abort();
	}, [round]);
	return { ...state, again: () => setRound((n) => n + 1) };
}

export function Desk({ params }) {
	const [id, member] = params, pack = usePack(), [now, note] = useNow();
	const search = useRef(), listeners = useRef(new Set()), [help, setHelp] = useState(false);
	const live = useAlerts((alert) => listeners.current.forEach((listener) => listener(alert)));
	const listen = (listener) => (listeners.current.add(listener), () => listeners.current.delete(listener));
	const [keysOn, switchKeys] = useKeys({
		"/": () => search.current.focus(),
		"?": () => setHelp(true),
		b: () => id && go("desk"),
	});
	const common = { now, note, listen, packReady: pack.ready };
	return (
		<div class="desk">
			<div class="desk-top">
				<Search inputRef={search} onPick={(hit) => go(...["desk", hit.id, hit.member].filter(Boolean))} />
				<span class="state">
					<Badge tone={live === "open" ? "good" : "warn"} title={t("desk.live.help")}>{t(live === "open" ? "desk.live" : "desk.live.lost")}</Badge>
					<Button kind="quiet" small aria-label={t("desk.keys")} title={t("desk.keys")} onClick={() => setHelp(true)}>?</Button>
				</span>
			</div>
			{pack.problem && <ProblemNotice problem={pack.problem} onAgain={pack.again} />}
			{!pack.ready && !pack.problem ? <Loading /> : id ? <Customer id={id} asked={member} key={id} {...common} /> : <Home {...common} />}
			{help && <Keys on={keysOn} onSwitch={switchKeys} onClose={() => setHelp(false)} />}
		</div>
	);
}
