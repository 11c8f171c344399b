/* shard/past.h: which packs were active, from which entry on, and who made them so: the history that `rules history` shows
 * and `rules rollback` goes back in. Private to this folder.
 *
 * Kept in the store's META table, one row an activation (`activation:SEQ`), so that it outlives the journal's segments;
 * and in memory, the newest LIMIT_PAST_LINES. A row is never removed. What is removed are the packs themselves
 * (`bundle:HASH`, `tests:HASH`, and `warm:SEQ`), except those of
 *
 *   the LIMIT_PACKS_KEPT packs that were active last, each counted once: those can be gone back to
 *   activations at or behind the store's mark and the journal's first entry: recovery and replay need them */
#ifndef NUDGED_SHARD_PAST_H
#define NUDGED_SHARD_PAST_H

#include "base/bytes.h"
#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct store_write;

enum past_origin { /* on disk */
	PAST_UNKNOWN = 0, /* from before this was kept */
	PAST_CLIENT = 1,  /* a request */
	PAST_FOLDER = 2,  /* the daemon's own: --rules at start, SIGHUP */
	PAST_ROLLBACK = 3 /* a request to go back */
};

struct past {
	uint64_t seq;
	int64_t time_ms;
	char hash[33], name[LIMIT_ID_BYTES + 1];
	char by[LIMIT_BY_BYTES + 1]; /* who, in the client's word */
	int64_t uid;                 /* whose process it was, as the system says; -1: it does not */
	uint8_t origin;              /* enum past_origin */
	uint64_t back_to;            /* a rollback: the activation whose pack this is */
	uint32_t rules, actions, series_kept, series_new, tests;
	bool untested; /* its tests are not kept any more, so they were not run */
	bool backfill; /* new series were to be filled */
	bool pruned;   /* in memory only: the pack was removed */
};

struct pasts { /* oldest first */
	struct past *items;
	size_t count, cap;
};

void pasts_add(struct pasts *p, const struct past *line); /* one of the same sequence takes its place */
void pasts_finish(struct pasts *p);

/* What the journal does not say by itself: who, how many, whence. Appended to older formats' bytes, so a missing end is
 * read as unknown. */
void past_about_encode(const struct past *line, struct bytes *out);
void past_about_decode(struct past *line, struct reader *r);
/* The row in META, without the sequence, which is in its key. */
void past_encode(const struct past *line, struct bytes *out);
bool past_decode(struct past *line, uint64_t seq, struct slice value);

/* The pack before the active one, or the one that `to` names (a sequence, or the beginning of a hash); NULL with the
 * last error where there is none. */
const struct past *pasts_find(const struct pasts *p, const char *to);
/* Whether the activation at that place was undone by a rollback. */
bool pasts_undone(const struct pasts *p, size_t at);
/* The pack of that hash (or what begins with it) is there. */
void pasts_kept(struct pasts *p, struct slice hash);
/* Removes the packs that need not be kept, given what recovery may begin at. Within a transaction of the caller's. */
int pasts_prune(struct pasts *p, struct store_write *w, uint64_t needed_from);

#endif
