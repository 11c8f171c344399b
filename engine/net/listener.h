/* net/listener.h: addresses to listening sockets. */
#ifndef NUDGED_NET_LISTENER_H
#define NUDGED_NET_LISTENER_H

#include <stdbool.h>

struct listener {
	int fd;
	char address[160];     /* as bound */
	char unlink_path[112]; /* a Unix socket's; else "" */
};

int listener_check(const char *address); /* whether it reads as an address, without touching anything */
int listener_open(struct listener *l, const char *address);
void listener_close(struct listener *l);

#endif
