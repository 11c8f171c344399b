/* wire/utf8.c: UTF-8 after RFC 3629, without control characters. Most text is plain ASCII, so eight bytes are looked at
 * at once (utf8_plain) and the careful way is taken only where one of them is not. */
#include "wire/utf8.h"

/* Length of the sequence at p, which does not start with ASCII; 0: broken. */
static size_t sequence(const unsigned char *p, size_t left, uint32_t *rune)
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

enum utf8_result utf8_check(struct slice s, bool lines)
{
	const unsigned char *p = (const unsigned char *)s.data;
	enum utf8_result result = UTF8_OK;
	if (utf8_plain(s))
		return UTF8_OK;
	for (size_t i = 0; i < s.len;) {
		if (s.len - i >= 8 && utf8_plain((struct slice){ s.data + i, 8 })) {
			i += 8;
			continue;
		}
		uint32_t rune = p[i];
		size_t len = rune < 0x80 ? 1 : sequence(p + i, s.len - i, &rune);
		if (len == 0)
			return UTF8_BROKEN;
		bool line = rune == '\n' || rune == '\r' || rune == '\t';
		if ((rune < 0x20 && !(line && lines)) || (rune >= 0x7f && rune < 0xa0))
			result = UTF8_CONTROL; /* but look on: broken text is the graver fault */
		i += len;
	}
	return result;
}
