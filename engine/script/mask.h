/* script/mask.h: what a pack wants to be kept out of logs: pack { mask = { "phone", "email" } }.
 *
 * A name means what it means in words: a fact, a field of an event or request (also "customer", "member", "agent"), an
 * attribute. What is computed from a masked one is masked with it: facts, series of its values, attributes that rules
 * set from it. Only what Lua functions make of it cannot be told: their texts are taken for masked altogether. */
#ifndef NUDGED_SCRIPT_MASK_H
#define NUDGED_SCRIPT_MASK_H

#include "base/bytes.h"
#include "script/pack.h"

#define MASKED "***"

bool pack_masks(const struct pack *p, struct slice name);
/* Some part of the words stands on what is masked. */
bool words_masked(const struct pack *p, const struct words *w);
/* The words as they may be shown: MASKED in place of what is, {name} in place of what else would be filled in. */
void words_shown(const struct pack *p, const struct words *w, struct bytes *out);

#endif
