/* history/compare_alerts.c: which rules fired and which alerts were raised by one entry on both sides, told apart.
 *
 * Two alerts are the same one where the entry, the rule and the member are; then their words, recipients, severities and
 * expiries are compared. What is left over of a rule that only one side has, and looks the same as one of a rule that
 * only the other has, is an alert of a rule that was given another name. */
#include "history/compare_parts.h"

struct alerts_of {
	const struct applied *applied;
	const struct record *record;
	bool met[LIMIT_ENTRY_ALERTS];
};

static bool same_text(const struct str *a, const struct str *b)
{
	return slice_equal(str_slice(a), str_slice(b));
}

static bool same_member(const struct alerts_of *before, const struct alert *a, const struct alerts_of *after,
			const struct alert *b)
{
	return slice_equal(member_name(before->record, a->member), member_name(after->record, b->member));
}

static bool looks_the_same(const struct alert *a, const struct alert *b)
{
	return same_text(a->severity, b->severity) && same_text(a->to, b->to) && strcmp(a->text, b->text) == 0 &&
	       a->expires_ms == b->expires_ms && a->historical == b->historical;
}

/* "care, high: …", so that whatever differs is seen: how long it stays open is told where that does. */
static struct slice alert_line(struct worker *w, const struct alert *a, bool expiry)
{
	struct slice to = str_slice(a->to), severity = str_slice(a->severity);
	if (expiry && a->expires_ms)
		return arena_printf(&w->arena, "%.*s, %.*s, for %.4g h: %s", SLICE_ARG(to), SLICE_ARG(severity),
				    (double)(a->expires_ms - a->time_ms) / 3600000, a->text);
	if (expiry)
		return arena_printf(&w->arena, "%.*s, %.*s, for ever: %s", SLICE_ARG(to), SLICE_ARG(severity), a->text);
	return arena_printf(&w->arena, "%.*s, %.*s: %s", SLICE_ARG(to), SLICE_ARG(severity), a->text);
}

static void differs(struct worker *w, const struct step *s, struct slice rule, enum example_kind kind,
		    const struct alert *before, const struct alert *after)
{
	static const struct {
		enum compare_total total;
		enum compare_count count;
	} counts[] = {
		[EXAMPLE_LOST] = { TOTAL_ALERTS_LOST, COUNT_ALERTS_LOST },
		[EXAMPLE_GAINED] = { TOTAL_ALERTS_GAINED, COUNT_ALERTS_GAINED },
		[EXAMPLE_CHANGED] = { TOTAL_ALERTS_CHANGED, COUNT_ALERTS_CHANGED },
	};
	struct compare_row *row = rows_get(&w->rows, ROW_RULE, rule);
	const struct alert *a = before ? before : after;
	const struct record *record = s->pair->sides[before ? BEFORE : AFTER];
	struct met m = { .seq = s->seq,
			 .order = s->place,
			 .time_ms = a->time_ms,
			 .record = record,
			 .member = member_name(record, a->member) };
	bool expiry = before && after && before->expires_ms != after->expires_ms;
	if (before)
		m.before = alert_line(w, before, expiry);
	if (after)
		m.after = alert_line(w, after, expiry);
	w->totals[counts[kind].total]++;
	row->counts[counts[kind].count]++;
	examples_add(&row->examples[kind], w->rows.examples, &m);
	pair_touched(w, s->pair);
}

static void count_side(struct worker *w, const struct alerts_of *of, unsigned side)
{
	for (unsigned i = 0; of->applied && i < of->applied->alert_count; i++) {
		const struct alert *a = of->applied->alerts[i].alert;
		w->totals[side == BEFORE ? TOTAL_ALERTS_BEFORE : TOTAL_ALERTS_AFTER]++;
		if (side == BEFORE)
			w->totals[TOTAL_ALERTS_HISTORICAL] += a->historical;
		rows_get(&w->rows, ROW_RULE, str_slice(a->rule))
			->counts[side == BEFORE ? COUNT_ALERTS_BEFORE : COUNT_ALERTS_AFTER]++;
		rows_get(&w->rows, ROW_RECIPIENT, str_slice(a->to))
			->counts[side == BEFORE ? COUNT_ALERTS_BEFORE : COUNT_ALERTS_AFTER]++;
	}
}

static unsigned count_of(const struct alerts_of *of)
{
	return of->applied ? of->applied->alert_count : 0;
}

static void match_by_rule(struct worker *w, const struct step *s, struct alerts_of *before, struct alerts_of *after)
{
	for (unsigned i = 0; i < count_of(before); i++) {
		const struct alert *a = before->applied->alerts[i].alert;
		for (unsigned k = 0; k < count_of(after) && !before->met[i]; k++) {
			const struct alert *b = after->applied->alerts[k].alert;
			if (after->met[k] || !same_text(a->rule, b->rule) || !same_member(before, a, after, b))
				continue;
			before->met[i] = after->met[k] = true;
			if (!looks_the_same(a, b))
				differs(w, s, str_slice(a->rule), EXAMPLE_CHANGED, a, b);
		}
	}
}

static void renamed(struct worker *w, const struct step *s, const struct alert *a, const struct alert *b)
{
	struct slice name = arena_printf(&w->arena, "%.*s\n%.*s", SLICE_ARG(str_slice(a->rule)),
					 SLICE_ARG(str_slice(b->rule)));
	w->totals[TOTAL_ALERTS_RENAMED]++;
	rows_get(&w->rows, ROW_RENAMED, name)->counts[COUNT_ALERTS_CHANGED]++;
	pair_touched(w, s->pair);
}

static void match_renamed(struct worker *w, const struct step *s, struct alerts_of *before, struct alerts_of *after)
{
	for (unsigned i = 0; i < count_of(before); i++) {
		const struct alert *a = before->applied->alerts[i].alert;
		if (before->met[i] || rows_get(&w->rows, ROW_RULE, str_slice(a->rule))->in_after)
			continue;
		for (unsigned k = 0; k < count_of(after) && !before->met[i]; k++) {
			const struct alert *b = after->applied->alerts[k].alert;
			if (after->met[k] || !looks_the_same(a, b) || !same_member(before, a, after, b) ||
			    rows_get(&w->rows, ROW_RULE, str_slice(b->rule))->in_before)
				continue;
			before->met[i] = after->met[k] = true;
			renamed(w, s, a, b);
		}
	}
}

static void alerts_compare(struct worker *w, const struct step *s, const struct applied *a, const struct applied *b)
{
	struct alerts_of before = { .applied = a, .record = s->pair->sides[BEFORE] };
	struct alerts_of after = { .applied = b, .record = s->pair->sides[a == b ? BEFORE : AFTER] };
	count_side(w, &before, BEFORE);
	count_side(w, &after, AFTER);
	if (a == b)
		return;
	match_by_rule(w, s, &before, &after);
	match_renamed(w, s, &before, &after);
	for (unsigned i = 0; i < count_of(&before); i++)
		if (!before.met[i])
			differs(w, s, str_slice(a->alerts[i].alert->rule), EXAMPLE_LOST, a->alerts[i].alert, NULL);
	for (unsigned i = 0; i < count_of(&after); i++)
		if (!after.met[i])
			differs(w, s, str_slice(b->alerts[i].alert->rule), EXAMPLE_GAINED, NULL, b->alerts[i].alert);
}

const struct alert *alert_alike(const struct record *of, const struct record *in, const struct alert *wanted)
{
	unsigned before = 0;
	for (unsigned i = 0; i < of->rare->alert_count && &of->rare->alerts[i] != wanted; i++)
		before += of->rare->alerts[i].seq == wanted->seq && of->rare->alerts[i].member == wanted->member &&
			  of->rare->alerts[i].rule == wanted->rule;
	for (unsigned i = 0; i < in->rare->alert_count; i++) {
		const struct alert *a = &in->rare->alerts[i];
		if (a->seq == wanted->seq && slice_equal(str_slice(a->rule), str_slice(wanted->rule)) &&
		    slice_equal(member_name(in, a->member), member_name(of, wanted->member)) && before-- == 0)
			return a;
	}
	return NULL;
}

/* One side's entry closed these: are they open still on the other? */
static void closed_compare(struct worker *w, const struct step *s, const struct applied *mine, unsigned side)
{
	const struct record *own = s->pair->sides[side], *other = s->pair->sides[side == BEFORE ? AFTER : BEFORE];
	for (unsigned i = 0; mine && i < mine->closed_count; i++) {
		const struct alert *a = alerts_find((struct record *)own, mine->closed[i].seq, mine->closed[i].index);
		const struct alert *b = a && a->state == ALERT_CLOSED ? alert_alike(own, other, a) : NULL;
		if (!b || b->state == ALERT_CLOSED)
			continue;
		struct compare_row *row = rows_get(&w->rows, ROW_RULE, str_slice(a->rule));
		struct met m = { .seq = s->seq,
				 .order = s->place,
				 .time_ms = s->time_ms,
				 .record = own,
				 .member = member_name(own, a->member),
				 .before = side == BEFORE ? SLICE("closed") : SLICE("open still"),
				 .after = side == BEFORE ? SLICE("open still") : SLICE("closed") };
		w->totals[TOTAL_CLOSED_OTHERWISE]++;
		row->counts[COUNT_CLOSED_OTHERWISE]++;
		examples_add(&row->examples[EXAMPLE_CHANGED], w->rows.examples, &m);
		pair_touched(w, s->pair);
	}
}

static bool has_fired(const struct applied *a, const struct str *rule)
{
	for (unsigned i = 0; a && i < a->fired_count; i++)
		if (a->fired[i] == rule || same_text(a->fired[i], rule))
			return true;
	return false;
}

static void fired_side(struct worker *w, const struct step *s, const struct applied *mine, const struct applied *others,
		       unsigned side)
{
	for (unsigned i = 0; mine && i < mine->fired_count; i++) {
		struct compare_row *row = rows_get(&w->rows, ROW_RULE, str_slice(mine->fired[i]));
		row->counts[side == BEFORE ? COUNT_FIRED_BEFORE : COUNT_FIRED_AFTER]++;
		if (mine == others || has_fired(others, mine->fired[i]))
			continue;
		row->counts[side == BEFORE ? COUNT_FIRED_LOST : COUNT_FIRED_GAINED]++;
		w->totals[side == BEFORE ? TOTAL_FIRED_LOST : TOTAL_FIRED_GAINED]++;
		pair_touched(w, s->pair);
	}
}

void applied_compare(struct worker *w, const struct step *s, const struct applied *before, const struct applied *after)
{
	unsigned fired = (before ? before->fired_count : 0) + (after ? after->fired_count : 0);
	if (s->counts && before != after) {
		closed_compare(w, s, before, BEFORE);
		closed_compare(w, s, after, AFTER);
	}
	if (!s->counts || !fired) /* an alert is a rule's that fired */
		return;
	fired_side(w, s, before, after, BEFORE);
	fired_side(w, s, after, before, AFTER);
	if ((before && before->alert_count) || (after && after->alert_count))
		alerts_compare(w, s, before, after);
}
