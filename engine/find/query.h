/* find/query.h: what somebody typed to find a customer, and whether a document answers it.
 *
 * The text is words, each the beginning of one of the customer's, in any order; all must be found, though not all in the same
 * value ("lan 4567" is a name and the end of a number). Digits in a row (in any usual writing of phone numbers) are words as
 * well as a number or a part of one. */
#ifndef NUDGED_FIND_QUERY_H
#define NUDGED_FIND_QUERY_H

#include "find/document.h"
#include "find/fold.h"
#include "find/phone.h"

#define FIND_SHOWN 4u /* fields of a hit that are told */

enum find_rank { FIND_NOTHING, FIND_PREFIX, FIND_WORDS, FIND_EXACT }; /* ascending */

struct find_term {
	unsigned first, count; /* words of `folded`: of a number its parts */
	bool has_number;
	struct phone number;
};

struct query {
	struct slice text; /* as typed, trimmed; lent */
	struct folded folded;
	struct find_term terms[LIMIT_FIND_WORDS];
	unsigned count;
};

struct found_fields {
	uint8_t count, at[FIND_SHOWN]; /* fields of the document */
};

/* ERR_INVALID where there is nothing to look for, ERR_LIMIT for too many words. `text` is valid UTF-8 and stays. */
int query_parse(struct query *out, struct slice text);
enum find_rank query_match(const struct query *q, const struct document *d, struct found_fields *out);

#endif
