/* history/erase_run.c: see erase.h: a plan carried out, step by step. Each may be done again. */
#include "history/erase.h"
#include "history/erase_parts.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "disk/journal_blank.h"

#include <stdlib.h>
#include <string.h>

bool erasing_has(const struct slice *list, size_t count, struct slice id)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(list[i], id))
			return true;
	return false;
}

bool erasing_names(const struct erasing *e, struct slice bytes)
{
	for (size_t i = 0; i < e->customer_count; i++) {
		const char *from = bytes.data, *at;
		struct slice id = e->customers[i];
		size_t left = bytes.len;
		while (left > id.len && (at = memmem(from, left, id.data, id.len))) {
			if (at > bytes.data && (uint8_t)at[-1] == id.len)
				return true;
			left -= (size_t)(at + 1 - from);
			from = at + 1;
		}
	}
	return false;
}

bool erasing_has_seq(const uint64_t *list, size_t count, uint64_t seq)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (list[middle] < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && list[low] == seq;
}

bool erasing_seq(const struct erasing *e, uint64_t seq)
{
	return erasing_has_seq(e->seqs, e->seq_count, seq);
}

static int erase_from_store(const struct erasing *e, const char *dir, const char *name, bool base)
{
	struct store *store;
	int r = store_open_named(&store, dir, name, 0, true); /* is there one at all? */
	store_close(store);
	if (r == ERR_OK)
		r = store_open_named(&store, dir, name, 0, false);
	if (r == ERR_OK)
		r = erase_rows(e, store, base);
	if (r == ERR_OK || store)
		store_close(store);
	return r == ERR_MISSING && base ? ERR_OK : r; /* none is kept */
}

static int erase_from_state(const struct erasing *e, const char *dir, const struct erase_live *live)
{
	if (!live)
		return erase_from_store(e, dir, "state", false);
	live->alone(live->arg, true);
	int r = erase_rows(e, live->state, false);
	live->alone(live->arg, false);
	return r;
}

/* It has nothing of who came later: nothing is folded meanwhile. */
static int erase_from_base(const struct erasing *e, const char *dir, const struct erase_live *live)
{
	if (!live)
		return erase_from_store(e, dir, "base", true);
	return live->base ? erase_rows(e, live->base, true) : ERR_OK;
}

static int run_steps(const struct erasing *e, const char *dir, const struct erase_live *live)
{
	(void)fault_hit(erase_step);
	int r = journal_blank(dir, e->seqs, e->seq_count);
	(void)fault_hit(erase_step);
	if (r == ERR_OK)
		r = erase_from_state(e, dir, live);
	(void)fault_hit(erase_step);
	if (r == ERR_OK)
		r = erase_from_base(e, dir, live);
	(void)fault_hit(erase_step);
	if (r == ERR_OK && e->log.len)
		r = erase_from_log(e);
	(void)fault_hit(erase_step);
	return r;
}

int erase_carry_out(const char *dir, const struct erase_live *live, struct erase_report *out)
{
	struct erasing e = { .report = out };
	struct bytes content = { 0 };
	int r = erasing_read(&e, dir, &content);
	if (r == ERR_OK)
		r = run_steps(&e, dir, live);
	if (r == ERR_OK)
		r = erase_withdraw(dir);
	erasing_finish(&e);
	bytes_finish(&content);
	return r;
}
