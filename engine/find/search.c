/* find/search.c: hits, gathered and ranked. search_store.c asks the store. */
#include "find/search.h"

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"
#include "find/search_parts.h"

#include <stdlib.h>

int search_create(struct search_run **out, struct slice text)
{
	struct search_run *s = must_calloc(1, sizeof(*s));
	arena_init(&s->arena, 0);
	int result = query_parse(&s->query, arena_slice(&s->arena, text));
	if (result != ERR_OK) {
		search_destroy(s);
		s = NULL;
	}
	*out = s;
	return result;
}

void search_destroy(struct search_run *s)
{
	if (!s)
		return;
	arena_finish(&s->arena);
	bytes_finish(&s->key);
	bytes_finish(&s->document);
	bytes_finish(&s->row);
	free(s->hits);
	free(s->seen.cells);
	free(s);
}

static bool place(struct id_set *set, uint64_t hash)
{
	size_t i = hash & set->mask;
	for (; set->cells[i]; i = (i + 1) & set->mask)
		if (set->cells[i] == hash)
			return false;
	set->cells[i] = hash;
	return true;
}

static void grow(struct id_set *set)
{
	struct id_set wider = { .mask = set->cells ? set->mask * 2 + 1 : 1023, .count = set->count };
	wider.cells = must_calloc(wider.mask + 1, sizeof(wider.cells[0]));
	for (size_t i = 0; set->cells && i <= set->mask; i++)
		if (set->cells[i])
			(void)place(&wider, set->cells[i]);
	free(set->cells);
	*set = wider;
}

static uint64_t hash_of(struct slice customer)
{
	uint64_t hash = hash64(customer, SUBJECT_CUSTOMER);
	return hash ? hash : 1;
}

bool search_first_time(struct search_run *s, struct slice customer)
{
	if (!s->seen.cells || s->seen.count * 2 > s->seen.mask)
		grow(&s->seen);
	bool first = place(&s->seen, hash_of(customer));
	s->seen.count += first;
	return first;
}

bool search_was_seen(const struct search_run *s, struct slice customer)
{
	uint64_t hash = hash_of(customer);
	for (size_t i = hash & s->seen.mask; s->seen.cells && s->seen.cells[i]; i = (i + 1) & s->seen.mask)
		if (s->seen.cells[i] == hash)
			return true;
	return false;
}

static void fill(struct search_run *s, struct find_hit *hit, const struct document *d, const struct found_fields *fields)
{
	hit->shown_count = 0;
	for (unsigned i = 0; i < fields->count; i++) {
		const struct find_field *f = &d->fields[fields->at[i]];
		struct slice value = f->masked ? SLICE("***") : arena_slice(&s->arena, f->value);
		hit->shown[hit->shown_count++] = (struct find_shown){ f->what, arena_slice(&s->arena, f->name), value,
								      arena_slice(&s->arena, f->member) };
	}
}

/* Where they were merged the hit is the other's; who that is called is seen to later. */
void search_add(struct search_run *s, struct slice customer, const struct document *d, enum find_rank rank,
		const struct found_fields *fields, int64_t newest_ms)
{
	struct find_hit hit = { .rank = rank, .newest_ms = newest_ms };
	if (d->redirect.len) {
		hit.customer = hit.label = arena_slice(&s->arena, d->redirect);
		hit.merged_from = arena_slice(&s->arena, customer);
	} else {
		hit.customer = arena_slice(&s->arena, customer);
		hit.label = arena_slice(&s->arena, document_label(d, customer));
	}
	fill(s, &hit, d, fields);
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->hits = must_realloc(s->hits, s->cap * sizeof(s->hits[0]));
	}
	s->hits[s->count++] = hit;
}

void search_consider(struct search_run *s, struct slice customer, struct slice in, int64_t newest_ms)
{
	struct document d;
	struct found_fields fields;
	if (!search_first_time(s, customer) || !document_read(&d, in))
		return;
	enum find_rank rank = query_match(&s->query, &d, &fields);
	if (rank)
		search_add(s, customer, &d, rank, &fields, newest_ms);
}

bool search_refresh(struct search_run *s, struct find_hit *hit, struct slice in, int64_t newest_ms)
{
	struct document d;
	struct found_fields fields;
	if (!document_read(&d, in))
		return false;
	hit->newest_ms = newest_ms;
	if (d.redirect.len) { /* merged meanwhile */
		if (!hit->merged_from.len)
			hit->merged_from = hit->customer;
		hit->customer = hit->label = arena_slice(&s->arena, d.redirect);
		return true;
	}
	hit->label = arena_slice(&s->arena, document_label(&d, hit->customer));
	if (hit->merged_from.len)
		return d.count > 0;
	enum find_rank rank = query_match(&s->query, &d, &fields);
	if (!rank)
		return false;
	hit->rank = rank;
	fill(s, hit, &d, &fields);
	return true;
}

static int by_rank(const void *a, const void *b)
{
	const struct find_hit *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (x->newest_ms != y->newest_ms)
		return x->newest_ms > y->newest_ms ? -1 : 1;
	int order = slice_compare(x->customer, y->customer);
	return order ? order : slice_compare(x->merged_from, y->merged_from);
}

void search_rank(struct search_run *s, unsigned limit)
{
	unsigned kept = 0;
	if (s->count)
		qsort(s->hits, s->count, sizeof(s->hits[0]), by_rank);
	for (unsigned i = 0; i < s->count; i++) { /* found by their own name, and by one who was merged into them */
		bool again = false;
		for (unsigned k = 0; k < kept && !again; k++)
			again = slice_equal(s->hits[k].customer, s->hits[i].customer);
		if (again)
			continue;
		if (kept == limit) {
			s->more = true;
			break;
		}
		s->hits[kept++] = s->hits[i];
	}
	s->count = kept;
}
