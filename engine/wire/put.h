/* wire/put.h: writes protobuf by hand, straight from slices into a buffer. Fields that are empty, 0 or false are left
 * out, as proto3 has it; the _always forms write them all the same (for a oneof, and for lists).
 *
 * A nested message's length comes before it but is known only after: put_begin leaves one byte for it, put_end fills it
 * in, and moves the message up where the length takes more (128 bytes and longer). So encodings are as short as
 * protobuf's own, and a caller sees one buffer and no second pass.
 *
 * What nearly every field is, a tag of one byte and a short number, is in line: each acknowledgement is written here. */
#ifndef NUDGED_WIRE_PUT_H
#define NUDGED_WIRE_PUT_H

#include "base/bytes.h"
#include "state/value.h"
#include "wire/scan.h"

static inline void put_tag(struct bytes *out, uint32_t field, enum wire_type type)
{
	bytes_put_varint(out, (uint64_t)field << 3 | type);
}

static inline void put_number_always(struct bytes *out, uint32_t field, uint64_t v)
{
	put_tag(out, field, WIRE_VARINT);
	bytes_put_varint(out, v);
}

static inline void put_number(struct bytes *out, uint32_t field, uint64_t v) /* uint32, uint64, int64 (cast), bool, enum */
{
	if (v)
		put_number_always(out, field, v);
}

void put_double_always(struct bytes *out, uint32_t field, double v);
static inline void put_double(struct bytes *out, uint32_t field, double v)
{
	if (v != 0)
		put_double_always(out, field, v);
}

void put_text_always(struct bytes *out, uint32_t field, struct slice s);
static inline void put_text(struct bytes *out, uint32_t field, struct slice s) /* string, bytes, or a message encoded before */
{
	if (s.len)
		put_text_always(out, field, s);
}

void put_texts(struct bytes *out, uint32_t field, const struct slice *texts, size_t count); /* repeated string */
void put_attribute(struct bytes *out, uint32_t field, struct slice name, struct value v);

static inline size_t put_begin(struct bytes *out, uint32_t field) /* field 0: a frame, which has a length but no tag */
{
	if (field)
		put_tag(out, field, WIRE_BYTES);
	bytes_put_u8(out, 0);
	return out->len;
}

void put_end_long(struct bytes *out, size_t mark);
static inline void put_end(struct bytes *out, size_t mark)
{
	size_t len = out->len - mark;
	if (len < 0x80)
		out->data[mark - 1] = (char)len;
	else
		put_end_long(out, mark);
}

#endif
