/* wire/json_call.h: whole requests and answers as JSON, by the names that they have in the oneofs of Request and
 * Response ("recommend", "recommendation"): what the HTTP gateway is made of, so that it knows no message by itself. */
#ifndef NUDGED_WIRE_JSON_CALL_H
#define NUDGED_WIRE_JSON_CALL_H

#include "base/bytes.h"
#include "wire/json.h"

/* The message of a request or an answer; NULL: there is none of that name. */
const ProtobufCMessageDescriptor *json_request_message(const char *kind);
const ProtobufCMessageDescriptor *json_response_message(const char *kind);

/* Appends a framed Request. ERR_INVALID with the field's path, ERR_LIMIT where it is over a frame's. `kind` must exist. */
int json_request(struct bytes *out, uint64_t id, const char *kind, json_t *fields);
/* The same in two steps, the first of which is the long one: the message alone, and the frame with it. */
int json_request_pack(struct bytes *out, const char *kind, json_t *fields);
int json_request_packed(struct bytes *out, uint64_t id, const char *kind, struct slice message);

struct json_answer {
	uint64_t id;
	const char *kind; /* static; NULL where a later daemon answers what this build does not know */
	json_t *body;     /* a new reference; whole: every field is there */
};
/* A Response's bytes, without its frame. ERR_CORRUPT where they are none. */
int json_answer(struct json_answer *out, struct slice response);

/* What a text says of a field of that type: numbers, true and false, text. ERR_INVALID where there is no such field, or it
 * takes no plain value. */
int json_field_from_text(json_t **out, const ProtobufCMessageDescriptor *d, const char *name, const char *text);
/* Whether a field takes a plain value, as the part of a path or a query can give it. */
bool json_field_is_plain(const ProtobufCFieldDescriptor *f);
/* Whether it is a list of attributes: names and values. */
bool json_field_is_attributes(const ProtobufCFieldDescriptor *f);
/* A Report's rows, {"cells": [...]}, as objects by the names of the columns. A new reference. */
json_t *json_report_named(json_t *report);

#endif
