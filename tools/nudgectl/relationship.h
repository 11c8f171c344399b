/* nudgectl/relationship.h: the relationship score as people read it. */
#ifndef NUDGECTL_RELATIONSHIP_H
#define NUDGECTL_RELATIONSHIP_H

#include <nudge.h>
#include <stddef.h>

/* "72 of 100, +3 in 30 days, -5 since the last contact: trust 0.80 (-0.10), fit unknown" in `out`, which is given back. */
const char *relationship_text(const Nudge__V1__Relationship *r, char *out, size_t size);
/* As sections of `customer show`. */
void relationship_show(const Nudge__V1__Relationship *r, char *const *expects, size_t expect_count);
/* Where the values of attributes came from, and what was before. Nothing where the pack keeps none. */
void origins_show(const Nudge__V1__Customer *c);

#endif
