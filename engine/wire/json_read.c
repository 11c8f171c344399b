/* wire/json_read.c: JSON to a message, by its descriptor. Recursion goes as deep as the schema, which has no cycle, so
 * deep JSON is refused as a wrong type at the first level that the schema does not have. */
#include "wire/json.h"

#include "base/check.h"
#include "base/error.h"
#include "base/nearest.h"
#include "nudge.pb-c.h"
#include "wire/json_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where we are, for errors: a chain on the stack. */
struct path {
	const struct path *up;
	const char *name; /* NULL: an index */
	size_t index;
};

static void path_text(const struct path *p, char *out, size_t size)
{
	if (!p) {
		out[0] = '\0';
		return;
	}
	path_text(p->up, out, size);
	size_t used = strlen(out);
	if (p->name)
		snprintf(out + used, size - used, "%s%s", used ? "." : "", p->name);
	else
		snprintf(out + used, size - used, "[%zu]", p->index);
}

static int refuse(const struct path *p, const char *what, const char *detail)
{
	char field[160];
	path_text(p, field, sizeof(field));
	return error_set(ERR_INVALID, field, "%s %s%s", field[0] ? field : "the JSON", what, detail ? detail : "");
}

static int read_message(ProtobufCMessage **out, const ProtobufCMessageDescriptor *d, json_t *j, const struct path *p);

static int read_text(char **out, json_t *j, const struct path *p)
{
	if (!json_is_string(j))
		return refuse(p, "must be a string", NULL);
	if (strlen(json_string_value(j)) != json_string_length(j))
		return refuse(p, "has a NUL character", NULL);
	*out = must_malloc(json_string_length(j) + 1);
	memcpy(*out, json_string_value(j), json_string_length(j) + 1);
	return ERR_OK;
}

/* Integers; strings of digits too, since JSON's numbers end at 2^63 (and at 2^53 for many readers). */
static int read_unsigned(uint64_t *out, uint64_t max, json_t *j, const struct path *p)
{
	const char *s = json_string_value(j);
	char *end;
	*out = 0;
	if (json_is_integer(j) && json_integer_value(j) >= 0) {
		*out = (uint64_t)json_integer_value(j);
	} else if (s && *s >= '0' && *s <= '9') {
		errno = 0;
		*out = strtoull(s, &end, 10);
		if (errno || *end)
			return refuse(p, "must be a whole number, 0 or more", NULL);
	} else {
		return refuse(p, "must be a whole number, 0 or more", NULL);
	}
	return *out <= max ? ERR_OK : refuse(p, "is too large", NULL);
}

static int read_signed(int64_t *out, json_t *j, const struct path *p)
{
	const char *s = json_string_value(j);
	char *end;
	if (json_is_integer(j)) {
		*out = json_integer_value(j);
		return ERR_OK;
	}
	errno = 0;
	if (s && ((*s >= '0' && *s <= '9') || *s == '-')) {
		*out = strtoll(s, &end, 10);
		if (!errno && *end == '\0' && end != s)
			return ERR_OK;
	}
	return refuse(p, "must be a whole number", NULL);
}

static int read_enum(int *out, const ProtobufCEnumDescriptor *d, json_t *j, const struct path *p)
{
	const ProtobufCEnumValue *v = NULL;
	if (json_is_string(j))
		v = protobuf_c_enum_descriptor_get_value_by_name(d, json_string_value(j));
	else if (json_is_integer(j) && json_integer_value(j) >= INT32_MIN && json_integer_value(j) <= INT32_MAX)
		v = protobuf_c_enum_descriptor_get_value(d, (int)json_integer_value(j));
	if (!v)
		return refuse(p, "is not a value of ", d->short_name);
	*out = v->value;
	return ERR_OK;
}

static int read_bytes(ProtobufCBinaryData *out, json_t *j, const struct path *p)
{
	uint8_t *data;
	size_t len;
	if (!json_is_string(j) || !base64_decode(json_string_value(j), &data, &len))
		return refuse(p, "must be base64 in a string", NULL);
	*out = (ProtobufCBinaryData){ len, data };
	return ERR_OK;
}

static int read_attribute_value(Nudge__V1__Attribute *a, json_t *j, const struct path *p)
{
	if (json_is_string(j)) {
		a->text = NULL;
		a->value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
		return read_text(&a->text, j, p);
	}
	if (json_is_boolean(j)) {
		a->flag = json_is_true(j);
		a->value_case = NUDGE__V1__ATTRIBUTE__VALUE_FLAG;
		return ERR_OK;
	}
	if (json_is_null(j)) {
		a->removed = true;
		a->value_case = NUDGE__V1__ATTRIBUTE__VALUE_REMOVED;
		return ERR_OK;
	}
	if (!json_is_number(j))
		return refuse(p, "must be a string, a number, a boolean, null (not known any more) or "
				 "{\"value\": ..., \"time\": ...}", NULL);
	a->number = json_number_value(j);
	a->value_case = NUDGE__V1__ATTRIBUTE__VALUE_NUMBER;
	return ERR_OK;
}

static int read_attribute_time(Nudge__V1__Attribute *a, json_t *j, const struct path *p)
{
	struct path ms = { p, "time_ms", 0 }, text = { p, "time", 0 };
	json_t *number = json_object_get(j, "time_ms"), *time = json_object_get(j, "time");
	char field[160];
	if (number && time)
		return refuse(&text, "and time_ms say the same: give one of the two", NULL);
	if (number)
		return read_signed(&a->time_ms, number, &ms);
	if (!time)
		return ERR_OK;
	if (!json_is_string(time))
		return refuse(&text, "must be a string like \"2026-01-31T10:00:00Z\" (or give time_ms)", NULL);
	path_text(&text, field, sizeof(field));
	return json_parse_time(field, json_string_value(time), &a->time_ms);
}

/* A value, or {"value": …, "time": …}. */
static int read_attribute(Nudge__V1__Attribute *a, json_t *j, const struct path *p)
{
	json_t *value = json_object_get(j, "value");
	struct path here = { p, "value", 0 };
	if (!value)
		return read_attribute_value(a, j, p);
	size_t known = 1u + (json_object_get(j, "time_ms") != NULL) + (json_object_get(j, "time") != NULL);
	if (json_object_size(j) != known)
		return refuse(p, "may have value, and time or time_ms", NULL);
	int rc = read_attribute_value(a, value, &here);
	return rc == ERR_OK ? read_attribute_time(a, j, p) : rc;
}

static Nudge__V1__Attribute *new_attribute(const char *name)
{
	Nudge__V1__Attribute *a = must_malloc(sizeof(*a));
	nudge__v1__attribute__init(a);
	if (*name) {
		a->name = must_malloc(strlen(name) + 1);
		memcpy(a->name, name, strlen(name) + 1);
	}
	return a;
}

/* {"name": …, "value": …} */
static int read_single_attribute(ProtobufCMessage **out, json_t *j, const struct path *p)
{
	const char *name = json_string_value(json_object_get(j, "name"));
	json_t *value = json_object_get(j, "value");
	bool removed = json_is_true(json_object_get(j, "removed"));
	size_t known = 1u + (value != NULL) + removed + (json_object_get(j, "time_ms") != NULL) +
		       (json_object_get(j, "time") != NULL);
	if (!name || json_object_size(j) != known)
		return refuse(p, "must be {\"name\": ..., \"value\": ...}", NULL);
	Nudge__V1__Attribute *a = new_attribute(name);
	*out = &a->base;
	int rc = value && (removed || !json_is_null(value)) ? read_attribute_value(a, value, p) : ERR_OK;
	return rc == ERR_OK ? read_attribute_time(a, j, p) : rc;
}

static int read_attribute_array(ProtobufCMessage ***items, size_t *count, json_t *j, const struct path *p)
{
	if (json_array_size(j) == 0)
		return ERR_OK;
	*items = must_malloc(json_array_size(j) * sizeof(**items));
	for (size_t i = 0; i < json_array_size(j); i++) {
		struct path here = { p, NULL, i };
		json_t *value = json_array_get(j, i);
		Nudge__V1__Attribute *a = new_attribute("");
		(*items)[(*count)++] = &a->base;
		int rc = json_is_null(value) ? ERR_OK : read_attribute_value(a, value, &here);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static int read_attributes(ProtobufCMessage ***items, size_t *count, json_t *j, const struct path *p, bool nameless)
{
	const char *name;
	json_t *value;
	if (nameless && json_is_array(j))
		return read_attribute_array(items, count, j, p);
	if (!json_is_object(j))
		return refuse(p, "must be an object of names and values", NULL);
	if (json_object_size(j) == 0)
		return ERR_OK;
	*items = must_malloc(json_object_size(j) * sizeof(**items));
	json_object_foreach(j, name, value) {
		struct path here = { p, name, 0 };
		Nudge__V1__Attribute *a = new_attribute(name);
		(*items)[(*count)++] = &a->base;
		int rc = read_attribute(a, value, &here);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

const char *const json_time_names[] = { "time", "since", "until", NULL };

const ProtobufCFieldDescriptor *json_field_of_time(const ProtobufCMessageDescriptor *d, const char *name)
{
	char ms[16];
	for (const char *const *t = json_time_names; *t; t++) {
		if (strcmp(name, *t) != 0)
			continue;
		snprintf(ms, sizeof(ms), "%s_ms", name);
		return protobuf_c_message_descriptor_get_field_by_name(d, ms);
	}
	return NULL;
}

/* A time in words where milliseconds are wanted. */
static int refuse_words(const ProtobufCFieldDescriptor *f, const struct path *p)
{
	char name[64], why[128];
	snprintf(name, sizeof(name), "%s", f->name);
	name[strlen(name) - strlen("_ms")] = '\0';
	snprintf(why, sizeof(why), "must be milliseconds since 1970, a whole number: a text like \"2026-01-31T10:00:00Z\" goes into %s", name);
	return refuse(p, why, NULL);
}

static bool is_time(const ProtobufCFieldDescriptor *f)
{
	for (const char *const *t = json_time_names; *t; t++)
		if (strncmp(f->name, *t, strlen(*t)) == 0 && strcmp(f->name + strlen(*t), "_ms") == 0)
			return true;
	return false;
}

static int read_value(const ProtobufCFieldDescriptor *f, void *at, json_t *j, const struct path *p)
{
	uint64_t number;
	int rc;
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return read_text(at, j, p);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(at, j, p);
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)at = json_is_true(j);
		return json_is_boolean(j) ? ERR_OK : refuse(p, "must be true or false", NULL);
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)at = json_number_value(j);
		return json_is_number(j) ? ERR_OK : refuse(p, "must be a number", NULL);
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(at, f->descriptor, j, p);
	case PROTOBUF_C_TYPE_UINT32:
		rc = read_unsigned(&number, UINT32_MAX, j, p);
		*(uint32_t *)at = (uint32_t)number;
		return rc;
	case PROTOBUF_C_TYPE_UINT64:
		return read_unsigned(at, UINT64_MAX, j, p);
	case PROTOBUF_C_TYPE_INT64:
		rc = read_signed(at, j, p);
		return rc != ERR_OK && json_is_string(j) && is_time(f) ? refuse_words(f, p) : rc;
	case PROTOBUF_C_TYPE_MESSAGE:
		if (f->descriptor == &nudge__v1__attribute__descriptor)
			return read_single_attribute(at, j, p);
		return read_message(at, f->descriptor, j, p);
	default:
		return refuse(p, "has a type that JSON does not carry here", NULL);
	}
}

static size_t item_size(const ProtobufCFieldDescriptor *f)
{
	return f->type == PROTOBUF_C_TYPE_UINT32 ? sizeof(uint32_t) : sizeof(uint64_t); /* numbers, or pointers */
}

/* The schema's lists are of strings, messages and numbers. */
static int read_list(const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, json_t *j, const struct path *p)
{
	size_t *count = (size_t *)(void *)((char *)m + f->quantifier_offset);
	void ***items = (void ***)(void *)((char *)m + f->offset);
	if (f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == &nudge__v1__attribute__descriptor)
		return read_attributes((ProtobufCMessage ***)items, count, j, p, m->descriptor == &nudge__v1__report_row__descriptor);
	if (!json_is_array(j))
		return refuse(p, "must be a list", NULL);
	if (json_array_size(j) == 0)
		return ERR_OK;
	size_t size = item_size(f);
	bool pointers = f->type == PROTOBUF_C_TYPE_STRING || f->type == PROTOBUF_C_TYPE_MESSAGE;
	*items = must_malloc(json_array_size(j) * size);
	for (size_t i = 0; i < json_array_size(j); i++) {
		struct path here = { p, NULL, i };
		void *item = NULL; /* counted once it is there, so that a failure half-way can be freed */
		int rc = read_value(f, &item, json_array_get(j, i), &here);
		if (!pointers || item)
			memcpy((char *)*items + (*count)++ * size, &item, size);
		if (rc != ERR_OK)
			return rc;
	}
	return ERR_OK;
}

static int read_field(const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, json_t *j, const struct path *p)
{
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return read_list(f, m, j, p);
	void *at = (char *)m + f->offset;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		uint32_t *chosen = (uint32_t *)(void *)((char *)m + f->quantifier_offset);
		if (*chosen)
			return refuse(p, "is one of several of which only one may be given", NULL);
		*(void **)at = NULL; /* the schema's oneofs, but Attribute's, are of messages */
		*chosen = f->id;
	}
	return read_value(f, at, j, p);
}

#define FIELDS_MAX 64

/* What the sender probably meant: an attribute that has a meaning of its own, or another field. */
static size_t put_advice(const ProtobufCMessageDescriptor *d, const char *wrong, const char *const *names, char *out,
			 size_t used, size_t size)
{
	static const char *const meant[] = { "mood", "topic", "intent", "area", NULL };
	bool has_attributes = protobuf_c_message_descriptor_get_field_by_name(d, "attributes") != NULL;
	for (unsigned i = 0; has_attributes && meant[i]; i++)
		if (strcmp(wrong, meant[i]) == 0)
			return used + (size_t)snprintf(out + used, size - used, "put it into attributes. ");
	const char *nearest = nearest_name(wrong, names);
	if (nearest)
		used += (size_t)snprintf(out + used, size - used, "did you mean %s? ", nearest);
	return used;
}

static int unknown_field(const ProtobufCMessageDescriptor *d, const struct path *p)
{
	const char *names[FIELDS_MAX + 4];
	char known[560];
	unsigned count = 0;
	for (; count < d->n_fields && count < FIELDS_MAX; count++)
		names[count] = d->fields[count].name;
	for (const char *const *t = json_time_names; *t; t++)
		if (json_field_of_time(d, *t))
			names[count++] = *t;
	names[count] = NULL;
	size_t used = (size_t)snprintf(known, sizeof(known), "%s: ", d->short_name);
	used = put_advice(d, p->name, names, known, used, sizeof(known));
	used += (size_t)snprintf(known + used, sizeof(known) - used, "%s has", d->short_name);
	for (unsigned i = 0; i < count && used < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s %s", i ? "," : "", names[i]);
	return refuse(p, "is not a field of ", known);
}

static int read_time(const ProtobufCFieldDescriptor *f, ProtobufCMessage *m, json_t *object, json_t *j,
		     const struct path *p)
{
	char field[160], why[80];
	path_text(p, field, sizeof(field));
	snprintf(why, sizeof(why), "and %s say the same: give one of the two", f->name);
	if (json_object_get(object, f->name))
		return refuse(p, why, NULL);
	snprintf(why, sizeof(why), "(or give %s)", f->name);
	if (!json_is_string(j))
		return refuse(p, "must be a string like \"2026-01-31T10:00:00Z\" ", why);
	return json_parse_time(field, json_string_value(j), (int64_t *)(void *)((char *)m + f->offset));
}

/* Where a 0 is told from nothing by another field (mood, has_mood): in JSON it is there, or it is not. */
static void note_presence(const ProtobufCFieldDescriptor *f, const ProtobufCMessageDescriptor *d, ProtobufCMessage *m, json_t *object)
{
	char has[64];
	if (f->type != PROTOBUF_C_TYPE_DOUBLE)
		return;
	snprintf(has, sizeof(has), "has_%s", f->name);
	const ProtobufCFieldDescriptor *said = protobuf_c_message_descriptor_get_field_by_name(d, has);
	if (said && !json_object_get(object, has))
		*(protobuf_c_boolean *)(void *)((char *)m + said->offset) = 1;
}

static int read_message(ProtobufCMessage **out, const ProtobufCMessageDescriptor *d, json_t *j, const struct path *p)
{
	const char *name;
	json_t *value;
	if (!json_is_object(j))
		return refuse(p, "must be an object: ", d->short_name);
	*out = must_malloc(d->sizeof_message);
	protobuf_c_message_init(d, *out);
	json_object_foreach(j, name, value) {
		struct path here = { p, name, 0 };
		const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, name);
		const ProtobufCFieldDescriptor *t = f ? NULL : json_field_of_time(d, name);
		int rc;
		if (t)
			rc = read_time(t, *out, j, value, &here);
		else if (!f)
			rc = unknown_field(d, &here);
		else
			rc = json_is_null(value) ? ERR_OK : read_field(f, *out, value, &here);
		if (rc != ERR_OK)
			return rc;
		if (f && !json_is_null(value))
			note_presence(f, d, *out, j);
	}
	return ERR_OK;
}

int message_from_json(ProtobufCMessage **out, const ProtobufCMessageDescriptor *d, json_t *j)
{
	*out = NULL;
	int rc = read_message(out, d, j, NULL);
	if (rc != ERR_OK && *out) {
		protobuf_c_message_free_unpacked(*out, NULL);
		*out = NULL;
	}
	return rc;
}

int json_parse_time(const char *field, const char *text, int64_t *out_ms)
{
	if (rfc3339_parse(text, out_ms))
		return ERR_OK;
	return error_set(ERR_INVALID, field,
			 "%s \"%.40s\" is not a time: write it like \"2026-01-31T10:00:00Z\" or with an "
			 "offset, \"2026-01-31T17:00:00+07:00\"",
			 field, text);
}
