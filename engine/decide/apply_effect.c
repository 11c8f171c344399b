/* decide/apply_effect.c: what one subject's entry does to another's record. */
#include "decide/contacts.h"
#include "decide/counting.h"
#include "decide/segments.h"
#include "decide/lasting.h"
#include "decide/relationship.h"

#include "base/check.h"
#include "base/error.h"

/* customer string, member string, time zigzag */
struct slice link_body(struct machine *m, struct slice customer, struct slice member, int64_t time_ms)
{
	struct bytes b = { 0 };
	bytes_put_string(&b, customer);
	bytes_put_string(&b, member);
	bytes_put_zigzag(&b, time_ms);
	struct slice body = arena_slice(&m->arena, bytes_slice(&b));
	bytes_finish(&b);
	return body;
}

static bool closes_for(const struct pack *p, const struct type_index *index, uint8_t about)
{
	for (unsigned i = 0; i < index->alert_closer_count; i++)
		if (p->rules[index->alert_closers[i]].about == about)
			return true;
	return false;
}

void apply_passed_on(struct applying *a)
{
	const struct type_index *index = a->index;
	const struct pack *p = a->m->pack;
	struct subject target;
	if (a->event->agent.len &&
	    (index->agent_series_count || index->agent_rule_count || closes_for(p, index, ABOUT_AGENT))) {
		target = subject_of(SUBJECT_AGENT, a->event->agent);
		applying_effect(a, EFFECT_EVENT, &target, (struct slice){ NULL, 0 });
	}
	if (!index->area_series_count && !index->area_rule_count && !closes_for(p, index, ABOUT_AREA))
		return;
	const struct event_attr *area = event_attr(a->event, SLICE("area"));
	if (!area || area->value.kind != VALUE_STRING || !area->value.string.len ||
	    area->value.string.len > LIMIT_ID_BYTES)
		return;
	target = subject_of(SUBJECT_AREA, area->value.string);
	applying_effect(a, EFFECT_EVENT, &target, (struct slice){ NULL, 0 });
}

static void apply_event_effect(struct applying *a)
{
	const struct type_index *index = a->index;
	if (!index)
		return;
	bool agent = a->record->subject.kind == SUBJECT_AGENT;
	apply_series(a, agent ? index->agent_series : index->area_series,
		     agent ? index->agent_series_count : index->area_series_count);
	apply_closers(a, index, 0);
	apply_rules(a, agent ? index->agent_rules : index->area_rules,
		    agent ? index->agent_rule_count : index->area_rule_count);
}

static void apply_link_effect(struct applying *a, uint8_t kind, struct slice body)
{
	struct reader r = reader_of(body);
	struct slice customer = reader_string(&r), member = reader_string(&r);
	int64_t time_ms = reader_zigzag(&r);
	CHECK(!r.bad);
	if (kind == EFFECT_LINK)
		(void)links_add(a->record, a->m->pool, customer, member, time_ms); /* full: it keeps its owners */
	else
		links_end(a->record, customer, time_ms);
}

static void apply_merge_effect(struct applying *a, struct slice body)
{
	struct record *from;
	struct memberships before;
	if (a->record->rare->redirect) /* two customers merged into each other at once: the circle is cut here */
		record_redirect(a->record, a->m->pool, (struct slice){ NULL, 0 });
	CHECK(record_decode(&from, a->m->pool, body) == ERR_OK); /* our own bytes, from the journal */
	contacts_join(a, from);
	if (a->m->pack->contract)
		contracts_before_merge(a, from);
	if (a->m->pack->churn)
		churn_before_merge(a, from);
	memberships_of(a->record, &before);
	record_merge(a->record, a->m->pool, from);
	contacts_joined(a);
	record_destroy(from, a->m->pool);
	segments_joined(a, &before);
	relations_joined(a);
}

/* Somebody called or wrote under an alias before anybody owned it: that history is the owner's. The prospect is empty
 * then, but does not redirect: numbers are recycled, and the next to use it may be another. */
static void apply_absorb_effect(struct applying *a, struct slice body)
{
	struct reader r = reader_of(body);
	struct slice customer = reader_string(&r);
	struct hash128 digest = record_digest(a->record);
	CHECK(!r.bad);
	if (a->record->rare->redirect || (digest.low == 0 && digest.high == 0))
		return; /* nobody did, as nearly always */
	struct subject target = subject_of(SUBJECT_CUSTOMER, customer);
	struct bytes encoded = { 0 };
	relations_leave(a);
	record_encode(a->record, &encoded);
	applying_effect(a, EFFECT_MERGE, &target, bytes_slice(&encoded));
	bytes_finish(&encoded);
	empty_record(a, (struct slice){ NULL, 0 });
	a->record->newest_ms = 0; /* as if it had never been */
}

void machine_apply_effect(struct machine *m, struct record *record, uint8_t kind, struct slice body,
			  const struct event *e, const struct apply_input *in, struct applied *out)
{
	struct applying a;
	applying_start(&a, m, record, e, kind == EFFECT_EVENT ? e->time_ms : in->received_at_ms, in, out);
	if (kind == EFFECT_EVENT) {
		a.index = type_of(m, e->type);
		apply_event_effect(&a);
	} else {
		if (kind == EFFECT_TALLY)
			apply_tally_effect(&a, body);
		else if (kind == EFFECT_MERGE)
			apply_merge_effect(&a, body);
		else if (kind == EFFECT_ABSORB)
			apply_absorb_effect(&a, body);
		else if (kind == EFFECT_FILL)
			apply_fill_effect(&a, body);
		else if (kind == EFFECT_LEARN)
			machine_learn(m, record, body);
		else if (kind == EFFECT_FORGET)
			machine_forget(m, record, body);
		else if (kind == EFFECT_COUNT)
			apply_count_effect(&a, body);
		else if (kind == EFFECT_LOOK)
			apply_look(&a);
		else if (kind == EFFECT_TICKET)
			apply_ticket_effect(&a, body);
		else if (kind == EFFECT_TURN)
			apply_turn_effect(&a, body);
		else if (kind == EFFECT_WIPE)
			apply_wipe_effect(&a, body);
		else
			apply_link_effect(&a, kind, body);
		apply_segments(&a, a.look);
		if (kind == EFFECT_MERGE && m->pack->campaign_count)
			campaigns_joined(&a);
		/* When the effect arrived says nothing about when anything happened: live and imported must not differ
		 * by it. */
		a.now_ms = record->newest_ms;
	}
	applying_finish(&a);
}
