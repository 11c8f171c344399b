/* wire/attrs.c: see attrs.h. By hand rather than by table: three of its four fields are one (a oneof), and it is
 * decoded several times an event. */
#include "wire/attrs.h"

#include "base/error.h"
#include "base/limits.h"
#include "wire/utf8.h"

#include <math.h>
#include <stdio.h>

/* Names that the engine gives a meaning. Their values become subjects' ids, or words that are looked up. */
static const struct attr_meaning {
	struct slice name;
	uint32_t limit;
	const char *limit_name;
	bool required; /* not empty: it is an id */
} text_meanings[] = {
	{ { "area", 4 }, LIMIT_ID_BYTES, "limit_id_bytes", true },
	{ { "topic", 5 }, LIMIT_ATTRIBUTE_TEXT_BYTES, "limit_attribute_text_bytes", false },
	{ { "intent", 6 }, LIMIT_ATTRIBUTE_TEXT_BYTES, "limit_attribute_text_bytes", false },
	{ { "alias", 5 }, LIMIT_ALIAS_BYTES, "limit_alias_bytes", true },
	{ { "into", 4 }, LIMIT_ID_BYTES, "limit_id_bytes", true },
};

struct attr_place {
	size_t index;
	char field[48];
};

static const char *place(struct attr_place *at, const char *part)
{
	snprintf(at->field, sizeof(at->field), "attributes[%zu]%s%s", at->index, part ? "." : "", part ? part : "");
	return at->field;
}

static int wrong_type(struct attr_place *at, const char *part)
{
	const char *field = place(at, part);
	return error_set(ERR_INVALID, field, "%s has another wire type than the schema: is the sender's nudge.proto "
			 "this version's?", field);
}

/* One field of the message into the attribute. */
static int attr_take(struct event_attr *a, const struct scan_field *f, struct attr_place *at)
{
	double number;
	switch (f->number) {
	case 1:
		if (f->type != WIRE_BYTES)
			return wrong_type(at, "name");
		a->name = f->bytes;
		return ERR_OK;
	case 2:
		if (f->type != WIRE_BYTES)
			return wrong_type(at, "text");
		a->value = value_string(f->bytes);
		return ERR_OK;
	case 3:
		if (f->type != WIRE_FIXED64)
			return wrong_type(at, "number");
		memcpy(&number, &f->value, sizeof(number));
		a->value = value_number(number);
		return ERR_OK;
	case 4:
		if (f->type != WIRE_VARINT)
			return wrong_type(at, "flag");
		a->value = value_bool(f->value != 0);
		return ERR_OK;
	default:
		return ERR_OK;
	}
}

static int attr_scan(struct event_attr *a, struct slice bytes, struct attr_place *at)
{
	struct scan s = scan_of(bytes);
	struct scan_field f = { .number = 0 };
	*a = (struct event_attr){ .value = value_unknown() };
	while (scan_next(&s, &f)) {
		int rc = attr_take(a, &f, at);
		if (rc != ERR_OK)
			return rc;
	}
	if (s.bad)
		return error_set(ERR_INVALID, place(at, NULL), "%s is not a valid protobuf message", place(at, NULL));
	return ERR_OK;
}

static int check_value(const struct event_attr *a, struct attr_place *at)
{
	const char *field;
	switch (a->value.kind) {
	case VALUE_STRING:
		if (a->value.string.len <= LIMIT_ATTRIBUTE_TEXT_BYTES && utf8_check(a->value.string, true) == UTF8_OK)
			return ERR_OK;
		return field_check_text(place(at, "text"), a->value.string, true, LIMIT_ATTRIBUTE_TEXT_BYTES,
					"limit_attribute_text_bytes");
	case VALUE_NUMBER:
		if (isfinite(a->value.number))
			return ERR_OK;
		field = place(at, "number");
		return error_set(ERR_INVALID, field,
				 "%s (%.*s) is not a finite number: leave the attribute out where it is "
				 "unknown",
				 field, SLICE_ARG(a->name));
	case VALUE_BOOL:
		return ERR_OK;
	default:
		field = place(at, NULL);
		return error_set(ERR_INVALID, field,
				 "%s (%.*s) has no value: set text, number or flag, or leave it out", field,
				 SLICE_ARG(a->name));
	}
}

static int check_mood(const struct event_attr *a)
{
	if (a->value.kind == VALUE_NUMBER && a->value.number >= -1 && a->value.number <= 1)
		return ERR_OK;
	const char *field = "attributes.mood";
	if (a->value.kind != VALUE_NUMBER)
		return error_set(ERR_INVALID, field, "%s must be a number from -1 (worst) to 1; leave it out where "
				 "unknown", field);
	return error_set(ERR_INVALID, field, "%s is %g, but goes from -1 (worst) to 1; leave it out where unknown", field,
			 a->value.number);
}

static int check_meant_text(const struct event_attr *a, const struct attr_meaning *m, struct attr_place *at)
{
	bool is_text = a->value.kind == VALUE_STRING;
	struct slice text = is_text ? a->value.string : (struct slice){ NULL, 0 };
	if (is_text && (!m->required || (text.len > 0 && text.len <= m->limit && utf8_check(text, false) == UTF8_OK)))
		return ERR_OK;
	const char *field = place(at, "text");
	if (!is_text)
		return error_set(ERR_INVALID, field, "attribute %s must be text", m->name.data);
	if (text.len == 0)
		return error_set(ERR_INVALID, field, "attribute %s is empty: leave it out where unknown", m->name.data);
	return field_check_text(field, text, false, m->limit, m->limit_name);
}

static int check_meaning(const struct event_attr *a, struct attr_place *at)
{
	if (a->name.len < 4 || a->name.len > 6) /* "mood" … "intent" */
		return ERR_OK;
	if (slice_equal(a->name, SLICE("mood")))
		return check_mood(a);
	for (size_t i = 0; i < sizeof(text_meanings) / sizeof(text_meanings[0]); i++)
		if (slice_equal(a->name, text_meanings[i].name))
			return check_meant_text(a, &text_meanings[i], at);
	return ERR_OK;
}

static int check_name(const struct event_attr *attrs, struct attr_place *at)
{
	const struct event_attr *a = &attrs[at->index];
	if (a->name.len == 0)
		return field_required(place(at, "name"), false, "every attribute has a name");
	if (a->name.len > LIMIT_ATTRIBUTE_NAME_BYTES || utf8_check(a->name, false) != UTF8_OK)
		return field_check_text(place(at, "name"), a->name, false, LIMIT_ATTRIBUTE_NAME_BYTES,
					"limit_attribute_name_bytes");
	for (size_t i = 0; i < at->index; i++)
		if (slice_equal(attrs[i].name, a->name)) {
			const char *field = place(at, "name");
			return error_set(ERR_INVALID, field, "%s (%.*s) is also the name of attributes[%zu]: names are "
					 "unique within an event", field, SLICE_ARG(a->name), i);
		}
	return ERR_OK;
}

int attrs_decode(const struct field_list *list, struct arena *arena, const struct event_attr **out, size_t *count)
{
	*out = NULL;
	*count = 0;
	if (list->count == 0)
		return ERR_OK;
	struct event_attr *attrs = arena_alloc(arena, list->count * sizeof(*attrs));
	if (!attrs)
		return error_set(ERR_LIMIT, "attributes",
				 "decoding takes more memory than limit_frame_arena_factor (%u) "
				 "times the frame: send fewer in one request",
				 LIMIT_FRAME_ARENA_FACTOR);
	struct attr_place at;
	for (at.index = 0; at.index < list->count; at.index++) {
		struct event_attr *a = &attrs[at.index];
		int rc = attr_scan(a, list->items[at.index], &at);
		if (rc == ERR_OK)
			rc = check_name(attrs, &at);
		if (rc == ERR_OK)
			rc = check_value(a, &at);
		if (rc == ERR_OK)
			rc = check_meaning(a, &at);
		if (rc != ERR_OK)
			return rc;
	}
	*out = attrs;
	*count = list->count;
	return ERR_OK;
}
