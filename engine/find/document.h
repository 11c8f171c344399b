/* find/document.h: what one customer is found by, in one piece: the id, the attributes that the pack declares for it (also
 * members'), aliases, members that are named by a number. The store keeps it beside the record (find/index.h), so that the
 * words of before can be told from those of now, and so that a hit need not be decoded from the record.
 *
 *     redirect string, then each field: what u8 (with FIND_MASKED), name string, value string, member string
 *
 * Empty: the customer is not to be found. Of a customer who was merged there is the id alone, and where it leads. */
#ifndef NUDGED_FIND_DOCUMENT_H
#define NUDGED_FIND_DOCUMENT_H

#include "base/bytes.h"
#include "script/search.h"
#include "state/record.h"

enum find_what { FIND_ID = 1, FIND_ALIAS = 2, FIND_ATTRIBUTE = 3, FIND_MEMBER = 4 }; /* on disk */
#define FIND_MASKED 0x80u                                                              /* on disk */

struct find_field {
	enum find_what what;
	bool masked; /* found by the whole value alone, and not shown */
	struct slice name, value, member;
};

struct document {
	struct slice redirect;
	unsigned count;
	struct find_field fields[LIMIT_FIND_FIELDS];
};

void document_make(struct bytes *out, const struct record *r, const struct search *by);
bool document_read(struct document *out, struct slice in); /* lends; false: it is broken */
/* What a person knows the customer by: the first of the pack's attributes that they have and that is not masked; else the
 * id. */
struct slice document_label(const struct document *d, struct slice id);

#endif
