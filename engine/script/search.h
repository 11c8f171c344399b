/* script/search.h: by which attributes customers are found: pack { search = { "name", "company" } }. Of members, too. */
#ifndef NUDGED_SCRIPT_SEARCH_H
#define NUDGED_SCRIPT_SEARCH_H

#include "base/limits.h"
#include "base/slice.h"

#include <stdint.h>

struct search {
	struct slice names[LIMIT_SEARCH]; /* in the order of the pack: the first that a customer has is what they are called */
	bool masked[LIMIT_SEARCH];        /* kept out of logs (mask.h), so not shown either: found by the whole value alone */
	unsigned count;
	bool masks_alias, masks_member;
	uint64_t hash; /* of all this: two that agree find the same */
};

#endif
