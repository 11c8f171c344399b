/* net/loop.h: one shard's loop: its thread, its timer, its connections. Private to net. */
#ifndef NUDGED_NET_LOOP_H
#define NUDGED_NET_LOOP_H

#include "base/queue.h"
#include "shard/shard.h"

#include <pthread.h>
#include <stdatomic.h>

struct event_base;
struct event;
struct conn;

struct loop {
	struct event_base *base;
	struct event *woken, *timer, *handed;
	struct shard *shard;
	struct queue *queue; /* accepted sockets from the listening loop, as fd + 1; 0 stops the loop */
	struct conn *conns;
	_Atomic unsigned conn_count; /* with those on their way to it */
	int64_t timer_at_ms; /* monotonic; INT64_MAX: not set */
	uint64_t settled_ns; /* monotonic; of the round's begin, or within it */
	bool unsettled;      /* frames were taken since */
	pthread_t thread;
	bool started;
};

int loop_create(struct loop *l, struct shard *shard);
int loop_start(struct loop *l);
void loop_stop(struct loop *l); /* asks, and waits for the thread */
void loop_destroy(struct loop *l);
bool loop_hand_over(struct loop *l, int fd);
void loop_settle(struct loop *l); /* after a burst of frames: shard_settle and the timer */
void loop_took(struct loop *l);   /* frames were taken: loop_settle at the end of this round, or at once where it takes long */

/* conn.c */
void conn_open(struct loop *l, int fd);
void conn_close(struct conn *c);

#endif
