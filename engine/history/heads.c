/* history/heads.c: see heads.h. The map is open addressing, by the subject's hash: two subjects of one hash are found out
 * by who walks, since entries name whom they are about. */
#include "history/heads.h"

#include "base/check.h"
#include "base/error.h"
#include "history/entry.h"

#include <stdlib.h>

#define ANEW_COUNT (256u * 1024u) /* more are let go where the store has caught up meanwhile: 8 MiB */

struct place {
	uint64_t hash, seq; /* seq 0: free */
};

struct heads {
	struct journal *journal;
	struct store *store;
	struct packs *packs;
	struct journal_reader *reader;
	uint64_t from, next; /* the map is of entries from … to before … */
	struct place *places;
	size_t count, cap;
	struct arena arena;
	struct bytes record;
};

struct heads *heads_create(struct journal *journal, struct store *store, struct packs *packs)
{
	struct heads *h = must_calloc(1, sizeof(*h));
	h->journal = journal;
	h->store = store;
	h->packs = packs;
	arena_init(&h->arena, 0);
	return h;
}

void heads_destroy(struct heads *h)
{
	if (!h)
		return;
	journal_reader_close(h->reader);
	arena_finish(&h->arena);
	bytes_finish(&h->record);
	free(h->places);
	free(h);
}

static struct place *place_of(const struct heads *h, uint64_t hash)
{
	size_t at = hash & (h->cap - 1);
	while (h->places[at].seq && h->places[at].hash != hash)
		at = (at + 1) & (h->cap - 1);
	return &h->places[at];
}

static void grow(struct heads *h)
{
	struct place *old = h->places;
	size_t cap = h->cap;
	h->cap = cap ? 2 * cap : 4096;
	h->places = must_calloc(h->cap, sizeof(h->places[0]));
	for (size_t i = 0; i < cap; i++)
		if (old[i].seq)
			*place_of(h, old[i].hash) = old[i];
	free(old);
}

static void note(struct heads *h, uint64_t hash, uint64_t seq)
{
	if (2 * h->count >= h->cap)
		grow(h);
	struct place *p = place_of(h, hash);
	h->count += p->seq == 0;
	*p = (struct place){ hash, seq };
}

static int take(struct heads *h, const struct journal_entry *je)
{
	struct entry e;
	if (je->blanked)
		return ERR_OK;
	arena_reset(&h->arena);
	int result = entry_body_decode(&e, je->kind, je->body, &h->arena);
	if (result != ERR_OK)
		return error_prefix("entry %llu", (unsigned long long)je->seq);
	if (e.kind == ENTRY_ACTIVATE)
		packs_add_activation(h->packs, je->seq, je->received_at_ms, e.activate.name);
	else if (e.kind == ENTRY_ASIDE)
		packs_add_aside(h->packs, je->seq, e.aside.rule);
	else if (e.subject.kind != SUBJECT_NONE)
		note(h, subject_hash(&e.subject), je->seq);
	return ERR_OK;
}

static int read_mark(struct heads *h, uint64_t *mark)
{
	*mark = 0;
	if (!h->store)
		return ERR_OK;
	int result = store_get(h->store, STORE_META, SLICE("mark"), &h->record);
	struct reader r = reader_of(bytes_slice(&h->record));
	if (result == ERR_OK)
		*mark = reader_u64(&r);
	return result == ERR_MISSING ? ERR_OK : result;
}

/* The map begins behind the mark: at first, where the mark has overtaken it, and where much of it is of no use any more. */
static int begin(struct heads *h, uint64_t mark)
{
	uint64_t first = journal_first(h->journal);
	if (h->reader && mark < h->next && (h->count < ANEW_COUNT || mark < h->from))
		return ERR_OK;
	journal_reader_close(h->reader);
	h->reader = NULL;
	h->count = 0;
	if (h->cap)
		memset(h->places, 0, h->cap * sizeof(h->places[0]));
	h->from = h->next = mark + 1 > first ? mark + 1 : first;
	return journal_reader_open(&h->reader, h->journal, h->from);
}

int heads_refresh(struct heads *h)
{
	struct journal_entry je;
	uint64_t mark;
	int got = ERR_OK, result = read_mark(h, &mark);
	/* The mark is read before the notes: what it covers is noted. */
	if (result == ERR_OK)
		result = packs_read_notes(h->packs);
	if (result == ERR_OK)
		result = begin(h, mark);
	while (result == ERR_OK && (got = journal_next(h->reader, &je)) != 0) {
		if (got == ERR_MISSING && journal_first(h->journal) > h->next) { /* let go meanwhile: what the mark covers */
			h->next = journal_first(h->journal);
			journal_seek(h->reader, h->next);
			continue;
		}
		if (got < 0)
			break;
		result = take(h, &je);
		h->next = je.seq + 1;
	}
	return result == ERR_OK && got < 0 ? got : result;
}

uint64_t heads_last(const struct heads *h)
{
	return h->next ? h->next - 1 : 0;
}

int heads_find(struct heads *h, const struct subject *subject, uint64_t *seq)
{
	struct bytes key = { 0 };
	*seq = h->cap ? place_of(h, subject_hash(subject))->seq : 0;
	if (!h->store)
		return ERR_OK;
	subject_key(subject, &key);
	int result = store_get(h->store, STORE_RECORDS, bytes_slice(&key), &h->record);
	bytes_finish(&key);
	struct reader r = reader_of(bytes_slice(&h->record)); /* a record begins with its sequence */
	uint64_t stored = result == ERR_OK ? reader_u64(&r) : 0;
	if (stored > *seq)
		*seq = stored;
	return result == ERR_MISSING ? ERR_OK : result;
}
