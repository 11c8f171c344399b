/* shard/find.c: see find.h. */
#include "shard/find.h"

#include "base/check.h"
#include "base/error.h"
#include "find/search.h"
#include "script/mask.h"
#include "shard/finder.h"
#include "shard/parts.h"
#include "shard/work.h"
#include "wire/found.h"

#include <stdlib.h>

struct finding {
	struct search_run *run;
	unsigned limit, next; /* next: the shard whose turn it is */
	bool stored;          /* the store was asked */
	struct bytes document;
};

int finding_create(struct finding **out, const struct request_find *asked)
{
	struct finding *f = must_calloc(1, sizeof(*f));
	f->limit = asked->limit ? asked->limit : FOUND_DEFAULT;
	int result = search_create(&f->run, asked->text);
	if (result != ERR_OK) {
		free(f);
		f = NULL;
	}
	*out = f;
	return result;
}

void finding_destroy(struct finding *f)
{
	if (!f)
		return;
	search_destroy(f->run);
	bytes_finish(&f->document);
	free(f);
}

/* The newest first: of very many, which a sweep is to store soon, the oldest are not looked at. */
static void look_at_fresh(struct shard *s, struct finding *f)
{
	size_t count = s->cache.fresh_count;
	for (size_t i = 0; i < count && i < LIMIT_FIND_FRESH; i++) {
		const struct record *r = s->cache.fresh[count - 1 - i]->record;
		bytes_clear(&f->document);
		document_make(&f->document, r, &s->machine.pack->search);
		search_consider(f->run, subject_id(&r->subject), bytes_slice(&f->document), r->newest_ms);
	}
	if (count <= LIMIT_FIND_FRESH)
		return;
	f->run->more = true;
	if (!s->sweep.active)
		s->swept_ns = 0; /* the next sweep need not wait for its time */
}

static void look_at_hits(struct shard *s, struct finding *f)
{
	for (unsigned i = 0; i < f->run->count; i++) {
		struct find_hit *hit = &f->run->hits[i];
		struct subject subject = subject_of(SUBJECT_CUSTOMER, hit->customer);
		struct slot *slot = engine_owner(s->engine, &subject) == s ? cache_peek(&s->cache, &subject) : NULL;
		if (!slot)
			continue;
		bytes_clear(&f->document);
		document_make(&f->document, slot->record, &s->machine.pack->search);
		if (!search_refresh(f->run, hit, bytes_slice(&f->document), slot->record->newest_ms))
			hit->rank = FIND_NOTHING;
	}
}

void find_in_store(struct engine *e, struct work *w)
{
	struct finding *f = w->find.finding;
	f->stored = true;
	f->next = 0;
	if (search_store(f->run, e->store) >= 0)
		return;
	const struct error *error = error_last();
	w->find.failed = w->failed = w->done = true;
	w->ack.error_code = error->code;
	w->ack.error_field = arena_slice(&w->arena, slice_of(error->field));
	w->ack.error_text = arena_slice(&w->arena, slice_of(error->text));
}

static const char *const ranks[] = { "", "prefix", "words", "exact" };
static const char *const whats[] = { "", "customer", "alias", "attribute", "member" };

static void tell(struct shard *s, struct work *w)
{
	struct finding *f = w->find.finding;
	struct search_run *run = f->run;
	struct wire_found found = { .customers = arena_calloc(&run->arena, run->count + 1, sizeof(found.customers[0])),
				    .count = run->count, .more = run->more, .indexed = finder_percent(s->engine) };
	bool masks_member = s->machine.pack->search.masks_member;
	for (unsigned i = 0; i < run->count; i++) {
		const struct find_hit *hit = &run->hits[i];
		struct wire_found_customer *c = &found.customers[i];
		*c = (struct wire_found_customer){ .customer = hit->customer, .label = hit->label, .merged_from = hit->merged_from,
						   .match = slice_of(ranks[hit->rank]), .newest_ms = hit->newest_ms };
		for (unsigned k = 0; k < hit->shown_count; k++) {
			const struct find_shown *shown = &hit->shown[k];
			struct slice member = shown->member.len && masks_member ? SLICE(MASKED) : shown->member;
			c->matched[c->matched_count++] =
				(struct wire_matched){ slice_of(whats[shown->what]), shown->name, shown->value, member };
		}
	}
	response_found(&w->answer, w->find.request_id, &found);
}

static void drop_nothings(struct search_run *run)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < run->count; i++)
		if (run->hits[i].rank != FIND_NOTHING)
			run->hits[kept++] = run->hits[i];
	run->count = kept;
}

void find_work(struct shard *s, struct work *w)
{
	struct finding *f = w->find.finding;
	if (f->stored)
		look_at_hits(s, f);
	else
		look_at_fresh(s, f);
	if (++f->next < s->engine->shard_count) {
		work_send(s, s->engine->shards[f->next], w);
		return;
	}
	if (!f->stored) {
		if (!finder_submit(s->engine, w))
			work_refuse(s, w, ERR_BUSY, NULL, "other customers are being looked for; try again when they are found");
		return;
	}
	drop_nothings(f->run);
	search_rank(f->run, f->limit);
	tell(s, w);
	work_done(s, w);
}
