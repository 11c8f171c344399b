/* bench/loop.h: one thread that drives all connections of all streams with epoll.
 *
 * A stream is one kind of work on connections of its own. Saturating (rate 0) it keeps `depth` requests in flight on
 * each connection. With a rate it is an open loop: request n is due at start + n / rate, sent then or as soon after as
 * the generator runs, and its latency counts from when it was due: a server that stalls is charged for every request
 * that should have been sent meanwhile (no coordinated omission). */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "histogram.h"
#include "protocol.h"

#include <stdio.h>

#define STREAMS_MAX 4

struct stream {
	enum work_kind kind;
	unsigned connections, depth, batch;
	double rate; /* items a second; 0: as fast as depth allows */
	struct workload workload;
	/* what was measured, within the window */
	struct histogram latency;
	uint64_t items, requests, errors, fired;
	char first_error[160];
};

struct run {
	const struct protocol *protocol;
	const char *address;
	double warm_s, seconds;
	uint64_t stop_after; /* items of the first stream in all; 0: by time */
	struct stream streams[STREAMS_MAX];
	unsigned stream_count;
	void (*begin)(void *arg), (*end)(void *arg); /* at the edges of the measured window */
	void *arg;
	double measured_s; /* its real length */
};

/* Connects, runs, waits for the last answers (up to a minute). Ends the program with a message where the server goes
 * away. */
void run_load(struct run *r);

#endif
