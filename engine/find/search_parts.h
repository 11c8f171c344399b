/* find/search_parts.h: a search from inside, for its two files. */
#ifndef NUDGED_FIND_SEARCH_PARTS_H
#define NUDGED_FIND_SEARCH_PARTS_H

#include "find/search.h"

bool search_first_time(struct search_run *s, struct slice customer); /* and remembers them */
bool search_was_seen(const struct search_run *s, struct slice customer);
void search_add(struct search_run *s, struct slice customer, const struct document *d, enum find_rank rank,
		const struct found_fields *fields, int64_t newest_ms);

#endif
