/* base/printable.c: see printable.h. */
#include "base/printable.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 12

/* The next character as it is shown; returns how many bytes it is of the text. Nearly all are plain. */
static size_t next(const unsigned char *at, size_t left, char shown[SHOWN_BYTES])
{
	uint32_t rune = *at;
	if (rune >= 0x20 && rune < 0x7f) {
		shown[0] = (char)rune;
		shown[1] = '\0';
		return 1;
	}
	size_t len = rune < 0x80 ? 1 : rune_read(at, left, &rune);
	if (*at == '\n')
		strcpy(shown, "\\n");
	else if (!len || (len == 1 && rune_is_control(rune)))
		snprintf(shown, SHOWN_BYTES, "\\x%02X", *at);
	else if (rune_is_control(rune) || rune_steers(rune))
		snprintf(shown, SHOWN_BYTES, "\\u{%04X}", (unsigned)rune);
	else
		snprintf(shown, SHOWN_BYTES, "%.*s", (int)len, (const char *)at);
	return len ? len : 1;
}

size_t printable_copy(char *out, size_t size, const char *text)
{
	size_t used = 0;
	for (size_t left = strlen(text), took; left; text += took, left -= took) {
		char shown[SHOWN_BYTES];
		took = next((const unsigned char *)text, left, shown);
		size_t len = strlen(shown);
		if (used + len >= size)
			break;
		memcpy(out + used, shown, len);
		used += len;
	}
	out[used] = '\0';
	return used;
}
