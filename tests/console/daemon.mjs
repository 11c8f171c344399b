// daemon.mjs: a nudged of its own for the browser to talk to. kind: "story", which has lived through the telecom story; "tokens",
// which wants tokens; "tls", which wants them too, over TLS; "story tokens"; "plain".
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const running = [];
const ROLES = ["publish", "recommend", "read", "author", "operate"];

// Its process, once it serves; its address is d.origin.
async function run(d, args, env) {
	const out = openSync(d.log, "w"), process_ = spawn(d.nudged, args, { env, stdio: ["ignore", out, out] });
	d.process = process_;
	while (!d.said().includes("ready on")) {
		if (process_.exitCode !== null)
			throw new Error("nudged does not start: " + d.said());
		await sleep(10);
	}
	const [, address] = /HTTP on (\S+)/.exec(d.said());
	d.origin = d.tls ? address.replace("127.0.0.1", "localhost") : "http://" + address;
}

async function kill(d) {
	if (d.process.exitCode !== null || d.process.signalCode !== null)
		return;
	const ended = once(d.process, "exit");
	d.process.kill("SIGKILL");
	await ended;
}

export async function startDaemon({ nudged, nudgectl, root, kind, authority }) {
	const folder = mkdtempSync(join(tmpdir(), "nudged-console-test-")), at = (name) => join(folder, name);
	const story = /story/.test(kind), tls = kind === "tls", tokens = {}, socket = "unix:" + at("sock");
	const env = { ...process.env, TZ: "Asia/Ho_Chi_Minh", NUDGE_SOCKET: socket };
	const ctl = (...args) => execFileSync(nudgectl, args, { env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
	const args = ["--data", at("data"), "--listen", socket, "--rules", join(root, "rules", story ? "telecom" : "welcome")];
	if (tls) {
		authority.sign(at("cert.pem"), at("key.pem"));
		args.push("--tls-cert", at("cert.pem"), "--tls-key", at("key.pem"));
	}
	if (/tokens|tls/.test(kind)) {
		for (const [name, roles] of [["everything", ROLES.join(",")], ["reader", "read"], ["sender", "publish"]])
			tokens[name] = ctl("token", "new", name, "--role", roles, "--tokens", at("tokens")).trim();
		args.push("--tokens", at("tokens"));
	}
	if (story)
		args.push("--clock", "events");
	const d = { nudged, folder, tls, tokens, ctl, tokensFile: at("tokens"), log: at("log"), said: () => readFileSync(at("log"), "utf8") };
	d.renew = () => authority.sign(at("cert.pem"), at("key.pem"));
	d.kill = () => kill(d);
	d.start = () => run(d, [...args, "--http", d.origin.replace(/^http:\/\//, "")], env); // where it was before
	running.push(d);
	await run(d, [...args, "--http", (tls ? "https://" : "") + "127.0.0.1:0"], env);
	if (story)
		await playStory(nudgectl, { ...env, NUDGE_TOKEN: tokens.everything ?? "" });
	return d;
}

// Not waited for in one piece: others run meanwhile.
async function playStory(nudgectl, env) {
	const told = spawn(nudgectl, ["simulate", "--story"], { env, stdio: ["ignore", "pipe", "inherit"] });
	const sent = spawn(nudgectl, ["send", "-"], { env, stdio: ["pipe", "ignore", "inherit"] });
	told.stdout.pipe(sent.stdin);
	const [code] = await once(sent, "exit");
	if (code !== 0)
		throw new Error("the story was not taken");
}

export async function stopAll() {
	for (const d of running) {
		await kill(d);
		if (existsSync(d.folder))
			rmSync(d.folder, { recursive: true, force: true });
	}
}
