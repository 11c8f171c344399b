// What every view shares: the bar, the keyboard, languages, themes, widths, login, and who cannot see.
export const together = true;

const VIEWS = ["desk", "rules", "operations"];

async function everyView(t, each) {
	for (const view of VIEWS) {
		await t.page.goto("about:blank"); // as who begins there
		await t.go("#/" + view);
		await each(view);
	}
}

const untranslated = (text) => text.match(/\b(?:app|ui|login|desk|rules|operations)\.[a-z][\w.-]*\b/g);

async function noRawKeys(t, view) {
	const text = await t.page.locator("body").innerText();
	t.check(!untranslated(text), view, "shows keys instead of words:", untranslated(text));
}

// The names of the views are under nothing else; parts of pixels are rounded up.
async function barFits(t, where) {
	const over = await t.page.locator(".bar nav").evaluate((nav) => nav.scrollWidth - nav.clientWidth);
	t.check(over <= 1, where, ": the bar's links are", over, "too wide");
}

async function logIn(t, token, patience = {}) {
	await t.page.getByLabel(/^(Token|Mã truy cập)/).fill(token, patience);
	await t.page.keyboard.press("Enter");
}

export const cases = [
	{
		name: "the views are reached by the bar, and the address names them",
		async run(t) {
			await t.page.goto(t.daemon.origin + "/");
			await t.page.waitForURL(/\/console\/#\/desk$/);
			for (const [view, title] of [["rules", "Rules"], ["operations", "Operations"], ["desk", "Agent desk"]]) {
				await t.page.getByRole("navigation").getByRole("link", { name: title }).click();
				await t.page.waitForURL(new RegExp("#/" + view));
				await t.page.waitForFunction((words) => document.title.startsWith(words), title);
				t.same(await t.page.locator("nav [aria-current=page]").innerText(), title);
			}
			await t.page.goBack();
			await t.page.waitForURL(/#\/operations$/);
			await t.go("#/nowhere");
			t.check((await t.page.locator("main").innerText()).includes("no such page"));
		},
	},
	{
		name: "axe finds nothing serious, light",
		run: (t) => everyView(t, async (view) => {
			await t.page.waitForFunction(() => !document.querySelector(".loading"));
			await t.audit();
			await noRawKeys(t, view);
		}),
	},
	{
		name: "axe finds nothing serious, dark and Vietnamese",
		theme: "dark",
		language: "vi",
		run: (t) => everyView(t, async (view) => {
			await t.audit();
			await noRawKeys(t, view);
			t.same(await t.page.evaluate(() => document.documentElement.lang), "vi");
		}),
	},
	{
		name: "the keyboard reaches everything and is never caught",
		run: (t) => everyView(t, async (view) => {
			await t.page.keyboard.press("Tab");
			t.check(await t.page.locator(".skip:focus").count(), view, ": the first stop is not the skip link");
			await t.page.keyboard.press("Enter");
			t.same(await t.page.evaluate(() => document.activeElement.id), "main", view);
			const seen = new Set();
			let left = false;
			for (let i = 0; i < 400 && !left; i++) {
				await t.page.keyboard.press("Tab");
				const at = await t.page.evaluate(() => {
					const e = document.activeElement;
					if (!e || e === document.body)
						return null;
					const style = getComputedStyle(e), stops = (globalThis.stops ??= new Map());
					stops.set(e, stops.get(e) ?? stops.size);
					return { at: stops.get(e), outline: style.outlineStyle !== "none" || style.boxShadow !== "none", html: e.outerHTML.slice(0, 120) };
				});
				left = at === null || (seen.has(at.at) && seen.size > 1);
				if (at) {
					t.check(at.outline, view, ": focus is not seen on", at.html);
					seen.add(at.at);
				}
			}
			t.check(left, view, ": the keyboard does not come out again after", seen.size, "stops");
		}),
	},
	{
		name: "language and theme are chosen, and kept",
		async run(t) {
			await t.go("#/rules");
			await t.page.getByLabel("Language").selectOption("vi");
			await t.page.getByLabel("Giao diện").selectOption("dark");
			const look = () => t.page.evaluate(() => ({ lang: document.documentElement.lang, theme: document.documentElement.dataset.theme,
				page: getComputedStyle(document.documentElement).backgroundColor }));
			const chosen = await look();
			t.same([chosen.lang, chosen.theme], ["vi", "dark"]);
			await noRawKeys(t, "rules");
			await t.page.reload();
			await t.page.locator("main h1").first().waitFor();
			t.same(await look(), chosen, "after a reload");
			t.check((await t.page.title()).startsWith("Quy tắc"), await t.page.title());
		},
	},
	{
		name: "the theme follows the system until one is chosen",
		theme: "dark",
		async run(t) {
			await t.go("#/desk");
			const becomes = (name) => t.page.locator(`html[data-theme=${name}]`).waitFor();
			await becomes("dark");
			await t.page.emulateMedia({ colorScheme: "light" });
			await becomes("light");
			await t.page.getByLabel("Theme").selectOption("dark");
			await becomes("dark");
		},
	},
	{
		name: "who logs in stays so until they log out",
		daemon: "tokens",
		allow: [/401/],
		async run(t) {
			await t.go("#/desk");
			await t.audit();
			await logIn(t, "nudge_wrong");
			await t.page.getByText(/not known here, or was revoked/).waitFor();
			await logIn(t, t.daemon.tokens.everything);
			await t.page.getByRole("navigation").getByRole("link", { name: "Agent desk" }).waitFor();
			t.check((await t.page.locator(".bar").innerText()).includes("everything"));
			const [cookie] = await t.context.cookies();
			t.same([cookie.httpOnly, cookie.sameSite, cookie.secure], [true, "Strict", false]);
			t.check(!(await t.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)).includes("nudge_"));
			await t.page.reload();
			await t.page.getByRole("button", { name: "Log out" }).click();
			await t.page.getByLabel("Token").waitFor();
			t.same((await t.context.cookies()).length, 0, "cookies");
			await t.page.reload();
			await t.page.getByLabel("Token").waitFor();
		},
	},
	{
		name: "the bar has room for who is logged in, in Vietnamese at 768",
		daemon: "tokens",
		language: "vi",
		width: 768,
		async run(t) {
			await t.go("#/desk");
			await logIn(t, t.daemon.tokens.everything);
			await t.page.getByRole("button", { name: "Đăng xuất" }).waitFor();
			await barFits(t, "logged in");
		},
	},
	{
		name: "what a token may not is not shown, and said",
		daemon: "tokens",
		async run(t) {
			await t.go("#/operations");
			await logIn(t, t.daemon.tokens.sender);
			await t.page.getByText("Not yours to see").waitFor();
			t.check((await t.page.locator("main").innerText()).includes("sender"));
			await t.audit();
		},
	},
	{
		name: "a revoked token ends the session, on the page too",
		daemon: "tokens",
		allow: [/401/],
		async run(t) {
			const token = t.daemon.ctl("token", "new", "leaver", "--role", "read,recommend", "--tokens", t.daemon.tokensFile).trim();
			await t.go("#/desk");
			for (let i = 0; i < 40 && !(await t.page.locator("nav a").count()); i++) {
				await logIn(t, token, { timeout: 2000 }).catch(() => {}); // the file is looked at twice a second; one may be in by then
				await Promise.race([t.page.locator("nav a").first().waitFor(), t.page.locator("#app [role=alert]").waitFor()]);
			}
			t.daemon.ctl("token", "revoke", "leaver", "--tokens", t.daemon.tokensFile);
			for (let i = 0; i < 100 && !(await t.page.getByLabel("Token").count()); i++) {
				await t.page.evaluate(() => fetch("/console/session"));
				await t.page.reload();
				await t.page.locator("main h1, main form").first().waitFor();
			}
			await t.page.getByLabel("Token").waitFor();
		},
	},
];
