/* script/bundle_read.c: a pack's folder into a bundle, and the table of its time zone from this machine's
 * /usr/share/zoneinfo. The only file of script/ that reads files; the machine itself (pack_load and what follows)
 * works on bundles alone. */
#include "script/declare.h"

#include "base/check.h"
#include "base/error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define FOLDER_DEPTH 8
#define PACK_FILE "pack.lua"

static int read_file(const char *path, struct bytes *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_errno("cannot read %s", path);
	struct stat st;
	int rc = ERR_OK;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		rc = error_set(ERR_INVALID, NULL, "%s is not a plain file", path);
	while (rc == ERR_OK) {
		char *to = bytes_grow(out, 65536);
		ssize_t n = read(fd, to, 65536);
		out->len -= 65536 - (n > 0 ? (size_t)n : 0);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			rc = error_errno("cannot read %s", path);
		else if (out->len > LIMIT_PACK_BYTES)
			rc = error_set(ERR_LIMIT, NULL, "%s: a pack has at most %u bytes (limit_pack_bytes)", path,
				       LIMIT_PACK_BYTES);
	}
	close(fd);
	return rc;
}

/* A link may point elsewhere within the pack, not out of it: the bundle is the pack. */
static int check_inside(const char *root, const char *path)
{
	char real[PATH_MAX];
	if (!realpath(path, real))
		return error_errno("cannot read %s", path);
	size_t len = strlen(root);
	if (strncmp(real, root, len) != 0 || real[len] != '/')
		return error_set(ERR_INVALID, NULL, "%s is a link that leaves the pack's folder; copy the file into it",
				 path);
	return ERR_OK;
}

static int add_folder(struct bundle *b, const char *root, const char *below, int depth);

static int add_entry(struct bundle *b, const char *root, const char *below, const char *name, int depth)
{
	char path[PATH_MAX], relative[PATH_MAX];
	struct stat st;
	if (snprintf(relative, sizeof(relative), "%s%s%s", below, *below ? "/" : "", name) >= (int)sizeof(relative) ||
	    snprintf(path, sizeof(path), "%s/%s", root, relative) >= (int)sizeof(path))
		return error_set(ERR_INVALID, NULL, "%s/%s: the path is too long", root, name);
	if (stat(path, &st) != 0)
		return error_errno("cannot read %s", path);
	size_t len = strlen(name);
	bool lua = (len > 4 && strcmp(name + len - 4, ".lua") == 0) || (!*below && strcmp(name, SETTINGS_FILE) == 0);
	if (S_ISDIR(st.st_mode) && (*below || strcmp(name, "tests") != 0)) {
		int rc = check_inside(root, path);
		return rc == ERR_OK ? add_folder(b, root, relative, depth + 1) : rc;
	}
	if (S_ISDIR(st.st_mode) || !lua)
		return ERR_OK;
	struct bytes content = { 0 };
	int rc = check_inside(root, path);
	if (rc == ERR_OK)
		rc = read_file(path, &content);
	if (rc == ERR_OK)
		rc = bundle_add(b, slice_of(relative), bytes_slice(&content));
	bytes_finish(&content);
	return rc;
}

static int add_folder(struct bundle *b, const char *root, const char *below, int depth)
{
	char path[PATH_MAX];
	if (depth > FOLDER_DEPTH ||
	    snprintf(path, sizeof(path), "%s%s%s", root, *below ? "/" : "", below) >= (int)sizeof(path))
		return error_set(ERR_INVALID, NULL, "%s/%s: folders nested more than %d deep", root, below,
				 FOLDER_DEPTH);
	DIR *dir = opendir(path);
	if (!dir)
		return error_errno("cannot read the folder %s", path);
	int rc = ERR_OK;
	for (struct dirent *e; rc == ERR_OK && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.')
			rc = add_entry(b, root, below, e->d_name, depth);
	closedir(dir);
	return rc;
}

/* A folder of packs may have been named: the first below it, by name, that is one. */
static bool find_pack_below(const char *root, char *out, size_t size)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir = opendir(root);
	*out = '\0';
	while (dir && (e = readdir(dir)) != NULL) {
		int len = snprintf(path, sizeof(path), "%s/%s/" PACK_FILE, root, e->d_name);
		if (e->d_name[0] == '.' || len >= (int)sizeof(path) || access(path, F_OK) != 0)
			continue;
		if (!*out || strcmp(e->d_name, out) < 0)
			snprintf(out, size, "%s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return *out;
}

/* Said before anything else is read: what is no pack may be large, or anything. */
static int check_is_pack(const char *root, const char *folder)
{
	char path[PATH_MAX + sizeof("/" PACK_FILE)], below[NAME_MAX + 1];
	struct stat st;
	if (stat(root, &st) == 0 && !S_ISDIR(st.st_mode))
		return error_set(ERR_INVALID, NULL, "%s is a file: name the folder of the pack, the one with " PACK_FILE " in it", folder);
	snprintf(path, sizeof(path), "%s/" PACK_FILE, root);
	if (access(path, F_OK) == 0)
		return ERR_OK;
	if (find_pack_below(root, below, sizeof(below)))
		return error_set(ERR_MISSING, NULL, "%s has no " PACK_FILE ", which a pack begins with; did you mean %s/%s?", folder, folder,
				 below);
	return error_set(ERR_MISSING, NULL, "%s has no " PACK_FILE ", which a pack begins with: is it the pack's folder? (nudgectl rules "
			 "new NAME makes one)", folder);
}

int bundle_read_any(struct bundle *out, const char *folder)
{
	*out = (struct bundle){ 0 };
	char root[PATH_MAX];
	if (!realpath(folder, root))
		return error_errno("cannot read the pack %s", folder);
	int rc = add_folder(out, root, "", 0);
	if (rc != ERR_OK || out->count == 0) { /* was it ever one? */
		struct error why = *error_last();
		rc = check_is_pack(root, folder);
		if (rc == ERR_OK)
			rc = error_set(why.code, why.field, "%s", why.text);
	}
	if (rc != ERR_OK)
		bundle_finish(out);
	return rc;
}

int bundle_read(struct bundle *out, const char *folder)
{
	*out = (struct bundle){ 0 };
	char root[PATH_MAX];
	if (!realpath(folder, root))
		return error_errno("cannot read the pack %s", folder);
	int rc = check_is_pack(root, folder);
	return rc == ERR_OK ? bundle_read_any(out, folder) : rc;
}

int bundle_read_tests(struct bundle *out, const char *folder)
{
	*out = (struct bundle){ 0 };
	char root[PATH_MAX], tests[PATH_MAX + sizeof("/tests")];
	struct stat st;
	if (!realpath(folder, root))
		return error_errno("cannot read the pack %s", folder);
	snprintf(tests, sizeof(tests), "%s/tests", root);
	if (stat(tests, &st) != 0 || !S_ISDIR(st.st_mode))
		return ERR_OK;
	int rc = check_inside(root, tests);
	if (rc == ERR_OK)
		rc = add_folder(out, root, "tests", 0);
	if (rc != ERR_OK)
		bundle_finish(out);
	return rc;
}

static bool zone_name_ok(const char *name)
{
	if (!*name || *name == '/' || strstr(name, "..") || strlen(name) > 64)
		return false;
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		      (*name >= '0' && *name <= '9') || strchr("_+-/", *name)))
			return false;
	return true;
}

int bundle_resolve_zone(struct bundle *b)
{
	struct bytes name = { 0 };
	int line, rc = pack_zone_name(b, &name, &line);
	if (rc != ERR_OK) {
		bytes_finish(&name);
		return rc;
	}
	free(b->zone_name);
	b->zone_name = must_strdup(name.data);
	bytes_finish(&name);
	bytes_finish(&b->zone);
	if (strcmp(b->zone_name, "UTC") == 0)
		return ERR_OK;
	char path[128];
	struct zone *zone = NULL;
	snprintf(path, sizeof(path), ZONE_FOLDER "/%s", b->zone_name);
	if (!zone_name_ok(b->zone_name) || read_file(path, &b->zone) != ERR_OK ||
	    zone_create(&zone, bytes_slice(&b->zone)) != ERR_OK) {
		bytes_finish(&b->zone);
		return error_set(ERR_RULE, NULL,
				 "pack.lua:%d: pack: zone = \"%.64s\" is not a time zone known here; use a name "
				 "from " ZONE_FOLDER " such as \"Europe/Paris\" (Debian package tzdata)",
				 line, b->zone_name);
	}
	zone_destroy(zone);
	return ERR_OK;
}
