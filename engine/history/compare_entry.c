/* history/compare_entry.c: one entry on both sides. Each applies it to its own record; then what it caused elsewhere is
 * told apart: what both caused comes where the journal shows it, what one of them did is foretold, or done at once. */
#include "history/compare_parts.h"

#include "base/check.h"
#include "history/apply.h"

#include <stdio.h>

void count_in(struct worker *w, bool counts, enum compare_total total, uint64_t n)
{
	if (counts)
		w->totals[total] += n;
}

bool counts_at(const struct compare *c, int64_t received_at_ms)
{
	return received_at_ms >= c->options->from_ms && received_at_ms <= c->options->to_ms;
}

struct slice member_name(const struct record *r, uint8_t member)
{
	return member ? record_member_id(r, member) : (struct slice){ "", 0 };
}

void pair_touched(struct worker *w, struct pair *p)
{
	static const enum compare_total totals[] = {
		[SUBJECT_CUSTOMER] = TOTAL_CUSTOMERS_TOUCHED,
		[SUBJECT_AGENT] = TOTAL_AGENTS_TOUCHED,
		[SUBJECT_AREA] = TOTAL_AREAS_TOUCHED,
		[SUBJECT_MODEL] = TOTAL_COUNT,
		[SUBJECT_LEDGER] = TOTAL_COUNT,
	};
	uint8_t kind = p->sides[BEFORE]->subject.kind;
	if (!p->touched && totals[kind] && totals[kind] != TOTAL_COUNT)
		w->totals[totals[kind]]++;
	p->touched = true;
}

void failures_note(struct worker *w, const struct step *s, unsigned calls)
{
	w->totals[TOTAL_FAILED_CALLS] += calls;
	if (!calls || w->failed_seq)
		return;
	w->failed_seq = s->place;
	snprintf(w->failure, sizeof(w->failure), "%s", w->sides[AFTER].m.eval->error);
}

static void check_outcome(struct worker *w, const struct step *s)
{
	if (s->echo)
		return;
	w->totals[TOTAL_CHECKED]++;
	if (w->sides[BEFORE].applied.outcome == s->recorded)
		return;
	w->totals[TOTAL_NOT_REPRODUCED]++;
	if (!w->not_reproduced_seq)
		w->not_reproduced_seq = s->seq;
}

static struct apply_input input_of(const struct ahead_item *item, unsigned side)
{
	struct apply_input in = { .received_at_ms = item->je.received_at_ms };
	if (side == BEFORE) {
		in.replay = true;
		in.aborted = item->entry.aborted;
	}
	return in;
}

static void current(struct worker *w, struct pair *p, unsigned side, uint64_t seq)
{
	p->sides[side]->seq = seq;
	applied_set_seq(&w->sides[side].applied, seq);
}

static bool same_target(const struct effect *a, const struct effect *b)
{
	if (a->kind != b->kind || !subject_equal(&a->target, &b->target))
		return false;
	return a->kind == EFFECT_MERGE || slice_equal(a->body, b->body); /* each merges the record as it has it */
}

static void caused_alone(struct worker *w, const struct step *s, const struct effect *f, uint32_t order)
{
	struct caused_list *l = &w->caused;
	if (l->count == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->items = must_realloc(l->items, l->cap * sizeof(*l->items));
	}
	struct caused *c = &l->items[l->count++];
	*c = (struct caused){
		.seq = s->place,
		.order = order,
		.received_at_ms = s->received_at_ms,
		.effect = *f,
		.source = record_subject(s->pair->sides[AFTER]),
		.event = s->event,
	};
	c->effect.body = (struct slice){ f->body.len ? must_strndup(f->body.data, f->body.len) : NULL, f->body.len };
}

/* Aliases only say whose an event is, and the journal says that already. Actions learn from what happened: the journal
 * says that too. What reports count is not compared: ledgers are left out altogether. */
static bool is_history(const struct effect *f)
{
	return f->target.kind == SUBJECT_ALIAS || f->target.kind == SUBJECT_MODEL || f->target.kind == SUBJECT_LEDGER;
}

/* before NULL: the journal has no such entry. */
static void effects_compare(struct worker *w, const struct step *s, const struct applied *before,
			    const struct applied *after)
{
	bool met[LIMIT_ENTRY_EFFECTS + LIMIT_ENTRY_COUNTS] = { false };
	unsigned count = before ? before->effect_count : 0;
	if (before && before->outcome == after->outcome && before->effect_count == after->effect_count)
		return; /* both spell out all that was caused */
	for (unsigned i = 0; i < after->effect_count; i++) {
		const struct effect *f = &after->effects[i];
		unsigned at = 0;
		while (at < count && (met[at] || !same_target(&before->effects[at], f)))
			at++;
		if (at < count && f->kind == EFFECT_MERGE)
			foretold_put(&w->foretold, s->seq, before->effects[at].index, false, f->body);
		if (at < count)
			met[at] = true;
		else if (!is_history(f))
			caused_alone(w, s, f, i);
	}
	for (unsigned i = 0; i < count; i++)
		if (!met[i] && !is_history(&before->effects[i]))
			foretold_put(&w->foretold, s->seq, before->effects[i].index, true, (struct slice){ 0 });
}

static bool same_nudge(const struct pair *p, const struct nudge_request *a, const struct nudge_request *b)
{
	return a->time_ms == b->time_ms && slice_equal(str_slice(a->rule), str_slice(b->rule)) &&
	       slice_equal(str_slice(a->channel), str_slice(b->channel)) &&
	       slice_equal(str_slice(a->goal), str_slice(b->goal)) &&
	       slice_equal(str_slice(a->action), str_slice(b->action)) &&
	       slice_equal(member_name(p->sides[BEFORE], a->member), member_name(p->sides[AFTER], b->member));
}

static void nudges_compare(struct worker *w, const struct step *s, const struct applied *before,
			   const struct applied *after)
{
	bool met[LIMIT_ENTRY_ALERTS] = { false };
	unsigned count = before ? before->nudge_count : 0;
	for (unsigned i = 0; i < after->nudge_count; i++) {
		unsigned at = 0;
		while (at < count && (met[at] || !same_nudge(s->pair, &before->nudges[at], &after->nudges[i])))
			at++;
		if (at < count)
			met[at] = true;
		else
			nudge_only_after(w, s, &after->nudges[i]);
	}
	for (unsigned i = 0; i < count; i++)
		if (!met[i])
			foretold_put(&w->nudges, s->seq, before->nudges[i].index, true, (struct slice){ 0 });
}

/* Both sides have applied it; w->sides[].applied say what came of it. */
static void settle(struct worker *w, const struct step *s, bool before, bool after)
{
	const struct applied *a = before ? &w->sides[BEFORE].applied : NULL;
	const struct applied *b = after ? &w->sides[AFTER].applied : NULL;
	if (!w->c->live) {
		applied_compare(w, s, a, a);
		return;
	}
	applied_compare(w, s, a, b);
	if (!b)
		return; /* nothing follows on the candidate's side; what followed on the other was foretold */
	failures_note(w, s, b->aborted.count);
	effects_compare(w, s, a, b);
	if (b->nudge_count || (a && a->nudge_count))
		nudges_compare(w, s, a, b);
	if (s->pair->sides[AFTER]->rare->timer_count)
		due_schedule(w, s->pair);
}

/* A due time that only the candidate has. The last of its applied; nothing of the recorded side. */
static void fire(struct worker *w, struct pair *p, const struct timer *t, uint64_t place, int64_t received_at_ms)
{
	struct side *after = &w->sides[AFTER];
	struct timer copy = *t;
	struct apply_input in = { .received_at_ms = received_at_ms };
	struct step s = { .pair = p,
			  .place = place,
			  .received_at_ms = received_at_ms,
			  .time_ms = t->due_ms,
			  .counts = counts_at(w->c, received_at_ms) };
	arena_reset(&after->m.arena);
	str_ref(copy.key);
	machine_apply_timer(&after->m, p->sides[AFTER], &copy, &in, &after->applied);
	strpool_drop(after->m.pool, copy.key);
	current(w, p, AFTER, place);
	settle(w, &s, false, true);
}

void due_compare(struct worker *w, uint64_t place, int64_t received_at_ms)
{
	struct timer t;
	struct pair *p;
	while ((p = due_next(w, received_at_ms, &t)) != NULL)
		fire(w, p, &t, place, received_at_ms);
}

/* What is due by an event's own time fires before it. The recorded side's has fired, so says the journal. */
static void due_before(struct worker *w, struct pair *p, uint64_t place, int64_t received_at_ms, int64_t time_ms)
{
	const struct timer *t;
	while ((t = timers_before_event(p->sides[AFTER], time_ms)) != NULL)
		fire(w, p, t, place, received_at_ms);
}

static void event_compare(struct worker *w, struct step *s, const struct ahead_item *item)
{
	s->event = &item->event;
	s->time_ms = item->event.time_ms;
	for (unsigned side = BEFORE; side < (w->c->live ? SIDES : AFTER); side++) {
		struct side *x = &w->sides[side];
		struct apply_input in = input_of(item, side);
		if (side == AFTER)
			due_before(w, s->pair, s->place, s->received_at_ms, item->event.time_ms);
		arena_reset(&x->m.arena);
		machine_apply_event(&x->m, s->pair->sides[side], &item->event, &in, &x->applied);
		current(w, s->pair, side, s->seq);
	}
	check_outcome(w, s);
	count_in(w, s->counts, TOTAL_EVENTS, 1);
	settle(w, s, true, true);
}

static void outcome_row(struct worker *w, const struct step *s, const struct outcome_input *o, bool known)
{
	if (!s->counts)
		return;
	struct compare_row *row = rows_get(&w->rows, ROW_ACTION, o->action);
	row->counts[COUNT_OUTCOMES]++;
	if (known)
		return;
	w->totals[TOTAL_OUTCOMES_UNKNOWN]++;
	row->counts[COUNT_OUTCOMES_UNKNOWN]++;
	row->counts[COUNT_UNKNOWN_KIND + o->kind]++;
	struct met m = { .seq = s->seq,
			 .order = s->place,
			 .boot = o->decision_boot,
			 .count = o->decision_count,
			 .time_ms = o->time_ms,
			 .record = s->pair->sides[BEFORE],
			 .member = o->member,
			 .before = slice_of(outcome_name((enum outcome_kind)o->kind)) };
	examples_add(&row->examples[EXAMPLE_UNKNOWN], w->rows.examples, &m);
}

static int outcome_compare(struct worker *w, struct step *s, const struct ahead_item *item)
{
	struct outcome_input o;
	int result = outcome_input_decode(&o, &item->entry, item->je.received_at_ms, &w->arena);
	if (result != ERR_OK)
		return result;
	bool known = !w->c->live || outcome_is_known(s->pair, &o);
	s->time_ms = o.time_ms;
	for (unsigned side = BEFORE; side < (w->c->live ? SIDES : AFTER); side++) {
		struct side *x = &w->sides[side];
		struct apply_input in = input_of(item, side);
		if (side == AFTER)
			due_before(w, s->pair, s->place, s->received_at_ms, o.time_ms);
		if (side == AFTER && !known)
			break;
		arena_reset(&x->m.arena);
		machine_apply_outcome(&x->m, s->pair->sides[side], &o, &in, &x->applied);
		current(w, s->pair, side, s->seq);
	}
	check_outcome(w, s);
	count_in(w, s->counts, TOTAL_OUTCOMES, 1);
	outcome_row(w, s, &o, known);
	settle(w, s, true, known);
	return ERR_OK;
}

static void timer_compare(struct worker *w, struct step *s, const struct ahead_item *item)
{
	s->time_ms = item->entry.timer.due_ms;
	for (unsigned side = BEFORE; side < (w->c->live ? SIDES : AFTER); side++) {
		struct side *x = &w->sides[side];
		struct apply_input in = input_of(item, side);
		arena_reset(&x->m.arena);
		timer_apply(&x->m, s->pair->sides[side], &item->entry, &in, &x->applied);
		current(w, s->pair, side, s->seq);
	}
	check_outcome(w, s);
	count_in(w, s->counts, TOTAL_TIMERS, 1);
	settle(w, s, true, true);
}

static int effect_compare(struct worker *w, struct step *s, const struct ahead_item *item)
{
	const struct entry *e = &item->entry;
	struct foretold *f = foretold_find(&w->c->foretold, e->effect.source_seq, e->effect.index);
	bool only_before = f && f->recorded_only;
	struct entry own = *e;
	if (f && !only_before)
		own.effect.body = bytes_slice(&f->body);
	for (unsigned side = BEFORE; side < (w->c->live && !only_before ? SIDES : AFTER); side++) {
		struct side *x = &w->sides[side];
		struct apply_input in = input_of(item, side);
		arena_reset(&x->m.arena);
		int result = effect_apply(&x->m, s->pair->sides[side], side == BEFORE ? e : &own, &in, &x->applied);
		if (result != ERR_OK)
			return result;
		current(w, s->pair, side, s->seq);
	}
	check_outcome(w, s);
	count_in(w, s->counts, TOTAL_EFFECTS, 1);
	settle(w, s, true, !only_before);
	return ERR_OK;
}

void caused_compare(struct worker *w, const struct caused *f)
{
	struct side *after = &w->sides[AFTER];
	struct apply_input in = { .received_at_ms = f->received_at_ms };
	struct pair *p = pair_get(w, &f->effect.target, subject_hash(&f->effect.target), f->effect.kind != EFFECT_ABSORB);
	if (!p)
		return;
	struct step s = { .pair = p,
			  .place = f->seq,
			  .received_at_ms = f->received_at_ms,
			  .time_ms = f->event ? f->event->time_ms : f->received_at_ms,
			  .event = f->event,
			  .counts = counts_at(w->c, f->received_at_ms) };
	arena_reset(&after->m.arena);
	machine_apply_effect(&after->m, p->sides[AFTER], f->effect.kind, f->effect.body, f->event, &in,
			     &after->applied);
	current(w, p, AFTER, f->seq);
	settle(w, &s, false, true);
}

static void acknowledge_compare(struct worker *w, struct step *s, const struct ahead_item *item)
{
	const struct entry *e = &item->entry;
	const struct pair *p = s->pair;
	struct alert *out;
	const struct alert *before = alerts_find(p->sides[BEFORE], e->acknowledge.seq, e->acknowledge.index);
	const struct alert *after = before && w->c->live ? alert_alike(p->sides[BEFORE], p->sides[AFTER], before) : NULL;
	uint64_t seq = after ? after->seq : 0;
	uint32_t index = after ? after->index : 0;
	count_in(w, s->counts, TOTAL_ACKNOWLEDGEMENTS, 1);
	w->totals[TOTAL_CHECKED]++;
	if (machine_apply_acknowledge(&w->sides[BEFORE].m, p->sides[BEFORE], e->acknowledge.seq, e->acknowledge.index,
				      e->acknowledge.time_ms, &out) != ERR_OK) {
		w->totals[TOTAL_NOT_REPRODUCED]++;
		if (!w->not_reproduced_seq)
			w->not_reproduced_seq = s->seq;
	}
	p->sides[BEFORE]->seq = s->seq;
	if (!w->c->live)
		return;
	if (!after || machine_apply_acknowledge(&w->sides[AFTER].m, p->sides[AFTER], seq, index,
						e->acknowledge.time_ms, &out) != ERR_OK)
		count_in(w, s->counts, TOTAL_ACKNOWLEDGEMENTS_LEFT_OUT, 1);
	p->sides[AFTER]->seq = s->seq;
}

int entry_compare(struct worker *w, const struct ahead_item *item)
{
	const struct entry *e = &item->entry;
	bool absorb = e->kind == ENTRY_EFFECT && e->effect.kind == EFFECT_ABSORB;
	struct step s = {
		.pair = pair_get(w, &e->subject, item->hash, !absorb),
		.seq = item->je.seq,
		.place = item->je.seq,
		.received_at_ms = item->je.received_at_ms,
		.time_ms = item->je.received_at_ms,
		.recorded = item->je.outcome,
		.counts = counts_at(w->c, item->je.received_at_ms),
	};
	if (e->subject.kind == SUBJECT_MODEL && owner_of(w->c, &e->subject) != w) {
		s.echo = true;
		s.counts = false;
	}
	int result = ERR_OK;
	if (!s.pair)
		return ERR_OK; /* a prospect that never was */
	arena_reset(&w->arena);
	count_in(w, s.counts, TOTAL_ENTRIES, 1);
	if (e->kind == ENTRY_EVENT)
		event_compare(w, &s, item);
	else if (e->kind == ENTRY_OUTCOME)
		result = outcome_compare(w, &s, item);
	else if (e->kind == ENTRY_TIMER)
		timer_compare(w, &s, item);
	else if (e->kind == ENTRY_EFFECT)
		result = effect_compare(w, &s, item);
	else if (e->kind == ENTRY_ACKNOWLEDGE)
		acknowledge_compare(w, &s, item);
	else if (e->kind == ENTRY_DECISION)
		result = decision_compare(w, &s, item);
	return result == ERR_OK ? result : error_prefix("entry %llu", (unsigned long long)s.seq);
}
