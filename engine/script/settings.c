/* script/settings.c: see settings.h. */
#include "script/settings.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct slice trim(struct slice s)
{
	while (s.len && strchr(" \t\r", s.data[0]))
		s = (struct slice){ s.data + 1, s.len - 1 };
	while (s.len && strchr(" \t\r", s.data[s.len - 1]))
		s.len--;
	return s;
}

static bool is_key(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
			return false;
	}
	return s.len > 0 && s.len <= LIMIT_SETTING_BYTES;
}

/* "80 %", "3 offers", "0.15"; "24h" and all else is a text. By hand: strtod knows hexadecimal, infinity and locales. */
static void read_number(struct setting *s, struct arena *arena)
{
	const char *at = s->text, *from = at;
	bool digits = false, point = false;
	at += *at == '-';
	for (; (*at >= '0' && *at <= '9') || (*at == '.' && !point); at++) {
		digits |= *at != '.';
		point |= *at == '.';
	}
	s->number = NAN;
	s->unit = "";
	if (!digits || (*at && *at != ' ' && *at != '%'))
		return;
	struct slice unit = trim(slice_of(at));
	if (memchr(unit.len ? unit.data : "", ' ', unit.len))
		return; /* words */
	s->number = strtod(arena_slice(arena, (struct slice){ from, (size_t)(at - from) }).data, NULL);
	s->unit = arena_slice(arena, unit).data;
	if (strcmp(s->unit, "%") == 0)
		s->number /= 100;
}

static const char *read_line(struct settings *out, struct slice line, int number, struct arena *arena)
{
	const char *comment = line.len ? memchr(line.data, '#', line.len) : NULL;
	if (comment)
		line.len = (size_t)(comment - line.data);
	line = trim(line);
	if (!line.len)
		return NULL;
	const char *equals = memchr(line.data, '=', line.len);
	if (!equals)
		return "a line is `key = value`; what is for people follows a #";
	struct slice key = trim((struct slice){ line.data, (size_t)(equals - line.data) });
	struct slice value = trim((struct slice){ equals + 1, (size_t)(line.data + line.len - equals - 1) });
	if (!is_key(key))
		return "a key is of small letters, digits, '_', '-' and '.', at most 128 bytes (limit_setting_bytes)";
	if (!value.len || value.len > LIMIT_ATTRIBUTE_TEXT_BYTES || memchr(value.data, 0, value.len))
		return "there is no value behind the =";
	struct setting s = { .key = arena_slice(arena, key).data, .text = arena_slice(arena, value).data, .line = number };
	const struct setting *twice = settings_find(out, s.key);
	if (twice)
		return arena_printf(arena, "\"%s\" is set twice; first on line %d", s.key, twice->line).data;
	if (out->count >= LIMIT_SETTINGS)
		return "more settings than limit_settings";
	read_number(&s, arena);
	out->list[out->count++] = s;
	return NULL;
}

void settings_read(struct settings *out, const struct bundle *bundle, struct arena *arena)
{
	*out = (struct settings){ 0 };
	const struct bundle_file *file = NULL;
	for (unsigned i = 0; i < bundle->count; i++)
		if (strcmp(bundle->files[i].path, SETTINGS_FILE) == 0)
			file = &bundle->files[i];
	if (!file)
		return;
	out->list = arena_calloc(arena, LIMIT_SETTINGS, sizeof(*out->list));
	struct slice rest = bytes_slice(&file->content);
	for (int line = 1; rest.len && !out->bad_line; line++) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.data) : rest.len;
		out->bad = read_line(out, (struct slice){ rest.data, len }, line, arena);
		out->bad_line = out->bad ? line : 0;
		len += end != NULL;
		rest = (struct slice){ rest.data + len, rest.len - len };
	}
}

struct setting *settings_find(struct settings *s, const char *key)
{
	for (unsigned i = 0; i < s->count; i++)
		if (strcmp(s->list[i].key, key) == 0)
			return &s->list[i];
	return NULL;
}
