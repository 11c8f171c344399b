/* decide/apply_score.c: the relationship score is looked at after the events that the pack names. Where it has moved it is
 * kept, and counted: each customer once in LEDGER_SCORES, by the newest score kept, and how far it moved in
 * LEDGER_SCORE_MOVES. */
#include "decide/counting.h"
#include "decide/relationship.h"
#include "decide/text.h"

#define MOVED 1000000 /* a point, in millionths */

static const char *const bands[] = { "0-20", "20-40", "40-60", "60-80", "80-100" };

static struct slice band_of(int64_t score)
{
	int64_t band = score / (20 * MOVED);
	return slice_of(bands[band > 4 ? 4 : band]);
}

static void count_stock(struct applying *a, const struct item *s, int64_t sign)
{
	const struct slice dims[] = { item_text(s, SCORE_SEGMENT), band_of(s->numbers[SCORE_VALUE]) };
	count_add(a, LEDGER_SCORES, s->time_ms, dims, SCORES_CUSTOMERS, sign);
	count_add(a, LEDGER_SCORES, s->time_ms, dims, SCORES_SCORE, sign * s->numbers[SCORE_VALUE]);
	count_add(a, LEDGER_SCORES, s->time_ms, dims, SCORES_GROWTH, sign * s->numbers[SCORE_GROWTH]);
}

/* Whichever was counted, also of a definition that the pack has given up, is not any more. */
static void take_back(struct applying *a)
{
	const struct rare *rare = a->record->rare;
	for (unsigned i = 0; i < rare->item_count; i++) {
		struct item *s = &rare->items[i];
		if (s->kind != ITEM_SCORE || s->state != SCORE_COUNTED)
			continue;
		count_stock(a, s, -1);
		s->state = SCORE_PAST;
	}
}

static void count_it(struct applying *a, struct item *s)
{
	s->state = SCORE_COUNTED;
	count_stock(a, s, 1);
}

static void count_move(struct applying *a, const struct item *before, struct slice segment, int64_t score)
{
	int64_t by = before ? score - before->numbers[SCORE_VALUE] : 0;
	if (!before) {
		count_add(a, LEDGER_SCORE_MOVES, a->now_ms, &segment, MOVES_FIRST, 1);
		return;
	}
	count_add(a, LEDGER_SCORE_MOVES, a->now_ms, &segment, by > 0 ? MOVES_UP : MOVES_DOWN, 1);
	count_add(a, LEDGER_SCORE_MOVES, a->now_ms, &segment, by > 0 ? MOVES_POINTS_UP : MOVES_POINTS_DOWN, by > 0 ? by : -by);
}

static bool same_day(const struct applying *a, const struct item *x, const struct item *y)
{
	const struct zone *z = a->m->pack->zone;
	return zone_day_number(z, x->time_ms) == zone_day_number(z, y->time_ms);
}

/* Of a day that has several the first goes, so that 30 days back there is always one; else the oldest. */
static void make_room(struct applying *a, uint32_t decl)
{
	struct items all = items_of(a->record, ITEM_SCORE, decl);
	if (all.count < LIMIT_SCORES)
		return;
	for (unsigned i = 0; i + 1 < all.count; i++)
		if (same_day(a, &all.items[i], &all.items[i + 1])) {
			items_remove(a->record, a->m->pool, &all.items[i]);
			return;
		}
	items_remove(a->record, a->m->pool, &all.items[0]);
}

/* Scores of another definition cannot be compared with these: they make place. */
static void drop_others(struct applying *a, uint32_t decl)
{
	const struct rare *rare = a->record->rare;
	for (unsigned i = rare->item_count; i > 0; i--)
		if (rare->items[i - 1].kind == ITEM_SCORE && rare->items[i - 1].decl != decl)
			items_remove(a->record, a->m->pool, &rare->items[i - 1]);
}

static void keep_parts(struct item *s, const struct relationship_view *v, int64_t score)
{
	s->numbers[SCORE_VALUE] = score;
	s->numbers[SCORE_LOOKED_MS] = 0;
	for (unsigned i = 0; i < v->part_count; i++)
		s->numbers[SCORE_PART + i] = v->parts[i].known ? in_millionths(v->parts[i].value) : SCORE_UNKNOWN;
}

/* The newest, as it is now: moved to a new one where it has moved. NULL: there is no room. */
static struct item *keep(struct applying *a, const struct relationship_decl *decl, const struct relationship_view *v,
			 struct item *newest, struct slice segment)
{
	int64_t score = in_millionths(v->score);
	int64_t by = newest ? score - newest->numbers[SCORE_VALUE] : MOVED;
	if (by < MOVED && by > -MOVED) {
		newest->numbers[SCORE_LOOKED_MS] = a->now_ms;
		return newest;
	}
	count_move(a, newest, segment, score);
	if (!newest || newest->time_ms != a->now_ms) {
		if (!newest)
			drop_others(a, decl->id);
		make_room(a, decl->id);
		newest = items_add(a->record, a->m->pool, ITEM_SCORE, decl->id, (struct slice){ NULL, 0 }, 0, a->now_ms,
				   LIMIT_SCORES);
	}
	if (newest)
		keep_parts(newest, v, score);
	return newest;
}

void apply_score(struct applying *a)
{
	const struct relationship_decl *decl = &a->m->pack->relations->relationship;
	struct relationship_view v;
	char buffer[LIMIT_KEY_BYTES];
	if (!decl->part_count || a->record->subject.kind != SUBJECT_CUSTOMER)
		return;
	struct items all = items_of(a->record, ITEM_SCORE, decl->id);
	struct item *newest = all.count ? &all.items[all.count - 1] : NULL;
	applying_occasion(a, a->event, 0);
	if (newest && newest->time_ms > a->now_ms)
		return; /* a late event: the score of then is not kept any more */
	relationship_look(a->e, &v);
	if (!v.known)
		return;
	struct slice segment = segment_text(a->e, decl->by.names, decl->by.facts, decl->by.count, buffer);
	take_back(a);
	newest = keep(a, decl, &v, newest, segment);
	if (!newest)
		return;
	item_set_text(newest, a->m->pool, SCORE_SEGMENT, segment);
	newest->numbers[SCORE_GROWTH] = v.growth;
	count_it(a, newest);
}

void score_leave(struct applying *a)
{
	take_back(a);
}

void score_joined(struct applying *a)
{
	struct items all = items_of(a->record, ITEM_SCORE, a->m->pack->relations->relationship.id);
	take_back(a);
	if (all.count && a->m->pack->relations->relationship.part_count)
		count_it(a, &all.items[all.count - 1]);
}
