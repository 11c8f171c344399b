/* tests/unit/pack_town.h: a town for the tests of packs: a pack from its folder at work in memory (workbench/world.h),
 * with everybody whom events concern. */
#ifndef TESTS_PACK_TOWN_H
#define TESTS_PACK_TOWN_H

#include "base/check.h"
#include "base/error.h"
#include "events.h"
#include "workbench/world.h"

static inline void town_must(int result, const char *folder)
{
	if (result == ERR_OK)
		return;
	fprintf(stderr, "%s: %s\n", folder, error_last()->text);
	abort();
}

static inline struct bundle town_bundle(const char *folder)
{
	struct bundle b;
	town_must(bundle_read(&b, folder), folder);
	town_must(bundle_resolve_zone(&b), folder);
	return b;
}

static inline struct world *town_create(const char *folder)
{
	struct world *w = world_create();
	struct bundle b = town_bundle(folder);
	town_must(world_load(w, &b), folder);
	bundle_finish(&b);
	world_clear(w, 0);
	return w;
}

static inline struct record *town_customer(struct world *w, const char *id)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, slice_of(id));
	return world_record(w, &s, true);
}

/* One event, received when it happened. */
static inline void town_event(struct world *w, struct event *e)
{
	bool applied;
	world_pass(w, e->time_ms);
	CHECK(world_event(w, e, &applied) == ERR_OK && applied);
}

static inline const struct rule_decl *town_rule(const struct world *w, const char *name)
{
	for (unsigned i = 0; i < w->m.pack->rule_count; i++)
		if (slice_equal(str_slice(w->m.pack->rules[i].name), slice_of(name)))
			return &w->m.pack->rules[i];
	CHECK(!"such a rule");
	return NULL;
}

static inline uint64_t town_fired(const struct world *w, const char *rule)
{
	return counter_get(&town_rule(w, rule)->fired);
}

static inline void town_nothing_failed(const struct world *w)
{
	for (unsigned i = 0; i < w->m.pack->rule_count; i++) {
		const struct rule_decl *r = &w->m.pack->rules[i];
		if (counter_get(&r->failed)) {
			fprintf(stderr, "%s failed: %s\n", r->name->data, r->last_error);
			abort();
		}
	}
}

#endif
