/* net/http_gate.c: the addresses that the gateway listens on, each plain or TLS. An evhttp of its own for each, since evhttp does
 * not say through which socket a connection came; what is behind them (peers, routes, links, sessions) is one. */
#include "net/http_parts.h"

#include "base/log.h"

#include <errno.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>

int http_gate_bind(struct http *h, const char *address, struct tls *tls)
{
	if (h->gate_count == LIMIT_HTTP_ADDRESSES)
		return error_set(ERR_LIMIT, "http", "at most %u addresses (limit_http_addresses)", LIMIT_HTTP_ADDRESSES);
	struct http_gate *g = &h->gates[h->gate_count];
	g->http = h;
	g->listener.fd = -1;
	int result = listener_open(&g->listener, address, clients_unix_mode(h->clients));
	h->gate_count++; /* closed with the others also where it is half open */
	if (result != ERR_OK)
		return result;
	const char *bound = g->listener.address;
	g->tls = g->listener.tls ? tls : NULL;
	g->unix_socket = bound[0] == 'u';
	snprintf(g->address, sizeof(g->address), "%s%s", g->tls ? "https://" : "", g->unix_socket ? bound : bound + 4);
	return ERR_OK;
}

/* A process has one gateway. evhttp makes itself the argument of its listeners' callbacks, of that for errors too: so it is
 * known from here whose they are. */
static struct http *gateway;

/* Out of files, mostly: a connection that waits would wake the loop again and again. */
static void on_accept_error(struct evconnlistener *l, void *evhttp)
{
	if (errno == EMFILE || errno == ENFILE)
		log_warn("http: refused a connection: out of file descriptors (ulimit -n)");
	gateway->refused = true;
	evconnlistener_disable(l);
}

static int begin(struct http_gate *g)
{
	static const struct timeval idle = { .tv_sec = LIMIT_HTTP_IDLE_MS / 1000 };
	struct http *h = g->http;
	g->evhttp = evhttp_new(h->base);
	g->accepting = evconnlistener_new(h->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, g->listener.fd);
	if (!g->evhttp || !g->accepting || !evhttp_bind_listener(g->evhttp, g->accepting))
		return error_set(ERR_IO, NULL, "libevent cannot make an HTTP server");
	http_door_open(g->listener.fd);
	evconnlistener_set_error_cb(g->accepting, on_accept_error);
	evhttp_set_bevcb(g->evhttp, http_peer_open, g);
	evhttp_set_gencb(g->evhttp, http_on_request, g);
	evhttp_set_max_headers_size(g->evhttp, LIMIT_HTTP_HEADER_BYTES);
	evhttp_set_max_body_size(g->evhttp, LIMIT_HTTP_BODY_BYTES);
	evhttp_set_timeout_tv(g->evhttp, &idle);
	evhttp_set_default_content_type(g->evhttp, NULL);
	/* all that it knows: what no route has is answered by us */
	evhttp_set_allowed_methods(g->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						      EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	return ERR_OK;
}

int http_gates_begin(struct http *h)
{
	int result = ERR_OK;
	gateway = h;
	http_unread_counts(h);
	for (unsigned i = 0; i < h->gate_count && result == ERR_OK; i++)
		result = begin(&h->gates[i]);
	http_turns_begin(h);
	return result;
}

void http_gates_let_in(struct http *h, bool on)
{
	for (unsigned i = 0; i < h->gate_count; i++) {
		if (on)
			evconnlistener_enable(h->gates[i].accepting);
		else
			evconnlistener_disable(h->gates[i].accepting);
	}
}

void http_gates_end(struct http *h)
{
	for (unsigned i = 0; i < h->gate_count; i++) {
		if (h->gates[i].evhttp)
			evhttp_free(h->gates[i].evhttp); /* and its listener */
		h->gates[i].evhttp = NULL;
		h->gates[i].accepting = NULL;
	}
}

void http_gates_close(struct http *h)
{
	for (unsigned i = 0; i < h->gate_count; i++)
		listener_close(&h->gates[i].listener);
}
