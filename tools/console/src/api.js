// The daemon over HTTP: questions, changes, streams. What is refused is thrown as a Problem (RFC 9457). Who is logged in is
// known by a cookie that no script sees; a change shows the session's own token (CSRF) in a header besides.
export class Problem extends Error {
	constructor({ status = 0, title = "", detail = "", code = "", field = "" }) {
		super(detail || title);
		Object.assign(this, { name: "Problem", status, title, detail, code, field });
	}
}

let csrf = "";
let onUnknown = () => {};

export function setCsrf(token) {
	csrf = token || "";
}

// Called where a request is answered 401: the session is over.
export function whenUnknown(callback) {
	onUnknown = callback;
}

async function problemOf(response) {
	try {
		return new Problem({ ...(await response.json()), status: response.status });
	} catch {
		return new Problem({ status: response.status, title: response.statusText });
	}
}

const PATIENCE_MS = 30000; // then it is as if there were no answer: nobody is left waiting without a word

// endless: a stream, whose answer has no end.
async function ask(path, { quiet, signal, endless, ...options }) {
	const stop = new AbortController(), ended = () => stop.abort();
	const timer = setTimeout(ended, PATIENCE_MS);
	if (signal?.aborted)
		ended();
	signal?.addEventListener("abort", ended, { once: true });
	let response;
	try {
		response = await fetch(path, { credentials: "same-origin", cache: "no-store", signal: stop.signal, ...options });
		if (!endless)
			response = new Response(response.status === 204 ? null : await response.arrayBuffer(), response);
	} catch (error) {
		if (signal?.aborted)
			throw error;
		throw new Problem({ title: "unreachable", code: "unreachable" });
	} finally {
		clearTimeout(timer);
		if (!endless)
			signal?.removeEventListener("abort", ended);
	}
	if (response.ok)
		return response;
	const problem = await problemOf(response);
	if (problem.status === 401 && !quiet)
		onUnknown(problem);
	throw problem;
}

async function bodyOf(response) {
	return response.status === 204 ? null : response.json();
}

export async function get(path, options = {}) {
	return bodyOf(await ask(path, options));
}

async function change(method, path, body, options) {
	const headers = { "X-Nudged-CSRF": csrf };
	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	return bodyOf(await ask(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), ...options }));
}

export function post(path, body = {}, options = {}) {
	return change("POST", path, body, options);
}

export function del(path, options = {}) {
	return change("DELETE", path, undefined, options);
}

// A value for a path or query: get(`/v1/decisions/${enc(id)}`).
export const enc = encodeURIComponent;

// "?a=1&b=2" of what is set; attributes as where[NAME].
export function query(values) {
	const pairs = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== "");
	return pairs.length ? "?" + pairs.map(([name, value]) => `${enc(name)}=${enc(value)}`).join("&") : "";
}

// Whose state: {customer} or {agent}. By the query, for a browser makes another path of one that ends in "." or "..".
export const readState = (whose, options) => get("/v1/customers" + query(whose), options);

const RETRY_MS = [500, 1000, 2000, 5000, 10000];

function parseEvent(text) {
	const event = { type: "message", data: "", id: undefined };
	const lines = [];
	for (const line of text.split("\n")) {
		if (line.startsWith(":"))
			continue;
		const colon = line.indexOf(":");
		const name = colon < 0 ? line : line.slice(0, colon);
		const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (name === "event")
			event.type = value;
		else if (name === "id")
			event.id = value;
		else if (name === "data")
			lines.push(value);
	}
	event.data = lines.join("\n");
	return event;
}

async function readStream(response, each) {
	const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	for (;;) {
		const { value, done } = await reader.read();
		if (done)
			return;
		rest = (rest + value).replace(/\r\n/g, "\n");
		let end;
		while ((end = rest.indexOf("\n\n")) >= 0) {
			each(parseEvent(rest.slice(0, end)));
			rest = rest.slice(end + 2);
		}
	}
}

// Server-sent events, taken up again where they broke off (Last-Event-ID). onEvent({type, data, id}): data is the parsed
// JSON. onState("open" | "lost" | "refused", problem). Returns what ends it.
export function stream(path, onEvent, onState = () => {}) {
	const stop = new AbortController();
	let lastId, failures = 0;
	const take = (event) => {
		if (event.id)
			lastId = event.id;
		if (event.data)
			onEvent({ ...event, data: JSON.parse(event.data) });
	};
	const wait = (ms) => new Promise((resolve) => {
		const timer = setTimeout(resolve, ms);
		stop.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
	});
	const run = async () => {
		while (!stop.signal.aborted) {
			try {
				const headers = lastId ? { "Last-Event-ID": lastId } : {};
				const response = await ask(path, { headers, signal: stop.signal, endless: true });
				failures = 0;
				onState("open");
				await readStream(response, take);
			} catch (error) {
				if (stop.signal.aborted)
					return;
				if (error.status === 401 || error.status === 403)
					return onState("refused", error);
			}
			if (stop.signal.aborted)
				return;
			onState("lost");
			await wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
		}
	};
	run();
	return () => stop.abort();
}
