/* report/peers.c: see peers.h. */
#include "report/peers.h"

#include <math.h>
#include <stdlib.h>

#define Z_MOST 40.0    /* beyond it a p-value is 0 as a double */
#define HALVINGS 80

static double two_tails(double z)
{
	return erfc(z / sqrt(2));
}

/* z that a standard normal passes on either side with probability alpha. */
static double z_of(double alpha)
{
	double low = 0, high = Z_MOST;
	for (int i = 0; i < HALVINGS; i++) {
		double middle = (low + high) / 2;
		if (two_tails(middle) > alpha)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* Wilson's, with a continuity correction. */
static struct stats_range wilson(int64_t part, int64_t whole, double z)
{
	double n = (double)whole, p = (double)part / n, q = 1 - p, zz = z * z, below = 2 * (n + zz);
	double low = (2 * n * p + zz - 1 - z * sqrt(fmax(0, zz - 2 - 1 / n + 4 * p * (n * q + 1)))) / below;
	double high = (2 * n * p + zz + 1 + z * sqrt(fmax(0, zz + 2 - 1 / n + 4 * p * (n * q - 1)))) / below;
	return (struct stats_range){ p, part == 0 ? 0 : fmax(0, low), part == whole ? 1 : fmin(1, high) };
}

static struct stats_range newcombe(const struct peers_share *s, double z)
{
	struct stats_range a = wilson(s->part, s->whole, z), b = wilson(s->other_part, s->other_whole, z);
	double d = a.value - b.value;
	return (struct stats_range){ d, d - hypot(a.value - a.low, b.high - b.value), d + hypot(a.high - a.value, b.value - b.low) };
}

static bool shares_known(const struct peers_share *s)
{
	return s->whole > 0 && s->other_whole > 0 && s->part >= 0 && s->other_part >= 0 && s->part <= s->whole &&
	       s->other_part <= s->other_whole;
}

double peers_share_p(const struct peers_share *s)
{
	double low = 0, high = Z_MOST;
	if (!shares_known(s))
		return NAN;
	for (int i = 0; i < HALVINGS; i++) { /* the interval only widens with z */
		double middle = (low + high) / 2;
		struct stats_range r = newcombe(s, middle);
		if (r.low > 0 || r.high < 0)
			low = middle;
		else
			high = middle;
	}
	return low == 0 ? 1 : two_tails(low);
}

struct stats_range peers_share(int64_t part, int64_t whole, double alpha)
{
	return whole > 0 && part >= 0 && part <= whole ? wilson(part, whole, z_of(alpha)) : (struct stats_range){ NAN, NAN, NAN };
}

struct stats_range peers_share_difference(const struct peers_share *s, double alpha)
{
	return shares_known(s) ? newcombe(s, z_of(alpha)) : (struct stats_range){ NAN, NAN, NAN };
}

/* The continued fraction of the incomplete beta function. */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1);
	d = fabs(d) < tiny ? 1 / tiny : 1 / d;
	double f = d;
	for (int m = 1; m < 10000; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		for (int k = 0; k < 2; k++) {
			double n = k ? odd : even;
			d = 1 + n * d;
			c = 1 + n / c;
			d = 1 / (fabs(d) < tiny ? tiny : d);
			c = fabs(c) < tiny ? tiny : c;
			f *= c * d;
		}
		if (fabs(c * d - 1) < 1e-14)
			break;
	}
	return f;
}

static double incomplete_beta(double a, double b, double x)
{
	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static double t_tails(double t, double degrees)
{
	return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

struct welch {
	double difference, error, degrees;
	bool known;
};

static struct welch welch_of(struct stats_sample s, struct stats_sample other)
{
	struct welch w = { .known = s.count > 1 && other.count > 1 };
	if (!w.known)
		return w;
	double a = s.variance / (double)s.count, b = other.variance / (double)other.count;
	w.difference = s.mean - other.mean;
	w.error = sqrt(a + b);
	w.degrees = (a + b) * (a + b) / (a * a / (double)(s.count - 1) + b * b / (double)(other.count - 1));
	return w;
}

double peers_mean_p(struct stats_sample s, struct stats_sample other)
{
	struct welch w = welch_of(s, other);
	if (!w.known)
		return NAN;
	if (w.error <= 0) /* all alike on both sides */
		return w.difference == 0 ? 1 : 0;
	return t_tails(fabs(w.difference) / w.error, w.degrees);
}

struct stats_range peers_mean_difference(struct stats_sample s, struct stats_sample other, double alpha)
{
	struct welch w = welch_of(s, other);
	if (!w.known)
		return (struct stats_range){ NAN, NAN, NAN };
	double low = 0, high = 1e6;
	for (int i = 0; i < 2 * HALVINGS && w.error > 0; i++) {
		double middle = (low + high) / 2;
		if (t_tails(middle, w.degrees) > alpha)
			low = middle;
		else
			high = middle;
	}
	double half = w.error > 0 ? (low + high) / 2 * w.error : 0;
	return (struct stats_range){ w.difference, w.difference - half, w.difference + half };
}

struct placed {
	double p;
	unsigned place;
};

static int by_p(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->p != y->p)
		return x->p < y->p ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

void peers_judge(struct peers_judged *all, unsigned count, double alpha)
{
	struct placed order[PEERS_TOGETHER];
	unsigned kept = count < PEERS_TOGETHER ? count : PEERS_TOGETHER;
	for (unsigned i = 0; i < count; i++) {
		all[i].alpha = alpha / count;
		all[i].differs = false;
	}
	for (unsigned i = 0; i < kept; i++)
		order[i] = (struct placed){ all[i].p, i };
	qsort(order, kept, sizeof(order[0]), by_p);
	bool differs = true;
	double step = alpha / (count ? count : 1);
	for (unsigned k = 0; k < kept; k++) {
		if (differs)
			step = alpha / (count - k);
		differs = differs && order[k].p <= step;
		all[order[k].place].alpha = step;
		all[order[k].place].differs = differs;
	}
}
