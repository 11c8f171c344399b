/* base/slice.h: bytes that somebody else owns. Never NUL-terminated for sure. Header only. */
#ifndef NUDGED_BASE_SLICE_H
#define NUDGED_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *data;
	size_t len;
};

#define SLICE(literal) ((struct slice){ "" literal, sizeof(literal) - 1 })
/* for printf("%.*s") */
#define SLICE_ARG(s) (int)(s).len, (s).data ? (s).data : ""

static inline struct slice slice_of(const char *text)
{
	return (struct slice){ text, text ? strlen(text) : 0 };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline int slice_compare(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.data, b.data, n) : 0;
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

#endif
