/* net/http_ahead.c: requests that clients send ahead of their answers (pipelining).
 *
 * Next to no client does that, and one piece read from a socket has hundreds of requests in it. So all that were sent ahead have
 * a share of the gateway's thread together, 1 / SHARE: some thousands of plain requests a second. Those beyond it wait here, one
 * of each connection, since none is read before the last is answered; oldest first, so that each connection has its turn. Large
 * bodies do not: there are not many of them in a piece, they would be held meanwhile, and http_aside.c has its own bounds. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <event2/event.h>

#define SHARE 16
#define BODY_BYTES (4u * KIB) /* at most, of one that waits: 4 MiB of LIMIT_HTTP_CONNECTIONS */
#define SAVED_MOST_NS 1000000 /* of what was not taken, for those who come next */
#define OWED_MOST_NS 100000000 /* one answer may take long */

static void pay(struct http_ahead *a)
{
	uint64_t now_ns = clock_mono_ns();
	int64_t since = (int64_t)((now_ns - a->paid_at_ns) / SHARE);
	a->paid_at_ns = now_ns;
	a->saved_ns = since > SAVED_MOST_NS - a->saved_ns ? SAVED_MOST_NS : a->saved_ns + since;
}

static void wait_for_turn(struct http_ahead *a)
{
	int64_t us = -a->saved_ns / 1000 * SHARE;
	struct timeval then = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 + 1 };
	if (a->saved_ns > 0) /* in the loop's next round: a timer would be a millisecond at least */
		event_active(a->turn, EV_TIMEOUT, 0);
	else
		event_add(a->turn, &then);
}

bool http_ahead_waits(struct http_exchange *x)
{
	struct http *h = x->http;
	struct http_ahead *a = &h->ahead;
	struct http_peer *p = http_peer_of(h, x->req);
	if (!p || !p->ahead || h->stopping || http_body_size(x) > BODY_BYTES)
		return false;
	pay(a);
	if (a->saved_ns > 0 && !a->first)
		return false;
	x->next = NULL;
	*(a->first ? &a->last->next : &a->first) = x;
	a->last = x;
	if (!event_pending(a->turn, EV_TIMEOUT, NULL))
		wait_for_turn(a);
	return true;
}

void http_ahead_owe(struct http *h, uint64_t ns)
{
	struct http_ahead *a = &h->ahead;
	a->saved_ns = (int64_t)ns > a->saved_ns + OWED_MOST_NS ? -OWED_MOST_NS : a->saved_ns - (int64_t)ns;
}

static void next_one(struct http *h)
{
	struct http_exchange *x = h->ahead.first;
	h->ahead.first = x->next;
	x->next = NULL;
	x->began_ns = clock_mono_ns(); /* until now it was as good as unread */
	http_go_on(x);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	pay(&h->ahead);
	if (h->ahead.first && h->ahead.saved_ns > 0)
		next_one(h);
	if (h->ahead.first)
		wait_for_turn(&h->ahead);
}

void http_ahead_begin(struct http *h)
{
	h->ahead.turn = evtimer_new(h->base, on_turn, h);
	CHECK(h->ahead.turn);
}

void http_ahead_end(struct http *h)
{
	while (h->ahead.first)
		next_one(h);
}
