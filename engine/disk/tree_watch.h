/* disk/tree_watch.h: told when Lua files in a folder, or in folders below it, are saved, made, renamed or removed
 * (inotify). What editors leave about (.x.swp, x.lua~, #x.lua#) is no change. For one thread. */
#ifndef NUDGED_DISK_TREE_WATCH_H
#define NUDGED_DISK_TREE_WATCH_H

#include <stdbool.h>

struct tree_watch;

int tree_watch_open(struct tree_watch **out, const char *folder); /* ERR_IO: there is no such folder, too many watches */
void tree_watch_close(struct tree_watch *w);                      /* NULL-safe */
/* Sleeps until something changed and nothing has for `quiet_ms` since, so that a save of several files is one change.
 * GONE: there is no folder of that name now; asked again, it waits until there is, which is a change. STOPPED: `stop_fd` is
 * readable. Negative: an error. */
enum { TREE_STOPPED, TREE_CHANGED, TREE_GONE };
int tree_watch_wait(struct tree_watch *w, int stop_fd, int quiet_ms);

#endif
