// Finding a customer: by another name in full (a phone number, an address), and by what people remember of them: the beginnings
// of names, ids and numbers. Where the index is being made anew, by their id too.
import { enc, get, query, readState } from "../api.js";
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

async function byAlias(text, options) {
	const whose = await get(`/v1/aliases/${enc(text)}`, options);
	if (whose.provisional)
		return [];
	const customer = await readState({ customer: whose.customer }, options);
	return [{ id: customer.id, member: whose.member, label: label(customer), matched: text, why: "alias" }];
}

async function byId(text, options) {
	const customer = await readState({ customer: text }, options);
	return [{ id: customer.id, label: label(customer), matched: customer.id, why: "id" }];
}

async function byText(text, options) {
	const answer = await get(`/v1/customers/search${query({ text, limit: 8 })}`, options);
	const hits = answer.customers.map((c) => {
		const place = c.matched[0] ?? {};
		return { id: c.customer, member: place.member, label: c.label, matched: place.value, why: place.by === "customer" ? "id" : place.by, attribute: place.name };
	});
	return hits.length || answer.indexed >= 100 ? hits : quietly(byId(text, options));
}

const looksLikeAlias = (text) => /^\+?[\d\s().-]{6,}$/.test(text) || /\S@\S/.test(text);

const hasWords = (text) => /[\p{L}\p{N}]/u.test(text);

// Hits, the surest first; throws where no way could be gone, for another reason than that nothing is known.
export async function find(text, signal) {
	const options = { signal };
	if (!hasWords(text))
		return [];
	const answers = await Promise.all([looksLikeAlias(text) ? quietly(byAlias(text, options)) : [], quietly(byText(text, options))]);
	const hits = answers.flatMap((a) => (Array.isArray(a) ? a : []));
	const lost = answers.find((a) => a.problem && !["missing", "invalid"].includes(a.problem.code));
	if (!hits.length && lost)
		throw lost.problem;
	return hits.filter((hit, at) => hits.findIndex((other) => other.id === hit.id) === at);
}
