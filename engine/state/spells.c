/* state/spells.c: see spells.h. */
#include "state/spells.h"

void spells_begin(struct record *r, struct strpool *pool, uint32_t series, struct slice contact, int64_t time_ms)
{
	const struct item *known = items_find(r, ITEM_SPELL, series, contact);
	if (known && known->state == SPELL_WORK && known->numbers[SPELL_END_MS] == 0)
		return; /* it goes on */
	struct item *s = items_add(r, pool, ITEM_SPELL, series, contact, 0, time_ms, SPELLS_KEPT);
	if (s)
		s->state = SPELL_WORK;
}

void spells_end(struct record *r, uint32_t series, struct slice contact, int64_t time_ms)
{
	struct item *s = items_find(r, ITEM_SPELL, series, contact);
	if (s && s->state == SPELL_WORK && s->numbers[SPELL_END_MS] == 0 && s->time_ms <= time_ms)
		s->numbers[SPELL_END_MS] = time_ms;
}

void spells_break(struct record *r, struct strpool *pool, uint32_t series, int64_t time_ms)
{
	struct item *s = items_add(r, pool, ITEM_SPELL, series, (struct slice){ NULL, 0 }, 0, time_ms, SPELLS_KEPT);
	if (s)
		s->state = SPELL_BREAK;
}

static int64_t end_of(const struct item *s, int64_t now_ms)
{
	int64_t most_ms = s->time_ms + SPELL_MOST_MS, end_ms = s->numbers[SPELL_END_MS];
	end_ms = end_ms ? end_ms : now_ms < most_ms ? now_ms : most_ms;
	return end_ms < now_ms ? end_ms : now_ms;
}

bool spells_share(const struct record *r, uint32_t series, int64_t from_ms, int64_t to_ms, double *out)
{
	struct items all = items_of(r, ITEM_SPELL, series);
	int64_t covered_ms = from_ms, busy_ms = 0; /* they lie in the order in which they began */
	for (unsigned i = 0; i < all.count; i++) {
		const struct item *s = &all.items[i];
		if (s->state != SPELL_WORK || s->time_ms > to_ms)
			continue;
		int64_t begin_ms = s->time_ms > covered_ms ? s->time_ms : covered_ms, end_ms = end_of(s, to_ms);
		if (end_ms <= begin_ms)
			continue;
		busy_ms += end_ms - begin_ms;
		covered_ms = end_ms;
	}
	*out = to_ms > from_ms ? (double)busy_ms / (double)(to_ms - from_ms) : 0;
	return all.count > 0 && to_ms > from_ms;
}

bool spells_since_break(const struct record *r, uint32_t series, int64_t gap_ms, int64_t now_ms, int64_t *out)
{
	struct items all = items_of(r, ITEM_SPELL, series);
	int64_t since_ms = -1, end_ms = 0; /* -1: at rest */
	for (unsigned i = 0; i < all.count && all.items[i].time_ms <= now_ms; i++) {
		const struct item *s = &all.items[i];
		if (s->state == SPELL_BREAK) {
			since_ms = -1;
			continue;
		}
		if (since_ms < 0 || s->time_ms - end_ms >= gap_ms)
			since_ms = s->time_ms;
		end_ms = end_of(s, now_ms) > end_ms ? end_of(s, now_ms) : end_ms;
	}
	*out = since_ms < 0 || now_ms - end_ms >= gap_ms ? 0 : now_ms - since_ms;
	return all.count > 0;
}
