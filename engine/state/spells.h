/* state/spells.h: when an agent was busy, as items of the kind ITEM_SPELL: from an event that begins a spell of work to the
 * one that ends it, of the same contact; and breaks. The item's key is the contact's id, its time when it began. */
#ifndef NUDGED_STATE_SPELLS_H
#define NUDGED_STATE_SPELLS_H

#include "state/items.h"

#define SPELLS_KEPT 96u                    /* of one series: some hours, several chats at once */
#define SPELL_MOST_MS (4 * 3600 * 1000LL)  /* what was not ended by then has ended: its event never came */

enum spell_state { SPELL_WORK = 1, SPELL_BREAK }; /* on disk */
enum spell_number { SPELL_END_MS };               /* on disk; 0: not ended */

void spells_begin(struct record *r, struct strpool *pool, uint32_t series, struct slice contact, int64_t time_ms);
void spells_end(struct record *r, uint32_t series, struct slice contact, int64_t time_ms);
void spells_break(struct record *r, struct strpool *pool, uint32_t series, int64_t time_ms);
/* The share of (from, to] within at least one spell. False: nothing is known of any. */
bool spells_share(const struct record *r, uint32_t series, int64_t from_ms, int64_t to_ms, double *out);
/* Milliseconds from the first spell after the last break, or after a gap of gap_ms without a spell, to now; 0 on a break and
 * in a gap. False: nothing is known. */
bool spells_since_break(const struct record *r, uint32_t series, int64_t gap_ms, int64_t now_ms, int64_t *out);

#endif
