/* decide/offer.h: an action's offer: terms with names, which its words use, and a time until which it holds. */
#ifndef NUDGED_DECIDE_OFFER_H
#define NUDGED_DECIDE_OFFER_H

#include "decide/deciding.h"

/* The `offered` that still binds us; NULL: none. */
const struct outcome *offer_made(const struct record *r, const struct str *action, int64_t now_ms);
/* What is offered now, in state/terms.h's spelling. Reads the customer only. */
void offer_terms(struct eval *e, const struct action_decl *a, struct bytes *out);
/* The one that was made, else what would be offered now (made_ms 0). In the machine's arena. */
struct offer *offer_of(struct eval *e, const struct action_decl *a);
const struct value *offer_term(const struct offer *o, const struct str *name); /* NULL: it has no such. o may be NULL */
void offers_fill(struct deciding *d); /* all that were made and hold */

#endif
