/* net/clients.h: who the clients are, and how much each of them may: connections, requests a second, tokens that are not known.
 *
 * A client is an address (of IPv6 its /64), and, once it has shown a token that is known, the token. Over Unix sockets it is the
 * user at the other end, whom the system names: users and groups may be let in by name, and the mode of the socket's file says who
 * reaches it at all; how much a user asks is not limited unless a token is shown.
 *
 * What is over a limit is slowed, not cut off: a protobuf socket is not read until there is room, an HTTP request is answered 429
 * with Retry-After. Only connections too many are closed. Any thread. */
#ifndef NUDGED_NET_CLIENTS_H
#define NUDGED_NET_CLIENTS_H

#include "base/bucket.h"
#include "base/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct clients;

struct client {
	_Atomic uint64_t *rate; /* 0: its requests are not limited */
	struct client *next;    /* the rest is clients.c's */
	struct clients *all;
	uint64_t hash;
	char name[LIMIT_TOKEN_NAME_BYTES + 8]; /* "192.0.2.7", "token desk", "user 1000" */
	unsigned held, connections;
	unsigned greeted; /* TLS handshakes that are not done; the greeter's thread's */
	unsigned over_http; /* connections; this and the next two are the gateway's thread's */
	size_t http_bytes;  /* that these have sent or not taken */
	uint64_t aside_turn; /* when a large body of it was last read: see http_aside.c */
	struct bucket requests, failures;
};

struct client_limits {
	uint64_t rate, burst;  /* requests a second, an event of a batch counted each; rate 0: no limit; burst 0: as many as rate */
	uint64_t connections;  /* of one address over TLS, and of one token */
};

struct clients_config {
	struct client_limits limits;
	const char *mode;           /* of Unix sockets' files, octal */
	const char *users, *groups; /* that they let in: names or numbers, commas between them; NULL both: everybody */
};

/* ERR_INVALID: no such user or group, or a mode that is none. */
int clients_create(struct clients **out, const struct clients_config *config);
void clients_destroy(struct clients *all); /* NULL-safe; nobody is held any more */
void clients_set_limits(struct clients *all, const struct client_limits *limits);
unsigned clients_unix_mode(const struct clients *all);

/* Who is at the other end of a socket that was accepted; counted as a connection. NULL: it may not come in (said and counted), close
 * it. Else client_leave at its end. */
struct client *clients_meet(struct clients *all, int fd, bool tls);
/* The holder of a token. `connects`: as a connection; NULL then: one too many. Else never NULL; client_leave either way. */
struct client *clients_token(struct clients *all, const char *name, bool connects);
/* Its connection is the token's from now on, which counts it: many may be behind one address. client_leave(c, false) at its end. */
void client_is_token(struct client *c); /* NULL-safe */
struct client *client_hold(struct client *c); /* once more, not as a connection; NULL-safe */
void client_leave(struct client *c, bool connected); /* NULL-safe */

static inline bool client_is_limited(const struct client *c)
{
	return c && atomic_load_explicit(c->rate, memory_order_relaxed);
}
/* 0: it may ask. Else in how many ns it may again; counted as limited. */
uint64_t client_wait_ns(struct client *c);
void client_charge(struct client *c, uint64_t count);
/* A token was shown that is not known, or none. True: it is one of many, so let the answer wait for LIMIT_DENIED_MS. NULL-safe. */
bool client_failed(struct client *c);

struct clients_stats {
	uint64_t rate, connections, users, failures; /* times that a client was over it */
	unsigned known;
};
void clients_stats(struct clients *all, struct clients_stats *out);

#endif
