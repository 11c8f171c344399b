/* base/strpool.h: interned, reference-counted strings. The names that records repeat a million times (event types,
 * attribute names, topics) are stored once a shard and compared by address.
 *
 * A pool belongs to one thread. Interned addresses and hashes are never persisted nor digested: encodings spell
 * strings out (a trap already found: interned numbers that recovery assigns anew). Memory is bounded by what holds
 * references: a string whose last reference goes is freed. */
#ifndef NUDGED_BASE_STRPOOL_H
#define NUDGED_BASE_STRPOOL_H

#include "base/slice.h"

#include <stdint.h>

struct str {
	uint32_t hash, refs;
	uint32_t len;
	char data[]; /* NUL-terminated */
};

struct strpool;

struct strpool *strpool_create(void);
void strpool_destroy(struct strpool *pool); /* frees all strings, referenced or not; NULL-safe */
struct str *strpool_find(const struct strpool *pool, struct slice text); /* NULL: nobody holds it; no reference taken */
struct str *strpool_take(struct strpool *pool, struct slice text);       /* one more reference */
struct str *str_ref(struct str *s);                                      /* one more reference; NULL-safe */
void strpool_drop(struct strpool *pool, struct str *s);                  /* one less; NULL-safe */
size_t strpool_count(const struct strpool *pool);

static inline struct slice str_slice(const struct str *s)
{
	return s ? (struct slice){ s->data, s->len } : (struct slice){ "", 0 };
}

#endif
