/* wire/json.c: a message to JSON, by its descriptor. The other way is json_read.c. */
#include "wire/json.h"

#include "nudge.pb-c.h"
#include "wire/json_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_attribute(const ProtobufCFieldDescriptor *f)
{
	return f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == &nudge__v1__attribute__descriptor;
}

static json_t *text(const char *s)
{
	json_t *j = json_string(s ? s : "");
	return j ? j : json_null(); /* not UTF-8: not from a daemon of ours */
}

static json_t *unsigned64(uint64_t v)
{
	char digits[24];
	if (v <= INT64_MAX)
		return json_integer((json_int_t)v);
	snprintf(digits, sizeof(digits), "%" PRIu64, v);
	return json_string(digits);
}

static json_t *real(double v)
{
	json_t *j = json_real(v);
	return j ? j : json_null(); /* JSON has no NaN */
}

static json_t *bytes(const ProtobufCBinaryData *b)
{
	char *s = base64_encode(b->data, b->len);
	json_t *j = json_string(s);
	free(s);
	return j;
}

static json_t *enumerated(const ProtobufCEnumDescriptor *d, int value)
{
	const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(d, value);
	return v ? json_string(v->name) : json_integer(value);
}

static json_t *bare_value(const Nudge__V1__Attribute *a)
{
	switch (a->value_case) {
	case NUDGE__V1__ATTRIBUTE__VALUE_TEXT:
		return text(a->text);
	case NUDGE__V1__ATTRIBUTE__VALUE_NUMBER:
		return real(a->number);
	case NUDGE__V1__ATTRIBUTE__VALUE_FLAG:
		return json_boolean(a->flag);
	default:
		return json_null();
	}
}

/* With a time of its own it is an object: {"value": …, "time_ms": …}. */
static json_t *attribute_value(const Nudge__V1__Attribute *a)
{
	json_t *v = bare_value(a);
	return a->time_ms ? json_pack("{so sI}", "value", v, "time_ms", (json_int_t)a->time_ms) : v;
}

static json_t *single_attribute(const Nudge__V1__Attribute *a)
{
	json_t *j = json_object();
	json_object_set_new(j, "name", text(a->name));
	json_object_set_new(j, "value", bare_value(a));
	if (a->value_case == NUDGE__V1__ATTRIBUTE__VALUE_REMOVED)
		json_object_set_new(j, "removed", json_true());
	if (a->time_ms)
		json_object_set_new(j, "time_ms", json_integer((json_int_t)a->time_ms));
	return j;
}

/* The cells of a report's row have no names: they are an array. */
static bool is_nameless(Nudge__V1__Attribute *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (*list[i]->name)
			return false;
	return count > 0;
}

static json_t *attribute_array(Nudge__V1__Attribute *const *list, size_t count)
{
	json_t *j = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(j, attribute_value(list[i]));
	return j;
}

static json_t *attribute_object(Nudge__V1__Attribute *const *list, size_t count)
{
	json_t *j = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set_new(j, list[i]->name, attribute_value(list[i]));
	return j;
}

/* One value, at `at` as protobuf-c keeps it. */
static json_t *value(const ProtobufCFieldDescriptor *f, const void *at, enum json_style style)
{
	const ProtobufCMessage *m;
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return text(*(char *const *)at);
	case PROTOBUF_C_TYPE_BYTES:
		return bytes(at);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)at);
	case PROTOBUF_C_TYPE_DOUBLE:
		return real(*(const double *)at);
	case PROTOBUF_C_TYPE_ENUM:
		return enumerated(f->descriptor, *(const int *)at);
	case PROTOBUF_C_TYPE_UINT32:
		return json_integer(*(const uint32_t *)at);
	case PROTOBUF_C_TYPE_INT64:
		return json_integer(*(const int64_t *)at);
	case PROTOBUF_C_TYPE_UINT64:
		return unsigned64(*(const uint64_t *)at);
	case PROTOBUF_C_TYPE_MESSAGE:
		m = *(ProtobufCMessage *const *)at;
		if (!m)
			return json_null();
		return is_attribute(f) ? single_attribute((const Nudge__V1__Attribute *)m)
				       : json_from_message_styled(m, style);
	default:
		return json_null(); /* the schema has no other types; a test goes through all of it */
	}
}

static size_t size_of(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	default:
		return 8;
	}
}

static json_t *list(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m, enum json_style style)
{
	size_t count = *(const size_t *)((const char *)m + f->quantifier_offset);
	const char *items = *(char *const *)((const char *)m + f->offset);
	if (count == 0 && style == JSON_BRIEF)
		return NULL;
	Nudge__V1__Attribute *const *attributes = (Nudge__V1__Attribute *const *)(const void *)items;
	if (is_attribute(f))
		return is_nameless(attributes, count) ? attribute_array(attributes, count) : attribute_object(attributes, count);
	json_t *j = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(j, value(f, items + i * size_of(f), style));
	return j;
}

/* Proto3: what is not in a oneof is present where it is not its type's zero. */
static bool present(const ProtobufCFieldDescriptor *f, const ProtobufCMessage *m)
{
	const char *at = (const char *)m + f->offset;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)(const void *)((const char *)m + f->quantifier_offset) == f->id;
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return *(char *const *)at && **(char *const *)at;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)at)->len > 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)at != 0;
	case PROTOBUF_C_TYPE_BOOL:
		return *(const protobuf_c_boolean *)at;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
		return *(const uint32_t *)at != 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(ProtobufCMessage *const *)at != NULL;
	default:
		return *(const uint64_t *)at != 0;
	}
}

json_t *json_from_message_styled(const ProtobufCMessage *m, enum json_style style)
{
	json_t *j = json_object();
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		json_t *v = NULL;
		if (f->label == PROTOBUF_C_LABEL_REPEATED)
			v = list(f, m, style);
		else if (present(f, m) || (style == JSON_WHOLE && !(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)))
			v = value(f, (const char *)m + f->offset, style);
		if (v)
			json_object_set_new(j, f->name, v);
	}
	return j;
}

json_t *json_from_message(const ProtobufCMessage *m)
{
	return json_from_message_styled(m, JSON_BRIEF);
}
