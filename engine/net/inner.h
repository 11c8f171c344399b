/* net/inner.h: connections from within the process: one end of a socket pair for a shard's loop. They count as no
 * client's, and nobody is known to be at their other end. */
#ifndef NUDGED_NET_INNER_H
#define NUDGED_NET_INNER_H

#include <stdbool.h>

struct server;

/* *fd: our end, not blocking. Any thread, while the loops run. False: no files left, or the loop takes none now. */
bool inner_connect(struct server *s, unsigned shard, int *fd);

#endif
