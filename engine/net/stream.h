/* net/stream.h: the bytes of a connection to a loop, plain or TLS: the one place that knows which. Plain ones are the
 * system's calls and nothing else.
 *
 * A call that cannot go on says EAGAIN, as the system does, and waits for the socket in the direction of its own (a send
 * until it can be written to). TLS may want the other one too, where the peer changes its keys: `send_reads`,
 * `receive_writes` say so, and the call is to be made again when the socket is ready in that direction. */
#ifndef NUDGED_NET_STREAM_H
#define NUDGED_NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct ssl_st;

struct stream {
	int fd;
	struct ssl_st *tls; /* its handshake is done; NULL: plain */
	bool send_reads, receive_writes;
	bool broken; /* TLS is over: nothing more may be asked of it */
};

/* What a TLS record holds at most. */
#define STREAM_RECORD_BYTES 16384u

ssize_t stream_tls_send(struct stream *s, const void *data, size_t len);
ssize_t stream_tls_receive(struct stream *s, void *data, size_t room);
/* Says goodbye where TLS has a word for it, and closes. */
void stream_close(struct stream *s);

/* As send(2): how many bytes, or -1 and errno. */
static inline ssize_t stream_send(struct stream *s, const void *data, size_t len)
{
	return s->tls ? stream_tls_send(s, data, len) : send(s->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* As recv(2): 0 at the end. Of TLS, whole records only: nothing is left inside that the socket would not tell of, as long as
 * `room` is at least STREAM_RECORD_BYTES. */
static inline ssize_t stream_receive(struct stream *s, void *data, size_t room)
{
	return s->tls ? stream_tls_receive(s, data, room) : recv(s->fd, data, room, MSG_DONTWAIT);
}

#endif
