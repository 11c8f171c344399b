/* shard/recent.c: see recent.h. */
#include "shard/recent.h"

#include "base/check.h"

#include <stdlib.h>

/* False: there is no place for it. */
static bool add(struct recent_decision *p, const struct action_decl *action)
{
	if (!action)
		return true;
	if (p->action_count == LIMIT_RECENT_ACTIONS)
		return false;
	p->actions[p->action_count++] = action->name->hash;
	return true;
}

void recent_note(struct recent *r, uint64_t count, const struct decision *d)
{
	if (!r->places)
		r->places = must_calloc(LIMIT_RECENT_DECISIONS, sizeof(r->places[0]));
	struct recent_decision *p = &r->places[count % LIMIT_RECENT_DECISIONS];
	bool whole = true;
	p->action_count = 0;
	for (unsigned i = 0; i < d->choice_count; i++) {
		const struct choice *c = &d->choices[i];
		whole &= add(p, c->action);
		for (unsigned k = 0; k < c->next_count; k++)
			whole &= add(p, c->next[k].action);
	}
	for (unsigned i = 0; i < d->offer_count; i++)
		whole &= add(p, d->offers[i]->action);
	p->count = whole ? count : 0;
}

bool recent_differs(const struct recent *r, uint64_t count, const struct str *action)
{
	const struct recent_decision *p = r->places ? &r->places[count % LIMIT_RECENT_DECISIONS] : NULL;
	if (!p || p->count != count)
		return false;
	for (unsigned i = 0; i < p->action_count; i++)
		if (action && p->actions[i] == action->hash)
			return false;
	return true;
}

void recent_finish(struct recent *r)
{
	free(r->places);
	r->places = NULL;
}
