/* wire/fields.c: see fields.h. */
#include "wire/fields.h"

#include "base/error.h"
#include "base/limits.h"
#include "wire/utf8.h"

#include <math.h>

int field_check_text(const char *field, struct slice text, bool lines, uint32_t limit, const char *limit_name)
{
	if (text.len > limit && limit_name)
		return error_set(ERR_LIMIT, field, "%s has %zu bytes, over %s (%u): shorten it", field, text.len,
				 limit_name, limit);
	switch (utf8_check(text, lines)) {
	case UTF8_BROKEN:
		return error_set(ERR_INVALID, field, "%s is not valid UTF-8: send text as UTF-8", field);
	case UTF8_CONTROL:
		return error_set(ERR_INVALID, field, "%s has a control character: %s", field,
				 lines ? "only newline and tab are allowed" : "leave it out");
	default:
		return ERR_OK;
	}
}

int field_missing(const char *field, const char *why)
{
	return error_set(ERR_INVALID, field, "%s is missing: %s", field, why);
}

static int store_number(void *to, const struct field_spec *spec, uint64_t bits)
{
	uint32_t low = (uint32_t)bits; /* as protobuf does with a wider varint */
	int64_t time_ms = (int64_t)bits;
	double number;
	switch (spec->kind) {
	case FIELD_U32:
		if (spec->limit_name && low > spec->limit)
			return error_set(ERR_LIMIT, spec->name, "%s is %u, over %s (%u)", spec->name, low,
					 spec->limit_name, spec->limit);
		*(uint32_t *)to = low;
		return ERR_OK;
	case FIELD_U64:
		*(uint64_t *)to = bits;
		return ERR_OK;
	case FIELD_BOOL:
		*(bool *)to = bits != 0;
		return ERR_OK;
	case FIELD_TIME:
		if (time_ms < LIMIT_TIME_MIN_MS)
			return error_set(ERR_INVALID, spec->name,
					 "%s is %lld, before 1970: send UTC milliseconds since 1970", spec->name,
					 (long long)time_ms);
		*(int64_t *)to = time_ms;
		return ERR_OK;
	default:
		memcpy(&number, &bits, sizeof(number));
		if (!isfinite(number))
			return error_set(ERR_INVALID, spec->name,
					 "%s is not a finite number: leave it out where unknown", spec->name);
		*(double *)to = number;
		return ERR_OK;
	}
}

static int take_item(struct field_list *list, const struct field_spec *spec, struct slice bytes)
{
	if (list->count == list->cap)
		return error_set(ERR_LIMIT, spec->name, "more than %u %s (%s): send fewer", spec->limit, spec->name,
				 spec->limit_name);
	list->items[list->count++] = bytes;
	return ERR_OK;
}

static int wrong_type(const struct field_spec *spec, enum wire_type type)
{
	return error_set(ERR_INVALID, spec->name, "%s has wire type %d where the schema has %d: "
			 "is the sender's nudge.proto this version's?", spec->name, (int)type,
			 (int)(spec->kind & FIELD_TYPE_MASK));
}

static int malformed(const struct message_spec *m)
{
	return error_set(ERR_INVALID, NULL,
			 "not a valid protobuf message of type %s: cut short, or a wire type or varint that "
			 "protobuf does not have",
			 m->name);
}

static inline int take_bytes(void *to, const struct field_spec *spec, struct slice bytes, struct field_list *list)
{
	if (spec->kind == FIELD_LIST)
		return take_item(list, spec, bytes);
	if (spec->kind != FIELD_NAME && spec->kind != FIELD_BYTES)
		return spec->kind == FIELD_UNKNOWN ? ERR_OK : wrong_type(spec, WIRE_BYTES);
	*(struct slice *)to = bytes;
	if (spec->kind == FIELD_BYTES || (bytes.len <= spec->limit && utf8_plain(bytes)))
		return ERR_OK;
	return field_check_text(spec->name, bytes, false, spec->limit, spec->limit_name);
}

static int take_number(void *to, const struct field_spec *spec, enum wire_type type, uint64_t bits)
{
	if (spec->kind == FIELD_UNKNOWN)
		return ERR_OK;
	return type == (spec->kind & FIELD_TYPE_MASK) ? store_number(to, spec, bits) : wrong_type(spec, type);
}

int fields_decode(void *out, const struct message_spec *m, struct slice in, struct field_list *list)
{
	struct scan s = scan_of(in);
	struct scan_field f = { .number = 0 };
	int rc = ERR_OK;
	for (uint32_t tag; rc == ERR_OK && (tag = scan_tag(&s));) {
		const struct field_spec *spec = &m->fields[tag >> 3 < FIELD_NUMBERS ? tag >> 3 : 0];
		void *to = (char *)out + spec->offset;
		f.type = (enum wire_type)(tag & 7);
		if (f.type == WIRE_BYTES)
			rc = take_bytes(to, spec, scan_bytes(&s), list);
		else if (scan_value(&s, &f))
			rc = take_number(to, spec, f.type, f.value);
	}
	return s.bad ? malformed(m) : rc;
}

int fields_count(const struct message_spec *m, struct slice in, uint32_t number, size_t *count)
{
	struct scan s = scan_of(in);
	struct scan_field f = { .number = 0 };
	*count = 0;
	while (scan_next(&s, &f))
		*count += f.number == number && f.type == WIRE_BYTES;
	return s.bad ? malformed(m) : ERR_OK;
}
