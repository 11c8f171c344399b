/* script/words.c: texts with {name} and {name:format} parts, taken apart once at load. "{{" and "}}" are braces.
 * What a name means is settled after all files ran (check.c), so that words may use facts declared below them. */
#include "script/declare.h"

struct slice words_of_member(const struct words_part *part)
{
	struct slice name = str_slice(part->name), begins = SLICE("member.");
	if (name.len < begins.len || memcmp(name.data, begins.data, begins.len) != 0)
		return (struct slice){ NULL, 0 };
	return (struct slice){ name.data + begins.len, name.len - begins.len };
}

static void read_format(lua_State *L, struct place at, struct slice format, struct words_part *part)
{
	static const char *const names[] = { "money", "percent", "date", "time", "duration", "ago", "words", NULL };
	if (format.len == 1 && format.data[0] >= '0' && format.data[0] <= '9') {
		part->format = FORMAT_DECIMALS;
		part->decimals = format.data[0] - '0';
		return;
	}
	for (int i = 0; names[i]; i++) {
		if (slice_equal(format, slice_of(names[i]))) {
			part->format = FORMAT_MONEY + (unsigned)i;
			return;
		}
	}
	fail_as(L, "bad-words", at,
		"words: unknown format \"%.*s\"; use money, percent, date, time, duration, ago, words, or decimals from 0 to 9",
		SLICE_ARG(format));
}

/* text[i] is after the opening brace; returns the place after the closing one. */
static size_t read_name(lua_State *L, struct place at, struct slice text, size_t i, struct words_part *part)
{
	struct loader *l = loader_of(L);
	const char *close = memchr(text.data + i, '}', text.len - i);
	if (!close)
		fail_as(L, "bad-words", at, "words: a \"{\" without \"}\"; write {{ for a brace itself");
	struct slice name = { text.data + i, (size_t)(close - text.data) - i };
	const char *colon = memchr(name.data, ':', name.len);
	if (colon) {
		read_format(L, at, (struct slice){ colon + 1, (size_t)(name.data + name.len - colon) - 1 }, part);
		name.len = (size_t)(colon - name.data);
	}
	if (name.len == 0 || name.len > LIMIT_ATTRIBUTE_NAME_BYTES)
		fail_as(L, "bad-words", at, "words: {%.*s}: a name of 1 to %u bytes is wanted", SLICE_ARG(name),
			LIMIT_ATTRIBUTE_NAME_BYTES);
	part->name = pack_str(l->pack, name);
	l->reads = list_room(l->reads, l->read_count, sizeof(struct words_part *));
	l->read_places = list_room(l->read_places, l->read_count, sizeof(struct place));
	l->reads[l->read_count] = part;
	l->read_places[l->read_count++] = at;
	return (size_t)(close - text.data) + 1;
}

void words_parse(lua_State *L, struct place at, struct slice text, struct words *out)
{
	struct arena *arena = &loader_of(L)->pack->arena;
	if (text.len > LIMIT_WORDS_BYTES)
		fail_at(L, at, "words of %zu bytes: at most %u (limit_words_bytes)", text.len, LIMIT_WORDS_BYTES);
	text = arena_slice(arena, text);
	size_t room = 1; /* a brace ends one part and begins another */
	for (size_t i = 0; i < text.len; i++)
		room += text.data[i] == '{' || text.data[i] == '}' ? 2 : 0;
	*out = (struct words){ arena_calloc(arena, room, sizeof(struct words_part)), 0 };
	size_t from = 0, i = 0;
	while (i < text.len) {
		char c = text.data[i];
		if (c != '{' && c != '}') {
			i++;
			continue;
		}
		bool twice = i + 1 < text.len && text.data[i + 1] == c;
		if (c == '}' && !twice)
			fail_as(L, "bad-words", at, "words: a \"}\" without \"{\"; write }} for a brace itself");
		size_t end = i + (twice ? 1 : 0); /* the first of two braces belongs to the text before */
		if (end > from)
			out->parts[out->count++].text = (struct slice){ text.data + from, end - from };
		i = twice ? i + 2 : read_name(L, at, text, i + 1, &out->parts[out->count++]);
		from = i;
	}
	if (text.len > from)
		out->parts[out->count++].text = (struct slice){ text.data + from, text.len - from };
}

static unsigned language_index(lua_State *L, struct place at, const char *what, const char *language)
{
	const struct pack *p = loader_of(L)->pack;
	for (unsigned i = 0; i < p->language_count; i++)
		if (strcmp(p->languages[i]->data, language) == 0)
			return i;
	fail_as(L, "unknown-language", at,
		"%s: language \"%s\" is not among the pack's languages; add it to pack { languages = { … } }", what,
		language);
}

void phrase_at(lua_State *L, int index, struct place at, const char *what, struct phrase *out)
{
	struct pack *p = loader_of(L)->pack;
	struct slice text;
	index = lua_absindex(L, index);
	if (!p->language_count)
		fail_at(L, at, "%s comes before pack { name = \"…\" }; declare the pack first", what);
	out->by_language = arena_calloc(&p->arena, p->language_count, sizeof(struct words));
	if (lua_type(L, index) == LUA_TSTRING) {
		text.data = lua_tolstring(L, index, &text.len);
		words_parse(L, at, text, &out->by_language[0]);
		return;
	}
	if (lua_type(L, index) != LUA_TTABLE)
		fail_at(L, at, "%s must be a text or a table by language, not a %s", what, luaL_typename(L, index));
	lua_Integer n = sandbox_push_sorted_keys(L, index);
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_rawgeti(L, -1, i) != LUA_TSTRING)
			fail_at(L, at, "%s: the table's keys are languages: { en = \"…\" }", what);
		unsigned language = language_index(L, at, what, lua_tostring(L, -1));
		lua_gettable(L, index);
		if (lua_type(L, -1) != LUA_TSTRING)
			fail_at(L, at, "%s: the words of a language are a text", what);
		text.data = lua_tolstring(L, -1, &text.len);
		words_parse(L, at, text, &out->by_language[language]);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}
