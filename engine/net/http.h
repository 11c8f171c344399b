/* net/http.h: the HTTP/JSON gateway: evhttp in a thread of its own. To the shards it is a client as any other: what is
 * asked over HTTP goes to them as frames over socket pairs, with their order, limits and back-pressure, and the answers
 * come back the same way. So nothing of it is on the path of the protobuf sockets, and nothing of HTTP is in a shard.
 *
 *     browser, curl -> evhttp (bounds: http_peer.c) -> route (http_route.c) -> JSON to message (wire/json_call.h)
 *                  -> link (http_link.c) = socket pair = conn.c -> shard
 *
 * It listens before the engine recovers (/readyz says how that is going); http_serve gives it the shards. */
#ifndef NUDGED_NET_HTTP_H
#define NUDGED_NET_HTTP_H

#include "net/server.h"

struct http;

/* "127.0.0.1:8080", "localhost:8080", "unix:PATH", "https://HOST:PORT": as server_check_address ("https://" is "tls:" there;
 * "tcp:" may be left out, or be "http://"). */
int http_check_address(const char *address);
bool http_is_tls(const char *address);  /* as server_is_tls */
bool http_is_open(const char *address); /* as server_is_open */
/* Binds them all. version: lent, static. rights: who may do what, lent; NULL: tokens are not wanted. tls: lent; NULL where no
 * address takes one. clients, starting: lent. */
int http_create(struct http **out, const char *const *addresses, unsigned count, const char *version, struct access *rights,
		struct tls *tls, struct clients *clients, const struct starting *starting);
int http_start(struct http *h); /* the thread; so far nothing but health and measurements is answered */
void http_serve(struct http *h, struct server *s, struct engine *e); /* the loops run: from here on all is answered */
void http_stop(struct http *h);                                      /* before the loops stop; NULL-safe */
void http_destroy(struct http *h);                                   /* NULL-safe */
const char *http_address(const struct http *h, unsigned index);      /* as bound: "127.0.0.1:8080", "https://192.0.2.7:8443" */

#endif
