/* base/check.h: assertions that are never compiled out. What a check guards is the daemon's own promise, never
 * input: input gets an error. A failed check ends the process, and recovery is replay. */
#ifndef NUDGED_BASE_CHECK_H
#define NUDGED_BASE_CHECK_H

_Noreturn void check_failed(const char *file, int line, const char *what);

#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

/* malloc, calloc, realloc and strndup that end the process when memory is out: a daemon whose state is one machine
 * cannot go on with half an entry applied. */
#include <stddef.h>
void *must_malloc(size_t size);
/* What malloc makes of a size: its blocks are 16k + 8 bytes, and what is not asked for is lost. */
static inline size_t malloc_fit(size_t size)
{
	return size <= 24 ? 24 : ((size + 7) & ~(size_t)15) + 8;
}
void *must_calloc(size_t count, size_t size);
void *must_realloc(void *old, size_t size);
char *must_strdup(const char *text);
char *must_strndup(const char *text, size_t len);

#endif
