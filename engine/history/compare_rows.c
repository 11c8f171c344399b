/* history/compare_rows.c: see compare_rows.h. */
#include "history/compare_rows.h"

#include "base/check.h"
#include "base/hash.h"

#include <stdlib.h>

static char *copy_of(struct slice s)
{
	return s.data ? must_strndup(s.data, s.len) : NULL;
}

static void example_drop(struct compare_example *x)
{
	free(x->subject);
	free(x->member);
	free(x->before);
	free(x->after);
}

void examples_finish(struct compare_examples *e)
{
	for (unsigned i = 0; i < e->count; i++)
		example_drop(&e->items[i]);
	free(e->items);
	*e = (struct compare_examples){ 0 };
}

static struct compare_example *examples_room(struct compare_examples *e, unsigned more)
{
	e->items = must_realloc(e->items, (e->count + more) * sizeof(*e->items));
	return &e->items[e->count];
}

void examples_add(struct compare_examples *e, unsigned most, const struct met *m)
{
	if (e->count >= most)
		return;
	struct subject subject = record_subject(m->record);
	*examples_room(e, 1) = (struct compare_example){
		.seq = m->seq,
		.order = m->order,
		.time_ms = m->time_ms,
		.boot = m->boot,
		.count = m->count,
		.subject_kind = subject.kind,
		.subject = copy_of(subject_id(&subject)),
		.member = m->member.len ? copy_of(m->member) : NULL,
		.before = copy_of(m->before),
		.after = copy_of(m->after),
	};
	e->count++;
}

static int text_order(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

/* Of those that differ in nothing that is shown, any may come first. */
static int by_place(const void *a, const void *b)
{
	const struct compare_example *x = a, *y = b;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	int order = strcmp(x->subject, y->subject);
	if (order == 0)
		order = (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
	if (order == 0)
		order = text_order(x->member, y->member);
	if (order == 0)
		order = text_order(x->before, y->before);
	return order ? order : text_order(x->after, y->after);
}

void examples_join(struct compare_examples *into, const struct compare_examples *from, unsigned most)
{
	if (!from->count)
		return;
	struct compare_example *to = examples_room(into, from->count);
	for (unsigned i = 0; i < from->count; i++) {
		to[i] = from->items[i];
		to[i].subject = must_strdup(to[i].subject);
		to[i].member = to[i].member ? must_strdup(to[i].member) : NULL;
		to[i].before = to[i].before ? must_strdup(to[i].before) : NULL;
		to[i].after = to[i].after ? must_strdup(to[i].after) : NULL;
	}
	into->count += from->count;
	qsort(into->items, into->count, sizeof(*into->items), by_place);
	while (into->count > most)
		example_drop(&into->items[--into->count]);
}

static void row_destroy(struct compare_row *row)
{
	for (unsigned i = 0; i < EXAMPLE_KINDS; i++)
		examples_finish(&row->examples[i]);
	free(row->name);
	free(row);
}

void rows_finish(struct rows *r)
{
	for (unsigned i = 0; i < r->cap; i++)
		if (r->slots[i])
			row_destroy(r->slots[i]);
	free(r->slots);
	r->slots = NULL;
	r->count = r->cap = 0;
}

static unsigned place(const struct rows *r, uint8_t kind, struct slice name)
{
	unsigned at = (unsigned)hash64(name, kind) & (r->cap - 1);
	while (r->slots[at] && (r->slots[at]->kind != kind || !slice_equal(slice_of(r->slots[at]->name), name)))
		at = (at + 1) & (r->cap - 1);
	return at;
}

static void grow(struct rows *r)
{
	struct compare_row **old = r->slots;
	unsigned cap = r->cap;
	r->cap = cap ? 2 * cap : 64;
	r->slots = must_calloc(r->cap, sizeof(*r->slots));
	for (unsigned i = 0; i < cap; i++)
		if (old[i])
			r->slots[place(r, old[i]->kind, slice_of(old[i]->name))] = old[i];
	free(old);
}

struct compare_row *rows_get(struct rows *r, enum compare_row_kind kind, struct slice name)
{
	if (2 * (r->count + 1) > r->cap)
		grow(r);
	unsigned at = place(r, (uint8_t)kind, name);
	if (!r->slots[at]) {
		r->slots[at] = must_calloc(1, sizeof(**r->slots));
		r->slots[at]->kind = (uint8_t)kind;
		r->slots[at]->name = must_strndup(name.data ? name.data : "", name.len);
		r->count++;
	}
	return r->slots[at];
}

void rows_join(struct rows *into, const struct rows *from)
{
	for (unsigned i = 0; i < from->cap; i++) {
		const struct compare_row *row = from->slots[i];
		if (!row)
			continue;
		struct compare_row *to = rows_get(into, row->kind, slice_of(row->name));
		to->in_before |= row->in_before;
		to->in_after |= row->in_after;
		for (unsigned k = 0; k < COUNT_COUNT; k++)
			to->counts[k] += row->counts[k];
		for (unsigned k = 0; k < EXAMPLE_KINDS; k++)
			examples_join(&to->examples[k], &row->examples[k], into->examples);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct compare_row *x = a, *y = b;
	return x->kind != y->kind ? (x->kind > y->kind) - (x->kind < y->kind) : strcmp(x->name, y->name);
}

struct compare_row *rows_take(struct rows *r, size_t *count)
{
	struct compare_row *rows = must_calloc(r->count + 1, sizeof(*rows));
	*count = 0;
	for (unsigned i = 0; i < r->cap; i++)
		if (r->slots[i]) {
			rows[(*count)++] = *r->slots[i];
			free(r->slots[i]);
		}
	qsort(rows, *count, sizeof(*rows), by_name);
	free(r->slots);
	r->slots = NULL;
	r->count = r->cap = 0;
	return rows;
}
