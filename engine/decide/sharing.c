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
