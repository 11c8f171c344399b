/* access/tokens_edit.c: a token added to the file, or taken out. Other lines stay as they are, comments too. */
#include "access/roles.h"
#include "access/tokens.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define RANDOM_BYTES 32u
#define HEAD "# The tokens of nudged, hashed. Changed by nudgectl token new and revoke; read again by the daemon at once.\n"

/* The lock is the file's own: another one may have been put in its place meanwhile. */
static int open_locked(const char *path, bool make)
{
	for (;;) {
		struct stat held, named;
		int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | (make ? O_CREAT : 0), 0600);
		if (fd < 0 || flock(fd, LOCK_EX) != 0)
			return fd;
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev)
			return fd;
		close(fd);
	}
}

static int write_all(int fd, struct slice s)
{
	while (s.len) {
		ssize_t n = write(fd, s.data, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		s.data += n;
		s.len -= (size_t)n;
	}
	return fsync(fd);
}

static void sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? must_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : must_strdup(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

/* Beside, with the old one's owner, then in its place. */
static int replace(const char *path, struct slice text, const struct stat *old)
{
	size_t size = strlen(path) + 16;
	char *beside = must_malloc(size);
	snprintf(beside, size, "%s.XXXXXX", path);
	int fd = mkostemp(beside, O_CLOEXEC), result = ERR_OK; /* mode 0600 */
	if (fd < 0) {
		result = error_errno("cannot write beside %s", path);
	} else {
		bool good = write_all(fd, text) == 0 &&
			    (old->st_uid == geteuid() || fchown(fd, old->st_uid, old->st_gid) == 0) && rename(beside, path) == 0;
		if (!good) {
			result = error_errno("cannot write %s", path);
			unlink(beside);
		}
		close(fd);
		sync_folder(path);
	}
	free(beside);
	return result;
}

struct edit {
	int fd;
	char *text;
	struct stat st;
	struct tokens tokens;
};

static int begin(struct edit *e, const char *path, bool make)
{
	*e = (struct edit){ .fd = open_locked(path, make) };
	if (e->fd < 0)
		return error_errno("cannot open the tokens in %s", path);
	int result = tokens_slurp(e->fd, path, &e->text, &e->st);
	if (result == ERR_OK)
		result = tokens_parse(&e->tokens, e->text);
	return result;
}

static void end(struct edit *e)
{
	if (e->fd >= 0)
		close(e->fd);
	free(e->text);
	tokens_finish(&e->tokens);
}

static const struct token *named(const struct edit *e, const char *name)
{
	for (size_t i = 0; i < e->tokens.count; i++)
		if (strcmp(e->tokens.items[i].name, name) == 0)
			return &e->tokens.items[i];
	return NULL;
}

static void put_hex(struct bytes *out, const unsigned char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes_printf(out, "%02x", data[i]);
}

static int make_text(char text[TOKEN_TEXT_BYTES])
{
	unsigned char random[RANDOM_BYTES];
	if (RAND_bytes(random, sizeof(random)) != 1)
		return error_set(ERR_IO, NULL, "libcrypto has no random numbers to give");
	size_t used = (size_t)snprintf(text, TOKEN_TEXT_BYTES, "nudge_");
	for (size_t i = 0; i < sizeof(random); i++)
		used += (size_t)snprintf(text + used, TOKEN_TEXT_BYTES - used, "%02x", random[i]);
	return ERR_OK;
}

static void put_line(struct bytes *out, const char *name, uint32_t roles, int64_t now_ms, const char *text)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	char which[ROLES_TEXT_BYTES], made[32];
	time_t now = (time_t)(now_ms / 1000);
	struct tm utc;
	gmtime_r(&now, &utc);
	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", &utc);
	roles_text(roles, which);
	token_hash(slice_of(text), hash);
	bytes_printf(out, "%s %s %s sha256:", name, which, made);
	put_hex(out, hash, sizeof(hash));
	bytes_put(out, "\n", 1);
}

int tokens_add(const char *path, const char *name, uint32_t roles, int64_t now_ms, char text[TOKEN_TEXT_BYTES])
{
	struct edit e;
	struct bytes all = { 0 };
	if (!token_name_ok(name))
		return error_set(ERR_INVALID, "name", "a token's name has letters, digits and . _ - , at most "
				 "limit_token_name_bytes (%u)", LIMIT_TOKEN_NAME_BYTES);
	int result = begin(&e, path, true);
	if (result == ERR_OK && named(&e, name))
		result = error_set(ERR_CONFLICT, "name", "there is a token %s in %s already; revoke it first, or choose another name",
				   name, path);
	if (result == ERR_OK && e.tokens.count >= LIMIT_TOKENS)
		result = error_set(ERR_LIMIT, "tokens", "%s has limit_tokens (%u) already: revoke some", path, LIMIT_TOKENS);
	if (result == ERR_OK)
		result = make_text(text);
	if (result == ERR_OK) {
		size_t len = strlen(e.text);
		bytes_put(&all, len ? e.text : HEAD, len ? len : strlen(HEAD));
		if (len && e.text[len - 1] != '\n')
			bytes_put(&all, "\n", 1);
		put_line(&all, name, roles, now_ms, text);
		result = replace(path, bytes_slice(&all), &e.st);
	}
	bytes_finish(&all);
	end(&e);
	return result;
}

int tokens_remove(const char *path, const char *name)
{
	struct edit e;
	struct bytes all = { 0 };
	int result = begin(&e, path, false);
	if (result == ERR_OK && !named(&e, name))
		result = error_set(ERR_MISSING, "name", "there is no token %s in %s; nudgectl token list shows them", name, path);
	for (const char *at = e.text; result == ERR_OK && *at;) {
		size_t len = strcspn(at, "\n"), blank = strspn(at, " \t"), word = strcspn(at + blank, " \t\n");
		size_t whole = len + (at[len] == '\n');
		if (word != strlen(name) || memcmp(at + blank, name, word) != 0)
			bytes_put(&all, at, whole);
		at += whole;
	}
	if (result == ERR_OK)
		result = replace(path, bytes_slice(&all), &e.st);
	bytes_finish(&all);
	end(&e);
	return result;
}
