/* net/stream.c: see stream.h. SIGPIPE is ignored in the daemon: OpenSSL writes to the socket itself. */
#include "net/stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

/* What became of a call that did not go through: -1 and errno, or 0 for the end. `other`: it waits for the other direction. */
static ssize_t outcome(struct stream *s, int result, int own, bool *other)
{
	int error = SSL_get_error(s->tls, result);
	*other = false;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		*other = error != own;
		errno = EAGAIN;
		return -1;
	}
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	s->broken = true;
	errno = ECONNRESET;
	return -1;
}

ssize_t stream_tls_send(struct stream *s, const void *data, size_t len)
{
	size_t done;
	ERR_clear_error();
	int result = SSL_write_ex(s->tls, data, len, &done);
	s->send_reads = false;
	return result == 1 ? (ssize_t)done : outcome(s, result, SSL_ERROR_WANT_WRITE, &s->send_reads);
}

ssize_t stream_tls_receive(struct stream *s, void *data, size_t room)
{
	size_t done, got = 0;
	s->receive_writes = false;
	while (got == 0 || room - got >= STREAM_RECORD_BYTES) {
		ERR_clear_error();
		int result = SSL_read_ex(s->tls, (char *)data + got, room - got, &done);
		if (result != 1) {
			ssize_t n = outcome(s, result, SSL_ERROR_WANT_READ, &s->receive_writes);
			return got && !s->broken ? (ssize_t)got : n; /* an end shows again */
		}
		got += done;
	}
	return (ssize_t)got;
}

void stream_close(struct stream *s)
{
	if (s->tls) {
		ERR_clear_error();
		if (!s->broken)
			SSL_shutdown(s->tls); /* says it, and waits for no answer */
		SSL_free(s->tls);
		ERR_clear_error();
	}
	s->tls = NULL;
	close(s->fd);
	s->fd = -1;
}
