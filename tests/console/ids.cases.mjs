// Ids are what other systems name things: with slashes, percent signs, spaces, in any script. They come to the right place from
// each link and each question of the console.
const NOW = 1782822720000; // where the story ends
const IDS = ["desk/hn", "50% a?b#c&d=e", "Nguyễn Thị Bé / 2", "..", "search", "a+b \"c\"", "%2F"];

async function ask(t, path, body) {
	const answer = await fetch(t.daemon.origin + path, body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
	t.check(answer.ok, path, answer.status, await answer.clone().text());
	return answer.json();
}

const stateOf = (t, query) => ask(t, "/v1/customers?" + new URLSearchParams(query));

// Calls that end badly: of a customer, by an agent, of the same id.
async function live(t, id, at) {
	const one = (n, type, attributes) => ({ id: `${id}-${n}`, source: "ids/test", customer: id, agent: id, contact: `${id}-c${n >> 1}`, type, channel: "call",
		time_ms: NOW + at * 60000 + n * 1000, attributes });
	const events = [0, 2, 4].flatMap((n) => [one(n, "contact.started", { topic: "bill/pay", mood: -0.5 }), one(n + 1, "contact.ended", { topic: "bill/pay", mood_end: -0.9, mood: -0.9, resolved: false })]);
	const answer = await ask(t, "/v1/events", events);
	t.check(answer.acks.every((a) => ["ACCEPTED", "DUPLICATE"].includes(a.result)), answer.acks);
}

export const cases = [
	{
		name: "a customer of any id is found, opened, advised, told, explained",
		async run(t) {
			for (const [at, id] of IDS.entries()) {
				await live(t, id, at);
				await t.go("#/desk/" + encodeURIComponent(id));
				await t.page.getByRole("heading", { level: 1, name: id, exact: true }).waitFor();
				const card = t.page.locator(".action").last();
				await card.waitFor();
				await t.page.getByLabel("You (agent)").fill(id);
				await Promise.all([t.page.waitForResponse(/recommendations$/), t.page.keyboard.press("Tab")]);
				await t.page.locator(".call:not([aria-busy])").waitFor();
				await card.getByRole("button", { name: /^Rejected/ }).click();
				await card.getByRole("button", { name: "Yes, rejected" }).click();
				await t.page.locator(".next").waitFor();
				t.same((await stateOf(t, { customer: id })).outcomes.map((o) => [o.kind, o.agent]), [["rejected", id]], id);
				await t.go("#/rules/customer/" + encodeURIComponent(id));
				await t.page.getByText("Proven: recomputed").waitFor();
				await t.page.locator(".explained-head").getByRole("link", { name: id, exact: true }).click();
				await t.page.getByRole("heading", { level: 1, name: id, exact: true }).waitFor();
			}
			await t.page.keyboard.press("/");
			await t.page.keyboard.type("nguyen thi be");
			await t.page.locator(".found [role=option]", { hasText: IDS[2] }).waitFor();
			await t.page.keyboard.press("Enter");
			await t.page.getByRole("heading", { level: 1, name: IDS[2], exact: true }).waitFor();
		},
	},
	{
		name: "agents of any id are under strain in operations",
		async run(t) {
			const refused = [];
			t.page.on("response", (response) => response.status() >= 400 && refused.push(response.url()));
			for (const [at, id] of IDS.entries())
				await live(t, id, at); // where the case before has not
			await t.go("#/operations");
			const panel = t.page.locator("section", { has: t.page.getByRole("heading", { name: "Agents under strain" }) }).last();
			for (const id of IDS) {
				const agent = await stateOf(t, { agent: id });
				t.check(agent.strain.score > 0, id, agent.strain);
				const row = panel.locator("tr", { has: t.page.getByText(id, { exact: true }) });
				await row.first().waitFor();
				t.check((await row.first().innerText()).includes(String(Math.round(agent.strain.score))), id);
			}
			t.same(refused, []);
		},
	},
];
