/* base/stats.c: see stats.h. */
#include "base/stats.h"

#include <math.h>

#define Z 1.959963984540054
#define TWO_TAILS 0.05
#define HALF_PI 1.5707963267948966

bool stats_known(struct stats_range r)
{
	return !isnan(r.low) && !isnan(r.high);
}

static struct stats_range unknown(void)
{
	return (struct stats_range){ NAN, NAN, NAN };
}

struct stats_range stats_share(int64_t part, int64_t whole)
{
	if (whole <= 0 || part < 0 || part > whole)
		return unknown();
	double n = (double)whole, p = (double)part / n, zz = Z * Z;
	double middle = (p + zz / (2 * n)) / (1 + zz / n);
	double half = Z * sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n);
	return (struct stats_range){ p, part == 0 ? 0 : middle - half, part == whole ? 1 : middle + half };
}

struct stats_range stats_share_difference(int64_t part, int64_t whole, int64_t other_part, int64_t other_whole)
{
	struct stats_range a = stats_share(part, whole), b = stats_share(other_part, other_whole);
	if (!stats_known(a) || !stats_known(b))
		return unknown();
	double d = a.value - b.value;
	return (struct stats_range){ d, d - hypot(a.value - a.low, b.high - b.value), d + hypot(a.high - a.value, b.value - b.low) };
}

static double byar(double count, double z)
{
	double part = 1 - 1 / (9 * count) + z / (3 * sqrt(count));
	return count * part * part * part;
}

struct stats_range stats_count_ratio(int64_t count, double expected)
{
	if (count < 0 || !(expected > 0))
		return unknown();
	double o = (double)count;
	return (struct stats_range){ o / expected, count ? byar(o, -Z) / expected : 0, byar(o + 1, Z) / expected };
}

struct stats_sample stats_sample_of(int64_t count, double sum, double squares)
{
	struct stats_sample s = { count, NAN, NAN };
	if (count > 0)
		s.mean = sum / (double)count;
	if (count > 1) /* rounding may take it below 0 where all values are equal */
		s.variance = fmax(0, squares - sum * s.mean) / (double)(count - 1);
	return s;
}

struct stats_range stats_mean(struct stats_sample s)
{
	if (s.count < 2)
		return (struct stats_range){ s.mean, NAN, NAN };
	double half = stats_t((double)(s.count - 1)) * sqrt(s.variance / (double)s.count);
	return (struct stats_range){ s.mean, s.mean - half, s.mean + half };
}

struct stats_range stats_mean_difference(struct stats_sample s, struct stats_sample other)
{
	double d = s.mean - other.mean;
	if (s.count < 2 || other.count < 2)
		return (struct stats_range){ d, NAN, NAN };
	double a = s.variance / (double)s.count, b = other.variance / (double)other.count;
	if (a + b <= 0)
		return (struct stats_range){ d, d, d };
	double degrees = (a + b) * (a + b) / (a * a / (double)(s.count - 1) + b * b / (double)(other.count - 1));
	double half = stats_t(degrees) * sqrt(a + b);
	return (struct stats_range){ d, d - half, d + half };
}

/* Names of variables as in the algorithm; Z stands for its normal quantile. */
static double hill(double n)
{
	double a = 1 / (n - 0.5), b = 48 / (a * a);
	double c = ((20700 * a / b - 98) * a - 16) * a + 96.36;
	double d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * HALF_PI) * n;
	double y = pow(d * TWO_TAILS, 2 / n);
	if (y > 0.05 + a) {
		double x = -Z;
		y = x * x;
		if (n < 5)
			c += 0.3 * (n - 4.5) * (x + 0.6);
		c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c;
		y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
		y = expm1(a * y * y);
	} else {
		y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (n + 2) +
		    1 / y;
	}
	return sqrt(n * y);
}

double stats_t(double degrees)
{
	if (!(degrees >= 1))
		return NAN;
	if (degrees < 1.0001)
		return 1 / tan(TWO_TAILS * HALF_PI);
	if (fabs(degrees - 2) < 1e-4)
		return sqrt(2 / (TWO_TAILS * (2 - TWO_TAILS)) - 2);
	if (degrees > 1e9)
		return Z;
	return hill(degrees);
}
