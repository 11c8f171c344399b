/* bench/protocol.h: how an item becomes a request and what of an answer is looked at, for nudged and each peer. The
 * loop (loop.c) is the same for all of them, so what differs between two measurements is the server. */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include "workload.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum work_kind { WORK_INGEST, WORK_RECOMMEND };

#define REQUEST_ITEM_BYTES 512u /* room that `encode` may use, for each item */

/* One whole answer at the start of the input. */
struct reply {
	size_t bytes;   /* 0: not whole yet */
	bool has_id;    /* else answers come in the order of the requests */
	uint32_t id;
	unsigned fired; /* rules that fired, or actions recommended */
	unsigned errors; /* items refused; the text is lent until the next call */
	const char *error;
	size_t error_len;
};

struct protocol {
	const char *name;
	/* A connected, non-blocking socket; ends the program with a message where it cannot. */
	int (*connect)(const char *address);
	/* Writes one request of `count` items (recommend: 1) and returns its length. id is unique among those in
	 * flight. */
	size_t (*encode)(uint8_t *to, enum work_kind kind, uint32_t id, const struct item *items, unsigned count);
	/* Ends the program where the bytes are no answer at all. */
	void (*decode)(const uint8_t *in, size_t len, struct reply *out);
	unsigned batch_max;
	void (*prepare)(void); /* before the first encode, where there is no connect; may be NULL */
	bool comes_back; /* a connection that was closed with nothing unanswered is opened again */
};

extern const struct protocol protocol_nudge, protocol_http, protocol_redis, protocol_tarantool, protocol_postgres,
	protocol_tls;

/* As send and recv, where the bytes are not those of the sockets (`connect` sets it); NULL: they are. */
struct transport {
	ssize_t (*send)(int fd, const void *data, size_t len);
	ssize_t (*receive)(int fd, void *data, size_t room);
};
extern struct transport protocol_transport;

int protocol_socket(const char *path); /* to a Unix socket */

#endif
