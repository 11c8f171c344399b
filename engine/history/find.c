/* history/find.c: see find.h.
 *
 * Where entry N lies in the order of decisions is told by the first decision or boot at or behind it. Between two places of
 * one boot there is only that boot: so a range whose ends are of another one and the same is left alone, and one whose
 * ends are of the boot that is looked for is halved by its counters. */
#include "history/find.h"

#include "base/error.h"

#include <inttypes.h>

#define NEAR_ENTRIES 4096u  /* looked through one by one; further apart than this, ranges are halved */
#define SLACK_COUNTS 4096u  /* how far counters may lie out of order: a shard's thread may sleep in between */
#define CAUSED_ENTRIES 65536u

struct place {
	uint64_t seq, boot, count; /* seq 0: none up to the end of the range */
};

/* The first decision or boot in [from, to). */
static int place_at(struct history *h, uint64_t from, uint64_t to, struct place *out)
{
	struct journal_entry je;
	struct entry e;
	struct decision_record d;
	*out = (struct place){ 0 };
	for (uint64_t seq = from; seq < to; seq++) {
		int result = history_read(h, seq, &je, &e);
		if (result != ERR_OK)
			return result;
		if (je.blanked)
			continue;
		if (e.kind == ENTRY_BOOT) {
			*out = (struct place){ seq, e.boot.boot_id, 0 };
			return ERR_OK;
		}
		if (e.kind != ENTRY_DECISION)
			continue;
		result = decision_decode(&d, e.decision.bytes, &h->arena);
		if (result == ERR_OK)
			*out = (struct place){ seq, d.head.boot, d.head.count };
		return result;
	}
	return ERR_OK;
}

/* One by one through [from, to). */
static int look_through(struct history *h, uint64_t from, uint64_t to, uint64_t boot, uint64_t count, uint64_t *found)
{
	struct place p;
	for (uint64_t seq = from; seq < to && !*found; seq = p.seq + 1) {
		int result = place_at(h, seq, to, &p);
		if (result != ERR_OK || !p.seq)
			return result;
		if (p.boot == boot && p.count == count)
			*found = p.seq;
	}
	return ERR_OK;
}

/* Can it lie in [from, to), which begins with `first` and is followed by `behind`? With `strict`, counters must fit too. */
static bool may_hold(const struct place *first, const struct place *behind, uint64_t boot, uint64_t count, bool strict)
{
	if (!first->seq)
		return false;
	if (first->boot == behind->boot && first->boot != boot && behind->seq)
		return false;
	if (!strict)
		return true;
	if (first->boot == boot && first->count > count + SLACK_COUNTS)
		return false;
	return !(behind->seq && behind->boot == boot && behind->count + SLACK_COUNTS < count);
}

static int search(struct history *h, uint64_t from, uint64_t to, const struct place *behind, uint64_t boot,
		  uint64_t count, bool strict, uint64_t *found)
{
	struct place first, middle;
	int result = place_at(h, from, to, &first);
	if (result != ERR_OK || !may_hold(&first, behind, boot, count, strict))
		return result;
	if (to - from <= NEAR_ENTRIES)
		return look_through(h, from, to, boot, count, found);
	uint64_t half = from + (to - from) / 2;
	result = place_at(h, half, to, &middle);
	if (result == ERR_OK && middle.seq)
		result = search(h, middle.seq, to, behind, boot, count, strict, found);
	if (result != ERR_OK || *found)
		return result;
	return search(h, from, half, middle.seq ? &middle : behind, boot, count, strict, found);
}

int find_decision(struct history *h, uint64_t boot, uint64_t count, uint64_t *seq)
{
	uint64_t from = journal_first(h->journal), to = journal_durable(h->journal) + 1;
	const struct place end = { 0 };
	*seq = 0;
	int result = search(h, from, to, &end, boot, count, true, seq);
	if (result == ERR_OK && !*seq)
		result = search(h, from, to, &end, boot, count, false, seq);
	if (result == ERR_OK && !*seq)
		result = error_set(ERR_MISSING, "decision",
				   "decision %" PRIu64 "-%" PRIu64 " is not in the journal, which begins at entry %" PRIu64
				   ": it is older, was made while the disk was full, or never was",
				   boot, count, from);
	return result;
}

static bool is_caused(const struct entry *e, uint64_t source_seq, uint32_t index, struct arena *arena)
{
	struct decision_record d;
	if (e->kind == ENTRY_EFFECT)
		return e->effect.source_seq == source_seq && e->effect.index == index;
	return e->kind == ENTRY_DECISION && decision_decode(&d, e->decision.bytes, arena) == ERR_OK && d.head.nudge &&
	       d.head.source_seq == source_seq && d.head.source_index == index;
}

int find_caused(struct history *h, uint64_t source_seq, uint32_t index, uint64_t *seq)
{
	uint64_t last = journal_durable(h->journal);
	*seq = 0;
	for (uint64_t at = source_seq + 1; at <= last && at <= source_seq + CAUSED_ENTRIES; at++) {
		struct journal_entry je;
		struct entry e;
		int result = history_read(h, at, &je, &e);
		if (result != ERR_OK)
			return result;
		if (!je.blanked && is_caused(&e, source_seq, index, &h->arena)) {
			*seq = at;
			return ERR_OK;
		}
	}
	return ERR_OK;
}
