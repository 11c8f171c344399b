/* history/recall.c: see recall.h. The walk keeps sequences only, and the entries are read again going forward: an agent
 * may have millions. */
#include "history/recall.h"

#include "base/check.h"
#include "base/error.h"
#include "history/apply.h"

#include <inttypes.h>
#include <stdlib.h>

int history_open(struct history *h, struct journal *journal, struct store *store, struct store *base)
{
	*h = (struct history){ .journal = journal, .store = store, .base = base };
	machine_init(&h->machine);
	arena_init(&h->arena, 0);
	h->packs = packs_create(store, journal);
	h->heads = heads_create(journal, store, h->packs);
	int result = journal_reader_open(&h->reader, journal, 0);
	if (result == ERR_OK)
		result = packs_use(h->packs, &h->machine, 0, NULL); /* a machine is never without a pack */
	if (result != ERR_OK)
		history_finish(h);
	return result;
}

void history_finish(struct history *h)
{
	if (!h->packs)
		return;
	journal_reader_close(h->reader);
	heads_destroy(h->heads);
	packs_destroy(h->packs);
	machine_finish(&h->machine);
	arena_finish(&h->arena);
	bytes_finish(&h->body);
	*h = (struct history){ 0 };
}

int history_refresh(struct history *h)
{
	return heads_refresh(h->heads);
}

static int read_head(struct history *h, uint64_t seq, struct journal_entry *je)
{
	if (seq == 0 || seq < journal_first(h->journal))
		return error_set(ERR_MISSING, NULL, "entry %" PRIu64 " is not kept any more: the journal begins at entry %" PRIu64,
				 seq, journal_first(h->journal));
	journal_seek(h->reader, seq);
	int got = journal_next(h->reader, je);
	if (got == 0)
		return error_set(ERR_MISSING, NULL, "there is no entry %" PRIu64 " yet", seq);
	return got < 0 ? got : ERR_OK;
}

int history_read(struct history *h, uint64_t seq, struct journal_entry *je, struct entry *entry)
{
	int result = read_head(h, seq, je);
	if (result != ERR_OK)
		return result;
	*entry = (struct entry){ 0 };
	if (je->blanked)
		return ERR_OK;
	bytes_clear(&h->body);
	bytes_put(&h->body, je->body.data, je->body.len);
	je->body = bytes_slice(&h->body);
	arena_reset(&h->arena);
	result = entry_body_decode(entry, je->kind, je->body, &h->arena);
	return result == ERR_OK ? ERR_OK : error_prefix("entry %" PRIu64, seq);
}

int history_at(struct history *h, int64_t time_ms, uint64_t *seq)
{
	uint64_t low = journal_first(h->journal), high = journal_durable(h->journal) + 1;
	while (low < high) { /* the first that was received later lies in low … high */
		uint64_t middle = low + (high - low) / 2;
		struct journal_entry je;
		int result = read_head(h, middle, &je);
		if (result != ERR_OK)
			return result;
		if (je.received_at_ms <= time_ms)
			low = middle + 1;
		else
			high = middle;
	}
	*seq = low > journal_first(h->journal) ? low - 1 : 0;
	return ERR_OK;
}

static void step_add(struct recall *r, size_t *cap, const struct journal_entry *je)
{
	if (r->count == *cap) {
		*cap = *cap ? 2 * *cap : 64;
		r->steps = must_realloc(r->steps, *cap * sizeof(r->steps[0]));
	}
	r->steps[r->count++] = (struct recall_step){ je->seq, je->received_at_ms };
}

static void turn_round(struct recall *r)
{
	for (size_t i = 0, k = r->count; i + 1 < k; i++) {
		struct recall_step step = r->steps[i];
		r->steps[i] = r->steps[--k];
		r->steps[k] = step;
	}
}

static int unknown_subject(const struct subject *s)
{
	return error_set(ERR_MISSING, subject_kind_name(s->kind), "nothing is known of %s %.*s: no entry is about it",
			 subject_kind_name(s->kind), SLICE_ARG(subject_id(s)));
}

int recall_start(struct recall *r, struct history *h, const struct subject *subject)
{
	size_t cap = 0;
	uint64_t seq;
	*r = (struct recall){ .history = h, .subject = *subject };
	int result = heads_find(h->heads, subject, &seq);
	if (result == ERR_OK && !seq)
		return unknown_subject(subject);
	while (result == ERR_OK && seq) {
		struct journal_entry je;
		if (seq < journal_first(h->journal)) {
			r->cut = seq;
			break;
		}
		result = read_head(h, seq, &je);
		if (result == ERR_OK && je.prev_seq >= seq)
			result = error_set(ERR_CORRUPT, NULL, "entry %" PRIu64 " says that entry %" PRIu64
					   " comes before it", seq, je.prev_seq);
		if (result == ERR_OK) {
			step_add(r, &cap, &je);
			seq = je.prev_seq;
		} else if (result == ERR_MISSING) { /* let go while we walked */
			r->cut = seq;
			result = ERR_OK;
			break;
		}
	}
	turn_round(r);
	return result;
}

void recall_finish(struct recall *r)
{
	if (r->history)
		record_destroy(r->record, r->history->machine.pool);
	free(r->steps);
	*r = (struct recall){ 0 };
}

static int gone(const struct recall *r)
{
	uint64_t first = journal_first(r->history->journal);
	if (r->record && r->record->seq > first)
		first = r->record->seq; /* the base store is ahead: the segments behind it are about to go */
	return error_set(ERR_MISSING, NULL,
			 "the past of %s %.*s before entry %" PRIu64 " is gone: older segments of the journal were let go%s",
			 subject_kind_name(r->subject.kind), SLICE_ARG(subject_id(&r->subject)), first,
			 r->history->base ? ", and the base store begins later"
					  : ", and no base store was kept (see --base of nudged)");
}

/* As the base store has it: as of the end of what is not kept any more. */
static int begin_from_base(struct recall *r, uint64_t seq)
{
	struct bytes key = { 0 }, value = { 0 };
	if (!r->history->base)
		return gone(r);
	subject_key(&r->subject, &key);
	int result = store_get(r->history->base, STORE_RECORDS, bytes_slice(&key), &value);
	if (result == ERR_OK)
		result = record_decode(&r->record, r->history->machine.pool, bytes_slice(&value));
	bytes_finish(&key);
	bytes_finish(&value);
	if (result != ERR_OK && result != ERR_MISSING)
		return result;
	if (result == ERR_MISSING || r->record->seq < r->cut || r->record->seq > seq)
		return gone(r);
	r->proof.base_seq = r->record->seq;
	while (r->at < r->count && r->steps[r->at].seq <= r->record->seq)
		r->at++;
	return ERR_OK;
}

int recall_next(struct recall *r, struct journal_entry *je, struct entry *entry)
{
	struct history *h = r->history;
	if (r->at == r->count)
		return 0;
	uint64_t seq = r->steps[r->at].seq;
	int result = history_read(h, seq, je, entry);
	if (result == ERR_OK && !je->blanked && !subject_equal(&entry->subject, &r->subject))
		result = error_set(ERR_CORRUPT, NULL, "entry %" PRIu64 " is in the history of %s %.*s, but is about %.*s",
				   seq, subject_kind_name(r->subject.kind), SLICE_ARG(subject_id(&r->subject)),
				   SLICE_ARG(subject_id(&entry->subject)));
	if (result == ERR_OK)
		result = packs_use(h->packs, &h->machine, seq, NULL);
	return result == ERR_OK ? 1 : result;
}

int recall_apply(struct recall *r, const struct journal_entry *je, const struct entry *entry)
{
	struct history *h = r->history;
	bool changed;
	r->at++;
	if (je->blanked) {
		r->proof.erased++;
		return ERR_OK;
	}
	arena_reset(&h->machine.arena);
	int result = entry_apply(&h->machine, r->record, je, entry, &h->applied, &changed);
	if (result != ERR_OK)
		return result;
	if (!changed)
		return ERR_OK;
	r->proof.entries++;
	if (h->applied.outcome != je->outcome && r->proof.differing++ == 0)
		r->proof.first = je->seq;
	return ERR_OK;
}

int recall_to(struct recall *r, uint64_t seq)
{
	int result = ERR_OK;
	if (!r->record && r->cut)
		result = begin_from_base(r, seq);
	else if (!r->record)
		r->record = record_create(&r->subject);
	while (result == ERR_OK && r->at < r->count && r->steps[r->at].seq <= seq) {
		struct journal_entry je;
		struct entry entry;
		result = recall_next(r, &je, &entry);
		if (result == 1)
			result = recall_apply(r, &je, &entry);
	}
	return result;
}
