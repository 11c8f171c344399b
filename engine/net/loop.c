/* net/loop.c: a libevent loop that drives one shard: woken by its queue, ticked by one timer set to what the shard
 * wants. An idle daemon wakes up for nothing else. */
#include "net/loop.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

#include <event2/event.h>
#include <stdint.h>
#include <stdio.h>

#define HANDED_MAX 64u
/* The journal is told once a round, not once a connection: else its first batch holds one connection's events, and all
 * others wait for that sync and then their own. But answers that are ready wait no longer than this for the round's end. */
#define SETTLE_NS 200000u

static int64_t mono_ms(void)
{
	return (int64_t)(clock_mono_ns() / 1000000u);
}

static void set_timer(struct loop *l, int64_t wait_ms)
{
	if (wait_ms < 0)
		return; /* whatever is set may come: it finds nothing to do */
	int64_t at = mono_ms() + wait_ms;
	if (at >= l->timer_at_ms)
		return;
	struct timeval tv = { .tv_sec = wait_ms / 1000, .tv_usec = (wait_ms % 1000) * 1000 };
	l->timer_at_ms = at;
	event_add(l->timer, &tv);
}

void loop_settle(struct loop *l)
{
	shard_settle(l->shard);
	set_timer(l, shard_wants(l->shard));
	l->unsettled = false;
	l->settled_ns = clock_mono_ns();
}

void loop_took(struct loop *l)
{
	l->unsettled = true;
	if (clock_mono_ns() - l->settled_ns > SETTLE_NS)
		loop_settle(l);
}

static void on_woken(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	shard_wake(l->shard);
	set_timer(l, shard_wants(l->shard));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	l->timer_at_ms = INT64_MAX;
	set_timer(l, shard_tick(l->shard));
}

static void on_handed(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	void *items[HANDED_MAX];
	size_t n;
	queue_clear_fd(l->queue);
	while ((n = queue_pop_all(l->queue, items, HANDED_MAX))) {
		for (size_t i = 0; i < n; i++) {
			if (items[i])
				conn_open(l, (int)((intptr_t)items[i] - 1));
			else
				event_base_loopbreak(l->base);
		}
	}
}

bool loop_hand_over(struct loop *l, int fd)
{
	atomic_fetch_add(&l->conn_count, 1);
	if (queue_push(l->queue, (void *)((intptr_t)fd + 1)))
		return true;
	atomic_fetch_sub(&l->conn_count, 1);
	return false;
}

int loop_create(struct loop *l, struct shard *shard)
{
	*l = (struct loop){ .shard = shard, .timer_at_ms = INT64_MAX };
	int result = queue_create(&l->queue, 4096);
	if (result != ERR_OK)
		return result;
	l->base = event_base_new();
	if (!l->base)
		return error_set(ERR_IO, NULL, "libevent cannot make a loop");
	l->woken = event_new(l->base, shard_fd(shard), EV_READ | EV_PERSIST, on_woken, l);
	l->timer = event_new(l->base, -1, 0, on_timer, l);
	l->handed = event_new(l->base, queue_fd(l->queue), EV_READ | EV_PERSIST, on_handed, l);
	CHECK(l->woken && l->timer && l->handed);
	event_add(l->woken, NULL);
	event_add(l->handed, NULL);
	return ERR_OK;
}

static void *run(void *arg)
{
	struct loop *l = arg;
	set_timer(l, shard_tick(l->shard)); /* what recovery left to do comes first */
	do {
		l->settled_ns = clock_mono_ns();
		event_base_loop(l->base, EVLOOP_ONCE); /* waits, then one round of whatever is ready */
		if (l->unsettled)
			loop_settle(l);
	} while (!event_base_got_break(l->base));
	while (l->conns)
		conn_close(l->conns);
	shard_settle(l->shard);
	return NULL;
}

int loop_start(struct loop *l)
{
	char name[16];
	if (pthread_create(&l->thread, NULL, run, l) != 0)
		return error_errno("cannot start a shard's thread");
	snprintf(name, sizeof(name), "shard-%u", shard_index(l->shard));
	pthread_setname_np(l->thread, name);
	l->started = true;
	return ERR_OK;
}

void loop_stop(struct loop *l)
{
	if (!l->started)
		return;
	while (!queue_push(l->queue, NULL))
		sched_yield();
	pthread_join(l->thread, NULL);
	l->started = false;
}

void loop_destroy(struct loop *l)
{
	if (l->woken)
		event_free(l->woken);
	if (l->timer)
		event_free(l->timer);
	if (l->handed)
		event_free(l->handed);
	if (l->base)
		event_base_free(l->base);
	queue_destroy(l->queue);
}
