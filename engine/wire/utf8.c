/* wire/utf8.c: UTF-8 after RFC 3629, without control characters. Most text is plain ASCII, so eight bytes are looked at
 * at once (utf8_plain) and the careful way is taken only where one of them is not. */
#include "wire/utf8.h"

#include "base/printable.h"

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
		size_t len = rune < 0x80 ? 1 : rune_read(p + i, s.len - i, &rune);
		if (len == 0)
			return UTF8_BROKEN;
		bool line = rune == '\n' || rune == '\r' || rune == '\t';
		if (rune_is_control(rune) && !(line && lines))
			result = UTF8_CONTROL; /* but look on: broken text is the graver fault */
		i += len;
	}
	return result;
}
