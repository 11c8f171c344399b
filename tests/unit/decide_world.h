/* tests/unit/decide_world.h: a machine with a pack given as Lua text and one customer's record, for the tests of
 * decide/. */
#ifndef TESTS_DECIDE_WORLD_H
#define TESTS_DECIDE_WORLD_H

#include "base/check.h"
#include "base/error.h"
#include "decide/eval.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define T0 (1700000000000LL / DAY * DAY) /* a midnight, UTC */

struct world {
	struct machine m;
	struct record *r;
	struct applied out;
	struct apply_input in;
	uint64_t seq, ids;
};

static inline struct pack *world_pack(struct strpool *pool, const char *lua)
{
	struct bundle b = { 0 };
	struct pack *p = NULL;
	CHECK(bundle_add(&b, SLICE("pack.lua"), slice_of(lua)) == ERR_OK);
	if (pack_load(&p, &b, pool) != ERR_OK) {
		fprintf(stderr, "pack: %s\n", error_last()->text);
		abort();
	}
	bundle_finish(&b);
	return p;
}

static inline struct record *world_record(enum subject_kind kind, const char *id)
{
	struct subject s = subject_of(kind, slice_of(id));
	return record_create(&s);
}

static inline void world_init(struct world *w, const char *lua)
{
	memset(w, 0, sizeof(*w));
	machine_init(&w->m);
	machine_set_pack(&w->m, world_pack(w->m.pool, lua));
	w->r = world_record(SUBJECT_CUSTOMER, "c1");
	w->in.received_at_ms = T0;
}

static inline void world_finish(struct world *w)
{
	record_destroy(w->r, w->m.pool);
	machine_finish(&w->m);
}

/* "agent=anna mood=-0.5 vip=true": fields by their names, everything else an attribute. The text must live as long as
 * the event. */
struct world_event {
	struct event e;
	struct event_attr attrs[LIMIT_ATTRIBUTES];
	char id[24];
};

static inline bool world_field(struct event *e, struct slice name, struct slice v)
{
	static const char *const names[] = { "agent", "member", "channel", "contact", "id", "source" };
	struct slice *const fields[] = { &e->agent, &e->member, &e->channel, &e->contact, &e->id, &e->source };
	for (unsigned i = 0; i < 6; i++)
		if (slice_equal(name, slice_of(names[i]))) {
			*fields[i] = v;
			return true;
		}
	return false;
}

static inline struct value world_value(struct slice v)
{
	char *end;
	double n = strtod(v.data, &end);
	if (end == v.data + v.len && v.data[0] != '+') /* a phone number is no number */
		return value_number(n);
	if (slice_equal(v, SLICE("true")) || slice_equal(v, SLICE("false")))
		return value_bool(v.data[0] == 't');
	return value_string(v);
}

static inline void world_event_make(struct world_event *we, uint64_t number, const char *customer, const char *type,
				    int64_t time_ms, const char *spec)
{
	memset(we, 0, sizeof(*we));
	snprintf(we->id, sizeof(we->id), "e%llu", (unsigned long long)number);
	we->e.id = slice_of(we->id);
	we->e.source = SLICE("test");
	we->e.customer = slice_of(customer);
	we->e.type = slice_of(type);
	we->e.time_ms = time_ms;
	we->e.attrs = we->attrs;
	while (spec && *spec) {
		const char *eq = strchr(spec, '='), *end = strchrnul(spec, ' ');
		struct slice name = { spec, (size_t)(eq - spec) }, v = { eq + 1, (size_t)(end - eq) - 1 };
		if (!world_field(&we->e, name, v))
			we->attrs[we->e.attr_count++] = (struct event_attr){ name, world_value(v) };
		spec = *end ? end + 1 : end;
	}
	we->e.id_hash = hash64(we->e.id, 1);
	we->e.content_hash = hash64(we->e.type, 2);
}

static inline void world_settle(struct world *w)
{
	w->r->seq = ++w->seq;
	applied_set_seq(&w->out, w->seq);
}

/* One event at once: received when it happened, or at the newest time so far. */
static inline struct applied *world_event(struct world *w, const char *type, int64_t time_ms, const char *spec)
{
	struct world_event we;
	world_event_make(&we, ++w->ids, "c1", type, time_ms, spec);
	if (time_ms > w->in.received_at_ms)
		w->in.received_at_ms = time_ms;
	arena_reset(&w->m.arena);
	machine_apply_event(&w->m, w->r, &we.e, &w->in, &w->out);
	world_settle(w);
	return &w->out;
}

/* The context of a query on the record, for eval_term and eval_fact. */
static inline struct eval *world_context(struct world *w, int64_t now_ms, uint8_t member)
{
	struct eval *e = w->m.eval;
	eval_start(e, NULL);
	e->subject = e->customer = w->r;
	e->now_ms = now_ms;
	e->member = member;
	return e;
}

static inline struct value world_fact_in(struct eval *e, const char *name)
{
	struct str *s = strpool_find(e->m->pool, slice_of(name));
	int fact = s ? pack_fact(e->m->pack, s) : -1;
	CHECK(fact >= 0);
	return eval_fact(e, (unsigned)fact);
}

static inline struct value world_fact(struct world *w, const char *name, int64_t now_ms, uint8_t member)
{
	return world_fact_in(world_context(w, now_ms, member), name);
}

static inline struct value world_attr(const struct record *r, uint8_t member, const char *name)
{
	return attr_value(attrs_get_text(record_attrs(r, member), slice_of(name)));
}

static inline struct rule_decl *world_rule(struct world *w, const char *name)
{
	for (unsigned i = 0; i < w->m.pack->rule_count; i++)
		if (slice_equal(str_slice(w->m.pack->rules[i].name), slice_of(name)))
			return &w->m.pack->rules[i];
	CHECK(!"such a rule");
	return NULL;
}

static inline bool world_is(struct slice s, const char *text)
{
	return slice_equal(s, slice_of(text));
}

#define assert_slice(s, text) \
	do { \
		char got_[4096]; \
		struct slice s_ = (s); \
		snprintf(got_, sizeof(got_), "%.*s", SLICE_ARG(s_)); \
		assert_string_equal(got_, text); \
	} while (0)
#define assert_number(v, n) \
	do { \
		struct value v_ = (v); \
		assert_int_equal(v_.kind, VALUE_NUMBER); \
		assert_true(v_.number > (n) - 1e-9 && v_.number < (n) + 1e-9); \
	} while (0)
#define assert_unknown(v) assert_int_equal((v).kind, VALUE_UNKNOWN)
#define assert_truth(v, b) \
	do { \
		struct value v_ = (v); \
		assert_int_equal(v_.kind, VALUE_BOOL); \
		assert_int_equal(v_.boolean, b); \
	} while (0)

#endif
