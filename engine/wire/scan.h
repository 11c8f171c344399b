/* wire/scan.h: walks the fields of one protobuf message, in place. Header only, since it is on the path of every event.
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

#define SCAN_NUMBER_MAX ((1u << 29) - 1)

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

static inline uint64_t scan_long_varint(struct scan *s, unsigned most)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < most && s->at < s->end; i++) {
		uint8_t byte = (uint8_t)*s->at++;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			if (i == 9 && byte > 1)
				break;
			return v;
		}
	}
	s->bad = true;
	return 0;
}

/* A varint of at most `most` bytes. Nearly all tags and lengths are one byte. */
static inline __attribute__((always_inline)) uint64_t scan_varint(struct scan *s, unsigned most)
{
	if (s->at < s->end && (uint8_t)*s->at < 0x80)
		return (uint8_t)*s->at++;
	return scan_long_varint(s, most);
}

static inline uint64_t scan_fixed(struct scan *s, size_t n)
{
	uint64_t v = 0;
	if ((size_t)(s->end - s->at) < n) {
		s->bad = true;
		return 0;
	}
	memcpy(&v, s->at, n);
	s->at += n;
	return le64toh(v);
}

static inline void scan_bytes(struct scan *s, struct slice *out)
{
	uint64_t len = scan_varint(s, 5);
	if (s->bad || len > (size_t)(s->end - s->at)) {
		s->bad = true;
		return;
	}
	*out = (struct slice){ s->at, (size_t)len };
	s->at += len;
}

/* The next field; false at the end, or where s->bad. */
static inline __attribute__((always_inline)) bool scan_next(struct scan *s, struct scan_field *f)
{
	if (s->at == s->end || s->bad)
		return false;
	uint64_t tag = scan_varint(s, 5);
	f->number = (uint32_t)(tag >> 3);
	f->type = (enum wire_type)(tag & 7);
	if (s->bad || tag > UINT32_MAX || f->number == 0) {
		s->bad = true;
		return false;
	}
	switch (f->type) {
	case WIRE_VARINT:
		f->value = scan_varint(s, 10);
		break;
	case WIRE_FIXED64:
		f->value = scan_fixed(s, 8);
		break;
	case WIRE_BYTES:
		scan_bytes(s, &f->bytes);
		break;
	case WIRE_FIXED32:
		f->value = scan_fixed(s, 4);
		break;
	default:
		s->bad = true;
	}
	return !s->bad;
}

#endif
