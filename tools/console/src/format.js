// Numbers, times and durations as people write them, in the language of the page. Times are told in the pack's zone, where
// its customers live, not in the browser's.
import { language } from "./text.js";

let zone; // undefined: the browser's
let currency = "";

export function setPlace(place) {
	zone = place.zone || undefined;
	currency = place.currency || "";
}

export function zoneName() {
	return zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const made = new Map();

function formatter(Kind, options) {
	const key = `${Kind.name} ${language()} ${zone} ${JSON.stringify(options)}`;
	if (!made.has(key))
		made.set(key, new Kind(language(), options));
	return made.get(key);
}

function inZone(ms, options) {
	if (ms === undefined || ms === null || ms === "")
		return "";
	return formatter(Intl.DateTimeFormat, { timeZone: zone, hourCycle: "h23", ...options }).format(new Date(Number(ms)));
}

export const time = (ms) => inZone(ms, { hour: "2-digit", minute: "2-digit" });
export const timeSeconds = (ms) => inZone(ms, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const date = (ms) => inZone(ms, { day: "numeric", month: "short", year: "numeric" });
export const dayMonth = (ms) => inZone(ms, { day: "numeric", month: "short" });
export const dateTime = (ms) =>
	inZone(ms, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
// "2026-06-27" in the zone: to group by day.
export function dayKey(ms) {
	return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" }).format(new Date(Number(ms)));
}

// "2026-07-01T09:30", as a clock on a wall in the zone shows the instant, and the instant that it shows so: what a field of
// kind datetime-local holds.
export const wallOf = (ms) =>
	new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(ms).replace(" ", "T");

export function instantOf(text) {
	const offset = (ms) => {
		const wall = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }).format(ms);
		return Date.parse(wall.replace(" ", "T") + "Z") - ms;
	};
	const asUtc = Date.parse(text + ":00Z"), near = asUtc - offset(asUtc);
	return asUtc - offset(near); // the offset there, not that at the same time in UTC: they differ around a change of clocks
}

export function number(value, digits = 0) {
	return formatter(Intl.NumberFormat, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Number(value));
}

// As many digits as it has, up to `most`.
export function plain(value, most = 2) {
	return formatter(Intl.NumberFormat, { maximumFractionDigits: most }).format(Number(value));
}

// 12,345 -> "12.3K"
export function short(value) {
	return formatter(Intl.NumberFormat, { notation: "compact", maximumFractionDigits: 1 }).format(Number(value));
}

export function percent(share, digits = 0) {
	return formatter(Intl.NumberFormat, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits })
		.format(Number(share));
}

export function money(minor, code = currency) {
	if (!code)
		return number(minor);
	const f = formatter(Intl.NumberFormat, { style: "currency", currency: code });
	return f.format(Number(minor) / 10 ** f.resolvedOptions().maximumFractionDigits);
}

const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

export function bytes(value) {
	let amount = Number(value), at = 0;
	while (amount >= 1024 && at < BYTE_UNITS.length - 1) {
		amount /= 1024;
		at++;
	}
	return formatter(Intl.NumberFormat, {
		style: "unit", unit: BYTE_UNITS[at], unitDisplay: at ? "short" : "long", maximumFractionDigits: at && amount < 100 ? 1 : 0,
	}).format(amount);
}

const SPANS = [["day", 86400e3], ["hour", 3600e3], ["minute", 60e3], ["second", 1e3]];

function unit(amount, name) {
	return formatter(Intl.NumberFormat, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 0 }).format(amount);
}

// "3 days", "2 hr 5 min", "42 ms", "8 us"
export function duration(ms) {
	const left = Number(ms);
	if (left < 1000) // the signs are the same in every language; Vietnamese would spell them out
		return left < 1 ? `${plain(left * 1000, 0)} µs` : `${plain(left, left < 10 ? 1 : 0)} ms`;
	const at = SPANS.findIndex(([, span]) => left >= span);
	const [name, span] = SPANS[at];
	const whole = Math.floor(left / span), next = SPANS[at + 1];
	const rest = next ? Math.floor((left - whole * span) / next[1]) : 0;
	return unit(whole, name) + (rest && whole < 10 ? " " + unit(rest, next[0]) : "");
}

// "5 minutes ago", "in 2 days", relative to `now` (the daemon's: its clock may be simulated).
export function ago(ms, now = Date.now()) {
	const f = formatter(Intl.RelativeTimeFormat, { numeric: "auto" });
	const passed = Number(ms) - Number(now);
	for (const [name, span] of SPANS)
		if (Math.abs(passed) >= span)
			return f.format(Math.trunc(passed / span), name);
	return f.format(0, "second");
}
