// shots.mjs: pictures of the console, of a daemon that has lived through the telecom story: to be judged by eye, and the one in
// README.md.
//
//     node shots.mjs NUDGED NUDGECTL SOURCE_ROOT MODULES FOLDER          every view, both languages, both themes, three widths
//     node shots.mjs NUDGED NUDGECTL SOURCE_ROOT MODULES picture.png     README's
import { openBrowser, openPage } from "../../tests/console/browser.mjs";
import { startDaemon, stopAll } from "../../tests/console/daemon.mjs";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { png8 } from "./png8.mjs";

const [nudged, nudgectl, root, modules, out] = process.argv.slice(2);
const VIEWS = { desk: "#/desk/household-nguyen", rules: "#/rules", operations: "#/operations" };
const MORE = { home: "#/desk", complaint: "#/desk/household-pham", actions: "#/rules/actions", reports: "#/rules/reports/agents", activations: "#/rules/history",
	moment: "#/rules/customer/household-pham", why: "#/rules/rule/complaint-late" };
const LOOKS = [["en", "light"], ["vi", "dark"], ["en", "dark"], ["vi", "light"]];
const SIZES = [{ width: 1440, height: 1000 }, { width: 768, height: 1024 }, { width: 2560, height: 1440 }];

async function settled(page) {
	await page.waitForFunction(() => !document.querySelector(".loading"));
	await page.evaluate(() => document.fonts.ready);
	await page.waitForTimeout(700);
}

async function shoot(browser, daemon, view, language, theme, size, path) {
	const { tools, context, complaints } = await openPage(browser, daemon, { language, theme, ...size }, modules);
	await tools.go(VIEWS[view] ?? MORE[view]);
	await settled(tools.page);
	await tools.shot(path);
	await context.close();
	if (complaints.length)
		throw new Error(`${view}, ${language}, ${theme}: ${complaints}`);
}

// Something to see in the plots: the same questions that agents ask, for a while.
async function live(daemon, seconds) {
	const until = Date.now() + seconds * 1000;
	while (Date.now() < until)
		for (const house of ["nguyen", "pham", "le"])
			await fetch(`${daemon.origin}/v1/customers/household-${house}/recommendation?channel=call`).then((r) => r.text());
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
		await live(daemon, 12);
		const shots = [...Object.keys(VIEWS).flatMap((view) => LOOKS.flatMap((look) => SIZES.map((size) => [view, ...look, size]))),
			...Object.keys(MORE).flatMap((view) => LOOKS.slice(0, 2).flatMap((look) => SIZES.slice(0, 2).map((size) => [view, ...look, size])))];
		const take = async () => {
			for (let shot; (shot = shots.shift()); ) {
				const [view, language, theme, size] = shot;
				await shoot(browser, daemon, view, language, theme, size, join(out, `${view}-${language}-${theme}-${size.width}.png`));
			}
		};
		await Promise.all([take(), take(), take()]);
	}
	await browser.close();
} finally {
	await stopAll();
}
