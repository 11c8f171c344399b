/* state/origins.h: what the texts and numbers of an ITEM_ORIGIN mean: where a value of an attribute came from. Its key is
 * the attribute, its declaration a hash of that and the member, so that of each attribute so many are kept; its time is
 * since when the value is true. The newest is of the present value, those before it are what was corrected. */
#ifndef NUDGED_STATE_ORIGINS_H
#define NUDGED_STATE_ORIGINS_H

#include "state/items.h"

enum origin_text {
	ORIGIN_SOURCE, /* of the event: "crm" */
	ORIGIN_TYPE,   /* "profile.updated" */
	ORIGIN_BY,     /* the agent whom the event names, or "rule NAME" */
	ORIGIN_VALUE,  /* of a text; else empty */
};
enum origin_number {
	ORIGIN_KIND,   /* enum value_kind; unknown: it was removed */
	ORIGIN_NUMBER, /* a number's bits (a double); of a boolean 0 or 1 */
};

struct record;
/* The newest of the member's attribute; NULL: it is not kept. */
const struct item *origin_of(const struct record *r, uint8_t member, struct slice name);
struct items origins_of(const struct record *r, uint8_t member, struct slice name); /* oldest first */
struct value origin_value(const struct item *origin);

/* Remembers a value just set, where it differs from the one before. */
struct origin_says {
	struct slice source, type, by;
};
void origin_add(struct record *r, struct strpool *pool, uint8_t member, struct slice name, struct value v,
		int64_t time_ms, const struct origin_says *says);

#endif
