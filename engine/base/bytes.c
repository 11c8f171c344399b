/* base/bytes.c: see bytes.h. Integers are put together byte by byte through memcpy and htole*, so that the encoding is
 * the same on every machine and no address needs to be aligned. */
#include "base/bytes.h"

#include "base/check.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BYTES_FIRST 64u
#define VARINT_BYTES 10u /* the longest */

void bytes_finish(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

void bytes_clear(struct bytes *b)
{
	b->len = 0;
}

void bytes_reserve(struct bytes *b, size_t more)
{
	size_t need;
	CHECK(!__builtin_add_overflow(b->len, more, &need));
	if (need <= b->cap)
		return;
	size_t cap = b->cap ? b->cap : BYTES_FIRST;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	b->data = must_realloc(b->data, cap);
	b->cap = cap;
}

char *bytes_grow_slow(struct bytes *b, size_t n)
{
	bytes_reserve(b, n ? n : 1);
	char *at = b->data + b->len;
	b->len += n;
	return at;
}

void bytes_put_long_varint(struct bytes *b, uint64_t v)
{
	char *out = bytes_grow(b, VARINT_BYTES), *start = out;
	for (; v >= 0x80; v >>= 7)
		*out++ = (char)(v | 0x80);
	*out++ = (char)v;
	b->len -= VARINT_BYTES - (size_t)(out - start);
}

void bytes_put_zigzag(struct bytes *b, int64_t v)
{
	bytes_put_varint(b, ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0));
}

void bytes_put_string(struct bytes *b, struct slice s)
{
	if (s.len >= 0x80) {
		bytes_put_long_varint(b, s.len);
		bytes_put(b, s.data, s.len);
		return;
	}
	char *at = bytes_grow(b, 1 + s.len);
	*at = (char)s.len;
	if (s.len)
		memcpy(at + 1, s.data, s.len);
}

void bytes_printf(struct bytes *b, const char *format, ...)
{
	CHECK(format != NULL);
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	CHECK(len >= 0);
	bytes_reserve(b, (size_t)len + 1); /* vsnprintf ends with a NUL, which is not counted */
	vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
	va_end(again);
	b->len += (size_t)len;
}

/* A pointer to n bytes of input, or NULL and the reader is bad (and at its end, so that it stays bad). */
static const char *reader_bytes(struct reader *r, size_t n)
{
	if (reader_left(r) < n) {
		r->bad = true;
		r->at = r->end;
		return NULL;
	}
	const char *at = r->at;
	r->at += n;
	return at;
}

uint8_t reader_u8(struct reader *r)
{
	const char *p = reader_bytes(r, 1);
	return p ? (uint8_t)*p : 0;
}

uint16_t reader_u16(struct reader *r)
{
	uint16_t v = 0;
	const char *p = reader_bytes(r, sizeof(v));
	if (p)
		memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

uint32_t reader_u32(struct reader *r)
{
	uint32_t v = 0;
	const char *p = reader_bytes(r, sizeof(v));
	if (p)
		memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

uint64_t reader_u64(struct reader *r)
{
	uint64_t v = 0;
	const char *p = reader_bytes(r, sizeof(v));
	if (p)
		memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

double reader_f64(struct reader *r)
{
	uint64_t bits = reader_u64(r);
	double v;
	memcpy(&v, &bits, sizeof(v));
	return v;
}

uint64_t reader_varint(struct reader *r)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		const char *p = reader_bytes(r, 1);
		if (!p)
			return 0;
		uint8_t byte = (uint8_t)*p;
		if (shift == 63 && byte > 1)
			break; /* a tenth byte has room for one bit */
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	r->bad = true;
	r->at = r->end;
	return 0;
}

int64_t reader_zigzag(struct reader *r)
{
	uint64_t v = reader_varint(r);
	return (int64_t)((v >> 1) ^ (v & 1 ? UINT64_MAX : 0));
}

struct slice reader_string(struct reader *r)
{
	uint64_t len = reader_varint(r);
	if (len > reader_left(r)) {
		r->bad = true;
		r->at = r->end;
		return (struct slice){ "", 0 };
	}
	return reader_take(r, (size_t)len);
}

struct slice reader_take(struct reader *r, size_t n)
{
	const char *p = reader_bytes(r, n);
	return p ? (struct slice){ p, n } : (struct slice){ "", 0 };
}
