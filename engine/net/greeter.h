/* net/greeter.h: TLS handshakes of the protobuf sockets, in a thread of their own. A signature with an RSA key of 2048 bits
 * takes some 0.3 ms of a core, with one of P-256 some 0.03: in a shard's loop all its clients would wait for it. So a client
 * comes to the loops when its handshake is done; and who never ends it is nobody whom they know.
 *
 *     listener -> greeter: handshake, at most LIMIT_HANDSHAKE_MS, LIMIT_TLS_HANDSHAKES at once -> loop (conn.c) */
#ifndef NUDGED_NET_GREETER_H
#define NUDGED_NET_GREETER_H

#include "net/loop.h"
#include "net/tls.h"

#include <netinet/in.h>
#include <stdint.h>

struct greeter;

/* Who is done: false, there is no place for it. In the greeter's thread. */
typedef bool greeter_pass(void *arg, const struct arrival *a);

int greeter_create(struct greeter **out, struct tls *tls, greeter_pass *pass, void *arg); /* tls: lent */
struct event_base *greeter_base(struct greeter *g); /* for what accepts; before greeter_start */
int greeter_start(struct greeter *g);
void greeter_stop(struct greeter *g);    /* NULL-safe */
void greeter_destroy(struct greeter *g); /* NULL-safe; stopped before */
/* A socket that was accepted. Its thread. Where too many are unfinished, the oldest of them goes. */
void greeter_meet(struct greeter *g, const struct arrival *a);

struct greeter_stats {
	uint64_t done, failed; /* failed: given up by either side, or not in time */
};
void greeter_stats(const struct greeter *g, struct greeter_stats *out); /* any thread */

#endif
