/* tests/unit/tzif.h: zones for tests: made ones, and those of the machine. */
#ifndef NUDGED_TESTS_TZIF_H
#define NUDGED_TESTS_TZIF_H

#include "base/bytes.h"
#include "state/zone.h"

#include <stdio.h>
#include <stdlib.h>

static inline void tzif_be(struct bytes *b, uint64_t v, unsigned size)
{
	for (unsigned i = size; i-- > 0;)
		bytes_put_u8(b, (uint8_t)(v >> (8 * i)));
}

static inline void tzif_header(struct bytes *b, uint32_t leap, uint32_t transitions, uint32_t types)
{
	bytes_put(b, "TZif2", 5);
	for (unsigned i = 0; i < 15; i++)
		bytes_put_u8(b, 0);
	tzif_be(b, 0, 4);
	tzif_be(b, 0, 4);
	tzif_be(b, leap, 4);
	tzif_be(b, transitions, 4);
	tzif_be(b, types, 4);
	tzif_be(b, 4, 4);
}

/* A version 2 file with an empty first part: one type (offset_s), `n` transitions to types with these offsets. */
static inline void tzif_make(struct bytes *b, int32_t offset_s, const int64_t *at_s, const int32_t *offsets_s,
			     uint32_t n, const char *footer)
{
	bytes_clear(b);
	tzif_header(b, 0, 0, 1);
	for (unsigned i = 0; i < 6; i++)
		bytes_put_u8(b, 0);
	bytes_put(b, "XXX\0", 4);
	tzif_header(b, 0, n, n + 1);
	for (uint32_t i = 0; i < n; i++)
		tzif_be(b, (uint64_t)at_s[i], 8);
	for (uint32_t i = 0; i < n; i++)
		bytes_put_u8(b, (uint8_t)(i + 1));
	for (uint32_t i = 0; i <= n; i++) {
		tzif_be(b, (uint32_t)(i == 0 ? offset_s : offsets_s[i - 1]), 4);
		bytes_put(b, "\0\0", 2);
	}
	bytes_put(b, "XXX\0", 4);
	bytes_printf(b, "\n%s\n", footer);
}

/* A zone of nothing but a rule. NULL where it is refused. */
static inline struct zone *tzif_rule(const char *footer)
{
	struct bytes b = { 0 };
	struct zone *z;
	tzif_make(&b, 0, NULL, NULL, 0, footer);
	zone_create(&z, bytes_slice(&b));
	bytes_finish(&b);
	return z;
}

/* A zone of this machine; NULL where it has none of that name. */
static inline bool tzif_read(struct bytes *b, const char *name)
{
	char path[256];
	bytes_clear(b);
	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	char chunk[4096];
	for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
		bytes_put(b, chunk, n);
	fclose(f);
	return true;
}

static inline struct zone *tzif_system(const char *name)
{
	struct bytes b = { 0 };
	struct zone *z = NULL;
	if (!tzif_read(&b, name))
		printf("/usr/share/zoneinfo/%s: no such file (package tzdata): skipped\n", name);
	else
		zone_create(&z, bytes_slice(&b));
	bytes_finish(&b);
	return z;
}

#endif
