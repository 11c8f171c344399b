/* net/http_turn.c: whose turn it is on the gateway's thread.
 *
 * It has three classes, as priorities of libevent. First what is its own: the shards' answers, its tick. Then connections
 * in good standing: they were answered before, and take no more of the thread than their share; and the door, which lets
 * in a few at a time (http_door.c). Then all others: who is new or was never answered, event streams, work aside that is
 * done, and whoever takes more than that. Of these a little is done (ROUND_US), then the sockets are looked at again:
 * whatever a crowd of strangers sends, the others wait for a piece of it, and not for all.
 *
 * What a connection has sent ahead of its answers waits with the others' (libevent calls evhttp back that way): else those who
 * pipeline would keep the second class busy all the time, and the third would have no turn.
 *
 * A connection owes the CPU time that was spent on it, and its share of the thread pays that back. Shares shrink while
 * those in good standing are busy all the time, so that they cannot keep the rest out. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <event2/bufferevent.h>
#include <event2/event.h>

enum turn { TURN_OURS, TURN_GOOD, TURN_OTHERS };
/* Whatever asks for no priority has the middle one of so many: */
enum { MIDDLE_GOOD = 2 * TURN_GOOD + 1, MIDDLE_OTHERS = 2 * TURN_OTHERS + 1 };
#define ROUND_US 400 /* much less, and most of the time goes into looking at the sockets */
#define ROUND_PIECES 64
#define READ_NS 8000u /* a piece of a request that came, and … */
#define BYTE_NS 2u    /* … each byte of it: these are not measured */
#define OWED_MOST_NS 10000000u
#define SHARE_ONE 1024u /* of the thread */
#define SHARE_MOST 64u

struct event_base *http_turns_base(void)
{
	static const struct timeval most = { .tv_usec = ROUND_US };
	struct event_config *how = event_config_new();
	struct event_base *base = NULL;
	if (how && event_config_set_max_dispatch_interval(how, &most, ROUND_PIECES, TURN_OTHERS) == 0)
		base = event_base_new_with_config(how);
	if (how)
		event_config_free(how);
	if (base)
		CHECK(event_base_priority_init(base, MIDDLE_GOOD) == 0);
	return base;
}

void http_turn_ours(struct event *e)
{
	CHECK(event_priority_set(e, TURN_OURS) == 0);
}

void http_turn_link(struct bufferevent *link)
{
	CHECK(bufferevent_priority_set(link, TURN_OURS) == 0);
}

void http_turn_begin(struct http *h)
{
	h->work_ns = clock_thread_ns();
}

static void owe(struct http_peer *p, uint64_t ns)
{
	p->owes_ns += ns;
	p->http->good_ns += p->good ? ns : 0;
	if (p->ahead)
		http_ahead_owe(p->http, ns);
}

void http_turn_end(struct http *h, struct http_peer *p)
{
	uint64_t began_ns = h->work_ns;
	http_turn_begin(h);
	if (p)
		owe(p, h->work_ns - began_ns);
}

/* libevent changes the priority only of what does not wait for its turn: of what is being read at this moment, or is not
 * read at all. */
static void take_class(struct http_peer *p)
{
	CHECK(event_base_get_npriorities(p->http->base) == MIDDLE_OTHERS); /* else strangers come in among those in good standing */
	p->good = p->welcome && p->owes_ns < OWED_MOST_NS;
	int turn = p->good ? TURN_GOOD : TURN_OTHERS;
	if (p->turn != turn && bufferevent_priority_set(p->bev, turn) == 0)
		p->turn = turn;
}

void http_turn_read(struct http_peer *p, size_t bytes)
{
	uint64_t paid = (p->touched_ns - p->owes_at_ns) / SHARE_ONE * p->http->share;
	p->owes_ns -= paid < p->owes_ns ? paid : p->owes_ns;
	p->owes_at_ns = p->touched_ns;
	owe(p, READ_NS + bytes * BYTE_NS);
	take_class(p);
}

void http_turn_answered(struct http_peer *p)
{
	take_class(p);
}

void http_turns_begin(struct http *h)
{
	CHECK(event_base_priority_init(h->base, MIDDLE_OTHERS) == 0);
}

void http_turns_tick(struct http *h, uint64_t since_ns)
{
	if (h->good_ns > since_ns / 4)
		h->share = h->share > 1 ? h->share / 2 : 1;
	else if (h->share < SHARE_MOST)
		h->share = h->share ? h->share * 2 : SHARE_MOST;
	h->good_ns = 0;
}
