/* net/mistaken.h: clients that speak HTTP to a port which does not: to one of the protobuf protocol, or to one that wants TLS
 * first. They are told so in HTTP, in words for who reads them, since what they would get otherwise is noise or silence. */
#ifndef NUDGED_NET_MISTAKEN_H
#define NUDGED_NET_MISTAKEN_H

#include "base/slice.h"

#include <stdbool.h>

#define MISTAKEN_BYTES 1024u

/* Whether this, the first that a client says, is the beginning of a request in HTTP. No frame begins so. */
bool mistaken_is_http(struct slice said);
/* The answer, which ends the connection; the address of the socket's own end is named in it. tls: the port speaks TLS; gateway:
 * and, over it, HTTP. */
struct slice mistaken_answer(int fd, bool tls, bool gateway, char out[MISTAKEN_BYTES]);

#endif
