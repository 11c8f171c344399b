/* state/subject.h: what has state of its own, and where it lives. The hash slot is part of the on-disk format from the
 * start; which shard (thread) has a slot is not. */
#ifndef NUDGED_STATE_SUBJECT_H
#define NUDGED_STATE_SUBJECT_H

#include "base/bytes.h"
#include "base/limits.h"

#include <stdint.h>

enum subject_kind { /* on disk */
	SUBJECT_NONE = 0,
	SUBJECT_CUSTOMER = 1,
	SUBJECT_AGENT = 2,
	SUBJECT_AREA = 3,
	SUBJECT_ALIAS = 4,
	SUBJECT_MODEL = 5, /* an action's learned model */
	SUBJECT_LEDGER = 6, /* a day of what reports are made from: state/ledgers.h */
};

struct subject {
	uint8_t kind, len;
	char id[LIMIT_ALIAS_BYTES];
};

/* The id must be 1 to LIMIT_ID_BYTES (an alias: LIMIT_ALIAS_BYTES) bytes long, which validation promises. */
struct subject subject_of(enum subject_kind kind, struct slice id);
struct slice subject_id(const struct subject *s);
/* The customer that stands for an alias which nobody owns: "prospect:ALIAS". Its history joins the owner's when one is named. */
struct subject subject_prospect(struct slice alias);
bool subject_is_prospect(const struct subject *s);
uint8_t subject_slot(const struct subject *s);
uint64_t subject_hash(const struct subject *s);
bool subject_equal(const struct subject *a, const struct subject *b);
/* The store's key: slot, kind, id. Sorting by it is sorting by slot first. */
void subject_key(const struct subject *s, struct bytes *out);
int subject_from_key(struct slice key, struct subject *out);
const char *subject_kind_name(enum subject_kind kind);

static inline unsigned subject_shard(uint8_t slot, unsigned shards)
{
	return slot * shards / HASH_SLOTS;
}

#endif
