/* proto/connection.c: see connection.h. The socket never blocks; poll waits. */
#include "connection.h"

#include "nudge.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES (64u * 1024u)
#define INPUT_MAX (CONNECTION_FRAME_MAX + 2 * READ_BYTES) /* while sending: then answers wait in the socket */
#define BUFFER_KEEP (1024u * 1024u)                       /* memory that an empty buffer may hold on to */
#define VARINT_BYTES 5

int64_t connection_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int connection_fail(struct connection *c, int result, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(c->error, sizeof(c->error), format, args);
	va_end(args);
	return result;
}

static void buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ .data = NULL };
}

/* NULL: no memory. */
static uint8_t *buffer_room(struct buffer *b, size_t len)
{
	if (b->start == b->end) {
		if (b->cap > BUFFER_KEEP)
			buffer_free(b);
		b->start = b->end = 0;
	}
	if (b->start > b->cap / 2) {
		memmove(b->data, b->data + b->start, b->end - b->start);
		b->end -= b->start;
		b->start = 0;
	}
	if (b->cap - b->end < len) {
		size_t cap = b->cap ? b->cap : READ_BYTES;
		while (cap - b->end < len)
			cap *= 2;
		uint8_t *data = realloc(b->data, cap);
		if (!data)
			return NULL;
		b->data = data;
		b->cap = cap;
	}
	return b->data + b->end;
}

void connection_close(struct connection *c)
{
	connection_tls_end(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->ended = c->deaf = false;
	c->in.start = c->in.end = c->out.start = c->out.end = 0;
}

void connection_finish(struct connection *c)
{
	connection_close(c);
	buffer_free(&c->in);
	buffer_free(&c->out);
}

uint8_t *connection_room(struct connection *c, size_t len)
{
	return buffer_room(&c->out, len);
}

void connection_wrote(struct connection *c, size_t len)
{
	c->out.end += len;
}

static bool would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* What is lost when the other side is gone: the output. What it sent before is still to be read. */
static void send_some(struct connection *c)
{
	while (connection_pending(c) > 0) {
		const uint8_t *from = c->out.data + c->out.start;
		ssize_t n = c->tls ? connection_tls_send(c, from, connection_pending(c))
				   : send(c->fd, from, connection_pending(c), MSG_NOSIGNAL);
		if (n < 0 && would_block())
			return;
		if (n < 0) {
			if (!c->tls)
				connection_fail(c, NUDGE_CLOSED, "the connection is gone: %s", strerror(errno));
			c->deaf = true;
			c->out.start = c->out.end = 0;
			return;
		}
		c->out.start += (size_t)n;
	}
}

/* An alert of TLS, and nothing else: what came first is all that there is. */
static const char *hint(const struct connection *c)
{
	const uint8_t *at = c->in.data + c->in.start;
	bool speaks_tls = !c->tls && c->in.end - c->in.start >= 2 && at[0] == 0x15 && at[1] == 0x03;
	return speaks_tls ? "; it speaks TLS there: connect to tls:HOST:PORT" : "";
}

static int receive_some(struct connection *c)
{
	uint8_t *to = buffer_room(&c->in, READ_BYTES);
	if (!to)
		return connection_fail(c, NUDGE_FAILED, "no memory for the server's answers");
	size_t room = c->in.cap - c->in.end; /* holds a whole record of TLS, so that none is left inside */
	ssize_t n = c->tls ? connection_tls_receive(c, to, room) : recv(c->fd, to, room, 0);
	if (n < 0 && would_block())
		return NUDGE_OK;
	if (n <= 0) {
		if (n == 0 || !c->tls)
			connection_fail(c, NUDGE_CLOSED, "the connection is gone: %s%s",
					n == 0 ? "closed by the server" : strerror(errno), hint(c));
		c->ended = true;
		return NUDGE_OK;
	}
	c->in.end += (size_t)n;
	return NUDGE_OK;
}

static int wait_for(struct connection *c, struct pollfd *p, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline == INT64_MAX ? -1 : deadline - connection_now_ms();
		int wait_ms = deadline == INT64_MAX ? -1 : left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
		int n = poll(p, 1, wait_ms);
		if (n > 0)
			return NUDGE_OK;
		if (n < 0 && errno != EINTR)
			return connection_fail(c, NUDGE_FAILED, "poll: %s", strerror(errno));
		if (n == 0 && deadline != INT64_MAX && connection_now_ms() >= deadline)
			return connection_fail(c, NUDGE_TIMEOUT, "timed out");
	}
}

int connection_pump(struct connection *c, int64_t deadline)
{
	if (c->fd < 0)
		return connection_fail(c, NUDGE_CLOSED, "not connected");
	struct pollfd p = { .fd = c->fd };
	bool reads = !c->ended && c->in.end - c->in.start < INPUT_MAX, writes = !c->deaf && connection_pending(c);
	if (reads || (writes && c->write_reads))
		p.events |= POLLIN;
	if ((writes && !c->write_reads) || (reads && c->read_writes))
		p.events |= POLLOUT;
	if (p.events == 0)
		return NUDGE_CLOSED;
	int rc = wait_for(c, &p, deadline);
	if (rc != NUDGE_OK)
		return rc;
	bool other_way = c->read_writes && p.revents & POLLOUT;
	if (writes)
		send_some(c);
	if (reads && (other_way || p.revents & (POLLIN | POLLHUP | POLLERR)))
		return receive_some(c);
	return NUDGE_OK;
}

int connection_wait(struct connection *c, bool writes, int64_t deadline)
{
	struct pollfd p = { .fd = c->fd, .events = writes ? POLLOUT : POLLIN };
	return wait_for(c, &p, deadline);
}

int connection_flush(struct connection *c, int64_t deadline)
{
	if (c->fd < 0)
		return connection_fail(c, NUDGE_CLOSED, "not connected");
	if (!c->deaf)
		send_some(c);
	while (!c->deaf && connection_pending(c)) {
		int rc = connection_pump(c, deadline);
		if (rc != NUDGE_OK)
			return rc;
		if (c->ended)
			c->deaf = true; /* nobody would read it */
	}
	if (c->deaf)
		c->out.start = c->out.end = 0;
	return c->deaf ? NUDGE_CLOSED : NUDGE_OK;
}

int connection_frame(struct connection *c, const uint8_t **body, size_t *len)
{
	const uint8_t *data = c->in.data + c->in.start;
	size_t have = c->in.end - c->in.start, at = 0;
	uint64_t size = 0;
	*body = NULL;
	do {
		if (at == VARINT_BYTES)
			return connection_fail(c, NUDGE_FAILED, "the server's answer is not framed as nudged's are");
		if (at == have)
			return NUDGE_OK;
		size |= (uint64_t)(data[at] & 0x7f) << (7 * at);
	} while (data[at++] & 0x80);
	if (size > CONNECTION_FRAME_MAX)
		return connection_fail(c, NUDGE_FAILED, "the server's answer of %llu bytes is over %u",
				       (unsigned long long)size, CONNECTION_FRAME_MAX);
	if (have - at < size)
		return NUDGE_OK;
	*body = data + at;
	*len = (size_t)size;
	c->in.start += at + (size_t)size;
	return NUDGE_OK;
}
