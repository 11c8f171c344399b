/* history/compare_step.c: a run of entries by all threads: customers first, then agents, areas and actions' models, since
 * what an entry causes on others goes only that way. Models are few, and every decision reads them: each thread has all.
 * Between two of these all threads stand, and what was found is handed over. */
#include "history/compare_parts.h"

#include "base/check.h"

#include <stdlib.h>

static const uint8_t kinds[PHASES] = { SUBJECT_CUSTOMER, SUBJECT_AGENT, SUBJECT_AREA, SUBJECT_MODEL };

static bool is_mine(const struct worker *w, const struct brief *b, enum phase phase)
{
	return b->kind == kinds[phase] && (b->owner == w->index || phase == PHASE_MODELS) && b->hash;
}

/* Those whose place comes before the entry. */
static size_t run_caused(struct worker *w, enum phase phase, size_t at, uint64_t before)
{
	const struct caused_list *l = &w->c->caused;
	for (; at < l->count && l->items[at].seq < before; at++)
		if (l->items[at].effect.target.kind == kinds[phase] && owner_of(w->c, &l->items[at].effect.target) == w)
			caused_compare(w, &l->items[at]);
	return at;
}

static const struct pair *peek(const struct worker *w, uint64_t hash)
{
	const struct pair *p = w->buckets[hash & (w->bucket_count - 1)];
	while (p && p->hash != hash)
		p = p->next;
	return p;
}

enum { AHEAD_BUCKET = 20, AHEAD_PAIR = 15, AHEAD_RECORD = 10, AHEAD_BODY = 5 };

/* Records lie apart in memory, each behind three others' addresses: each of these is asked for while entries before it
 * are applied, so that none is waited for. */
static void fetch(const struct worker *w, const struct brief *b, unsigned left, enum phase phase)
{
	const struct pair *p;
	if (!w->bucket_count)
		return;
	if (left > AHEAD_BUCKET && is_mine(w, b + AHEAD_BUCKET, phase))
		__builtin_prefetch(&w->buckets[b[AHEAD_BUCKET].hash & (w->bucket_count - 1)]);
	if (left > AHEAD_PAIR && is_mine(w, b + AHEAD_PAIR, phase))
		__builtin_prefetch(w->buckets[b[AHEAD_PAIR].hash & (w->bucket_count - 1)]);
	if (left > AHEAD_RECORD && is_mine(w, b + AHEAD_RECORD, phase) && (p = peek(w, b[AHEAD_RECORD].hash)))
		for (unsigned i = 0; i < SIDES; i++)
			__builtin_prefetch(p->sides[i]);
	if (left > AHEAD_BODY && is_mine(w, b + AHEAD_BODY, phase) && (p = peek(w, b[AHEAD_BODY].hash)))
		for (unsigned i = 0; i < SIDES; i++)
			if (p->sides[i])
				record_prefetch(p->sides[i]);
}

static void run_entries(struct worker *w, enum phase phase)
{
	struct compare *c = w->c;
	size_t caused = 0;
	for (unsigned i = c->from; i < c->to && w->result == ERR_OK; i++) {
		const struct ahead_item *item = &c->items[i];
		const struct brief *b = &c->briefs[i - c->from];
		if (phase == PHASE_CUSTOMERS && w->due_count && w->due[0].fire_ms <= item->je.received_at_ms)
			due_compare(w, item->je.seq, item->je.received_at_ms);
		if (phase != PHASE_CUSTOMERS)
			caused = run_caused(w, phase, caused, item->je.seq);
		fetch(w, b, c->to - i, phase);
		if (is_mine(w, b, phase))
			w->result = entry_compare(w, item);
	}
	if (phase != PHASE_CUSTOMERS)
		run_caused(w, phase, caused, UINT64_MAX);
	if (w->result != ERR_OK)
		w->error = *error_last();
}

static void *run(void *arg)
{
	struct worker *w = arg;
	struct compare *c = w->c;
	uint64_t seen = 0;
	for (;;) {
		pthread_mutex_lock(&c->lock);
		while (c->step == seen && !c->stop)
			pthread_cond_wait(&c->go, &c->lock);
		seen = c->step;
		bool stop = c->stop;
		pthread_mutex_unlock(&c->lock);
		if (stop) {
			pairs_finish(w); /* an eighth of a short history's time: each its own */
			return NULL;
		}
		run_entries(w, c->phase);
		pthread_mutex_lock(&c->lock);
		if (--c->working == 0)
			pthread_cond_signal(&c->done);
		pthread_mutex_unlock(&c->lock);
	}
}

int threads_start(struct compare *c)
{
	for (unsigned i = 1; i < c->worker_count; i++) {
		if (pthread_create(&c->workers[i].thread, NULL, run, &c->workers[i]) != 0)
			return error_errno("cannot start a thread");
		c->workers[i].threaded = true;
		pthread_setname_np(c->workers[i].thread, "compare");
	}
	return ERR_OK;
}

void threads_stop(struct compare *c)
{
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->go);
	pthread_mutex_unlock(&c->lock);
	pairs_finish(&c->workers[0]);
	for (unsigned i = 1; i < c->worker_count; i++)
		if (c->workers[i].threaded)
			pthread_join(c->workers[i].thread, NULL);
}

static void run_together(struct compare *c, enum phase phase)
{
	pthread_mutex_lock(&c->lock);
	c->phase = phase;
	c->working = c->worker_count - 1;
	c->step++;
	pthread_cond_broadcast(&c->go);
	pthread_mutex_unlock(&c->lock);
	run_entries(&c->workers[0], phase);
	pthread_mutex_lock(&c->lock);
	while (c->working)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

void caused_finish(struct caused_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		free((char *)l->items[i].effect.body.data);
	free(l->items);
	*l = (struct caused_list){ 0 };
}

static int by_place(const void *a, const void *b)
{
	const struct caused *x = a, *y = b;
	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	int order = slice_compare(subject_id(&x->source), subject_id(&y->source));
	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static void take_foretold(struct compare *c, struct foretold_table *t)
{
	for (size_t i = 0; t->count && i < t->cap; i++)
		if (t->slots[i].seq)
			foretold_put(&c->foretold, t->slots[i].seq, t->slots[i].index, t->slots[i].recorded_only,
				     bytes_slice(&t->slots[i].body));
	foretold_finish(t);
}

static void take_caused(struct compare *c, struct caused_list *l)
{
	if (!l->count)
		return;
	c->caused.cap = c->caused.count + l->count;
	c->caused.items = must_realloc(c->caused.items, c->caused.cap * sizeof(*l->items));
	memcpy(c->caused.items + c->caused.count, l->items, l->count * sizeof(*l->items));
	c->caused.count += l->count;
	for (size_t i = 0; i < l->count; i++)
		for (unsigned phase = 0; phase < PHASES; phase++)
			c->needed[phase] |= l->items[i].effect.target.kind == kinds[phase];
	free(l->items);
	*l = (struct caused_list){ 0 };
}

/* What customers cause on customers (their records joined) is done at once; it may cause more of the kind. */
static void run_joining(struct compare *c)
{
	for (size_t i = 0; i < c->caused.count; i++) {
		struct caused f = c->caused.items[i];
		if (f.effect.target.kind != SUBJECT_CUSTOMER)
			continue;
		c->caused.items[i].effect.target.kind = SUBJECT_NONE;
		struct worker *w = owner_of(c, &f.effect.target);
		caused_compare(w, &f);
		take_foretold(c, &w->foretold);
		take_caused(c, &w->caused);
	}
}

static int hand_over(struct compare *c, enum phase phase)
{
	for (unsigned i = 0; i < c->worker_count; i++) {
		struct worker *w = &c->workers[i];
		if (w->result != ERR_OK)
			return error_set(w->result, w->error.field, "%s", w->error.text);
		if (w->foretold.count)
			take_foretold(c, &w->foretold);
		take_caused(c, &w->caused);
	}
	if (c->caused.count > 1)
		qsort(c->caused.items, c->caused.count, sizeof(*c->caused.items), by_place);
	if (phase == PHASE_CUSTOMERS && c->needed[PHASE_CUSTOMERS])
		run_joining(c);
	return ERR_OK;
}

static void look_at(struct compare *c)
{
	if (c->brief_cap < c->to - c->from) {
		c->brief_cap = c->to - c->from;
		c->briefs = must_realloc(c->briefs, c->brief_cap * sizeof(*c->briefs));
	}
	for (unsigned phase = 0; phase < PHASES; phase++)
		c->needed[phase] = false;
	for (unsigned i = c->from; i < c->to; i++) {
		const struct ahead_item *item = &c->items[i];
		uint8_t kind = item->hash ? item->entry.subject.kind : SUBJECT_NONE;
		c->briefs[i - c->from] = (struct brief){ item->hash, kind,
							 (uint8_t)subject_shard(item->je.slot, c->worker_count) };
		c->needed[PHASE_AGENTS] |= kind == SUBJECT_AGENT;
		c->needed[PHASE_AREAS] |= kind == SUBJECT_AREA;
		c->needed[PHASE_MODELS] |= kind == SUBJECT_MODEL;
	}
}

/* What was foretold of these has come. */
static void forget_foretold(struct compare *c)
{
	for (unsigned i = c->from; c->foretold.count && i < c->to; i++) {
		const struct entry *e = &c->items[i].entry;
		if (!c->items[i].hash || e->kind != ENTRY_EFFECT)
			continue;
		struct foretold *f = foretold_find(&c->foretold, e->effect.source_seq, e->effect.index);
		if (f)
			foretold_drop(&c->foretold, f);
	}
}

int step_run(struct compare *c, const struct ahead_item *items, unsigned from, unsigned to, bool alone)
{
	if (from == to)
		return ERR_OK;
	c->items = items;
	c->from = from;
	c->to = to;
	c->alone = alone || c->worker_count == 1;
	look_at(c);
	int result = ERR_OK;
	for (unsigned phase = 0; phase < PHASES && result == ERR_OK; phase++) {
		if (phase != PHASE_CUSTOMERS && !c->needed[phase])
			continue;
		for (unsigned i = 0; c->alone && i < c->worker_count; i++)
			run_entries(&c->workers[i], phase);
		if (!c->alone)
			run_together(c, phase);
		result = hand_over(c, phase);
	}
	forget_foretold(c);
	caused_finish(&c->caused);
	return result;
}
