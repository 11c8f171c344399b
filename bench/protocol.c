/* bench/protocol.c: what the peers' protocols share. */
#include "protocol.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

struct transport protocol_transport;

int protocol_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if ((size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path) >= sizeof(a.sun_path))
		errx(1, "%s: too long for a socket's path", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		err(1, "%s", path);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}
