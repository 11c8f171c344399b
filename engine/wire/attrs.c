/* wire/attrs.c: see attrs.h. By hand rather than by table: three of its four fields are one (a oneof), and it is
 * decoded several times an event. */
#include "wire/attrs.h"

#include "base/error.h"
#include "base/limits.h"
#include "wire/utf8.h"

#include <math.h>
#include <stdio.h>

/* Names that the engine gives a meaning. Their values become subjects' ids, or words that are looked up. */
struct attr_meaning {
	const char *name;
	uint32_t limit;
	const char *limit_name;
	bool required; /* not empty: it is an id */
};
#define MEANS_ID(name) { name, LIMIT_ID_BYTES, "limit_id_bytes", true }
#define MEANS_ALIAS(name) { name, LIMIT_ALIAS_BYTES, "limit_alias_bytes", true }
#define MEANS_WORD(name) { name, LIMIT_ATTRIBUTE_TEXT_BYTES, "limit_attribute_text_bytes", false }
static const struct attr_meaning area = MEANS_ID("area"), into = MEANS_ID("into"), alias = MEANS_ALIAS("alias"),
				 topic = MEANS_WORD("topic"), intent = MEANS_WORD("intent");

#define PLACE_BYTES 48
static const char *place(char to[PLACE_BYTES], size_t index, const char *part)
{
	snprintf(to, PLACE_BYTES, "attributes[%zu]%s%s", index, part ? "." : "", part ? part : "");
	return to;
}

static int wrong_type(size_t index, const char *part)
{
	char text[PLACE_BYTES];
	const char *field = place(text, index, part);
	return error_set(ERR_INVALID, field, "%s has another wire type than the schema: is the sender's nudge.proto "
			 "this version's?", field);
}

static int malformed(size_t index)
{
	char text[PLACE_BYTES];
	const char *field = place(text, index, NULL);
	return error_set(ERR_INVALID, field, "%s is not a valid protobuf message", field);
}

static inline double scan_double(struct scan *s)
{
	double number;
	uint64_t bits = scan_fixed(s, sizeof(bits));
	memcpy(&number, &bits, sizeof(number));
	return number;
}

/* What an attribute of a profile may say besides its value. */
struct attr_more {
	int64_t time_ms;
	bool removed;
};

static int attr_scan(struct event_attr *a, struct attr_more *more, struct slice bytes, size_t index)
{
	static const char *const parts[] = { NULL, "name", "text", "number", "flag", "time_ms", "removed" };
	struct scan s = scan_of(bytes);
	struct scan_field other;
	uint32_t tag;
	a->name = (struct slice){ NULL, 0 };
	a->value.kind = VALUE_UNKNOWN;
	while ((tag = scan_tag(&s))) {
		switch (tag) {
		case SCAN_TAG(1, WIRE_BYTES):
			a->name = scan_bytes(&s);
			break;
		case SCAN_TAG(2, WIRE_BYTES):
			a->value.kind = VALUE_STRING;
			a->value.string = scan_bytes(&s);
			break;
		case SCAN_TAG(3, WIRE_FIXED64):
			a->value.kind = VALUE_NUMBER;
			a->value.number = scan_double(&s);
			break;
		case SCAN_TAG(4, WIRE_VARINT):
			a->value.kind = VALUE_BOOL;
			a->value.boolean = scan_varint(&s, 10) != 0;
			break;
		case SCAN_TAG(5, WIRE_VARINT):
			more->time_ms = (int64_t)scan_varint(&s, 10);
			break;
		case SCAN_TAG(6, WIRE_VARINT):
			a->value.kind = VALUE_UNKNOWN;
			more->removed = scan_varint(&s, 10) != 0;
			break;
		default:
			other.type = (enum wire_type)(tag & 7);
			if (scan_value(&s, &other) && tag >> 3 < sizeof(parts) / sizeof(parts[0]))
				return wrong_type(index, parts[tag >> 3]);
		}
	}
	return s.bad ? malformed(index) : ERR_OK;
}

static int refuse_value(const struct event_attr *a, size_t index)
{
	char text[PLACE_BYTES];
	const char *field;
	switch (a->value.kind) {
	case VALUE_STRING:
		return field_check_text(place(text, index, "text"), a->value.string, true, LIMIT_ATTRIBUTE_TEXT_BYTES,
					"limit_attribute_text_bytes");
	case VALUE_NUMBER:
		field = place(text, index, "number");
		return error_set(ERR_INVALID, field,
				 "%s (%.*s) is not a finite number: leave the attribute out where it is "
				 "unknown",
				 field, SLICE_ARG(a->name));
	default:
		field = place(text, index, NULL);
		return error_set(ERR_INVALID, field,
				 "%s (%.*s) has no value: set text, number or flag, or leave it out (in profile.updated, "
				 "removed says that it is not known any more)",
				 field, SLICE_ARG(a->name));
	}
}

static int check_value(const struct event_attr *a, size_t index)
{
	bool fine;
	switch (a->value.kind) {
	case VALUE_STRING:
		fine = a->value.string.len <= LIMIT_ATTRIBUTE_TEXT_BYTES && utf8_fine(a->value.string, true);
		break;
	case VALUE_NUMBER:
		fine = isfinite(a->value.number);
		break;
	default:
		fine = a->value.kind == VALUE_BOOL;
	}
	return fine ? ERR_OK : refuse_value(a, index);
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

static int check_meant_text(const struct event_attr *a, const struct attr_meaning *m, size_t index)
{
	bool is_text = a->value.kind == VALUE_STRING;
	char where[PLACE_BYTES];
	struct slice text = is_text ? a->value.string : (struct slice){ NULL, 0 };
	if (is_text && (!m->required || (text.len > 0 && text.len <= m->limit && utf8_fine(text, false))))
		return ERR_OK;
	const char *field = place(where, index, "text");
	if (!is_text)
		return error_set(ERR_INVALID, field, "attribute %s must be text", m->name);
	if (text.len == 0)
		return error_set(ERR_INVALID, field, "attribute %s is empty: leave it out where unknown", m->name);
	return field_check_text(field, text, false, m->limit, m->limit_name);
}

#define NAMED(a, literal) (memcmp((a)->name.data, literal, sizeof(literal) - 1) == 0)

static int check_meaning(const struct event_attr *a, size_t index)
{
	const struct attr_meaning *m = NULL;
	switch (a->name.len) {
	case 4:
		if (NAMED(a, "mood"))
			return check_mood(a);
		m = NAMED(a, "area") ? &area : NAMED(a, "into") ? &into : NULL;
		break;
	case 5:
		m = NAMED(a, "topic") ? &topic : NAMED(a, "alias") ? &alias : NULL;
		break;
	case 6:
		m = NAMED(a, "intent") ? &intent : NULL;
		break;
	default:
		break;
	}
	return m ? check_meant_text(a, m, index) : ERR_OK;
}

static int refuse_twice(const struct event_attr *a, size_t index, size_t before)
{
	char text[PLACE_BYTES];
	const char *field = place(text, index, "name");
	return error_set(ERR_INVALID, field, "%s (%.*s) is also the name of attributes[%zu]: names are unique within an "
			 "event", field, SLICE_ARG(a->name), before);
}

static int check_name(const struct event_attr *attrs, size_t index)
{
	char text[PLACE_BYTES];
	const struct event_attr *a = &attrs[index];
	int rc = ERR_OK;
	if (a->name.len == 0)
		rc = field_required(place(text, index, "name"), false, "every attribute has a name");
	else if (a->name.len > LIMIT_ATTRIBUTE_NAME_BYTES || !utf8_fine(a->name, false))
		rc = field_check_text(place(text, index, "name"), a->name, false, LIMIT_ATTRIBUTE_NAME_BYTES,
				      "limit_attribute_name_bytes");
	for (size_t i = 0; rc == ERR_OK && i < index; i++)
		if (slice_equal(attrs[i].name, a->name))
			rc = refuse_twice(a, index, i);
	return rc;
}

static int no_memory(void)
{
	return error_set(ERR_LIMIT, "attributes",
			 "decoding takes more memory than limit_frame_arena_factor (%u) "
			 "times the frame: send fewer in one request",
			 LIMIT_FRAME_ARENA_FACTOR);
}

/* Few attributes say more than their value, so there is room for that only once one does. */
static int keep_more(const struct event_attr *a, const struct attr_more *more, struct arena *arena, size_t index,
		     size_t count, int64_t **times)
{
	char text[PLACE_BYTES];
	if (!times)
		return error_set(ERR_INVALID, place(text, index, more->removed ? "removed" : "time_ms"),
				 "%s (%.*s): only attributes of profile.updated events have a time of their own or are "
				 "removed",
				 text, SLICE_ARG(a->name));
	if (more->time_ms < LIMIT_TIME_MIN_MS || more->time_ms > LIMIT_TIME_MAX_MS)
		return error_set(ERR_INVALID, place(text, index, "time_ms"),
				 "%s (%.*s) is no time: UTC milliseconds since 1970 are wanted", text, SLICE_ARG(a->name));
	if (!*times && !(*times = arena_calloc(arena, count, sizeof(**times))))
		return no_memory();
	(*times)[index] = more->time_ms;
	return ERR_OK;
}

static int take_attr(struct event_attr *attrs, const struct field_list *list, size_t i, struct arena *arena, int64_t **times)
{
	struct attr_more more = { 0 };
	int rc = attr_scan(&attrs[i], &more, list->items[i], i);
	if (rc == ERR_OK)
		rc = check_name(attrs, i);
	if (rc == ERR_OK && (more.time_ms | more.removed))
		rc = keep_more(&attrs[i], &more, arena, i, list->count, times);
	if (more.removed && attrs[i].value.kind == VALUE_UNKNOWN)
		return rc;
	if (rc == ERR_OK)
		rc = check_value(&attrs[i], i);
	return rc == ERR_OK ? check_meaning(&attrs[i], i) : rc;
}

int attrs_decode(const struct field_list *list, struct arena *arena, const struct event_attr **out, size_t *count,
		 const int64_t **times)
{
	int64_t *own_times = NULL;
	*out = NULL;
	*count = 0;
	if (list->count == 0)
		return ERR_OK;
	size_t n = list->count;
	struct event_attr *attrs = arena_alloc(arena, n * sizeof(*attrs));
	if (!attrs)
		return no_memory();
	for (size_t i = 0; i < n; i++) {
		int rc = take_attr(attrs, list, i, arena, times ? &own_times : NULL);
		if (rc != ERR_OK)
			return rc;
	}
	if (times)
		*times = own_times;
	*out = attrs;
	*count = n;
	return ERR_OK;
}
