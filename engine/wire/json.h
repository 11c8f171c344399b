/* wire/json.h: any message of nudge.proto as JSON and back, by its descriptor. For tools and the HTTP gateway; a
 * library of its own (`wire_json`), since nobody else needs protobuf-c and jansson.
 *
 * Names are those of the schema. Integers are JSON integers (an unsigned one past 2^63 is a string of digits, and such
 * strings are read for any 64-bit field), bytes are base64, enums their names. A list of Attribute is an object
 * {"mood": -0.5, "topic": "bill"}, where they have no names (a report's cells) an array; a single Attribute is {"name": …, "value": …}. An attribute with a
 * time of its own is {"plan": {"value": "basic", "time_ms": …}}, one that is not known any more null. Where a message has `time_ms`
 * (`since_ms`, `until_ms`), "time": "2026-01-31T10:00:00Z" (RFC 3339; "since", "until") is read too. */
#ifndef NUDGED_WIRE_JSON_H
#define NUDGED_WIRE_JSON_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include <stdint.h>

enum json_style {
	JSON_BRIEF = 0, /* without what is absent, empty, 0 or false */
	JSON_WHOLE = 1, /* every field; messages that are absent are null */
};

json_t *json_from_message(const ProtobufCMessage *m); /* brief; a new reference */
json_t *json_from_message_styled(const ProtobufCMessage *m, enum json_style style);
/* ERR_OK, or the last error with the field's path ("events[3].time_ms"). *out is allocated with protobuf-c's default
 * allocator: free it with protobuf_c_message_free_unpacked(m, NULL). Only shape is checked here; the daemon judges
 * values. */
int message_from_json(ProtobufCMessage **out, const ProtobufCMessageDescriptor *d, json_t *j);

/* The field in milliseconds of which `name` is the same in words: "time" of time_ms, "until" of until_ms. NULL: of none. */
const ProtobufCFieldDescriptor *json_field_of_time(const ProtobufCMessageDescriptor *d, const char *name);
extern const char *const json_time_names[]; /* such names; NULL at the end */

/* "2026-01-31T10:00:00.250+07:00" to UTC milliseconds. ERR_INVALID, with `field` to blame. */
int json_parse_time(const char *field, const char *text, int64_t *out_ms);

#endif
