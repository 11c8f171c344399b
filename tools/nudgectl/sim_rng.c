/* nudgectl/sim_rng.c: splitmix64 (S. Vigna): small, and the same on every machine. */
#include "sim.h"

static uint64_t mixed(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

struct rng rng_of(uint64_t seed, uint64_t a, uint64_t b)
{
	return (struct rng){ mixed(mixed(mixed(seed + 1) + a * 0x9e3779b97f4a7c15u) + b * 0xd1b54a32d192ed03u) };
}

uint64_t rng_next(struct rng *r)
{
	r->state += 0x9e3779b97f4a7c15u;
	return mixed(r->state);
}

int rng_between(struct rng *r, int low, int high)
{
	return low + (int)(rng_next(r) % (uint64_t)(high - low + 1));
}

bool rng_chance(struct rng *r, int percent)
{
	return rng_between(r, 0, 99) < percent;
}

double rng_part(struct rng *r)
{
	return (double)(rng_next(r) >> 11) / 9007199254740992.0; /* 2^53 */
}
