/* wire/utf8.h: is this text that may go into state, logs and terminals? */
#ifndef NUDGED_WIRE_UTF8_H
#define NUDGED_WIRE_UTF8_H

#include "base/slice.h"

#include <stdint.h>

enum utf8_result {
	UTF8_OK,
	UTF8_BROKEN,  /* not UTF-8: over-long, a surrogate, past U+10FFFF, or cut */
	UTF8_CONTROL, /* a control character: U+0000-001F, 007F-009F */
};

#define UTF8_EACH(byte) (0x0101010101010101ull * (byte))

/* The top bit of some byte is set where not all eight are printable ASCII: bytes past 0x7f have it themselves, else
 * adding 1 sets it in 0x7f and taking 0x20 away sets it in what lies below. (Carries reach only beyond a byte that is at
 * fault anyway.) To be masked with UTF8_EACH(0x80), for several words at once. */
static inline uint64_t utf8_faults(uint64_t w)
{
	return w | (w + UTF8_EACH(0x01)) | (w - UTF8_EACH(0x20));
}

static inline uint64_t utf8_load8(const char *p)
{
	uint64_t w;
	memcpy(&w, p, 8);
	return w;
}

/* Fewer than eight bytes as a word, some of them twice; of none, spaces. */
static inline uint64_t utf8_load_short(const char *p, size_t len)
{
	if (len >= 4) {
		uint32_t first, last;
		memcpy(&first, p, 4);
		memcpy(&last, p + len - 4, 4);
		return (uint64_t)last << 32 | first;
	}
	if (len == 0)
		return UTF8_EACH(' ');
	const unsigned char *u = (const unsigned char *)p;
	return (UTF8_EACH(' ') << 24) | (uint64_t)u[len - 1] << 16 | (uint64_t)u[len / 2] << 8 | u[0];
}

/* True where the whole text is printable ASCII, as nearly all is. The last word overlaps the one before it. */
static inline bool utf8_plain(struct slice s)
{
	if (s.len < 8)
		return !(utf8_faults(utf8_load_short(s.data, s.len)) & UTF8_EACH(0x80));
	const char *last = s.data + s.len - 8;
	uint64_t faults = utf8_faults(utf8_load8(last));
	for (const char *p = s.data; p < last; p += 8)
		faults |= utf8_faults(utf8_load8(p));
	return !(faults & UTF8_EACH(0x80));
}

/* With `lines`, newline, carriage return and tab are welcome. */
enum utf8_result utf8_check(struct slice s, bool lines);

static inline bool utf8_fine(struct slice s, bool lines)
{
	return utf8_plain(s) || utf8_check(s, lines) == UTF8_OK;
}

#endif
