/* history/apply.c: see apply.h. */
#include "history/apply.h"

#include "base/error.h"

int entry_event(struct event *out, const struct entry *entry, int64_t received_at_ms, struct arena *arena, bool *untimed)
{
	int result = event_decode(out, entry->event.raw, arena, -1);
	if (result != ERR_OK)
		return result;
	if (untimed)
		*untimed = out->time_ms == 0;
	if (out->time_ms == 0)
		out->time_ms = received_at_ms;
	out->customer = subject_id(&entry->subject);
	if (entry->event.member.len)
		out->member = entry->event.member;
	return ERR_OK;
}

int effect_apply(struct machine *m, struct record *r, const struct entry *entry, const struct apply_input *in,
		 struct applied *out)
{
	struct event e = { 0 };
	if (entry->effect.kind == EFFECT_EVENT) {
		if (event_decode(&e, entry->effect.body, &m->arena, -1) != ERR_OK)
			return error_set(ERR_CORRUPT, NULL, "an event that another record accepted does not decode");
		e.customer = entry->effect.customer;
		if (entry->effect.member.len)
			e.member = entry->effect.member;
		if (e.time_ms == 0)
			e.time_ms = in->received_at_ms;
	}
	machine_apply_effect(m, r, entry->effect.kind, entry->effect.body, &e, in, out);
	return ERR_OK;
}

struct outcome_input outcome_input_of(const struct request_outcome *o, int64_t received_at_ms)
{
	return (struct outcome_input){
		.id = o->id,
		.source = o->source,
		.member = o->member,
		.agent = o->agent,
		.action = o->action,
		.channel = o->channel,
		.language = o->language,
		.details = { .reason = o->reason, .revenue = o->revenue, .cost = o->cost, .until_ms = o->until_ms },
		.kind = o->kind,
		.decision_boot = o->decision_boot,
		.decision_count = o->decision_count,
		.id_hash = o->id_hash,
		.content_hash = o->content_hash,
		.time_ms = o->time_ms ? o->time_ms : received_at_ms,
	};
}

int outcome_input_decode(struct outcome_input *out, const struct entry *entry, int64_t received_at_ms,
			 struct arena *arena)
{
	struct request_outcome o;
	int result = outcome_decode(&o, entry->outcome.raw, arena, -1);
	if (result != ERR_OK)
		return result;
	*out = outcome_input_of(&o, received_at_ms);
	if (entry->outcome.member.len)
		out->member = entry->outcome.member;
	return ERR_OK;
}

void timer_apply(struct machine *m, struct record *r, const struct entry *entry, const struct apply_input *in,
		 struct applied *out)
{
	int member = record_member(r, m->pool, entry->timer.member, false, 0);
	struct timer t = { .due_ms = entry->timer.due_ms,
			   .decl = entry->timer.decl,
			   .member = (uint8_t)(member > 0 ? member : 0),
			   .key = entry->timer.key.len ? strpool_take(m->pool, entry->timer.key) : NULL };
	machine_apply_timer(m, r, &t, in, out);
	strpool_drop(m->pool, t.key);
}

static void campaign_apply(struct machine *m, struct record *r, const struct decision_record *d,
			   const struct exposures *exposures, const struct apply_input *in, struct applied *out)
{
	const struct decision_chosen *chosen = d->chosen_count ? &d->chosen[0] : NULL;
	struct decided decided = {
		.rule = d->head.rule, .channel = d->ask.channel, .member = d->ask.bound_member, .time_ms = d->ask.now_ms,
		.boot = d->head.boot, .count = d->head.count, .fell = d->fell, .fell_count = d->fell_count,
	};
	if (chosen) {
		decided.chosen = true;
		decided.action = chosen->action;
		decided.say = chosen->say;
	}
	machine_apply_campaign(m, r, &decided, exposures, in, out);
}

void decision_apply(struct machine *m, struct record *r, const struct decision_record *d, const struct apply_input *in,
		    struct applied *out)
{
	const struct exposures exposures = { d->exposed, d->exposed_count, d->ask.channel, d->ask.agent,
					       d->ask.mood, d->ask.has_mood, d->ask.now_ms };
	out->alert_count = out->closed_count = out->effect_count = out->nudge_count = out->fired_count = 0;
	out->aborted = (struct aborted_calls){ 0 };
	out->failing_rule = 0;
	out->outcome = 0;
	struct slice campaign;
	if (d->head.nudge && rule_is_campaign(d->head.rule, &campaign)) {
		campaign_apply(m, r, d, &exposures, in, out);
		return;
	}
	if (exposures.count)
		machine_apply_exposures(m, r, &exposures, in, out);
	if (!d->head.nudge || !d->chosen_count || !d->chosen[0].say.len)
		return;
	const struct decision_chosen *chosen = &d->chosen[0];
	struct alert *alert = machine_apply_nudge(m, r, d->head.rule, d->ask.channel, chosen->say,
						  nudge_addressee(m->pack, d->head.rule, chosen->member, d->ask.bound_member),
						  d->ask.now_ms, in);
	if (alert)
		out->alerts[out->alert_count++] = (struct applied_alert){ alert, 0 };
}

static int decision_entry_apply(struct machine *m, struct record *r, const struct entry *entry,
				const struct apply_input *in, struct applied *out, bool *changed)
{
	struct decision_record d;
	int result = decision_decode(&d, entry->decision.bytes, &m->arena);
	*changed = result == ERR_OK && decision_changes(&d);
	if (*changed)
		decision_apply(m, r, &d, in, out);
	return result;
}

static int acknowledge_apply(struct machine *m, struct record *r, const struct entry *entry, struct applied *out)
{
	struct alert *alert;
	*out = (struct applied){ 0 };
	return machine_apply_acknowledge(m, r, entry->acknowledge.seq, entry->acknowledge.index,
					 entry->acknowledge.time_ms, &alert);
}

static int event_apply(struct machine *m, struct record *r, const struct entry *entry, const struct apply_input *in,
		       struct applied *out)
{
	struct event event;
	int result = entry_event(&event, entry, in->received_at_ms, &m->arena, NULL);
	if (result == ERR_OK)
		machine_apply_event(m, r, &event, in, out);
	return result;
}

static int outcome_apply(struct machine *m, struct record *r, const struct entry *entry, const struct apply_input *in,
			 struct applied *out)
{
	struct outcome_input input;
	int result = outcome_input_decode(&input, entry, in->received_at_ms, &m->arena);
	if (result == ERR_OK)
		machine_apply_outcome(m, r, &input, in, out);
	return result;
}

/* A prospect that never was stays unmade: the entry is there, so that the effect is known to be done, but no record. */
static bool effect_is_idle(const struct record *r, const struct entry *entry)
{
	return entry->effect.kind == EFFECT_ABSORB && r->seq == 0;
}

int entry_apply(struct machine *m, struct record *r, const struct journal_entry *je, const struct entry *entry,
		struct applied *out, bool *changed)
{
	struct apply_input in = { .received_at_ms = je->received_at_ms, .replay = true, .aborted = entry->aborted };
	int result = ERR_OK;
	*changed = true;
	switch (entry->kind) {
	case ENTRY_EVENT:
		result = event_apply(m, r, entry, &in, out);
		break;
	case ENTRY_EFFECT:
		*changed = !effect_is_idle(r, entry);
		result = effect_apply(m, r, entry, &in, out);
		break;
	case ENTRY_TIMER:
		timer_apply(m, r, entry, &in, out);
		break;
	case ENTRY_DECISION:
		result = decision_entry_apply(m, r, entry, &in, out, changed);
		break;
	case ENTRY_OUTCOME:
		result = outcome_apply(m, r, entry, &in, out);
		break;
	case ENTRY_ACKNOWLEDGE:
		result = acknowledge_apply(m, r, entry, out);
		break;
	default:
		*changed = false;
	}
	if (result != ERR_OK)
		return error_prefix("entry %llu", (unsigned long long)je->seq);
	if (*changed) {
		applied_set_seq(out, je->seq);
		r->seq = je->seq;
	}
	return ERR_OK;
}
