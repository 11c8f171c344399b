/* shard/find.h: finding a customer by name. Private to this folder.
 *
 *     round the shards    those who are not stored yet, of whom the store may know nothing or something else
 *     finder thread       those who are (find/search.h)
 *     round the shards    hits as they are now: when they were heard of last, what they are called, whether they match still
 *
 * In this order, since customers go from memory to the store and never back: whoever leaves one place is in the next. */
#ifndef NUDGED_SHARD_FIND_H
#define NUDGED_SHARD_FIND_H

#include "wire/request.h"

struct engine;
struct finding;
struct shard;
struct work;

int finding_create(struct finding **out, const struct request_find *asked); /* ERR_INVALID, ERR_LIMIT */
void finding_destroy(struct finding *f);                                    /* NULL-safe */
void find_in_store(struct engine *e, struct work *w);                       /* the finder's part; w->find.failed */

#endif
