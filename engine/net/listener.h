/* net/listener.h: addresses to listening sockets. */
#ifndef NUDGED_NET_LISTENER_H
#define NUDGED_NET_LISTENER_H

#include <stdbool.h>

struct listener {
	int fd;
	char address[160];     /* as bound */
	char unlink_path[112]; /* a Unix socket's; else "" */
	bool tls;
};

/* Whether it reads as an address, without touching anything: "unix:PATH", "tcp:HOST:PORT" on loopback, "tls:HOST:PORT". */
int listener_check(const char *address);
bool listener_is_tls(const char *address);
bool listener_is_open(const char *address); /* it is one that reads, and other machines can reach it */
int listener_open(struct listener *l, const char *address, unsigned unix_mode); /* unix_mode: of a Unix socket's file */
void listener_close(struct listener *l);

#endif
