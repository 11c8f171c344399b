/* disk/folder.c: see folder.h. The mark is text, for the person who finds the folder:
 *
 *     nudged journal\nformat 1\nidentity 32 hex digits\nsum 16 hex digits\n
 *
 * It is written under another name, synced, renamed and the folder synced: there is a whole one or none. */
#include "disk/folder.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "disk/backup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_BYTES 256

char *folder_path(const char *dir, const char *name)
{
	size_t len = strlen(dir) + strlen(name) + 2;
	char *path = must_malloc(len);
	snprintf(path, len, "%s/%s", dir, name);
	return path;
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);
	return len >= n && strcmp(name + len - n, end) == 0;
}

/* Names that may lie in an unmarked folder without making it somebody else's. */
static bool name_is_harmless(const char *name)
{
	return name[0] == '.' || strcmp(name, "lost+found") == 0 || strcmp(name, "lock") == 0 || ends_with(name, ".tmp") ||
	       ends_with(name, ".sock") || ends_with(name, ".log") || ends_with(name, ".pid");
}

static int mark_parse(const char *path, const char *text, const char *what, struct hash128 *identity)
{
	char kind[32];
	unsigned format;
	int body = 0;
	uint64_t sum;
	int fields = sscanf(text, "nudged %31[^\n]\nformat %u\n", kind, &format);
	if (fields != 2 || strcmp(kind, what) != 0)
		return error_set(ERR_FOREIGN, NULL, "%s is not the mark of a nudged %s", path, what);
	if (format > FOLDER_FORMAT)
		return error_set(ERR_VERSION, NULL, "%s: format %u, but this build knows up to %u: use a newer nudged", path,
				 format, FOLDER_FORMAT);
	fields = sscanf(text, "nudged %31[^\n]\nformat %u\nidentity %16" SCNx64 "%16" SCNx64 "\n%nsum %16" SCNx64, kind,
			&format, &identity->high, &identity->low, &body, &sum);
	if (fields != 5 || sum != hash64((struct slice){ text, (size_t)body }, 0))
		return error_set(ERR_CORRUPT, NULL, "%s: damaged (its checksum does not match)", path);
	return 1;
}

int folder_mark_read(const struct file_layer *files, const char *folder, const char *what, struct hash128 *identity)
{
	char *path = folder_path(folder, FOLDER_MARK);
	struct file *f = NULL;
	char text[MARK_BYTES];
	size_t got = 0;
	int r = files->open(files->self, path, false, &f);
	if (r == ERR_OK)
		r = files->read(files->self, f, 0, text, sizeof(text) - 1, &got);
	if (r == ERR_OK) {
		text[got] = '\0';
		r = mark_parse(path, text, what, identity);
	}
	if (f)
		files->close(files->self, f);
	free(path);
	return r == ERR_MISSING ? 0 : r;
}

int folder_put(const struct file_layer *files, const char *dir, const char *name, struct slice content)
{
	char *path = folder_path(dir, name), *early = must_malloc(strlen(path) + sizeof(".tmp"));
	struct file *f = NULL;
	sprintf(early, "%s.tmp", path);
	(void)files->remove(files->self, early); /* a crash left it, and it may be longer */
	int r = files->open(files->self, early, true, &f);
	if (r == ERR_OK)
		r = files->write(files->self, f, 0, content.data, content.len);
	if (r == ERR_OK)
		r = files->sync(files->self, f);
	if (f)
		files->close(files->self, f);
	if (r == ERR_OK)
		r = files->rename(files->self, early, path);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, dir);
	free(path);
	free(early);
	return r;
}

/* Writes the mark, durably, under a new identity. */
static int mark_write(const struct file_layer *files, const char *folder, const char *what, struct hash128 *identity)
{
	char text[MARK_BYTES];
	clock_random_fill(identity, sizeof(*identity));
	int len = snprintf(text, sizeof(text), "nudged %s\nformat %u\nidentity %016" PRIx64 "%016" PRIx64 "\n", what,
			   FOLDER_FORMAT, identity->high, identity->low);
	uint64_t sum = hash64((struct slice){ text, (size_t)len }, 0);
	len += snprintf(text + len, sizeof(text) - (size_t)len, "sum %016" PRIx64 "\n", sum);
	return folder_put(files, folder, FOLDER_MARK, (struct slice){ text, (size_t)len });
}

static int refuse_strange_name(void *arg, const char *name)
{
	if (name_is_harmless(name))
		return ERR_OK;
	return error_set(ERR_FOREIGN, NULL, "%s holds %s and no %s file: not a data directory of nudged; name an empty one",
			 (const char *)arg, name, FOLDER_MARK);
}

static int refuse_foreign(const struct file_layer *files, const char *folder)
{
	return files->list(files->self, folder, refuse_strange_name, (void *)(uintptr_t)folder);
}

char *folder_above(const char *dir)
{
	char *parent = must_strdup(dir);
	size_t len = strlen(parent);
	while (len > 1 && parent[len - 1] == '/')
		parent[--len] = '\0';
	char *slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	else
		snprintf(parent, len + 1, "%s", len ? "." : "");
	return parent;
}

static int sync_parent(const struct file_layer *files, const char *dir)
{
	char *parent = folder_above(dir);
	int r = files->sync_folder(files->self, parent);
	free(parent);
	return r;
}

/* A backup would no longer be one, and half of one is none. */
static int refuse_copies(const struct file_layer *files, const char *dir)
{
	static const struct {
		const char *name, *what;
	} flags[] = {
		{ BACKUP_FILE, "is a backup: restore it into a folder of its own (nudged --restore)" },
		{ UNFINISHED_FILE, "holds a part of a backup: its making was interrupted, or goes on" },
		{ RESTORING_FILE, "holds a part of a backup: its restoring was interrupted, do it again (nudged --restore)" },
	};
	int r = ERR_OK;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]) && r == ERR_OK; i++) {
		struct file *f = NULL;
		char *path = folder_path(dir, flags[i].name);
		if (files->open(files->self, path, false, &f) == ERR_OK) {
			r = error_set(ERR_CONFLICT, "data", "%s %s", dir, flags[i].what);
			files->close(files->self, f);
		}
		free(path);
	}
	return r;
}

static int claim(const struct file_layer *files, const char *dir)
{
	struct hash128 identity;
	int r = refuse_copies(files, dir);
	if (r != ERR_OK)
		return r;
	r = folder_mark_read(files, dir, "data", &identity);
	if (r != 0)
		return r < 0 ? r : ERR_OK;
	r = files->make_folder(files->self, dir);
	if (r == ERR_OK)
		r = refuse_foreign(files, dir);
	if (r == ERR_OK)
		r = sync_parent(files, dir);
	if (r == ERR_OK)
		r = mark_write(files, dir, "data", &identity);
	return r;
}

int folder_open(const struct file_layer *files, const char *dir, const char *name, bool read_only,
		struct hash128 *identity, struct file **lock, bool *created)
{
	char *folder = folder_path(dir, name), *lock_path = folder_path(folder, "lock");
	*created = false;
	int r = folder_mark_read(files, folder, name, identity);
	if (r == 0 && read_only)
		r = error_set(ERR_MISSING, NULL, "%s: there is no %s of nudged here", folder, name);
	if (r < 0 || read_only)
		goto done;
	*created = r == 0;
	r = claim(files, dir);
	if (r == ERR_OK && *created)
		r = files->make_folder(files->self, folder);
	if (r == ERR_OK && *created)
		r = files->sync_folder(files->self, dir);
	if (r == ERR_OK && *created)
		r = refuse_foreign(files, folder);
	if (r == ERR_OK)
		r = files->lock(files->self, lock_path, lock);
	if (r == ERR_OK && *created)
		r = mark_write(files, folder, name, identity);
	/* a process that was killed before its own sync may have left names that the disk does not have */
	if (r == ERR_OK)
		r = files->sync_folder(files->self, folder);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, dir);
done:
	free(folder);
	free(lock_path);
	return r < 0 ? r : ERR_OK;
}
