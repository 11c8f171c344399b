/* net/porch.h: who comes to the protobuf sockets before the daemon has recovered. They are let in, and wait for the loops; who
 * has said in its Hello that it would rather not (no_wait) is told how far the recovery is instead, and let go. Who says nothing
 * for LIMIT_HANDSHAKE_MS is closed. A thread of its own, until there are loops.
 *
 * What they have sent is looked at and left in the socket (MSG_PEEK): the loops read it as if they had just come. Only plain
 * sockets: those of TLS wait in the system's queue, since a handshake may not be begun here and go on elsewhere. */
#ifndef NUDGED_NET_PORCH_H
#define NUDGED_NET_PORCH_H

#include "net/loop.h"
#include "net/starting.h"

struct porch;

int porch_create(struct porch **out, const struct starting *starting); /* lent */
struct event_base *porch_base(struct porch *p); /* for what accepts; before porch_start */
int porch_start(struct porch *p);
void porch_take(struct porch *p, const struct arrival *a); /* its thread */
/* Where there are too many: the first of who has said nothing goes. False: all have. Its thread. */
bool porch_make_room(struct porch *p);
unsigned porch_count(const struct porch *p);               /* its thread, or after porch_stop */
void porch_stop(struct porch *p);                          /* NULL-safe */
/* After porch_stop: the next of those who wait, in order. False: there is none. */
bool porch_next(struct porch *p, struct arrival *out);
void porch_destroy(struct porch *p); /* NULL-safe; stopped before. Who still waits is turned away */

#endif
