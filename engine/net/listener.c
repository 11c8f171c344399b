/* net/listener.c: binding Unix and loopback TCP sockets. A Unix socket that a crashed daemon left behind is taken over;
 * one that still answers is not. */
#include "net/listener.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 512

static int unix_address(const char *path, struct sockaddr_un *sun)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun->sun_path) || !*path)
		return error_set(ERR_INVALID, "listen",
				 "the path of a Unix socket has 1 to %zu bytes, this one has %zu",
				 sizeof(sun->sun_path) - 1, strlen(path));
	memcpy(sun->sun_path, path, strlen(path));
	return ERR_OK;
}

static bool answers(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool alive = fd >= 0 && connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0;
	if (fd >= 0)
		close(fd);
	return alive;
}

static int open_unix(struct listener *l, const char *path)
{
	struct sockaddr_un sun;
	struct stat st;
	int result = unix_address(path, &sun);
	if (result != ERR_OK)
		return result;
	if (lstat(path, &st) == 0) {
		if (!S_ISSOCK(st.st_mode))
			return error_set(ERR_CONFLICT, "listen", "%s exists and is not a socket; name another path",
					 path);
		if (answers(&sun))
			return error_set(ERR_CONFLICT, "listen",
					 "another process answers on %s; stop it, or name another path", path);
		unlink(path);
	}
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return error_errno("cannot create a socket");
	if (bind(l->fd, (struct sockaddr *)&sun, sizeof(sun)) != 0)
		return error_errno("cannot bind %s (is its folder there? make it, or name another --listen)", path);
	snprintf(l->unlink_path, sizeof(l->unlink_path), "%s", path);
	snprintf(l->address, sizeof(l->address), "unix:%s", path);
	if (chmod(path, 0660) != 0)
		return error_errno("cannot set the mode of %s", path);
	return ERR_OK;
}

static int parse_tcp(const char *text, struct sockaddr_in *sin)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	char *end;
	*sin = (struct sockaddr_in){ .sin_family = AF_INET };
	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return error_set(ERR_INVALID, "listen", "tcp:%s is not tcp:HOST:PORT", text);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port > 65535)
		return error_set(ERR_INVALID, "listen", "the port in tcp:%s is not a number from 0 to 65535", text);
	if (strcmp(host, "localhost") == 0)
		snprintf(host, sizeof(host), "127.0.0.1");
	if (inet_pton(AF_INET, host, &sin->sin_addr) != 1 || (ntohl(sin->sin_addr.s_addr) >> 24) != 127)
		return error_set(
			ERR_INVALID, "listen",
			"tcp:%s is not on loopback (127.0.0.0/8, localhost): nothing authenticates strangers here",
			text);
	sin->sin_port = htons((uint16_t)port);
	return ERR_OK;
}

static int open_tcp(struct listener *l, const char *text)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int one = 1, result = parse_tcp(text, &sin);
	if (result != ERR_OK)
		return result;
	l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return error_errno("cannot create a socket");
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l->fd, (struct sockaddr *)&sin, sizeof(sin)) != 0)
		return error_errno("cannot bind tcp:%s", text);
	if (getsockname(l->fd, (struct sockaddr *)&sin, &len) != 0)
		return error_errno("cannot read the socket's name");
	char host[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &sin.sin_addr, host, sizeof(host));
	snprintf(l->address, sizeof(l->address), "tcp:%s:%u", host, ntohs(sin.sin_port));
	return ERR_OK;
}

int listener_check(const char *address)
{
	struct sockaddr_un sun;
	struct sockaddr_in sin;
	if (strncmp(address, "unix:", 5) == 0)
		return unix_address(address + 5, &sun);
	if (strncmp(address, "tcp:", 4) == 0)
		return parse_tcp(address + 4, &sin);
	return error_set(ERR_INVALID, "listen", "%s is neither unix:PATH nor tcp:HOST:PORT", address);
}

int listener_open(struct listener *l, const char *address)
{
	int result = listener_check(address);
	*l = (struct listener){ .fd = -1 };
	if (result == ERR_OK)
		result = address[0] == 'u' ? open_unix(l, address + 5) : open_tcp(l, address + 4);
	if (result == ERR_OK && listen(l->fd, BACKLOG) != 0)
		result = error_errno("cannot listen on %s", address);
	if (result != ERR_OK)
		listener_close(l);
	return result;
}

void listener_close(struct listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->unlink_path[0])
		unlink(l->unlink_path);
	*l = (struct listener){ .fd = -1 };
}
