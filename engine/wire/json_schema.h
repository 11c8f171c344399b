/* wire/json_schema.h: what the JSON of a message looks like, as JSON Schema (2020-12, as OpenAPI 3.1 has it), made from
 * the same descriptors as the JSON itself. */
#ifndef NUDGED_WIRE_JSON_SCHEMA_H
#define NUDGED_WIRE_JSON_SCHEMA_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* Where the schemas of messages are put in the document, and how they are named from elsewhere in it. */
#define JSON_SCHEMAS_AT "#/components/schemas/"

/* Adds the message's schema and those of all that it is made of, by their names. */
void json_schema_add(json_t *schemas, const ProtobufCMessageDescriptor *d);
json_t *json_schema_reference(const char *name);                           /* {"$ref": …} */
json_t *json_schema_of_field(const ProtobufCFieldDescriptor *f);           /* messages by reference; a new reference */
json_t *json_schema_of_time(const char *field);                            /* the same as that field in milliseconds, in words */

#endif
