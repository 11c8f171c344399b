/* decide/eval_call.c: Lua calls, numbered; what a Lua function may read.
 *
 * No call happens within a call: budgets are of one call, and a call that replay skips must not take others with it. So
 * the facts that call Lua themselves are computed before a function(c), which might read any of them, begins. */
#include "decide/eval.h"

#include "base/check.h"
#include "base/error.h"

#include <stdio.h>

/* Takes the call's number. False: replay skips this call, or the entry has made too many. */
static bool call_begin(struct eval *e, unsigned *number)
{
	*number = e->call_count;
	if (e->call_count >= LIMIT_ENTRY_CALLS) { /* the same when replayed: nothing to record */
		snprintf(e->error, sizeof(e->error), "more than %u Lua calls in one entry (limit_entry_calls)",
			 LIMIT_ENTRY_CALLS);
		e->aborted = true;
		return false;
	}
	e->call_count++;
	return true;
}

static void call_aborted(struct eval *e, unsigned number, const char *why)
{
	if (e->aborted_count == e->aborted_cap) {
		unsigned cap = e->aborted_cap ? 2 * e->aborted_cap : 8;
		uint16_t *grown = arena_alloc(&e->m->arena, cap * sizeof(*grown));
		if (e->aborted_count)
			memcpy(grown, e->aborted_calls, e->aborted_count * sizeof(*grown));
		e->aborted_calls = grown;
		e->aborted_cap = cap;
	}
	e->aborted_calls[e->aborted_count++] = (uint16_t)number;
	e->aborted_total++;
	e->aborted = true;
	snprintf(e->error, sizeof(e->error), "%.255s", why);
}

/* Numbers are taken in order, so the list of those to skip is walked once. */
static bool call_skipped(struct eval *e, unsigned number)
{
	while (e->skip_next < e->skip.count && e->skip.calls[e->skip_next] < number)
		e->skip_next++;
	if (e->skip_next >= e->skip.count || e->skip.calls[e->skip_next] != number)
		return false;
	call_aborted(e, number, "aborted when it was first applied");
	return true;
}

struct value eval_call(struct eval *e, const struct term *t)
{
	if (t->call.context) { /* a gate written as function(c) */
		struct vm_host host = { .arg = e, .read = eval_host_read };
		struct value held = value_unknown();
		return eval_condition(e, t->call.function, &host, &held) ? held : value_unknown();
	}
	struct value *inputs = arena_alloc(&e->m->arena, (t->child_count + 1u) * sizeof(*inputs));
	struct value out = value_unknown();
	unsigned number;
	CHECK(!e->calling);
	for (unsigned i = 0; i < t->child_count; i++)
		inputs[i] = eval_term(e, t->children[i]);
	if (!call_begin(e, &number) || call_skipped(e, number))
		return value_unknown();
	if (vm_call_value(e->m->pack->vm, t->call.function, t->call.names, inputs, t->child_count, &e->m->arena,
			  &out) != ERR_OK) {
		call_aborted(e, number, error_last()->text);
		return value_unknown();
	}
	return out;
}

/* The last first: computing a fact may compute earlier ones for other members, and a fact has one slot. */
static void facts_prepare(struct eval *e)
{
	uint8_t member = e->member;
	bool aborted = e->aborted;
	for (unsigned i = e->calling_fact_count; i > 0; i--) {
		eval_fact(e, e->calling_facts[i - 1]);
		e->member = member;
	}
	e->aborted = aborted; /* what was aborted concerns who reads it */
}

bool eval_condition(struct eval *e, int function, struct vm_host *host, struct value *out)
{
	unsigned number;
	facts_prepare(e);
	if (!call_begin(e, &number) || call_skipped(e, number))
		return false;
	e->calling = true;
	int rc = vm_call_condition(e->m->pack->vm, function, host, &e->m->arena, out);
	e->calling = false;
	if (rc != ERR_OK) {
		call_aborted(e, number, error_last()->text);
		return false;
	}
	return true;
}

bool eval_run(struct eval *e, int function, struct vm_host *host)
{
	unsigned number;
	facts_prepare(e);
	if (!call_begin(e, &number) || call_skipped(e, number))
		return false;
	e->calling = true;
	int rc = vm_call_run(e->m->pack->vm, function, host, &e->m->arena);
	e->calling = false;
	if (rc != ERR_OK) {
		call_aborted(e, number, error_last()->text);
		return false;
	}
	return true;
}

/* A function that reads a fact binds nobody. */
static struct value read_fact(struct eval *e, unsigned fact)
{
	uint8_t member = e->member;
	struct value v = eval_fact(e, fact);
	e->member = member;
	return v;
}

struct value eval_host_read(void *arg, struct slice space, struct slice name)
{
	struct eval *e = arg;
	if (space.len == 0) {
		const struct str *s = strpool_find(e->m->pool, name);
		int fact = s ? pack_fact(e->m->pack, s) : -1;
		if (fact >= 0)
			return read_fact(e, (unsigned)fact);
		return slice_equal(name, SLICE("now")) ? value_number((double)e->now_ms) : eval_name(e, name);
	}
	if (slice_equal(space, SLICE("event")))
		return eval_event(e, name);
	if (slice_equal(space, SLICE("request")))
		return eval_request(e, name);
	if (slice_equal(space, SLICE("attr")))
		return eval_attr_text(e, SCOPE_SUBJECT, name);
	if (slice_equal(space, SLICE("member")))
		return eval_attr_text(e, SCOPE_MEMBER, name);
	if (slice_equal(space, SLICE("customer")))
		return eval_attr_text(e, SCOPE_CUSTOMER, name);
	if (slice_equal(space, SLICE("agent")))
		return eval_attr_text(e, SCOPE_AGENT, name);
	if (slice_equal(space, SLICE("area")))
		return eval_attr_text(e, SCOPE_AREA, name);
	return value_unknown();
}
