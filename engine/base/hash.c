/* base/hash.c: the one gate to libxxhash. XXH3's output is the same on every machine and in every version since 0.8. */
#include "base/hash.h"

#include <stdio.h>
#include <xxhash.h>

uint64_t hash64(struct slice s, uint64_t seed)
{
	return XXH3_64bits_withSeed(s.len ? s.data : "", s.len, seed);
}

struct hash128 hash128(struct slice s)
{
	XXH128_hash_t h = XXH3_128bits(s.len ? s.data : "", s.len);
	return (struct hash128){ h.low64, h.high64 };
}

void hash128_hex(struct hash128 h, char out[33])
{
	snprintf(out, 33, "%016llx%016llx", (unsigned long long)h.high, (unsigned long long)h.low);
}
