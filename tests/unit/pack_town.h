/* tests/unit/pack_town.h: a town for the tests of packs: one machine with a pack from its folder, and the records of
 * everybody whom events concern: customers, agents, areas. What an entry does to other subjects is applied at once, due
 * timers fire before the next event of their customer: what a shard does, without journal and store. */
#ifndef TESTS_PACK_TOWN_H
#define TESTS_PACK_TOWN_H

#include "decide_world.h"

#define TOWN_SLOTS 16384u

typedef void (*town_saw)(void *arg, struct record *r, const struct applied *out);

struct town {
	struct machine m;
	struct record *records[TOWN_SLOTS]; /* open addressing by the subject's text */
	unsigned record_count;
	struct apply_input in;
	struct applied out;
	uint64_t seq;
	town_saw saw; /* after each entry, of events, effects and timers */
	void *arg;
};

static inline struct pack *town_pack(struct strpool *pool, const char *folder)
{
	struct bundle b = { 0 };
	struct pack *p = NULL;
	if (bundle_read(&b, folder) != ERR_OK || bundle_resolve_zone(&b) != ERR_OK ||
	    pack_load(&p, &b, pool) != ERR_OK) {
		fprintf(stderr, "%s: %s\n", folder, error_last()->text);
		abort();
	}
	bundle_finish(&b);
	return p;
}

static inline struct town *town_create(const char *folder)
{
	struct town *t = calloc(1, sizeof(*t));
	CHECK(t);
	machine_init(&t->m);
	machine_set_pack(&t->m, town_pack(t->m.pool, folder));
	return t;
}

static inline void town_destroy(struct town *t)
{
	for (unsigned i = 0; i < TOWN_SLOTS; i++)
		record_destroy(t->records[i], t->m.pool);
	machine_finish(&t->m);
	free(t);
}

static inline struct record *town_record(struct town *t, const struct subject *s)
{
	unsigned at = (unsigned)hash64(subject_id(s), s->kind) % TOWN_SLOTS;
	while (t->records[at]) {
		const struct subject *have = &t->records[at]->subject;
		if (have->kind == s->kind && slice_equal(subject_id(have), subject_id(s)))
			return t->records[at];
		at = (at + 1) % TOWN_SLOTS;
	}
	CHECK(++t->record_count < TOWN_SLOTS / 2);
	t->records[at] = record_create(s);
	return t->records[at];
}

static inline struct record *town_customer(struct town *t, const char *id)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, slice_of(id));
	return town_record(t, &s);
}

static inline struct record *town_agent(struct town *t, const char *id)
{
	struct subject s = subject_of(SUBJECT_AGENT, slice_of(id));
	return town_record(t, &s);
}

static inline void town_settle(struct town *t, struct record *r)
{
	r->seq = ++t->seq;
	applied_set_seq(&t->out, t->seq);
	if (t->saw)
		t->saw(t->arg, r, &t->out);
}

/* Effects of t->out, whose bodies lie in the machine's arena; they cause no effects of their own. */
static inline void town_effects(struct town *t, const struct event *e)
{
	unsigned count = t->out.effect_count;
	struct effect effects[LIMIT_ENTRY_EFFECTS];
	memcpy(effects, t->out.effects, count * sizeof(*effects));
	for (unsigned i = 0; i < count; i++) {
		struct record *target = town_record(t, &effects[i].target);
		machine_apply_effect(&t->m, target, effects[i].kind, effects[i].body, e, &t->in, &t->out);
		town_settle(t, target);
	}
}

static inline void town_fire_due(struct town *t, struct record *r, int64_t now_ms)
{
	while (timers_next_fire(r) <= now_ms) {
		unsigned due = 0;
		for (unsigned i = 1; i < r->rare->timer_count; i++)
			if (r->rare->timers[i].fire_ms < r->rare->timers[due].fire_ms)
				due = i;
		struct timer timer = r->rare->timers[due];
		arena_reset(&t->m.arena);
		machine_apply_timer(&t->m, r, &timer, &t->in, &t->out);
		town_settle(t, r);
		town_effects(t, NULL);
	}
}

/* One event, received when it happened. */
static inline void town_event(struct town *t, const struct event *e)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, e->customer);
	struct record *r = town_record(t, &s);
	if (e->time_ms > t->in.received_at_ms)
		t->in.received_at_ms = e->time_ms;
	town_fire_due(t, r, t->in.received_at_ms);
	arena_reset(&t->m.arena);
	machine_apply_event(&t->m, r, e, &t->in, &t->out);
	town_settle(t, r);
	town_effects(t, e);
}

static inline const struct rule_decl *town_rule(const struct town *t, const char *name)
{
	for (unsigned i = 0; i < t->m.pack->rule_count; i++)
		if (slice_equal(str_slice(t->m.pack->rules[i].name), slice_of(name)))
			return &t->m.pack->rules[i];
	CHECK(!"such a rule");
	return NULL;
}

static inline uint64_t town_fired(const struct town *t, const char *rule)
{
	return counter_get(&town_rule(t, rule)->fired);
}

static inline void town_nothing_failed(const struct town *t)
{
	for (unsigned i = 0; i < t->m.pack->rule_count; i++) {
		const struct rule_decl *r = &t->m.pack->rules[i];
		if (counter_get(&r->failed)) {
			fprintf(stderr, "%s failed: %s\n", r->name->data, r->last_error);
			abort();
		}
	}
}

#endif
