/* history/erase_parts.h: a plan as it is carried out; among the files erase*.c, nobody else may include it. */
#ifndef NUDGED_HISTORY_ERASE_PARTS_H
#define NUDGED_HISTORY_ERASE_PARTS_H

#include "history/erase.h"

struct erasing {
	struct slice *customers, *aliases; /* customers: ids, prospects' too */
	size_t customer_count, alias_count;
	uint64_t first_seq; /* of the journal: whose older entries were, nobody can tell */
	uint64_t last_seq;  /* what comes later is of somebody else, who has the same name */
	bool wiped;         /* rows go only where nothing is in them */
	const uint64_t *seqs;
	size_t seq_count;
	struct slice log;
	struct erase_report *report;
};
bool erasing_has(const struct slice *list, size_t count, struct slice id);
bool erasing_names(const struct erasing *e, struct slice bytes); /* any of the ids, as a string with its length before it */
bool erasing_seq(const struct erasing *e, uint64_t seq);
bool erasing_has_seq(const uint64_t *list, size_t count, uint64_t seq);

/* erase_file.c: to and from DIR/ERASING. What is read lends from `content`. ERR_MISSING: no plan; ERR_VERSION: a newer one. */
int erasing_write(const char *dir, const struct erasing *e);
int erasing_read(struct erasing *e, const char *dir, struct bytes *content);
void erasing_finish(struct erasing *e);

int erase_rows(const struct erasing *e, struct store *store); /* and the store into a new file */
int erase_from_log(const struct erasing *e);

#endif
