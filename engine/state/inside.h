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

void attr_drop(struct attr *a, struct strpool *pool);
void attrs_finish(struct attrs *a, struct strpool *pool);
void moment_drop(struct moment *m, struct strpool *pool);
void window_drop(struct series_window *w, struct strpool *pool);
void case_drop(struct open_case *c, struct strpool *pool);
void alert_drop(struct alert *a, struct strpool *pool);
void outcome_drop(struct outcome *o, struct strpool *pool);
void timer_drop(struct timer *t, struct strpool *pool);
void link_drop(struct link *l, struct strpool *pool);

/* The order of sets, by what they say and never by address: also that of their encoding. */
int window_order(const struct series_window *w, uint32_t series, uint8_t member, struct slice key);
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
int links_place(struct record *r, struct strpool *pool, struct slice id, struct slice member, int64_t from_ms,
		int64_t to_ms);
bool record_is_blank(const struct record *r); /* nothing in it that rules could see */
void seen_finish(struct seen *s);
struct seen_id seen_at(const struct seen *s, unsigned i); /* 0: the oldest by arrival */
size_t seen_bytes(const struct seen *s);
void seen_push(struct seen *s, struct seen_id id);         /* without dropping; count below SEEN_IDS_MAX */

#endif
