/* state/model.h: what an action's record has learned: how often it was accepted, by segment, with what is older
 * counting less; and how well what was expected came true.
 *
 * A trial is an offer that was answered: accepted, rejected or ignored. It is counted in whole numbers, in buckets of
 * time a quarter of the half-life wide, so that the order in which outcomes arrive does not matter to the counts (many
 * customers teach one model, and shards race). A bucket's weight halves every half-life, in whole steps:
 *
 *     w(k) = 2^(-k/4)       k = its distance in steps from the step of the time asked about
 *     n = sum of w(k) trials(k),  s = sum of w(k) accepted(k),  summed from the newest to the oldest
 *
 * 2^(-1/4), 2^(-1/2) and 2^(-3/4) are constants rounded once, the rest are exact powers of two: the same bits on every
 * machine. A bucket older than MODEL_BUCKETS steps (eight half-lives: weight 2^-8) is forgotten. (Decay by age: Cohen
 * and Strauss 2003, "Maintaining time-decaying stream aggregates".)
 *
 * The propensity is the mean of a Beta distribution (Gelman et al., Bayesian Data Analysis, 2.4 and 5.3):
 *
 *     of the action    Beta(A, B),  A = start x evidence + s,  B = (1 - start) x evidence + n - s
 *     m = A / (A + B)
 *     of a segment     Beta(m x strength + s', (1 - m) x strength + n' - s')    n', s' are the segment's own
 *
 * A segment so begins at the action's own rate and leaves it as it has outcomes of its own: with `strength` of them both
 * weigh the same (empirical Bayes: Efron and Morris 1975; the strength is stated, not estimated).
 *
 * Calibration is prequential (Dawid 1984): each outcome is held against what was expected just before it was learned, in
 * ten bins of the expected probability. It follows from the order of arrival, rules and decisions do not read it, so it is
 * no part of the digest. */
#ifndef NUDGED_STATE_MODEL_H
#define NUDGED_STATE_MODEL_H

#include "base/bytes.h"
#include "base/strpool.h"

#include <stdint.h>

#define MODEL_BUCKETS 32u        /* 32 quarters: eight half-lives. On disk */
#define MODEL_STEPS_A_HALF_LIFE 4
#define MODEL_BINS 10u           /* on disk */

struct record;

struct model_cell {
	struct str *segment;                /* NULL: the action's own, all segments together */
	int64_t newest;                     /* step of bucket 0; the others lie before it */
	uint64_t all_trials, all_accepted;  /* since the model began, undecayed */
	uint32_t trials[MODEL_BUCKETS], accepted[MODEL_BUCKETS];
};

struct model_bin {
	uint64_t trials, accepted;
	uint64_t expected_ppm;              /* sum of what was expected, in millionths */
};

struct model {
	int64_t since_ms;                   /* time of the oldest outcome that it knows, or of its reset; 0: none */
	int64_t step_ms;                    /* a quarter of the half-life that its buckets are of */
	uint32_t by;                        /* identity of the names that segments are made of */
	uint16_t cell_count, cell_cap;
	uint64_t late;                      /* outcomes too old to count */
	uint64_t crowded;                   /* outcomes of segments beyond LIMIT_MODEL_SEGMENTS: only the action's own */
	uint64_t control_trials, control_accepted; /* of the control group; they are among the others too */
	struct model_cell own;
	struct model_cell *cells;           /* sorted by segment */
	struct model_bin bins[MODEL_BINS];
};

/* How the pack wants an action learned: the formula's constants. */
struct model_prior {
	double start, evidence, strength;
	int64_t half_life_ms;               /* at least 4 ms */
	uint32_t by;
};

struct model_outcome {
	bool accepted, control;
	uint32_t by;                        /* of the names that made the segment */
	struct slice segment;               /* empty: the action is not learned by segment */
	int64_t time_ms;
};

/* A distribution of the propensity. */
struct model_belief {
	double alpha, beta;
	double trials;                      /* decayed, behind it: of the segment where there is one, else the action's */
};

/* Learns one outcome. A half-life or names that are not those it learned with change it first: buckets go where they lie
 * in the new steps; segments of other names are dropped, the action's own counts stay. */
void model_learn(struct record *r, struct strpool *pool, const struct model_prior *prior, const struct model_outcome *o);
/* Everything is forgotten, at that time. */
void model_forget(struct record *r, struct strpool *pool, int64_t time_ms);
/* m NULL: nothing learned yet. */
void model_believe(const struct model *m, const struct model_prior *prior, struct slice segment, int64_t now_ms,
		   struct model_belief *out);
/* Decayed counts of a cell at a time. */
void model_counts(const struct model *m, const struct model_cell *c, int64_t now_ms, double *trials, double *accepted);
const struct model_cell *model_segment(const struct model *m, struct slice segment); /* NULL: none of its own */
double belief_mean(const struct model_belief *b);

/* Of the record's codec. */
void model_encode(const struct model *m, struct bytes *out, bool digest);
struct model *model_decode(struct reader *in, struct strpool *pool); /* NULL: broken */
void model_destroy(struct model *m, struct strpool *pool); /* NULL-safe */
size_t model_bytes(const struct model *m);
const struct model *record_model(const struct record *r); /* NULL: none */

#endif
