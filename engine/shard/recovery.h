/* shard/recovery.h: from the journal to the state: at start, and for --replay. Private to this folder. */
#ifndef NUDGED_SHARD_RECOVERY_H
#define NUDGED_SHARD_RECOVERY_H

#include "disk/journal.h"
#include "shard/engine.h"

struct ahead_item;
struct work;

/* One journal entry applied to the state; shared by recovery and --replay. */
struct gaps;
struct replay_checks {
	struct gaps *gaps; /* made when the first erased entry is met */
	bool behind_gap;   /* the entry at hand is of a subject some of whose entries were erased */
	bool strict;    /* stop at the first outcome that differs */
	bool decisions; /* recompute decisions too */
	uint64_t skipped, applied;
	struct replay_report report;
};
int replay_entry(struct engine *e, struct ahead_item *item, struct replay_checks *checks);

/* gaps.c: whose history has been erased in part. An erased entry does not say whom it was about, but the next one of the
 * same subject names it as its previous one. */
void gaps_destroy(struct gaps *g); /* NULL-safe */
void gaps_erased(struct gaps **g, uint64_t seq);
/* Whether the subject (by hash) of this entry has a gap by now. */
bool gaps_behind(struct gaps *g, uint64_t subject, uint64_t prev_seq);
uint64_t gaps_subjects(const struct gaps *g);

/* expected.c: recovery's table of effects still to be seen */
struct expected *expected_create(void);
void expected_destroy(struct expected *x);
void expected_add(struct expected *x, struct work *w);
struct work *expected_take(struct expected *x, uint64_t source_seq, uint32_t index); /* NULL: not there */
/* All that are left, in order of source; the caller owns them. */
size_t expected_drain(struct expected *x, struct work ***out);

int recover(struct engine *e, const struct journal_found *found, engine_progress *progress, void *arg);
int replay_all(struct engine *e, const struct journal_found *found, engine_progress *progress, void *arg,
	       struct replay_report *out);
int install_empty_pack(struct engine *e);

#endif
