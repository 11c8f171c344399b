/* net/http_history.c: takes the samples of the daemon's figures (shard/figures.h) on the gateway's tick: it wakes up for
 * that tick anyway, and so nothing else does. */
#include "net/http_parts.h"

#include "base/clock.h"
#include "shard/figures.h"

#define STEP_NS (FIGURES_STEP_MS * 1000000ull)

static uint64_t requests(const struct http *h)
{
	uint64_t all = 0;
	for (unsigned r = 0; r <= http_route_count; r++)
		for (unsigned i = 0; i < HTTP_CODES; i++)
			all += h->counts[r].codes[i];
	return all;
}

void http_history_tick(struct http *h)
{
	if (!h->server || h->now_ns < h->sample_ns)
		return;
	/* by the clock, not by when the last one was: a minute of samples is a minute; but none is made up for */
	h->sample_ns += STEP_NS;
	if (h->sample_ns <= h->now_ns)
		h->sample_ns = h->now_ns + STEP_NS;
	struct figures_seen seen = {
		.now_ms = clock_wall_ms(),
		.now_ns = h->now_ns,
		.http_requests = requests(h),
		.http_connections = h->peers_in,
	};
	for (unsigned i = 0; i < engine_shard_count(h->engine); i++)
		seen.shard_cpu_ns[i] = server_cpu_ns(h->server, i);
	engine_sample(h->engine, &seen);
}
