/* state/inside.h: what the files of a record's parts share, and nobody above state/ may use. */
#ifndef NUDGED_STATE_INSIDE_H
#define NUDGED_STATE_INSIDE_H

#include "base/check.h"
#include "state/record.h"

#include <stdlib.h>

/* Room for one more of `count` items of `size` bytes: arrays are empty until used and grow by a quarter and two. */
void *array_room(void *items, uint16_t *cap, unsigned count, size_t size, unsigned limit);

/* Room for one more and the later ones moved up: item `at` is then to be filled in. Counts it. */
#define ARRAY_INSERT(items, count, cap, at, limit) \
	do { \
		(items) = array_room((items), &(cap), (count), sizeof(*(items)), (limit)); \
		memmove(&(items)[(at) + 1], &(items)[at], ((count) - (at)) * sizeof(*(items))); \
		(count)++; \
	} while (0)

/* Closes the gap at `at`; what it held must be dropped already. */
#define ARRAY_REMOVE(items, count, at) \
	do { \
		(count)--; \
		memmove(&(items)[at], &(items)[(at) + 1], ((count) - (at)) * sizeof(*(items))); \
	} while (0)

/* Interned, cut at LIMIT_ATTRIBUTE_TEXT_BYTES, which no validated text exceeds. text_opt: NULL where empty. */
struct str *text_take(struct strpool *pool, struct slice text);
struct str *text_opt(struct strpool *pool, struct slice text);

struct rare *record_rare(struct record *r); /* one of its own, to be written to */

/* body.c: makes a gap of so many bytes before an item of the body, or closes one. What points into the body is good no
 * longer. The counts are still, or yet, to be changed: they must be as they were. */
void *body_insert(struct record *r, const void *before, size_t size);
void body_remove(struct record *r, const void *from, size_t size);
void body_reserve(struct record *r, size_t size); /* what is likely to come: so that it need not grow item by item */
void body_trim(struct record *r); /* gives memory back where more than half is unused */
size_t body_used(const struct record *r);

/* The parts of the body, to be written to. */
static inline struct attr *own_attrs_of(struct record *r)
{
	return (struct attr *)record_own_attrs(r);
}
static inline struct member *members_of(struct record *r)
{
	return (struct member *)record_members(r);
}
static inline struct window *windows_of(struct record *r)
{
	return (struct window *)record_windows(r);
}
static inline struct moment *timeline_of(struct record *r)
{
	return (struct moment *)record_timeline(r);
}

void attr_drop(struct attr *a, struct strpool *pool);
void attrs_finish(struct attrs *a, struct strpool *pool);
void moment_drop(struct moment *m, struct strpool *pool);
void member_drop(struct member *m, struct strpool *pool);
void window_drop(struct window *w, struct strpool *pool);
void case_drop(struct open_case *c, struct strpool *pool);
void alert_drop(struct alert *a, struct strpool *pool);
struct outcome_more *outcome_more_copy(const struct outcome_more *more); /* NULL-safe; with references */
void outcome_drop(struct outcome *o, struct strpool *pool);
void timer_drop(struct timer *t, struct strpool *pool);
void link_drop(struct link *l, struct strpool *pool);
struct item;
void item_drop(struct item *item, struct strpool *pool);

/* The order of sets, by what they say and never by address: also that of their encoding. */
int window_order(const struct window *w, uint32_t series, uint8_t member, struct slice key);
int timer_order(const struct timer *t, int64_t due_ms, uint32_t decl, uint8_t member, struct slice key);
int mark_order(const struct mark *m, uint32_t rule, uint8_t member);
int link_order(const struct link *l, struct slice id, struct slice member, int64_t from_ms);

/* False where the bytes do not say what happened, whole. What it gives lends from them. */
bool moment_parse(struct slice what, struct happening *out);

/* Places a filled-in item by time, pushing out what its bound says. The item's references become the record's. */
void timeline_place(struct record *r, struct strpool *pool, struct moment *m, unsigned keep);
bool alerts_would_take(const struct record *r, const struct alert *a); /* without pushing out one that matters more */
struct alert *alerts_place(struct record *r, struct strpool *pool, struct alert *a);
void outcomes_place(struct record *r, struct strpool *pool, struct outcome *o);
/* NULL, and the case is dropped, where all that are kept are open. */
struct open_case *cases_place(struct record *r, struct strpool *pool, struct open_case *c);
/* NULL, and the item is dropped, where it is older than all that are kept. */
struct item *items_place(struct record *r, struct strpool *pool, struct item *item, unsigned keep);
int item_order(const struct item *a, unsigned kind, uint32_t decl, int64_t time_ms, struct slice key);

struct member_more *member_more(struct record *r, uint8_t member); /* one of its own, to be written to */
void member_set_left(struct record *r, uint8_t member, int64_t left_ms);
/* Room for an attribute before `at`, which is then to be filled in. */
struct attr *attr_insert(struct record *r, uint8_t member, unsigned at);
/* Room for a window before `at`, of which only what it is of is filled in; takes the reference. */
struct window *window_insert(struct record *r, unsigned at, struct str *of);

struct seen_id {
	uint64_t id;
	uint32_t content;
	int64_t time_ms;
};
struct seen_id seen_at(const struct record *r, unsigned i); /* 0: the oldest by arrival */
size_t seen_bytes(const struct record *r);
void seen_push(struct record *r, struct seen_id id);        /* without dropping; count below SEEN_IDS_MAX */
void seen_clear(struct record *r);

#endif
