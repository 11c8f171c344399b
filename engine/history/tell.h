/* history/tell.h: explanations (decide/explained.h) as the wire's plain structs, and whole Explanation messages. Everything
 * is lent by the decision, the pack and the arena. */
#ifndef NUDGED_HISTORY_TELL_H
#define NUDGED_HISTORY_TELL_H

#include "decide/explained.h"
#include "wire/response.h"

/* With explain: what out->actions says. Without: none. */
void tell_actions(const struct decision *d, struct arena *arena, struct wire_recommendation *out);
void tell_condition(const struct explained_condition *c, struct arena *arena, struct wire_condition *out);
/* NULL where there is none. */
const struct wire_strain *tell_strain(const struct told_strain *s, struct arena *arena);
/* A decision whole. head, customer and the like are the caller's to set. */
void tell_decision(const struct decision *d, struct arena *arena, struct wire_recommendation *out);
/* What the pack makes of a customer beside its facts: the relationship, what is expected. In the machine's arena. */
void tell_customer(struct machine *m, const struct record *r, int64_t now_ms, struct wire_names *out);

#endif
