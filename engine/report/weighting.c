/* report/weighting.c: the formulas are in the header. Cells are put together in an order that does not depend on how the
 * strata came. */
#include "report/weighting.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define Z95 1.959963984540054

/* Most answers first, then by name. */
static int by_answers(const void *a, const void *b)
{
	const struct stratum *x = a, *y = b;
	if (x->answered != y->answered)
		return x->answered < y->answered ? 1 : -1;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int order = len ? memcmp(x->name.data, y->name.data, len) : 0;
	return order ? order : (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

static void join(struct stratum *into, const struct stratum *from)
{
	into->asked += from->asked;
	into->answered += from->answered;
	into->top += from->top;
	into->bottom += from->bottom;
	into->sum += from->sum;
	into->squares += from->squares;
}

/* How many cells are left. */
static unsigned pool(struct stratum *s, unsigned count, int64_t smallest, unsigned *pooled)
{
	unsigned cells = count;
	*pooled = 0;
	qsort(s, count, sizeof(*s), by_answers);
	while (cells > 0 && s[cells - 1].answered < smallest) {
		cells--;
		++*pooled;
	}
	if (cells == count)
		return cells;
	for (unsigned i = cells + 1; i < count; i++)
		join(&s[cells], &s[i]);
	if (cells == 0 || s[cells].answered >= smallest)
		return cells + 1;
	join(&s[cells - 1], &s[cells]); /* that has enough: cells before it stood alone */
	return cells;
}

/* Mean and mean square of what is measured, among the answers of a cell. */
static double mean_of(const struct stratum *s, enum survey_measure measure, double *square)
{
	double n = (double)s->answered;
	double top = (double)s->top, bottom = (double)s->bottom;
	if (measure == MEASURE_MEAN) {
		*square = s->squares / n;
		return s->sum / n;
	}
	if (measure == MEASURE_SHARE) {
		*square = 10000 * top / n;
		return 100 * top / n;
	}
	*square = 10000 * (top + bottom) / n;
	return 100 * (top - bottom) / n;
}

static void wilson(double share, double n, struct estimate *out)
{
	double z2 = Z95 * Z95, mid = (share + z2 / (2 * n)) / (1 + z2 / n);
	double half = Z95 / (1 + z2 / n) * sqrt(share * (1 - share) / n + z2 / (4 * n * n));
	out->low = 100 * fmax(0, mid - half);
	out->high = 100 * fmin(1, mid + half);
}

static void interval(enum survey_measure measure, double square, double low, double high, struct estimate *out)
{
	double variance = fmax(0, square - out->corrected * out->corrected);
	if (measure == MEASURE_SHARE) {
		wilson(out->corrected / 100, out->effective, out);
		return;
	}
	double half = Z95 * sqrt(variance / (out->effective - 1));
	if (measure == MEASURE_NET) {
		low = -100;
		high = 100;
	}
	out->low = fmax(low, out->corrected - half);
	out->high = fmin(high, out->corrected + half);
}

static struct stratum all_of(const struct stratum *s, unsigned count)
{
	struct stratum all = { 0 };
	for (unsigned i = 0; i < count; i++)
		join(&all, &s[i]);
	return all;
}

void estimate_survey(struct stratum *strata, unsigned count, enum survey_measure measure, int64_t smallest,
		     double scale_low, double scale_high, struct estimate *out)
{
	struct stratum all = all_of(strata, count);
	double square = 0, weights = 0, cell_square;
	*out = (struct estimate){ 0 };
	if (all.answered == 0)
		return;
	out->raw_known = true;
	out->raw = mean_of(&all, measure, &cell_square);
	out->cells = pool(strata, count, smallest, &out->pooled);
	if (all.asked == 0)
		return;
	out->smallest = all.answered;
	for (unsigned i = 0; i < out->cells; i++) {
		const struct stratum *s = &strata[i];
		double share = (double)s->asked / (double)all.asked, n = (double)s->answered;
		double weight = share / (n / (double)all.answered);
		out->corrected += share * mean_of(s, measure, &cell_square);
		square += share * cell_square;
		weights += n * weight * weight;
		out->weight_max = fmax(out->weight_max, weight);
		out->smallest = s->answered < out->smallest ? s->answered : out->smallest;
	}
	out->corrected_known = true;
	out->effective = (double)all.answered * (double)all.answered / weights;
	out->interval_known = all.answered >= smallest && out->effective > 1;
	if (out->interval_known)
		interval(measure, square, scale_low, scale_high, out);
}
