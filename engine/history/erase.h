/* history/erase.h: everything that is held of one customer, erased: for a data directory that no daemon has open.
 *
 *     plan       what is theirs is looked for in the whole journal: their own entries, those of customers and prospects who
 *                were merged into them, and what their entries did to others (the agent's copy of an event, an alias's
 *                link). It is written to DIR/ERASING and synced.
 *     carry out  journal bodies are blanked; records, due times, open alerts and aliases leave the store and the base store;
 *                alerts that their events raised on agents, too
 *                (and those older than the journal, of which nobody can tell); lines of the decision log are overwritten; both stores are
 *                put into new files row by row, since old values would lie on in theirs; DIR/ERASING is overwritten and removed.
 *
 * Carrying out may be done again from its beginning as often as it is interrupted, and a daemon that starts does it first.
 * What stays are sums that nobody can be told from: agents' series, ledgers, what actions have learned. */
#ifndef NUDGED_HISTORY_ERASE_H
#define NUDGED_HISTORY_ERASE_H

#include "base/slice.h"

#include <stdint.h>

#define ERASING_FILE "ERASING"

struct erase_report {
	uint64_t entries, customers, aliases, records, alerts, log_lines;
	uint64_t mentions; /* records and entries of others that name them: left as they are */
};

/* log: the decision log's PATH; "" or NULL: none, or not a file. ERR_MISSING: nothing is held. ERR_CONFLICT: the customer was
 * merged into another, whom the error names. Nothing but DIR/ERASING is written. */
int erase_plan(const char *dir, struct slice customer, const char *log, struct erase_report *out);
/* What DIR/ERASING says; ERR_MISSING where there is none. The caller holds the journal's lock. */
int erase_carry_out(const char *dir, struct erase_report *out);

/* erase_store.c, erase_log.c: for erase.c */
struct erasing {
	struct slice *customers, *aliases; /* customers: ids, prospects' too */
	size_t customer_count, alias_count;
	uint64_t first_seq; /* of the journal: whose older entries were, nobody can tell */
	const uint64_t *seqs;
	size_t seq_count;
	struct slice log;
	struct erase_report *report;
};
bool erasing_has(const struct slice *list, size_t count, struct slice id);
bool erasing_names(const struct erasing *e, struct slice bytes); /* any of the ids, as a string with its length before it */
bool erasing_seq(const struct erasing *e, uint64_t seq);
int erase_from_store(const struct erasing *e, const char *dir, const char *name);
int erase_from_log(const struct erasing *e);

#endif
