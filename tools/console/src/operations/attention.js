// What is out of the ordinary, in words: [{tone, key, values}]. The thresholds are told with the sentence.
import { bytes, duration, percent } from "../format.js";
import { spelled } from "../pack.js";
import { AS, highest, latest, total } from "./history.js";

export const SLOW_US = 50_000; // publish, 99 of 100
export const BUSY = 80;        // percent of a shard's time
const TAIL_MANY = 512 * 1024 * 1024;

const shareText = (share) => (share < 0.001 ? "< " + percent(0.001, 1) : percent(share, 1));

function gauge(status, name) {
	return status.gauges.find((g) => g.name === name)?.value ?? 0;
}

function ofStatus(s) {
	const found = [];
	const add = (tone, key, values) => found.push({ tone, key, values });
	if (s.storage_refusing)
		add("bad", "storage", { free: bytes(s.free_bytes) });
	if (s.rules_aside)
		add("bad", "aside", { count: s.rules_aside });
	if (s.open_critical)
		add("bad", "critical", { count: s.open_critical });
	if (!s.pack)
		add("warn", "no-pack", {});
	if (gauge(s, "decision_log_behind") > 10000)
		add("warn", "log-behind", { count: gauge(s, "decision_log_behind") });
	if (gauge(s, "tokens_refused"))
		add("warn", "tokens", {});
	if (s.recovery?.dropped_bytes)
		add("info", "dropped", { size: bytes(s.recovery.dropped_bytes) });
	return found;
}

function ofHistory(h) {
	const found = [];
	const add = (tone, key, values) => found.push({ tone, key, values });
	const refused = total(h, "refusals"), denied = total(h, "denied"), late = total(h, "fallbacks");
	if (refused)
		add("warn", "refused", { count: refused, share: shareText(refused / (refused + total(h, "events"))) });
	if (denied)
		add("warn", "denied", { count: denied });
	if (late)
		add("warn", "late", { count: late });
	const slow = latest(h.values.publish_p99 ?? []);
	if (slow > SLOW_US)
		add("warn", "slow", { time: duration(slow / 1000), limit: duration(SLOW_US / 1000) });
	for (const [key, values] of Object.entries(h.values))
		if (key.startsWith("shard_busy/") && latest(values) > BUSY)
			add("warn", "busy", { number: key.split("/")[1], share: percent(latest(values) / 100), limit: percent(BUSY / 100) });
	const tail = highest(AS.level(h, "journal_tail").slice(-1));
	if (tail > TAIL_MANY)
		add("warn", "tail", { size: bytes(tail), limit: bytes(TAIL_MANY) });
	return found;
}

function ofAgents(agents) {
	const strained = agents.filter((a) => a.strain.level);
	return strained.length ? [{ tone: "warn", key: "strain", values: { count: strained.length, names: strained.map((a) => `${a.id} (${spelled("strain", a.strain.level) ?? a.strain.level})`).join(", ") } }] : [];
}

export function outOfTheOrdinary(status, history, agents) {
	return [...(status ? ofStatus(status) : []), ...(history ? ofHistory(history) : []), ...(agents ? ofAgents(agents) : [])];
}
