/* proto/token.c: where the token comes from: never from a command line, which every user of the machine can read. */
#include "connection.h"
#include "nudge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int trim(struct connection *c, const char *text, const char *from, char *out, size_t size)
{
	text += strspn(text, " \t\r\n");
	size_t len = strcspn(text, " \t\r\n");
	if (len >= size)
		return connection_fail(c, NUDGE_INVALID, "the token in %s is longer than %zu bytes", from, size - 1);
	memcpy(out, text, len);
	out[len] = '\0';
	return NUDGE_OK;
}

static int read_file(struct connection *c, const char *path, char *out, size_t size)
{
	char text[1024];
	FILE *f = fopen(path, "re");
	if (!f)
		return connection_fail(c, NUDGE_INVALID, "cannot read the token in %s: %s", path, strerror(errno));
	size_t len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	int rc = trim(c, text, path, out, size);
	if (rc == NUDGE_OK && !*out)
		rc = connection_fail(c, NUDGE_INVALID, "there is no token in %s", path);
	memset(text, 0, sizeof(text));
	return rc;
}

int connection_token(struct connection *c, const char *token, const char *file, char *out, size_t size)
{
	const char *from = "the options";
	*out = '\0';
	if (!token && !file) {
		from = "$NUDGE_TOKEN";
		token = getenv("NUDGE_TOKEN");
		file = getenv("NUDGE_TOKEN_FILE");
	}
	if (token && *token)
		return trim(c, token, from, out, size);
	return file && *file ? read_file(c, file, out, size) : NUDGE_OK;
}
