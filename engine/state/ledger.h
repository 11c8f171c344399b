/* state/ledger.h: what reports are made from: sums of whole numbers by cell, kept as entries are applied. A ledger
 * (state/ledgers.h lists them) has a record a local day, "contacts/2026-06-01", or one for what is true now,
 * "customers/now". A cell's key is the values of the ledger's dimensions.
 *
 * Sums are integers: in whatever order shards send what they count, they come out the same. A cell whose sums are all 0
 * is no cell: what was counted and taken back leaves no trace. */
#ifndef NUDGED_STATE_LEDGER_H
#define NUDGED_STATE_LEDGER_H

#include "base/bytes.h"
#include "base/strpool.h"

#include <stdint.h>

#define LEDGER_DIMS 6u      /* of one ledger, at most */
#define LEDGER_MEASURES 48u /* of one ledger, at most: on disk, a byte each */
#define LEDGER_BETWEEN '\x1f' /* between the values of a key: no text has it */

struct record;
struct reader;

struct ledger_sum {
	uint8_t measure;
	int64_t amount;
};

/* Wraps around rather than being undefined: no order of additions may matter. */
static inline int64_t ledger_plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

struct ledger_cell {
	struct str *key;
	uint8_t count, cap;
	struct ledger_sum *sums; /* by measure, none is 0 */
};

struct ledger {
	uint32_t cell_count, cell_cap;
	struct ledger_cell *cells; /* sorted by key */
};

/* Beyond LIMIT_LEDGER_CELLS the cell of the key "…" takes it. */
void ledger_add(struct record *r, struct strpool *pool, struct slice key, const struct ledger_sum *sums, unsigned count);
const struct ledger *record_ledger(const struct record *r); /* NULL: none */
/* The values of a key; fewer than `count`: the rest are empty. */
void ledger_key_parse(struct slice key, struct slice *dims, unsigned count);
int64_t ledger_sum_of(const struct ledger_cell *c, unsigned measure);

/* Of the record's codec. */
void ledger_encode(const struct ledger *l, struct bytes *out);
struct ledger *ledger_decode(struct reader *in, struct strpool *pool); /* NULL: broken */
void ledger_destroy(struct ledger *l, struct strpool *pool); /* NULL-safe */
size_t ledger_bytes(const struct ledger *l);

#endif
