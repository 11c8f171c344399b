/* workbench/bench.h: what each part of a pack costs.
 *
 * A part is a rule's condition, what it does when it fires, a gate, a value, a fact … Each time the engine has asked a
 * rule, and after each decision, the bench evaluates the parts once more in the same state (decide/watch.h), each on its
 * own, with the facts it stands on computed anew: once to count (terms, VM instructions, memory), once against the clock.
 * So nothing is measured that the engine would not have done just then, and the engine itself has no measuring in it.
 *
 * What an entry and a decision take as a whole is measured in rounds of their own, while nobody looks on. */
#ifndef NUDGED_WORKBENCH_BENCH_H
#define NUDGED_WORKBENCH_BENCH_H

#include "decide/watch.h"
#include "workbench/tests.h"
#include "workbench/world.h"

/* Samples in order of their coming. Past SAMPLES_MAX every second one is dropped, and half as many are kept from then
 * on: percentiles stay those of the whole run. */
struct samples {
	uint32_t *values;
	unsigned count, cap, stride, skip;
	uint64_t all; /* how many came */
	double sum;
};
double samples_mean(const struct samples *s);
uint32_t samples_percentile(const struct samples *s, double part); /* 0.5: the median; 0 where there is none */

enum bench_kind { BENCH_RULE, BENCH_ACTION, BENCH_POLICY, BENCH_GOAL, BENCH_GROUP, BENCH_BALANCE, BENCH_FACT };

struct bench_row {
	enum bench_kind kind;
	const char *name, *part; /* "message-abuse", "when"; a policy's name is what it does, a fact's part is "" */
	const char *file;
	int line;
	const struct term *term; /* what it evaluates first; NULL: Lua, or words */
	struct samples ns, terms, instructions, bytes;
	double mean_ns, total_ns; /* of a call, of all, without what interrupted them */
};

enum bench_phase {
	BENCH_WARM,    /* nothing is measured */
	BENCH_ENTRIES, /* entries and decisions as a whole */
	BENCH_PARTS,
};

struct reached_fact {
	unsigned fact;
	uint8_t member;
};

struct bench {
	uint64_t (*now_ns)(void);
	uint64_t clock_ns; /* what looking at the clock twice costs: taken off every sample */
	struct machine *m;
	enum bench_phase phase;
	struct bench_row *rows; /* of facts the last ones */
	unsigned row_count;
	struct samples event_ns, decision_ns;
	void (*tick)(void *arg, uint64_t events); /* told now and then how far it is; NULL: nobody is */
	void *tick_arg;
	uint64_t events, began_ns;
	unsigned *measured, *counted; /* per fact: the entry, the part for which it was last measured, counted */
	unsigned entry, part;
	bool *asked; /* per goal and group: in the decision being measured */
	struct reached_fact *reached; /* by the part being measured */
	unsigned reached_count, reached_cap;
	struct world_meter meter;
	struct watch watch;
	const struct bench_row *dearest; /* so far, while they are looked through */
};

/* now_ns: a clock, since nothing below the tools reads one. */
void bench_init(struct bench *b, uint64_t (*now_ns)(void));
void bench_finish(struct bench *b);
/* From now on what this world does is measured so. All worlds that one bench is given have the same pack, and the last
 * one stays until bench_finish: rows lend their texts from it. */
void bench_attach(struct bench *b, struct world *w, enum bench_phase phase);

/* Every story of the tests again and again: once to warm up, then in turns whole entries and parts, until each has had
 * so many events in either. *run is what came of the tests, and has the world: to be finished after the bench. */
int bench_tests(struct bench *b, struct test_run *run, const struct bundle *pack, const struct bundle *tests,
		const char *pattern, uint64_t events);

/* To be called once all is measured, before what follows: every row's mean_ns and total_ns. */
void bench_settle(struct bench *b);
/* The part on which most time went, facts aside; NULL where nothing was asked. */
const struct bench_row *bench_dearest(const struct bench *b);
/* The fact on which the row spends most of its time, where that is a third or more; else NULL. */
const struct bench_row *bench_dearest_fact(struct bench *b, const struct bench_row *row);

/* bench_parts.c */
void bench_measure_decision(struct bench *b, const struct decide_subjects *subjects, const struct ask *ask,
			    const struct decision *decision);
extern const struct watch bench_watch; /* arg is the bench's to set */
struct bench_row *bench_row_of_rule(const struct bench *b, const struct rule_decl *rule, unsigned part);
void samples_add(struct samples *s, uint64_t value);

/* bench_terms.c: how many terms evaluating it now evaluates, literals not counted, a fact only the first time. Facts that
 * it came to are added to b->reached, with the member bound then. */
unsigned bench_count_terms(struct bench *b, struct eval *e, const struct term *t);
/* … before a function(c) runs: it may read any fact, so those that call Lua are computed first (decide/eval_call.c). */
unsigned bench_count_prepared(struct bench *b, struct eval *e);
/* Every fact that the term stands on, reached or not; one may come more than once. */
void bench_each_fact(struct bench *b, const struct term *t, void (*each)(struct bench *b, unsigned fact));

#endif
