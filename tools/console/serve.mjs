// serve.mjs: the console while it is being written: bundled anew for each visit of the page, everything else asked of a
// running daemon. Not for anybody else: there is no login, and no protection.
//
//     node serve.mjs --modules DIR [--api http://127.0.0.1:8787] [--port 8790]
import { createServer, request } from "node:http";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.mjs";

function argument(name, otherwise) {
	const at = process.argv.indexOf("--" + name);
	return at < 0 ? otherwise : process.argv[at + 1];
}

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", css: "text/css" };
const api = new URL(argument("api", "http://127.0.0.1:8787"));
const out = mkdtempSync(join(tmpdir(), "nudged-console-"));

async function serveFile(name, res) {
	if (name === "index.html")
		await build({ modules: argument("modules"), out, plain: true });
	res.writeHead(200, { "Content-Type": TYPES[name.split(".").pop()], "Cache-Control": "no-store" });
	res.end(readFileSync(join(out, name)));
}

function pass(req, res) {
	const headers = { ...req.headers, host: api.host };
	if (headers.origin)
		headers.origin = api.origin;
	const asked = request({ host: api.hostname, port: api.port, method: req.method, path: req.url, headers }, (answer) => {
		res.writeHead(answer.statusCode, answer.headers);
		answer.pipe(res);
	});
	asked.on("error", () => res.destroy());
	res.on("close", () => asked.destroy());
	req.pipe(asked);
}

process.on("exit", () => rmSync(out, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"])
	process.on(signal, () => process.exit(0));

createServer(async (req, res) => {
	const path = new URL(req.url, "http://x").pathname;
	const file = /^\/console\/(|index\.html|console\.\w+\.(?:js|css))$/.exec(path);
	try {
		if (path === "/" || path === "/console")
			res.writeHead(302, { Location: "/console/" }).end();
		else if (file)
			await serveFile(file[1] || "index.html", res);
		else
			pass(req, res);
	} catch (error) {
		res.writeHead(500, { "Content-Type": "text/plain" }).end(String(error.message));
	}
}).listen(Number(argument("port", "8790")), "127.0.0.1", function () {
	console.log(`http://127.0.0.1:${this.address().port}/console/`);
});
