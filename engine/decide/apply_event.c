/* decide/apply_event.c: one event, in order. The record changes in place; what leaves it is in `out`. */
#include "decide/contacts.h"
#include "decide/lasting.h"
#include "decide/learn.h"
#include "decide/segments.h"
#include "decide/relationship.h"

/* A customer beyond LIMIT_MEMBERS: the event counts for the customer, and for no member. */
static uint8_t member_of(struct record *r, struct strpool *pool, struct slice id, int64_t time_ms)
{
	int member = record_member(r, pool, id, true, time_ms);
	return member > 0 ? (uint8_t)member : 0;
}

/* Nothing of the pack names the type, nor is on all types; timelines may still keep it. */
static void note_unheard(struct applying *a)
{
	const struct type_index *t = a->index;
	bool heard = t && (t->contact || t->series_count || t->rule_count || t->agent_series_count || t->agent_rule_count ||
			   t->area_series_count || t->area_rule_count || t->open_count || t->close_count || t->lasting);
	counter_add(&a->m->unheard, !heard && !event_is_dated(a->m, a->event));
}

static void keep_moment(struct applying *a)
{
	const struct pack *p = a->m->pack;
	if (a->index == p->other_type)
		note_unheard(a);
	struct slice fields[LIMIT_TIMELINE_FIELDS];
	unsigned count = 0;
	for (; count < p->timeline_field_count && count < LIMIT_TIMELINE_FIELDS; count++)
		fields[count] = str_slice(p->timeline_fields[count]);
	timeline_add(a->record, a->m->pool, a->event, a->member, fields, count, p->timeline_keep);
}

static void apply_lasting(struct applying *a)
{
	if (a->index->lasting & LASTING_CONTRACT)
		apply_contracts(a);
	if (a->index->lasting & LASTING_CHURN)
		apply_churn(a);
}

/* After the event and whatever happened because of it. Of a new customer nothing is known yet: all are looked at. */
static void look_at_segments(struct applying *a)
{
	uint64_t look = a->index ? a->index->segments : 0;
	for (unsigned i = 0; i < a->happened_count; i++)
		look |= a->happened[i].index->segments;
	if (a->index && a->index->campaigns)
		campaigns_success(a, a->index->campaigns);
	if (a->fresh)
		look = all_segments(a->m->pack);
	apply_segments(a, look | a->look);
}

static bool sampled(const struct applying *a)
{
	bool any = a->index && a->index->sampled;
	for (unsigned i = 0; i < a->happened_count && !any; i++)
		any = a->happened[i].index->sampled;
	return any;
}

static void apply_relations(struct applying *a)
{
	const struct pack *p = a->m->pack;
	if (p->relations->population || (a->index && (a->index->asks | a->index->answers)))
		apply_surveys(a);
	if (sampled(a))
		apply_score(a);
}

/* known: nobody can tell whether it was applied before, see event_is_dated. */
static void apply_customer_event(struct applying *a, bool known)
{
	struct record *r = a->record;
	a->member = a->e->member = member_of(r, a->m->pool, a->event->member, a->now_ms);
	if (apply_own(a))
		return;
	if (known) {
		if (a->index && (a->index->lasting & LASTING_CONTRACT) == LASTING_STARTS)
			apply_contracts(a);
		if (a->m->pack->segment_count)
			look_at_segments(a);
		return;
	}
	if (!a->index) {
		note_unheard(a);
		if (a->m->pack->segment_count)
			look_at_segments(a);
		apply_relations(a);
		return;
	}
	if (a->index->timeline)
		keep_moment(a);
	apply_series(a, a->index->series, a->index->series_count);
	if (a->index->contact)
		apply_contact(a);
	apply_cases(a);
	if (a->index->lasting)
		apply_lasting(a);
	apply_closers(a, a->index, a->member);
	stages_lap(&a->m->stages, STAGE_SERIES, 1);
	applying_occasion(a, a->event, a->member);
	apply_rules(a, a->index->rules, a->index->rule_count);
	apply_happened(a);
	if (a->m->pack->segment_count)
		look_at_segments(a);
	apply_relations(a);
	apply_passed_on(a);
	stages_lap(&a->m->stages, STAGE_RULES, 1);
}

void machine_apply_event(struct machine *m, struct record *record, const struct event *e, const struct apply_input *in,
			 struct applied *out)
{
	struct applying a;
	applying_start(&a, m, record, e, e->time_ms, in, out);
	a.index = type_of(m, e->type);
	bool known = seen_forgotten(record, e->time_ms) && event_is_dated(m, e);
	if (!known) /* its id would push out a newer one's */
		seen_add(record, e->id_hash, e->content_hash, e->time_ms);
	apply_customer_event(&a, known);
	applying_finish(&a);
}

/* A due time has come. A timer that is no longer there (its case was closed since) changes nothing. */
void machine_apply_timer(struct machine *m, struct record *record, const struct timer *t, const struct apply_input *in,
			 struct applied *out)
{
	struct applying a;
	struct slice key = t->key ? arena_slice(&m->arena, str_slice(t->key)) : (struct slice){ NULL, 0 };
	struct timer due = *t; /* t may be the record's own, which is about to go */
	bool there = false;
	applying_start(&a, m, record, NULL, due.due_ms, in, out);
	for (unsigned i = 0; i < record->rare->timer_count && !there; i++) {
		const struct timer *have = &record->rare->timers[i];
		there = have->due_ms == due.due_ms && have->decl == due.decl && have->member == due.member &&
			slice_equal(str_slice(have->key), key);
	}
	if (!there) {
		a.now_ms = record->newest_ms;
		applying_finish(&a);
		return;
	}
	timers_remove(record, m->pool, due.decl, due.member, key);
	if (due.decl == TIMER_UNANSWERED)
		apply_unanswered(&a, key, due.member);
	else if (due.decl == TIMER_SEGMENT)
		apply_segment_again(&a, key);
	else if (due.decl == TIMER_CAMPAIGN)
		apply_campaign_due(&a, key);
	if (due.decl == TIMER_CONTACT)
		apply_contact_overdue(&a, key);
	struct open_case *c = cases_find_open(record, due.decl, due.member, key);
	const struct case_decl *decl = pack_case_by_id(m->pack, due.decl);
	if (c && !c->missed) {
		cases_miss(c);
		a.member = a.e->member = due.member;
		if (decl)
			apply_case_missed(&a, decl, c);
		apply_happened(&a);
		if (sampled(&a))
			apply_score(&a);
	}
	if (m->pack->segment_count)
		look_at_segments(&a);
	applying_finish(&a);
}
