/* decide/apply_outcome.c: what became of a recommendation: told by a client, or, where an offer waits for its answer for
 * too long, found out by a timer on the record. Both are kept, learned from, and events of the engine's own making that
 * rules and series may be on. */
#include "decide/applying.h"
#include "decide/exposure.h"
#include "decide/learn.h"
#include "decide/offer.h"
#include "decide/segments.h"
#include "decide/relationship.h"
#include "decide/spending.h"

#include "base/error.h"

#define OUTCOME_ATTRS 7

struct became { /* lives until the entry is applied */
	struct event event;
	struct event_attr attrs[OUTCOME_ATTRS];
};

static void say(struct became *b, struct slice name, struct value v)
{
	if (v.kind == VALUE_STRING ? v.string.len > 0 : v.number != 0)
		b->attrs[b->event.attr_count++] = (struct event_attr){ name, v };
}

static struct became *became_of(struct machine *m, const struct record *record, const struct outcome_input *o)
{
	struct became *b = arena_calloc(&m->arena, 1, sizeof(*b));
	struct slice decision = { NULL, 0 };
	if (o->decision_boot || o->decision_count)
		decision = arena_printf(&m->arena, "%llu-%llu", (unsigned long long)o->decision_boot,
					(unsigned long long)o->decision_count);
	b->event = (struct event){
		.id = o->id,
		.source = o->source,
		.customer = subject_id(&record->subject),
		.member = o->member,
		.agent = o->agent,
		.channel = o->channel,
		.time_ms = o->time_ms,
		.type = arena_printf(&m->arena, "outcome.%s", outcome_name((enum outcome_kind)o->kind)),
	};
	say(b, SLICE("action"), value_string(o->action));
	say(b, SLICE("channel"), value_string(o->channel));
	say(b, SLICE("decision"), value_string(decision));
	say(b, SLICE("reason"), value_string(o->details.reason));
	say(b, SLICE("revenue"), value_number((double)o->details.revenue));
	say(b, SLICE("cost"), value_number((double)o->details.cost));
	say(b, SLICE("until"), value_number((double)o->details.until_ms));
	b->event.attrs = b->attrs;
	return b;
}

static bool answers(int kind)
{
	return kind >= OUTCOME_ACCEPTED && kind <= OUTCOME_LAST;
}

/* An offer waits for its answer; an answer, or another offer of the same, ends that. */
static void wait_for_answer(struct applying *a, const struct outcome_input *o)
{
	struct record *r = a->record;
	const struct str *name = strpool_find(a->m->pool, o->action);
	int index = name && o->kind == OUTCOME_OFFERED ? pack_action(a->m->pack, name) : -1;
	if (o->kind != OUTCOME_OFFERED && !answers(o->kind))
		return;
	timers_remove(r, a->m->pool, TIMER_UNANSWERED, a->member, o->action);
	int64_t wait_ms = index >= 0 ? a->m->pack->actions[index].ignored_after_ms : 0;
	if (wait_ms)
		due_add(a, o->time_ms + wait_ms, TIMER_UNANSWERED, a->member, o->action);
}

/* What is offered binds us from now on; offered once more, it is the same offer. */
static void bind_offer(struct applying *a, const struct outcome_input *o, struct outcome_details *details,
		       struct bytes *terms)
{
	const struct str *name = strpool_find(a->m->pool, o->action);
	int index = name && o->kind == OUTCOME_OFFERED ? pack_action(a->m->pack, name) : -1;
	const struct action_decl *decl = index >= 0 ? &a->m->pack->actions[index] : NULL;
	if (!decl || !decl->offer_holds_ms)
		return;
	const struct outcome *made = offer_made(a->record, name, o->time_ms);
	if (made)
		bytes_put(terms, str_slice(made->more->terms).data, str_slice(made->more->terms).len);
	else
		offer_terms(a->e, decl, terms);
	details->until_ms = made ? outcome_until_ms(made) : o->time_ms + decl->offer_holds_ms;
	details->terms = bytes_slice(terms);
}

static void outcome_takes_effect(struct applying *a, const struct outcome_input *o, const struct became *b)
{
	struct outcome like = {
		.decision_boot = o->decision_boot, .decision_count = o->decision_count, .kind = (uint8_t)o->kind,
		.member = a->member, .time_ms = o->time_ms,
	};
	a->index = type_of(a->m, b->event.type);
	struct bytes terms = { 0 };
	struct outcome_details details = o->details;
	struct promise before = spending_begin(a, o, &details);
	bind_offer(a, o, &details, &terms);
	learn_outcome(a, (enum outcome_kind)o->kind, o->action, o->decision_boot, o->decision_count);
	outcomes_add_with(a->record, a->m->pool, &like, o->action, o->channel, o->agent, &details);
	bytes_finish(&terms);
	spending_finish(a, o, &before, details.cost);
	action_counted(a, o, &details);
	wait_for_answer(a, o);
	if (a->m->pack->campaign_count)
		campaigns_outcome(a, o);
	if (!a->index)
		return;
	a->look |= a->index->segments;
	apply_series(a, a->index->series, a->index->series_count);
	apply_closers(a, a->index, a->member);
	applying_occasion(a, &b->event, a->member);
	apply_rules(a, a->index->rules, a->index->rule_count);
	if (a->index->sampled)
		apply_score(a);
}

void machine_apply_outcome(struct machine *m, struct record *record, const struct outcome_input *o,
			   const struct apply_input *in, struct applied *out)
{
	struct applying a;
	const struct became *b = became_of(m, record, o);
	applying_start(&a, m, record, &b->event, o->time_ms, in, out);
	seen_add(record, o->id_hash, o->content_hash, o->time_ms);
	int member = record_member(record, m->pool, o->member, true, o->time_ms);
	a.member = a.e->member = member > 0 ? (uint8_t)member : 0;
	outcome_takes_effect(&a, o, b);
	apply_segments(&a, a.fresh ? all_segments(m->pack) : a.look);
	applying_finish(&a);
}

void apply_unanswered(struct applying *a, struct slice action, uint8_t member)
{
	struct machine *m = a->m;
	const struct outcome *offer = offer_unanswered(a->record, action, member);
	if (!offer)
		return;
	struct outcome_input o = {
		.member = member ? arena_slice(&m->arena, record_member_id(a->record, member)) : SLICE(""),
		.agent = arena_slice(&m->arena, str_slice(offer->agent)),
		.channel = arena_slice(&m->arena, str_slice(offer->channel)),
		.action = action,
		.kind = OUTCOME_IGNORED,
		.decision_boot = offer->decision_boot,
		.decision_count = offer->decision_count,
		.time_ms = a->now_ms,
	};
	const struct became *b = became_of(m, a->record, &o);
	a->event = &b->event;
	a->member = member;
	applying_occasion(a, &b->event, member);
	outcome_takes_effect(a, &o, b);
}
