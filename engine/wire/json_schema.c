/* wire/json_schema.c: see json_schema.h. */
#include "wire/json_schema.h"

#include "proto/comments.h"
#include "nudge.pb-c.h"
#include "wire/json.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What nudge.proto says of it. */
static void describe(json_t *j, const char *message, const char *field)
{
	for (unsigned i = 0; i < proto_comment_count; i++) {
		const struct proto_comment *c = &proto_comments[i];
		if (strcmp(c->message, message) == 0 && strcmp(c->field, field) == 0)
			json_object_set_new(j, "description", json_string(c->text));
	}
}

json_t *json_schema_reference(const char *name)
{
	char path[160];
	snprintf(path, sizeof(path), JSON_SCHEMAS_AT "%s", name);
	return json_pack("{s:s}", "$ref", path);
}

static json_t *whole_number(const char *format, bool is_signed)
{
	json_t *j = json_pack("{s:s, s:s}", "type", "integer", "format", format);
	if (!is_signed)
		json_object_set_new(j, "minimum", json_integer(0));
	return j;
}

static bool is_attribute(const ProtobufCFieldDescriptor *f)
{
	return f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == &nudge__v1__attribute__descriptor;
}

static json_t *enumeration(const ProtobufCEnumDescriptor *d)
{
	json_t *names = json_array();
	for (unsigned i = 0; i < d->n_values; i++)
		json_array_append_new(names, json_string(d->values[i].name));
	return json_pack("{s:s, s:o}", "type", "string", "enum", names);
}

static json_t *single(const ProtobufCFieldDescriptor *f)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return json_pack("{s:s}", "type", "string");
	case PROTOBUF_C_TYPE_BYTES:
		return json_pack("{s:s, s:s}", "type", "string", "contentEncoding", "base64");
	case PROTOBUF_C_TYPE_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case PROTOBUF_C_TYPE_DOUBLE:
		return json_pack("{s:s}", "type", "number");
	case PROTOBUF_C_TYPE_ENUM:
		return enumeration(f->descriptor);
	case PROTOBUF_C_TYPE_UINT32:
		return whole_number("int64", false);
	case PROTOBUF_C_TYPE_UINT64: /* past 2^63 its digits */
		return json_pack("{s:[s, s], s:s}", "type", "integer", "string", "format", "uint64");
	case PROTOBUF_C_TYPE_MESSAGE:
		return json_schema_reference(((const ProtobufCMessageDescriptor *)f->descriptor)->short_name);
	default:
		return whole_number("int64", true);
	}
}

static json_t *any_value(void)
{
	return json_pack("{s:[s, s, s, s]}", "type", "string", "number", "boolean", "null");
}

/* An attribute's, by its name. */
static json_t *dated_value(void)
{
	return json_pack("{s:[s, s, s, s, s], s:s}", "type", "string", "number", "boolean", "null", "object", "description",
			 "Its value. In profile.updated events also {\"value\": ..., \"time\": ...}, since when it is true, and "
			 "null: it is not known any more.");
}

json_t *json_schema_of_field(const ProtobufCFieldDescriptor *f)
{
	if (f->label != PROTOBUF_C_LABEL_REPEATED) {
		if (f->type != PROTOBUF_C_TYPE_MESSAGE)
			return single(f);
		return json_pack("{s:[o, {s:s}]}", "anyOf", single(f), "type", "null"); /* absent */
	}
	if (is_attribute(f) && strcmp(f->name, "cells") == 0)
		return json_pack("{s:s, s:o}", "type", "array", "items", any_value());
	if (is_attribute(f))
		return json_pack("{s:s, s:o}", "type", "object", "additionalProperties", dated_value());
	return json_pack("{s:s, s:o}", "type", "array", "items", single(f));
}

static json_t *attribute_schema(void)
{
	return json_pack("{s:s, s:{s:{s:s}, s:{s:[s, s, s, s]}, s:{s:s, s:s}}, s:[s], s:s}", "type", "object", "properties",
			 "name", "type", "string", "value", "type", "string", "number", "boolean", "null", "time_ms", "type",
			 "integer", "description", "Since when it is true, where it has a time of its own.", "required", "name",
			 "description", "A name and its value; no value: unknown.");
}

json_t *json_schema_of_time(const char *field)
{
	char text[96];
	snprintf(text, sizeof(text), "The same as %s, in RFC 3339; in requests only, instead of it.", field);
	return json_pack("{s:s, s:s, s:s}", "type", "string", "format", "date-time", "description", text);
}

void json_schema_add(json_t *schemas, const ProtobufCMessageDescriptor *d)
{
	if (json_object_get(schemas, d->short_name))
		return;
	if (d == &nudge__v1__attribute__descriptor) {
		json_object_set_new(schemas, d->short_name, attribute_schema());
		return;
	}
	json_t *properties = json_object(),
	       *schema = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
	describe(schema, d->short_name, "");
	json_object_set_new(schemas, d->short_name, schema);
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		json_t *property = json_schema_of_field(f);
		describe(property, d->short_name, f->name);
		json_object_set_new(properties, f->name, property);
		if (f->type == PROTOBUF_C_TYPE_MESSAGE && !(is_attribute(f) && f->label == PROTOBUF_C_LABEL_REPEATED))
			json_schema_add(schemas, f->descriptor);
	}
	for (const char *const *t = json_time_names; *t; t++) {
		const ProtobufCFieldDescriptor *f = json_field_of_time(d, *t);
		if (f && !json_object_get(properties, *t))
			json_object_set_new(properties, *t, json_schema_of_time(f->name));
	}
}
