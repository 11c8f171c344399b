/* find/search.h: one search for customers: what is known of it so far, from several places. First each shard adds those who
 * are not stored yet (search_consider); then the store is asked (search_store); the same customer counts once, as the place
 * that was asked first has them. At the end the best come first: exact, whole words, beginnings; the newest heard of first;
 * by id.
 *
 * Bounded, whatever is typed (LIMIT_FIND_…): where a bound was reached there may be others, and `more` says so. */
#ifndef NUDGED_FIND_SEARCH_H
#define NUDGED_FIND_SEARCH_H

#include "base/arena.h"
#include "disk/store.h"
#include "find/query.h"

struct find_shown { /* what of the customer matched */
	enum find_what what;
	struct slice name, value, member;
};

struct find_hit {
	struct slice customer, label, merged_from; /* merged_from: the id that was found, and leads to the customer */
	enum find_rank rank;
	int64_t newest_ms; /* when they were heard of last */
	struct find_shown shown[FIND_SHOWN];
	unsigned shown_count;
};

struct id_set {
	uint64_t *cells; /* hashes; 0: none */
	size_t mask, count;
};

struct search_run {
	struct arena arena; /* of everything below */
	struct query query;
	struct find_hit *hits;
	unsigned count, cap;
	struct id_set seen;
	bool more;
	/* of the store's part */
	struct store *store;
	unsigned rows, customers, strangers; /* looked at; strangers: rows that do not have all words */
	struct bytes key, document, row;
	int result;
};

int search_create(struct search_run **out, struct slice text); /* ERR_INVALID, ERR_LIMIT: what was typed */
void search_destroy(struct search_run *s);                     /* NULL-safe */
/* A customer as they are now, whether they match or not: what others say of them does not count any more. */
void search_consider(struct search_run *s, struct slice customer, struct slice document, int64_t newest_ms);
int search_store(struct search_run *s, struct store *store);
/* One hit again, as the customer is now. False: it is none any more. */
bool search_refresh(struct search_run *s, struct find_hit *hit, struct slice document, int64_t newest_ms);
void search_rank(struct search_run *s, unsigned limit); /* sorts, keeps that many; `more` where there were others */

#endif
