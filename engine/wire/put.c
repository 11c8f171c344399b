/* wire/put.c: see put.h. */
#include "wire/put.h"

#include "wire/scan.h"

static void put_tag(struct bytes *out, uint32_t field, enum wire_type type)
{
	uint64_t tag = (uint64_t)field << 3 | type;
	if (tag < 0x80)
		bytes_put_u8(out, (uint8_t)tag);
	else
		bytes_put_varint(out, tag);
}

void put_number_always(struct bytes *out, uint32_t field, uint64_t v)
{
	put_tag(out, field, WIRE_VARINT);
	bytes_put_varint(out, v);
}

void put_number(struct bytes *out, uint32_t field, uint64_t v)
{
	if (v)
		put_number_always(out, field, v);
}

void put_double_always(struct bytes *out, uint32_t field, double v)
{
	put_tag(out, field, WIRE_FIXED64);
	bytes_put_f64(out, v);
}

void put_double(struct bytes *out, uint32_t field, double v)
{
	if (v != 0)
		put_double_always(out, field, v);
}

void put_text_always(struct bytes *out, uint32_t field, struct slice s)
{
	put_tag(out, field, WIRE_BYTES);
	bytes_put_string(out, s);
}

void put_text(struct bytes *out, uint32_t field, struct slice s)
{
	if (s.len)
		put_text_always(out, field, s);
}

void put_texts(struct bytes *out, uint32_t field, const struct slice *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_text_always(out, field, texts[i]);
}

size_t put_begin(struct bytes *out, uint32_t field)
{
	if (field)
		put_tag(out, field, WIRE_BYTES);
	bytes_put_u8(out, 0);
	return out->len;
}

void put_end(struct bytes *out, size_t mark)
{
	size_t len = out->len - mark, more = 0;
	for (size_t rest = len >> 7; rest; rest >>= 7)
		more++;
	if (more) {
		bytes_grow(out, more);
		memmove(out->data + mark + more, out->data + mark, len);
	}
	char *at = out->data + mark - 1;
	for (size_t i = 0; i <= more; i++)
		at[i] = (char)((len >> (7 * i) & 0x7f) | (i < more ? 0x80 : 0));
}
