/* wire/scan.h: walks the fields of one protobuf message, in place. In line, since it is on the path of every event.
 *
 * A message is a row of fields: a tag (number and wire type) and a value. Nested messages are just bytes here: the
 * caller scans them by themselves, so there is no recursion and no depth to bound. Groups (wire types 3 and 4, gone
 * from protobuf since 2008) are refused, and so are over-long varints; numbers that nobody knows are stepped over. */
#ifndef NUDGED_WIRE_SCAN_H
#define NUDGED_WIRE_SCAN_H

#include "base/slice.h"

#include <endian.h>
#include <stdint.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct scan {
	const char *at, *end;
	bool bad; /* not protobuf */
};

struct scan_field {
	uint32_t number;
	enum wire_type type;
	uint64_t value;     /* varint, fixed64, fixed32: the bits */
	struct slice bytes; /* WIRE_BYTES: lent */
};

static inline struct scan scan_of(struct slice s)
{
	return (struct scan){ s.data, s.len ? s.data + s.len : s.data, false };
}

static inline void scan_fail(struct scan *s)
{
	s->bad = true;
	s->at = s->end;
}

struct scan_number {
	const char *at; /* behind it; NULL: over-long, or cut */
	uint64_t value;
};

/* By value, so that a scan stays in registers. */
struct scan_number scan_long_varint(const char *at, const char *end, unsigned most);

/* A varint of at most `most` bytes. Nearly all tags and lengths are one byte. */
static inline __attribute__((always_inline)) uint64_t scan_varint(struct scan *s, unsigned most)
{
	if (__builtin_expect(s->at < s->end && (uint8_t)*s->at < 0x80, 1))
		return (uint8_t)*s->at++;
	struct scan_number n = scan_long_varint(s->at, s->end, most);
	if (n.at)
		s->at = n.at;
	else
		scan_fail(s);
	return n.value;
}

static inline uint64_t scan_fixed(struct scan *s, size_t n)
{
	uint64_t v = 0;
	if ((size_t)(s->end - s->at) < n) {
		scan_fail(s);
		return 0;
	}
	memcpy(&v, s->at, n);
	s->at += n;
	return le64toh(v);
}

static inline __attribute__((always_inline)) struct slice scan_bytes(struct scan *s)
{
	uint64_t len = scan_varint(s, 5);
	struct slice bytes = { s->at, (size_t)len };
	if (len > (size_t)(s->end - s->at)) {
		scan_fail(s);
		return (struct slice){ s->at, 0 };
	}
	s->at += len;
	return bytes;
}

/* The next field's number and wire type, as they are in its tag: SCAN_TAG(number, type). 0 at the end, or where s->bad;
 * else its value is to be taken. */
#define SCAN_TAG(number, type) ((uint32_t)(number) << 3 | (type))
static inline __attribute__((always_inline)) uint32_t scan_tag(struct scan *s)
{
	if (s->at >= s->end)
		return 0;
	uint8_t first = (uint8_t)*s->at;
	if (__builtin_expect(first >= SCAN_TAG(1, 0) && first < 0x80, 1)) {
		s->at++;
		return first;
	}
	uint64_t tag = scan_varint(s, 5);
	if (tag >= SCAN_TAG(1, 0) && tag <= UINT32_MAX)
		return (uint32_t)tag;
	scan_fail(s);
	return 0;
}

/* A value of any type; false where s->bad. */
static inline __attribute__((always_inline)) bool scan_value(struct scan *s, struct scan_field *f)
{
	switch (f->type) {
	case WIRE_BYTES:
		f->bytes = scan_bytes(s);
		break;
	case WIRE_VARINT:
		f->value = scan_varint(s, 10);
		break;
	case WIRE_FIXED64:
		f->value = scan_fixed(s, 8);
		break;
	case WIRE_FIXED32:
		f->value = scan_fixed(s, 4);
		break;
	default:
		scan_fail(s);
	}
	return !s->bad;
}

/* The next field; false at the end, or where s->bad. */
static inline __attribute__((always_inline)) bool scan_next(struct scan *s, struct scan_field *f)
{
	uint32_t tag = scan_tag(s);
	f->number = tag >> 3;
	f->type = (enum wire_type)(tag & 7);
	return tag && scan_value(s, f);
}

#endif
