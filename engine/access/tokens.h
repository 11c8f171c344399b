/* access/tokens.h: tokens, and the file that has them. A token is 256 random bits, said once when it is made; the file has
 * its SHA-256 only. A hash that is slow to make would add nothing: there is nothing to guess.
 *
 *     # comments and empty lines
 *     crm-bridge publish,recommend 2026-11-22T06:30:00Z sha256:b94d27b9934d3e08…
 *
 * Names are unique. The file is its owner's alone (mode 0600 or less): who can write it gives themselves every role. It is
 * changed by writing it anew beside and renaming, under a lock, so that a reader sees the old or the new one. */
#ifndef NUDGED_ACCESS_TOKENS_H
#define NUDGED_ACCESS_TOKENS_H

#include "base/limits.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#define TOKEN_HASH_BYTES 32u
#define TOKEN_TEXT_BYTES 72u /* "nudge_", 64 hexadecimal digits, 0 */
#define TOKEN_MADE_BYTES 21u /* "2026-11-22T06:30:00Z" and 0 */

struct token {
	char name[LIMIT_TOKEN_NAME_BYTES + 1];
	char made[TOKEN_MADE_BYTES];
	uint32_t roles; /* access/roles.h */
	unsigned char hash[TOKEN_HASH_BYTES];
};

struct tokens {
	struct token *items;
	size_t count;
};

/* *seen (may be NULL): the file that was read. ERR_DENIED: its mode or owner; ERR_INVALID: a line, which the text names;
 * ERR_IO. After an error `out` is empty. */
int tokens_read(struct tokens *out, const char *path, struct stat *seen);
int tokens_parse(struct tokens *out, const char *text);
void tokens_finish(struct tokens *t);

void token_hash(struct slice text, unsigned char out[TOKEN_HASH_BYTES]);
/* Takes as long whichever it is, and where it is none. NULL: none. */
const struct token *tokens_find(const struct tokens *t, const unsigned char hash[TOKEN_HASH_BYTES]);
bool token_name_ok(const char *name); /* letters, digits and . _ - */

/* tokens_edit.c. The file is made where it is not there. text: the token, to be said once. ERR_CONFLICT: the name is in
 * use. */
int tokens_add(const char *path, const char *name, uint32_t roles, int64_t now_ms, char text[TOKEN_TEXT_BYTES]);
int tokens_remove(const char *path, const char *name); /* ERR_MISSING */
int tokens_slurp(int fd, const char *path, char **text, struct stat *seen); /* the checks of mode and owner are here */

#endif
