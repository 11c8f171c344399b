/* report/weighting.h: what a survey says of all who were asked, and not only of those who answered.
 *
 * Who answers is not like who does not: those who like you answer. So answers are weighted by post-stratification (Holt
 * and Smith, "Post Stratification", Journal of the Royal Statistical Society A 142, 1979): customers are told apart by
 * strata (segments) of which the shares among all who were asked are known, and each answer of stratum h counts
 *
 *     w_h = (N_h / N) / (n_h / n)      N_h asked and n_h answers in h; N and n in all
 *
 * so that a segment has the share in the result that it has among those asked. This corrects what goes by segment; that
 * within a segment too the content answer more often, no weighting can know. Where a stratum has few answers its mean is
 * chance: strata with fewer than `smallest` answers are pooled to one cell, and that with the next smallest until it has
 * so many (Kalton and Flores-Cervantes, "Weighting Methods", Journal of Official Statistics 19, 2003).
 *
 * Weights cost precision. The effective sample size is Kish's (Survey Sampling, 1965), n_eff = (sum w)^2 / sum w^2 over
 * the answers: so many equally weighted answers would be worth as much. Intervals of 95 % are
 *     of means and the net promoter score: estimate +- 1.96 sqrt(s^2 / (n_eff - 1)), s^2 the weighted variance, cut off
 *         at the ends of the scale
 *     of shares: Wilson's (1927) with n_eff answers
 * and there is none where fewer than `smallest` have answered.
 *
 * Definitions. NPS: the share of 9 and 10 less the share of 0 to 6, of 0 to 10, in points from -100 to 100 (Reichheld,
 * "The One Number You Need to Grow", Harvard Business Review, December 2003). CSAT: the share of the two best answers,
 * 4 and 5 of 5. CES: agreement with "made it easy" from 1 to 7, as the mean or as the share of 5 to 7 (Dixon, Freeman
 * and Toman, "Stop Trying to Delight Your Customers", Harvard Business Review, July 2010; as a scale of agreement since
 * 2013). Shares are in percent. */
#ifndef NUDGED_REPORT_WEIGHTING_H
#define NUDGED_REPORT_WEIGHTING_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum survey_measure { MEASURE_NET, MEASURE_SHARE, MEASURE_MEAN };

struct stratum {
	struct slice name;
	int64_t asked, answered;  /* N_h, n_h */
	int64_t top, bottom;      /* promoters (satisfied, agreeing) and detractors among them */
	double sum, squares;      /* of the answers' scores */
};
struct estimate {
	bool raw_known, corrected_known, interval_known;
	double raw, corrected, low, high; /* points: NPS -100 to 100, shares 0 to 100, means on their scale */
	double effective;         /* n_eff */
	double weight_max;        /* the largest w_h */
	unsigned cells, pooled;   /* cells that weights were made of; strata that had too few answers */
	int64_t smallest;         /* answers in the smallest cell */
};
/* Strata are pooled in place. scale_low and scale_high: of MEASURE_MEAN. */
void estimate_survey(struct stratum *strata, unsigned count, enum survey_measure measure, int64_t smallest,
		     double scale_low, double scale_high, struct estimate *out);

#endif
