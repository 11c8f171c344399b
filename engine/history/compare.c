/* history/compare.c: a comparison from the journal's first entry to its last; what it is, is told in compare.h. */
#include "history/compare_parts.h"

#include "base/check.h"
#include "history/packs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define JOBS_MAX 64u
#define PAGE_ITEMS 4096u /* a step is at most so long: threads wait for each other after each */
#define TO_SLACK_MS 60000 /* shards look at the clock one after the other: entries of one moment need not be in its order */

static int worker_init(struct compare *c, unsigned index)
{
	struct worker *w = &c->workers[index];
	struct pack *pack;
	w->c = c;
	w->index = index;
	w->rows.examples = c->options->examples;
	arena_init(&w->arena, 0);
	for (unsigned side = BEFORE; side < SIDES; side++)
		machine_init(&w->sides[side].m);
	int result = pack_load_empty(&pack, w->sides[BEFORE].m.pool);
	if (result == ERR_OK)
		machine_set_pack(&w->sides[BEFORE].m, pack);
	if (result == ERR_OK)
		result = pack_load(&pack, c->options->pack, w->sides[AFTER].m.pool);
	if (result == ERR_OK)
		machine_set_pack(&w->sides[AFTER].m, pack);
	return result;
}

static void worker_finish(struct worker *w)
{
	pairs_finish(w);
	for (unsigned side = BEFORE; side < SIDES; side++)
		machine_finish(&w->sides[side].m);
	foretold_finish(&w->nudges);
	foretold_finish(&w->foretold);
	caused_finish(&w->caused);
	rows_finish(&w->rows);
	for (unsigned i = 0; i < CHANGE_KINDS; i++)
		examples_finish(&w->decisions[i]);
	arena_finish(&w->arena);
}

/* Rules and actions that a side has, also where they never do anything. */
static void name_rows(struct compare *c, unsigned side)
{
	for (unsigned i = 0; i < c->worker_count; i++) {
		struct worker *w = &c->workers[i];
		const struct pack *p = w->sides[side].m.pack;
		for (unsigned k = 0; k < p->rule_count + p->action_count; k++) {
			bool rule = k < p->rule_count;
			const struct str *name = rule ? p->rules[k].name : p->actions[k - p->rule_count].name;
			struct compare_row *row =
				rows_get(&w->rows, rule ? ROW_RULE : ROW_ACTION, str_slice(name));
			row->in_before |= side == BEFORE;
			row->in_after |= side == AFTER;
		}
	}
}

static void note_reads(struct compare *c, unsigned side)
{
	bool agent, area;
	const struct pack *p = c->workers[0].sides[side].m.pack;
	pack_foreign_reads(p, &agent, &area);
	c->reads[side] = agent || area;
	if (side == AFTER)
		c->nudges_alone = area && pack_nudges(p);
}

static void describe(struct compare_pack *out, const struct pack *p, struct slice name, uint64_t seq, int64_t time_ms)
{
	*out = (struct compare_pack){ .seq = seq, .time_ms = time_ms };
	snprintf(out->name, sizeof(out->name), "%.*s", SLICE_ARG(name));
	snprintf(out->hash, sizeof(out->hash), "%s", p->hash_text);
}

static int activation(struct compare *c, const struct ahead_item *item)
{
	struct compare_report *r = c->report;
	struct bundle bundle = { 0 };
	struct pack *pack;
	int result = bundle_decode(&bundle, item->entry.activate.bundle);
	for (unsigned i = 0; i < c->worker_count && result == ERR_OK; i++) {
		struct machine *m = &c->workers[i].sides[BEFORE].m;
		result = pack_load(&pack, &bundle, m->pool);
		if (result == ERR_OK)
			machine_set_pack(m, pack);
	}
	bundle_finish(&bundle);
	if (result != ERR_OK)
		return error_prefix("entry %llu activates a pack that this build does not load",
				    (unsigned long long)item->je.seq);
	const struct pack *p = c->workers[0].sides[BEFORE].m.pack;
	c->activated = true;
	c->same = strcmp(p->hash_text, r->candidate.hash) == 0;
	r->packs = must_realloc(r->packs, (r->pack_count + 1) * sizeof(*r->packs));
	describe(&r->packs[r->pack_count++], p, item->entry.activate.name, item->je.seq, item->je.received_at_ms);
	name_rows(c, BEFORE);
	note_reads(c, BEFORE);
	return ERR_OK;
}

static int global_entry(struct compare *c, const struct ahead_item *item)
{
	if (item->entry.kind == ENTRY_ACTIVATE)
		return activation(c, item);
	for (unsigned i = 0; item->entry.kind == ENTRY_ASIDE && i < c->worker_count; i++)
		machine_set_aside(&c->workers[i].sides[BEFORE].m, item->entry.aside.rule);
	return ERR_OK;
}

static void copy_pair(struct worker *w, struct pair *p)
{
	struct bytes encoded = { 0 };
	record_encode(p->sides[BEFORE], &encoded);
	int result = record_decode(&p->sides[AFTER], w->sides[AFTER].m.pool, bytes_slice(&encoded));
	CHECK(result == ERR_OK); /* our own bytes */
	bytes_finish(&encoded);
}

/* As by an activation: the records stay as they are. */
static void take_over(struct compare *c, uint64_t seq)
{
	for (unsigned i = 0; i < c->worker_count; i++)
		pairs_each(&c->workers[i], copy_pair);
	c->live = true;
	c->report->took_over_seq = seq;
}

static bool is_alone(const struct compare *c, const struct ahead_item *item)
{
	const struct entry *e = &item->entry;
	if (!c->live || !item->hash)
		return false;
	if (e->kind == ENTRY_EFFECT)
		return c->nudges_alone || e->effect.kind == EFFECT_MERGE || e->effect.kind == EFFECT_ABSORB;
	return c->nudges_alone || (e->kind == ENTRY_DECISION && (c->models || c->reads[BEFORE] || c->reads[AFTER]));
}

static void note_place(struct compare *c, const struct ahead_item *item)
{
	struct compare_report *r = c->report;
	if (!counts_at(c, item->je.received_at_ms))
		return;
	if (!r->first_seq)
		r->first_seq = item->je.seq;
	if (!r->first_ms) /* a clock that follows events begins at nothing */
		r->first_ms = item->je.received_at_ms;
	r->last_seq = item->je.seq;
	r->last_ms = item->je.received_at_ms > r->last_ms ? item->je.received_at_ms : r->last_ms;
	r->totals[TOTAL_ERASED] += item->je.blanked;
}

static bool is_global(const struct ahead_item *item)
{
	return !item->je.blanked && item->entry.subject.kind == SUBJECT_NONE;
}

static int take_items(struct compare *c, const struct ahead_item *items, unsigned count)
{
	unsigned from = 0;
	int result = ERR_OK;
	for (unsigned i = 0; i < count && result == ERR_OK; i++) {
		const struct ahead_item *item = &items[i];
		bool begins = !c->live && c->activated && !c->same && item->je.received_at_ms >= c->options->from_ms;
		note_place(c, item);
		c->models |= item->hash && item->entry.subject.kind == SUBJECT_MODEL;
		if (!begins && !is_global(item) && !is_alone(c, item))
			continue;
		result = step_run(c, items, from, i, false);
		from = i;
		if (begins && result == ERR_OK)
			take_over(c, item->je.seq);
		if (result == ERR_OK && is_global(item))
			result = global_entry(c, item);
		else if (result != ERR_OK || !is_alone(c, item))
			continue;
		else
			result = step_run(c, items, i, i + 1, true);
		from = i + 1;
	}
	return result == ERR_OK ? step_run(c, items, from, count, false) : result;
}

/* How many of them come before what is asked for ends. */
static unsigned within(const struct compare *c, const struct ahead_item *items, unsigned count)
{
	unsigned n = 0;
	while (n < count && (c->options->to_ms > LIMIT_TIME_MAX_MS ||
			     items[n].je.received_at_ms <= c->options->to_ms + TO_SLACK_MS))
		n++;
	return n;
}

static int go_through(struct compare *c, const struct journal_found *found)
{
	const struct compare_options *o = c->options;
	struct read_ahead *ahead = NULL;
	struct ahead_item *items;
	unsigned count, n = 1;
	uint64_t done = 0;
	int result = read_ahead_open(&ahead, c->journal, found->first_seq, PAGE_ITEMS);
	while (result == ERR_OK && (result = read_ahead_next(ahead, &items, &count)) == 1) {
		n = within(c, items, count);
		result = take_items(c, items, n);
		done += n;
		if (o->progress)
			o->progress(o->arg, done, found->last_seq - found->first_seq + 1);
		if (n < count)
			break;
	}
	read_ahead_close(ahead);
	return result;
}

static void count_pair(struct worker *w, struct pair *p)
{
	const struct record *r = p->sides[BEFORE];
	w->totals[TOTAL_CUSTOMERS] += r->subject.kind == SUBJECT_CUSTOMER && !r->rare->redirect;
}

static void first_of(uint64_t *into, uint64_t seq)
{
	if (seq && (!*into || seq < *into))
		*into = seq;
}

static bool is_difference(enum compare_total t)
{
	switch (t) {
	case TOTAL_ALERTS_LOST:
	case TOTAL_ALERTS_GAINED:
	case TOTAL_ALERTS_CHANGED:
	case TOTAL_ALERTS_RENAMED:
	case TOTAL_CLOSED_OTHERWISE:
	case TOTAL_NUDGES_LOST:
	case TOTAL_NUDGES_GAINED:
	case TOTAL_NUDGES_CHANGED:
	case TOTAL_FIRED_LOST:
	case TOTAL_FIRED_GAINED:
	case TOTAL_FIRST_CHANGED:
	case TOTAL_LIST_CHANGED:
	case TOTAL_SCORES_CHANGED:
	case TOTAL_WORDS_CHANGED:
		return true;
	default:
		return false;
	}
}

static void add_up(struct compare *c)
{
	struct compare_report *r = c->report;
	struct rows all = { .examples = c->options->examples };
	for (unsigned i = 0; i < c->worker_count; i++) {
		struct worker *w = &c->workers[i];
		pairs_each(w, count_pair);
		for (unsigned k = 0; k < TOTAL_COUNT; k++)
			r->totals[k] += w->totals[k];
		rows_join(&all, &w->rows);
		for (unsigned k = 0; k < CHANGE_KINDS; k++)
			examples_join(&r->decisions[k], &w->decisions[k], c->options->examples);
		first_of(&r->not_reproduced_seq, w->not_reproduced_seq);
		if (w->failed_seq && (!r->failed_seq || w->failed_seq < r->failed_seq))
			memcpy(r->failure, w->failure, sizeof(r->failure));
		first_of(&r->failed_seq, w->failed_seq);
	}
	r->rows = rows_take(&all, &r->row_count);
	for (unsigned k = 0; k < TOTAL_COUNT; k++)
		r->different |= is_difference(k) && r->totals[k];
}

static int check_journal(const struct compare_options *o, const struct journal_found *found)
{
	if (!found->last_seq)
		return error_set(ERR_MISSING, NULL, "%s: the journal has no entries: nothing has happened yet", o->data);
	if (found->first_seq > 1)
		return error_set(ERR_MISSING, NULL,
				 "%s: the journal begins at entry %llu: older segments were let go (journal_keep), so the "
				 "records of then cannot be made from it",
				 o->data, (unsigned long long)found->first_seq);
	return ERR_OK;
}

static unsigned jobs_of(const struct compare_options *o)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned jobs = o->jobs ? o->jobs : cores > 0 ? (unsigned)cores : 1;
	return jobs < JOBS_MAX ? jobs : JOBS_MAX;
}

static int run(struct compare *c)
{
	const struct compare_options *o = c->options;
	struct journal_options options = { .read_only = true };
	struct journal_found found;
	int result = ERR_OK;
	for (unsigned i = 0; i < c->worker_count && result == ERR_OK; i++)
		result = worker_init(c, i);
	if (result != ERR_OK)
		return result;
	const struct pack *p = c->workers[0].sides[AFTER].m.pack;
	describe(&c->report->candidate, p, str_slice(p->name), 0, 0);
	name_rows(c, AFTER);
	note_reads(c, AFTER);
	result = journal_open(&c->journal, o->data, &options, NULL, NULL, &found);
	if (result != ERR_OK)
		return error_prefix("%s", o->data);
	c->report->dropped_bytes = found.dropped_bytes;
	result = check_journal(o, &found);
	if (result == ERR_OK)
		result = threads_start(c);
	if (result == ERR_OK)
		result = go_through(c, &found);
	if (result == ERR_OK)
		add_up(c);
	return result;
}

int compare_run(struct compare_report **out, const struct compare_options *options)
{
	struct compare c = { .options = options, .worker_count = jobs_of(options) };
	c.report = must_calloc(1, sizeof(*c.report));
	c.workers = must_calloc(c.worker_count, sizeof(*c.workers));
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.go, NULL);
	pthread_cond_init(&c.done, NULL);
	int result = run(&c);
	struct error error = *error_last();
	threads_stop(&c);
	for (unsigned i = 0; i < c.worker_count && c.workers[i].c; i++)
		worker_finish(&c.workers[i]);
	journal_close(c.journal);
	foretold_finish(&c.foretold);
	caused_finish(&c.caused);
	free(c.workers);
	free(c.briefs);
	pthread_cond_destroy(&c.go);
	pthread_cond_destroy(&c.done);
	pthread_mutex_destroy(&c.lock);
	*out = c.report;
	if (result == ERR_OK)
		return ERR_OK;
	compare_report_destroy(c.report);
	*out = NULL;
	return error_set(result, error.field, "%s", error.text);
}

void compare_report_destroy(struct compare_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->row_count; i++) {
		for (unsigned k = 0; k < EXAMPLE_KINDS; k++)
			examples_finish(&r->rows[i].examples[k]);
		free(r->rows[i].name);
	}
	for (unsigned i = 0; i < CHANGE_KINDS; i++)
		examples_finish(&r->decisions[i]);
	free(r->rows);
	free(r->packs);
	free(r);
}
