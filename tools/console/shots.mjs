// shots.mjs: pictures of the console, of a daemon that has lived through the telecom story: to be judged by eye, and the one in
// README.md.
//
//     node shots.mjs NUDGED NUDGECTL SOURCE_ROOT MODULES FOLDER [VIEW,...]  every view, both languages, both themes, three widths
//     node shots.mjs NUDGED NUDGECTL SOURCE_ROOT MODULES picture.png           README's
import { openBrowser, openPage } from "../../tests/console/browser.mjs";
import { startDaemon, stopAll } from "../../tests/console/daemon.mjs";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { png8 } from "./png8.mjs";

const [nudged, nudgectl, root, modules, out, only] = process.argv.slice(2);
const NOW = 1782822720000; // where the story ends
const to = (hash, then = async () => {}) => ({ hash, then });
const VIEWS = { desk: to("#/desk/household-nguyen"), rules: to("#/rules"), operations: to("#/operations") };
const MORE = {
	login: to("#/desk"), // of a daemon that wants tokens
	home: to("#/desk"), complaint: to("#/desk/household-pham"), unknown: to("#/desk/household-ngyuen"), asked: to("#/desk/household-pham", askedAndTold),
	held: to("#/desk/household-pham", (page) => page.keyboard.press("h")),
	actions: to("#/rules/actions"), reports: to("#/rules/reports/agents"), activations: to("#/rules/history"),
	moment: to("#/rules/customer/household-pham"), why: to("#/rules/rule/complaint-late"),
	lists: to("#/operations", (page) => page.locator(".lists").evaluate((lists) => lists.scrollIntoView())),
};
const LOOKS = [["en", "light"], ["vi", "dark"], ["en", "dark"], ["vi", "light"]];
const SIZES = [{ width: 1440, height: 1000 }, { width: 768, height: 1024 }, { width: 2560, height: 1440 }];

// Why the first action, and the second one put off.
async function askedAndTold(page) {
	for (const key of ["1", "w", "2", "l"])
		await page.keyboard.press(key);
}

async function settled(page, ms) {
	await page.waitForFunction(() => !document.querySelector(".loading"));
	await page.evaluate(() => document.fonts.ready);
	await page.waitForTimeout(ms);
}

async function shoot(browser, daemon, view, language, theme, size, path) {
	const { tools, context, complaints } = await openPage(browser, daemon, { language, theme, ...size }, modules);
	const { hash, then } = VIEWS[view] ?? MORE[view];
	await tools.go(hash);
	await settled(tools.page, view === "rules" ? 3000 : 500); // rates take a second answer
	await then(tools.page);
	await settled(tools.page, 200);
	await tools.shot(path);
	await context.close();
	if (complaints.some((text) => view !== "unknown" || !/404/.test(text)))
		throw new Error(`${view}, ${language}, ${theme}: ${complaints}`);
}

// The same draws each time.
let drawn = 1;
const draw = () => (drawn = (drawn * 48271) % 2147483647) / 2147483647;

const post = async (daemon, path, body) => (await fetch(daemon.origin + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();

// What became of recommendations, so that there is something learned: other households' than those that are shown.
async function outcomes(daemon) {
	const { words } = await (await fetch(daemon.origin + "/v1/rules/words")).json();
	for (let n = 0; n < 240; n++) {
		const customer = `household-${String(1 + (n % 20)).padStart(4, "0")}`, agent = ["mai", "duc", "hoa"][n % 3];
		const answer = await post(daemon, "/v1/recommendations", { customer, agent, channel: "call", intent: words.topics[n % words.topics.length], limit: 6 });
		for (const choice of answer.choices) {
			const one = (kind) => post(daemon, "/v1/outcomes", { id: `shot-${n}-${choice.action}-${kind}`, source: "shots", decision: answer.decision, customer, agent,
				action: choice.action, channel: "call", kind, ...(kind === "overruled" && { reason: "wrong moment" }) });
			await one("shown");
			if (draw() < 0.1)
				await one("overruled");
			else if (draw() < 0.7)
				await one("offered").then(() => one(draw() < choice.propensity * 1.2 ? "accepted" : draw() < 0.8 ? "rejected" : "later"));
		}
	}
}

// Something to see in the plots, until it is stopped: other lines write, and agents ask.
function traffic(daemon) {
	let stopped = false, count = 0;
	const began = Date.now();
	const event = () => ({ id: "traffic-" + ++count, source: "shots", customer: "line-" + (count % 400), member: "own", type: "sms.sent", channel: "sms", time_ms: NOW + count * 10 });
	const run = async () => {
		while (!stopped) {
			const wave = 1 + 0.6 * Math.sin((Date.now() - began) / 9000) + 0.3 * draw();
			const events = Array.from({ length: Math.round(30 * wave) }, event);
			if (draw() < 0.2)
				events.push(events[0]); // sent once more
			await post(daemon, "/v1/events", events);
			for (let n = 0; n < 6 * wave; n++)
				await post(daemon, "/v1/recommendations", { customer: "line-" + ((count + n) % 400), channel: "call" });
			await new Promise((done) => setTimeout(done, 250));
		}
	};
	const running = run();
	return () => ((stopped = true), running);
}

async function makeSmall(browser, path) {
	const page = await browser.newPage();
	const { pixels, width, height } = await page.evaluate(async (text) => {
		const image = await createImageBitmap(await (await fetch("data:image/png;base64," + text)).blob());
		const paper = new OffscreenCanvas(image.width, image.height).getContext("2d");
		paper.drawImage(image, 0, 0);
		const data = paper.getImageData(0, 0, image.width, image.height).data;
		let bytes = "";
		for (let at = 0; at < data.length; at += 32768)
			bytes += String.fromCharCode(...data.subarray(at, at + 32768));
		return { pixels: btoa(bytes), width: image.width, height: image.height };
	}, readFileSync(path, "base64"));
	await page.close();
	writeFileSync(path, png8(Buffer.from(pixels, "base64"), width, height));
}

try {
	const daemon = await startDaemon({ nudged, nudgectl, root, kind: "story" });
	const browser = await openBrowser(modules);
	if (/\.png$/.test(out)) {
		await shoot(browser, daemon, "desk", "en", "light", { width: 1440, height: 940 }, out);
		await makeSmall(browser, out);
	} else {
		mkdirSync(out, { recursive: true });
		await daemon.kill(); // what is drawn over time begins with the next start
		await daemon.start();
		await outcomes(daemon);
		const guarded = await startDaemon({ nudged, nudgectl, root, kind: "tokens" });
		const stop = traffic(daemon);
		const all = [...Object.keys(VIEWS).flatMap((view) => LOOKS.flatMap((look) => SIZES.map((size) => [view, ...look, size]))),
			...Object.keys(MORE).flatMap((view) => LOOKS.slice(0, 2).flatMap((look) => SIZES.slice(0, 2).map((size) => [view, ...look, size])))];
		const last = (shot) => /operations|lists/.test(shot[0]); // when there is a past
		const shots = all.filter(([view]) => !only || only.split(",").includes(view)).sort((a, b) => last(a) - last(b));
		const take = async () => {
			for (let shot; (shot = shots.shift()); ) {
				const [view, language, theme, size] = shot;
				await shoot(browser, view === "login" ? guarded : daemon, view, language, theme, size, join(out, `${view}-${language}-${theme}-${size.width}.png`));
			}
		};
		await Promise.all([take(), take(), take()]);
		await stop();
	}
	await browser.close();
} finally {
	await stopAll();
}
