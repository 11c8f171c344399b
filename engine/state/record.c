/* state/record.c: the life of a record, and what its parts share. */
#include "base/limits.h"
#include "state/inside.h"
#include "state/items.h"
#include "state/ledger.h"

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
	r->seen_floor_ms = INT64_MIN;
	r->renamed = true;
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

#define DROP_EACH(items, count, drop, pool) \
	do { \
		for (unsigned i_ = 0; i_ < (count); i_++) \
			drop(&(items)[i_], (pool)); \
	} while (0)
#define DROP_ALL(items, count, drop, pool) \
	do { \
		DROP_EACH(items, count, drop, pool); \
		free(items); \
	} while (0)

static void more_drop(struct member_more *m, struct strpool *pool)
{
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
	DROP_ALL(x->more, x->more_count, more_drop, pool);
	free(x->marks);
	strpool_drop(pool, x->redirect);
	model_destroy(x->model, pool);
	ledger_destroy(x->ledger, pool);
	DROP_ALL(x->items, x->item_count, item_drop, pool);
	free(x);
}

static void finish(struct record *r, struct strpool *pool)
{
	DROP_EACH(own_attrs_of(r), r->attr_count, attr_drop, pool);
	DROP_EACH(members_of(r), r->member_count, member_drop, pool);
	DROP_EACH(windows_of(r), r->window_count, window_drop, pool);
	DROP_EACH(timeline_of(r), r->timeline_count, moment_drop, pool);
	free(r->body);
	rare_destroy(r->rare, pool);
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
	r->body = NULL;
	r->rare = (struct rare *)&nothing;
	r->attr_count = r->member_count = r->timeline_count = 0;
	r->body_cap = r->window_count = 0;
	seen_clear(r);
	r->seen_floor_ms = INT64_MIN;
	r->renamed = true;
}

bool record_is_empty(const struct record *r)
{
	return r->seq == 0 && record_is_blank(r);
}

bool record_is_blank(const struct record *r)
{
	return r->newest_ms == 0 && r->rare->late == 0 && r->rare->redirect == NULL && !r->rare->model && !r->rare->ledger && r->seen_count == 0 &&
	       r->seen_floor_ms == INT64_MIN &&
	       r->attr_count + r->member_count + r->window_count + r->timeline_count + r->rare->case_count + r->rare->alert_count +
			       r->rare->outcome_count + r->rare->timer_count + r->rare->mark_count + r->rare->link_count +
			       r->rare->item_count ==
		       0;
}

void record_redirect(struct record *r, struct strpool *pool, struct slice to)
{
	struct str *old = r->rare->redirect;
	r->renamed = true;
	if (to.len || old)
		record_rare(r)->redirect = text_opt(pool, to);
	strpool_drop(pool, old);
}

#define LINE_BYTES 64u

void record_prefetch(const struct record *r)
{
	size_t used = body_used(r);
	for (size_t at = 0; at < used && at < 24 * LINE_BYTES; at += LINE_BYTES)
		__builtin_prefetch(r->body + at);
}

#define BLOCK_BYTES 8u /* what malloc adds to each */

static size_t block_bytes(size_t size)
{
	return size ? malloc_fit(size) + BLOCK_BYTES : 0;
}

static size_t rare_bytes(const struct rare *x)
{
	if (x == &nothing)
		return 0;
	size_t bytes = block_bytes(sizeof(*x)) + block_bytes(x->case_cap * sizeof(*x->cases)) +
		       block_bytes(x->alert_cap * sizeof(*x->alerts)) +
		       block_bytes(x->outcome_cap * sizeof(*x->outcomes)) +
		       block_bytes(x->timer_cap * sizeof(*x->timers)) + block_bytes(x->mark_cap * sizeof(*x->marks)) +
		       block_bytes(x->link_cap * sizeof(*x->links)) + block_bytes(x->more_cap * sizeof(*x->more)) +
		       block_bytes(model_bytes(x->model)) + ledger_bytes(x->ledger) +
		       block_bytes(x->item_cap * sizeof(*x->items));
	for (unsigned i = 0; i < x->alert_count; i++)
		bytes += block_bytes(strlen(x->alerts[i].text) + 1);
	for (unsigned i = 0; i < x->outcome_count; i++)
		bytes += x->outcomes[i].more ? block_bytes(sizeof(struct outcome_more)) : 0;
	for (unsigned i = 0; i < x->more_count; i++)
		bytes += block_bytes(x->more[i].attrs.cap * sizeof(struct attr));
	return bytes;
}

/* Interned strings are counted by the pool, not here; but what happened, which may be one customer's own, has its share. */
static size_t timeline_share(const struct record *r)
{
	size_t bytes = 0;
	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct str *what = record_timeline(r)[i].what;
		bytes += (sizeof(struct str) + what->len) / what->refs;
	}
	return bytes;
}

size_t record_bytes(const struct record *r)
{
	size_t bytes = block_bytes(offsetof(struct record, subject.id) + r->subject.len) + block_bytes(r->body_cap) +
		       timeline_share(r) + rare_bytes(r->rare);
	for (unsigned i = 0; i < r->window_count; i++)
		bytes += window_bytes(&record_windows(r)[i]);
	return bytes;
}

static size_t attrs_text(struct attrs a)
{
	size_t bytes = 0;
	for (unsigned i = 0; i < a.count; i++)
		bytes += a.items[i].name->len + (a.items[i].kind == VALUE_STRING ? a.items[i].string->len : 0);
	return bytes;
}

size_t record_text_bytes(const struct record *r)
{
	size_t bytes = 0;
	for (unsigned i = 0; i <= r->member_count; i++)
		bytes += attrs_text(record_attrs(r, (uint8_t)i));
	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct str *what = record_timeline(r)[i].what;
		bytes += what->len - what->len / what->refs; /* the rest is in record_bytes */
	}
	for (unsigned i = 0; i < r->window_count; i++)
		bytes += window_key(&record_windows(r)[i]).len;
	for (unsigned i = 0; i < r->rare->outcome_count; i++) {
		const struct outcome_more *more = r->rare->outcomes[i].more;
		bytes += more ? str_slice(more->reason).len + str_slice(more->terms).len : 0;
	}
	for (unsigned i = 0; i < r->rare->item_count; i++) {
		bytes += item_key(&r->rare->items[i]).len;
		for (unsigned k = 0; k < ITEM_TEXTS; k++)
			bytes += item_text(&r->rare->items[i], k).len;
	}
	return bytes;
}
