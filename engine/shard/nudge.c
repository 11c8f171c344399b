/* shard/nudge.c: acting before the customer calls: a rule asked for a decision; it is made under the same gates as an
 * agent's recommendation, recorded, and pushed to followers as an alert of kind nudge, for the outbound channel to
 * send.
 *
 * Nothing suitable is a decision too: it is recorded, so that recovery knows that the request was dealt with. */
#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/fault.h"
#include "history/entry.h"
#include "history/tell.h"

void decision_to_wire(struct shard *s, const struct decision *d, const struct decision_head *head,
		      const struct record *r, int64_t now_ms, struct slice channel, struct wire_recommendation *out)
{
	tell_decision(d, &s->machine.arena, out);
	out->decision_boot = head->boot;
	out->decision_count = head->count;
	out->customer = subject_id(&r->subject);
	out->pack_hash = slice_of(s->machine.pack->hash_text);
	out->channel = channel;
	out->as_of_seq = head->customer_seq;
	out->time_ms = now_ms;
}

static const struct record *area_of(struct shard *s, const struct record *r)
{
	const struct attr *area = attrs_get_text(record_attrs(r, 0), SLICE("area"));
	struct slot *slot;
	if (!area || area->kind != VALUE_STRING || area->string->len > LIMIT_ID_BYTES || !area->string->len)
		return NULL;
	struct subject subject = subject_of(SUBJECT_AREA, str_slice(area->string));
	if (engine_owner(s->engine, &subject) != s || cache_get(&s->cache, &subject, false, &slot) != ERR_OK || !slot)
		return NULL;
	return slot->record;
}

void nudge_work(struct shard *s, struct work *w)
{
	struct slot *slot = cache_peek(&s->cache, &w->effect.target);
	CHECK(w->heap && slot);
	size_t reserved = LIMIT_DECISION_BYTES;
	if (reserve_one(s, reserved) != ERR_OK) {
		inbox_put_back(s, w);
		return;
	}
	arena_reset(&s->machine.arena);
	struct ask ask = { .nudge = true, .channel = w->effect.channel,
			   .goal = w->effect.goal,
			   .action = w->effect.action,
			   .member = w->member,
			   .limit = 1,
			   .now_ms = w->effect.nudge_ms,
			   .boot = s->engine->boot_id,
			   .count = atomic_fetch_add(&s->engine->decisions, 1) + 1 };
	struct slice campaign;
	ask.gates = rule_is_campaign(w->effect.rule, &campaign);
	int member = record_member(slot->record, s->machine.pool, w->member, false, 0);
	ask.bound_member = (uint8_t)(member > 0 ? member : 0);
	struct decide_subjects subjects = { .customer = slot->record,
					    .area = area_of(s, slot->record),
					    .models = models_at_hand(&s->models),
					    .spent = s->models.spent };
	struct foreign_reads foreign = { 0 };
	struct decision decision;
	machine_decide(&s->machine, &subjects, &ask, &foreign, &decision);
	recent_note(&s->recent, ask.count, &decision);
	struct decision_head head = {
		.boot = ask.boot,
		.count = ask.count,
		.customer_seq = slot->record->seq,
		.nudge = true,
		.source_seq = w->effect.source_seq,
		.source_index = w->effect.index,
		.rule = w->effect.rule,
	};
	bytes_clear(&s->encoded);
	decision_encode(&head, &ask, &foreign, &decision, &s->encoded);
	struct wire_recommendation wire;
	struct bytes nudge = { 0 };
	decision_to_wire(s, &decision, &head, slot->record, ask.now_ms, ask.channel, &wire);
	recommendation_encode(&wire, &nudge);

	/* What changes the record is what the body says: live does as replay will. */
	struct decision_record d;
	int result = decision_decode(&d, bytes_slice(&s->encoded), &s->machine.arena);
	CHECK(result == ERR_OK);
	struct applied *applied = &s->applied;
	struct apply_input in = { .received_at_ms = s->now_ms };
	decision_apply(&s->machine, slot->record, &d, &in, applied);
	struct entry entry = { .kind = ENTRY_DECISION };
	entry.decision.bytes = bytes_slice(&s->encoded);
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .applied = applied,
			    .received_at_ms = s->now_ms,
			    .nudge = bytes_slice(&nudge),
			    .changes_record = true,
			    .reserved_bytes = reserved + ENTRY_SLACK_BYTES };
	w->hold_seq = commit_entry(s, &c);
	bytes_finish(&nudge);
	counter_add(&s->counts.nudges, 1);
	w->kind = WORK_EFFECT_DONE;
	effect_done_work(s, w);
}
