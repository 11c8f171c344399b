// Who is logged in, and what they may do. Where the daemon wants no tokens, everybody may do everything.
import { del, get, post, setCsrf, whenUnknown } from "./api.js";
import { setPlace } from "./format.js";
import { keep } from "./kept.js";
import { useEffect, useState } from "preact/hooks";

const RECOVERING_MS = 2000;

// state: "asking", "in", "out", "unreachable". roles: null where no tokens are wanted.
let session = { state: "asking", roles: null, name: "", over: false };
const listeners = new Set();

function become(next) {
	session = { roles: null, name: "", over: false, ...next };
	for (const listener of listeners)
		listener(session);
}

function enter(answer) {
	if (answer.tokens && !answer.name)
		return become({ state: "out" });
	setCsrf(answer.csrf);
	if (answer.serving)
		setPlace(answer);
	else
		setTimeout(begin, RECOVERING_MS);
	become({ state: "in", name: answer.name, roles: answer.tokens ? answer.roles : null, serving: answer.serving !== false,
		version: answer.version, simulated: answer.clock === "events" });
}

function unreachable() {
	become({ state: "unreachable" });
	setTimeout(begin, RECOVERING_MS);
}

whenUnknown((problem) => session.state === "in" && become({ state: "out", over: true }));

export async function begin() {
	try {
		enter(await get("/console/session", { quiet: true }));
	} catch (problem) {
		if (problem.status === 404 && session.state === "asking")
			become({ state: "in", serving: true }); // served by something that knows no sessions
		else if (problem.status === 401)
			become({ state: "out", over: true });
		else
			unreachable();
	}
}

export async function logIn(token) {
	enter(await post("/console/session", { token }, { quiet: true }));
}

export async function logOut() {
	try {
		await del("/console/session", { quiet: true });
	} finally {
		setCsrf("");
		keep("desk.recent", null); // whom one looked at is nothing for who comes next
		become({ state: "out" });
	}
}

// may("recommend"): hide what is not allowed, and say so.
export function may(role) {
	return !session.roles || session.roles.includes(role);
}

export function useSession() {
	const [, set] = useState(session);
	useEffect(() => {
		listeners.add(set);
		return () => listeners.delete(set);
	}, []);
	return session;
}
