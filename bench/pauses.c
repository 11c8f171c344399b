/* bench/pauses.c: how much of the time the machine itself stands still. One thread a core does nothing but read the
 * clock; where two readings lie far apart, it was not running: a host that had something else to do, an interrupt. A
 * request that falls into such a pause waits it out, whatever the server, so a pause in 1% of the time is a 99th
 * percentile. Prints one JSON object: the share of the time (0 to 1) in which some core paused for longer than a given
 * time, and the longest pause. */
#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CORES_MAX 64

struct core {
	pthread_t thread;
	uint64_t end_ns, least_ns; /* pauses shorter than this are not counted */
	uint64_t lost_ns, longest_ns, count;
};

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *watch(void *of)
{
	struct core *c = of;
	uint64_t before = now_ns(), now;
	for (; (now = now_ns()) < c->end_ns; before = now) {
		uint64_t gap = now - before;
		if (gap > c->longest_ns)
			c->longest_ns = gap;
		if (gap < c->least_ns)
			continue;
		c->lost_ns += gap;
		c->count++;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct core cores[CORES_MAX];
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	if (argc != 3)
		errx(2, "usage: pauses SECONDS LEAST_US");
	double seconds = strtod(argv[1], NULL), least_us = strtod(argv[2], NULL), share = 0;
	uint64_t end = now_ns() + (uint64_t)(seconds * 1e9), longest = 0, count = 0;
	n = n < 1 ? 1 : n > CORES_MAX ? CORES_MAX : n;
	for (long i = 0; i < n; i++) {
		cores[i].end_ns = end;
		cores[i].least_ns = (uint64_t)(least_us * 1e3);
		if (pthread_create(&cores[i].thread, NULL, watch, &cores[i]) != 0)
			err(1, "a thread");
	}
	for (long i = 0; i < n; i++) {
		pthread_join(cores[i].thread, NULL);
		share += (double)cores[i].lost_ns / (seconds * 1e9);
		longest = cores[i].longest_ns > longest ? cores[i].longest_ns : longest;
		count += cores[i].count;
	}
	printf("{\"cores\": %ld, \"share\": %.5f, \"pauses\": %llu, \"longest_us\": %.1f}\n", n, share / (double)n,
	       (unsigned long long)count, (double)longest / 1e3);
	return 0;
}
