/* decide/draw.c: see draw.h. */
#include "decide/draw.h"

#include <math.h>
#include <stdbool.h>

#define LN2 0x1.62e42fefa39efp-1
#define SQRT_HALF 0x1.6a09e667f3bcdp-1
#define TRIES 64 /* each fails less than once in 4: beyond that the mean stands in */

struct stream {
	uint64_t state;
};

static uint64_t next(struct stream *s)
{
	uint64_t z = s->state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static double uniform(struct stream *s)
{
	return ((double)(next(s) >> 11) + 0.5) * 0x1p-53;
}

/* 2 atanh((m - 1) / (m + 1)) of the mantissa, which lies within a factor sqrt(2) of 1: the terms fall by 34 each. */
static double log_of(double x)
{
	int exponent;
	double m = frexp(x, &exponent), sum = 0;
	if (m < SQRT_HALF) {
		m *= 2;
		exponent--;
	}
	double s = (m - 1) / (m + 1), square = s * s;
	for (int k = 25; k >= 1; k -= 2)
		sum = sum * square + 1.0 / k;
	return exponent * LN2 + 2 * s * sum;
}

static double exp_of(double x)
{
	if (x < -700)
		return 0;
	double n = floor(x / LN2 + 0.5), r = x - n * LN2, sum = 1;
	for (int k = 18; k >= 1; k--)
		sum = 1 + r / k * sum;
	return ldexp(sum, (int)n);
}

static double normal(struct stream *s)
{
	for (int i = 0; i < TRIES; i++) {
		double x = 2 * uniform(s) - 1, y = 2 * uniform(s) - 1, r = x * x + y * y;
		if (r < 1 && r > 0)
			return x * sqrt(-2 * log_of(r) / r);
	}
	return 0;
}

static double gamma_from_one(struct stream *s, double shape)
{
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (int i = 0; i < TRIES; i++) {
		double x = normal(s), v = 1 + c * x;
		if (v <= 0)
			continue;
		v = v * v * v;
		if (log_of(uniform(s)) < 0.5 * x * x + d - d * v + d * log_of(v))
			return d * v;
	}
	return shape;
}

/* Below 1: one of shape + 1, times u^(1 / shape). */
static double gamma_draw(struct stream *s, double shape)
{
	if (shape <= 0)
		return 0;
	if (shape >= 1)
		return gamma_from_one(s, shape);
	double g = gamma_from_one(s, shape + 1);
	return g * exp_of(log_of(uniform(s)) / shape);
}

double draw_share(uint64_t key)
{
	struct stream s = { key };
	return uniform(&s);
}

double draw_beta(uint64_t key, double alpha, double beta)
{
	struct stream s = { key };
	double a = gamma_draw(&s, alpha), b = gamma_draw(&s, beta);
	return a + b > 0 ? a / (a + b) : alpha / (alpha + beta);
}
