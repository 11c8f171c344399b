/* state/record.c: the life of a record, and what its parts share. A record starts as one block of a few hundred bytes;
 * each array comes into being with its first item. */
#include "base/limits.h"
#include "state/inside.h"

void *array_room(void *items, uint16_t *cap, unsigned count, size_t size, unsigned limit)
{
	CHECK(count < limit);
	if (count < *cap)
		return items;
	unsigned more = *cap + *cap / 4u + 2u;
	*cap = (uint16_t)(more < limit ? more : limit);
	return must_realloc(items, *cap * size);
}

struct str *text_take(struct strpool *pool, struct slice text)
{
	if (text.len > LIMIT_ATTRIBUTE_TEXT_BYTES)
		text.len = LIMIT_ATTRIBUTE_TEXT_BYTES;
	return strpool_take(pool, text);
}

struct str *text_opt(struct strpool *pool, struct slice text)
{
	return text.len ? text_take(pool, text) : NULL;
}

/* Never written to: whoever has something to keep there gets one of its own first (record_rare). */
static const struct rare nothing;

struct record *record_create(const struct subject *subject)
{
	struct record *r = must_calloc(1, offsetof(struct record, subject.id) + subject->len);
	r->subject.kind = subject->kind;
	r->subject.len = subject->len;
	memcpy(r->subject.id, subject->id, subject->len);
	r->rare = (struct rare *)&nothing;
	r->seen.floor_ms = INT64_MIN;
	return r;
}

struct subject record_subject(const struct record *r)
{
	return subject_of(r->subject.kind, subject_id(&r->subject));
}

struct rare *record_rare(struct record *r)
{
	if (r->rare == &nothing)
		r->rare = must_calloc(1, sizeof(*r->rare));
	return r->rare;
}

void record_late(struct record *r)
{
	record_rare(r)->late++;
}

#define DROP_ALL(items, count, drop, pool) \
	do { \
		for (unsigned i_ = 0; i_ < (count); i_++) \
			drop(&(items)[i_], (pool)); \
		free(items); \
	} while (0)

static void member_drop(struct member *m, struct strpool *pool)
{
	strpool_drop(pool, m->id);
	attrs_finish(&m->attrs, pool);
}

static void rare_destroy(struct rare *x, struct strpool *pool)
{
	if (x == &nothing)
		return;
	DROP_ALL(x->cases, x->case_count, case_drop, pool);
	DROP_ALL(x->alerts, x->alert_count, alert_drop, pool);
	DROP_ALL(x->outcomes, x->outcome_count, outcome_drop, pool);
	DROP_ALL(x->timers, x->timer_count, timer_drop, pool);
	DROP_ALL(x->links, x->link_count, link_drop, pool);
	free(x->marks);
	strpool_drop(pool, x->redirect);
	free(x);
}

static void finish(struct record *r, struct strpool *pool)
{
	attrs_finish(&r->attrs, pool);
	DROP_ALL(r->members, r->member_count, member_drop, pool);
	DROP_ALL(r->windows, r->window_count, window_drop, pool);
	DROP_ALL(r->timeline, r->timeline_count, moment_drop, pool);
	rare_destroy(r->rare, pool);
	seen_finish(&r->seen);
}

void record_destroy(struct record *r, struct strpool *pool)
{
	if (!r)
		return;
	finish(r, pool);
	free(r);
}

void record_empty(struct record *r, struct strpool *pool)
{
	finish(r, pool);
	r->members = NULL;
	r->windows = NULL;
	r->timeline = NULL;
	r->rare = (struct rare *)&nothing;
	r->member_count = r->window_count = r->timeline_count = 0;
	r->member_cap = r->window_cap = r->timeline_cap = 0;
}

bool record_is_empty(const struct record *r)
{
	return r->seq == 0 && record_is_blank(r);
}

bool record_is_blank(const struct record *r)
{
	return r->newest_ms == 0 && r->rare->late == 0 && r->rare->redirect == NULL && r->seen.count == 0 &&
	       r->seen.floor_ms == INT64_MIN &&
	       r->attrs.count + r->member_count + r->window_count + r->timeline_count + r->rare->case_count + r->rare->alert_count +
			       r->rare->outcome_count + r->rare->timer_count + r->rare->mark_count + r->rare->link_count ==
		       0;
}

void record_redirect(struct record *r, struct strpool *pool, struct slice to)
{
	struct str *old = r->rare->redirect;
	if (to.len || old)
		record_rare(r)->redirect = text_opt(pool, to);
	strpool_drop(pool, old);
}

void record_prefetch(const struct record *r)
{
	__builtin_prefetch(r->attrs.items);
	__builtin_prefetch(r->members);
	if (r->window_count) {
		__builtin_prefetch(&r->windows[0]);
		__builtin_prefetch(&r->windows[r->window_count / 2u]);
	}
	if (r->timeline_count)
		__builtin_prefetch(&r->timeline[r->timeline_count - 1u]);
	for (unsigned i = 0; i < r->seen.cap; i += 8) /* its ids, of 8 bytes each; the rest streams */
		__builtin_prefetch(r->seen.ids + i * 8u);
}

static size_t rare_bytes(const struct rare *x)
{
	if (x == &nothing)
		return 0;
	size_t bytes = sizeof(*x) + x->case_cap * sizeof(*x->cases) + x->alert_cap * sizeof(*x->alerts) +
		       x->outcome_cap * sizeof(*x->outcomes) + x->timer_cap * sizeof(*x->timers) +
		       x->mark_cap * sizeof(*x->marks) + x->link_cap * sizeof(*x->links);
	for (unsigned i = 0; i < x->alert_count; i++)
		bytes += strlen(x->alerts[i].text) + 1;
	return bytes;
}

/* Interned strings are counted by the pool, not here; but what happened, which may be one customer's own, has its share. */
static size_t timeline_bytes(const struct record *r)
{
	size_t bytes = r->timeline_cap * sizeof(*r->timeline);
	for (unsigned i = 0; i < r->timeline_count; i++)
		bytes += (sizeof(struct str) + r->timeline[i].what->len) / r->timeline[i].what->refs;
	return bytes;
}

#define BLOCK_BYTES 8u /* what malloc adds to each */

size_t record_bytes(const struct record *r)
{
	size_t bytes = offsetof(struct record, subject.id) + r->subject.len + r->attrs.cap * sizeof(struct attr) +
		       seen_bytes(&r->seen) + r->member_cap * sizeof(*r->members) +
		       r->window_cap * sizeof(*r->windows) + timeline_bytes(r) + rare_bytes(r->rare) + 6 * BLOCK_BYTES;
	for (unsigned i = 0; i < r->member_count; i++)
		bytes += r->members[i].attrs.cap * sizeof(struct attr);
	for (unsigned i = 0; i < r->window_count; i++)
		bytes += window_bytes(&r->windows[i].window);
	return bytes;
}

static size_t attrs_text(const struct attr *items, unsigned count)
{
	size_t bytes = 0;
	for (unsigned i = 0; i < count; i++)
		bytes += items[i].name->len + (items[i].kind == VALUE_STRING ? items[i].string->len : 0);
	return bytes;
}

size_t record_text_bytes(const struct record *r)
{
	size_t bytes = attrs_text(r->attrs.items, r->attrs.count);
	for (unsigned i = 0; i < r->member_count; i++)
		bytes += attrs_text(r->members[i].attrs.items, r->members[i].attrs.count);
	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct str *what = r->timeline[i].what;
		bytes += what->len - what->len / what->refs; /* the rest is in record_bytes */
	}
	for (unsigned i = 0; i < r->window_count; i++)
		bytes += str_slice(r->windows[i].key).len;
	return bytes;
}
