/* net/tls.h: the daemon's certificate and what follows from it: what TLS connections are made from. It is read at the start
 * and again when it is asked for (SIGHUP): connections that are open go on with what they began with, new ones get the new
 * one, and one that is refused leaves the old one in force. This header knows no OpenSSL; net/stream.h has the bytes.
 *
 * TLS 1.2 at least. No renegotiation, no compression, and no session tickets: connections are long, a full handshake is
 * cheap (net/greeter.h), and so each one shows its client certificate, and there is no ticket key to be stolen. */
#ifndef NUDGED_NET_TLS_H
#define NUDGED_NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct tls;
struct ssl_st;

struct tls_files {
	const char *cert, *key; /* PEM; cert: the daemon's own first, then those that signed it */
	const char *client_ca;  /* PEM; clients must show a certificate that these signed. NULL: they need not */
	const char *client_crl; /* PEM; which of them are revoked: a list of each authority in client_ca. NULL: none is */
};

/* Reads and checks them. The error names the file, what is wrong with it and how to mend it. What has expired is logged, not
 * refused: clients refuse it, and those that run go on. The names are copied. */
int tls_create(struct tls **out, const struct tls_files *files);
void tls_destroy(struct tls *t); /* NULL-safe; connections made from it may live on */
/* Reads the files again. An error leaves the old ones in force. One thread. */
int tls_reload(struct tls *t);
/* Says in the log when the certificate's end is near, once a day. One thread, the same. */
void tls_look(struct tls *t);

#define TLS_NUDGE "nudge"    /* protocols, as ALPN names them: a client that names others only is refused */
#define TLS_HTTP "http/1.1"
/* A new connection's side, which waits for its client's hello; for a socket that is set later, or `fd`. `protocol`: static.
 * Any thread. NULL: no memory. */
struct ssl_st *tls_accept(struct tls *t, const char *protocol, int fd);

struct tls_state {
	int64_t expires; /* of the certificate, in seconds since 1970 */
	bool refused;    /* the files as they were last read are: older ones are in force */
	bool clients;    /* they must show a certificate */
	int64_t crl_expires; /* when the first of the lists of those revoked is out of date; 0: there is none */
};
void tls_state(struct tls *t, struct tls_state *out); /* any thread */

#endif
