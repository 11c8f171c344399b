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

uint64_t clock_thread_ns(void)
{
	struct timespec t;
	CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void clock_random_fill(void *to, size_t len)
{
	char *at = to;
	while (len) {
		ssize_t n = getrandom(at, len, 0); /* beyond 256 bytes a signal may cut it short */
		CHECK(n > 0 || errno == EINTR);
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
}

uint64_t clock_random(void)
{
	uint64_t v;
	clock_random_fill(&v, sizeof(v));
	return v;
}
