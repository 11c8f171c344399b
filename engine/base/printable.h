/* base/printable.h: text that came from outside (a pack, a client, a file's name) as it may be shown on a terminal and
 * in a log. What would steer either is written out: a newline as \n, another control character or a byte that is no
 * UTF-8 as \xNN, and a character that turns the writing around or ends a line as \u{NNNN}. Text that was made so
 * stays as it is when it passes here again. */
#ifndef NUDGED_BASE_PRINTABLE_H
#define NUDGED_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One character of UTF-8 (RFC 3629) that does not start with ASCII: its length; 0: it is over-long, a surrogate, past
 * U+10FFFF, or cut. */
static inline size_t rune_read(const unsigned char *p, size_t left, uint32_t *rune)
{
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || left < len)
		return 0;
	uint32_t v = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (p[i] & 0x3f);
	}
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*rune = v;
	return len;
}

/* A control character: U+0000-001F, 007F-009F. */
static inline bool rune_is_control(uint32_t rune)
{
	return rune < 0x20 || (rune >= 0x7f && rune < 0xa0);
}

/* Not a control character, but it steers what is shown: line and paragraph separators, and bidirectional controls. */
static inline bool rune_steers(uint32_t rune)
{
	return (rune >= 0x2028 && rune <= 0x202e) || (rune >= 0x2066 && rune <= 0x2069);
}

/* What so many are called: 1 rule, 2 rules. */
static inline const char *word_of(uint64_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

#define PRINTABLE_GROWTH 4 /* a byte becomes at most so many */

/* Into `out`, ended with a 0; what does not fit is cut, between characters. Returns the length. */
size_t printable_copy(char *out, size_t size, const char *text);

#endif
