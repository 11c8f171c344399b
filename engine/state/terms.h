/* state/terms.h: the terms of an offer that was made, as its outcome keeps them: names and values, one after another. On
 * disk, within the record. */
#ifndef NUDGED_STATE_TERMS_H
#define NUDGED_STATE_TERMS_H

#include "base/bytes.h"
#include "state/value.h"

/* False, and nothing is added, where that would pass LIMIT_ATTRIBUTE_TEXT_BYTES in all. */
bool terms_put(struct bytes *out, struct slice name, struct value v);
/* The next one, lent. False: there is none. */
bool terms_take(struct slice *rest, struct slice *name, struct value *v);

#endif
