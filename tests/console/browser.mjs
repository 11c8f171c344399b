// browser.mjs: one Chromium, a fresh profile a case, and what a page may not do: log an error, break its policy, ask elsewhere.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1, EXCLUDE localhost"];

export function chromiumPath() {
	const given = process.env.NUDGED_CHROMIUM;
	return given || PATHS.find(existsSync);
}

function requireFrom(modules) {
	return createRequire(join(resolve(modules), "_"));
}

// authority: whose certificates are trusted, besides those that the machine trusts.
export async function openBrowser(modules, authority) {
	const { chromium } = requireFrom(join(modules, "node_modules"))("playwright-core");
	const trust = authority ? ["--ignore-certificate-errors-spki-list=" + authority.trust] : [];
	return chromium.launch({ executablePath: chromiumPath(), args: [...ARGS, ...trust] });
}

let axe; // its source: read once, and brought into a page once, for that takes as long as a whole audit

// Whoever cannot see or cannot use a mouse: what axe finds that is serious or critical.
async function audit(page, modules) {
	axe ??= readFileSync(join(modules, "node_modules/axe-core/axe.min.js"), "utf8");
	if (!(await page.evaluate(() => Boolean(globalThis.axe))))
		await page.evaluate(axe);
	const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
	const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
	if (serious.length)
		throw new Error("axe: " + serious.map((v) => `${v.id} (${v.help}): ` +
			v.nodes.slice(0, 4).map((n) => `${n.html.slice(0, 160)} ${n.failureSummary?.split("\n")[1] ?? ""}`).join("; ")).join("\n  "));
}

function watch(page, origin, complaints) {
	page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
	page.on("pageerror", (error) => complaints.push(String(error)));
	page.on("request", (request) => {
		const url = request.url();
		if (!url.startsWith(origin + "/") && !url.startsWith("data:"))
			complaints.push("asked elsewhere: " + url);
	});
}

export async function openPage(browser, daemon, options, modules) {
	const context = await browser.newContext({
		viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
		locale: options.language ?? "en", colorScheme: options.theme ?? "light", reducedMotion: "reduce",
		timezoneId: "America/Lima", // not the pack's: times are told in the pack's
	});
	context.setDefaultTimeout(60_000); // only what never comes takes that long, on the busiest of machines
	const page = await context.newPage(), complaints = [];
	await page.addInitScript(() => addEventListener("securitypolicyviolation",
		(event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`)));
	watch(page, daemon.origin, complaints);
	// Waits for what every page has: a heading, or a form.
	const go = async (hash = "") => {
		await page.goto(daemon.origin + "/console/" + hash);
		await page.locator("main h1, main .empty, main form").first().waitFor();
	};
	const shot = (path) => page.screenshot({ path });
	return { context, complaints, tools: { page, context, go, shot, audit: () => audit(page, modules) } };
}
