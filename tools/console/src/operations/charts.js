// What is drawn over time. lines: [key of the figure, its words, how it is read]; format: of the values; log: powers of ten.
import { bytes, duration, number, percent, plain } from "../format.js";

// Round steps: of bytes by 1,024, of things that are counted by whole ones.
const BY_1024 = Array.from({ length: 44 }, (_, at) => 2 ** at);
const WHOLE = Array.from({ length: 12 }, (_, at) => [1, 2, 5].map((n) => n * 10 ** at)).flat();

const us = (v) => duration(v / 1000);
const rate = (v) => (v >= 1000 ? number(v) : plain(v, v < 10 ? 2 : 1));
const perSecond = (v) => bytes(v);
const share = (v) => percent(v / 100);
const whole = (v) => number(v);

const latency = (name) => ["p50", "p99", "p999", "max"].map((p) => [`${name}_${p}`, `operations.line.${p}`, "time"]);

export const CHARTS = [
	{ name: "traffic", format: rate, lines: [["events", "operations.line.events", "rate"], ["queries", "operations.line.queries", "rate"],
		["recommendations", "operations.line.recommendations", "rate"]] },
	{ name: "publish", format: us, log: true, lines: latency("publish") },
	{ name: "recommend", format: us, log: true, lines: latency("recommend") },
	{ name: "sync", format: us, log: true, lines: latency("sync") },
	{ name: "written", format: perSecond, steps: BY_1024, lines: [["journal_bytes", "operations.line.journal_bytes", "rate"]] },
	{ name: "batch", format: rate, lines: [["batch_mean", "operations.line.batch_mean", "level"]] },
	{ name: "kept", format: bytes, steps: BY_1024, lines: [["journal_kept", "operations.line.journal_kept", "level"],
		["journal_tail", "operations.line.journal_tail", "level"], ["store_bytes", "operations.line.store_bytes", "level"]] },
	{ name: "memory", format: bytes, steps: BY_1024, lines: [["memory", "operations.line.memory", "level"],
		["record_bytes", "operations.line.record_bytes", "level"]] },
	{ name: "busy", format: share, shards: "shard_busy", top: 100 },
	{ name: "refused", format: rate, lines: [["refusals", "operations.line.refusals", "rate"],
		["duplicates", "operations.line.duplicates", "rate"], ["fallbacks", "operations.line.fallbacks", "rate"],
		["denied", "operations.line.denied", "rate"]] },
	{ name: "open", format: whole, steps: WHOLE, lines: [["open_critical", "operations.severity.critical", "level"],
		["open_high", "operations.severity.high", "level"], ["open_medium", "operations.severity.medium", "level"],
		["open_low", "operations.severity.low", "level"], ["open_nudges", "operations.severity.nudge", "level"]] },
	{ name: "clients", format: whole, steps: WHOLE, lines: [["connections", "operations.line.connections", "level"],
		["http_connections", "operations.line.http_connections", "level"], ["followers", "operations.line.followers", "level"]] },
];

export const FORMAT = { us, rate, share, bytes };
