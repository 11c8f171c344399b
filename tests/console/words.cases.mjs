// The words themselves: both languages say the same things, and count as they count.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const root = process.argv[4];
const FILES = ["words.js", "desk/words.js", "rules/words.js", "operations/words.js"];
const base = (key) => key.replace(/\.(zero|one|two|few|many|other)$/, "");
const holes = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().filter((name, at, all) => name !== all[at - 1]);

async function allWords() {
	const files = await Promise.all(FILES.map((name) => import(pathToFileURL(join(root, "tools/console/src", name)))));
	return Object.fromEntries(["en", "vi"].map((language) => [language, Object.assign({}, ...files.map((f) => f.default[language]))]));
}

async function counted(t, rules, actions) {
	const one = async (path, change) => t.page.route("**" + path, async (route) => {
		const answer = await (await route.fetch()).json();
		change(answer);
		await route.fulfill({ json: answer });
	});
	await one("/v1/rules", (a) => (a.rules = a.rules.slice(0, rules)));
	await one("/v1/rules/history", (a) => a.activations.forEach((x) => Object.assign(x, { rules, actions, tests: rules, untested: false })));
	await t.go("#/rules");
	return (await t.page.locator(".pack").innerText()).split(" · ").slice(1);
}

export const cases = [
	{
		daemon: "plain",
		name: "both languages have the same words, with the same places to fill",
		async run(t) {
			const { en, vi } = await allWords(), keys = (words) => [...new Set(Object.keys(words).map(base))].sort();
			t.same(keys(vi), keys(en));
			for (const key of keys(en)) {
				const of = (words) => words[key] ?? words[key + ".other"];
				t.same(holes(of(vi)), holes(of(en)), key);
			}
		},
	},
	{
		daemon: "plain",
		name: "what is counted has the forms that its language has",
		async run(t) {
			const words = await allWords();
			for (const language of ["en", "vi"]) {
				const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
				const counts = Object.keys(words[language]).filter((k) => base(k) !== k && words[language][k].includes("{count}"));
				for (const key of new Set(counts.map(base)))
					t.same(forms.filter((form) => !(`${key}.${form}` in words[language])), [], `${language}: ${key} lacks`);
			}
			for (const [key, text] of Object.entries(words.en))
				t.check(!/\{count\} \w+s\b/.test(text.replace(/\b(was|is|has)\b/g, "-")) || /\.other$/.test(key), "says more than one of one:", key, text);
		},
	},
	{ name: "one is one", daemon: "plain", run: async (t) => t.same(await counted(t, 1, 1), ["1 rule", "1 action", "1 test passed"]) },
	{ name: "many are many", daemon: "plain", run: async (t) => t.same((await counted(t, 2, 1234)), ["2 rules", "1,234 actions", "2 tests passed"]) },
	{ name: "Vietnamese counts without forms", language: "vi", daemon: "plain", run: async (t) => t.same(await counted(t, 1, 1234), ["1 quy tắc", "1.234 hành động", "1 bài kiểm tra đạt"]) },
];
