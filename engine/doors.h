/* doors.h: what the addresses that the daemon listens on ask for: a certificate where they speak TLS, and a way to know a client
 * where other machines reach them. */
#ifndef NUDGED_DOORS_H
#define NUDGED_DOORS_H

#include "config.h"
#include "net/tls.h"

/* ERR_INVALID says which address, what is missing, and how to mend it. Touches nothing. */
int doors_check(const struct config *c);
/* Reads the certificate where one is named. *out NULL: none is. */
int doors_open_tls(const struct config *c, struct tls **out);

#endif
