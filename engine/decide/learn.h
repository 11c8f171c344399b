/* decide/learn.h: an action's propensity as outcomes have taught it: what an outcome teaches, and what a decision makes
 * of it. The formulas are state/model.h's, chance is draw.h's.
 *
 * What an outcome teaches. Accepted is a success; rejected and ignored are failures: with these a trial ends, and it is
 * learned once (of one decision and action the first of them counts, what is said later does not). Shown is no trial, the
 * customer has not heard of it; offered waits for its answer; later is put off, and waits too. The customer's record emits
 * an effect on the action's model, so the model learns a moment after the customer's record does.
 *
 * The segment is that of the customer's record just before the outcome changes it. Outcomes describe themselves: the
 * decision's record may be gone, may be another system's, may never have been; and what the outcome itself brings about
 * (who accepts is a subscriber then) must not move the customer to another segment first.
 *
 * What a decision makes of it:
 *
 *     normally          the mean of the belief about the action in the customer's segment
 *     to try things     in a share `explore` of decisions: a draw from that belief (Thompson 1933; Chapelle and Li 2011, "An
 *                       empirical evaluation of Thompson sampling"). What little is known of is drawn far from its mean at
 *                       times, and so gets its chance; what is well known hardly moves. One number per decision, from
 *                       the customer and the decision's own number, says whether; one more per action, what
 *     control group     a share `control` of customers, told by a hash of their id, always the same ones: propensities as
 *                       the pack states them, no draws. They are served under the same gates, policies and values, so nobody
 *                       gets worse service for being measured; what differs between them and the others is what was learned
 *
 * A decision without a number (in tests of packs, or asked of history) draws nothing, and has no control group. */
#ifndef NUDGED_DECIDE_LEARN_H
#define NUDGED_DECIDE_LEARN_H

#include "decide/applying.h"
#include "decide/deciding.h"

bool customer_in_control(const struct pack *p, struct slice customer);

/* For applying: the effect of an outcome, called before the outcome changes the record. */
void learn_outcome(struct applying *a, enum outcome_kind kind, struct slice action, uint64_t boot, uint64_t count);

/* For deciding. */
void learning_start(struct deciding *d, const struct decide_subjects *subjects);
void propensity_learned(struct deciding *d, const struct action_decl *a, struct score *out);
static inline void propensity_of(struct deciding *d, const struct action_decl *a, struct score *out)
{
	out->propensity = a->propensity.start;
	out->trials = 0;
	out->drawn = false;
	if (d->learned || d->lot < a->explore)
		propensity_learned(d, a, out);
}
/* Where it is not the one stated: why, as a reason. Empty otherwise. */
struct slice propensity_reason(struct deciding *d, const struct action_decl *a, const struct score *score);

#endif
