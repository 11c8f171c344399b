/* tests/unit/decide_world.h: a machine with a pack given as Lua text and one customer's record, for the tests of
 * decide/. */
#ifndef TESTS_DECIDE_WORLD_H
#define TESTS_DECIDE_WORLD_H

#include "base/check.h"
#include "base/error.h"
#include "decide/eval.h"
#include "events.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

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

#endif
