/* history/apply.c: see apply.h. */
#include "history/apply.h"

#include "base/error.h"

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

void nudge_apply(struct machine *m, struct record *r, const struct decision_record *d, const struct apply_input *in,
		 struct applied *out)
{
	*out = (struct applied){ 0 };
	if (!d->chosen_count || !d->chosen[0].say.len)
		return;
	const struct decision_chosen *chosen = &d->chosen[0];
	struct alert *alert = machine_apply_nudge(m, r, d->head.rule, d->ask.channel, chosen->say,
						  (uint8_t)(chosen->member ? chosen->member : d->ask.bound_member),
						  d->ask.now_ms, in);
	if (alert)
		out->alerts[out->alert_count++] = (struct applied_alert){ alert, 0 };
}
