// embed.mjs: the console as a C file, for the daemon to carry: fetches what it is made of where the lock file changed, bundles,
// compresses. Called by meson; what goes wrong (no network, mostly) does not fail the build: the daemon then says at /console/
// what it was, and the next build tries again.
//
//     node embed.mjs MODULES OUT.c DEPFILE [NPM]
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { accessSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "./build.mjs";

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8" };
const home = dirname(fileURLToPath(import.meta.url));
const [modules, out, depfile, npm = "npm"] = process.argv.slice(2);

function canWrite(folder) {
	try {
		accessSync(folder, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

// Fetched again only for another lock file.
function fetchModules() {
	const lock = readFileSync(join(home, "package-lock.json"));
	const hash = createHash("sha256").update(lock).digest("hex"), stamp = join(modules, "of");
	if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash)
		return;
	rmSync(modules, { recursive: true, force: true });
	mkdirSync(modules, { recursive: true });
	for (const name of ["package.json", "package-lock.json"])
		cpSync(join(home, name), join(modules, name));
	const env = { ...process.env, npm_config_update_notifier: "false" };
	if (!canWrite(homedir()))
		env.npm_config_cache = resolve(modules, "cache");
	execFileSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=2",
		"--fetch-retry-mintimeout=300", "--fetch-retry-maxtimeout=2000"],
		{ cwd: modules, env, stdio: ["ignore", "ignore", "pipe"], timeout: 300_000 });
	rmSync(join(modules, "cache"), { recursive: true, force: true });
	writeFileSync(stamp, hash);
}

const text = (value) => JSON.stringify(value).replace(/[\u0080-\uffff]/g, "?");

function numbers(bytes) {
	let lines = "";
	for (let at = 0; at < bytes.length; at += 24)
		lines += "\t" + Array.from(bytes.subarray(at, at + 24)).join(",") + ",\n";
	return lines;
}

function fileOf(folder, name, at) {
	const bytes = readFileSync(join(folder, name));
	const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
	const packed = gzipSync(bytes, { level: 9 });
	return {
		array: `static const unsigned char file_${at}[] = {\n${numbers(packed)}};\n`,
		entry: `\t{ ${text(name)}, ${text(TYPES[name.split(".").pop()])}, "\\"${etag}\\"", file_${at}, sizeof(file_${at}), ` +
			`${bytes.length} },\n`,
	};
}

function source(files, missing) {
	return "/* Made by tools/console/embed.mjs. */\n#include \"net/console_files.h\"\n\n" + files.map((f) => f.array).join("") +
		`const struct console_file console_files[] = {\n${files.map((f) => f.entry).join("")}\t{ 0 },\n};\n` +
		`const char *const console_missing = ${missing ? text(missing) : "0"};\n`;
}

function writeChanged(path, content) {
	if (!existsSync(path) || readFileSync(path, "utf8") !== content)
		writeFileSync(path, content);
}

function needs(inputs) {
	const escape = (path) => path.replace(/([ #\\])/g, "\\$1").replace(/\$/g, "$$$$");
	writeFileSync(depfile, `${out}: ${inputs.map(escape).join(" ")}\n`);
}

function leaveOut(error) {
	const why = String(error.stderr || error.message).trim().split("\n")
		.filter((line) => !/warn|^npm (ERR!|error) (A complete log|\s*$)/.test(line));
	console.error(`nudged will be without its console: ${why.slice(0, 6).join("\n")}`);
	writeChanged(out, source([], `npm could not fetch what it is made of (${why.slice(0, 3).join(" ").slice(0, 300)})`));
	needs([resolve(modules, "tried-again-at-the-next-build")]); // is not there: the next build comes here again
}

const folder = mkdtempSync(join(tmpdir(), "nudged-console-"));
try {
	fetchModules();
	const { names, inputs } = await build({ modules: join(modules, "node_modules"), out: folder });
	writeChanged(out, source(names.map((name, at) => fileOf(folder, name, at)), ""));
	needs([...inputs, fileURLToPath(import.meta.url), join(home, "package-lock.json"), join(home, "package.json")]);
} catch (error) {
	if (error.errors) // esbuild: a mistake in the sources, which it has told already
		process.exitCode = 1;
	else
		leaveOut(error);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
