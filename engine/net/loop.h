/* net/loop.h: one shard's loop: its thread, its timer, its connections. Private to net. */
#ifndef NUDGED_NET_LOOP_H
#define NUDGED_NET_LOOP_H

#include "base/queue.h"
#include "net/clients.h"
#include "net/stream.h"
#include "shard/shard.h"

#include <pthread.h>
#include <stdatomic.h>

struct event_base;
struct event;
struct conn;

/* A connection on its way to a loop. */
struct arrival {
	struct stream stream;
	bool inner; /* see net/inner.h */
	struct client *client; /* whose it is; NULL of an inner one */
	struct clients *clients;
	bool makes_room; /* the place of a stranger's */
};
void arrival_drop(struct arrival *a); /* it comes to nothing: closed */

/* Of something that had more to do than a turn allows. */
struct turn {
	struct turn *next;
	void (*take)(struct turn *t);
	bool waits; /* it is in the loop's list */
};

struct loop {
	struct event_base *base;
	struct event *woken, *timer, *handed;
	struct shard *shard;
	struct queue *queue; /* arrivals from the listening loop, the greeter and the gateway; NULL stops the loop */
	struct conn *conns;
	_Atomic unsigned conn_count; /* with those on their way to it */
	_Atomic unsigned strangers;  /* of these, who have said no Hello yet */
	struct turn *turns, *last_turn; /* taken once a round, in order */
	uint64_t timer_at_ns; /* monotonic, as all here; UINT64_MAX: not set */
	uint64_t now_ns;      /* of the last look at the clock */
	uint64_t settled_ns;  /* of the round's begin, or within it */
	uint64_t turn_ns;     /* how long one connection's frames are taken before the others have a turn */
	bool unsettled;       /* frames were taken since */
	bool resting;         /* it waits, or has not told the shard yet that it does no more */
	pthread_t thread;
	bool started;
};

int loop_create(struct loop *l, struct shard *shard);
int loop_start(struct loop *l);
void loop_round(struct loop *l); /* waits, then does once what there is to do. For the thread, and for tests without one */
void loop_stop(struct loop *l); /* asks, and waits for the thread */
void loop_destroy(struct loop *l);
bool loop_hand_over(struct loop *l, const struct arrival *a); /* false: it is still the caller's. Any thread */
void loop_awake(struct loop *l);  /* first in each callback */
void loop_settle(struct loop *l); /* after a burst of frames: shard_settle and the timer */
void loop_took(struct loop *l);   /* frames were taken: loop_settle at the end of this round, or at once where it takes long */
uint64_t loop_now(struct loop *l); /* looks at the clock, for the shard too */
void loop_later(struct loop *l, struct turn *t);  /* once the others had theirs; no more than once however often asked */
void loop_forget(struct loop *l, struct turn *t); /* no turn for it */

/* conn.c */
void conn_open(struct loop *l, const struct arrival *a);
void conn_close(struct conn *c);
bool conn_make_room(struct loop *l); /* the stranger who has been here for longest goes; false: there is none */

#endif
