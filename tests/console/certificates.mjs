// certificates.mjs: whoever signs the certificates of the daemons here, as the README says how to make one by hand (openssl). The
// browser trusts its key and no other: that is said when it is started (see browser.mjs), and nothing of the machine is changed.
import { execFileSync } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const SAN = "subjectAltName=DNS:localhost,IP:127.0.0.1";
const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });

export function makeAuthority() {
	const folder = mkdtempSync(join(tmpdir(), "nudged-console-tls-")), at = (name) => join(folder, name);
	let count = 0;
	openssl("req", "-x509", "-days", "2", "-subj", "/CN=trial authority", ...KEY, "-keyout", at("ca.key"), "-out", at("ca.pem"));
	const spki = new X509Certificate(readFileSync(at("ca.pem"))).publicKey.export({ type: "spki", format: "der" });
	return {
		trust: createHash("sha256").update(spki).digest("base64"),
		// A new certificate and key into the place of those, as certbot does it; with the authority's behind it, as the browser
		// knows that one. Its serial number.
		sign(cert, key) {
			const stem = at(`of-${++count}`);
			openssl("req", ...KEY, "-subj", "/CN=localhost", "-keyout", stem + ".key", "-out", stem + ".csr");
			writeFileSync(stem + ".ext", SAN);
			openssl("x509", "-req", "-in", stem + ".csr", "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-set_serial", String(count + 100),
				"-days", "2", "-extfile", stem + ".ext", "-out", stem + ".crt");
			writeFileSync(stem + ".chain", readFileSync(stem + ".crt", "utf8") + readFileSync(at("ca.pem"), "utf8"));
			renameSync(stem + ".chain", cert);
			renameSync(stem + ".key", key);
			return new X509Certificate(readFileSync(cert)).serialNumber;
		},
		remove: () => rmSync(folder, { recursive: true, force: true }),
	};
}
