/* history/compare_pairs.c: the tables of a comparison: both sides' records by subject, what the journal is known to show
 * later, and when the candidate's timers are due. */
#include "history/compare_parts.h"

#include "base/check.h"

#include <stdlib.h>

#define BUCKETS_LEAST 1024u

static void widen(struct worker *w)
{
	struct pair **old = w->buckets;
	size_t count = w->bucket_count;
	w->bucket_count = count ? 2 * count : BUCKETS_LEAST;
	w->buckets = must_calloc(w->bucket_count, sizeof(*w->buckets));
	for (size_t i = 0; i < count; i++)
		while (old[i]) {
			struct pair *p = old[i];
			old[i] = p->next;
			p->next = w->buckets[p->hash & (w->bucket_count - 1)];
			w->buckets[p->hash & (w->bucket_count - 1)] = p;
		}
	free(old);
}

struct pair *pair_get(struct worker *w, const struct subject *s, uint64_t hash, bool create)
{
	if (w->pair_count >= w->bucket_count)
		widen(w);
	struct pair **bucket = &w->buckets[hash & (w->bucket_count - 1)];
	for (struct pair *p = *bucket; p; p = p->next)
		if (p->hash == hash && subject_equal(&p->sides[BEFORE]->subject, s))
			return p;
	if (!create)
		return NULL;
	struct pair *p = must_calloc(1, sizeof(*p));
	p->hash = hash;
	p->scheduled_ms = INT64_MAX;
	p->sides[BEFORE] = record_create(s);
	if (w->c->live)
		p->sides[AFTER] = record_create(s);
	p->next = *bucket;
	*bucket = p;
	w->pair_count++;
	return p;
}

void pairs_each(struct worker *w, void (*each)(struct worker *w, struct pair *p))
{
	for (size_t i = 0; i < w->bucket_count; i++)
		for (struct pair *p = w->buckets[i], *next; p; p = next) {
			next = p->next;
			each(w, p);
		}
}

static void pair_destroy(struct worker *w, struct pair *p)
{
	for (unsigned i = 0; i < SIDES; i++)
		record_destroy(p->sides[i], w->sides[i].m.pool);
	withheld_finish(p);
	free(p);
}

void pairs_finish(struct worker *w)
{
	pairs_each(w, pair_destroy);
	free(w->buckets);
	free(w->due);
	w->buckets = NULL;
	w->due = NULL;
	w->bucket_count = w->pair_count = w->due_count = w->due_cap = 0;
}

struct worker *owner_of(struct compare *c, const struct subject *s)
{
	return &c->workers[subject_shard(subject_slot(s), c->worker_count)];
}

static size_t place(const struct foretold_table *t, uint64_t seq, uint32_t index)
{
	uint64_t key[2] = { seq, index };
	size_t at = hash64((struct slice){ (const char *)key, sizeof(key) }, 0) & (t->cap - 1);
	while (t->slots[at].seq && (t->slots[at].seq != seq || t->slots[at].index != index))
		at = (at + 1) & (t->cap - 1);
	return at;
}

static void foretold_widen(struct foretold_table *t)
{
	struct foretold_table old = *t;
	t->cap = old.cap ? 2 * old.cap : 64;
	t->slots = must_calloc(t->cap, sizeof(*t->slots));
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].seq)
			t->slots[place(t, old.slots[i].seq, old.slots[i].index)] = old.slots[i];
	free(old.slots);
}

bool foretold_put(struct foretold_table *t, uint64_t seq, uint32_t index, bool recorded_only, struct slice body)
{
	if (2 * (t->count + 1) > t->cap)
		foretold_widen(t);
	struct foretold *f = &t->slots[place(t, seq, index)];
	if (f->seq)
		return false;
	*f = (struct foretold){ .seq = seq, .index = index, .recorded_only = recorded_only };
	bytes_put(&f->body, body.data, body.len);
	t->count++;
	return true;
}

struct foretold *foretold_find(const struct foretold_table *t, uint64_t seq, uint32_t index)
{
	if (!t->count)
		return NULL;
	struct foretold *f = &t->slots[place(t, seq, index)];
	return f->seq ? f : NULL;
}

/* What stood behind it in its run of slots moves up. */
void foretold_drop(struct foretold_table *t, struct foretold *f)
{
	size_t at = (size_t)(f - t->slots);
	bytes_finish(&f->body);
	*f = (struct foretold){ 0 };
	t->count--;
	for (at = (at + 1) & (t->cap - 1); t->slots[at].seq; at = (at + 1) & (t->cap - 1)) {
		struct foretold moved = t->slots[at];
		t->slots[at] = (struct foretold){ 0 };
		t->slots[place(t, moved.seq, moved.index)] = moved;
	}
}

void foretold_finish(struct foretold_table *t)
{
	for (size_t i = 0; i < t->cap; i++)
		bytes_finish(&t->slots[i].body);
	free(t->slots);
	*t = (struct foretold_table){ 0 };
}

/* Of two that are due at once, the subject that sorts first, whatever threads there are. */
static bool is_sooner(const struct due *a, const struct due *b)
{
	if (a->fire_ms != b->fire_ms)
		return a->fire_ms < b->fire_ms;
	return slice_compare(subject_id(&a->pair->sides[BEFORE]->subject),
			     subject_id(&b->pair->sides[BEFORE]->subject)) < 0;
}

static void swap(struct due *a, struct due *b)
{
	struct due t = *a;
	*a = *b;
	*b = t;
}

static void push(struct worker *w, struct pair *p, int64_t fire_ms)
{
	p->scheduled_ms = fire_ms;
	if (w->due_count == w->due_cap) {
		w->due_cap = w->due_cap ? 2 * w->due_cap : 64;
		w->due = must_realloc(w->due, w->due_cap * sizeof(*w->due));
	}
	size_t at = w->due_count++;
	w->due[at] = (struct due){ fire_ms, p };
	for (; at && is_sooner(&w->due[at], &w->due[(at - 1) / 2]); at = (at - 1) / 2)
		swap(&w->due[at], &w->due[(at - 1) / 2]);
}

void due_schedule(struct worker *w, struct pair *p)
{
	int64_t next_ms = timers_next_fire(p->sides[AFTER]);
	if (next_ms < p->scheduled_ms)
		push(w, p, next_ms);
}

static struct due pop(struct worker *w)
{
	struct due top = w->due[0];
	w->due[0] = w->due[--w->due_count];
	for (size_t at = 0;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < w->due_count; child++)
			if (is_sooner(&w->due[child], &w->due[least]))
				least = child;
		if (least == at)
			return top;
		swap(&w->due[at], &w->due[least]);
		at = least;
	}
}

static bool has_timer(const struct record *r, const struct timer *t, struct slice member)
{
	for (unsigned i = 0; i < r->rare->timer_count; i++) {
		const struct timer *have = &r->rare->timers[i];
		if (have->due_ms == t->due_ms && have->decl == t->decl &&
		    slice_equal(member_name(r, have->member), member) &&
		    slice_equal(str_slice(have->key), str_slice(t->key)))
			return true;
	}
	return false;
}

/* What the recorded side waits for too fires where the journal says. */
static const struct timer *ripe(const struct pair *p, int64_t now_ms)
{
	const struct record *r = p->sides[AFTER];
	for (unsigned i = 0; i < r->rare->timer_count; i++) {
		const struct timer *t = &r->rare->timers[i];
		if (t->fire_ms <= now_ms && !has_timer(p->sides[BEFORE], t, member_name(r, t->member)))
			return t;
	}
	return NULL;
}

static int64_t later(const struct record *r, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;
	for (unsigned i = 0; i < r->rare->timer_count; i++) {
		int64_t fire_ms = r->rare->timers[i].fire_ms;
		if (fire_ms > now_ms && fire_ms < next_ms)
			next_ms = fire_ms;
	}
	return next_ms;
}

struct pair *due_next(struct worker *w, int64_t now_ms, struct timer *out)
{
	while (w->due_count && w->due[0].fire_ms <= now_ms) {
		struct pair *p = w->due[0].pair;
		const struct timer *t = ripe(p, now_ms);
		if (t) {
			*out = *t;
			return p;
		}
		/* What is due and not ripe is asked about again at its next entry. */
		struct due top = pop(w);
		int64_t later_ms = later(p->sides[AFTER], now_ms);
		if (top.fire_ms != p->scheduled_ms)
			continue; /* it has been scheduled for earlier since */
		p->scheduled_ms = INT64_MAX;
		if (later_ms != INT64_MAX)
			push(w, p, later_ms);
	}
	return NULL;
}
