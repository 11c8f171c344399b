/* base/stats.h: how sure a number is: intervals of shares and means, and of what lies between two of them. All are 95 %
 * intervals. For reports; nothing that is journaled or replayed may hang on them (they use the C library's functions).
 *
 *     share             Wilson's score interval (1927, JASA 22): with p = k / n and z = 1.96,
 *                       (p + z²/2n ± z √(p (1 - p) / n + z²/4n²)) / (1 + z²/n)
 *     two shares        Newcombe (1998, Statistics in Medicine 17, 873-890), method 10: with each share's Wilson interval
 *                       (l1, u1), (l2, u2): p1 - p2 - √((p1 - l1)² + (u2 - p2)²) to p1 - p2 + √((u1 - p1)² + (p2 - l2)²)
 *     mean              m ± t(n - 1) s / √n
 *     two means         Welch (1947, Biometrika 34): m1 - m2 ± t(v) √(s1²/n1 + s2²/n2), with Satterthwaite's
 *                       v = (s1²/n1 + s2²/n2)² / ((s1²/n1)² / (n1 - 1) + (s2²/n2)² / (n2 - 1))
 *     count, expected   of a Poisson count O against E, Byar's approximation (Breslow and Day 1987, IARC 82, p. 69):
 *                       O (1 - 1/9O - z / 3√O)³ / E to (O+1) (1 - 1/9(O+1) + z / 3√(O+1))³ / E
 *     t                 Student's quantile by Hill's algorithm 396 (1970, Communications of the ACM 13)
 *
 * Where too little is known, all numbers are NAN: a share of none, a mean's interval of fewer than two. */
#ifndef NUDGED_BASE_STATS_H
#define NUDGED_BASE_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct stats_range {
	double value, low, high;
};
bool stats_known(struct stats_range r); /* its interval is */

struct stats_range stats_share(int64_t part, int64_t whole);
struct stats_range stats_share_difference(int64_t part, int64_t whole, int64_t other_part, int64_t other_whole);

/* How many times as many as expected. */
struct stats_range stats_count_ratio(int64_t count, double expected);

struct stats_sample {
	int64_t count;
	double mean, variance; /* of a sample: over count - 1 */
};
/* Of the sum of the values and the sum of their squares. */
struct stats_sample stats_sample_of(int64_t count, double sum, double squares);
struct stats_range stats_mean(struct stats_sample s);
struct stats_range stats_mean_difference(struct stats_sample s, struct stats_sample other);

/* Student's t that 97.5 % lie below; `degrees` of 1 and more, and not only whole ones. */
double stats_t(double degrees);

#endif
