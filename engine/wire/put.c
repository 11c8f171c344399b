/* wire/put.c: see put.h. */
#include "wire/put.h"

#define SHORT_TAGS 16u /* fields below it have tags of one byte */

void put_double_always(struct bytes *out, uint32_t field, double v)
{
	put_tag(out, field, WIRE_FIXED64);
	bytes_put_f64(out, v);
}

void put_text_always(struct bytes *out, uint32_t field, struct slice s)
{
	if (field >= SHORT_TAGS || s.len >= 0x80) {
		put_tag(out, field, WIRE_BYTES);
		bytes_put_string(out, s);
		return;
	}
	char *at = bytes_grow(out, 2 + s.len);
	at[0] = (char)(field << 3 | WIRE_BYTES);
	at[1] = (char)s.len;
	if (s.len)
		memcpy(at + 2, s.data, s.len);
}

void put_texts(struct bytes *out, uint32_t field, const struct slice *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_text_always(out, field, texts[i]);
}

/* The length takes more than the byte left for it. */
void put_end_long(struct bytes *out, size_t mark)
{
	size_t len = out->len - mark, more = (size_t)(63 - __builtin_clzll(len)) / 7; /* seven bits a byte */
	bytes_grow(out, more);
	memmove(out->data + mark + more, out->data + mark, len);
	char *at = out->data + mark - 1;
	for (size_t i = 0; i <= more; i++)
		at[i] = (char)((len >> (7 * i) & 0x7f) | (i < more ? 0x80 : 0));
}
