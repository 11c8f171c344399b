/* net/loop.c: a libevent loop that drives one shard: woken by its queue, ticked by one timer set to what the shard
 * wants. An idle daemon wakes up for nothing else. */
#include "net/loop.h"

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "base/thread.h"

#include <event2/event.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define HANDED_MAX 64u
/* The journal is told once a round, not once a connection: else its first batch holds one connection's events, and all
 * others wait for that sync and then their own. But answers that are ready wait no longer than this for the round's end,
 * and no connection keeps the others waiting for longer with what it sent. */
#define SETTLE_NS 200000u

static void set_timer(struct loop *l, int64_t wait_ms)
{
	if (wait_ms < 0)
		return; /* whatever is set may come: it finds nothing to do */
	uint64_t at_ns = l->now_ns + (uint64_t)wait_ms * 1000000u;
	if (at_ns >= l->timer_at_ns)
		return;
	struct timeval tv = { .tv_sec = wait_ms / 1000, .tv_usec = (wait_ms % 1000) * 1000 };
	l->timer_at_ns = at_ns;
	event_add(l->timer, &tv);
}

uint64_t loop_now(struct loop *l)
{
	return l->now_ns = shard_look_at_clock(l->shard);
}

void loop_awake(struct loop *l)
{
	if (!l->resting)
		return;
	l->resting = false;
	l->settled_ns = 0;
	shard_awake(l->shard);
}

void loop_settle(struct loop *l)
{
	shard_settle(l->shard);
	l->unsettled = false;
	l->settled_ns = loop_now(l);
	set_timer(l, shard_wants(l->shard));
}

void loop_took(struct loop *l)
{
	l->unsettled = true;
	if (!l->settled_ns)
		l->settled_ns = l->now_ns;
	if (l->now_ns - l->settled_ns > SETTLE_NS)
		loop_settle(l);
}

void loop_later(struct loop *l, struct turn *t)
{
	if (t->waits)
		return;
	t->waits = true;
	t->next = NULL;
	if (l->turns)
		l->last_turn->next = t;
	else
		l->turns = t;
	l->last_turn = t;
}

void loop_forget(struct loop *l, struct turn *t)
{
	struct turn *before = NULL;
	if (!t->waits)
		return;
	for (struct turn *at = l->turns; at != t; at = at->next)
		before = at;
	if (before)
		before->next = t->next;
	else
		l->turns = t->next;
	if (l->last_turn == t)
		l->last_turn = before;
	t->waits = false;
}

/* Those that wait now, each once: who asks for another turn comes after the sockets' next. */
static void take_turns(struct loop *l)
{
	struct turn *last = l->last_turn;
	bool more = l->turns != NULL;
	while (more && l->turns) {
		struct turn *t = l->turns;
		more = t != last;
		loop_forget(l, t);
		t->take(t);
	}
}

static void wake(struct loop *l)
{
	shard_wake(l->shard);
	loop_now(l);
	set_timer(l, shard_wants(l->shard));
}

static void on_woken(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	loop_awake(l);
	wake(l);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	loop_awake(l);
	l->timer_at_ns = UINT64_MAX;
	int64_t wait_ms = shard_tick(l->shard);
	loop_now(l);
	set_timer(l, wait_ms);
}

static void let_in(struct loop *l, struct arrival *a)
{
	if (!a->makes_room || conn_make_room(l)) {
		conn_open(l, a);
		return;
	}
	atomic_fetch_sub(&l->conn_count, 1);
	arrival_drop(a);
}

static void on_handed(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	void *items[HANDED_MAX];
	size_t n;
	queue_clear_fd(l->queue);
	while ((n = queue_pop_all(l->queue, items, HANDED_MAX))) {
		for (size_t i = 0; i < n; i++) {
			struct arrival *a = items[i];
			if (a)
				let_in(l, a);
			else
				event_base_loopbreak(l->base);
			free(a);
		}
	}
}

void arrival_drop(struct arrival *a)
{
	client_leave(a->client, true);
	stream_close(&a->stream);
}

bool loop_hand_over(struct loop *l, const struct arrival *a)
{
	struct arrival *item = must_malloc(sizeof(*item));
	*item = *a;
	atomic_fetch_add(&l->conn_count, !a->inner);
	if (queue_push(l->queue, item))
		return true;
	atomic_fetch_sub(&l->conn_count, !a->inner);
	free(item);
	return false;
}

/* Those that came while it stopped. */
static void turn_away(struct loop *l)
{
	void *items[HANDED_MAX];
	size_t n;
	while (l->queue && (n = queue_pop_all(l->queue, items, HANDED_MAX))) {
		for (size_t i = 0; i < n; i++) {
			struct arrival *a = items[i];
			if (a)
				arrival_drop(a);
			free(a);
		}
	}
}

int loop_create(struct loop *l, struct shard *shard)
{
	*l = (struct loop){ .shard = shard, .timer_at_ns = UINT64_MAX, .turn_ns = SETTLE_NS };
	int result = queue_create(&l->queue, 4096);
	if (result != ERR_OK)
		return result;
	l->base = event_base_new();
	if (!l->base)
		return error_set(ERR_IO, NULL, "libevent cannot make a loop");
	l->woken = event_new(l->base, shard_fd(shard), EV_READ | EV_PERSIST | EV_ET, on_woken, l);
	l->timer = event_new(l->base, -1, 0, on_timer, l);
	l->handed = event_new(l->base, queue_fd(l->queue), EV_READ | EV_PERSIST, on_handed, l);
	CHECK(l->woken && l->timer && l->handed);
	event_add(l->woken, NULL);
	event_add(l->handed, NULL);
	return ERR_OK;
}

void loop_round(struct loop *l)
{
	take_turns(l);
	bool idle = !l->turns && !l->unsettled;
	l->resting = idle && shard_rest(l->shard);
	if (idle && !l->resting)
		wake(l); /* what came while the shard was awake: nobody told */
	event_base_loop(l->base, EVLOOP_ONCE | (l->resting ? 0 : EVLOOP_NONBLOCK));
	loop_awake(l);
	if (l->unsettled)
		loop_settle(l);
}

static void *run(void *arg)
{
	struct loop *l = arg;
	thread_prompt();
	on_timer(-1, 0, l); /* what recovery left to do comes first */
	do
		loop_round(l);
	while (!event_base_got_break(l->base));
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
	turn_away(l);
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
