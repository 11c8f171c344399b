/* shard/timers.h: due timers as entries of their own subjects. Private to this folder. */
#ifndef NUDGED_SHARD_TIMERS_H
#define NUDGED_SHARD_TIMERS_H

#include "shard/cache.h"
#include "shard/shard.h"

struct due { /* an item of the timer heap */
	int64_t fire_ms;
	uint8_t kind, len;
	char id[];
};

void timers_schedule(struct shard *s, struct slot *slot);
void timers_load(struct shard *s, int64_t fire_ms, const struct subject *subject);
int64_t timers_fire(struct shard *s, int64_t now_ms); /* next fire time; INT64_MAX: none */
/* Timers of this record that are due by `time_ms` fire before a historical entry is applied. */
int timers_fire_before(struct shard *s, struct slot *slot, int64_t time_ms);
void timers_finish(struct shard *s);

#endif
