/* wire/json_call.c: see json_call.h. */
#include "wire/json_call.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "nudge.pb-c.h"
#include "wire/put.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_DIGITS_MAX 20

static const ProtobufCFieldDescriptor *body_field(const ProtobufCMessageDescriptor *envelope, const char *kind)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(envelope, kind);
	return f && f->type == PROTOBUF_C_TYPE_MESSAGE ? f : NULL;
}

const ProtobufCMessageDescriptor *json_request_message(const char *kind)
{
	const ProtobufCFieldDescriptor *f = body_field(&nudge__v1__request__descriptor, kind);
	return f ? f->descriptor : NULL;
}

const ProtobufCMessageDescriptor *json_response_message(const char *kind)
{
	const ProtobufCFieldDescriptor *f = body_field(&nudge__v1__response__descriptor, kind);
	return f ? f->descriptor : NULL;
}

int json_request_packed(struct bytes *out, uint64_t id, const char *kind, struct slice message)
{
	const ProtobufCFieldDescriptor *f = body_field(&nudge__v1__request__descriptor, kind);
	CHECK(f);
	if (message.len > LIMIT_FRAME_BYTES - 64)
		return error_set(ERR_LIMIT, NULL,
				 "the request has %zu bytes as a message, limit_frame_bytes is %u: send less at once",
				 message.len, LIMIT_FRAME_BYTES);
	size_t frame = put_begin(out, 0);
	put_number(out, 1, id);
	size_t body = put_begin(out, f->id);
	bytes_put(out, message.data, message.len);
	put_end(out, body);
	put_end(out, frame);
	return ERR_OK;
}

int json_request_pack(struct bytes *out, const char *kind, json_t *fields)
{
	ProtobufCMessage *m;
	const ProtobufCMessageDescriptor *d = json_request_message(kind);
	CHECK(d);
	int result = message_from_json(&m, d, fields);
	if (result != ERR_OK)
		return result;
	size_t size = protobuf_c_message_get_packed_size(m);
	protobuf_c_message_pack(m, (uint8_t *)bytes_grow(out, size));
	protobuf_c_message_free_unpacked(m, NULL);
	return ERR_OK;
}

int json_request(struct bytes *out, uint64_t id, const char *kind, json_t *fields)
{
	struct bytes message = { 0 };
	int result = json_request_pack(&message, kind, fields);
	if (result == ERR_OK)
		result = json_request_packed(out, id, kind, bytes_slice(&message));
	bytes_finish(&message);
	return result;
}

int json_answer(struct json_answer *out, struct slice response)
{
	Nudge__V1__Response *r = nudge__v1__response__unpack(NULL, response.len, (const uint8_t *)response.data);
	*out = (struct json_answer){ 0 };
	if (!r)
		return error_set(ERR_CORRUPT, NULL, "an answer is not a Response");
	out->id = r->request_id;
	const ProtobufCFieldDescriptor *f =
		r->body_case ? protobuf_c_message_descriptor_get_field(r->base.descriptor, (unsigned)r->body_case)
			     : NULL;
	if (f) {
		out->kind = f->name;
		out->body = json_from_message_styled(*(ProtobufCMessage **)(void *)((char *)r + f->offset), JSON_WHOLE);
	}
	nudge__v1__response__free_unpacked(r, NULL);
	return ERR_OK;
}

bool json_field_is_plain(const ProtobufCFieldDescriptor *f)
{
	return f->label != PROTOBUF_C_LABEL_REPEATED && f->type != PROTOBUF_C_TYPE_MESSAGE &&
	       f->type != PROTOBUF_C_TYPE_BYTES;
}

bool json_field_is_attributes(const ProtobufCFieldDescriptor *f)
{
	return f->label == PROTOBUF_C_LABEL_REPEATED && f->type == PROTOBUF_C_TYPE_MESSAGE &&
	       f->descriptor == &nudge__v1__attribute__descriptor;
}

json_t *json_report_named(json_t *report)
{
	json_t *named = json_copy(report), *rows = json_array(), *row, *cell;
	json_t *columns = json_object_get(report, "columns");
	size_t i, k;
	json_array_foreach(json_object_get(report, "rows"), i, row)
	{
		json_t *by_name = json_object();
		json_array_foreach(json_object_get(row, "cells"), k, cell) json_object_set(
			by_name, json_string_value(json_object_get(json_array_get(columns, k), "name")), cell);
		json_array_append_new(rows, by_name);
	}
	json_object_set_new(named, "rows", rows);
	return named;
}

static bool is_whole_number(const char *text)
{
	size_t len = strlen(text + (*text == '-'));
	return len && len <= NUMBER_DIGITS_MAX && strspn(text + (*text == '-'), "0123456789") == len;
}

int json_field_from_text(json_t **out, const ProtobufCMessageDescriptor *d, const char *name, const char *text)
{
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, name);
	*out = NULL;
	if (!f || !json_field_is_plain(f))
		return error_set(ERR_INVALID, name, "there is no parameter %s", name);
	switch (f->type) {
	case PROTOBUF_C_TYPE_BOOL:
		if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || !*text)
			*out = json_true();
		else if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
			*out = json_false();
		else
			return error_set(ERR_INVALID, name, "%s must be true or false", name);
		return ERR_OK;
	case PROTOBUF_C_TYPE_DOUBLE:
		*out = json_loads(text, JSON_DECODE_ANY, NULL);
		if (json_is_number(*out))
			return ERR_OK;
		json_decref(*out);
		*out = NULL;
		return error_set(ERR_INVALID, name, "%s must be a number", name);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_ENUM:
		*out = json_string(text);
		return *out ? ERR_OK : error_set(ERR_INVALID, name, "%s is not UTF-8", name);
	default:
		if (!is_whole_number(text))
			return error_set(ERR_INVALID, name, "%s must be a whole number", name);
		*out = json_string(text); /* digits in a string are read as any 64-bit number */
		return ERR_OK;
	}
}
