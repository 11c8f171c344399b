// What customers, agents and systems say is text: markup in names, ids, notes, reasons and alerts runs nowhere in the console.
const NOW = 1782822720000; // where the story ends
const BAD = `"><img src=x onerror="ran=1"><script>ran=2</script>`;
const LINK = "javascript:window.ran=3";

async function ask(t, path, body) {
	const answer = await fetch(t.daemon.origin + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
	t.check(answer.ok, path, answer.status, await answer.clone().text());
	return answer.json();
}

async function nothingRan(t, where) {
	t.same(await t.page.evaluate(() => window.ran ?? 0), 0, where);
	t.same(await t.page.locator("#app script, #app img[onerror], #app a[href^='javascript']").count(), 0, where);
}

async function markupIsText(t) {
	const at = (n) => ({ source: BAD, customer: LINK, time_ms: NOW + 900000 + n * 1000 });
	const told = await ask(t, "/v1/events", [
		{ id: "h1", type: "profile.updated", ...at(1), attributes: { name: BAD, language: BAD, segment: BAD } },
		{ id: "h2", type: "alias.added", ...at(2), attributes: { alias: BAD } },
		{ id: "h3", type: "call.ended", ...at(3), agent: BAD, member: BAD, contact: BAD, channel: "call", attributes: { note: BAD, topic: BAD, mood: -1 } },
		{ id: "h4", type: "complaint.opened", ...at(4), agent: BAD, attributes: { complaint: BAD, text: BAD, topic: BAD } },
	]);
	t.same(told.acks.map((a) => a.result + (a.error?.reason ?? "")), told.acks.map(() => "ACCEPTED"));
	await ask(t, "/v1/outcomes", { id: "h5", ...at(5), action: BAD, channel: "call", kind: "rejected", reason: BAD, agent: BAD }).catch(() => {});
	await t.go("#/desk/" + encodeURIComponent(LINK));
	await t.page.getByRole("heading", { name: BAD }).first().waitFor();
	await nothingRan(t, "desk");
	await t.go("#/desk");
	await t.page.keyboard.press("/");
	await t.page.keyboard.type("onerror");
	await t.page.locator(".found [role=option]").first().waitFor();
	await nothingRan(t, "found");
	for (const hash of ["#/rules", "#/rules/explain", "#/operations", "#/rules/customer/" + encodeURIComponent(LINK), "#/desk/" + encodeURIComponent(BAD), "#/rules/entry/" + encodeURIComponent(BAD), "#/" + encodeURIComponent(BAD)]) {
		await t.go(hash);
		await t.page.waitForTimeout(600);
		await nothingRan(t, hash);
	}
}

export const cases = [
	{ name: "markup that customers send is text", run: markupIsText, allow: [/404|400/] },
];
