/* proto/address.c: from "unix:PATH", "tcp:HOST:PORT", "tls:HOST:PORT" or a bare path to a connected socket. */
#include "connection.h"
#include "nudge.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int wait_connected(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t len = sizeof(error);
	for (;;) {
		int64_t left = deadline - connection_now_ms();
		int n = poll(&p, 1, left <= 0 ? 0 : left > 60000 ? 60000 : (int)left);
		if (n > 0)
			break;
		if (n < 0 && errno != EINTR)
			return errno;
		if (connection_now_ms() >= deadline)
			return ETIMEDOUT;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

/* *fd is the socket, or -1. Returns an errno, 0 for none. A Unix socket whose backlog is full says EAGAIN and cannot be
 * waited for. */
static int try_connect(int *fd, int family, const struct sockaddr *to, socklen_t len, int64_t deadline)
{
	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return errno;
	int error = connect(*fd, to, len) == 0 ? 0 : errno;
	while (error == EAGAIN && connection_now_ms() < deadline) {
		poll(NULL, 0, 5);
		error = connect(*fd, to, len) == 0 ? 0 : errno;
	}
	if (error == EINPROGRESS || error == EINTR)
		error = wait_connected(*fd, deadline);
	if (error) {
		close(*fd);
		*fd = -1;
	}
	return error;
}

static int say(struct connection *c, const char *address, int error)
{
	const char *hint = error == ENOENT || error == ECONNREFUSED ? ": is nudged running there?" : "";
	int result = error == ETIMEDOUT || error == EAGAIN ? NUDGE_TIMEOUT : NUDGE_FAILED;
	return connection_fail(c, result, "cannot connect to %s: %s%s", address, strerror(error), hint);
}

static int open_unix(struct connection *c, const char *address, const char *path, int64_t deadline)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (path[0] == '\0' || strlen(path) >= sizeof(to.sun_path))
		return connection_fail(c, NUDGE_INVALID, "address \"%s\": a Unix socket's path has 1 to %zu bytes",
				       address, sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, path, strlen(path) + 1);
	int error = try_connect(&c->fd, AF_UNIX, (struct sockaddr *)&to, sizeof(to), deadline);
	return error ? say(c, address, error) : NUDGE_OK;
}

/* "HOST:PORT", "[::1]:PORT" */
static bool split(const char *text, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(text, ':');
	if (!colon || colon == text || colon[1] == '\0')
		return false;
	size_t len = (size_t)(colon - text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= size)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	*port = colon + 1;
	return true;
}

/* Of an address that begins with "tcp:" or "tls:". */
static int open_tcp(struct connection *c, const char *address, int64_t deadline)
{
	char host[256];
	const char *port, *text = address + 4;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	if (!split(text, host, sizeof(host), &port))
		return connection_fail(c, NUDGE_INVALID, "address \"%s\" is not of the form %.3s:HOST:PORT", address, address);
	int failed = getaddrinfo(host, port, &hints, &list);
	if (failed)
		return connection_fail(c, NUDGE_FAILED, "cannot connect to %s: %s", address, gai_strerror(failed));
	int error = ENOENT, one = 1;
	for (struct addrinfo *a = list; a && c->fd < 0; a = a->ai_next)
		error = try_connect(&c->fd, a->ai_family, a->ai_addr, a->ai_addrlen, deadline);
	freeaddrinfo(list);
	if (c->fd < 0)
		return say(c, address, error);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return address[1] == 'l' ? connection_tls_begin(c, host, deadline) : NUDGE_OK;
}

int connection_open(struct connection *c, const char *address, int64_t deadline)
{
	connection_close(c);
	if (!address)
		return connection_fail(c, NUDGE_INVALID, "no address: give unix:PATH, tcp:HOST:PORT or tls:HOST:PORT");
	if (strncmp(address, "tcp:", 4) == 0 || strncmp(address, "tls:", 4) == 0)
		return open_tcp(c, address, deadline);
	return open_unix(c, address, strncmp(address, "unix:", 5) == 0 ? address + 5 : address, deadline);
}
