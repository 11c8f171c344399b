/* decide/sharing.c: who may see what of another member. A family's members are people: what one of them does, and what is
 * known of them, is not told to another, unless the pack declares who may see it:
 *
 *     share { "message_plan", "texts_today", "message-abuse", with = "payer" }
 *
 * Members whose attribute `role` is "payer" may see those names of the others: attributes, facts, alerts of rules, and
 * event types in what happened. Everybody sees their own, and what is the customer's. */
#include "decide/sharing.h"

#include "decide/segments.h"

uint8_t member_with(const struct record *r, const struct str *attr, struct slice value, int64_t now_ms)
{
	for (unsigned i = 1; i <= r->member_count; i++) {
		int64_t left_ms = record_member_left_ms(r, (uint8_t)i);
		struct value v = attr_value(attrs_get(record_attrs(r, (uint8_t)i), attr));
		if ((!left_ms || left_ms > now_ms) && v.kind == VALUE_STRING && slice_equal(v.string, value))
			return (uint8_t)i;
	}
	return 0;
}

static bool shares(const struct share_decl *s, struct slice name)
{
	for (unsigned i = 0; i < s->name_count; i++)
		if (slice_equal(str_slice(s->names[i]), name))
			return true;
	return false;
}

/* The asking member's own attribute, not the customer's: a household has no role. */
static bool is_with(const struct record *r, uint8_t asking, const struct share_decl *s)
{
	struct value v = attr_value(attrs_get(record_attrs(r, asking), s->attr));
	for (unsigned i = 0; i < s->with_count; i++)
		if (v.kind == VALUE_STRING && slice_equal(v.string, str_slice(s->with[i])))
			return true;
	return false;
}

bool record_may_see(const struct pack *p, const struct record *r, uint8_t asking, uint8_t member, struct slice name)
{
	if (!member || member == asking)
		return true;
	for (unsigned i = 0; asking && i < p->share_count; i++)
		if (shares(&p->shares[i], name) && is_with(r, asking, &p->shares[i]))
			return true;
	return false;
}

bool shares_anything(const struct eval *e)
{
	for (unsigned i = 0; e->asking && i < e->m->pack->share_count; i++)
		if (is_with(e->customer, e->asking, &e->m->pack->shares[i]))
			return true;
	return false;
}

static bool leaf_may_be_seen(const struct eval *e, const struct term *t)
{
	const struct pack *p = e->m->pack;
	switch (t->op) {
	case TERM_ATTR:
		return t->scope == SCOPE_CUSTOMER || may_see(e, e->member, str_slice(t->name));
	case TERM_OPEN_ALERT:
		return may_see(e, e->member, str_slice(t->name));
	case TERM_SERIES:
		return p->series[t->series.index].about != ABOUT_MEMBER ||
		       may_see(e, e->member, str_slice(p->series[t->series.index].name));
	case TERM_CASE:
		return p->cases[t->open_case.index].about != ABOUT_MEMBER ||
		       may_see(e, e->member, str_slice(p->cases[t->open_case.index].name));
	default:
		return t->op != TERM_NAME;
	}
}

bool term_may_be_seen(const struct eval *e, const struct term *t)
{
	const struct pack *p = e->m->pack;
	const struct term *part;
	if (t->op == TERM_FACT && may_see(e, e->member, str_slice(p->facts[t->fact].name)))
		return true;
	if (!leaf_may_be_seen(e, t))
		return false;
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		if (!term_may_be_seen(e, part))
			return false;
	return true;
}

uint8_t nudge_addressee(const struct pack *p, struct slice rule, uint8_t chosen, uint8_t bound)
{
	for (unsigned i = 0; i < p->rule_count && bound; i++)
		if (p->rules[i].nudge.to_attr && slice_equal(str_slice(p->rules[i].name), rule))
			return bound;
	return chosen ? chosen : bound;
}
