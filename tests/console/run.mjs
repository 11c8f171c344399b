// run.mjs: the console in a real Chromium, against a daemon that has lived through the telecom story.
//
//     node run.mjs NUDGED NUDGECTL SOURCE_ROOT MODULES [CASE...]
//
// Each file beside this one exports `cases`: [{name, run(t), language?, theme?, width?, height?, tokens?, allow?}]. run gets
// t.page (playwright's), t.go("#/desk"), t.daemon (origin, ctl(...)), t.check, t.same, t.audit() (axe), t.shot(name).
// A case has failed too where the page logged an error, broke its own content security policy, or asked anybody but the
// daemon. allow: [/pattern/] of errors that the case brings about on purpose. tokens: against the daemon that wants them.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromiumPath, openBrowser, openPage } from "./browser.mjs";
import { startDaemon, stopAll } from "./daemon.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [nudged, nudgectl, root, modules, ...wanted] = process.argv.slice(2);

function check(truth, ...what) {
	if (!truth)
		throw new Error(what.map((w) => (typeof w === "string" ? w : JSON.stringify(w))).join(" ") || "not so");
}

function same(got, want, what = "") {
	const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
	check(a === b, `${what}: got ${a}, want ${b}`);
}

async function allCases() {
	const files = readdirSync(here).filter((name) => /\.cases\.mjs$/.test(name)).sort();
	files.sort((a, b) => /^hostile/.test(a) - /^hostile/.test(b)); // last: what it leaves behind is in everybody's view
	const lists = await Promise.all(files.map((name) => import(join(here, name))));
	return files.flatMap((name, at) => lists[at].cases.map((c) => ({ ...c, file: basename(name, ".cases.mjs") })));
}

async function runCase(one, browser, daemon) {
	const opened = await openPage(browser, daemon, one, modules);
	try {
		await one.run({ ...opened.tools, daemon, check, same });
		const wrong = opened.complaints.filter((text) => !(one.allow ?? []).some((pattern) => pattern.test(text)));
		check(!wrong.length, "the page complained:", wrong);
	} catch (error) {
		const kept = process.env.NUDGED_TEST_KEEP;
		if (kept)
			await opened.tools.page.screenshot({ path: join(kept, `${one.file}-${one.name.replace(/\W+/g, "-")}.png`) });
		throw error;
	} finally {
		await opened.context.close();
	}
}

async function runAll() {
	const cases = (await allCases()).filter((c) => !wanted.length || wanted.some((w) => `${c.file}: ${c.name}`.includes(w)));
	const browser = await openBrowser(modules);
	const daemons = {};
	let passed = 0, failed = 0;
	for (const one of cases) {
		const kind = one.tokens ? "tokens" : "story", began = Date.now();
		try {
			daemons[kind] ??= await startDaemon({ nudged, nudgectl, root, kind });
			await runCase(one, browser, daemons[kind]);
			passed++;
			console.log(`ok      ${one.file}: ${one.name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
		} catch (error) {
			failed++;
			console.log(`FAILED  ${one.file}: ${one.name}: ${error.stack ?? error}`);
		}
	}
	await browser.close();
	console.log(`${passed} passed, ${failed} failed`);
	return failed || !passed ? 1 : 0;
}

const lacking = !chromiumPath() ? "there is no chromium here (apt-get install chromium)" :
	!existsSync(join(modules, "of")) ? "npm could not fetch what the console is made of" : "";
if (lacking) {
	console.log("skipped: " + lacking);
	process.exit(77);
}
let code = 1;
try {
	code = await runAll();
} finally {
	await stopAll();
}
process.exit(code);
