/* access/tokens.c: the file of tokens read, and a token looked up. libcrypto is known in this folder only. */
#include "access/tokens.h"

#include "access/roles.h"
#include "base/check.h"
#include "base/error.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX (LIMIT_TOKENS * 512u) /* a line is under 256, comments are welcome */

void token_hash(struct slice text, unsigned char out[TOKEN_HASH_BYTES])
{
	CHECK(SHA256((const unsigned char *)text.data, text.len, out));
}

const struct token *tokens_find(const struct tokens *t, const unsigned char hash[TOKEN_HASH_BYTES])
{
	const struct token *found = NULL;
	for (size_t i = 0; i < t->count; i++)
		if (CRYPTO_memcmp(t->items[i].hash, hash, TOKEN_HASH_BYTES) == 0)
			found = &t->items[i];
	return found;
}

bool token_name_ok(const char *name)
{
	size_t len = strlen(name);
	return len && len <= LIMIT_TOKEN_NAME_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static bool parse_hash(const char *text, unsigned char out[TOKEN_HASH_BYTES])
{
	size_t prefix = strlen("sha256:");
	if (strncmp(text, "sha256:", prefix) != 0 || strlen(text) != prefix + 2 * TOKEN_HASH_BYTES ||
	    strspn(text + prefix, "0123456789abcdef") != 2 * TOKEN_HASH_BYTES)
		return false;
	for (size_t i = 0; i < TOKEN_HASH_BYTES; i++) {
		unsigned byte;
		CHECK(sscanf(text + prefix + 2 * i, "%2x", &byte) == 1);
		out[i] = (unsigned char)byte;
	}
	return true;
}

static int parse_token(struct token *t, const char *line)
{
	char name[128], roles[128], made[64], hash[128], more[2];
	int n = sscanf(line, "%127s %127s %63s %127s %1s", name, roles, made, hash, more);
	*t = (struct token){ .roles = 0 };
	if (n != 4)
		return error_set(ERR_INVALID, "tokens", "a line is NAME ROLES TIME sha256:HASH, a comment (#) or empty");
	if (!token_name_ok(name))
		return error_set(ERR_INVALID, "tokens", "\"%s\" is no name: letters, digits and . _ - , at most "
				 "limit_token_name_bytes (%u)", name, LIMIT_TOKEN_NAME_BYTES);
	if (strlen(made) != TOKEN_MADE_BYTES - 1)
		return error_set(ERR_INVALID, "tokens", "\"%s\" is no time such as 2026-11-22T06:30:00Z", made);
	if (!parse_hash(hash, t->hash))
		return error_set(ERR_INVALID, "tokens", "the last word is sha256: and 64 hexadecimal digits");
	memcpy(t->name, name, strlen(name) + 1);
	memcpy(t->made, made, sizeof(t->made));
	return roles_parse(roles, &t->roles);
}

static int add(struct tokens *out, const struct token *t)
{
	if (out->count == LIMIT_TOKENS)
		return error_set(ERR_LIMIT, "tokens", "more than limit_tokens (%u): revoke some", LIMIT_TOKENS);
	for (size_t i = 0; i < out->count; i++)
		if (strcmp(out->items[i].name, t->name) == 0)
			return error_set(ERR_INVALID, "tokens", "the name %s is there twice", t->name);
	out->items = must_realloc(out->items, (out->count + 1) * sizeof(*t));
	out->items[out->count++] = *t;
	return ERR_OK;
}

int tokens_parse(struct tokens *out, const char *text)
{
	int number = 0, result = ERR_OK;
	*out = (struct tokens){ .count = 0 };
	while (*text && result == ERR_OK) {
		size_t len = strcspn(text, "\n");
		char *line = must_strndup(text, len);
		size_t blank = strspn(line, " \t\r");
		struct token t;
		number++;
		if (line[blank] && line[blank] != '#') {
			result = parse_token(&t, line);
			if (result == ERR_OK)
				result = add(out, &t);
			if (result != ERR_OK)
				error_prefix("line %d", number);
		}
		free(line);
		text += len + (text[len] == '\n');
	}
	if (result != ERR_OK)
		tokens_finish(out);
	return result;
}

static int check_file(const struct stat *st, const char *path)
{
	if (!S_ISREG(st->st_mode))
		return error_set(ERR_DENIED, "tokens", "%s is not a file", path);
	if (st->st_mode & 077)
		return error_set(ERR_DENIED, "tokens", "%s has mode %04o: others may not have anything of it; chmod 600 %s", path,
				 (unsigned)(st->st_mode & 07777), path);
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return error_set(ERR_DENIED, "tokens", "%s belongs to user %u, not to the one this runs as (%u)", path,
				 (unsigned)st->st_uid, (unsigned)geteuid());
	if (st->st_size > (off_t)FILE_BYTES_MAX)
		return error_set(ERR_LIMIT, "tokens", "%s has %lld bytes, more than limit_tokens (%u) need", path,
				 (long long)st->st_size, LIMIT_TOKENS);
	return ERR_OK;
}

int tokens_slurp(int fd, const char *path, char **text, struct stat *seen)
{
	*text = NULL;
	if (fstat(fd, seen) != 0)
		return error_errno("cannot read the tokens in %s", path);
	int result = check_file(seen, path);
	if (result != ERR_OK)
		return result;
	size_t size = (size_t)seen->st_size, have = 0;
	ssize_t n = 1;
	char *to = must_calloc(1, size + 1);
	while (have < size && (n = pread(fd, to + have, size - have, (off_t)have)) > 0)
		have += (size_t)n;
	if (n < 0 || strlen(to) != have) {
		free(to);
		return n < 0 ? error_errno("cannot read the tokens in %s", path)
			     : error_set(ERR_INVALID, "tokens", "%s is not text", path);
	}
	*text = to;
	return ERR_OK;
}

int tokens_read(struct tokens *out, const char *path, struct stat *seen)
{
	struct stat st;
	char *text;
	*out = (struct tokens){ .count = 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_errno("cannot read the tokens in %s (nudgectl token new makes the file)", path);
	int result = tokens_slurp(fd, path, &text, seen ? seen : &st);
	close(fd);
	if (result == ERR_OK) {
		result = tokens_parse(out, text);
		if (result != ERR_OK)
			error_prefix("%s", path);
	}
	free(text);
	return result;
}

void tokens_finish(struct tokens *t)
{
	free(t->items);
	*t = (struct tokens){ .count = 0 };
}
