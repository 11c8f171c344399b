// daemon.mjs: a nudged of its own for the browser to talk to: with the telecom story ("story"), or wanting tokens ("tokens").
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const running = [];
const ROLES = ["publish", "recommend", "read", "author", "operate"];

export async function startDaemon({ nudged, nudgectl, root, kind, http = "127.0.0.1:0" }) {
	const folder = mkdtempSync(join(tmpdir(), "nudged-console-test-"));
	const log = join(folder, "log"), tokensFile = join(folder, "tokens"), socket = "unix:" + join(folder, "sock");
	const options = { env: { ...process.env, TZ: "Asia/Ho_Chi_Minh", NUDGE_SOCKET: socket }, maxBuffer: 1 << 28 };
	const ctl = (...args) => execFileSync(nudgectl, args, { ...options, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
	const tokens = {};
	const args = ["--data", join(folder, "data"), "--listen", socket, "--http", http,
		"--rules", join(root, "rules", kind === "tokens" ? "welcome" : "telecom")];
	if (kind === "tokens") {
		for (const [name, roles] of [["everything", ROLES.join(",")], ["reader", "read"], ["sender", "publish"]])
			tokens[name] = ctl("token", "new", name, "--role", roles, "--tokens", tokensFile).trim();
		args.push("--tokens", tokensFile);
	} else {
		args.push("--clock", "events");
	}
	const out = openSync(log, "w");
	const process_ = spawn(nudged, args, { ...options, stdio: ["ignore", out, out] });
	const daemon = { folder, tokens, tokensFile, ctl, process: process_, said: () => readFileSync(log, "utf8") };
	running.push(daemon);
	while (!daemon.said().includes("ready on")) {
		if (process_.exitCode !== null)
			throw new Error("nudged does not start: " + daemon.said());
		await sleep(10);
	}
	daemon.origin = "http://" + /HTTP on (\S+)/.exec(daemon.said())[1];
	if (kind === "story")
		playStory(nudgectl, options);
	return daemon;
}

function playStory(nudgectl, options) {
	const events = execFileSync(nudgectl, ["simulate", "--story"], options);
	execFileSync(nudgectl, ["send", "-"], { ...options, input: events });
}

export async function stopAll() {
	for (const daemon of running) {
		if (daemon.process.exitCode === null) {
			const ended = new Promise((resolve) => daemon.process.once("exit", resolve));
			daemon.process.kill("SIGKILL");
			await ended;
		}
		if (existsSync(daemon.folder))
			rmSync(daemon.folder, { recursive: true, force: true });
	}
}
