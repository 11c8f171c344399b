/* wire/fields.h: one protobuf message into one plain struct, by a table of its fields. The table says how a field is
 * called, what it may hold and where it goes; the checks are the same for every message, and so are their words.
 *
 * As protobuf has it: fields come in any order, the last one wins, an empty string is an absent one, unknown numbers
 * are stepped over. Stricter than protobuf: a known number with another wire type is refused instead of being ignored.
 */
#ifndef NUDGED_WIRE_FIELDS_H
#define NUDGED_WIRE_FIELDS_H

#include "base/error.h"
#include "base/slice.h"
#include "wire/scan.h"

/* With the wire type in the low three bits. */
#define FIELD_KIND(number, type) ((number) << 3 | (type))
#define FIELD_TYPE_MASK 7
enum field_kind {
	FIELD_UNKNOWN = 0,                        /* not in the schema: stepped over */
	FIELD_NAME = FIELD_KIND(1, WIRE_BYTES),   /* struct slice: text without control characters */
	FIELD_BYTES = FIELD_KIND(2, WIRE_BYTES),  /* struct slice: anything */
	FIELD_LIST = FIELD_KIND(3, WIRE_BYTES),   /* repeated messages, each as its bytes, into the list given */
	FIELD_U32 = FIELD_KIND(1, WIRE_VARINT),
	FIELD_U64 = FIELD_KIND(2, WIRE_VARINT),
	FIELD_TIME = FIELD_KIND(3, WIRE_VARINT),  /* int64_t: milliseconds, not negative */
	FIELD_BOOL = FIELD_KIND(4, WIRE_VARINT),
	FIELD_DOUBLE = FIELD_KIND(1, WIRE_FIXED64), /* finite */
};

struct field_list {
	struct slice *items; /* room for `cap`, given by the caller */
	size_t count, cap;
};

struct field_spec {
	const char *name;
	const char *limit_name; /* as in base/limits.h, lower case; NULL: none but the frame's */
	uint32_t limit;         /* bytes of text, highest number, entries of a list */
	uint16_t offset;
	uint8_t kind;
};

/* Tables hold the numbers from 1 to 15, which the schema keeps to: their tags take one byte. */
#define FIELD_NUMBERS 16
struct message_spec {
	const char *name;
	const struct field_spec *fields; /* FIELD_NUMBERS of them, by number; that of 0 is unknown, as all numbers beyond */
};

#define LIMIT(name, value) .limit_name = name, .limit = value
#define MESSAGE_SPEC(message, table) { message, table }

/* ERR_OK, ERR_INVALID, ERR_LIMIT. `out` is what the offsets count from; fields not in the message stay as they are.
 * `list` takes the one FIELD_LIST that a message may have; NULL where it has none. */
int fields_decode(void *out, const struct message_spec *spec, struct slice in, struct field_list *list);
/* How many times the message has a field of bytes of that number. ERR_INVALID where it is not protobuf. */
int fields_count(const struct message_spec *spec, struct slice in, uint32_t number, size_t *count);

/* Text of one field: UTF-8, no control characters (with `lines`, but newline and tab), at most `limit` bytes. */
int field_check_text(const char *field, struct slice text, bool lines, uint32_t limit, const char *limit_name);
int field_missing(const char *field, const char *why);
static inline int field_required(const char *field, bool present, const char *why)
{
	return present ? ERR_OK : field_missing(field, why);
}

#endif
