/* base/check.c: how a broken promise and memory that is out end the process. */
#include "base/check.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

_Noreturn void check_failed(const char *file, int line, const char *what)
{
	log_error("%s:%d: check failed: %s", file, line, what);
	abort();
}

static void *must(void *p, size_t size)
{
	if (!p) {
		log_error("out of memory: %zu bytes", size);
		abort();
	}
	return p;
}

void *must_malloc(size_t size)
{
	return must(malloc(size ? size : 1), size);
}

void *must_calloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1), size);
}

void *must_realloc(void *old, size_t size)
{
	return must(realloc(old, size ? size : 1), size);
}

char *must_strdup(const char *text)
{
	return must(strdup(text), strlen(text));
}

char *must_strndup(const char *text, size_t len)
{
	char *p = must_malloc(len + 1);
	if (len)
		memcpy(p, text, len);
	p[len] = '\0';
	return p;
}
