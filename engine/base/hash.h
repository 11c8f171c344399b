/* base/hash.h: the hashes in use, all XXH3 (libxxhash): not cryptographic, meant against accidents. */
#ifndef NUDGED_BASE_HASH_H
#define NUDGED_BASE_HASH_H

#include "base/slice.h"

#include <stdint.h>

struct hash128 {
	uint64_t low, high;
};

uint64_t hash64(struct slice s, uint64_t seed);
struct hash128 hash128(struct slice s);
/* 32 lower-case hex digits and a NUL. */
void hash128_hex(struct hash128 h, char out[33]);

#endif
