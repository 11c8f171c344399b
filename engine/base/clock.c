/* base/clock.c: see clock.h. */
#include "base/clock.h"

#include "base/check.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

int64_t clock_wall_ms(void)
{
	struct timespec t;
	CHECK(clock_gettime(CLOCK_REALTIME, &t) == 0);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t clock_mono_ns(void)
{
	struct timespec t;
	CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void clock_random_fill(void *to, size_t len)
{
	CHECK(len <= 256);
	ssize_t n;
	do {
		n = getrandom(to, len, 0);
	} while (n < 0 && errno == EINTR);
	CHECK(n == (ssize_t)len);
}

uint64_t clock_random(void)
{
	uint64_t v;
	clock_random_fill(&v, sizeof(v));
	return v;
}
