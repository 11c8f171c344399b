/* decide/eval_series.c: aggregates of series and cases. A series that has no window yet has counted nothing: its count
 * and sum are 0, what needs a value is unknown. before = "this" looks past what the entry being applied added. `previous`
 * is the value before the newest: the newest one is what that entry added, or where it added none, what came last. */
#include "decide/eval.h"
#include "state/spells.h"

#include "decide/text.h"

#include <stdio.h>

void eval_touch(struct eval *e, const struct record *r, const struct window *w, const struct window_undo *undo)
{
	if (e->touched_count == e->touched_cap) {
		unsigned cap = e->touched_cap ? 2 * e->touched_cap : 8;
		struct touched *grown = arena_alloc(&e->m->arena, cap * sizeof(*grown));
		if (e->touched_count)
			memcpy(grown, e->touched, e->touched_count * sizeof(*grown));
		e->touched = grown;
		e->touched_cap = cap;
	}
	e->touched[e->touched_count++] = (struct touched){ r, w->of, *undo };
}

/* The newest first: bounds may have pushed a window out, and it may have come back. */
static const struct window_undo *undo_of(const struct eval *e, const struct record *r, const struct window *w)
{
	for (unsigned i = e->touched_count; i > 0; i--) {
		const struct touched *t = &e->touched[i - 1];
		if (t->of == w->of && t->record == r)
			return t->undo.valid ? &t->undo : NULL;
	}
	return NULL;
}

static bool key_append(char buffer[LIMIT_KEY_BYTES], size_t *len, unsigned i, struct value v)
{
	char number[32];
	struct slice text = value_key_text(v, number);
	size_t more = text.len + (i > 0);
	if (more > LIMIT_KEY_BYTES - *len)
		return false;
	if (i > 0)
		buffer[(*len)++] = '\x1f';
	if (text.len)
		memcpy(buffer + *len, text.data, text.len);
	*len += text.len;
	return true;
}

/* A key beyond its bytes is told from others by its hash. */
static void key_hashed(const struct value *values, unsigned count, char buffer[LIMIT_KEY_BYTES], size_t *len)
{
	uint64_t h = count;
	for (unsigned i = 0; i < count; i++) {
		char number[32];
		h = hash64(value_key_text(values[i], number), h);
	}
	*len = (size_t)snprintf(buffer, LIMIT_KEY_BYTES, "#%016llx", (unsigned long long)h);
}

static void key_join(const struct value *values, unsigned count, char buffer[LIMIT_KEY_BYTES], struct slice *out)
{
	size_t len = 0;
	if (count == 1) { /* its text is the key */
		*out = value_key_text(values[0], buffer);
		if (out->len <= LIMIT_KEY_BYTES)
			return;
	}
	for (unsigned i = 0; i < count; i++)
		if (!key_append(buffer, &len, i, values[i])) {
			key_hashed(values, count, buffer, &len);
			break;
		}
	*out = (struct slice){ buffer, len };
}

/* What the occasion says under the series' `by` name i; where it is silent, the member whom a rule has bound. */
static struct value by_value(struct eval *e, const struct series_decl *s, unsigned i)
{
	struct value v = *eval_occasion_read(e, s->by_reads[i]);
	if (v.kind == VALUE_UNKNOWN && e->member && slice_equal(str_slice(s->by[i]), SLICE("member")))
		v = eval_name(e, SLICE("member"));
	return v;
}

bool eval_split_key(struct eval *e, const struct series_decl *s, char buffer[LIMIT_KEY_BYTES], struct slice *out)
{
	struct value values[SERIES_BY_MAX];
	bool known = false;
	for (unsigned i = 0; i < s->by_count; i++) {
		values[i] = by_value(e, s, i);
		known |= values[i].kind != VALUE_UNKNOWN;
	}
	key_join(values, s->by_count, buffer, out);
	return known;
}

/* with { … }: the author's own values; one that is unknown makes the whole unknown. */
static bool key_given(struct eval *e, const struct term *t, unsigned count, char buffer[LIMIT_KEY_BYTES],
		      struct slice *out)
{
	struct value values[SERIES_BY_MAX];
	for (unsigned i = 0; i < count; i++) {
		values[i] = eval_term(e, t->series.key[i]);
		if (values[i].kind == VALUE_UNKNOWN)
			return false;
	}
	key_join(values, count, buffer, out);
	return true;
}

struct range {
	int64_t from_ms, to_ms;
};

static struct range range_of(const struct eval *e, const struct term *t)
{
	const struct zone *z = e->m->pack->zone;
	struct range r = { INT64_MIN, e->now_ms };
	if (t->series.aggregate <= AGGREGATE_MAX || t->series.aggregate == AGGREGATE_DISTINCT ||
	    t->series.aggregate == AGGREGATE_OCCUPANCY)
		r.from_ms = span_from(t->series.span, z, e->now_ms);
	if (t->series.before_today)
		r.to_ms = zone_day_start(z, e->now_ms) - 1;
	return r;
}

static const struct window_undo *left_out(const struct eval *e, const struct record *r, const struct term *t,
					  const struct window *w)
{
	return t->series.before_this ? undo_of(e, r, w) : NULL;
}

/* What `previous` leaves out of a window to which the entry being applied has added nothing. */
static const struct window_undo *newest_out(const struct term *t, const struct window *w, int64_t to_ms,
					    const struct window_undo *added, struct window_undo *newest)
{
	if (added || t->series.aggregate != AGGREGATE_PREVIOUS)
		return added;
	*newest = window_newest(w, to_ms);
	return newest;
}

/* Across keys, only one window has the newest: that to which the entry added, else the first of those that end last. */
static const struct window *ends_last(struct eval *e, const struct record *r, const struct term *t, uint32_t series,
				      uint8_t member)
{
	const struct window *last = NULL;
	if (t->series.aggregate != AGGREGATE_PREVIOUS)
		return NULL;
	for (unsigned i = 0; i < r->window_count; i++) {
		const struct window *w = &record_windows(r)[i];
		if (window_of(w)->series != series || window_of(w)->member != member)
			continue;
		if (undo_of(e, r, w))
			return w;
		if (w->count && (!last || window_newest_ms(w) > window_newest_ms(last)))
			last = w;
	}
	return last;
}

static void sums_join(struct window_sums *into, const struct window_sums *more)
{
	if (!more->count)
		return;
	if (!into->count) {
		*into = *more;
		return;
	}
	into->min = more->min < into->min ? more->min : into->min;
	into->max = more->max > into->max ? more->max : into->max;
	into->first_ms = more->first_ms < into->first_ms ? more->first_ms : into->first_ms;
	if (more->last_ms > into->last_ms) {
		into->last_ms = more->last_ms;
		into->latest = more->latest;
	}
	into->count += more->count;
	into->sum += more->sum;
}

static struct value of_sums(const struct eval *e, const struct term *t, const struct window_sums *s)
{
	switch (t->series.aggregate) {
	case AGGREGATE_COUNT:
		return value_number((double)s->count);
	case AGGREGATE_SUM:
		return value_number(s->sum);
	default:
		break;
	}
	if (s->count == 0)
		return value_unknown();
	switch (t->series.aggregate) {
	case AGGREGATE_MEAN:
		return value_number(s->sum / (double)s->count);
	case AGGREGATE_MIN:
		return value_number(s->min);
	case AGGREGATE_MAX:
		return value_number(s->max);
	case AGGREGATE_SINCE:
		return value_number((double)(e->now_ms - s->last_ms) / 1000);
	default:
		return value_number(s->latest);
	}
}

/* Of every key together, in the order the record keeps its windows. What needs single values (run, distinct) has no
 * meaning across keys. */
static struct value all_keys(struct eval *e, const struct record *r, const struct term *t, const struct series_decl *s,
			     uint8_t member)
{
	struct range range = range_of(e, t);
	struct window_sums sums = { 0 };
	double mean = 0, one;
	bool known = false;
	const struct window *last = ends_last(e, r, t, s->id, member);
	for (unsigned i = 0; i < r->window_count; i++) {
		const struct window *w = &record_windows(r)[i];
		struct window_undo newest;
		struct window_sums more;
		if (window_of(w)->series != s->id || window_of(w)->member != member)
			continue;
		if (t->series.aggregate == AGGREGATE_DAILY_MEAN) {
			if (window_daily_mean(w, &s->window, e->m->pack->zone, e->now_ms, t->series.days,
					      t->series.before_today, t->series.at_least_days, t->series.of_values,
					      &one)) {
				mean += one;
				known = true;
			}
			continue;
		}
		const struct window_undo *without = left_out(e, r, t, w);
		without = w == last ? newest_out(t, w, range.to_ms, without, &newest) : without;
		window_sum(w, &s->window, range.from_ms, range.to_ms, without, &more);
		sums_join(&sums, &more);
	}
	if (t->series.aggregate == AGGREGATE_DAILY_MEAN)
		return known ? value_number(mean) : value_unknown();
	if (t->series.aggregate == AGGREGATE_RUN || t->series.aggregate == AGGREGATE_DISTINCT)
		return value_unknown();
	return of_sums(e, t, &sums);
}

static struct value of_spells(struct eval *e, const struct record *r, const struct term *t, const struct series_decl *s)
{
	struct range range = range_of(e, t);
	double share;
	int64_t since_ms;
	if (t->series.aggregate == AGGREGATE_OCCUPANCY)
		return spells_share(r, s->id, range.from_ms, range.to_ms, &share) ? value_number(share) : value_unknown();
	return spells_since_break(r, s->id, s->gap_ms, e->now_ms, &since_ms) ? value_number((double)since_ms / 1000)
									      : value_unknown();
}

struct value eval_series(struct eval *e, const struct record *r, const struct term *t)
{
	const struct series_decl *s = &e->m->pack->series[t->series.index];
	uint8_t member = s->about == ABOUT_MEMBER ? e->member : 0;
	char buffer[LIMIT_KEY_BYTES];
	struct slice key = { NULL, 0 };
	if (s->about == ABOUT_MEMBER && !member)
		return value_unknown();
	if (t->series.aggregate >= AGGREGATE_OCCUPANCY)
		return of_spells(e, r, t, s);
	if (t->series.all_keys && s->by_count)
		return all_keys(e, r, t, s, member);
	if (t->series.key ? !key_given(e, t, s->by_count, buffer, &key) : !eval_key(e, s, buffer, &key))
		return value_unknown();
	/* Without `create`, record_window changes nothing. */
	const struct window *w = record_window((struct record *)r, e->m->pool, s->id, member, key, NULL);
	struct range range = range_of(e, t);
	struct window_sums sums = { 0 };
	struct window_undo newest;
	double mean;
	switch (t->series.aggregate) {
	case AGGREGATE_RUN:
		return value_number(
			w ? (double)window_run(w, t->series.low, t->series.high, range.to_ms, left_out(e, r, t, w)) : 0);
	case AGGREGATE_DISTINCT:
		return value_number(w ? (double)window_distinct(w, range.from_ms, range.to_ms, left_out(e, r, t, w)) : 0);
	case AGGREGATE_DAILY_MEAN:
		if (w && window_daily_mean(w, &s->window, e->m->pack->zone, e->now_ms, t->series.days,
					   t->series.before_today, t->series.at_least_days, t->series.of_values, &mean))
			return value_number(mean);
		return value_unknown();
	default:
		break;
	}
	if (w)
		window_sum(w, &s->window, range.from_ms, range.to_ms,
			   newest_out(t, w, range.to_ms, left_out(e, r, t, w), &newest), &sums);
	return of_sums(e, t, &sums);
}

/* Of the bound member's cases where they are about members; of all of them where nobody is bound. */
struct value eval_case(struct eval *e, const struct record *r, const struct term *t)
{
	const struct case_decl *decl = &e->m->pack->cases[t->open_case.index];
	uint8_t member = decl->about == ABOUT_MEMBER ? e->member : 0;
	unsigned open = 0, closed = 0, missed = 0;
	int64_t oldest = INT64_MAX;
	double turnaround = 0;
	for (unsigned i = 0; i < r->rare->case_count; i++) {
		const struct open_case *c = &r->rare->cases[i];
		if (c->decl != decl->id || (member && c->member != member))
			continue;
		if (c->state == CASE_OPEN) {
			open++;
			missed += c->missed || (c->due_ms && c->due_ms <= e->now_ms);
			oldest = c->opened_ms < oldest ? c->opened_ms : oldest;
		} else {
			closed++;
			turnaround += (double)(c->closed_ms - c->opened_ms) / 1000;
		}
	}
	switch (t->open_case.aggregate) {
	case CASE_IS_OPEN:
		return value_bool(open > 0);
	case CASE_COUNT_OPEN:
		return value_number(open);
	case CASE_IS_MISSED:
		return value_bool(missed > 0);
	case CASE_AGE:
		return open ? value_number(e->now_ms > oldest ? (double)(e->now_ms - oldest) / 1000 : 0)
			    : value_unknown();
	default:
		return closed ? value_number(turnaround / closed) : value_unknown();
	}
}
