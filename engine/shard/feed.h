/* shard/feed.h: alerts in the order of the journal, for followers and for listing. All shards add to it (under the
 * journal's lock, so in order); the loops read it up to the durable sequence. Thread-safe.
 *
 * It is the memory side of the outbox: alerts that are still open are also in the store (STORE_OUTBOX), in the
 * transaction of their record, and come back from there after a restart. Delivery is at least once, by id (sequence,
 * index).
 *
 * Bounds: closed alerts beyond the newest LIMIT_FEED_ALERTS go first, and nothing beyond LIMIT_OPEN_ALERTS is kept. A
 * follower whose place has gone is told how many it missed and goes on from what is left. */
#ifndef NUDGED_SHARD_FEED_H
#define NUDGED_SHARD_FEED_H

#include "state/subject.h"
#include "wire/response.h"

struct feed;

struct feed_place {
	uint64_t seq;
	uint32_t index;
	uint64_t ordinal; /* how many alerts came before; 0: not known (a place named by a client) */
};

struct feed *feed_create(void);
void feed_destroy(struct feed *f); /* NULL-safe */

/* Copies. An alert that is there already (recovery) is left as it is. */
void feed_add(struct feed *f, const struct wire_alert *alert, const struct subject *subject);
/* The alert is no longer open; `state` is "acknowledged" or "closed". False: not there. */
bool feed_close(struct feed *f, uint64_t seq, uint32_t index, const char *state);
/* Appends the encoded Alert as followers got it (with a nudge's recommendation, which no record holds). False: not there. */
bool feed_message(struct feed *f, uint64_t seq, uint32_t index, struct bytes *out);
/* Nobody sees it any more: one alert, all of a subject, or those that are asked for. */
void feed_forget(struct feed *f, uint64_t seq, uint32_t index);
void feed_forget_those(struct feed *f, bool (*goes)(void *arg, uint64_t seq, const struct subject *subject), void *arg);
void feed_forget_subject(struct feed *f, const struct subject *subject);
bool feed_subject(struct feed *f, uint64_t seq, uint32_t index, struct subject *out);

/* Appends encoded Alert messages (each with its length before it, u32) behind `place` up to `durable`, of recipient
 * `to` (empty: all), while `out` stays under `budget` bytes; moves `place` on. Returns how many alerts between were
 * dropped before they could be read. */
uint64_t feed_read(struct feed *f, struct feed_place *place, uint64_t durable, struct slice to, size_t budget,
		   struct bytes *out);
/* The same for open alerts only, at most `limit`; *more where there are further ones. */
void feed_list(struct feed *f, struct feed_place place, uint64_t durable, struct slice to, int64_t now_ms,
	       unsigned limit, struct bytes *out, bool *more);
struct feed_place feed_end(struct feed *f);
uint64_t feed_open_count(struct feed *f, int64_t now_ms); /* open and not expired: what feed_list would list */
/* The same by severity. Looks at a part of them at a time: whoever adds one waits for no more. */
enum feed_severity { FEED_LOW, FEED_MEDIUM, FEED_HIGH, FEED_CRITICAL, FEED_NUDGE, FEED_OTHER, FEED_SEVERITIES };
void feed_open_counts(struct feed *f, int64_t now_ms, uint64_t out[FEED_SEVERITIES]);

#endif
