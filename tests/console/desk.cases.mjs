// The agent's desk: a customer found, seen, advised on; what becomes of it told and read back from the daemon; what happens
// meanwhile. Each case has customers of its own among those of the story: they share a daemon.
const NOW = 1782822720000; // where the story ends

async function ask(t, path, body, token) {
	const headers = { "Content-Type": "application/json", ...(token && { Authorization: "Bearer " + token }) };
	const answer = await fetch(t.daemon.origin + path, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
	t.check(answer.ok, path, answer.status, await answer.clone().text());
	return answer.json();
}

export const together = true;

let count = 0;
const event = (customer, type, more = {}) => ({ id: `desk-${++count}`, source: "desk-test", customer, type, time_ms: NOW + count * 1000, ...more });
const publish = async (t, ...events) => t.same((await ask(t, "/v1/events", events)).acks.map((a) => a.result), events.map(() => "ACCEPTED"));

const actions = (t) => t.page.locator(".action");
const action = (t, name) => t.page.locator(".action", { has: t.page.getByRole("heading", { name, exact: true }) });

async function open(t, id, agent = "linh") {
	await t.page.addInitScript((name) => localStorage.setItem("nudged.desk.agent", name), agent);
	await t.go("#/desk/" + id);
	await t.page.mouse.move(5, 5); // nobody works with anything
	await actions(t).first().waitFor();
}

async function find(t, text) {
	await t.page.keyboard.press("/");
	await t.page.keyboard.type(text);
}

const hits = (t, text) => t.page.locator(".found [role=option]", text && { hasText: text });
const outcomes = async (t, id) => (await ask(t, "/v1/customers/" + id)).outcomes;

async function until(t, what, ...said) {
	for (let i = 0; i < 1200; i++) {
		const got = await what();
		if (got)
			return got;
		await t.page.waitForTimeout(50);
	}
	t.check(false, ...said);
}

// Presses a button of an action, answers what is asked with `confirm`, and sees it in the daemon.
async function tell(t, id, kind, press, confirm) {
	await open(t, id);
	const card = actions(t).last(), name = await card.getAttribute("data-action"), before = (await outcomes(t, id)).length;
	await card.getByRole("button", { name: press }).click();
	if (confirm)
		await confirm(card);
	await card.locator(".next").waitFor();
	const all = await outcomes(t, id), told = all.at(-1);
	t.same(all.length, before + 1, kind);
	t.same([told.kind, told.action, told.channel, told.agent], [kind, name, "call", "linh"]);
	t.check(/^\d+-\d+$/.test(told.decision), "names its decision", told);
	await t.page.getByRole("region", { name: "History" }).getByText(await card.getByRole("heading").first().innerText()).first().waitFor();
	return told;
}

const untranslated = (text) => text.match(/\bdesk\.[a-z][\w.-]*\b/g);

async function whole(t, what) {
	await t.audit();
	const text = await t.page.locator("body").innerText();
	t.check(!untranslated(text), what, "shows keys instead of words:", untranslated(text));
	const over = await t.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	t.check(over <= 0, what, "is wider than the page by", over);
}

export const cases = [
	{
		name: "a customer is found by the phone that calls, and who calls is chosen",
		async run(t) {
			await t.go("#/desk");
			await find(t, "+84 901 000 001");
			await hits(t, /Nguyen/).waitFor();
			t.same(await t.page.getByRole("combobox", { name: "Find a customer" }).getAttribute("aria-expanded"), "true");
			await t.page.keyboard.press("Enter");
			await t.page.waitForURL(/#\/desk\/household-nguyen\/father$/);
			t.same(await t.page.getByRole("heading", { level: 1 }).innerText(), "Nguyen");
			t.check(await t.page.getByRole("radio", { name: /Hung/ }).isChecked(), "the father calls");
		},
	},
	{
		name: "a customer is found by id and by first name; those one had lately come first",
		async run(t) {
			await t.go("#/desk");
			await find(t, "household-pham");
			await hits(t).first().waitFor();
			await t.page.keyboard.press("Enter");
			await t.page.getByRole("heading", { level: 1, name: "Pham" }).waitFor();
			await find(t, "thao");
			await hits(t, /household-le/).click();
			await t.page.getByRole("heading", { level: 1, name: "Le", exact: true }).waitFor();
			await find(t, "qqq");
			await t.page.getByText("Nobody is known by “qqq”").waitFor();
			await t.page.keyboard.press("Escape");
			const names = await until(t, async () => {
				const all = await hits(t).allInnerTexts();
				return all.length === 2 && all;
			}, "the recent ones");
			t.same(names.map((n) => n.split("\n")[0]), ["Le", "Pham"]);
			t.same(await t.page.getByRole("listbox").getAttribute("aria-label"), "Recent customers");
		},
	},
	{
		name: "the customers that a list shows are gone through by the keyboard, and said in words",
		height: 420,
		async run(t) {
			await t.go("#/desk");
			await find(t, "household-00");
			const options = hits(t);
			const count = await until(t, async () => ((await options.count()) > 5 ? options.count() : 0), "many are found");
			await t.page.getByRole("status").getByText(`${count} customers found`).waitFor({ state: "attached" });
			const field = t.page.getByRole("combobox", { name: "Find a customer" }), active = () => field.getAttribute("aria-activedescendant");
			const seen = new Set([await active()]);
			for (let n = 1; n < count; n++) {
				await t.page.keyboard.press("ArrowDown");
				await until(t, async () => !seen.has(await active()), "an arrow moves on");
				seen.add(await active());
			}
			const last = t.page.locator(`[id="${await active()}"]`);
			t.same(await last.getAttribute("aria-selected"), "true");
			const [box, list] = [await last.boundingBox(), await t.page.locator(".found").boundingBox()];
			t.check(box.y >= list.y - 1 && box.y + box.height <= list.y + list.height + 1, "the chosen one is not in sight:", box, list);
			const id = await last.locator(".id").innerText(), name = await last.locator(".label").innerText();
			t.same(await t.page.getByRole("option", { name: `${name} ${id}` }).count(), 1, "its name has its words apart");
			await t.page.keyboard.press("Enter");
			await t.page.waitForURL(new RegExp("#/desk/" + id));
			await t.page.getByRole("heading", { level: 1 }).waitFor();
			await t.page.keyboard.press("b");
			const recent = t.page.getByRole("region", { name: "Recent customers" }).getByRole("link");
			await recent.first().focus();
			await t.page.keyboard.press("Enter");
			await t.page.waitForURL(new RegExp("#/desk/" + id));
		},
	},
	{
		name: "of who is new no score is told, and what is known of it all the same",
		async run(t) {
			await publish(t, event("desk-newcomer", "contact.started", { contact: "desk-new", agent: "linh", channel: "call", attributes: { topic: "bill/pay" } }));
			const { relationship } = await ask(t, "/v1/customers/desk-newcomer");
			t.check(relationship.known && relationship.share < 1 / 3, "the daemon's own", relationship);
			await open(t, "desk-newcomer");
			const panel = t.page.getByRole("region", { name: "Relationship" });
			await panel.getByText("Not enough is known yet for a score.").waitFor();
			const text = await panel.innerText();
			t.check(!text.includes("of 100") && text.includes(`${Math.round(relationship.share * 100)}% of what makes the score is known`), text);
			t.check(!/Relationship \d/.test(await t.page.locator(".strip").innerText()), "the strip tells a score");
		},
	},
	{
		name: "who it is and how it stands, at a glance",
		async run(t) {
			await open(t, "household-pham");
			const text = await t.page.locator("main").innerText();
			for (const words of ["Relationship 67", "4 since last contact", "Trust", "50%", "angry", "Data that lasts the month", "Complaint",
				"was due 9 hours ago", "May be advertised to", "Hoa called about coverage, made a complaint, left angry, not resolved"])
				t.check(text.includes(words) || words === "May be advertised to", "does not show", words, text);
			await t.page.getByRole("button", { name: /^\d+ more$/ }).first().click();
			t.check((await t.page.locator(".attributes").innerText()).includes("₫301,000"), "the last bill is an amount");
			t.same(await t.page.locator(".past time").first().getAttribute("title"), "Jun 29, 2026, 19:00", "told in the pack's zone");
		},
	},
	{
		name: "what to say, in the language of the page",
		async run(t) {
			await open(t, "household-pham");
			t.same(await actions(t).first().getByRole("heading").innerText(), "Apologise and own the matter");
			const text = () => t.page.locator(".column.call").innerText();
			for (const words of ["I have your complaint before me", "A complaint is open: settle it first", "Do not ask them to tell it all again",
				"A complaint has an answer within three days", "we have let you down", "60%"])
				t.check((await text()).includes(words), "does not say", words);
			await t.page.getByLabel("Language", { exact: true }).selectOption("vi");
			await action(t, "Xin lỗi và nhận xử lý").waitFor();
			await t.page.locator(".opening").getByText(/Em đang xem khiếu nại của mình/).waitFor();
			t.same(untranslated(await t.page.locator("body").innerText()), null);
		},
	},
	{
		name: "topic, mood and member change the advice",
		async run(t) {
			await open(t, "household-0004");
			await t.page.getByLabel("About").selectOption("contract/cancel");
			await action(t, "Offer to stay").waitFor();
			await t.page.locator(".opening").getByText(/^Leaving is their right/).waitFor();
			await t.page.getByText("angry", { exact: true }).click();
			await t.page.locator(".opening").getByText(/calm down/).waitFor();
			await t.page.getByRole("radio", { name: /^Chi/ }).check();
			await t.page.getByText("with Chi").waitFor();
		},
	},
	{
		name: "why it is recommended, and what was held back",
		async run(t) {
			await open(t, "household-pham");
			await actions(t).first().getByRole("button", { name: "Why" }).click();
			await actions(t).first().getByText("open_complaints 1 at least 1").first().waitFor();
			await actions(t).first().getByText(/Worth 0.8 = .* for them/).waitFor();
			await t.page.getByRole("button", { name: "What was held back" }).click();
			const dialog = t.page.getByRole("dialog");
			await dialog.getByText("A bigger data plan").click();
			t.check((await dialog.innerText()).includes("not known") && (await dialog.innerText()).includes("identical"), "recomputed");
			await t.audit();
			await t.page.keyboard.press("Escape");
			await dialog.waitFor({ state: "detached" });
		},
	},
	{ name: "offered is told at once, and what comes of it can be told after it",
		async run(t) {
			await tell(t, "household-0001", "offered", /^Offered/);
			const card = actions(t).last();
			t.same(await card.getByRole("button", { name: /^Offered/ }).count(), 0);
			await card.getByRole("button", { name: /^Accepted/ }).click();
			await card.getByRole("button", { name: "Yes, accepted" }).dblclick();
			await card.getByText("accepted", { exact: true }).waitFor();
			t.same((await outcomes(t, "household-0001")).map((o) => o.kind).slice(-2), ["offered", "accepted"], "pressed twice, it is one outcome");
		} },
	{ name: "accepted is asked once more", run: (t) => tell(t, "household-0002", "accepted", /^Accepted/, async (card) => {
		await card.getByText(/^They accept/).waitFor();
		t.same((await outcomes(t, "household-0002")).filter((o) => o.agent === "linh" && o.time_ms >= NOW).length, 0, "nothing is told yet");
		await card.getByRole("button", { name: "Yes, accepted" }).click();
	}) },
	{ name: "rejected", run: (t) => tell(t, "household-0003", "rejected", /^Rejected/, (card) => card.getByRole("button", { name: "Yes, rejected" }).click()) },
	{
		name: "later says when to ask again",
		async run(t) {
			const told = await tell(t, "household-0005", "later", /^Later/, async (card) => {
				await card.getByRole("radio", { name: "In a week" }).check();
				await card.getByRole("button", { name: "Note it" }).click();
			});
			const days = (told.until_ms - told.time_ms) / 86400e3;
			t.check(days > 6.9 && days < 7.1, "in", days, "days");
		},
	},
	{
		name: "an overruled action needs a reason, which is counted",
		async run(t) {
			const told = await tell(t, "household-0006", "overruled", /^Overrule/, async (card) => {
				await card.getByRole("radio", { name: "Another reason" }).check();
				t.check(await card.getByRole("button", { name: "Overrule", exact: true }).isDisabled(), "without a reason");
				await card.getByRole("radio", { name: "Not the moment for it" }).check();
				await card.getByRole("button", { name: "Overrule", exact: true }).click();
			});
			t.same(told.reason, "wrong moment");
		},
	},
	{
		name: "the next step: what to say, and the action to go on with",
		async run(t) {
			await open(t, "household-0007");
			await t.page.getByLabel("About").selectOption("contract/cancel");
			await t.page.getByText("angry", { exact: true }).click();
			const offer = action(t, "Offer to stay");
			await offer.getByRole("button", { name: /^Later/ }).click();
			await offer.getByRole("button", { name: "Note it" }).click();
			await offer.getByText("It is yours to think about. May I call you back?").waitFor();
			await offer.getByRole("button", { name: "Go on with: Promise a call back" }).click();
			await t.page.locator(".action:focus", { hasText: "Promise a call back" }).waitFor();
		},
	},
	{
		name: "what happens meanwhile is shown by itself where nobody works with it",
		async run(t) {
			await open(t, "household-0010");
			const opening = t.page.locator(".opening blockquote");
			t.check(!(await opening.innerText()).includes("complaint"));
			await publish(t, event("household-0010", "complaint.opened", { member: "father", agent: "minh", channel: "call",
				attributes: { complaint: "k-desk", topic: "data/usage" } }));
			await opening.getByText("I have your complaint before me").waitFor();
			await t.page.locator(".cases").getByText("Complaint").waitFor();
			await t.page.locator(".past").getByText(/made a complaint/).first().waitFor();
			await t.page.getByRole("log").getByText("The recommendations are up to date.").waitFor({ state: "attached" });
		},
	},
	{
		name: "what happens meanwhile waits where somebody works with it",
		async run(t) {
			await open(t, "household-0011");
			await t.page.keyboard.press("1");
			const before = await t.page.locator(".opening blockquote").innerText(), place = await actions(t).first().boundingBox();
			await publish(t, event("household-0011", "complaint.opened", { member: "father", agent: "minh", channel: "call",
				attributes: { complaint: "k-desk", topic: "data/usage" } }));
			await t.page.getByRole("button", { name: /^Take over/ }).waitFor();
			t.same(await t.page.locator(".opening blockquote").innerText(), before, "is as it was");
			t.same(await actions(t).first().boundingBox(), place, "nothing moved");
			await t.page.keyboard.press("u");
			await t.page.locator(".opening blockquote").getByText("I have your complaint before me").waitFor();
			await t.page.locator(".action:focus").waitFor();
		},
	},
	{
		name: "an alert comes as it is raised, and is acknowledged",
		async run(t) {
			await open(t, "household-0013");
			const panel = t.page.getByRole("region", { name: "Open alerts" });
			await publish(t, event("household-0013", "web.visit", { member: "father", channel: "web", attributes: { page: "cancel", seconds: 40 } }));
			await panel.getByText("Thinks of leaving").waitFor();
			await t.page.getByRole("log").getByText(/^New alert: /).waitFor({ state: "attached" });
			await panel.getByRole("button", { name: /^Acknowledge: Thinks of leaving/ }).click();
			await panel.getByText("No open alerts.").waitFor();
			const alert = (await ask(t, "/v1/customers/household-0013")).alerts.find((a) => a.rule === "thinks-of-leaving");
			t.same(alert.state, "acknowledged");
		},
	},
	{
		name: "open alerts of everybody lead to their customers; repeated ones stand as one",
		async run(t) {
			await t.go("#/desk");
			const group = t.page.locator(".alerts li", { hasText: "household-nguyen" });
			await group.getByText("3 times").waitFor();
			await group.getByRole("button").click();
			await group.waitFor({ state: "detached" });
			const open = (await ask(t, "/v1/customers/household-nguyen")).alerts.filter((a) => a.kind === "alert" && a.state === "open");
			t.same(open.length, 0);
			await t.page.getByRole("link", { name: "household-pham" }).first().click();
			await t.page.getByRole("heading", { level: 1, name: "Pham" }).waitFor();
		},
	},
	{
		name: "alerts are said in the language of the page, with the same values",
		language: "vi",
		async run(t) {
			const { alerts } = await ask(t, "/v1/alerts?limit=1000"), told = alerts.filter((a) => a.kind === "alert");
			const rules = [...new Set(told.map((a) => a.rule))];
			t.check(rules.length >= 6, "too few to tell", rules);
			for (const path of ["desk", "operations"]) {
				await t.go("#/" + path);
				await t.page.getByText(/^Long: hôm nay 67 tin, thường khoảng 22\.$/).first().waitFor();
				await t.page.getByText(/khiếu nại k-story-pham mở từ 27 thg 6, 2026 và đã quá hạn/).waitFor();
				await t.page.getByText("trưởng nhóm").first().waitFor();
				const text = await t.page.locator("main").innerText();
				t.same(told.filter((a) => text.includes(a.text)).map((a) => a.rule), [], "English in Vietnamese");
			}
		},
	},
	{
		name: "a whole call with the keyboard alone",
		async run(t) {
			const key = (k) => t.page.keyboard.press(k), before = (await outcomes(t, "household-0014")).length;
			await t.go("#/desk");
			await key("?");
			await t.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
			await key("Escape");
			await find(t, "household-0014");
			await hits(t).first().waitFor();
			await key("Enter");
			await actions(t).first().waitFor();
			await key("m");
			t.check(!(await t.page.getByRole("radio", { name: /^Not known, or/ }).isChecked()), "somebody is on the line");
			await key("t");
			await t.page.keyboard.type("Leaving");
			await action(t, "Offer to stay").waitFor();
			await key("Tab");
			await key("Tab");
			await key("Tab"); // from the topic over channel and agent to the mood
			await key("ArrowRight");
			await t.page.locator(".opening").getByText(/calm down/).waitFor();
			const at = (await actions(t).getByRole("heading").allInnerTexts()).indexOf("Offer to stay") + 1;
			await key(String(at));
			await key("w");
			await t.page.locator(".action:focus .conditions").waitFor();
			await key("r");
			await key("Enter");
			await t.page.locator(".action:focus .next").getByText("Do not press.").waitFor();
			const all = await outcomes(t, "household-0014");
			t.same([all.length, all.at(-1).kind, all.at(-1).action], [before + 1, "rejected", "retention-offer"]);
			await key("h");
			await t.page.getByRole("dialog").waitFor();
			await key("Escape");
			await key("b");
			await t.page.waitForURL(/#\/desk$/);
		},
	},
	{
		name: "what the daemon refuses is shown in its words",
		allow: [/404/, /422/],
		async run(t) {
			await t.go("#/desk/nobody-at-all");
			await t.page.getByText("Nothing is known of this customer").waitFor();
			await open(t, "household-0015");
			const agent = t.page.getByLabel("You (agent)");
			await agent.evaluate((input) => input.removeAttribute("maxlength"));
			await agent.fill("x".repeat(70));
			await agent.press("Tab");
			await t.page.getByRole("alert").getByText(/limit_id_bytes/).waitFor();
			await agent.fill("linh");
			await agent.press("Tab");
			await t.page.getByRole("alert").waitFor({ state: "detached" });
		},
	},
	{
		name: "what is refused is said in the language of the page",
		allow: [/404/, /422/],
		language: "vi",
		async run(t) {
			const main = t.page.locator("main");
			await t.go("#/desk/nobody-at-all");
			await t.page.getByText("Không có khách hàng “nobody-at-all”").waitFor();
			await main.getByText("Chưa biết gì về khách hàng này").waitFor();
			t.same((await main.innerText()).match(/\b(nothing|known|customer|event|named|them)\b/gi), null, "English in Vietnamese");
			await open(t, "household-0015");
			const agent = t.page.getByLabel("Bạn (nhân viên)");
			await agent.evaluate((input) => input.removeAttribute("maxlength"));
			await agent.fill("x".repeat(70));
			await agent.press("Tab");
			const alert = t.page.getByRole("alert");
			await alert.getByText("Vượt giới hạn").waitFor();
			t.check(/limit_id_bytes/.test(await alert.locator("[lang=en]").innerText()), "the daemon's own words stand beside it, as what they are");
		},
	},
	{
		name: "an outcome that is not answered can be told again, and counts once",
		allow: [/Failed to load resource|ERR_FAILED/],
		async run(t) {
			await open(t, "household-0016");
			const before = (await outcomes(t, "household-0016")).length, card = actions(t).last();
			let lost = 0;
			await t.page.route("**/v1/outcomes", async (route) => {
				if (lost++)
					return route.continue();
				await route.fetch(); // the daemon has it; the answer is lost
				await route.abort();
			});
			await card.getByRole("button", { name: /^Rejected/ }).click();
			await card.getByRole("button", { name: "Yes, rejected" }).click();
			await card.getByRole("alert").getByRole("button", { name: "Try again" }).click();
			await card.getByText("It had been told before; it counts once.").waitFor();
			t.same((await outcomes(t, "household-0016")).length, before + 1);
		},
	},
	{
		name: "who may only read sees the customer, has nothing that does not work, and is told why there is no advice",
		daemon: "story tokens",
		async run(t) {
			await t.go("#/desk/household-nguyen");
			await t.page.getByLabel("Token").fill(t.daemon.tokens.reader);
			await t.page.keyboard.press("Enter");
			await t.page.getByText(/ask for the role recommend/).waitFor();
			await t.page.getByRole("region", { name: "History" }).getByText(/called about/).first().waitFor();
			await t.page.getByText("Unusually many messages").first().waitFor();
			t.same(await t.page.locator("main :is(input:not([role=combobox]), select)").count(), 0, "fields that change nothing");
			const buttons = await t.page.locator("main button").allInnerTexts();
			t.same(buttons.filter((text) => !/^(\?|Close|All|Contacts|Offers|Other|\d+ more)$/.test(text.trim())), [], "buttons");
			for (const key of ["1", "h", "t", "m"])
				await t.page.keyboard.press(key); // mean nothing
			await t.page.keyboard.press("?");
			t.same((await t.page.getByRole("dialog").locator("dd").allInnerTexts()).length, 3, "keys that do something");
			await t.page.keyboard.press("Escape");
			for (const width of [768, 1440, 2560]) {
				await t.page.setViewportSize({ width, height: 900 });
				await whole(t, `a reader's desk at ${width}`);
			}
			await t.page.keyboard.press("b");
			await t.page.getByText("A complaint is late").first().waitFor();
			t.same(await t.page.getByRole("button", { name: /^Acknowledge/ }).count(), 0);
			await t.go("#/rules/history");
			await t.page.getByText(/takes the role author/).waitFor();
			t.same(await t.page.getByRole("button", { name: "Go back to it" }).count(), 0);
		},
	},
	...[["en", "light", 768], ["vi", "dark", 1440], ["vi", "light", 2560], ["en", "dark", 1024]].map(([language, theme, width]) => ({
		name: `an open customer is whole for everybody: ${language}, ${theme}, ${width}`,
		language, theme, width,
		async run(t) {
			await open(t, "household-le");
			await t.page.keyboard.press("2");
			await t.page.keyboard.press("l");
			await t.page.locator(".ask").waitFor();
			await whole(t, "the desk");
		},
	})),
];
