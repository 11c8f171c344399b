/* net/http_peer.c: the gateway's connections and their bounds, which evhttp does not keep: how many there are, how long
 * a request may take to arrive (a byte every few seconds is not progress), and how much all of them may hold.
 *
 * evhttp makes its connections itself and says nothing when one ends before it was a request. So each bufferevent is
 * made here (bevcb) and kept with a reference of ours: one whose callbacks are gone has been freed by evhttp, and its
 * socket is closed with it when we let go. A connection is ended by shutting its socket down: evhttp sees its end and does the rest.
 */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A body and its headers, whole: evhttp takes a body only when all of it is there. */
#define READ_AHEAD_BYTES (LIMIT_HTTP_BODY_BYTES + 4u * LIMIT_HTTP_HEADER_BYTES)
#define ROUND_ARRIVALS 16u /* let in at once; then those who are in have their turn */

static bool is_freed(const struct http_peer *p)
{
	bufferevent_data_cb read, write;
	bufferevent_event_cb end;
	void *arg;
	bufferevent_getcb(p->bev, &read, &write, &end, &arg);
	return !end;
}

static void note_fd(struct http *h, struct http_peer *p)
{
	int fd = bufferevent_getfd(p->bev);
	if (fd < 0)
		return;
	if ((unsigned)fd >= h->fd_cap) {
		unsigned cap = (unsigned)fd * 2 + 64;
		h->by_fd = must_realloc(h->by_fd, cap * sizeof(h->by_fd[0]));
		for (unsigned i = h->fd_cap; i < cap; i++)
			h->by_fd[i] = NULL;
		h->fd_cap = cap;
	}
	h->by_fd[fd] = p;
}

static struct http_peer *peer_of(struct http *h, struct evhttp_request *req)
{
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	struct bufferevent *bev = c ? evhttp_connection_get_bufferevent(c) : NULL;
	int fd = bev ? bufferevent_getfd(bev) : -1;
	struct http_peer *p = fd >= 0 && (unsigned)fd < h->fd_cap ? h->by_fd[fd] : NULL;
	return p && p->bev == bev ? p : NULL;
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_peer *p = arg;
	struct http *h = p->http;
	size_t now = info->orig_size + info->n_added - info->n_deleted;
	h->held_bytes = h->held_bytes - p->held + now;
	p->held = now;
	if (!info->n_added)
		return;
	p->touched_ns = clock_mono_ns();
	if (!p->since_ns && !p->busy)
		p->since_ns = p->touched_ns;
	note_fd(h, p);
}

static void on_output(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_peer *p = arg;
	size_t now = info->orig_size + info->n_added - info->n_deleted;
	p->http->untaken_bytes = p->http->untaken_bytes - p->untaken + now;
	p->untaken = now;
}

static void end_peer(struct http_peer *p)
{
	p->doomed = true;
	if (!is_freed(p))
		shutdown(bufferevent_getfd(p->bev), SHUT_RDWR);
}

static bool goes_before(const struct http_peer *a, const struct http_peer *b)
{
	return a->answered != b->answered ? b->answered : a->touched_ns < b->touched_ns;
}

/* Whoever has just come has not had the time to ask, and whoever was just answered may well ask again. */
static bool may_go(const struct http_peer *p, uint64_t now_ns)
{
	return !p->busy && !p->doomed && bufferevent_getfd(p->bev) >= 0 &&
	       now_ns > (p->answered ? p->touched_ns : p->opened_ns) + LIMIT_HTTP_SPARED_MS * 1000000ull;
}

/* Of those that were never answered, else of all, the one that has been quiet for longest gives its place away. None: all
 * are being answered, or are spared. */
static bool evict_idlest(struct http *h, const struct http_peer *but)
{
	struct http_peer *idlest = NULL;
	uint64_t now_ns = clock_mono_ns();
	for (struct http_peer *p = h->peers; p; p = p->next)
		if (p != but && may_go(p, now_ns) && (!idlest || goes_before(p, idlest)))
			idlest = p;
	if (!idlest)
		return false;
	h->evicted++;
	end_peer(idlest);
	return true;
}

static void evict_largest(struct http *h)
{
	struct http_peer *largest = NULL;
	for (struct http_peer *p = h->peers; p; p = p->next)
		if (!p->doomed && (!largest || p->held + p->untaken > largest->held + largest->untaken))
			largest = p;
	if (!largest)
		return;
	h->evicted++;
	end_peer(largest);
}

unsigned http_peers_living(const struct http *h)
{
	unsigned count = 0;
	for (const struct http_peer *p = h->peers; p; p = p->next)
		count += !p->doomed;
	return count;
}

/* The socket is closed with its last reference, which is ours: evhttp would close it while the bufferevent still waits for
 * it in the loop, and take from the next connection of that number what it was sent. */
static struct bufferevent *make_bev(struct event_base *base, struct tls *tls, struct ssl_st **ssl)
{
	*ssl = tls ? tls_accept(tls, TLS_HTTP, -1) : NULL;
	if (!tls)
		return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	struct bufferevent *bev =
		*ssl ? bufferevent_openssl_socket_new(base, -1, *ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE) : NULL;
	if (bev)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1); /* lengths are told: the end is not what says that all is here */
	else
		SSL_free(*ssl);
	return bev;
}

/* A crowd at the door would push out, one after the other, all who are in, before these can say a word. */
static void pace(struct http *h)
{
	static const struct timeval at_once = { 0 };
	if (++h->arrivals < ROUND_ARRIVALS)
		return;
	evconnlistener_disable(h->accepting);
	event_add(h->next_round, &at_once);
}

void http_peers_next_round(struct http *h)
{
	h->arrivals = 0;
	if (!h->full && !h->refused && !h->stopping)
		evconnlistener_enable(h->accepting);
}

struct bufferevent *http_peer_open(struct event_base *base, void *arg)
{
	struct http *h = arg;
	struct ssl_st *ssl;
	struct bufferevent *bev = make_bev(base, h->tls, &ssl);
	if (!bev)
		return NULL;
	struct http_peer *p = must_calloc(1, sizeof(*p));
	p->http = h;
	p->bev = bev;
	p->ssl = ssl;
	p->opened_ns = p->touched_ns = clock_mono_ns();
	bufferevent_incref(bev);
	bufferevent_setwatermark(bev, EV_READ, 0, READ_AHEAD_BYTES);
	evbuffer_add_cb(bufferevent_get_input(bev), on_input, p);
	evbuffer_add_cb(bufferevent_get_output(bev), on_output, p);
	p->next = h->peers;
	p->at = &h->peers;
	if (p->next)
		p->next->at = &p->next;
	h->peers = p;
	h->peer_count++;
	event_active(h->arrived, EV_TIMEOUT, 0);
	pace(h);
	if (h->peer_count >= LIMIT_HTTP_CONNECTIONS && http_peers_living(h) >= LIMIT_HTTP_CONNECTIONS &&
	    !evict_idlest(h, p)) {
		h->full = true;
		evconnlistener_disable(h->accepting); /* the others wait in the system's queue */
	}
	return bev;
}

/* Its socket is known from the moment that evhttp has taken it on: before anything is read from it. */
void http_peers_arrived(struct http *h)
{
	for (struct http_peer *p = h->peers; p && !p->met; p = p->next) {
		int fd = bufferevent_getfd(p->bev);
		p->met = true;
		if (fd < 0 || is_freed(p))
			continue;
		p->client = clients_meet(h->clients, fd, h->tls != NULL);
		if (!p->client)
			end_peer(p);
	}
}

struct client *http_peer_client(struct http *h, struct evhttp_request *req)
{
	struct http_peer *p = peer_of(h, req);
	return p ? client_hold(p->client) : NULL;
}

static void forget(struct http *h, struct http_peer *p)
{
	client_leave(p->client, true);
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	for (unsigned i = 0; i < h->fd_cap; i++)
		if (h->by_fd[i] == p)
			h->by_fd[i] = NULL;
	h->held_bytes -= p->held;
	h->untaken_bytes -= p->untaken;
	h->peer_count--;
	evbuffer_remove_cb(bufferevent_get_input(p->bev), on_input, p);
	evbuffer_remove_cb(bufferevent_get_output(p->bev), on_output, p);
	bufferevent_decref(p->bev); /* and its TLS */
	free(p);
}

static void on_complete(struct evhttp_request *req, void *arg)
{
	struct http_peer *p = peer_of(arg, req);
	if (!p)
		return;
	p->busy = false;
	p->answered = true;
	p->touched_ns = clock_mono_ns();
	p->since_ns = p->held ? p->touched_ns : 0; /* the next one may be here already */
}

/* Nothing more is read until it is answered: evhttp cannot bear a second request by then. */
void http_peer_busy(struct http *h, struct evhttp_request *req)
{
	struct http_peer *p = peer_of(h, req);
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	bufferevent_disable(evhttp_connection_get_bufferevent(c), EV_READ);
	evhttp_request_set_on_complete_cb(req, on_complete, h);
	if (!p)
		return;
	p->busy = true;
	p->since_ns = 0;
}

/* A request that does not come to its end, or a handshake. */
static bool is_late(const struct http *h, const struct http_peer *p)
{
	if (p->busy || p->doomed)
		return false;
	if (p->ssl && !SSL_is_init_finished(p->ssl))
		return h->now_ns > p->opened_ns + LIMIT_HANDSHAKE_MS * 1000000ull;
	return p->since_ns && h->now_ns > p->since_ns + LIMIT_HTTP_REQUEST_MS * 1000000ull;
}

void http_peers_tick(struct http *h)
{
	struct http_peer *next;
	for (struct http_peer *p = h->peers; p; p = next) {
		next = p->next;
		if (is_freed(p)) {
			forget(h, p);
		} else if (is_late(h, p)) {
			h->late++;
			end_peer(p);
		}
	}
	if (h->held_bytes > LIMIT_HTTP_HELD_BYTES || h->untaken_bytes > LIMIT_HTTP_HELD_BYTES)
		evict_largest(h);
	if (h->full && (http_peers_living(h) < LIMIT_HTTP_CONNECTIONS || evict_idlest(h, NULL))) {
		h->full = false;
		evconnlistener_enable(h->accepting);
	}
}

void http_peers_forget(struct http *h)
{
	while (h->peers)
		forget(h, h->peers);
	free(h->by_fd);
	h->by_fd = NULL;
	h->fd_cap = 0;
}
