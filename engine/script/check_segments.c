/* script/check_segments.c: what can only be checked of segments, campaigns and shares once all files of a pack ran. */
#include "script/declare.h"

static const char **segment_names(lua_State *L, const struct pack *p)
{
	const char **names = arena_calloc(&loader_of(L)->pack->arena, p->segment_count + 1, sizeof(*names));
	for (unsigned i = 0; i < p->segment_count; i++)
		names[i] = p->segments[i].name->data;
	return names;
}

static void check_segment_named(lua_State *L, struct place at, const char *what, const struct str *name)
{
	const struct pack *p = loader_of(L)->pack;
	if (pack_segment(p, name) || check_some_refused(loader_of(L), "segment "))
		return;
	const char *nearest = nearest_name(name->data, segment_names(L, p));
	complain(L, "unknown-reference", at, "%s \"%s\": no such segment%s%s%s", what, name->data,
		 nearest ? "; did you mean \"" : "; declare it, segment \"…\" { when = … }", nearest ? nearest : "",
		 nearest ? "\"?" : "");
}

/* Looked at after many events, by timers and in the background: there is no event then, no agent and no request. */
static void check_state_only(lua_State *L, const struct pack *p, const struct segment_decl *s, const struct term *t)
{
	const struct term *part;
	struct place at = { s->file, s->line };
	const char *what = t->op == TERM_EVENT ? "an event" : check_foreign(t);
	if (what) {
		complain(L, "wrong-subject", at,
			 "segment \"%s\" reads %s (%s:%d); it stands on the customer's state alone, whatever happened last: "
			 "let a rule note it with set", s->name->data, what, t->file, t->line);
		return;
	}
	if (t->op == TERM_SERIES && p->series[t->series.index].by_count && !t->series.key && !t->series.all_keys)
		complain(L, "event-in-segment", at,
			 "segment \"%s\" reads series \"%s\" by the values of the event at hand (%s:%d), and there is none; "
			 "write :with { … } or :all_keys()", s->name->data, p->series[t->series.index].name->data, t->file,
			 t->line);
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		check_state_only(L, p, s, part);
}

/* A segment that stands on another is declared below it: they are looked at in order. */
static void check_order(lua_State *L, const struct pack *p, unsigned index, const struct term *t)
{
	const struct segment_decl *s = &p->segments[index];
	const struct term *part;
	if (t->op == TERM_IN_SEGMENT)
		for (unsigned i = index; i < p->segment_count; i++)
			if (p->segments[i].name == t->name)
				complain(L, "refused", (struct place){ s->file, s->line },
					 "segment \"%s\" stands on \"%s\", which is not declared above it", s->name->data,
					 t->name->data);
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		check_order(L, p, index, part);
}

static void check_campaign(lua_State *L, struct pack *p, struct campaign_decl *c)
{
	struct place at = { c->file, c->line };
	check_segment_named(L, at, "campaign: segment", c->segment_name);
	for (unsigned i = 0; i < p->segment_count; i++)
		if (p->segments[i].name == c->segment_name)
			c->segment = i;
	check_catalogue_name(L, at, "campaign", false, c->action);
	check_catalogue_name(L, at, "campaign", true, c->goal);
	bool any = false; /* an action that is not there was told already */
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		any |= c->action ? a->name == c->action : a->goal == c->goal;
		bool goes = !a->channel_count;
		for (unsigned k = 0; k < a->channel_count && !goes; k++)
			goes = a->channels[k] == c->channel;
		if ((c->action ? a->name == c->action : a->goal == c->goal) && goes)
			return;
	}
	if (any && !check_some_refused(loader_of(L), "action "))
		complain(L, "unreachable-nudge", at, "campaign \"%s\": %s \"%s\" does not go by channel \"%s\"; add it to channels",
			 c->name->data, c->action ? "action" : "no action of goal", c->action ? c->action->data : c->goal->data,
			 c->channel->data);
}

void check_segments(lua_State *L)
{
	struct loader *l = loader_of(L);
	struct pack *p = l->pack;
	for (unsigned i = 0; i < p->segment_count; i++) {
		check_state_only(L, p, &p->segments[i], p->segments[i].when);
		check_order(L, p, i, p->segments[i].when);
	}
	for (unsigned i = 0; i < l->term_count; i++)
		if (l->terms[i]->op == TERM_IN_SEGMENT)
			check_segment_named(L, (struct place){ l->terms[i]->file, l->terms[i]->line }, "in_segment",
					    l->terms[i]->name);
	for (unsigned i = 0; i < p->campaign_count; i++)
		check_campaign(L, p, &p->campaigns[i]);
}
