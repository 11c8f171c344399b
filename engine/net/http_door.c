/* net/http_door.c: who is let in over HTTP, and who has to leave for it.
 *
 * There are LIMIT_HTTP_CONNECTIONS places. Where they are taken, the source (an address; of IPv6 its /64) that has most of them
 * gives one, the one that has been quiet for longest: to somebody from elsewhere at once, to its own only after that one
 * has had time to ask (LIMIT_HTTP_SPARED_MS). Until then a new connection waits, unread, in one of
 * LIMIT_HTTP_WAITING more places; when those are taken too, it is closed. So one source can fill the house, and
 * keeps out nobody but its own. What connections hold in memory is bounded for all of them in the same way.
 *
 * A few come in at a time, and then those who are in have their turn (http_turn.c): a crowd at the door costs them little. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define ROUND_ARRIVALS 4u /* in a millisecond, at some 30 us each; a round of libevent's takes one or two */
#define SWEEP_ARRIVALS 64u /* the sockets of those who left are closed that often at least */

/* Else the system holds megabytes for each that sends what is not read yet, or does not take its answers: those who come in have
 * it from the socket that they come in through. */
void http_door_open(int listening)
{
	int size = LIMIT_HTTP_SOCKET_BYTES;
	setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(listening, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static unsigned crowd_of(const struct http_peer *p)
{
	return p->client ? p->client->over_http : 0;
}

/* It is known how many crowds there are of each size, so that the largest need not be looked for. */
static void resize_crowd(struct http *h, unsigned from, unsigned to)
{
	CHECK(to < sizeof(h->crowds) / sizeof(h->crowds[0]));
	if (from)
		h->crowds[from]--;
	if (to)
		h->crowds[to]++;
	if (to > h->largest_crowd)
		h->largest_crowd = to;
	while (h->largest_crowd && !h->crowds[h->largest_crowd])
		h->largest_crowd--;
}

static void join_crowd(struct http_peer *p)
{
	unsigned from = p->client->over_http++;
	resize_crowd(p->http, from, from + 1);
}

void http_door_left(struct http_peer *p)
{
	if (!p->client)
		return;
	unsigned from = p->client->over_http--;
	resize_crowd(p->http, from, from - 1);
}

static bool goes_before(const struct http_peer *a, const struct http_peer *b)
{
	if (a->busy != b->busy)
		return b->busy;
	return a->answered != b->answered ? b->answered : a->touched_ns < b->touched_ns;
}

/* Whoever has just come has not had the time to ask, and whoever was just answered may well ask again. */
static bool had_time(const struct http_peer *p, uint64_t now_ns)
{
	return now_ns > (p->answered ? p->touched_ns : p->opened_ns) + LIMIT_HTTP_SPARED_MS * 1000000ull;
}

/* From the largest crowd: of those that were never answered, else of all, the one that has been quiet for longest gives its
 * place away. `spares`: only who had time to ask, and is not being answered. False: there is none. */
static bool evict_idlest(struct http *h, const struct http_peer *but, unsigned crowd, bool spares)
{
	struct http_peer *idlest = NULL;
	uint64_t now_ns = clock_mono_ns();
	for (struct http_peer *p = h->peers; p; p = p->next)
		if (p != but && p->met && !p->doomed && !p->waits && crowd_of(p) == crowd &&
		    (!spares || (!p->busy && had_time(p, now_ns))) && (!idlest || goes_before(p, idlest)))
			idlest = p;
	if (!idlest)
		return false;
	h->evicted++;
	http_peer_end(idlest);
	return true;
}

static size_t load_of(const struct http_peer *p)
{
	return p->held + p->untaken;
}

static struct http_peer *most_loaded(struct http *h)
{
	struct http_peer *most = NULL;
	for (struct http_peer *p = h->peers; p; p = p->next) {
		if (p->doomed || !p->client)
			continue;
		size_t a = p->client->http_bytes, b = most ? most->client->http_bytes : 0;
		if (!most || a > b || (p->client == most->client && load_of(p) > load_of(most)))
			most = p;
	}
	return most;
}

void http_door_unload(struct http *h)
{
	while (h->held_bytes > LIMIT_HTTP_HELD_BYTES || h->untaken_bytes > LIMIT_HTTP_HELD_BYTES) {
		struct http_peer *most = most_loaded(h);
		if (!most)
			return;
		h->evicted++;
		http_peer_end(most);
	}
}

/* It is not read meanwhile, and so not asked anything: to itself it is in the queue of the listening socket still. */
static void wait_outside(struct http *h, struct http_peer *p)
{
	if (h->peers_waiting >= LIMIT_HTTP_WAITING) {
		h->evicted++;
		http_peer_end(p);
		return;
	}
	p->waits = true;
	h->peers_in--;
	h->peers_waiting++;
	bufferevent_disable(p->bev, EV_READ);
}

static void let_in(struct http *h, struct http_peer *p)
{
	p->waits = false;
	p->opened_ns = clock_mono_ns();
	h->peers_in++;
	h->peers_waiting--;
	bufferevent_enable(p->bev, EV_READ);
}

static void find_place(struct http *h, struct http_peer *p)
{
	if (h->peers_in <= LIMIT_HTTP_CONNECTIONS)
		return;
	unsigned most = h->largest_crowd;
	if (!evict_idlest(h, p, most, crowd_of(p) + 1 >= most))
		wait_outside(h, p);
}

static void meet(struct http *h, struct http_peer *p)
{
	int fd = bufferevent_getfd(p->bev), on = 1;
	p->met = true;
	if (fd < 0 || http_peer_is_freed(p))
		return;
	p->client = clients_meet(h->clients, fd, p->gate->tls != NULL);
	if (!p->client) {
		http_peer_end(p);
		return;
	}
	join_crowd(p);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* else an answer may wait 40 ms; fails on a Unix socket */
	find_place(h, p);
}

/* Its socket is known from the moment that evhttp has taken it on: before anything is read from it. */
void http_door_arrived(struct http *h)
{
	for (struct http_peer *p = h->peers; p && !p->met; p = p->next)
		meet(h, p);
}

void http_door_knock(struct http *h)
{
	static const struct timeval soon = { .tv_usec = 1000 };
	event_active(h->arrived, EV_TIMEOUT, 0);
	if (++h->arrivals % ROUND_ARRIVALS)
		return;
	http_gates_let_in(h, false);
	event_add(h->next_round, &soon);
}

void http_door_next_round(struct http *h)
{
	if (h->arrivals % SWEEP_ARRIVALS == 0)
		http_peers_sweep(h);
	if (!h->refused && !h->stopping)
		http_gates_let_in(h, true);
}

static struct http_peer *first_waiting(struct http *h)
{
	struct http_peer *first = NULL;
	for (struct http_peer *p = h->peers; p; p = p->next)
		if (p->waits && !p->doomed)
			first = p; /* new ones are put in front */
	return first;
}

void http_door_tick(struct http *h)
{
	while (h->peers_waiting && (h->peers_in < LIMIT_HTTP_CONNECTIONS || evict_idlest(h, NULL, h->largest_crowd, true)))
		let_in(h, first_waiting(h));
}
