/* shard/asked.h: see asked.c. Private to this folder. */
#ifndef NUDGED_SHARD_ASKED_H
#define NUDGED_SHARD_ASKED_H

struct request;
struct request_outcome;
struct shard;

/* The pack has the action, or one before it had; amounts are of its currency. ERR_INVALID. */
int asked_outcome(struct shard *s, const struct request_outcome *o);
/* The times of a question are no seconds taken for milliseconds. ERR_INVALID. */
int asked_times(const struct shard *s, const struct request *r);

#endif
