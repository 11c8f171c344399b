/* state/fill.c: what a record would have of some series and cases, had they been declared from the beginning, takes the
 * place of what it has (backfill). Exact, since both are of the same moment: nothing is joined, the windows are taken
 * whole, with the cells that adding in this order gave them. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"

static bool is_among(const struct id_list *list, uint32_t id)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->ids[i] == id)
			return true;
	return false;
}

/* The same window in the other record; members are matched by their ids. */
static struct window *twin(struct record *r, struct strpool *pool, const struct record *of, const struct window *w,
			   const struct window_spec *create)
{
	const struct window_of *what = window_of(w);
	int member = what->member ? record_member(r, pool, record_member_id(of, what->member), false, 0) : 0;
	return member < 0 ? NULL : record_window(r, pool, what->series, (uint8_t)member, window_key(w), create);
}

static uint64_t events_of(const struct window *w)
{
	struct window_sums sums;
	struct window_spec spec = window_shape(w);
	window_sum(w, &spec, -LIMIT_TIME_MAX_MS, LIMIT_TIME_MAX_MS, NULL, &sums);
	return sums.count;
}

/* It knows of events that the other does not. */
static bool reaches_further(const struct window *w, const struct window *other)
{
	if (!other || window_first_ms(w) < window_first_ms(other))
		return true;
	return window_first_ms(w) == window_first_ms(other) && events_of(w) > events_of(other);
}

static void drop_windows(struct record *r, struct strpool *pool, const struct record *from, const struct id_list *series,
			 bool keep_older)
{
	for (unsigned i = r->window_count; i-- > 0;) {
		struct window *w = &windows_of(r)[i];
		if (!is_among(series, window_of(w)->series))
			continue;
		if (keep_older && reaches_further(w, twin((struct record *)from, pool, r, w, NULL)))
			continue;
		window_drop(w, pool);
		body_remove(r, w, sizeof(*w));
		r->window_count--;
	}
}

static void copy_window(struct record *r, struct strpool *pool, const struct record *from, const struct window *w,
			bool keep_older)
{
	struct bytes bytes = { 0 };
	struct window_spec spec = window_shape(w);
	bool joined;
	if (keep_older && twin(r, pool, from, w, NULL))
		return; /* it stayed */
	struct window *to = twin(r, pool, from, w, &spec);
	if (to) {
		window_encode(w, NULL, &bytes);
		struct reader reader = reader_of(bytes_slice(&bytes));
		CHECK(window_read_shape(&reader, &spec, &joined) && window_read_cells(&reader, to, joined));
		bytes_finish(&bytes);
	}
}

static void drop_cases(struct record *r, struct strpool *pool, const struct id_list *cases)
{
	for (unsigned i = r->rare->case_count; i-- > 0;) {
		if (!is_among(cases, r->rare->cases[i].decl))
			continue;
		case_drop(&r->rare->cases[i], pool);
		ARRAY_REMOVE(r->rare->cases, r->rare->case_count, i);
	}
	for (unsigned i = r->rare->timer_count; i-- > 0;) {
		if (!is_among(cases, r->rare->timers[i].decl))
			continue;
		timer_drop(&r->rare->timers[i], pool);
		ARRAY_REMOVE(r->rare->timers, r->rare->timer_count, i);
	}
}

static void copy_cases(struct record *r, struct strpool *pool, const struct record *from, const struct id_list *cases)
{
	for (unsigned i = 0; i < from->rare->case_count; i++) {
		struct open_case c = from->rare->cases[i];
		int member = c.member ? record_member(r, pool, record_member_id(from, c.member), false, 0) : 0;
		if (member < 0 || !is_among(cases, c.decl))
			continue;
		c.member = (uint8_t)member;
		str_ref(c.key);
		str_ref(c.agent);
		cases_place(r, pool, &c);
	}
	for (unsigned i = 0; i < from->rare->timer_count; i++) {
		const struct timer *t = &from->rare->timers[i];
		int member = t->member ? record_member(r, pool, record_member_id(from, t->member), false, 0) : 0;
		if (member >= 0 && is_among(cases, t->decl))
			(void)timers_add(r, pool, t->due_ms, t->fire_ms, t->decl, (uint8_t)member, str_slice(t->key));
	}
}

void record_fill(struct record *r, struct strpool *pool, const struct record *from, const struct fill *fill)
{
	drop_windows(r, pool, from, &fill->series, fill->keep_older);
	for (unsigned i = 0; i < from->window_count; i++) {
		const struct window *w = &record_windows(from)[i];
		if (is_among(&fill->series, window_of(w)->series))
			copy_window(r, pool, from, w, fill->keep_older);
	}
	drop_cases(r, pool, &fill->cases);
	copy_cases(r, pool, from, &fill->cases);
	if (from->newest_ms > r->newest_ms)
		r->newest_ms = from->newest_ms;
}

struct record *record_only(const struct record *from, struct strpool *pool, const struct fill *fill)
{
	struct subject subject = record_subject(from);
	struct record *r = record_create(&subject);
	for (unsigned i = 1; i <= from->member_count; i++)
		(void)record_member(r, pool, record_member_id(from, (uint8_t)i), true, 0);
	record_fill(r, pool, from, &(struct fill){ fill->series, fill->cases, false });
	return r;
}
