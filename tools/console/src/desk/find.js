// Finding a customer: by another name in full (a phone number, an address), by id, and by what people remember of them. Each
// way is asked at once; what one of them refuses, the others may still answer.
import { enc, get, query } from "../api.js";
import { keep, recall } from "../kept.js";
import { attribute, customerName } from "./state.js";

const KEPT = 8;

export function recent() {
	try {
		return JSON.parse(recall("desk.recent") ?? "[]");
	} catch {
		return [];
	}
}

export function remember(customer) {
	const one = { id: customer.id, label: customerName(customer) };
	keep("desk.recent", JSON.stringify([one, ...recent().filter((r) => r.id !== one.id)].slice(0, KEPT)));
}

const quietly = (promise) => promise.catch((problem) => (problem.name === "AbortError" ? Promise.reject(problem) : { problem }));

function label(customer) {
	const lines = customer.members.map((m) => attribute(m, "first_name") ?? m.id).join(", ");
	return [customerName(customer), lines].filter(Boolean).join(" · ");
}

const looksLikeAlias = (text) => /^\+?[\d\s().-]{6,}$/.test(text) || text.includes("@");

async function byAlias(text, options) {
	const whose = await get(`/v1/aliases/${enc(text)}`, options);
	if (whose.provisional && !whose.customer)
		return null;
	const customer = await get(`/v1/customers/${enc(whose.customer)}`, options);
	return { id: customer.id, member: whose.member, label: label(customer), matched: text, why: "alias" };
}

async function byId(text, options) {
	const customer = await get(`/v1/customers/${enc(text)}`, options);
	return { id: customer.id, label: label(customer), matched: customer.id, why: "id" };
}

async function byText(text, options) {
	const answer = await get(`/v1/customers/search${query({ text, limit: 8 })}`, options);
	return answer.customers.map((c) => {
		const place = c.matched[0] ?? {};
		return { id: c.customer, member: place.member, label: c.label, matched: place.value, why: place.by === "customer" ? "id" : place.by, attribute: place.name };
	});
}

// Hits, the surest first; throws where all ways failed for another reason than that nothing is known.
export async function find(text, signal) {
	const options = { signal };
	const answers = await Promise.all([
		looksLikeAlias(text) ? quietly(byAlias(text, options)) : null,
		quietly(byId(text, options)),
		text.length >= 2 ? quietly(byText(text, options)) : null,
	]);
	const hits = answers.flat().filter((hit) => hit && !hit.problem);
	const lost = answers.find((a) => a?.problem && !["missing", "invalid"].includes(a.problem.code));
	if (!hits.length && lost)
		throw lost.problem;
	return hits.filter((hit, at) => hits.findIndex((other) => other.id === hit.id) === at);
}
