// The rules view: its figures are the daemon's, its reports too; the past is explained; a pack is gone back to, or not.
import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const STORY = 1782822720000; // where the story ends
const root = process.argv[4];
let count = 0;

async function ask(t, path, body) {
	const answer = await fetch(t.daemon.origin + path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
	t.check(answer.ok, path, answer.status, await answer.clone().text());
	return answer.json();
}

const cells = (table) => table.locator("tbody tr").evaluateAll((rows) => rows.map((r) => [...r.cells].map((c) => c.innerText.trim())));
const tab = (t, name) => t.page.getByRole("tab", { name });
const number = (n) => n.toLocaleString("en");

async function decide(t) {
	return ask(t, "/v1/recommendations", { customer: "household-nguyen", member: "father", agent: "linh", channel: "call", intent: "messages/usage", mood: -0.2, has_mood: true, language: "en" });
}

async function anotherPack(t) {
	const folder = mkdtempSync(join(tmpdir(), "nudged-console-pack-"));
	cpSync(join(root, "rules/telecom"), folder, { recursive: true });
	appendFileSync(join(folder, "pack.lua"), `\n-- changed ${++count} ${Date.now()}\n`);
	try {
		t.daemon.ctl("rules", "activate", folder);
	} finally {
		rmSync(folder, { recursive: true });
	}
	return ask(t, "/v1/rules");
}

export const cases = [
	{
		name: "counts are those of the daemon",
		async run(t) {
			await t.go("#/rules");
			const rules = (await ask(t, "/v1/rules")).rules;
			await t.page.locator(".rule-name").first().waitFor();
			const rows = await cells(t.page.getByRole("region", { name: "Rules" }));
			t.same(rows.length, rules.length);
			for (const [at, rule] of rules.entries()) {
				t.check(rows[at][0].startsWith(rule.name) && rows[at][0].includes(rule.why), rows[at][0], rule.name);
				t.same(rows[at][4], number(rule.matched), rule.name);
				t.same(rows[at][5].split("\n")[0], number(rule.fired), rule.name);
				t.same(rows[at][7], number(rule.failed), rule.name);
			}
			const head = await t.page.locator(".pack").innerText();
			const pack = await ask(t, "/v1/rules");
			t.check(head.includes(pack.pack) && head.includes(pack.hash.slice(0, 12)) && head.includes(`${rules.length} rules`), head);
			await t.page.getByPlaceholder("Find a rule").fill("mood");
			await t.page.getByText("sinking-mood").waitFor();
			t.check(await t.page.locator(".rule-name").count() < rules.length);
		},
	},
	{
		name: "tabs go by the keyboard, and nothing serious is found in them",
		async run(t) {
			await t.go("#/rules");
			await tab(t, "Rules").focus();
			for (const [name, hash] of [["Actions", "actions"], ["Reports", "reports"], ["Activations", "history"], ["Why?", "explain"]]) {
				await t.page.keyboard.press("ArrowRight");
				await t.page.waitForURL(new RegExp(`#/rules/${hash}$`));
				t.same(await tab(t, name).getAttribute("aria-selected"), "true");
				await t.page.waitForFunction(() => !document.querySelector(".loading"));
				await t.audit();
			}
		},
	},
	{
		name: "Vietnamese, dark: every tab, and a decision",
		language: "vi", theme: "dark",
		async run(t) {
			const decision = (await decide(t)).decision;
			for (const path of ["", "/actions", "/reports", "/history", "/explain", "/decision/" + decision]) {
				await t.go("#/rules" + path);
				await t.page.waitForFunction(() => !document.querySelector(".loading"));
				await t.audit();
				const text = await t.page.locator("main").innerText();
				t.check(!/\brules\.[a-z]/.test(text), path, text.match(/\brules\.[\w.-]+/g));
			}
			const text = await t.page.locator("main").innerText();
			for (const words of ["Đã chứng minh", "khả năng đồng ý", "đủ điều kiện", "ít nhất", "đã biết"])
				t.check(text.includes(words), "does not say", words);
			const conditions = (await t.page.locator(".condition").allInnerTexts()).join("\n");
			t.same(conditions.match(/\d\.\d\b/g), null, "decimals as in English");
		},
	},
	{
		name: "what actions have learned",
		async run(t) {
			await ask(t, "/v1/outcomes", { id: "rules-" + ++count, source: "rules-test", customer: "household-0003", action: "apology", channel: "call", kind: "rejected" });
			await t.go("#/rules/actions");
			const models = (await ask(t, "/v1/models")).models, report = (await ask(t, "/v1/reports/actions?by=action")).rows;
			await t.page.getByRole("button", { name: models[0].action, exact: true }).waitFor();
			const rows = await cells(t.page.getByRole("region", { name: "Actions" }));
			t.same(rows.map((r) => r[0]), models.map((m) => m.action));
			const at = models.findIndex((m) => m.action === "apology"), row = report.find((r) => r.action === "apology");
			t.same(rows[at].slice(5, 7), [number(row.accepted), number(row.rejected)]);
			t.check(rows[at][10].startsWith((models[at].own.propensity * 100).toFixed(1) + "%"), rows[at][10], models[at].own);
			await t.page.getByRole("button", { name: "apology", exact: true }).click();
			await t.page.getByRole("heading", { name: "Calibration" }).waitFor();
		},
	},
	{
		name: "reports are those of the daemon, as CSV too",
		async run(t) {
			for (const name of ["relationship", "agents", "actions"]) {
				await t.go("#/rules/reports/" + name);
				const report = await ask(t, "/v1/reports/" + name);
				await t.page.waitForFunction((want) => document.querySelectorAll(".report tbody tr").length === want, report.rows.length);
				const rows = await cells(t.page.locator(".report"));
				t.same(rows.map((r) => r[0]), report.rows.map((r) => r[report.columns[0].name] ?? "–"), name);
				report.columns.forEach((c, at) => c.unit === "count" && t.same(rows.map((r) => r[at]), report.rows.map((r) => number(r[c.name])), c.name));
				const last = report.columns.at(-1);
				await t.page.getByRole("button", { name: last.name, exact: true }).focus();
				await t.page.getByText(last.help, { exact: false }).first().waitFor();
			}
			const [saved] = await Promise.all([t.page.waitForEvent("download"), t.page.getByRole("button", { name: "Download as CSV" }).click()]);
			t.check(/^actions-\d{4}-\d\d-\d\d\.csv$/.test(saved.suggestedFilename()), saved.suggestedFilename());
			const chunks = [];
			for await (const chunk of await saved.createReadStream())
				chunks.push(chunk);
			const lines = Buffer.concat(chunks).toString().replace("\ufeff", "").trim().split("\r\n"), report = await ask(t, "/v1/reports/actions");
			t.same(lines[0], report.columns.map((c) => c.name).join(","));
			t.same(lines.slice(1).map((l) => l.split(",")[0]), report.rows.map((r) => r.action));
			await t.page.getByLabel("A row is about").selectOption("goal");
			const goals = await ask(t, "/v1/reports/actions?by=goal");
			await t.page.waitForFunction((want) => [...document.querySelectorAll(".report tbody th")].map((th) => th.innerText).join() === want, goals.rows.map((r) => r.goal).join());
			t.same((await cells(t.page.locator(".report"))).map((r) => r[0]), goals.rows.map((r) => r.goal));
		},
	},
	...[1440, 768].map((width) => ({
		name: `questions of the past are asked in forms whose fields are level: ${width}`,
		width,
		async run(t) {
			await t.go("#/rules/explain");
			const heights = [], chosen = await t.page.getByRole("group", { name: "Question" }).boundingBox();
			t.check(chosen.height < 45, "the questions stand in more than one row:", chosen.height);
			for (const question of ["Why this decision?", "What would be recommended?", "Why did a rule fire?"]) {
				await t.page.getByRole("button", { name: question }).click();
				const form = t.page.getByRole("region", { name: question });
				const boxes = await form.locator("form :is(input, select, button)").evaluateAll((all) => all.map((e) => e.getBoundingClientRect()).map((b) => ({ top: Math.round(b.top), height: b.height })));
				t.same(new Set(boxes.map((b) => b.height.toFixed(1))).size, 1, `${question}: heights ${boxes.map((b) => b.height)}:`);
				if (width === 1440) {
					t.same(new Set(boxes.map((b) => b.top)).size, 1, `${question}: tops ${boxes.map((b) => b.top)}:`);
					heights.push(Math.round((await form.boundingBox()).height));
				}
			}
			t.same(new Set(heights).size, width === 1440 ? 1 : 0, `${heights}:`);
		},
	})),
	{
		name: "what would be recommended is said in the language of the page",
		async run(t) {
			await t.go("#/rules/customer/household-pham");
			await t.page.getByText("Before anything else: we have let you down").waitFor();
			await t.page.getByLabel("Language", { exact: true }).selectOption("vi");
			await t.page.getByText("Trước hết em xin lỗi").waitFor();
		},
	},
	{
		name: "a past decision is explained",
		async run(t) {
			const made = await decide(t);
			await t.go("#/rules/explain");
			await t.page.getByLabel("Decision, or entry of the journal").fill("what");
			await t.page.keyboard.press("Enter");
			await t.page.getByText("two numbers with a dash between").first().waitFor();
			await t.page.getByLabel("Decision, or entry of the journal").fill(made.decision);
			await t.page.keyboard.press("Enter");
			await t.page.waitForURL(/#\/rules\/decision\//);
			await t.page.getByText("Proven: recomputed").waitFor();
			const x = await ask(t, "/v1/decisions/" + made.decision);
			const weighed = t.page.locator("details.weighed");
			t.same(await weighed.count(), x.recommendation.actions.length);
			const names = await weighed.locator("summary .name strong").allInnerTexts();
			t.same(names.slice(0, made.choices.length), made.choices.map((c) => c.action), "the order");
			const first = x.recommendation.actions.find((a) => a.rank === 1);
			t.check((await weighed.first().innerText()).includes(String(Number(first.score.toFixed(3)))), "the score");
			const lost = x.recommendation.actions.find((a) => !a.rank && a.to_win);
			const loser = t.page.locator("details.weighed", { has: t.page.getByText(lost.action, { exact: true }) });
			await loser.locator("summary").focus();
			await t.page.keyboard.press("Enter");
			t.check((await loser.locator(".to-win").innerText()).includes(lost.to_win));
			const held = lost.gates.find((g) => g.state !== "passed" && g.state !== "open");
			t.check((await loser.locator(".condition.held, .condition.unknown").first().innerText()).includes(held.missing));
			t.check((await t.page.getByText(/Recommended then:/).locator("..").innerText()).includes(made.choices[0].action));
			await t.audit();
		},
	},
	{
		name: "a customer at a moment, an entry, and what is not known",
		allow: [/404/],
		async run(t) {
			await t.go("#/rules/customer/household-nguyen/" + STORY);
			await t.page.getByText("Proven: recomputed").waitFor();
			t.check((await t.page.locator(".explained-head").innerText()).includes("Jun 30, 2026"));
			await t.page.getByRole("link", { name: "what the last event before it caused" }).click();
			await t.page.waitForURL(/#\/rules\/entry\/\d+$/);
			await t.page.getByRole("heading", { name: /What it caused|Decision/ }).waitFor();
			const alert = (await ask(t, "/v1/alerts?limit=1000")).alerts.find((a) => a.rule === "message-abuse" && a.kind === "alert");
			await t.go("#/rules/entry/" + alert.seq);
			const came = t.page.locator(".came", { hasText: "message-abuse" });
			await came.waitFor();
			t.check((await came.innerText()).includes("fired"));
			await t.go("#/rules/decision/1-1");
			await t.page.getByRole("alert").waitFor();
		},
	},
	{
		name: "why a rule did not fire: of an event, of the one before it, and of one that it does not hear",
		async run(t) {
			const customer = "household-0017", event = (id, more) => ({ id, source: "rules-test", customer, member: "father", agent: "linh", channel: "call", time_ms: STORY + 1000, ...more });
			await ask(t, "/v1/events", [event("e-1", { type: "contact.ended", contact: "k-1", attributes: { topic: "bill/pay", mood_end: 0.5, mood: 0.5, resolved: true } }),
				event("e-2", { type: "web.visit", channel: "web", attributes: { page: "bill", seconds: 5 } })]);
			await t.go("#/rules");
			await t.page.getByRole("link", { name: "Did sinking-mood fire?" }).click();
			const form = t.page.getByRole("region", { name: "Why did a rule fire?" });
			t.same(await form.getByLabel("Rule").inputValue(), "sinking-mood");
			await form.getByLabel("Customer").fill(customer);
			await t.page.keyboard.press("Enter"); // the last event
			await t.page.getByText("sinking-mood did not hear of it: it listens to other events than web.visit").waitFor();
			await t.page.getByRole("button", { name: "The entry before it" }).click();
			const came = t.page.locator(".came.asked", { hasText: "sinking-mood" });
			await came.getByText("condition did not hold").waitFor();
			t.check(/needs:/.test(await came.innerText()), await came.innerText());
			await t.audit();
			const url = t.page.url();
			await form.getByLabel("Customer").fill(customer);
			await form.getByLabel("Event").fill("e-1");
			await form.getByRole("button", { name: "Explain" }).click();
			await came.waitFor();
			t.same(t.page.url(), url, "the same entry, by the event's id");
			await form.getByLabel("Customer").fill("nobody-at-all");
			await form.getByLabel("Event").fill("");
			await form.getByRole("button", { name: "Explain" }).click();
			await form.getByRole("alert").waitFor();
		},
		allow: [/404/],
	},
	{
		name: "a pack is gone back to",
		async run(t) {
			const before = await ask(t, "/v1/rules"), changed = await anotherPack(t);
			t.check(changed.hash !== before.hash);
			await t.go("#/rules/history");
			await t.page.getByText(changed.hash.slice(0, 12)).first().waitFor();
			await t.page.getByRole("row", { name: before.hash.slice(0, 12) }).getByRole("button", { name: "Go back to it" }).first().click();
			const dialog = t.page.getByRole("dialog");
			t.check((await dialog.innerText()).includes(before.hash.slice(0, 12)));
			await dialog.getByRole("button", { name: "Leave it" }).click();
			t.same((await ask(t, "/v1/rules")).hash, changed.hash, "it was not gone back");
			await t.page.getByRole("row", { name: before.hash.slice(0, 12) }).getByRole("button", { name: "Go back to it" }).first().click();
			await dialog.getByRole("button", { name: "Go back" }).click();
			await t.page.getByText(/is active, from entry/).waitFor();
			const now = await ask(t, "/v1/rules"), past = (await ask(t, "/v1/rules/history")).activations;
			t.same(now.hash, before.hash);
			t.same([past[0].origin, past[0].by], ["rollback", "console"]);
			t.check((await t.page.getByText(/is active, from entry/).locator("..").innerText()).includes(`${past[0].tests} tests passed`));
			await t.page.locator(".pack", { hasText: before.hash.slice(0, 12) }).waitFor();
		},
	},
	{
		name: "a pack that is refused leaves the active one, and says why",
		allow: [/40\d|42\d/],
		async run(t) {
			const before = await ask(t, "/v1/rules"), changed = await anotherPack(t);
			await t.page.route("**/v1/rules/rollback", (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), to: "999999" }) }));
			await t.go("#/rules/history");
			await t.page.getByRole("row", { name: before.hash.slice(0, 12) }).getByRole("button", { name: "Go back to it" }).first().click();
			await t.page.getByRole("dialog").getByRole("button", { name: "Go back" }).click();
			const refused = t.page.getByRole("dialog").getByRole("alert");
			await refused.waitFor();
			t.check((await refused.innerText()).includes("999999") && (await refused.innerText()).includes("stays active"), await refused.innerText());
			t.same((await ask(t, "/v1/rules")).hash, changed.hash);
			await ask(t, "/v1/rules/rollback", {});
		},
	},
];
