// build.mjs: the console as three files: index.html, console.HASH.js, console.HASH.css, and a list of them, in a folder.
//
//     node build.mjs [--modules DIR] [--out DIR] [--depfile FILE] [--plain]
//
// modules: where npm put node_modules; the sources need not be beside it. plain: not minified, with a source map inside.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const home = dirname(fileURLToPath(import.meta.url));

export async function build({ modules = join(home, "node_modules"), out, plain = false }) {
	const { build: bundle } = createRequire(join(resolve(modules), "_"))("esbuild");
	const result = await bundle({
		entryPoints: { console: join(home, "src/main.jsx") },
		bundle: true, write: false, metafile: true, outdir: resolve(out), entryNames: "[name].[hash]",
		format: "esm", target: ["chrome109", "firefox115", "safari16.4"], jsx: "automatic", jsxImportSource: "preact",
		nodePaths: [resolve(modules)], minify: !plain, sourcemap: plain ? "inline" : false, legalComments: "none",
		loader: { ".svg": "dataurl" }, logLevel: "warning",
	});
	let html = readFileSync(join(home, "src/index.html"), "utf8");
	mkdirSync(out, { recursive: true });
	for (const old of readdirSync(out))
		if (/^(console\..*|index\.html)$/.test(old))
			rmSync(join(out, old));
	const names = ["index.html"];
	for (const file of result.outputFiles) {
		const name = basename(file.path);
		html = html.replace(`"console.${name.split(".").pop()}"`, `"${name}"`);
		writeFileSync(join(out, name), file.contents);
		names.push(name);
	}
	writeFileSync(join(out, "index.html"), html);
	const inputs = Object.keys(result.metafile.inputs).map((path) => resolve(path));
	return { names, inputs: [...inputs, join(home, "src/index.html"), join(home, "build.mjs")] };
}

function argument(name, otherwise) {
	const at = process.argv.indexOf("--" + name);
	return at < 0 ? otherwise : process.argv[at + 1];
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
	const out = argument("out", join(home, "out"));
	const { names } = await build({ modules: argument("modules"), out, plain: process.argv.includes("--plain") });
	console.log(names.map((name) => relative(process.cwd(), join(out, name))).join("\n"));
}
