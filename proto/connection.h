/* proto/connection.h: private to libnudge: a socket, plain or TLS, with an input and an output buffer, and the frames between
 * them.
 * Knows bytes and time, no messages (those are nudge.c's). */
#ifndef NUDGE_CONNECTION_H
#define NUDGE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#pragma GCC visibility push(hidden)

#define CONNECTION_FRAME_MAX (64u * 1024u * 1024u) /* of an answer: a server that sends more is not ours */

struct buffer {
	uint8_t *data;
	size_t start, end, cap; /* what is inside lies in [start, end) */
};

struct ssl_st;
struct ssl_ctx_st;
struct bio_method_st;

/* PEM files; NULL: what the environment names, else the system's certificates and none of one's own. */
struct connection_tls {
	const char *ca, *cert, *key;
};

struct connection {
	int fd;          /* -1: closed */
	bool ended;      /* the other side sends no more */
	bool deaf;       /* the other side takes no more */
	struct buffer in, out;
	char error[512];
	struct connection_tls files; /* lent */
	struct ssl_st *tls;          /* NULL: plain */
	struct ssl_ctx_st *tls_context;
	struct bio_method_st *tls_method;
	char tls_host[256];
	bool tls_broken, read_writes, write_reads; /* a call of the first kind waits for the second */
};

int64_t connection_now_ms(void); /* monotonic */

/* All of these return an enum nudge_result; a deadline is by connection_now_ms, INT64_MAX for none. */
/* The token to show, from what was given, else from $NUDGE_TOKEN or the file of $NUDGE_TOKEN_FILE; "": none. */
int connection_token(struct connection *c, const char *token, const char *file, char *out, size_t size);
int connection_open(struct connection *c, const char *address, int64_t deadline);
void connection_close(struct connection *c); /* drops what is buffered */
void connection_finish(struct connection *c);

/* Waits until it can be read, or written to. */
int connection_wait(struct connection *c, bool writes, int64_t deadline);

/* tls.c. Of send and receive: as the system's, errno too; EPROTO: the words stand in `error`. */
int connection_tls_begin(struct connection *c, const char *host, int64_t deadline);
ssize_t connection_tls_send(struct connection *c, const void *data, size_t len);
ssize_t connection_tls_receive(struct connection *c, void *data, size_t room);
void connection_tls_end(struct connection *c);

uint8_t *connection_room(struct connection *c, size_t len); /* in the output buffer, to be filled in; NULL: no memory */
void connection_wrote(struct connection *c, size_t len);    /* … and this much was */
static inline size_t connection_pending(const struct connection *c)
{
	return c->out.end - c->out.start;
}

/* One wait until something can be done or the deadline is there, then whatever can be done without waiting: sends,
 * and receives as well, or two sides that both only send would wait for ever. */
int connection_pump(struct connection *c, int64_t deadline);
int connection_flush(struct connection *c, int64_t deadline);
/* A whole frame out of the input buffer: valid until the next call. *body NULL: none there yet. */
int connection_frame(struct connection *c, const uint8_t **body, size_t *len);

int connection_fail(struct connection *c, int result, const char *format, ...) __attribute__((format(printf, 3, 4)));

#pragma GCC visibility pop

#endif
