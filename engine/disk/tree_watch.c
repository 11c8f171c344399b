/* disk/tree_watch.c: see tree_watch.h. A folder made a moment ago may have files already that nobody told us of: after
 * every change all folders are gone through again, and adding a watch twice is no harm; only then is it read.
 *
 * What is watched is a folder, not its name: that another one has the name now (moved there, or a symbolic link that was
 * turned), that a file has, or nothing, nobody tells. So the name is looked at twice a second, and a folder that is
 * another one is watched anew. */
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
#include <sys/stat.h>
#include <unistd.h>

#define WATCHED \
	(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define DEPTH_MAX 16
#define LOOK_MS 500 /* at the name */

struct tree_watch {
	char *folder;
	int fd;
	dev_t device; /* of the folder that is watched */
	ino_t inode;
	bool gone;
	int cause; /* errno of the last failure */
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
		w->cause = errno;
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

/* The folder that has the name now, from nothing. */
static int begin(struct tree_watch *w)
{
	struct stat st;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0 || stat(w->folder, &st) != 0) {
		w->cause = errno;
		return error_errno("cannot watch %s", w->folder);
	}
	w->device = st.st_dev;
	w->inode = st.st_ino;
	return add_tree(w, w->folder, 0);
}

int tree_watch_open(struct tree_watch **out, const char *folder)
{
	struct tree_watch *w = must_calloc(1, sizeof(*w));
	w->folder = must_strdup(folder);
	w->fd = -1;
	int result = begin(w);
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

static bool out_of_room(int cause)
{
	return cause == ENOSPC || cause == EMFILE || cause == ENFILE || cause == ENOMEM;
}

/* Looks at the name, and at all below it where there is news. *changed: it is another folder than before, or one again.
 * One that cannot be watched for now has gone away. */
static int look(struct tree_watch *w, bool news, bool *changed)
{
	struct stat st;
	int result = ERR_OK;
	bool there = stat(w->folder, &st) == 0 && S_ISDIR(st.st_mode);
	bool same = there && !w->gone && st.st_dev == w->device && st.st_ino == w->inode;
	if (there && !same)
		result = begin(w);
	else if (there && news)
		result = add_tree(w, w->folder, 0);
	w->gone = !there || result != ERR_OK;
	*changed |= !w->gone && !same;
	return result != ERR_OK && out_of_room(w->cause) ? result : ERR_OK;
}

int tree_watch_wait(struct tree_watch *w, int stop_fd, int quiet_ms)
{
	for (bool changed = false;;) {
		int happened = sleep_until(w, stop_fd, changed && !w->gone ? quiet_ms : LOOK_MS);
		if (happened < 0)
			return TREE_STOPPED;
		if (changed && !happened && !w->gone)
			return TREE_CHANGED;
		bool was_gone = w->gone, news = drain(w);
		changed |= news;
		int result = look(w, news, &changed);
		if (result != ERR_OK)
			return result;
		if (w->gone && !was_gone)
			return TREE_GONE;
	}
}
