// What the daemon's answers mean for the desk: plain functions of a Customer message.

const HOURS_4 = 4 * 3600e3;

export function attribute(holder, name) {
	return holder?.attributes.find((h) => h.attribute.name === name)?.attribute.value;
}

export const present = (customer) => customer.members.filter((m) => !m.left_ms);

export function memberName(customer, id) {
	if (!id)
		return "";
	const first = attribute(customer.members.find((m) => m.id === id), "first_name");
	return first ? `${first}` : id;
}

// "Nguyen", else the id.
export const customerName = (customer) => attribute(customer, "name") ?? customer.id;

// The conversation that goes on: begun less than four hours ago, and not ended.
export function openContact(customer, now) {
	const over = new Set(customer.timeline.filter((m) => /\.(ended|abandoned)$/.test(m.type)).map((m) => m.contact));
	return customer.timeline.findLast((m) => m.type.endsWith(".started") && m.contact && !over.has(m.contact) &&
		now - m.time_ms < HOURS_4);
}

export const openAlerts = (customer) =>
	customer.alerts.filter((a) => a.kind === "alert" && a.state === "open").sort((a, b) => b.time_ms - a.time_ms);

export const openCases = (customer) => customer.cases.filter((c) => c.state === "open").sort((a, b) => a.opened_ms - b.opened_ms);

// Moods as conversations ended, oldest first.
export function moods(customer) {
	return customer.timeline.filter((m) => typeof m.fields.mood_end === "number" || typeof m.fields.mood === "number")
		.map((m) => ({ time_ms: m.time_ms, mood: m.fields.mood_end ?? m.fields.mood }));
}

// A score is made of the parts that are known. Of somebody new that is how long they have been here, and little else: 0 of 100
// would say that it stands badly, where nothing has happened yet.
const ENOUGH = 1 / 3; // of the weights
export const enoughKnown = (r) => Boolean(r?.known && r.share >= ENOUGH);

export const toneOfScore = (score) => (score >= 70 ? "good" : score >= 45 ? "warn" : "bad");
export const toneOfMood = (mood) => (mood <= -0.4 ? "bad" : mood <= -0.15 ? "warn" : mood > 0.3 ? "good" : undefined);

const KINDS = { contact: "contact", callback: "contact", complaint: "contact", survey: "contact" };
const kindOf = (type) => KINDS[type.split(".")[0]] ?? "other";

// One line of the timeline: {key, time_ms, kind, events | outcome | nudge}. What happened in one contact is one line.
export function lines(customer) {
	const all = [], contacts = new Map();
	for (const m of customer.timeline) {
		const open = m.contact && contacts.get(m.contact);
		if (open) {
			open.events.push(m);
			open.time_ms = Math.max(open.time_ms, m.time_ms);
			continue;
		}
		const line = { key: `${m.time_ms}-${m.type}-${m.contact}`, time_ms: m.time_ms, kind: kindOf(m.type), events: [m] };
		if (m.contact)
			contacts.set(m.contact, line);
		all.push(line);
	}
	for (const o of customer.outcomes)
		all.push({ key: `${o.time_ms}-${o.action}-${o.kind}`, time_ms: o.time_ms, kind: "offer", outcome: o });
	for (const a of customer.alerts.filter((a) => a.kind === "nudge"))
		all.push({ key: `nudge-${a.seq}`, time_ms: a.time_ms, kind: "offer", nudge: a });
	return all.sort((a, b) => b.time_ms - a.time_ms);
}
