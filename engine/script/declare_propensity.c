/* script/declare_propensity.c: how likely an action is accepted, and how that is learned: an action's propensity { },
 * and what the pack says of all of them (explore, control). The formulas are state/model.h's. */
#include "script/declare.h"

#include <math.h>

#define START_DEFAULT 0.1     /* propensity of an action nobody has tried */
#define EVIDENCE_DEFAULT 50.0 /* outcomes that this start is worth */
#define STRENGTH_DEFAULT 20.0 /* outcomes of its own with which a segment weighs as much as the action's rate */
#define HALF_LIFE_DEFAULT_MS (90LL * 24 * 3600 * 1000)
#define HALF_LIFE_LEAST_MS (24LL * 3600 * 1000)

void read_propensity(lua_State *L, const struct fields *action, struct action_decl *a)
{
	static const char *const allowed[] = { "start", "evidence", "by", "strength", "half_life", "explore", NULL };
	a->propensity = (struct model_prior){ START_DEFAULT, EVIDENCE_DEFAULT, STRENGTH_DEFAULT, HALF_LIFE_DEFAULT_MS, 0 };
	a->explore = NAN;
	if (!fields_push(action, "propensity"))
		return;
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "%s: propensity", action->what);
	struct fields f = fields_open(L, -1, what.data, action->place, allowed);
	struct model_prior *p = &a->propensity;
	p->start = fields_number(&f, "start", 0, 1, START_DEFAULT);
	p->evidence = fields_number(&f, "evidence", 0, 1e6, EVIDENCE_DEFAULT);
	p->strength = fields_number(&f, "strength", 0, 1e6, STRENGTH_DEFAULT);
	p->half_life_ms = fields_ms(&f, "half_life", HALF_LIFE_DEFAULT_MS);
	a->explore = fields_number(&f, "explore", 0, 1, NAN);
	a->by = fields_texts(&f, "by", false, &a->by_count);
	if (p->half_life_ms < HALF_LIFE_LEAST_MS)
		fields_fail(&f, "half_life must be at least a day (\"1d\"): what is older counts half");
	if (a->by_count > LIMIT_MODEL_BY)
		fields_fail(&f, "by has more than %u names (limit_model_by)", LIMIT_MODEL_BY);
	for (unsigned i = 0; i < a->by_count; i++)
		for (unsigned k = 0; k < i; k++)
			if (a->by[k] == a->by[i])
				fields_fail(&f, "by: \"%s\" is listed twice", a->by[i]->data);
	lua_pop(L, 1);
}

void read_learning(const struct fields *pack, struct pack *p)
{
	p->explore = fields_number(pack, "explore", 0, 1, 0);
	p->control = fields_number(pack, "control", 0, 1, 0);
	p->holdout = fields_number(pack, "holdout", 0, HOLDOUT_MOST, 0);
}

/* The names that segments are made of, as one number: a model that was made of others begins its segments anew. */
static uint32_t by_identity(const struct action_decl *a)
{
	struct bytes b = { 0 };
	for (unsigned i = 0; i < a->by_count; i++)
		bytes_put_string(&b, str_slice(a->by[i]));
	uint32_t id = a->by_count ? (uint32_t)hash64(bytes_slice(&b), 0) | 1 : 0;
	bytes_finish(&b);
	return id;
}

void pack_index_learning(struct pack *p)
{
	for (unsigned i = 0; i < p->action_count; i++) {
		struct action_decl *a = &p->actions[i];
		a->propensity.by = by_identity(a);
		if (isnan(a->explore))
			a->explore = p->explore;
		a->by_facts = arena_alloc(&p->arena, (a->by_count + 1) * sizeof(*a->by_facts));
		for (unsigned k = 0; k < a->by_count; k++)
			a->by_facts[k] = pack_fact(p, a->by[k]);
		p->explores |= a->explore > 0;
		if (isnan(a->holdout))
			a->holdout = p->holdout;
		p->holds_out |= a->holdout > 0;
	}
}
