/* history/base.c: see base.h. Records are kept for the length of a transaction, found by their store key. */
#include "history/base.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/log.h"
#include "history/apply.h"

#include <inttypes.h>
#include <stdlib.h>

#define STEP_ENTRIES 4096u /* of one transaction: at most as many records, a few MiB */
#define STEP_BYTES (2u * MIB)
#define PLACES (2u * STEP_ENTRIES)

struct base_fold {
	struct history history; /* its machine, packs and reader */
	struct store *base;
	uint64_t mark;
	struct record *places[PLACES], *changed[STEP_ENTRIES]; /* by hash; in order of appearance */
	size_t changed_count, bytes;
	struct bytes key, value;
};

static int put_number(struct store_write *w, struct slice key, uint64_t n, struct bytes *scratch)
{
	bytes_clear(scratch);
	bytes_put_u64(scratch, n);
	return store_put(w, STORE_META, key, bytes_slice(scratch));
}

static int claim(struct base_fold *f, struct slice id)
{
	struct store_write *w;
	int result = store_begin(f->base, &w);
	if (result != ERR_OK)
		return result;
	result = store_put(w, STORE_META, SLICE("journal"), id);
	if (result == ERR_OK)
		return store_commit(w);
	store_abort(w);
	return result;
}

static int check_belongs(struct base_fold *f)
{
	char id[33];
	hash128_hex(journal_id(f->history.journal), id);
	int result = store_get(f->base, STORE_META, SLICE("journal"), &f->value);
	if (result == ERR_MISSING)
		return claim(f, slice_of(id));
	if (result == ERR_OK && !slice_equal(bytes_slice(&f->value), slice_of(id)))
		result = error_set(ERR_CORRUPT, NULL, "the base store is of another journal (%.*s, this one is %s)",
				   SLICE_ARG(bytes_slice(&f->value)), id);
	return result;
}

static int read_mark(struct base_fold *f)
{
	uint64_t first = journal_first(f->history.journal);
	int result = store_get(f->base, STORE_META, SLICE("mark"), &f->value);
	struct reader r = reader_of(bytes_slice(&f->value));
	f->mark = result == ERR_OK ? reader_u64(&r) : 0;
	if (result != ERR_OK && result != ERR_MISSING)
		return result;
	if (f->mark + 1 < first)
		return error_set(ERR_MISSING, NULL,
				 "the journal begins at entry %" PRIu64 ", the base store ends at %" PRIu64
				 ": what lies between is gone",
				 first, f->mark);
	return ERR_OK;
}

int base_fold_open(struct base_fold **out, struct journal *journal, struct store *state, struct store *base)
{
	struct base_fold *f = must_calloc(1, sizeof(*f));
	f->base = base;
	int result = history_open(&f->history, journal, state, NULL);
	if (result == ERR_OK)
		result = check_belongs(f);
	if (result == ERR_OK)
		result = read_mark(f);
	if (result != ERR_OK) {
		base_fold_close(f);
		f = NULL;
	}
	*out = f;
	return result;
}

static void forget(struct base_fold *f)
{
	for (size_t i = 0; i < f->changed_count; i++)
		record_destroy(f->changed[i], f->history.machine.pool);
	f->changed_count = f->bytes = 0;
	memset(f->places, 0, sizeof(f->places));
}

void base_fold_close(struct base_fold *f)
{
	if (!f)
		return;
	forget(f);
	history_finish(&f->history);
	bytes_finish(&f->key);
	bytes_finish(&f->value);
	free(f);
}

uint64_t base_fold_mark(const struct base_fold *f)
{
	return f->mark;
}

static int load(struct base_fold *f, const struct subject *s, struct record **out)
{
	bytes_clear(&f->key);
	subject_key(s, &f->key);
	int result = store_get(f->base, STORE_RECORDS, bytes_slice(&f->key), &f->value);
	if (result == ERR_OK)
		result = record_decode(out, f->history.machine.pool, bytes_slice(&f->value));
	else if (result == ERR_MISSING) {
		*out = record_create(s);
		result = ERR_OK;
	}
	return result;
}

static int record_of(struct base_fold *f, const struct subject *s, struct record **out)
{
	size_t at = subject_hash(s) % PLACES;
	while (f->places[at]) {
		struct subject have = record_subject(f->places[at]);
		if (subject_equal(&have, s)) {
			*out = f->places[at];
			return ERR_OK;
		}
		at = (at + 1) % PLACES;
	}
	int result = load(f, s, out);
	if (result == ERR_OK)
		f->places[at] = f->changed[f->changed_count++] = *out;
	return result;
}

static int by_key(const void *a, const void *b)
{
	const struct record *x = *(struct record *const *)a, *y = *(struct record *const *)b;
	int slots = (int)subject_slot(&x->subject) - (int)subject_slot(&y->subject);
	if (slots)
		return slots;
	if (x->subject.kind != y->subject.kind)
		return (int)x->subject.kind - (int)y->subject.kind;
	return slice_compare(subject_id(&x->subject), subject_id(&y->subject));
}

/* All that changed, in the store's order, and the mark. */
static int write_step(struct base_fold *f, uint64_t mark)
{
	struct store_write *w;
	int result = store_begin(f->base, &w);
	if (result != ERR_OK)
		return result;
	qsort(f->changed, f->changed_count, sizeof(f->changed[0]), by_key);
	for (size_t i = 0; i < f->changed_count && result == ERR_OK; i++) {
		struct subject s = record_subject(f->changed[i]);
		if (!f->changed[i]->seq)
			continue; /* a prospect that never was */
		bytes_clear(&f->key);
		bytes_clear(&f->value);
		subject_key(&s, &f->key);
		record_encode(f->changed[i], &f->value);
		result = store_put(w, STORE_RECORDS, bytes_slice(&f->key), bytes_slice(&f->value));
	}
	if (result == ERR_OK)
		result = put_number(w, SLICE("mark"), mark, &f->value);
	if (result != ERR_OK) {
		store_abort(w);
		return result;
	}
	(void)fault_hit(base_before_commit);
	result = store_commit(w);
	if (result != ERR_OK)
		return result;
	(void)fault_hit(base_after_commit);
	f->mark = mark;
	return ERR_OK;
}

static int fold_entry(struct base_fold *f, const struct journal_entry *je, const struct entry *entry)
{
	struct history *h = &f->history;
	struct record *r;
	bool changed;
	if (je->blanked || entry->subject.kind == SUBJECT_NONE)
		return ERR_OK;
	int result = packs_use(h->packs, &h->machine, je->seq, NULL);
	if (result == ERR_OK)
		result = record_of(f, &entry->subject, &r);
	if (result != ERR_OK)
		return result;
	arena_reset(&h->machine.arena);
	result = entry_apply(&h->machine, r, je, entry, &h->applied, &changed);
	if (result == ERR_OK && changed && h->applied.outcome != je->outcome)
		log_warn("entry %" PRIu64 " does not come out as it did when it was accepted; the base store has what comes out now",
			 je->seq);
	f->bytes += je->body.len;
	return result;
}

/* One transaction's entries. */
static int fold_step(struct base_fold *f, uint64_t to)
{
	uint64_t seq = f->mark;
	int result = ERR_OK;
	while (result == ERR_OK && seq < to && f->changed_count < STEP_ENTRIES && f->bytes < STEP_BYTES) {
		struct journal_entry je;
		struct entry entry;
		result = history_read(&f->history, ++seq, &je, &entry);
		if (result == ERR_OK)
			result = fold_entry(f, &je, &entry);
	}
	if (result == ERR_OK)
		result = write_step(f, seq);
	forget(f);
	return result;
}

int base_fold_to(struct base_fold *f, uint64_t seq, const _Atomic bool *stop)
{
	int result = packs_read_notes(f->history.packs);
	while (result == ERR_OK && f->mark < seq) {
		if (stop && atomic_load(stop))
			return error_set(ERR_CLOSED, NULL, "stopped");
		result = fold_step(f, seq);
	}
	return result;
}
