/* history/base.h: the base store: every subject's record as of the end of what the journal has let go, so that explaining
 * the past has somewhere to start. DIR/base, a store like that of the state (disk/store.h): its records, and in META whose
 * it is (`journal`) and how far it has come (`mark`).
 *
 * Before a segment goes, its entries are folded in: applied to the records, which are written back with the mark in the same
 * transaction. So a crash loses a part of the folding and never makes it wrong. */
#ifndef NUDGED_HISTORY_BASE_H
#define NUDGED_HISTORY_BASE_H

#include "history/recall.h"

#include <stdatomic.h>

struct base_fold;

/* All are lent. ERR_CORRUPT: the base store is another journal's. ERR_MISSING: the journal begins behind its mark, so what
 * lies between is gone and nothing can be folded any more. */
int base_fold_open(struct base_fold **out, struct journal *journal, struct store *state, struct store *base);
void base_fold_close(struct base_fold *f); /* NULL-safe */
uint64_t base_fold_mark(const struct base_fold *f);
/* Up to this entry, in transactions of a few thousand; between two it looks at *stop (may be NULL). ERR_CLOSED: stopped. */
int base_fold_to(struct base_fold *f, uint64_t seq, const _Atomic bool *stop);

#endif
