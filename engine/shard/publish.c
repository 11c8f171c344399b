/* shard/publish.c: events, outcomes and acknowledgements of alerts: what clients send to change a customer's state. */
#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/timers.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "history/entry.h"

#include <stdatomic.h>

/* Decoded once where it came in; again where it had to move. A missing time is the moment of receipt at the customer's
 * shard. */
static bool event_of(struct shard *s, struct work *w, struct event *e, bool *untimed)
{
	if (!w->event)
		arena_reset(&s->arena_event);
	if (w->event)
		*e = *w->event;
	else if (event_decode(e, w->raw, &s->arena_event, -1) != ERR_OK)
		return false;
	*untimed = e->time_ms == 0;
	if (*untimed)
		e->time_ms = s->now_ms;
	e->customer = w->customer;
	if (e->member.len) /* who is named counts for more than whose the alias is */
		w->member = (struct slice){ 0 };
	else if (w->member.len)
		e->member = w->member;
	return true;
}

/* True: new, or an event that is dated and so harmless. Else the work is answered. A duplicate is acknowledged when the
 * entry that brought the id is durable. What comes without a time (0) is of now, so it is never too old, however many come
 * within one instant. */
static bool is_new(struct shard *s, struct work *w, const struct record *r, uint64_t id, uint64_t content,
		   int64_t time_ms, const struct event *e)
{
	switch (seen_ask(r, id, content, time_ms ? time_ms : INT64_MAX)) {
	case SEEN_NEW:
		return true;
	case SEEN_CONFLICT:
		work_refuse(
			s, w, ERR_CONFLICT, "id",
			"an event with this id and source was accepted with other content; give a new event a new id");
		return false;
	case SEEN_TOO_OLD:
		if (e && event_is_dated(&s->machine, e))
			return true;
		w->ack.error_text =
			SLICE("too old to tell: it is not newer than ids that were forgotten (limit seen_ids_max)");
		break;
	case SEEN_DUPLICATE:
		break;
	}
	w->ack.result = ACK_DUPLICATE;
	w->hold_seq = r->seq;
	counter_add(&s->counts.duplicate, 1);
	work_done(s, w);
	return false;
}

static void ack_alerts(struct shard *s, struct work *w, const struct record *r, const struct applied *applied)
{
	struct arena *a = work_arena(s, w);
	if (applied->alert_count) {
		struct wire_alert *alerts = arena_alloc(a, applied->alert_count * sizeof(alerts[0]));
		for (unsigned i = 0; i < applied->alert_count; i++) {
			struct wire_alert *to = &alerts[i];
			alert_to_wire(r, applied->alerts[i].alert, to);
			/* Interned names outlive the answer only by luck: the record may drop them. Copies are small
			 * and rare. */
			to->rule = arena_slice(a, to->rule), to->severity = arena_slice(a, to->severity),
			to->to = arena_slice(a, to->to);
			to->subject = arena_slice(a, to->subject), to->member = arena_slice(a, to->member),
			to->text = arena_slice(a, to->text);
		}
		w->ack.alerts = alerts;
		w->ack.alert_count = applied->alert_count;
	}
	if (applied->fired_count) {
		struct slice *rules = arena_alloc(a, applied->fired_count * sizeof(rules[0]));
		for (unsigned i = 0; i < applied->fired_count; i++)
			rules[i] = arena_slice(a, str_slice(applied->fired[i]));
		w->ack.rules = rules;
		w->ack.rule_count = applied->fired_count;
	}
}

static bool record_full(struct shard *s, struct work *w, struct slot *slot)
{
	if (!slot->full)
		return false;
	work_refuse(
		s, w, ERR_LIMIT, "customer",
		"its record is over limit_record_bytes; a company of this size is several customers under a parent");
	return true;
}

static bool make_reservation(struct shard *s, struct work *w)
{
	if (w->reserved)
		return true;
	size_t bytes = w->raw.len + ENTRY_SLACK_BYTES;
	int result = journal_reserve(s->engine->journal, 1, bytes);
	if (result == ERR_OK) {
		w->reserved = bytes;
		return true;
	}
	work_refuse_last(s, w);
	return false;
}

/* What stands before applying: the id is new, the record has room, what was due before has fired. False: answered. */
static bool admit(struct shard *s, struct work *w, struct slot *slot, uint64_t id, uint64_t content, int64_t time_ms,
		  const struct event *e)
{
	if (!is_new(s, w, slot->record, id, content, time_ms, e) || record_full(s, w, slot))
		return false;
	if (timers_fire_before(s, slot, time_ms ? time_ms : s->now_ms) != ERR_OK) {
		work_refuse_last(s, w);
		return false;
	}
	arena_reset(&s->machine.arena);
	return true;
}

/* What stands after it: s->applied holds what came of it. */
static void publish(struct shard *s, struct work *w, struct slot *slot, struct entry *entry, bool untimed)
{
	entry->aborted = s->applied.aborted;
	struct commit c = { .slot = slot,
			    .entry = entry,
			    .applied = &s->applied,
			    .received_at_ms = s->now_ms,
			    .raw = w->raw,
			    .member = w->member,
			    .untimed = untimed,
			    .changes_record = true,
			    .reserved_bytes = w->reserved };
	w->reserved = 0;
	w->ack.seq = w->hold_seq = commit_entry(s, &c);
	stages_lap(&s->machine.stages, STAGE_ENTRY, 1);
	w->ack.result = ACK_ACCEPTED;
	counter_add(&s->counts.accepted, 1);
	if (w->call)
		ack_alerts(s, w, slot->record, &s->applied);
	work_done(s, w);
}

void publish_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	struct event e;
	bool untimed;
	if (!make_reservation(s, w) || !work_customer(s, &w, true, &slot))
		return;
	record_prefetch(slot->record);
	if (!event_of(s, w, &e, &untimed)) {
		work_refuse_last(s, w);
		return;
	}
	if (!admit(s, w, slot, e.id_hash, e.content_hash, untimed ? 0 : e.time_ms, &e))
		return;
	struct apply_input in = { .received_at_ms = s->now_ms };
	stages_lap(&s->machine.stages, STAGE_FIND, 1);
	machine_apply_event(&s->machine, slot->record, &e, &in, &s->applied);
	struct entry entry = { .kind = ENTRY_EVENT };
	entry.event.member = w->member;
	entry.event.raw = w->raw;
	publish(s, w, slot, &entry, untimed);
}

/* What comes next, from what is known now: told beside the entry, no part of it. */
static void answer_next(struct shard *s, struct work *w, const struct record *r, const struct outcome_input *o)
{
	struct next_words next;
	struct arena *a = work_arena(s, w);
	if (!w->call || !machine_next(&s->machine, r, o, &next))
		return;
	struct wire_next *out = arena_alloc(a, sizeof(*out));
	*out = (struct wire_next){ .outcome = slice_of(outcome_name((enum outcome_kind)next.kind)),
				   .say = arena_slice(a, next.say) };
	if (next.action)
		out->action = arena_slice(a, str_slice(next.action->name));
	w->ack.next = out;
}

/* It is taken, but the client may have mixed up what belongs together. */
static void answer_warning(struct shard *s, struct work *w, const struct outcome_input *o)
{
	if (o->decision_boot != s->engine->boot_id ||
	    !recent_differs(&s->recent, o->decision_count, strpool_find(s->machine.pool, o->action)))
		return;
	w->ack.warning = arena_printf(work_arena(s, w), "decision %llu-%llu neither recommended \"%.*s\" nor had it as a next step: it is "
				      "counted and learned from as told; leave the decision out where the action is not of it",
				      (unsigned long long)o->decision_boot, (unsigned long long)o->decision_count, SLICE_ARG(o->action));
}

void outcome_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	struct request_outcome o;
	if (!make_reservation(s, w) || !work_customer(s, &w, true, &slot))
		return;
	if (outcome_decode(&o, w->raw, &s->arena_event, -1) != ERR_OK) {
		work_refuse_last(s, w);
		return;
	}
	struct outcome_input input = outcome_input_of(&o, s->now_ms);
	if (!admit(s, w, slot, o.id_hash, o.content_hash, o.time_ms, NULL))
		return;
	if (input.member.len)
		w->member = (struct slice){ 0 };
	else if (w->member.len)
		input.member = w->member;
	struct apply_input in = { .received_at_ms = s->now_ms };
	machine_apply_outcome(&s->machine, slot->record, &input, &in, &s->applied);
	struct entry entry = { .kind = ENTRY_OUTCOME };
	entry.outcome.member = w->member;
	entry.outcome.raw = w->raw;
	answer_next(s, w, slot->record, &input);
	answer_warning(s, w, &input);
	publish(s, w, slot, &entry, false);
}

/* The alert's own subject may be a customer, an agent or an area; its id led here through the feed. */
void acknowledge_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	struct alert *alert;
	if (!make_reservation(s, w) || !work_at(s, &w, &w->acknowledge.subject))
		return;
	if (cache_get(&s->cache, &w->acknowledge.subject, false, &slot) != ERR_OK) {
		work_refuse_last(s, w);
		return;
	}
	if (slot && slot->record->rare->redirect) { /* merged: its alerts went along */
		w->acknowledge.subject = subject_of(SUBJECT_CUSTOMER, str_slice(slot->record->rare->redirect));
		if (w->hops++ < HOPS_MAX) {
			acknowledge_work(s, w);
			return;
		}
	}
	arena_reset(&s->machine.arena);
	if (!slot || machine_apply_acknowledge(&s->machine, slot->record, w->acknowledge.seq, w->acknowledge.index,
					       s->now_ms, &alert) != ERR_OK) {
		work_refuse(s, w, ERR_MISSING, "seq",
			    "no such alert is held any more; `nudgectl alerts` lists the open ones");
		return;
	}
	struct entry entry = { .kind = ENTRY_ACKNOWLEDGE };
	entry.acknowledge.seq = w->acknowledge.seq;
	entry.acknowledge.index = w->acknowledge.index;
	entry.acknowledge.by = w->acknowledge.by;
	entry.acknowledge.time_ms = s->now_ms;
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .received_at_ms = s->now_ms,
			    .changes_record = true,
			    .reserved_bytes = w->reserved };
	w->reserved = 0;
	w->hold_seq = commit_entry(s, &c);
	feed_close(s->engine->feed, w->acknowledge.seq, w->acknowledge.index, "acknowledged");
	struct wire_alert wire;
	struct bytes message = { 0 };
	alert_to_wire(slot->record, alert, &wire);
	/* as followers got it: a nudge with its recommendation, for who is to send it */
	if (!feed_message(s->engine->feed, w->acknowledge.seq, w->acknowledge.index, &message))
		alert_encode(&wire, &message);
	response_acknowledged(&w->answer, w->acknowledge.request_id, bytes_slice(&message));
	bytes_finish(&message);
	work_done(s, w);
}
