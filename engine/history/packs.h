/* history/packs.h: which pack was active at an entry, with which rules set aside, and a machine brought to it. What the
 * store's META notes of it (shard/storer.c) is read once, and what is not noted yet comes from the journal's tail. */
#ifndef NUDGED_HISTORY_PACKS_H
#define NUDGED_HISTORY_PACKS_H

#include "base/limits.h"
#include "decide/machine.h"
#include "disk/journal.h"
#include "disk/store.h"

struct packs;

struct pack_line {
	uint64_t seq; /* of its activation; 0: the empty pack before any */
	int64_t since_ms;
	char name[LIMIT_ID_BYTES + 1];
};

/* store NULL: nothing is noted, the journal tells everything from its first entry on. */
struct packs *packs_create(struct store *store, struct journal *journal);
void packs_destroy(struct packs *p); /* NULL-safe */
int packs_read_notes(struct packs *p);
/* From the journal's tail. One that is known already changes nothing. */
void packs_add_activation(struct packs *p, uint64_t seq, int64_t since_ms, struct slice name);
void packs_add_aside(struct packs *p, uint64_t seq, struct slice rule);
/* The machine decides as it did for this entry. *line (may be NULL) is lent until the next change. */
int packs_use(struct packs *p, struct machine *m, uint64_t seq, const struct pack_line **line);
unsigned packs_asides_before(const struct packs *p, uint64_t seq); /* rules set aside then */

/* A pack in which nothing is declared: what is active before the first activation. */
int pack_load_empty(struct pack **out, struct strpool *pool);

#endif
