/* shard/effects.h: what entries cause elsewhere: effects and nudges, kept in order (the inbox) until they are in the
 * journal. Private to this folder. */
#ifndef NUDGED_SHARD_EFFECTS_H
#define NUDGED_SHARD_EFFECTS_H

#include "decide/decision.h"
#include "history/apply.h"
#include "shard/cache.h"
#include "shard/shard.h"
#include "wire/request.h"
#include "wire/response.h"

struct work;

struct source { /* an entry whose effects are not all in the journal yet */
	uint64_t seq;
	uint32_t left;
};

void decision_to_wire(struct shard *s, const struct decision *d, const struct decision_head *head,
		      const struct record *r, int64_t now_ms, struct slice channel, struct wire_recommendation *out);
bool effect_changes(const struct slot *slot, uint8_t kind);
void inbox_run(struct shard *s);
void inbox_add(struct shard *s, struct work *w);
void inbox_put_back(struct shard *s, struct work *w);

/* sources.c: which entries' effects are outstanding */
void sources_add(struct shard *s, uint64_t seq, unsigned effects);
void sources_done(struct shard *s, uint64_t seq);
uint64_t sources_oldest(const struct shard *s); /* UINT64_MAX: none */

#endif
