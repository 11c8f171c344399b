/* history/verify.h: everything that a data directory (or a backup, which has the same shape) holds, looked at: the journal's
 * checksums and chain; each row of the stores, and that the rows of one record agree; that the stores are this journal's
 * and meet it; the packs. Writes nothing and takes no lock: it may run beside the daemon, and looks again at what does not
 * agree before it says so. */
#ifndef NUDGED_HISTORY_VERIFY_H
#define NUDGED_HISTORY_VERIFY_H

#include "disk/journal.h"

struct verify_found {
	struct journal_check journal;
	uint64_t mark, base_mark; /* what the stores cover */
	uint64_t records, due, outbox, names, words, packs, base_records; /* names: customers who can be found, words: by what */
	bool has_base;
	uint64_t problems;
};

struct verify_options {
	void (*say)(void *arg, const char *text); /* a problem, or what begins with "note: " */
	void (*progress)(void *arg, const char *what, uint64_t done);
	void *arg;
};

/* ERR_OK and how many problems there are; an error where it cannot be checked at all. */
int verify_data(const char *dir, const struct verify_options *options, struct verify_found *out);

#endif
