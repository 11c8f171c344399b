/* net/listener.c: binding Unix sockets, loopback TCP sockets, and those for TLS anywhere. A Unix socket that a crashed daemon left behind is taken over;
 * one that still answers is not. */
#include "net/listener.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
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

static int open_unix(struct listener *l, const char *path, unsigned mode)
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
	if (chmod(path, mode) != 0)
		return error_errno("cannot set the mode of %s", path);
	return ERR_OK;
}

/* An address that a TCP socket is bound to. */
struct place {
	struct sockaddr_storage at;
	socklen_t len;
};

static bool is_loopback(const struct place *p)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&p->at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&p->at;
	if (p->at.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

/* HOST is a number: names are looked up by who connects. */
static bool parse_host(const char *host, uint16_t port, struct place *p)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&p->at;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&p->at;
	char bare[64];
	size_t len = strlen(host);
	*p = (struct place){ .len = 0 };
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		p->len = sizeof(*v4);
		return true;
	}
	if (len < 4 || host[0] != '[' || host[len - 1] != ']')
		return false;
	snprintf(bare, sizeof(bare), "%.*s", (int)len - 2, host + 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	p->len = sizeof(*v6);
	return inet_pton(AF_INET6, bare, &v6->sin6_addr) == 1;
}

/* address: "tcp:HOST:PORT" or "tls:HOST:PORT". */
static int parse_port(const char *address, struct place *p)
{
	char host[64];
	const char *text = address + 4, *colon = strrchr(text, ':');
	char *end;
	if (!colon || (size_t)(colon - text) >= sizeof(host))
		return error_set(ERR_INVALID, "listen", "%s is not %.3s:HOST:PORT", address, address);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	unsigned long port = strtoul(colon + 1, &end, 10);
	if (end == colon + 1 || *end || port > 65535)
		return error_set(ERR_INVALID, "listen", "the port in %s is not a number from 0 to 65535", address);
	bool parsed = parse_host(host, (uint16_t)port, p), tls = listener_is_tls(address);
	if (tls && !parsed)
		return error_set(ERR_INVALID, "listen", "%s: HOST is an address of this machine (192.0.2.7, [2001:db8::7]), 0.0.0.0 or "
				 "[::] for all of them, or localhost", address);
	if (!tls && (!parsed || !is_loopback(p)))
		return error_set(ERR_INVALID, "listen", "%s is not on loopback (127.0.0.0/8, [::1], localhost): nothing authenticates "
				 "strangers there; for other machines use tls:HOST:PORT (of HTTP https://HOST:PORT)", address);
	return ERR_OK;
}

static void name_of(const struct place *p, bool tls, char *out, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&p->at;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&p->at;
	bool six = p->at.ss_family == AF_INET6;
	inet_ntop(p->at.ss_family, six ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, host, sizeof(host));
	snprintf(out, size, "%s:%s%s%s:%u", tls ? "tls" : "tcp", six ? "[" : "", host, six ? "]" : "",
		 ntohs(six ? v6->sin6_port : v4->sin_port));
}

static int open_port(struct listener *l, const char *address)
{
	struct place p;
	int one = 1, result = parse_port(address, &p);
	if (result != ERR_OK)
		return result;
	l->tls = listener_is_tls(address);
	l->fd = socket(p.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return error_errno("cannot create a socket");
	setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l->fd, (struct sockaddr *)&p.at, p.len) != 0)
		return error_errno("cannot bind %s (does another program have the port? name another, or stop it)", address);
	if (getsockname(l->fd, (struct sockaddr *)&p.at, &p.len) != 0)
		return error_errno("cannot read the socket's name");
	name_of(&p, l->tls, l->address, sizeof(l->address));
	return ERR_OK;
}

bool listener_is_tls(const char *address)
{
	return strncmp(address, "tls:", 4) == 0;
}

bool listener_is_open(const char *address)
{
	struct place p;
	return listener_is_tls(address) && parse_port(address, &p) == ERR_OK && !is_loopback(&p);
}

int listener_check(const char *address)
{
	struct sockaddr_un sun;
	struct place p;
	if (strncmp(address, "unix:", 5) == 0)
		return unix_address(address + 5, &sun);
	if (strncmp(address, "tcp:", 4) == 0 || listener_is_tls(address))
		return parse_port(address, &p);
	return error_set(ERR_INVALID, "listen", "%s is neither unix:PATH, tcp:HOST:PORT nor tls:HOST:PORT%s%s", address,
			 address[0] == '/' ? "; you may mean unix:" : "", address[0] == '/' ? address : "");
}

int listener_open(struct listener *l, const char *address, unsigned unix_mode)
{
	int result = listener_check(address);
	*l = (struct listener){ .fd = -1 };
	if (result == ERR_OK)
		result = address[0] == 'u' ? open_unix(l, address + 5, unix_mode) : open_port(l, address);
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
