/* workbench/expect_segment.c: is a customer a member of a segment; did a campaign send them its offer? */
#include "workbench/story.h"

#include "base/error.h"
#include "base/nearest.h"
#include "state/items.h"

#include <stdio.h>

static const struct segment_decl *segment_of(struct story *s, struct slice name)
{
	const struct pack *p = s->world->m.pack;
	const char **names = arena_alloc(&s->arena, (p->segment_count + 1) * sizeof(*names));
	for (unsigned i = 0; i < p->segment_count; i++) {
		if (slice_equal(str_slice(p->segments[i].name), name))
			return &p->segments[i];
		names[i] = p->segments[i].name->data;
	}
	names[p->segment_count] = NULL;
	story_unknown("segment", name, nearest_name(arena_slice(&s->arena, name).data, names));
	return NULL;
}

int story_expect_segment(struct story *s, const struct expectation *x)
{
	const struct segment_decl *decl = segment_of(s, x->name);
	bool wanted = x->what == EXPECT_SEGMENT;
	if (!decl)
		return ERR_MISSING;
	const struct record *r = world_record(s->world, x->subject, true);
	if ((items_of(r, ITEM_SEGMENT, decl->id).count > 0) == wanted)
		return ERR_OK;
	bytes_printf(&s->wanted, "%.*s to be %s segment %s", SLICE_ARG(subject_id(x->subject)), wanted ? "in" : "out of",
		     decl->name->data);
	bytes_printf(&s->came, wanted ? "they are not" : "they are in it");
	bytes_printf(&s->why, "it is looked at on");
	for (unsigned i = 0; i < decl->on_count; i++)
		bytes_printf(&s->why, "%s %s", i ? "," : "", decl->on[i]->data);
	bytes_printf(&s->why, ", where ");
	term_text(decl->when, s->world->m.pack, &s->why);
	return story_fail(s, x);
}

bool story_is_campaign(const struct story *s, struct slice name)
{
	const struct pack *p = s->world->m.pack;
	for (unsigned i = 0; i < p->campaign_count; i++)
		if (slice_equal(str_slice(p->campaigns[i].name), name))
			return true;
	return false;
}

static bool is_its(const struct story *s, const struct expectation *x, const struct happened_now *h)
{
	struct slice campaign;
	return h->kind == HAPPENED_NUDGE && h->of && rule_is_campaign(str_slice(h->of), &campaign) &&
	       slice_equal(campaign, x->name) && (!x->step || h->step == x->step) &&
	       (!x->subject || subject_equal(x->subject, &h->subject));
}

static bool meets(struct story *s, const struct expectation *x, const struct happened_now *h)
{
	return field_met(s, x, "action", value_string(h->action)) && field_met(s, x, "channel", value_string(h->to)) &&
	       field_met(s, x, "say", value_string(h->say)) &&
	       field_met(s, x, "member", h->member.len ? value_string(h->member) : value_unknown());
}

int story_expect_campaign(struct story *s, const struct expectation *x)
{
	bool wanted = x->what == EXPECT_NUDGE;
	const struct happened_now *asked = NULL, *sent = NULL;
	for (unsigned i = 0; i < s->happened_count; i++) {
		const struct happened_now *h = &s->happened[i];
		if (!is_its(s, x, h))
			continue;
		asked = h;
		if (!h->action.len)
			continue;
		sent = h;
		if (wanted && meets(s, x, h))
			return ERR_OK;
	}
	if (!wanted && !sent)
		return ERR_OK;
	bytes_printf(&s->wanted, "%s offer of campaign %.*s", wanted ? "an" : "no", SLICE_ARG(x->name));
	if (sent && !wanted) {
		bytes_printf(&s->came, "%.*s: \"%.*s\"", SLICE_ARG(sent->action), SLICE_ARG(sent->say));
	} else if (!sent) {
		bytes_clear(&s->came);
		bytes_printf(&s->came, asked ? "it was decided, and nothing was sent" : "none was decided");
		if (asked)
			bytes_printf(&s->why, "%.*s", SLICE_ARG(asked->why));
		else
			bytes_printf(&s->why, "nobody came into it by then, or it waits for its dates, hours or their turn");
	}
	return story_fail(s, x);
}
