/* workbench/bench.c: the rows, and who is measured when. See bench.h. */
#include "workbench/bench.h"

#include "base/check.h"
#include "base/error.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLES_MAX 16384u
#define CLOCK_LOOKS 2001u
#define ROUNDS_MAX 2000u
#define TICK_EVENTS 256u
#define INTERRUPTED 4.0 /* times what nine of ten calls take at most: something else ran */

/* Samples. */

static void thin_out(struct samples *s)
{
	for (unsigned i = 0; 2 * i < s->count; i++)
		s->values[i] = s->values[2 * i];
	s->count = (s->count + 1) / 2;
	s->stride *= 2;
}

void samples_add(struct samples *s, uint64_t value)
{
	s->all++;
	s->sum += (double)value;
	if (s->skip) {
		s->skip--;
		return;
	}
	if (s->count == SAMPLES_MAX)
		thin_out(s);
	if (s->count == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->values = must_realloc(s->values, s->cap * sizeof(*s->values));
	}
	if (!s->stride)
		s->stride = 1;
	s->values[s->count++] = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
	s->skip = s->stride - 1;
}

double samples_mean(const struct samples *s)
{
	return s->all ? s->sum / (double)s->all : 0;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

uint32_t samples_percentile(const struct samples *s, double part)
{
	if (!s->count)
		return 0;
	uint32_t *sorted = must_malloc(s->count * sizeof(*sorted));
	memcpy(sorted, s->values, s->count * sizeof(*sorted));
	qsort(sorted, s->count, sizeof(*sorted), by_size);
	unsigned at = (unsigned)(part * s->count);
	uint32_t value = sorted[at < s->count ? at : s->count - 1];
	free(sorted);
	return value;
}

/* Rows: of rules when, effect and run; of actions three gates, value, context and words; of policies unless and except;
 * of goals and groups three gates; the balance; facts. */

struct bench_row *bench_row_of_rule(const struct bench *b, const struct rule_decl *rule, unsigned part)
{
	return &b->rows[3 * (unsigned)(rule - b->m->pack->rules) + part];
}

static struct bench_row *add_row(struct bench *b, enum bench_kind kind, const char *name, const char *part,
				 const char *file, int line)
{
	struct bench_row *row = &b->rows[b->row_count++];
	*row = (struct bench_row){ .kind = kind, .name = name, .part = part, .file = file, .line = line };
	return row;
}

/* Where a term is written, if that is known: closer than where what it belongs to begins. */
static void at_term(struct bench_row *row, const struct term *t)
{
	row->term = t;
	if (t && t->line > 0) {
		row->file = t->file;
		row->line = t->line;
	}
}

static void add_rules(struct bench *b, const struct pack *p)
{
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		at_term(add_row(b, BENCH_RULE, r->name->data, "when", r->file, r->line), r->when);
		add_row(b, BENCH_RULE, r->name->data, "effect", r->file, r->line);
		add_row(b, BENCH_RULE, r->name->data, "run", r->file, r->line);
	}
}

static void add_actions(struct bench *b, const struct pack *p)
{
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		const char *name = a->name->data;
		at_term(add_row(b, BENCH_ACTION, name, "eligible", a->file, a->line), a->eligible);
		at_term(add_row(b, BENCH_ACTION, name, "applicable", a->file, a->line), a->applicable);
		at_term(add_row(b, BENCH_ACTION, name, "suitable", a->file, a->line), a->suitable);
		at_term(add_row(b, BENCH_ACTION, name, "value", a->file, a->line), a->customer_value);
		add_row(b, BENCH_ACTION, name, "context", a->file, a->line);
		add_row(b, BENCH_ACTION, name, "words", a->file, a->line);
	}
}

static void add_rest(struct bench *b, const struct pack *p)
{
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct policy_decl *d = &p->policies[i];
		at_term(add_row(b, BENCH_POLICY, d->text.data, "unless", d->file, d->line), d->unless);
		at_term(add_row(b, BENCH_POLICY, d->text.data, "except", d->file, d->line), d->except);
	}
	for (unsigned i = 0; i < p->above_count; i++) {
		const struct level_decl *l = &p->above[i];
		enum bench_kind kind = l->group ? BENCH_GROUP : BENCH_GOAL;
		at_term(add_row(b, kind, l->name->data, "eligible", l->file, l->line), l->gates.eligible);
		at_term(add_row(b, kind, l->name->data, "applicable", l->file, l->line), l->gates.applicable);
		at_term(add_row(b, kind, l->name->data, "suitable", l->file, l->line), l->gates.suitable);
	}
	at_term(add_row(b, BENCH_BALANCE, p->name->data, "balance", "pack.lua", 1), p->balance);
	for (unsigned i = 0; i < p->fact_count; i++)
		at_term(add_row(b, BENCH_FACT, p->facts[i].name->data, "", "pack.lua", 1), p->facts[i].term);
}

static void make_rows(struct bench *b)
{
	const struct pack *p = b->m->pack;
	size_t most =
		3 * p->rule_count + 6 * p->action_count + 2 * p->policy_count + 3 * p->above_count + 1 + p->fact_count;
	b->rows = must_calloc(most, sizeof(*b->rows));
	b->measured = must_calloc(p->fact_count + 1, sizeof(*b->measured));
	b->counted = must_calloc(p->fact_count + 1, sizeof(*b->counted));
	add_rules(b, p);
	add_actions(b, p);
	add_rest(b, p);
}

/* The world's work, measured whole. */

static void meter_begin(void *arg)
{
	struct bench *b = arg;
	b->entry++;
	if (b->phase == BENCH_ENTRIES)
		b->began_ns = b->now_ns();
}

static void take(struct bench *b, struct samples *s)
{
	uint64_t took = b->phase == BENCH_ENTRIES ? b->now_ns() - b->began_ns : 0;
	if (b->phase == BENCH_ENTRIES)
		samples_add(s, took > b->clock_ns ? took - b->clock_ns : 0);
}

static void meter_applied(void *arg)
{
	struct bench *b = arg;
	take(b, &b->event_ns);
	if (++b->events % TICK_EVENTS == 0 && b->tick)
		b->tick(b->tick_arg, b->events);
}

static void meter_decided(void *arg)
{
	struct bench *b = arg;
	take(b, &b->decision_ns);
}

static void meter_decision(void *arg, const struct decide_subjects *subjects, const struct ask *ask,
			   const struct decision *decision)
{
	struct bench *b = arg;
	b->entry++;
	if (b->phase == BENCH_PARTS)
		bench_measure_decision(b, subjects, ask, decision);
}

/* Life. */

static uint64_t cost_of_clock(uint64_t (*now_ns)(void))
{
	struct samples looks = { 0 };
	for (unsigned i = 0; i < CLOCK_LOOKS; i++) {
		uint64_t began = now_ns();
		samples_add(&looks, now_ns() - began);
	}
	uint64_t cost = samples_percentile(&looks, 0.5);
	free(looks.values);
	return cost;
}

void bench_init(struct bench *b, uint64_t (*now_ns)(void))
{
	*b = (struct bench){ .now_ns = now_ns, .clock_ns = cost_of_clock(now_ns), .watch = bench_watch };
	b->watch.arg = b;
	b->meter = (struct world_meter){ b, meter_begin, meter_applied, meter_decided, meter_decision };
}

void bench_finish(struct bench *b)
{
	for (unsigned i = 0; i < b->row_count; i++) {
		struct bench_row *r = &b->rows[i];
		free(r->ns.values);
		free(r->terms.values);
		free(r->instructions.values);
		free(r->bytes.values);
	}
	free(b->event_ns.values);
	free(b->decision_ns.values);
	free(b->rows);
	free(b->measured);
	free(b->counted);
	free(b->reached);
	*b = (struct bench){ 0 };
}

void bench_attach(struct bench *b, struct world *w, enum bench_phase phase)
{
	b->m = &w->m;
	if (!b->rows)
		make_rows(b);
	b->phase = phase;
	w->meter = &b->meter;
	w->m.eval->watch = phase == BENCH_PARTS ? &b->watch : NULL;
}

/* Stories. */

struct stories {
	struct bench *bench;
	uint64_t events;       /* wanted of each */
	uint64_t before, each; /* events so far; of one round */
};

/* Odd rounds measure entries, even ones parts. */
static bool again(void *arg, struct world *w, unsigned round)
{
	struct stories *s = arg;
	bench_attach(s->bench, w, round == 0 ? BENCH_WARM : round % 2 ? BENCH_ENTRIES : BENCH_PARTS);
	if (round == 0)
		s->before = s->bench->events;
	if (round == 1)
		s->each = s->bench->events - s->before;
	uint64_t rounds = s->each ? (s->events + s->each - 1) / s->each : 1;
	return round <= 2 * (rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX);
}

int bench_tests(struct bench *b, struct test_run *run, const struct bundle *pack, const struct bundle *tests,
		const char *pattern, uint64_t events)
{
	struct stories stories = { .bench = b, .events = events };
	const struct test_repeat repeat = { &stories, again };
	const struct test_options options = { .pattern = pattern, .repeat = &repeat };
	return tests_run(run, pack, tests, &options);
}

/* What came of it. */

/* A sample that an interrupt fell into says nothing of the pack, and one of them would be more than thousands of
 * others. On a busy machine they are more than one in a hundred. */
static double mean_ns(const struct samples *s)
{
	double most = fmin(samples_percentile(s, 0.99), INTERRUPTED * samples_percentile(s, 0.9)), sum = 0;
	for (unsigned i = 0; i < s->count; i++)
		sum += s->values[i] < most ? s->values[i] : most;
	return s->count ? sum / s->count : 0;
}

void bench_settle(struct bench *b)
{
	for (unsigned i = 0; i < b->row_count; i++) {
		struct bench_row *r = &b->rows[i];
		r->mean_ns = mean_ns(&r->ns);
		r->total_ns = r->mean_ns * (double)r->ns.all;
	}
}

const struct bench_row *bench_dearest(const struct bench *b)
{
	const struct bench_row *found = NULL;
	for (unsigned i = 0; i < b->row_count; i++) {
		const struct bench_row *r = &b->rows[i];
		if (r->kind != BENCH_FACT && r->ns.all && (!found || r->total_ns > found->total_ns))
			found = r;
	}
	return found;
}

static void note_fact(struct bench *b, unsigned fact)
{
	const struct bench_row *r = &b->rows[b->row_count - b->m->pack->fact_count + fact];
	if (r->ns.all && (!b->dearest || r->mean_ns > b->dearest->mean_ns))
		b->dearest = r;
}

const struct bench_row *bench_dearest_fact(struct bench *b, const struct bench_row *row)
{
	b->dearest = NULL;
	const struct eval *e = b->m->eval;
	bool of_context = row->kind == BENCH_RULE && !row->term && strcmp(row->part, "effect") != 0;
	bench_each_fact(b, row->term, note_fact);
	for (unsigned i = 0; of_context && i < e->calling_fact_count; i++)
		note_fact(b, e->calling_facts[i]);
	return b->dearest && 3 * b->dearest->mean_ns >= row->mean_ns ? b->dearest : NULL;
}
