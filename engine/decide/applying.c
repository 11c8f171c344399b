/* decide/applying.c: the beginning and end of applying an entry, whatever its kind. */
#include "decide/applying.h"
#include "decide/counting.h"
#include "decide/exposure.h"
#include "decide/lasting.h"

#include "base/error.h"

const struct type_index *type_of(const struct machine *m, struct slice type)
{
	const struct str *s = strpool_find(m->pool, type);
	return s ? pack_type(m->pack, s) : m->pack->other_type; /* the pool has every type that the pack names */
}

void applying_start(struct applying *a, struct machine *m, struct record *record, const struct event *event,
		    int64_t now_ms, const struct apply_input *in, struct applied *out)
{
	struct eval *e = m->eval;
	*a = (struct applying){
		.m = m, .record = record, .in = in, .out = out, .e = e, .event = event, .now_ms = now_ms,
		.historical = now_ms < in->received_at_ms - ALERT_HORIZON_MS,
		.fresh = record->seq == 0 || record_is_blank(record),
	};
	out->alert_count = out->closed_count = out->effect_count = out->nudge_count = out->fired_count = 0;
	out->aborted = (struct aborted_calls){ 0 };
	out->failing_rule = 0;
	out->outcome = 0;
	eval_let_go(e);
	eval_start(e, in);
	e->subject = record;
	if (record->subject.kind == SUBJECT_CUSTOMER)
		e->customer = record;
	else if (record->subject.kind == SUBJECT_AGENT)
		e->agent = record;
	else if (record->subject.kind == SUBJECT_AREA)
		e->area = record;
	e->now_ms = now_ms;
	applying_occasion(a, event, 0);
}

void applying_occasion(struct applying *a, const struct event *event, uint8_t member)
{
	eval_occasion(a->e, event, member);
}

bool applying_effect(struct applying *a, uint8_t kind, const struct subject *target, struct slice body)
{
	struct applied *out = a->out;
	struct bytes *trail = &a->e->trail;
	if (out->effect_count >= LIMIT_ENTRY_EFFECTS + (kind == EFFECT_COUNT ? LIMIT_ENTRY_COUNTS : 0))
		return false;
	out->effects[out->effect_count++] = (struct effect){
		.index = a->next_index++, .kind = kind, .target = *target,
		.body = body.len ? arena_slice(&a->m->arena, body) : (struct slice){ NULL, 0 },
	};
	bytes_put_u8(trail, 'e');
	bytes_put_u8(trail, kind);
	bytes_put_u8(trail, target->kind);
	bytes_put_string(trail, subject_id(target));
	bytes_put_string(trail, body);
	return true;
}

/* Adding one alert may have moved the others, and bounds may have pushed one out: find them where they are now. */
static void find_alerts(struct applying *a)
{
	struct applied *out = a->out;
	unsigned kept = 0;
	for (unsigned i = 0; i < out->alert_count; i++) {
		struct alert *alert = alerts_find(a->record, 0, out->alerts[i].index);
		if (alert)
			out->alerts[kept++] = (struct applied_alert){ alert, out->alerts[i].index };
	}
	out->alert_count = kept;
}

void applying_finish(struct applying *a)
{
	struct eval *e = a->e;
	if (a->m->pack->churn)
		churn_finish(a);
	exposures_finish(a);
	if (a->counted)
		counting_finish(a);
	if (a->out->alert_count)
		find_alerts(a);
	a->out->aborted = (struct aborted_calls){ (uint16_t)e->aborted_count, e->aborted_calls };
	for (unsigned i = 0; i < e->aborted_count; i++) {
		bytes_put_u8(&e->trail, 'x');
		bytes_put_u16(&e->trail, e->aborted_calls[i]);
	}
	a->out->outcome = e->trail.len ? hash64(bytes_slice(&e->trail), 0) : 0;
	if (a->now_ms > a->record->newest_ms)
		a->record->newest_ms = a->now_ms;
	if (a->record->rare->items_lost)
		counter_add(&a->m->items_lost, items_take_lost(a->record));
	/* What the context lent is gone with the entry. */
	e->subject = e->customer = e->agent = e->area = NULL;
	e->event = NULL;
}

void applied_set_seq(struct applied *out, uint64_t seq)
{
	for (unsigned i = 0; i < out->alert_count; i++)
		out->alerts[i].alert->seq = seq;
}
