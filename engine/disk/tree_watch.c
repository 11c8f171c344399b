/* disk/tree_watch.c: see tree_watch.h. A folder made a moment ago may have files already that nobody told us of: after
 * every change all folders are gone through again, and adding a watch twice is no harm; only then is it read. */
#include "disk/tree_watch.h"

#include "base/check.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define WATCHED \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define DEPTH_MAX 16
#define GONE_LOOK_MS 300 /* for a folder that went away */

struct tree_watch {
	char *folder;
	int fd;
	bool gone;
};

static int add_tree(struct tree_watch *w, const char *folder, int depth);

static int add_entry(struct tree_watch *w, const char *folder, const struct dirent *entry, int depth)
{
	if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
		return ERR_OK;
	size_t size = strlen(folder) + strlen(entry->d_name) + 2;
	char *path = must_malloc(size);
	snprintf(path, size, "%s/%s", folder, entry->d_name);
	int result = add_tree(w, path, depth + 1);
	free(path);
	return result;
}

/* What vanished since it was listed is no error, but for the folder itself. */
static int add_tree(struct tree_watch *w, const char *folder, int depth)
{
	if (inotify_add_watch(w->fd, folder, WATCHED) < 0) {
		if (depth && (errno == ENOENT || errno == ENOTDIR))
			return ERR_OK;
		return error_errno("cannot watch %s", folder);
	}
	DIR *dir = opendir(folder);
	int result = ERR_OK;
	if (!dir)
		return depth ? ERR_OK : error_errno("cannot read %s", folder);
	for (struct dirent *e; depth < DEPTH_MAX && result == ERR_OK && (e = readdir(dir)) != NULL;)
		result = add_entry(w, folder, e, depth);
	closedir(dir);
	return result;
}

int tree_watch_open(struct tree_watch **out, const char *folder)
{
	struct tree_watch *w = must_calloc(1, sizeof(*w));
	w->folder = must_strdup(folder);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	int result = w->fd < 0 ? error_errno("cannot watch %s", folder) : add_tree(w, folder, 0);
	if (result != ERR_OK) {
		tree_watch_close(w);
		return result;
	}
	*out = w;
	return ERR_OK;
}

void tree_watch_close(struct tree_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	free(w->folder);
	free(w);
}

/* A folder, or a file that a pack may consist of. */
static bool concerns(const struct inotify_event *e)
{
	size_t len = e->len ? strlen(e->name) : 0;
	if (e->mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF))
		return true;
	if (len == 0 || e->name[0] == '.' || e->name[0] == '#')
		return false;
	return (e->mask & IN_ISDIR) || (len > 4 && strcmp(e->name + len - 4, ".lua") == 0) ||
	       (len > 5 && strcmp(e->name + len - 5, ".conf") == 0);
}

/* Takes what has happened. True: some of it concerns us. */
static bool drain(struct tree_watch *w)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool changed = false;
	ssize_t got;
	while ((got = read(w->fd, buffer, sizeof(buffer))) > 0) {
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *e = (const struct inotify_event *)(const void *)at;
			changed |= concerns(e);
			at += sizeof(*e) + e->len;
		}
	}
	return changed;
}

/* 1: something may have happened within so many ms (-1: ever), 0: nothing has, -1: to stop. */
static int sleep_until(struct tree_watch *w, int stop_fd, int ms)
{
	struct pollfd fds[] = { { .fd = w->fd, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
	int ready = poll(fds, 2, ms);
	if (fds[1].revents)
		return -1;
	return ready > 0;
}

int tree_watch_wait(struct tree_watch *w, int stop_fd, int quiet_ms)
{
	for (bool changed = false;;) {
		int happened = sleep_until(w, stop_fd, changed ? quiet_ms : w->gone ? GONE_LOOK_MS : -1);
		if (happened < 0)
			return 0;
		if (changed && !happened && !w->gone)
			return 1;
		bool news = drain(w);
		if (!news && !w->gone)
			continue;
		bool was_gone = w->gone;
		w->gone = access(w->folder, F_OK) != 0;
		if (!w->gone && add_tree(w, w->folder, 0) != ERR_OK)
			return error_last()->code;
		changed = changed || news || (was_gone && !w->gone);
	}
}
