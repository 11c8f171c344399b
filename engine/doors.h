/* doors.h: who is let in, and how much they may: the addresses that the daemon listens on, tokens, the certificate, limits. */
#ifndef NUDGED_DOORS_H
#define NUDGED_DOORS_H

#include "config.h"

#include "access/access.h"
#include "net/clients.h"
#include "net/tls.h"

struct doors {
	struct access *access; /* NULL: tokens are not wanted */
	struct tls *tls;       /* NULL: no certificate is named */
	struct clients *clients;
};

/* Checks that the addresses have what they take: a certificate where they speak TLS, and tokens or certificates of clients where
 * other machines reach them. Then reads the files. The error says which setting, what is wrong, and how to mend it. */
int doors_open(struct doors *d, const struct config *c);
void doors_close(struct doors *d);
/* Tokens and certificate are read again (SIGHUP); what is refused is logged, and the old one stays. */
void doors_reload(struct doors *d);
/* Looks at what changes by itself: the file of tokens, the certificate's end. A few times a second. */
void doors_look(struct doors *d);
void doors_set_limits(struct doors *d, const struct config *c);

#endif
