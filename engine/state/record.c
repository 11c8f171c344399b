/* state/record.c: the life of a record, and what its parts share. A record starts as one block of a few hundred bytes;
 * each array comes into being with its first item. */
#include "base/limits.h"
#include "state/inside.h"

void *array_room(void *items, uint16_t *cap, unsigned count, size_t size, unsigned limit)
{
	CHECK(count < limit);
	if (count < *cap)
		return items;
	unsigned more = *cap + *cap / 2u + 1u;
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

struct record *record_create(const struct subject *subject)
{
	struct record *r = must_calloc(1, sizeof(*r));
	r->subject = *subject;
	r->seen.floor_ms = INT64_MIN;
	return r;
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

void record_destroy(struct record *r, struct strpool *pool)
{
	if (!r)
		return;
	attrs_finish(&r->attrs, pool);
	DROP_ALL(r->members, r->member_count, member_drop, pool);
	DROP_ALL(r->windows, r->window_count, window_drop, pool);
	DROP_ALL(r->timeline, r->timeline_count, moment_drop, pool);
	DROP_ALL(r->cases, r->case_count, case_drop, pool);
	DROP_ALL(r->alerts, r->alert_count, alert_drop, pool);
	DROP_ALL(r->outcomes, r->outcome_count, outcome_drop, pool);
	DROP_ALL(r->timers, r->timer_count, timer_drop, pool);
	DROP_ALL(r->links, r->link_count, link_drop, pool);
	free(r->marks);
	strpool_drop(pool, r->redirect);
	seen_finish(&r->seen);
	free(r);
}

bool record_is_empty(const struct record *r)
{
	return r->seq == 0 && record_is_blank(r);
}

bool record_is_blank(const struct record *r)
{
	return r->newest_ms == 0 && r->late == 0 && r->redirect == NULL && r->seen.count == 0 &&
	       r->seen.floor_ms == INT64_MIN &&
	       r->attrs.count + r->member_count + r->window_count + r->timeline_count + r->case_count + r->alert_count +
			       r->outcome_count + r->timer_count + r->mark_count + r->link_count ==
		       0;
}

void record_redirect(struct record *r, struct strpool *pool, struct slice to)
{
	struct str *old = r->redirect;
	r->redirect = text_opt(pool, to);
	strpool_drop(pool, old);
}

/* Interned strings are counted by the pool, not here. */
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
	for (unsigned i = 0; i < r->seen.count; i += 5) /* about two of its ids in three cache lines; the rest streams */
		__builtin_prefetch(r->seen.ids + i);
}

size_t record_bytes(const struct record *r)
{
	size_t bytes = sizeof(*r) + r->attrs.cap * sizeof(struct attr) + r->seen.cap * sizeof(struct seen_id) +
		       r->member_cap * sizeof(*r->members) + r->window_cap * sizeof(*r->windows) +
		       r->timeline_cap * sizeof(*r->timeline) + r->case_cap * sizeof(*r->cases) +
		       r->alert_cap * sizeof(*r->alerts) + r->outcome_cap * sizeof(*r->outcomes) +
		       r->timer_cap * sizeof(*r->timers) + r->mark_cap * sizeof(*r->marks) +
		       r->link_cap * sizeof(*r->links);
	for (unsigned i = 0; i < r->member_count; i++)
		bytes += r->members[i].attrs.cap * sizeof(struct attr);
	for (unsigned i = 0; i < r->window_count; i++)
		bytes += window_bytes(r->windows[i].window);
	for (unsigned i = 0; i < r->timeline_count; i++)
		bytes += r->timeline[i].field_count * sizeof(struct attr);
	for (unsigned i = 0; i < r->alert_count; i++)
		bytes += strlen(r->alerts[i].text) + 1;
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
		const struct moment *m = &r->timeline[i];
		bytes += str_slice(m->type).len + str_slice(m->channel).len + str_slice(m->agent).len +
			 str_slice(m->contact).len + attrs_text(m->fields, m->field_count);
	}
	for (unsigned i = 0; i < r->window_count; i++)
		bytes += str_slice(r->windows[i].key).len;
	return bytes;
}
