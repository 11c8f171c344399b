/* base/bytes.h: a growing byte buffer to write encodings into, and a bounded reader to take them apart.
 * Integers are little-endian; varints are LEB128, signed ones zigzag; a string is a varint length and its bytes.
 *
 * The reader never fails loudly in the middle: it turns `bad` and gives zeroes, and the caller asks once at the end. */
#ifndef NUDGED_BASE_BYTES_H
#define NUDGED_BASE_BYTES_H

#include "base/slice.h"

#include <endian.h>
#include <stdint.h>

struct bytes {
	char *data;
	size_t len, cap;
};

void bytes_finish(struct bytes *b);          /* frees; the struct is empty again and may be used */
void bytes_clear(struct bytes *b);           /* keeps the memory */
void bytes_reserve(struct bytes *b, size_t more);
char *bytes_grow_slow(struct bytes *b, size_t n);
/* Appends n bytes to be filled in by the caller. In line, as encodings append a byte or two at a time. */
static inline char *bytes_grow(struct bytes *b, size_t n)
{
	if (n - 1 >= b->cap - b->len) /* no room, or n is 0 and there may be no memory yet */
		return bytes_grow_slow(b, n);
	char *at = b->data + b->len;
	b->len += n;
	return at;
}
static inline void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (len)
		memcpy(bytes_grow(b, len), data, len);
}
static inline void bytes_put_u8(struct bytes *b, uint8_t v)
{
	*bytes_grow(b, 1) = (char)v;
}
static inline void bytes_put_u16(struct bytes *b, uint16_t v)
{
	v = htole16(v);
	memcpy(bytes_grow(b, sizeof(v)), &v, sizeof(v));
}
static inline void bytes_put_u32(struct bytes *b, uint32_t v)
{
	v = htole32(v);
	memcpy(bytes_grow(b, sizeof(v)), &v, sizeof(v));
}
static inline void bytes_put_u64(struct bytes *b, uint64_t v)
{
	v = htole64(v);
	memcpy(bytes_grow(b, sizeof(v)), &v, sizeof(v));
}
/* The bit pattern; -0 and NaN as they are. */
static inline void bytes_put_f64(struct bytes *b, double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	bytes_put_u64(b, bits);
}
void bytes_put_long_varint(struct bytes *b, uint64_t v);
static inline void bytes_put_varint(struct bytes *b, uint64_t v)
{
	if (v < 0x80)
		bytes_put_u8(b, (uint8_t)v);
	else
		bytes_put_long_varint(b, v);
}
void bytes_put_zigzag(struct bytes *b, int64_t v);
void bytes_put_string(struct bytes *b, struct slice s);
void bytes_printf(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline struct slice bytes_slice(const struct bytes *b)
{
	return (struct slice){ b->data, b->len };
}

struct reader {
	const char *at, *end;
	bool bad; /* read past the end, or an over-long varint */
};

static inline struct reader reader_of(struct slice s)
{
	return (struct reader){ s.data, s.data + s.len, false };
}
static inline size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
double reader_f64(struct reader *r);
uint64_t reader_varint(struct reader *r);
int64_t reader_zigzag(struct reader *r);
struct slice reader_string(struct reader *r);          /* lends from the input */
struct slice reader_take(struct reader *r, size_t n);  /* lends from the input */

#endif
