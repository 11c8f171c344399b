/* nudgectl/load_source.c: see load_source.h. */
#include "load_source.h"

#include "base/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAME_BYTES 256 /* of a field within fields: "address.city" */
#define NESTED_MAX 8

static bool read_headings(struct load_source *s)
{
	int got = csv_next(&s->csv);
	if (got <= 0) {
		snprintf(s->error, sizeof(s->error), "%s", got ? s->csv.error : "it is empty: its first row must name the columns");
		return false;
	}
	s->headings = must_calloc(s->csv.count, sizeof(*s->headings));
	s->heading_count = s->csv.count;
	for (unsigned i = 0; i < s->csv.count; i++) {
		struct slice name = s->csv.fields[i];
		s->headings[i] = must_strndup(name.len ? name.data : "", name.len);
	}
	return true;
}

bool load_source_open(struct load_source *s, const char *path)
{
	s->path = path;
	if (!csv_open(&s->csv, path)) {
		snprintf(s->error, sizeof(s->error), "cannot open it: %s", s->csv.error);
		return false;
	}
	s->json = csv_peek(&s->csv) == '{';
	return s->json || read_headings(s);
}

void load_source_close(struct load_source *s)
{
	csv_close(&s->csv);
	for (unsigned i = 0; i < s->heading_count; i++)
		free(s->headings[i]);
	free(s->headings);
	json_decref(s->object);
	s->headings = NULL;
	s->heading_count = 0;
	s->object = NULL;
}

static enum load_row bad(struct load_source *s, const char *what)
{
	snprintf(s->error, sizeof(s->error), "%s", what);
	return LOAD_BAD;
}

static bool add_field(struct load_source *s, struct slice name, struct value v)
{
	if (s->count == LOAD_FIELDS_MAX)
		return false;
	s->fields[s->count++] = (struct event_attr){ name, v };
	return true;
}

/* What is within another is named with dots: address.city, phones.1. */
static bool flatten(struct load_source *s, const char *name, json_t *j, struct arena *arena, unsigned depth)
{
	char inner[NAME_BYTES];
	const char *key;
	json_t *value;
	size_t i;
	if (depth > NESTED_MAX)
		return false;
	if (json_is_object(j)) {
		json_object_foreach(j, key, value) {
			snprintf(inner, sizeof(inner), "%s%s%s", name, *name ? "." : "", key);
			if (!flatten(s, inner, value, arena, depth + 1))
				return false;
		}
		return true;
	}
	if (json_is_array(j)) {
		json_array_foreach(j, i, value) {
			snprintf(inner, sizeof(inner), "%s.%zu", name, i + 1);
			if (!flatten(s, inner, value, arena, depth + 1))
				return false;
		}
		return true;
	}
	struct slice own = arena_slice(arena, slice_of(name));
	if (json_is_string(j))
		return add_field(s, own, value_string((struct slice){ json_string_value(j), json_string_length(j) }));
	if (json_is_number(j))
		return add_field(s, own, value_number(json_number_value(j)));
	return json_is_null(j) || add_field(s, own, value_bool(json_is_true(j)));
}

static enum load_row next_object(struct load_source *s, struct arena *arena, bool skip)
{
	json_error_t e;
	int got = csv_line(&s->csv);
	s->line = s->csv.record_line;
	if (got == 0)
		return LOAD_END;
	if (got < 0) {
		bad(s, s->csv.error);
		return LOAD_LOST;
	}
	if (skip)
		return LOAD_ROW;
	json_decref(s->object);
	s->object = json_loadb(s->csv.text.data, s->csv.text.len, JSON_REJECT_DUPLICATES, &e);
	if (!s->object) {
		snprintf(s->error, sizeof(s->error), "character %d: not JSON: %s", e.column, e.text);
		return LOAD_BAD;
	}
	if (!json_is_object(s->object))
		return bad(s, "no JSON object: each line is one");
	return flatten(s, "", s->object, arena, 0) ? LOAD_ROW : bad(s, "more than 1024 fields, or nested more than 8 deep");
}

static enum load_row next_record(struct load_source *s, bool skip)
{
	int got = csv_next(&s->csv);
	s->line = s->csv.record_line;
	if (got == 0)
		return LOAD_END;
	if (got < 0) {
		bad(s, s->csv.error);
		return LOAD_LOST;
	}
	if (skip)
		return LOAD_ROW;
	if (s->csv.count != s->heading_count) {
		snprintf(s->error, sizeof(s->error), "%u fields where the heading has %u: is a quote or a comma missing?",
			 s->csv.count, s->heading_count);
		return LOAD_BAD;
	}
	for (unsigned i = 0; i < s->csv.count; i++)
		add_field(s, slice_of(s->headings[i]), value_string(s->csv.fields[i]));
	return LOAD_ROW;
}

enum load_row load_source_next(struct load_source *s, struct arena *arena, bool skip)
{
	s->count = 0;
	return s->json ? next_object(s, arena, skip) : next_record(s, skip);
}

static bool same_name(struct slice a, struct slice b)
{
	return a.len == b.len && strncasecmp(a.data, b.data, a.len) == 0;
}

static bool says(struct slice text, struct slice what, bool whole)
{
	return whole ? slice_equal(text, what) : memmem(text.data, text.len, what.data, what.len) != NULL;
}

/* The only column that says it, alone or among other things. */
static unsigned column_that_says(const struct load_source *s, struct slice what, bool whole, struct slice *name)
{
	unsigned found = 0;
	for (unsigned i = 0; i < s->count; i++) {
		struct value f = s->fields[i].value;
		if (f.kind != VALUE_STRING || !f.string.len || !says(f.string, what, whole))
			continue;
		if (found)
			return 0;
		found = i + 1;
		*name = s->fields[i].name;
	}
	return found;
}

/* By its name, else the only column that says just that, else the only one that has it within. */
unsigned load_source_column(const struct load_source *s, struct slice attribute, struct value v, struct slice *name)
{
	for (unsigned i = 0; i < s->count; i++)
		if (attribute.len && same_name(s->fields[i].name, attribute)) {
			*name = s->fields[i].name;
			return i + 1;
		}
	if (v.kind != VALUE_STRING || !v.string.len)
		return 0;
	unsigned found = column_that_says(s, v.string, true, name);
	return found ? found : column_that_says(s, v.string, false, name);
}
