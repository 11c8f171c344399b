// run.mjs: the console in a real Chromium, against a daemon that has lived through the telecom story.
//
//     node run.mjs NUDGED NUDGECTL SOURCE_ROOT MODULES [CASE...]
//
// Each file beside this one exports `cases`: [{name, run(t), language?, theme?, width?, height?, daemon?, allow?}]. run gets
// t.page (playwright's), t.go("#/desk"), t.daemon (origin, ctl(...)), t.check, t.same, t.audit() (axe), t.shot(name).
// A case has failed too where the page logged an error, broke its own content security policy, or asked anybody but the
// daemon. allow: [/pattern/] of errors that the case brings about on purpose. daemon: another kind than "story": see daemon.mjs.
//
// Files run beside each other, as many as PAGES, each against daemons of its own; the cases of a file one after the other. A
// file that exports `together` has cases that are not in each other's way: they run beside each other too.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromiumPath, openBrowser, openPage } from "./browser.mjs";
import { makeAuthority } from "./certificates.mjs";
import { startDaemon, stopAll } from "./daemon.mjs";

const PAGES = Number(process.env.NUDGED_TEST_PAGES || 4);
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

// [[case, ...], ...]: what runs in a row, the longest rows first.
async function allRows() {
	const rows = [];
	for (const name of readdirSync(here).filter((n) => /\.cases\.mjs$/.test(n)).sort()) {
		const { cases, together } = await import(join(here, name)), file = basename(name, ".cases.mjs");
		const mine = cases.map((c) => ({ ...c, file })).filter((c) => !wanted.length || wanted.some((w) => `${file}: ${c.name}`.includes(w)));
		rows.push(...(together ? mine.map((c) => [c]) : [mine]));
	}
	return rows.sort((a, b) => b.length - a.length);
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
	const rows = await allRows(), authority = makeAuthority(), browser = await openBrowser(modules, authority);
	const daemons = new Map(), began = Date.now(), seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);
	let passed = 0, failed = 0;
	const daemonOf = (one) => {
		const kind = one.daemon ?? "story", key = `${one.file} ${kind}`;
		if (!daemons.has(key))
			daemons.set(key, startDaemon({ nudged, nudgectl, root, kind, authority }));
		return daemons.get(key);
	};
	const work = async () => {
		for (let row; (row = rows.shift()); )
			for (const one of row) {
				const from = Date.now();
				try {
					await runCase(one, browser, await daemonOf(one));
					passed++;
					console.log(`ok      ${one.file}: ${one.name} (${seconds(from)} s)`);
				} catch (error) {
					failed++;
					console.log(`FAILED  ${one.file}: ${one.name} (${seconds(from)} s): ${error.stack ?? error}`);
				}
			}
	};
	await Promise.all(Array.from({ length: PAGES }, work));
	await browser.close();
	authority.remove();
	console.log(`${passed} passed, ${failed} failed, in ${seconds(began)} s`);
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
