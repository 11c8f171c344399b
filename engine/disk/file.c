/* disk/file.c: the real file layer. One system call a function, errors named with their path.
 *
 * A full disk is ERR_STORAGE, all else ERR_IO. Locks are flock's: they belong to the open file, so that a second open
 * in the same process is refused too, and they go when the process dies, however it dies. */
#include "disk/file.h"

#include "base/check.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct file {
	int fd;
	char path[];
};

static int failed(const char *what, const char *path)
{
	int code = errno == ENOSPC || errno == EDQUOT ? ERR_STORAGE : errno == ENOENT ? ERR_MISSING : ERR_IO;
	return error_set(code, NULL, "cannot %s %s: %s", what, path, strerror(errno));
}

static struct file *file_of(int fd, const char *path)
{
	struct file *f = must_malloc(sizeof(*f) + strlen(path) + 1);
	f->fd = fd;
	strcpy(f->path, path);
	return f;
}

static int real_open(void *self, const char *path, bool create, struct file **out)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0640);
	if (fd < 0 && !create && (errno == EACCES || errno == EROFS))
		fd = open(path, O_RDONLY | O_CLOEXEC); /* a tool that only reads */
	if (fd < 0)
		return failed("open", path);
	*out = file_of(fd, path);
	return ERR_OK;
}

static void real_close(void *self, struct file *f)
{
	if (!f)
		return;
	close(f->fd);
	free(f);
}

static int real_size(void *self, struct file *f, uint64_t *out)
{
	struct stat st;
	if (fstat(f->fd, &st) != 0)
		return failed("stat", f->path);
	*out = (uint64_t)st.st_size;
	return ERR_OK;
}

static int real_read(void *self, struct file *f, uint64_t offset, void *to, size_t len, size_t *got)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = pread(f->fd, (char *)to + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("read", f->path);
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*got = done;
	return ERR_OK;
}

static int real_write(void *self, struct file *f, uint64_t offset, const void *from, size_t len)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = pwrite(f->fd, (const char *)from + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed("write", f->path);
		done += (size_t)n;
	}
	return ERR_OK;
}

static int real_sync(void *self, struct file *f)
{
	return fdatasync(f->fd) == 0 ? ERR_OK : failed("sync", f->path);
}

static int real_push(void *self, struct file *f, uint64_t offset, size_t len)
{
	unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
	if (sync_file_range(f->fd, (off_t)offset, (off_t)len, all) == 0)
		return ERR_OK;
	bool lost = errno == EIO || errno == ENOSPC || errno == EDQUOT;
	return lost ? failed("write out", f->path) : ERR_OK; /* where it is not to be had, the sync does it all */
}

static int real_sync_folder(void *self, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", path);
	int r = fsync(fd) == 0 ? ERR_OK : failed("sync", path);
	close(fd);
	return r;
}

static int real_make_folder(void *self, const char *path)
{
	if (mkdir(path, 0750) == 0)
		return ERR_OK;
	struct stat st;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return ERR_OK;
	return failed("create the folder", path);
}

static int real_lock(void *self, const char *path, struct file **out)
{
	int r = real_open(self, path, true, out);
	if (r < 0)
		return r;
	char text[32];
	if (flock((*out)->fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t n = errno == EWOULDBLOCK ? pread((*out)->fd, text, sizeof(text) - 1, 0) : -1;
		if (n < 0) {
			r = failed("lock", path);
		} else {
			text[n] = '\0';
			r = error_set(ERR_CONFLICT, NULL, "%s: in use by process %ld", path, strtol(text, NULL, 10));
		}
		real_close(self, *out);
		*out = NULL;
		return r;
	}
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate((*out)->fd, 0) == 0)
		r = real_write(self, *out, 0, text, (size_t)len);
	return r == ERR_STORAGE ? ERR_OK : r; /* a full disk costs the message, not the start */
}

static int real_rename(void *self, const char *from, const char *to)
{
	return rename(from, to) == 0 ? ERR_OK : failed("rename", from);
}

static int real_remove(void *self, const char *path)
{
	return unlink(path) == 0 ? ERR_OK : failed("remove", path);
}

static int real_list(void *self, const char *folder, int (*each)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return failed("read the folder", folder);
	int r = ERR_OK;
	struct dirent *entry;
	while (r == ERR_OK && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = each(arg, entry->d_name);
	if (r == ERR_OK && errno != 0)
		r = failed("read the folder", folder);
	closedir(dir);
	return r;
}

static int real_free_bytes(void *self, const char *folder, uint64_t *out)
{
	struct statvfs st;
	if (statvfs(folder, &st) != 0)
		return failed("ask for the free space of", folder);
	*out = (uint64_t)st.f_bavail * st.f_frsize;
	return ERR_OK;
}

const struct file_layer *file_system(void)
{
	static const struct file_layer layer = {
		.open = real_open,
		.close = real_close,
		.size = real_size,
		.read = real_read,
		.write = real_write,
		.sync = real_sync,
		.sync_folder = real_sync_folder,
		.make_folder = real_make_folder,
		.lock = real_lock,
		.rename = real_rename,
		.remove = real_remove,
		.list = real_list,
		.free_bytes = real_free_bytes,
		.push = real_push,
	};
	return &layer;
}
