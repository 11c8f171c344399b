/* disk/store_renew.c: a store's rows put into a new file which takes the old one's place, while others go on reading: LMDB
 * leaves what was deleted lying in free pages, in half empty ones, and as keys that lead to others. Whoever reads at the
 * moment of the change waits for it, some milliseconds. */
#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "disk/folder.h"
#include "disk/store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int store_guard(const struct store *s, int how)
{
	int guard = open(s->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (guard >= 0 && flock(guard, how) != 0 && errno == EINTR)
		;
	return guard;
}

void store_unguard(int guard)
{
	if (guard >= 0)
		close(guard); /* and so the lock */
}

/* LMDB's lock file names transactions of the old file, so it goes too. Another process that has both open already (a backup)
 * goes on reading the old one; one that opens them now waits (store_guard). */
static int replace(struct store *s, const char *early)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(s->folder, "data.mdb"), *lock = folder_path(s->folder, "lock.mdb");
	int r = files->rename(files->self, early, path);
	if (r == ERR_OK)
		r = files->remove(files->self, lock);
	if (r == ERR_OK || r == ERR_MISSING)
		r = files->sync_folder(files->self, s->folder);
	free(path);
	free(lock);
	return r;
}

/* Nobody can go on without the store: a start recovers. */
static void must_open(struct store *s)
{
	if (store_env_open(s, false) == ERR_OK)
		return;
	log_error("%s; the process ends, a start goes on", error_last()->text);
	_exit(70);
}

int store_renew(struct store *s)
{
	const struct file_layer *files = file_system();
	char *early = folder_path(s->folder, "data.tmp");
	(void)files->remove(files->self, early);
	pthread_rwlock_rdlock(&s->gate);
	int r = store_rebuild(s, early);
	pthread_rwlock_unlock(&s->gate);
	if (r == ERR_OK) {
		pthread_rwlock_wrlock(&s->gate);
		int guard = store_guard(s, LOCK_EX);
		store_env_close(s);
		r = replace(s, early);
		must_open(s);
		store_unguard(guard);
		pthread_rwlock_unlock(&s->gate);
	}
	free(early);
	return r;
}
