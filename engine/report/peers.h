/* report/peers.h: does somebody differ from the others, when many differences are looked at together? For reports about
 * people: chance must not accuse anybody.
 *
 *     two shares    Newcombe's interval of their difference (1998, Statistics in Medicine 17, 873-890, method 11: from Wilson's
 *                   score intervals with continuity correction, ibid. 857-872, method 4). Without the correction (method 10)
 *                   chance accuses too many where few of few contacts are followed: 6 % where 5 % are stated, as
 *                   tests/unit/test_peers.c finds. The p-value of "no difference" is 1 - the highest confidence at which the
 *                   interval leaves out 0, so that interval and verdict never contradict each other
 *     two means     Welch's t with Satterthwaite's degrees of freedom (base/stats.h), p two-sided, from the incomplete beta
 *                   function (continued fraction by Lentz's method; Abramowitz & Stegun 26.5.8, 26.7.1)
 *     together      Holm (1979, Scandinavian Journal of Statistics 6, 65-70): of m comparisons in order of their p-values, the
 *                   k-th differs where p <= alpha / (m - k + 1), and none after the first that does not. Where nothing
 *                   differs, the chance that any is said to is at most alpha, however they hang together.
 *
 * Each comparison's interval is at the confidence at which Holm judged it: it leaves out 0 exactly where the verdict says
 * that there is a difference. Contacts are taken as independent of each other. */
#ifndef NUDGED_REPORT_PEERS_H
#define NUDGED_REPORT_PEERS_H

#include "base/stats.h"

#define PEERS_ALPHA 0.05 /* of all of one person's comparisons together */
#define PEERS_LEAST 30   /* contacts on either side: with fewer nothing is said */

struct peers_share {
	int64_t part, whole, other_part, other_whole;
};
/* Two-sided p-values of "no difference". */
double peers_share_p(const struct peers_share *s);
double peers_mean_p(struct stats_sample s, struct stats_sample other);
struct stats_range peers_share(int64_t part, int64_t whole, double alpha); /* one share's own interval */
/* value - other, with an interval that leaves out the truth in a share alpha of all cases. */
struct stats_range peers_share_difference(const struct peers_share *s, double alpha);
struct stats_range peers_mean_difference(struct stats_sample s, struct stats_sample other, double alpha);

struct peers_judged {
	double p;         /* in */
	double alpha;     /* out: at which it was judged */
	bool differs;     /* out */
};
/* Holm's, over all of them. The order stays. count is at most PEERS_TOGETHER: what is beyond is judged as if it were that
 * many, and stays without a verdict. */
#define PEERS_TOGETHER 512u
void peers_judge(struct peers_judged *all, unsigned count, double alpha);

#endif
