/* net/server.h: sockets and loops: one libevent loop and thread a shard, listeners on the first. Only this folder
 * includes event2/.
 *
 * Addresses: "unix:PATH", "tcp:HOST:PORT" on loopback, and "tls:HOST:PORT" anywhere. Port 0 takes a free one
 * (server_address tells). */
#ifndef NUDGED_NET_SERVER_H
#define NUDGED_NET_SERVER_H

#include "net/clients.h"
#include "net/starting.h"
#include "net/tls.h"
#include "shard/engine.h"
#include "wire/response.h"

struct server;

/* Whether an address can be one, without binding it. ERR_INVALID. */
int server_check_address(const char *address);
bool server_is_tls(const char *address);  /* it takes a certificate */
bool server_is_open(const char *address); /* other machines can reach it: it takes tokens, or certificates of clients */
/* Binds at once, so that a bad address is said before anything starts. ERR_INVALID, ERR_CONFLICT (in use), ERR_IO. tls:
 * lent, NULL where no address takes it. clients: lent. */
int server_create(struct server **out, const char *const *addresses, unsigned count, struct tls *tls, struct clients *clients);
/* What status says of TLS and of limits: engine_config's `outer`. */
size_t server_gauges(void *server, struct wire_gauge *out, size_t room);
/* Lets in who comes before server_start: they wait, or are told how far the start is (porch.h). starting: lent. */
int server_wait(struct server *s, const struct starting *starting);
/* Starts the loops' threads. The engine must be running. */
int server_start(struct server *s, struct engine *e);
/* Stops accepting, then the loops; what was received and not answered is dropped with its connection. */
void server_stop(struct server *s);
/* What the processors have spent on a shard's loop; between start and stop. */
uint64_t server_cpu_ns(const struct server *s, unsigned shard);
void server_destroy(struct server *s);                              /* NULL-safe; removes Unix sockets */
const char *server_address(const struct server *s, unsigned index); /* as bound */

#endif
/* What the processors have spent on a shard's loop; between start and stop. */
uint64_t server_cpu_ns(const struct server *s, unsigned shard);
