// Every page of every view at each width that it is made for, in both languages: nothing is cut off, nothing scrolls sideways.
import { misfits } from "./layout.mjs";

export const together = true;

const WIDTHS = [768, 1024, 1440, 2560];

async function pages(t) {
	const ask = async (path, body) => (await fetch(t.daemon.origin + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) })).json();
	const made = await ask("/v1/recommendations", { customer: "household-pham", member: "father", agent: "linh", channel: "call", intent: "data/usage", mood: -0.6, has_mood: true });
	const alerts = (await (await fetch(t.daemon.origin + "/v1/alerts?limit=5")).json()).alerts;
	return ["desk", "desk/household-nguyen/father", "desk/household-le", "rules", "rules/actions", "rules/reports/agents", "rules/reports/effects", "rules/history",
		"rules/explain", "rules/decision/" + made.decision, "rules/entry/" + alerts[0].seq, "operations"];
}

async function everywhere(t) {
	const all = [];
	for (const path of await pages(t)) {
		await t.page.setViewportSize({ width: WIDTHS[0], height: 900 });
		await t.go("#/" + path);
		await t.page.waitForFunction(() => !document.querySelector(".loading"));
		for (const width of WIDTHS) {
			await t.page.setViewportSize({ width, height: 900 });
			all.push(...(await misfits(t.page)).slice(0, 8).map((found) => `#/${path} at ${width}: ${found}`));
		}
	}
	t.check(!all.length, all.join("\n  "));
}

export const cases = [
	{ name: "nothing is cut off, from 768 to 2560", run: everywhere },
	{ name: "nothing is cut off in Vietnamese, from 768 to 2560", language: "vi", theme: "dark", run: everywhere },
];
