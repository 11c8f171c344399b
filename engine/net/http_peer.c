/* net/http_peer.c: the gateway's connections and their bounds, which evhttp does not keep: how long a request may take to
 * arrive (a byte every few seconds is not progress), and how much all of them may hold. How many there are: http_door.c.
 *
 * evhttp makes its connections itself and says nothing when one ends before it was a request. So each bufferevent is
 * made here (bevcb) and kept with a reference of ours: one whose callbacks are gone has been freed by evhttp, and its
 * socket is closed with it when we let go. A connection is ended by shutting its socket down: evhttp sees its end and does the rest.
 */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A body and its headers, whole: evhttp takes a body only when all of it is there. */
#define READ_AHEAD_BYTES (LIMIT_HTTP_BODY_BYTES + 4u * LIMIT_HTTP_HEADER_BYTES)

bool http_peer_is_freed(const struct http_peer *p)
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
	p->fd = fd;
}

struct http_peer *http_peer_of(struct http *h, struct evhttp_request *req)
{
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	struct bufferevent *bev = c ? evhttp_connection_get_bufferevent(c) : NULL;
	int fd = bev ? bufferevent_getfd(bev) : -1;
	struct http_peer *p = fd >= 0 && (unsigned)fd < h->fd_cap ? h->by_fd[fd] : NULL;
	return p && p->bev == bev ? p : NULL;
}

/* Bytes that it holds, in the gateway's books and in those of whom it is from. */
static void hold(struct http_peer *p, size_t *what, size_t *all, size_t now)
{
	if (p->doomed)
		return;
	*all = *all - *what + now;
	if (p->client)
		p->client->http_bytes = p->client->http_bytes - *what + now;
	*what = now;
}

static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_peer *p = arg;
	struct http *h = p->http;
	if (info->n_added) {
		p->touched_ns = clock_mono_ns();
		if (!p->since_ns && !p->busy)
			p->since_ns = p->touched_ns;
		note_fd(h, p);
		http_turn_read(p, info->n_added);
	}
	hold(p, &p->held, &h->held_bytes, info->orig_size + info->n_added - info->n_deleted);
	if (h->held_bytes > LIMIT_HTTP_HELD_BYTES)
		http_door_unload(h);
}

static void on_output(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_peer *p = arg;
	struct http *h = p->http;
	hold(p, &p->untaken, &h->untaken_bytes, info->orig_size + info->n_added - info->n_deleted);
	if (h->untaken_bytes > LIMIT_HTTP_HELD_BYTES)
		http_door_unload(h);
}

/* What a connection on its way out still holds is gone with the next rounds. */
void http_peer_end(struct http_peer *p)
{
	struct http *h = p->http;
	if (p->doomed)
		return;
	hold(p, &p->held, &h->held_bytes, 0);
	hold(p, &p->untaken, &h->untaken_bytes, 0);
	p->doomed = true;
	h->peers_in -= !p->waits;
	h->peers_waiting -= p->waits;
	http_door_left(p);
	if (!http_peer_is_freed(p))
		shutdown(bufferevent_getfd(p->bev), SHUT_RDWR);
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

struct bufferevent *http_peer_open(struct event_base *base, void *arg)
{
	const struct http_gate *gate = arg;
	struct http *h = gate->http;
	struct ssl_st *ssl;
	struct bufferevent *bev = make_bev(base, gate->tls, &ssl);
	if (!bev)
		return NULL;
	struct http_peer *p = must_calloc(1, sizeof(*p));
	p->http = h;
	p->gate = gate;
	p->bev = bev;
	p->ssl = ssl;
	p->fd = -1;
	p->opened_ns = p->touched_ns = p->owes_at_ns = clock_mono_ns();
	bufferevent_incref(bev);
	bufferevent_setwatermark(bev, EV_READ, 0, READ_AHEAD_BYTES);
	evbuffer_add_cb(bufferevent_get_input(bev), on_input, p);
	evbuffer_add_cb(bufferevent_get_output(bev), on_output, p);
	p->next = h->peers;
	p->at = &h->peers;
	if (p->next)
		p->next->at = &p->next;
	h->peers = p;
	h->peers_in++;
	http_door_knock(h);
	return bev;
}

struct client *http_peer_client(struct http *h, struct evhttp_request *req)
{
	struct http_peer *p = http_peer_of(h, req);
	return p ? client_hold(p->client) : NULL;
}

static void forget(struct http *h, struct http_peer *p)
{
	http_peer_end(p);
	client_leave(p->client, true);
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	if (p->fd >= 0 && h->by_fd[p->fd] == p)
		h->by_fd[p->fd] = NULL;
	evbuffer_remove_cb(bufferevent_get_input(p->bev), on_input, p);
	evbuffer_remove_cb(bufferevent_get_output(p->bev), on_output, p);
	bufferevent_decref(p->bev); /* and its TLS */
	free(p);
}

static void on_complete(struct evhttp_request *req, void *arg)
{
	struct http_peer *p = http_peer_of(arg, req);
	if (!p)
		return;
	p->busy = false;
	p->answered = true;
	p->welcome |= evhttp_request_get_response_code(req) < 400;
	p->touched_ns = clock_mono_ns();
	p->ahead = p->held > 0;
	p->since_ns = p->ahead ? p->touched_ns : 0;
	http_turn_answered(p);
}

/* Nothing more is read until it is answered: evhttp cannot bear a second request by then. */
void http_peer_busy(struct http *h, struct evhttp_request *req)
{
	struct http_peer *p = http_peer_of(h, req);
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

void http_peers_sweep(struct http *h)
{
	struct http_peer *next;
	for (struct http_peer *p = h->peers; p; p = next) {
		next = p->next;
		if (http_peer_is_freed(p))
			forget(h, p);
	}
}

void http_peers_tick(struct http *h)
{
	http_peers_sweep(h);
	for (struct http_peer *p = h->peers; p; p = p->next) {
		if (!is_late(h, p))
			continue;
		h->late++;
		http_peer_end(p);
	}
	http_door_tick(h);
}

void http_peers_forget(struct http *h)
{
	while (h->peers)
		forget(h, h->peers);
	free(h->by_fd);
	h->by_fd = NULL;
	h->fd_cap = 0;
}
