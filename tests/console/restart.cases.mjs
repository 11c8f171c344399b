// The daemon goes and comes back under an open page: one is told, and has to do nothing.
const gone = [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|503|401/];
let count = 0;

async function call(t, customer, headers = {}) {
	const events = Array.from({ length: 3 }, () => ({ id: `restart-${++count}`, source: "restart-test", customer, type: "contact.started", channel: "call" }));
	const answer = await fetch(t.daemon.origin + "/v1/events", { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(events) });
	t.check(answer.ok, answer.status);
}

export const cases = [
	{
		name: "operations say that there is no answer, and go on by themselves",
		daemon: "plain", allow: gone,
		async run(t) {
			await t.go("#/operations");
			await t.page.getByText("Ready: events are taken").waitFor();
			await t.daemon.kill();
			await t.page.getByRole("status").getByText("The daemon does not answer").waitFor();
			await t.page.getByRole("alert").getByText("The daemon does not answer").first().waitFor();
			await t.page.getByText(/^No answer since \d\d:\d\d:\d\d/).waitFor({ timeout: 90_000 });
			t.check(await t.page.locator(".tiles").isVisible(), "what was known is gone");
			await t.daemon.start();
			await t.page.getByText("Ready: events are taken").waitFor();
			for (const words of [/^No answer since/, "The daemon does not answer"])
				await t.page.getByText(words).first().waitFor({ state: "detached" });
		},
	},
	{
		name: "an agent's desk: an outcome waits to be told again, alerts come again",
		daemon: "plain", allow: gone,
		async run(t) {
			await call(t, "on-the-line");
			await t.go("#/desk/on-the-line");
			const card = t.page.locator(".action").first();
			await card.waitFor();
			await t.page.getByText("Live", { exact: true }).waitFor();
			await t.daemon.kill();
			await t.page.getByText("Reconnecting").waitFor();
			await card.getByRole("button", { name: /^Rejected/ }).click();
			await card.getByRole("button", { name: "Yes, rejected" }).click();
			const again = card.getByRole("alert").getByRole("button", { name: "Try again" });
			await again.waitFor();
			await t.daemon.start();
			await t.page.getByText("Live", { exact: true }).waitFor();
			await again.click();
			await card.locator(".next").waitFor();
			await call(t, "somebody-else");
			await t.page.keyboard.press("b");
			await t.page.getByRole("link", { name: "somebody-else" }).first().waitFor();
		},
	},
	{
		name: "where one had logged in, one logs in again and is where one was",
		daemon: "tokens", allow: gone,
		async run(t) {
			const token = { Authorization: "Bearer " + t.daemon.tokens.everything };
			await call(t, "kept", token);
			await t.go("#/desk/kept");
			const logIn = async () => {
				await t.page.getByLabel("Token").fill(t.daemon.tokens.everything);
				await t.page.keyboard.press("Enter");
				await t.page.locator(".action").first().waitFor();
			};
			await logIn();
			await t.daemon.kill();
			await t.page.getByText("Reconnecting").waitFor();
			await t.daemon.start();
			await t.page.getByText(/^Your session is over/).waitFor();
			await t.audit();
			await logIn();
			t.check(/#\/desk\/kept$/.test(t.page.url()), t.page.url());
		},
	},
];
