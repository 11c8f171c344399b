/* history/compare_nudge.c: nudges, of rules and of campaigns, made again by the candidate. What follows from one in the
 * customer's record is what follows live: an alert; and a campaign goes on from there, held back, waiting for its turn or
 * sent, which decides what it does next.
 *
 * Turns of a campaign that makes so many offers a day are those of history (ledgers are not compared): both sides get the
 * recorded one where both asked; where only the candidate asks, its turn is at once. */
#include "history/compare_parts.h"

#include "base/check.h"
#include "history/apply.h"

/* One that is sent has words, and is an alert; a campaign's may have to wait for its turn. */
static const struct choice *nudge_sent(const struct worker *w)
{
	return w->decided.alert_count ? &w->sides[AFTER].decision.choices[0] : NULL;
}

/* What became of a decision of the candidate's, to its record: by way of the bytes that the journal would have, as live.
 * Into w->decided. */
void candidate_keep(struct worker *w, const struct step *s, const struct decision_head *head, const struct ask *ask)
{
	struct side *after = &w->sides[AFTER];
	struct apply_input in = { .received_at_ms = s->received_at_ms };
	struct decision_record d;
	struct bytes encoded = { 0 };
	decision_encode(head, ask, NULL, &after->decision, &encoded);
	int result = decision_decode(&d, bytes_slice(&encoded), &w->arena);
	CHECK(result == ERR_OK); /* our own bytes */
	decision_apply(&after->m, s->pair->sides[AFTER], &d, &in, &w->decided);
	applied_set_seq(&w->decided, s->place);
	s->pair->sides[AFTER]->seq = s->place;
	bytes_finish(&encoded);
	if (s->pair->sides[AFTER]->rare->timer_count)
		due_schedule(w, s->pair);
}

static struct slice nudge_line(struct worker *w, struct slice action, struct slice say)
{
	return arena_printf(&w->arena, "%.*s: %.*s", SLICE_ARG(action), SLICE_ARG(say));
}

static void nudge_count(struct worker *w, struct compare_row *rule, struct slice channel, bool before, bool after)
{
	struct slice to = arena_printf(&w->arena, "channel:%.*s", SLICE_ARG(channel));
	struct compare_row *row = rows_get(&w->rows, ROW_RECIPIENT, to);
	w->totals[TOTAL_NUDGES_BEFORE] += before;
	w->totals[TOTAL_NUDGES_AFTER] += after;
	rule->counts[COUNT_NUDGES_BEFORE] += before;
	rule->counts[COUNT_NUDGES_AFTER] += after;
	row->counts[COUNT_NUDGES_BEFORE] += before;
	row->counts[COUNT_NUDGES_AFTER] += after;
}

static void nudge_action(struct worker *w, struct slice action, unsigned side, struct slice other)
{
	if (!action.len)
		return;
	struct compare_row *row = rows_get(&w->rows, ROW_ACTION, action);
	row->counts[side == BEFORE ? COUNT_NUDGES_BEFORE : COUNT_NUDGES_AFTER]++;
	if (!slice_equal(action, other))
		row->counts[side == BEFORE ? COUNT_NUDGES_LOST : COUNT_NUDGES_GAINED]++;
}

/* d: the recorded one. after: the candidate's, NULL where it asks for none; then, or where before is NULL, the other
 * side has nothing. */
struct nudge_sides {
	struct slice rule, channel, member;
	const struct decision_chosen *before;
	const struct choice *after;
	const struct decision_record *d;
};

static void nudge_differs(struct worker *w, const struct step *s, const struct nudge_sides *n)
{
	bool changed = n->before && n->after;
	struct compare_row *row = rows_get(&w->rows, ROW_RULE, n->rule);
	enum example_kind kind = changed ? EXAMPLE_CHANGED : n->before ? EXAMPLE_LOST : EXAMPLE_GAINED;
	struct met m = { .seq = s->seq,
			 .order = s->place,
			 .time_ms = s->time_ms,
			 .record = s->pair->sides[BEFORE],
			 .member = n->member,
			 .boot = n->d ? n->d->head.boot : 0,
			 .count = n->d ? n->d->head.count : 0 };
	if (n->before)
		m.before = nudge_line(w, n->before->action, n->before->say);
	if (n->after)
		m.after = nudge_line(w, str_slice(n->after->action->name), n->after->say);
	w->totals[changed ? TOTAL_NUDGES_CHANGED : n->before ? TOTAL_NUDGES_LOST : TOTAL_NUDGES_GAINED]++;
	row->counts[changed ? COUNT_NUDGES_CHANGED : n->before ? COUNT_NUDGES_LOST : COUNT_NUDGES_GAINED]++;
	if (n->after && (!n->before || !same_action(n->after, n->before)))
		w->totals[TOTAL_SHOWN_UNKNOWN]++;
	examples_add(&row->examples[kind], w->rows.examples, &m);
	pair_touched(w, s->pair);
}

static void nudge_compare(struct worker *w, const struct step *s, const struct nudge_sides *n)
{
	struct slice before = n->before ? n->before->action : (struct slice){ 0 };
	struct slice after = n->after ? str_slice(n->after->action->name) : (struct slice){ 0 };
	if (!s->counts || (!n->before && !n->after))
		return;
	nudge_count(w, rows_get(&w->rows, ROW_RULE, n->rule), n->channel, n->before, n->after);
	nudge_action(w, before, BEFORE, after);
	nudge_action(w, after, AFTER, before);
	if (!n->before || !n->after || !slice_equal(before, after) || !slice_equal(n->before->say, n->after->say))
		nudge_differs(w, s, n);
}

static struct ask ask_of(struct worker *w, const struct step *s, const struct nudge_request *n)
{
	struct arena *a = &w->arena;
	struct slice campaign;
	return (struct ask){ .nudge = true,
			     .gates = rule_is_campaign(str_slice(n->rule), &campaign),
			     .channel = arena_slice(a, str_slice(n->channel)),
			     .goal = arena_slice(a, str_slice(n->goal)),
			     .action = arena_slice(a, str_slice(n->action)),
			     .member = arena_slice(a, member_name(s->pair->sides[AFTER], n->member)),
			     .bound_member = n->member,
			     .limit = 1,
			     .now_ms = n->time_ms };
}

static const struct effect *ticket_of(const struct applied *applied)
{
	for (unsigned i = 0; i < applied->effect_count; i++)
		if (applied->effects[i].kind == EFFECT_TICKET)
			return &applied->effects[i];
	return NULL;
}

/* The candidate alone asked for a turn: history has none for it, so it is now. True: then it asks to decide again. */
static bool turn_now(struct worker *w, const struct step *s, struct slice rule, struct nudge_request *again)
{
	struct side *after = &w->sides[AFTER];
	struct apply_input in = { .received_at_ms = s->received_at_ms };
	struct bytes body = { 0 };
	struct slice campaign;
	if (!ticket_of(&w->decided) || !rule_is_campaign(rule, &campaign))
		return false;
	bytes_put_string(&body, campaign);
	bytes_put_zigzag(&body, s->received_at_ms);
	arena_reset(&after->m.arena);
	machine_apply_effect(&after->m, s->pair->sides[AFTER], EFFECT_TURN, bytes_slice(&body), NULL, &in, &w->decided);
	bytes_finish(&body);
	if (s->pair->sides[AFTER]->rare->timer_count)
		due_schedule(w, s->pair);
	if (w->decided.nudge_count)
		*again = w->decided.nudges[0];
	return w->decided.nudge_count > 0;
}

static struct slice decide_alone(struct worker *w, const struct step *s, const struct nudge_request *n)
{
	struct slice rule = arena_slice(&w->arena, str_slice(n->rule));
	struct decision_head head = { .nudge = true, .rule = rule };
	struct ask ask = ask_of(w, s, n);
	choose_alone(w, s, &ask);
	candidate_keep(w, s, &head, &ask);
	struct nudge_sides sides = { .rule = rule,
				     .channel = ask.channel,
				     .member = ask.member,
				     .after = nudge_sent(w) };
	nudge_compare(w, s, &sides);
	return rule;
}

void nudge_only_after(struct worker *w, const struct step *s, const struct nudge_request *n)
{
	struct nudge_request again;
	struct slice rule = decide_alone(w, s, n);
	if (turn_now(w, s, rule, &again))
		decide_alone(w, s, &again);
}

/* What the candidate comes to where it asked for the same nudge; NULL: it sends none. */
static const struct choice *nudge_again(struct worker *w, const struct step *s, const struct decision_record *d,
					struct reads *reads)
{
	struct decision_head head = d->head;
	struct ask ask = d->ask;
	choose_again(w, s, &ask, d, reads);
	candidate_keep(w, s, &head, &ask);
	return nudge_sent(w);
}

static void nudge_same(struct worker *w, const struct step *s, const struct nudge_sides *sides)
{
	if (!sides->before || !s->counts)
		return;
	struct compare_row *row = rows_get(&w->rows, ROW_RULE, sides->rule);
	nudge_count(w, row, sides->channel, true, true);
	nudge_action(w, sides->before->action, BEFORE, sides->before->action);
	nudge_action(w, sides->before->action, AFTER, sides->before->action);
}

void nudge_recorded(struct worker *w, const struct step *s, const struct decision_record *d, struct reads *reads)
{
	struct side *before = &w->sides[BEFORE];
	struct foretold *f = foretold_find(&w->nudges, d->head.source_seq, d->head.source_index);
	struct apply_input in = { .received_at_ms = s->received_at_ms, .replay = true };
	bool both = w->c->live && !f;
	struct nudge_request again;
	decision_apply(&before->m, s->pair->sides[BEFORE], d, &in, &before->applied);
	applied_set_seq(&before->applied, s->seq);
	s->pair->sides[BEFORE]->seq = s->seq;
	if (f)
		foretold_drop(&w->nudges, f);
	struct nudge_sides sides = { .rule = d->head.rule,
				     .channel = d->ask.channel,
				     .member = d->ask.member,
				     .before = before->applied.alert_count ? &d->chosen[0] : NULL,
				     .after = both ? nudge_again(w, s, d, reads) : NULL,
				     .d = d };
	if (!w->c->live) {
		nudge_same(w, s, &sides);
		return;
	}
	if (sides.before)
		withhold(s->pair, &d->head, sides.before->action,
			 !sides.after || !same_action(sides.after, sides.before));
	nudge_compare(w, s, &sides);
	/* Where both ask for a turn, the journal has it. */
	if (both && !ticket_of(&before->applied) && turn_now(w, s, d->head.rule, &again))
		nudge_only_after(w, s, &again);
}
