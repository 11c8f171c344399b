/* bench/protocol_tls.c: nudged over TLS: the same requests as protocol_nudge.c, sent and received through OpenSSL. The
 * daemon's certificate is the one that $NUDGE_TLS_CA names. */
#include "protocol.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define FDS_MAX 4096
#define RECORD_BYTES 16384u /* what a record holds at most: with as much room, none is left inside */

static const char hello[] = "\x06\x08\x01\x12\x02\x08\x01"; /* Request { request_id: 1, hello { version: 1 } } */
static SSL *of_fd[FDS_MAX];

static SSL_CTX *context(void)
{
	static SSL_CTX *ctx;
	const char *ca = getenv("NUDGE_TLS_CA");
	if (ctx)
		return ctx;
	ctx = SSL_CTX_new(TLS_client_method());
	if (!ctx || !ca || SSL_CTX_load_verify_file(ctx, ca) != 1)
		errx(2, "NUDGE_TLS_CA must name the daemon's certificate");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

/* address: HOST:PORT. */
static int dial(const char *address)
{
	char host[128];
	const char *colon = strrchr(address, ':');
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_family = AF_INET }, *at;
	int one = 1;
	if (!colon)
		errx(2, "%s is not HOST:PORT", address);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	if (getaddrinfo(host, colon + 1, &hints, &at) != 0)
		errx(1, "%s: no such host", address);
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || fd >= FDS_MAX || connect(fd, at->ai_addr, at->ai_addrlen) != 0)
		err(1, "%s", address);
	freeaddrinfo(at);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static ssize_t outcome(SSL *ssl, int result)
{
	int error = SSL_get_error(ssl, result);
	errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static ssize_t tls_send(int fd, const void *data, size_t len)
{
	size_t done;
	int result = SSL_write_ex(of_fd[fd], data, len, &done);
	return result == 1 ? (ssize_t)done : outcome(of_fd[fd], result);
}

static ssize_t tls_receive(int fd, void *data, size_t room)
{
	size_t got = 0, done;
	while (got == 0 || room - got >= RECORD_BYTES) {
		int result = SSL_read_ex(of_fd[fd], (char *)data + got, room - got, &done);
		if (result != 1)
			return got ? (ssize_t)got : outcome(of_fd[fd], result);
		got += done;
	}
	return (ssize_t)got;
}

static int tls_connect(const char *address)
{
	uint8_t welcome[4096];
	struct reply r = { 0 };
	int fd = dial(address), got = 0;
	SSL *ssl = of_fd[fd] = SSL_new(context());
	protocol_nudge.prepare();
	protocol_transport = (struct transport){ tls_send, tls_receive };
	if (!ssl || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		errx(1, "%s: TLS: %s", address, ERR_reason_error_string(ERR_peek_error()));
	if (SSL_write(ssl, hello, sizeof(hello) - 1) != sizeof(hello) - 1)
		errx(1, "%s: no Hello", address);
	while (!r.bytes && got < (int)sizeof(welcome)) {
		int n = SSL_read(ssl, welcome + got, (int)sizeof(welcome) - got);
		if (n <= 0)
			errx(1, "%s: no Welcome", address);
		got += n;
		if (welcome[0] < 0x80 && got > welcome[0])
			r.bytes = (size_t)got;
		else if (welcome[0] >= 0x80 && got >= 2 + (welcome[0] & 0x7f) + welcome[1] * 128)
			r.bytes = (size_t)got;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

static size_t encode(uint8_t *to, enum work_kind kind, uint32_t id, const struct item *items, unsigned count)
{
	return protocol_nudge.encode(to, kind, id, items, count);
}

static void decode(const uint8_t *in, size_t len, struct reply *out)
{
	protocol_nudge.decode(in, len, out);
}

const struct protocol protocol_tls = { "tls", tls_connect, encode, decode, 1024, NULL, false };
