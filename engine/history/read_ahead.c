/* history/read_ahead.c: a thread that reads the journal page by page; a page is some dozens of entries with all that was
 * lent for them. Pages go round between two threads, each page one side's at a time:
 *
 *     reading thread: read, verify, decode --> ready pages --> applying thread
 *                 ^------------------- free pages ------------------'
 *
 * Reading, checksums and decoding are a third of what an entry costs at start, and depend on nothing that applying
 * changes. A few pages are enough: the readers' side is the faster one, and waits. */
#include "history/read_ahead.h"

#include "base/check.h"
#include "base/error.h"
#include "history/apply.h"
#include "wire/request.h"

#include <pthread.h>
#include <stdlib.h>

#define PAGES 4u
#define PAGE_ITEMS 128u
#define ITEM_BYTES 2048u /* bodies, and what was decoded from them, beyond this many for each: then the page is closed early */

struct page {
	struct ahead_item *items;
	unsigned count;
	struct arena arena;
	int result; /* behind its last item: 1 there is more; 0 the end; negative an error */
	struct error error; /* of the reading thread, to be said by the other */
};

struct read_ahead {
	struct journal_reader *reader;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct page pages[PAGES];
	unsigned page_items;
	uint64_t filled, freed; /* pages so far; each is also the number of the next one */
	bool stop;
	struct page *lent; /* the applying thread's */
};

static int decode_event(struct ahead_item *item, struct arena *arena)
{
	int result = entry_event(&item->event, &item->entry, item->je.received_at_ms, arena, &item->untimed);
	return result == ERR_OK ? ERR_OK : error_prefix("entry %llu", (unsigned long long)item->je.seq);
}

int ahead_item_decode(struct ahead_item *item, struct arena *arena)
{
	item->hash = 0;
	if (item->je.blanked)
		return ERR_OK;
	int result = entry_body_decode(&item->entry, item->je.kind, item->je.body, arena);
	if (result != ERR_OK)
		return result;
	if (item->entry.subject.kind != SUBJECT_NONE)
		item->hash = subject_hash(&item->entry.subject);
	return item->entry.kind == ENTRY_EVENT ? decode_event(item, arena) : ERR_OK;
}

static void fill(struct read_ahead *r, struct page *p)
{
	arena_reset(&p->arena);
	p->count = 0;
	p->result = 1;
	while (p->result == 1 && p->count < r->page_items && p->arena.used < (size_t)r->page_items * ITEM_BYTES) {
		struct ahead_item *item = &p->items[p->count];
		p->result = journal_next(r->reader, &item->je);
		if (p->result != 1)
			break;
		item->je.body = arena_slice(&p->arena, item->je.body); /* the journal lends it until its next entry */
		int result = ahead_item_decode(item, &p->arena);
		if (result != ERR_OK)
			p->result = result;
		else
			p->count++;
	}
	if (p->result < 0)
		p->error = *error_last();
}

static void *run(void *arg)
{
	struct read_ahead *r = arg;
	for (bool more = true; more;) {
		pthread_mutex_lock(&r->lock);
		while (r->filled - r->freed == PAGES && !r->stop)
			pthread_cond_wait(&r->moved, &r->lock);
		more = !r->stop;
		pthread_mutex_unlock(&r->lock);
		if (!more)
			break;
		struct page *p = &r->pages[r->filled % PAGES];
		fill(r, p);
		more = p->result == 1;
		pthread_mutex_lock(&r->lock);
		r->filled++;
		pthread_cond_signal(&r->moved);
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

int read_ahead_open(struct read_ahead **out, struct journal *j, uint64_t from, unsigned page_items)
{
	struct read_ahead *r = must_calloc(1, sizeof(*r));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->moved, NULL);
	r->page_items = page_items ? page_items : PAGE_ITEMS;
	for (unsigned i = 0; i < PAGES; i++) {
		r->pages[i].items = must_malloc(r->page_items * sizeof(*r->pages[i].items));
		arena_init(&r->pages[i].arena, 0);
		r->pages[i].arena.first_bytes = (size_t)r->page_items * ITEM_BYTES;
	}
	int result = journal_reader_open(&r->reader, j, from);
	if (result == ERR_OK && pthread_create(&r->thread, NULL, run, r) != 0) {
		journal_reader_close(r->reader);
		r->reader = NULL;
		result = error_errno("cannot start a thread to read the journal");
	}
	*out = r;
	if (result != ERR_OK) {
		read_ahead_close(r);
		*out = NULL;
		return result;
	}
	pthread_setname_np(r->thread, "read-ahead");
	return ERR_OK;
}

static int end_of(const struct page *p)
{
	return p->result < 0 ? error_set(p->error.code, p->error.field, "%s", p->error.text) : p->result;
}

int read_ahead_next(struct read_ahead *r, struct ahead_item **items, unsigned *count)
{
	if (r->lent && r->lent->result != 1)
		return end_of(r->lent);
	pthread_mutex_lock(&r->lock);
	if (r->lent)
		r->freed++;
	pthread_cond_signal(&r->moved);
	while (r->filled == r->freed)
		pthread_cond_wait(&r->moved, &r->lock);
	r->lent = &r->pages[r->freed % PAGES];
	pthread_mutex_unlock(&r->lock);
	if (!r->lent->count)
		return end_of(r->lent);
	*items = r->lent->items;
	*count = r->lent->count;
	return 1;
}

void read_ahead_close(struct read_ahead *r)
{
	if (!r)
		return;
	if (r->reader) {
		pthread_mutex_lock(&r->lock);
		r->stop = true;
		pthread_cond_signal(&r->moved);
		pthread_mutex_unlock(&r->lock);
		pthread_join(r->thread, NULL);
		journal_reader_close(r->reader);
	}
	for (unsigned i = 0; i < PAGES; i++) {
		arena_finish(&r->pages[i].arena);
		free(r->pages[i].items);
	}
	pthread_cond_destroy(&r->moved);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
