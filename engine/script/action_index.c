/* script/action_index.c: what concerns an action and is the same at every decision, settled once all of a pack is
 * declared: the policies that may hold it back, and what its levers come to. */
#include "script/declare.h"

#include <math.h>

static bool names(const struct str *wanted, const struct str *have)
{
	return !wanted || wanted == have;
}

static bool covers(const struct policy_decl *p, const struct action_decl *a)
{
	return names(p->goal, a->goal) && names(p->group, a->group) && names(p->action, a->name) &&
	       (!p->hard || a->effort == EFFORT_HARD);
}

static void index_policies(struct pack *p, struct action_decl *a)
{
	unsigned count = 0;
	for (unsigned i = 0; i < p->policy_count; i++)
		count += covers(&p->policies[i], a);
	a->policies = arena_alloc(&p->arena, (count + 1) * sizeof(*a->policies));
	for (unsigned i = 0; i < p->policy_count; i++)
		if (covers(&p->policies[i], a))
			a->policies[a->policy_count++] = (uint16_t)i;
}

static double levers_of(const struct pack *p, const struct action_decl *a)
{
	double levers = a->lever;
	bool goal = isnan(a->goal_setting), group = isnan(a->group_setting);
	for (unsigned i = 0; i < p->lever_count && goal; i++)
		if (p->levers[i].goal == a->goal)
			levers *= p->levers[i].lever;
	for (unsigned i = 0; i < a->above_count; i++)
		if (p->above[a->above[i]].group ? group : goal)
			levers *= p->above[a->above[i]].lever;
	return levers * (goal ? 1 : a->goal_setting) * (group ? 1 : a->group_setting);
}

void actions_index(struct pack *p)
{
	pack_index_learning(p);
	for (unsigned i = 0; i < p->action_count; i++) {
		index_policies(p, &p->actions[i]);
		p->actions[i].levers = levers_of(p, &p->actions[i]);
	}
	budgets_index(p);
}
