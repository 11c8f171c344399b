// The console over TLS, by a certificate of our own making that the browser was told to trust: nothing of it is insecure, the
// session is a cookie that only TLS carries, and a certificate is changed under an open page.
import { connect } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";

const presented = (t) => new Promise((resolve, reject) => {
	const { hostname, port } = new URL(t.daemon.origin);
	const socket = connect({ host: hostname, port, rejectUnauthorized: false }, () => {
		resolve(socket.getPeerX509Certificate().serialNumber);
		socket.destroy();
	}).on("error", reject);
});

async function logIn(t) {
	await t.page.getByLabel("Token").fill(t.daemon.tokens.everything);
	await t.page.keyboard.press("Enter");
	await t.page.getByRole("heading", { level: 1, name: "Agent desk" }).waitFor();
}

// Three calls within the week: the pack raises an alert.
async function troubled(t, customer) {
	const calls = Array.from({ length: 3 }, (_, n) => ({ id: `${customer}-${n}`, source: "tls-test", customer, type: "contact.started", channel: "call" }));
	const answer = await t.page.evaluate(async ([events, token]) => (await fetch("/v1/events", { method: "POST", credentials: "omit",
		headers: { "Content-Type": "application/json", Authorization: "Bearer " + token }, body: JSON.stringify(events) })).json(), [calls, t.daemon.tokens.everything]);
	t.same(answer.acks.map((a) => a.result), ["ACCEPTED", "ACCEPTED", "ACCEPTED"]);
}

export const cases = [
	{
		name: "a session over TLS: its cookie, live alerts, and a certificate changed under it",
		daemon: "tls",
		async run(t) {
			const answers = [];
			t.page.on("response", (response) => answers.push(response));
			await t.go("#/desk");
			t.check(await t.page.evaluate(() => isSecureContext && location.protocol === "https:"), "not a secure context");
			t.same((await t.context.cookies()).length, 0, "a cookie before anybody logged in");
			await logIn(t);
			const [cookie, ...others] = await t.context.cookies();
			t.same([others.length, cookie.secure, cookie.httpOnly, cookie.sameSite, cookie.path, cookie.expires], [0, true, true, "Strict", "/", -1]);
			t.check(/^__Host-nudged/.test(cookie.name) && cookie.domain === "localhost", cookie.name, cookie.domain);
			t.same(await t.page.evaluate(() => document.cookie), "", "a script sees it");
			const secured = answers.filter((a) => new URL(a.url()).protocol === "https:");
			t.same(secured.length, answers.length, "asked without TLS");
			t.same([(await secured[0].securityDetails()).protocol, (await secured[0].securityDetails()).issuer], ["TLS 1.3", "trial authority"]);
			const policy = (await secured[0].allHeaders())["content-security-policy"];
			t.check(/default-src 'none'/.test(policy) && /frame-ancestors 'none'/.test(policy), policy);

			await t.page.getByText("Live", { exact: true }).waitFor();
			await troubled(t, "before");
			await t.page.getByRole("link", { name: "before", exact: true }).waitFor();
			const was = await presented(t), is = t.daemon.renew();
			t.check(was !== is, "the same certificate");
			t.daemon.process.kill("SIGHUP");
			for (let i = 0; i < 200 && (await presented(t)) === was; i++)
				await sleep(20);
			t.same(await presented(t), is, "the certificate now");

			await troubled(t, "after"); // by the stream that was there
			await t.page.getByRole("link", { name: "after", exact: true }).waitFor();
			t.check(await t.page.getByText("Live", { exact: true }).isVisible(), "the stream broke off");
			await t.page.reload(); // by new connections
			await t.page.getByRole("link", { name: "after", exact: true }).click();
			await t.page.getByRole("button", { name: /^Accepted/ }).first().waitFor();
			t.same((await t.context.cookies()).map((c) => c.value), [cookie.value], "another session");
			t.check((await t.page.locator("header.bar").innerText()).includes("everything"), "logged out");
			await t.page.getByRole("button", { name: "Log out" }).click();
			await t.page.getByLabel("Token").waitFor();
			t.same((await t.context.cookies()).length, 0, "cookies");
		},
	},
	{
		name: "nobody gets in without TLS",
		daemon: "tls",
		async run(t) {
			const plain = await fetch(t.daemon.origin.replace("https:", "http:") + "/console/").then((r) => r.text(), () => "");
			t.check(!/<script/.test(plain), "the page came without TLS", plain);
			await t.go("#/desk");
			await t.page.getByLabel("Token").waitFor();
			await t.audit();
		},
	},
];
