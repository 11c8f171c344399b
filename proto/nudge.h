/* libnudge: a C client of nudged. proto/examples/c/example.c is a whole program; nudge-protocol(7) has every message.
 *
 * One `struct nudge` is one connection. It is not thread-safe: use one a thread. Requests are pipelined: send as many
 * as you like, then receive; answers come with the request's id and may be out of order. All messages are the generated
 * protobuf-c structs of nudge.proto (Nudge__V1__Request, Nudge__V1__Response).
 *
 *     struct nudge *n;
 *     if (nudge_connect(&n, "unix:/run/nudged/nudged.sock", NULL) != NUDGE_OK)
 *             errx(1, "%s", nudge_error(n));
 *     Nudge__V1__Recommend ask = NUDGE__V1__RECOMMEND__INIT;
 *     ask.customer = "c-17";
 *     Nudge__V1__Response *answer;
 *     if (nudge_call(n, NUDGE_RECOMMEND, &ask, &answer) == NUDGE_OK)
 *             puts(answer->recommendation->choices[0]->say);
 *     nudge_free(answer);
 *     nudge_close(n);
 *
 * Reconnecting: when a connection is lost, calls return NUDGE_CLOSED. nudge_reconnect connects anew (with waits that
 * double from 50 ms to 2 s, up to the time-out). What was not answered may or may not have been applied: events and
 * outcomes have ids, so send them again.
 *
 * Memory: what a call gives in a Response is yours until nudge_free; what it takes is lent and may go once it returns. A
 * message of yours is on the stack as a rule (NUDGE__V1__..__INIT), its strings and arrays your own. Threads: nothing is
 * shared between connections; one must not be used by two threads at once. No call raises a signal or prints.
 *
 * Build with `pkg-config --cflags --libs nudge`. */
#ifndef NUDGE_H
#define NUDGE_H

#include <nudge.pb-c.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nudge;

enum nudge_result {
	NUDGE_OK = 0,
	NUDGE_TIMEOUT = -1, /* nothing came in time; the connection is still good */
	NUDGE_CLOSED = -2,  /* the connection is gone; see nudge_reconnect */
	NUDGE_REFUSED = -3, /* the server answered with an Error: see nudge_error and nudge_error_code */
	NUDGE_INVALID = -4, /* the caller's mistake (a bad address, a message over the frame limit) */
	NUDGE_FAILED = -5,  /* the operating system's: nudge_error has the words */
};

struct nudge_options {
	const char *client;     /* a name for the server's log; default "libnudge" */
	int connect_timeout_ms; /* default 5000 */
	int call_timeout_ms;    /* of nudge_call, and of sending; default 10000 */
	bool no_hello;          /* leave the handshake to the caller */
	/* Who asks, where the daemon wants to know (--tokens): a token, or a file that has one, read at each connection. Without
	 * either: $NUDGE_TOKEN, or the file that $NUDGE_TOKEN_FILE names. NUDGE_REFUSED with the code "denied": it is wanted,
	 * not known, or has not the role that the error names. */
	const char *token, *token_file;
	/* Of "tls:HOST:PORT", files in PEM. tls_ca: whose signatures are believed; default $NUDGE_TLS_CA, else the certificates that
	 * the system trusts. tls_cert, tls_key: the client's own certificate, where the daemon wants one (--tls-client-ca); default
	 * $NUDGE_TLS_CERT, $NUDGE_TLS_KEY, else none; without a key it is looked for beside the certificate. The host's name (or
	 * number) must stand in the daemon's certificate, and the certificate must be believed: else NUDGE_INVALID, and nudge_error
	 * says why. That is never turned off. All are read at each connection. */
	const char *tls_ca, *tls_cert, *tls_key;
	/* A daemon that recovers lets its clients wait (connect_timeout_ms at most). True: NUDGE_REFUSED at once with the code
	 * "closed" instead, and nudge_error says how far it is; nudge_reconnect tries again. */
	bool no_wait;
};

/* Addresses: "unix:PATH", "tcp:HOST:PORT", "tls:HOST:PORT", or a bare path.
 * *out is set even if it fails (for nudge_error): close it. */
int nudge_connect(struct nudge **out, const char *address, const struct nudge_options *options);
int nudge_reconnect(struct nudge *n, int timeout_ms);
void nudge_close(struct nudge *n); /* NULL-safe */

const char *nudge_error(const struct nudge *n);
const char *nudge_error_code(const struct nudge *n); /* of the last NUDGE_REFUSED: "invalid", "busy", …; else "" */
const Nudge__V1__Welcome *nudge_welcome(const struct nudge *n); /* lent; NULL before the handshake */
int nudge_fd(const struct nudge *n); /* to wait for in a loop of your own */

/* Packs a request into the output buffer and returns its id in *id (may be NULL). Nothing is sent until nudge_flush, or
 * until the buffer passes 64 KiB (then NUDGE_TIMEOUT means: packed, but not all of it sent yet). `body_case` is a
 * NUDGE__V1__REQUEST__BODY_… value, `body` the matching message. */
int nudge_send(struct nudge *n, Nudge__V1__Request__BodyCase body_case, const void *body, uint64_t *id);
int nudge_flush(struct nudge *n);
/* Sends what a caller has packed itself (a framed Request): for load generators. */
int nudge_send_raw(struct nudge *n, const void *frame, size_t len);
/* The next answer or pushed alert. timeout_ms 0: only what is at hand; -1: wait for ever. Free it with nudge_free.
 * Flushes first. */
int nudge_receive(struct nudge *n, int timeout_ms, Nudge__V1__Response **out);
/* Sends one request and waits for its answer. What else arrives meanwhile (pushed alerts, answers to nudge_send) is
 * kept for nudge_receive, and so is an Error that ends a Follow later (its token was revoked). An Error answer is
 * NUDGE_REFUSED. After NUDGE_TIMEOUT the answer is dropped when it comes. */
int nudge_call(struct nudge *n, Nudge__V1__Request__BodyCase body_case, const void *body, Nudge__V1__Response **out);
void nudge_free(Nudge__V1__Response *r); /* NULL-safe */

/* Alerts and nudges, each once and in order, through lost connections and restarts of the daemon. Zero it; set `to` (lent;
 * NULL: for all), and where to begin: behind the alert (seq, index) that was seen last, or from_now; else all that is held
 * comes first. seq and index are then of the last one given: keep them, and another process can go on there. */
struct nudge_follow {
	const char *to;
	uint64_t seq;
	uint32_t index;
	bool from_now;
	uint64_t id; /* of the Follow that goes on; set it to 0 after a nudge_reconnect of your own */
};
/* The next alert in *out (free it with nudge_free), or an answer to a nudge_send of yours: see its body_case. Connects
 * again where the connection is lost; answers to nudge_send that were under way then do not come: send those again.
 * NUDGE_TIMEOUT: none came in time, or the daemon is away still: call again. NUDGE_REFUSED: it may not, or no longer, be
 * followed; in *out then the Error that ended it, or NULL (nudge_error says). One struct nudge_follow a connection. */
int nudge_next_alert(struct nudge *n, struct nudge_follow *f, int timeout_ms, Nudge__V1__Response **out);

#define NUDGE_HELLO NUDGE__V1__REQUEST__BODY_HELLO
#define NUDGE_PUBLISH NUDGE__V1__REQUEST__BODY_PUBLISH
#define NUDGE_RECOMMEND NUDGE__V1__REQUEST__BODY_RECOMMEND
#define NUDGE_OUTCOME NUDGE__V1__REQUEST__BODY_OUTCOME
#define NUDGE_READ_CUSTOMER NUDGE__V1__REQUEST__BODY_READ_CUSTOMER
#define NUDGE_RESOLVE_ALIAS NUDGE__V1__REQUEST__BODY_RESOLVE_ALIAS
#define NUDGE_FOLLOW NUDGE__V1__REQUEST__BODY_FOLLOW
#define NUDGE_ACKNOWLEDGE NUDGE__V1__REQUEST__BODY_ACKNOWLEDGE
#define NUDGE_GET_STATUS NUDGE__V1__REQUEST__BODY_GET_STATUS
#define NUDGE_ACTIVATE_PACK NUDGE__V1__REQUEST__BODY_ACTIVATE_PACK
#define NUDGE_GET_RULES NUDGE__V1__REQUEST__BODY_GET_RULES
#define NUDGE_GET_DIGEST NUDGE__V1__REQUEST__BODY_GET_DIGEST
#define NUDGE_LIST_ALERTS NUDGE__V1__REQUEST__BODY_LIST_ALERTS
#define NUDGE_UNFOLLOW NUDGE__V1__REQUEST__BODY_UNFOLLOW
#define NUDGE_EXPLAIN NUDGE__V1__REQUEST__BODY_EXPLAIN
#define NUDGE_GET_MODELS NUDGE__V1__REQUEST__BODY_GET_MODELS
#define NUDGE_RESET_MODEL NUDGE__V1__REQUEST__BODY_RESET_MODEL
#define NUDGE_GET_REPORT NUDGE__V1__REQUEST__BODY_GET_REPORT
#define NUDGE_ERASE_CUSTOMER NUDGE__V1__REQUEST__BODY_ERASE_CUSTOMER
#define NUDGE_FIND_CUSTOMERS NUDGE__V1__REQUEST__BODY_FIND_CUSTOMERS
#define NUDGE_GET_HISTORY NUDGE__V1__REQUEST__BODY_GET_HISTORY

#ifdef __cplusplus
}
#endif

#endif
