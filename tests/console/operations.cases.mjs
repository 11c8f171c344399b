// The operations view: what it shows is what the daemon says of itself, over time too; usable by keyboard and without eyes.
const CHARTS = 12;
let count = 0;

async function ask(t, path, body) {
	const answer = await fetch(t.daemon.origin + path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
	t.check(answer.ok, path, answer.status, await answer.clone().text());
	return answer.json();
}

async function until(t, what, ...said) {
	for (let i = 0; i < 600; i++) {
		const got = await what();
		if (got)
			return got;
		await t.page.waitForTimeout(100);
	}
	t.check(false, "never:", ...said);
}

const figure = (history, name) => history.figures.find((f) => f.name === name && f.shard === "").values;
const sum = (list) => list.reduce((all, n) => all + n, 0);
const chart = (t, name) => t.page.locator(`[data-chart=${name}]`);

// Events and recommendations, then the view, once a sample has all of them.
async function busy(t) {
	const before = await ask(t, "/v1/status");
	await ask(t, "/v1/events", Array.from({ length: 40 }, () => ({ id: `operations-${++count}`, source: "operations-test", customer: "operations-" + (count % 8), type: "page.viewed" })));
	for (let i = 0; i < 5; i++)
		await ask(t, "/v1/recommendations", { customer: "operations-" + i });
	await until(t, async () => sum(figure(await ask(t, "/v1/history"), "events")) >= before.events_accepted + 40, "a sample with what was sent");
	await t.go("#/operations");
	await until(t, async () => (await t.page.locator(".chart").count()) === CHARTS, "all charts");
	return ask(t, "/v1/history");
}

export const cases = [
	{
		name: "figures are those of the daemon",
		async run(t) {
			const history = await busy(t), status = await ask(t, "/v1/status");
			t.same(sum(figure(history, "events")), status.events_accepted, "samples add up to what was accepted");
			const tile = (name) => t.page.locator(`[data-tile=${name}]`).innerText();
			t.check((await tile("events")).includes(status.events_accepted.toLocaleString("en") + " since the start"), await tile("events"));
			t.check((await tile("open")).includes(`\n${status.alerts_open}`), await tile("open"));
			t.check((await tile("open")).includes(`${status.open_critical + status.open_high} critical or high`));
			await t.page.getByText("Ready: events are taken").waitFor();
			const journal = await t.page.getByRole("region", { name: "Journal and store" }).last().innerText();
			t.check(journal.includes(status.data), journal);
			const shards = t.page.getByRole("region", { name: "Shards", exact: true }).last().locator("tbody tr");
			t.same(await shards.count(), status.shards);
		},
	},
	{
		name: "history is drawn, and told as a table",
		async run(t) {
			await busy(t);
			t.same(await t.page.locator(".chart canvas").count(), CHARTS, "canvases");
			const painted = await chart(t, "traffic").locator("canvas").evaluate((c) =>
				new Set(new Uint32Array(c.getContext("2d").getImageData(0, 0, c.width, c.height).data.buffer)).size);
			t.check(painted > 3, "nothing is painted:", painted);
			t.check(/events:?\s*[\d.]+/.test(await chart(t, "traffic").locator(".u-legend").innerText()), "the legend has no values");
			await t.page.getByRole("button", { name: "Pause" }).click();
			await chart(t, "traffic").getByRole("button", { name: "As a table" }).click();
			const rows = await chart(t, "traffic").locator("tbody tr").evaluateAll((list) => list.map((r) => [...r.cells].map((c) => c.innerText)));
			const history = await ask(t, "/v1/history"), events = figure(history, "events");
			const at = history.ends_ms.length - 1 - events.toReversed().findIndex((n) => n > 0);
			const shown = events[at] * 1000 / history.spans_ms[at];
			t.check(rows.some((r) => Math.abs(Number(r[1].replaceAll(",", "")) - shown) < 0.1), "no row has", shown, rows.slice(0, 5));
			await t.audit();
		},
	},
	{
		name: "plots are read with the keyboard",
		async run(t) {
			await busy(t);
			const plot = chart(t, "publish").locator(".plot");
			t.check(/Publish latency: half within now .+longest now/.test(await plot.getAttribute("aria-label")));
			await plot.focus();
			await t.page.keyboard.press("ArrowLeft");
			const said = () => chart(t, "publish").getByRole("status").innerText();
			await until(t, async () => /^\d\d:\d\d:\d\d, half within/.test(await said()), "nothing is said");
			const first = await said();
			await t.page.keyboard.press("Home");
			await until(t, async () => (await said()) !== first || (await ask(t, "/v1/history")).ends_ms.length < 2, "Home moves");
			await t.page.keyboard.press("Tab");
			t.check(!(await plot.evaluate((p) => p.contains(document.activeElement))), "the keyboard is caught in the plot");
		},
	},
	{
		name: "alerts by severity, and agents under strain",
		async run(t) {
			await t.go("#/operations");
			const open = (await ask(t, "/v1/alerts?limit=1000")).alerts, high = open.filter((a) => a.severity === "high");
			t.check(high.length > 0, "the story has high alerts");
			const panel = t.page.locator("section", { has: t.page.getByRole("heading", { name: "Open alerts" }) }).filter({ has: t.page.getByRole("group") }).last();
			await panel.getByRole("button", { name: `High ${high.length}` }).click();
			t.same(await panel.locator("tbody tr").count(), Math.min(200, high.length));
			t.check((await panel.locator("tbody").innerText()).includes(high[0].rule));
			const agents = t.page.locator("section", { has: t.page.getByRole("heading", { name: "Agents under strain" }) }).last();
			const tuan = await ask(t, "/v1/agents/tuan");
			await agents.getByText(tuan.strain.level).first().waitFor();
			await t.page.getByRole("region", { name: "Out of the ordinary" }).getByText(`tuan (${tuan.strain.level})`).waitFor();
			const row = await agents.locator("tr", { hasText: "tuan" }).innerText();
			t.check(row.includes(String(Math.round(tuan.strain.score))) && row.includes(tuan.strain.suggestion), row);
			await panel.getByRole("link", { name: high[0].rule }).first().click();
			await t.page.waitForURL(/#\/rules\/entry\/\d+$/);
		},
	},
	...["story", "plain"].map((daemon) => ({
		name: `nothing is asked for that is not there: ${daemon}`, // the page must log no error
		daemon,
		async run(t) {
			const asked = [];
			t.page.on("response", (response) => asked.push([response.status(), response.url()]));
			await ask(t, "/v1/events", [{ id: "operations-" + ++count, source: "operations-test", customer: "operations-0", agent: "newcomer", contact: "c-" + count, type: "contact.started", channel: "call" }]);
			await t.go("#/operations");
			const agents = t.page.locator("section", { has: t.page.getByRole("heading", { name: "Agents under strain" }) }).last();
			await agents.locator("table, .empty").first().waitFor();
			t.same(asked.filter(([status]) => status >= 400), []);
		},
	})),
	...["en", "vi"].map((language) => ({
		name: `plots beside each other stand level, and none is left over: ${language}`,
		language,
		async run(t) {
			await busy(t);
			for (const [width, columns] of [[768, 2], [1440, 3], [1840, 4], [2560, 6]]) {
				await t.page.setViewportSize({ width, height: 900 });
				await t.page.waitForFunction((want) => getComputedStyle(document.querySelector(".charts")).gridTemplateColumns.split(" ").length === want, columns);
				const tops = await t.page.locator(".chart canvas").evaluateAll((all) => all.map((c) => Math.round(c.getBoundingClientRect().top)));
				for (let at = 0; at < CHARTS; at += columns)
					t.same(new Set(tops.slice(at, at + columns)).size, 1, `a row at ${width} begins at ${tops.slice(at, at + columns)}:`);
			}
		},
	})),
	{
		name: "spans, a pause, and what it means",
		async run(t) {
			const asked = [];
			t.page.on("request", (request) => request.url().includes("/v1/history") && asked.push(request.url()));
			await busy(t);
			t.check(asked[0].includes("step_ms=5000"), asked);
			await t.page.getByRole("button", { name: "24 hours" }).click();
			await until(t, () => asked.at(-1).includes("step_ms=60000"), asked);
			const [answer] = await Promise.all([t.page.waitForResponse(/v1\/history\?step_ms=5000/), t.page.getByRole("button", { name: "5 minutes" }).click()]);
			await answer.finished(); // what is known when it pauses
			await t.page.locator(".charts").waitFor();
			await t.page.getByRole("button", { name: "Pause" }).click();
			const before = asked.length;
			await t.page.waitForTimeout(6000);
			t.same(asked.length, before, "asked while paused");
			await t.page.getByRole("button", { name: "Paused: go on" }).click();
			await until(t, () => asked.length > before, "goes on");
			t.check(asked.at(-1).includes("since_ms="), "what is known is asked for again", asked.at(-1));
			await t.page.getByRole("button", { name: "What this means" }).click();
			await t.page.getByRole("dialog").getByText("Journal sync").waitFor();
			await t.page.keyboard.press("Escape");
			t.same(await t.page.getByRole("dialog").count(), 0);
		},
	},
	{
		name: "Vietnamese, dark, narrow",
		language: "vi", theme: "dark", width: 768,
		async run(t) {
			await busy(t);
			await t.page.getByRole("heading", { name: "Độ trễ nhận sự kiện" }).waitFor();
			t.same(await t.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, "overflows by");
			await t.audit();
			const text = await t.page.locator("main").innerText();
			t.check(!/\boperations\.[a-z]/.test(text), text.match(/\boperations\.[\w.-]+/g));
			for (const word of ["Events", "Latency", "Shards", "Recovered", "decoded", "angry endings", "texts today", "One thing at a time"])
				t.check(!text.includes(word), "English in Vietnamese:", word);
		},
	},
];
