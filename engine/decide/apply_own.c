/* decide/apply_own.c: the event types that the engine itself understands: profiles, members, aliases, merges. */
#include "decide/segments.h"
#include "decide/relationship.h"
#include "state/origins.h"

static bool type_is(const struct applying *a, const char *type)
{
	return slice_equal(a->event->type, slice_of(type));
}

static struct slice text_attr(const struct applying *a, struct slice name)
{
	const struct event_attr *attr = event_attr(a->event, name);
	return attr && attr->value.kind == VALUE_STRING ? attr->value.string : (struct slice){ NULL, 0 };
}

static void told_since(struct applying *a, uint8_t member, struct slice name, struct value v, int64_t since_ms,
		       struct slice by)
{
	struct origin_says says = { .by = by };
	if (!pack_keeps_origin(a->m->pack, name))
		return;
	const struct attr *held = attrs_get_text(record_attrs(a->record, member), name);
	if (v.kind == VALUE_UNKNOWN ? held != NULL : !held || held->time_ms != since_ms || !value_equal(attr_value(held), v))
		return; /* a newer one stands, or there was no room */
	if (a->event) {
		says.source = a->event->source;
		says.type = a->event->type;
	}
	origin_add(a->record, a->m->pool, member, name, v, since_ms, &says);
}

void attribute_told(struct applying *a, uint8_t member, struct slice name, struct value v, struct slice by)
{
	told_since(a, member, name, v, a->now_ms, by);
}

static int64_t since_of(const struct event *e, size_t i)
{
	return e->attr_times && e->attr_times[i] ? e->attr_times[i] : e->time_ms;
}

/* Beyond the record's bounds an attribute is left out; the sender was told by validation. */
static void profile_updated(struct applying *a)
{
	const struct event *e = a->event;
	for (size_t i = 0; i < e->attr_count; i++) {
		const struct event_attr *attr = &e->attrs[i];
		if (attr->value.kind == VALUE_UNKNOWN)
			record_unset(a->record, a->m->pool, a->member, attr->name, since_of(e, i));
		else
			(void)record_set(a->record, a->m->pool, a->member, attr->name, attr->value, since_of(e, i));
	}
	if (pack_keeps_origins(a->m->pack))
		for (size_t i = 0; i < e->attr_count; i++)
			told_since(a, a->member, e->attrs[i].name, e->attrs[i].value, since_of(e, i), e->agent);
	eval_fresh(a->e);
}

static void alias_changed(struct applying *a, bool added)
{
	struct slice alias = text_attr(a, SLICE("alias"));
	if (alias.len == 0 || alias.len > LIMIT_ALIAS_BYTES)
		return;
	if (added) {
		if (links_add(a->record, a->m->pool, alias, a->event->member, a->now_ms) != 0)
			return;
	} else {
		links_end(a->record, alias, a->now_ms);
	}
	struct subject target = subject_of(SUBJECT_ALIAS, alias), prospect = subject_prospect(alias);
	struct slice body = link_body(a->m, subject_id(&a->record->subject), a->event->member, a->now_ms);
	applying_effect(a, added ? EFFECT_LINK : EFFECT_UNLINK, &target, body);
	if (added && !subject_equal(&prospect, &a->record->subject))
		applying_effect(a, EFFECT_ABSORB, &prospect, body);
}

void empty_record(struct applying *a, struct slice into)
{
	segments_gone(a);
	record_empty(a->record, a->m->pool);
	record_redirect(a->record, a->m->pool, into);
}

/* This customer is that one: its record travels there whole, its aliases name the other from now on. Rules on the event
 * do not run: here there is nothing left to read, and what they would raise could not travel with the record any more.
 */
static bool identity_merged(struct applying *a)
{
	struct record *r = a->record;
	struct slice into = text_attr(a, SLICE("into"));
	if (into.len == 0 || into.len > LIMIT_ID_BYTES || slice_equal(into, subject_id(&r->subject)))
		return false;
	struct subject target = subject_of(SUBJECT_CUSTOMER, into);
	struct bytes encoded = { 0 };
	if (a->now_ms > r->newest_ms)
		r->newest_ms = a->now_ms;
	relations_leave(a);
	record_encode(r, &encoded);
	applying_effect(a, EFFECT_MERGE, &target, bytes_slice(&encoded));
	bytes_finish(&encoded);
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		const struct link *l = &r->rare->links[i];
		if (l->to_ms)
			continue;
		struct subject alias = subject_of(SUBJECT_ALIAS, str_slice(l->id));
		struct slice member = str_slice(l->member);
		applying_effect(a, EFFECT_UNLINK, &alias, link_body(a->m, subject_id(&r->subject), member, a->now_ms));
		applying_effect(a, EFFECT_LINK, &alias, link_body(a->m, into, member, a->now_ms));
	}
	empty_record(a, into);
	return true;
}

bool event_is_dated(const struct machine *m, const struct event *e)
{
	const struct type_index *index = type_of(m, e->type);
	if (index && (index->lasting & LASTING_CONTRACT) == LASTING_STARTS)
		return true;
	static const char *const dated[] = { EVENT_PROFILE_UPDATED, EVENT_ALIAS_ADDED, EVENT_ALIAS_REMOVED,
					     EVENT_MEMBER_JOINED, EVENT_MEMBER_LEFT };
	for (size_t i = 0; i < sizeof(dated) / sizeof(dated[0]); i++)
		if (slice_equal(e->type, slice_of(dated[i])))
			return true;
	return false;
}

bool apply_own(struct applying *a)
{
	if (type_is(a, EVENT_IDENTITY_MERGED))
		return identity_merged(a);
	if (type_is(a, EVENT_PROFILE_UPDATED))
		profile_updated(a);
	else if (type_is(a, EVENT_ALIAS_ADDED) || type_is(a, EVENT_ALIAS_REMOVED))
		alias_changed(a, type_is(a, EVENT_ALIAS_ADDED));
	else if (type_is(a, EVENT_MEMBER_JOINED) && a->member)
		record_member_joined(a->record, a->member, a->now_ms);
	else if (type_is(a, EVENT_MEMBER_LEFT) && a->member)
		record_member_left(a->record, a->member, a->now_ms);
	return false;
}
