/* script/source_check.c: what is refused in a pack's source text before Lua compiles it (some editors begin it with a byte
 * order mark, which says nothing): the operator `^`. Lua gives
 * it to the C library's pow(), whose last bit differs between machines, and a journal must replay the same
 * everywhere. Finding it takes a scan that skips comments and strings. */
#include "script/declare.h"

struct scan {
	const char *at, *end;
	int line;
};

static bool take(struct scan *s)
{
	if (s->at >= s->end)
		return false;
	s->line += *s->at++ == '\n';
	return true;
}

/* At '[': the level of a long bracket ("[[" 0, "[=[" 1), or -1. */
static int bracket_level(const struct scan *s)
{
	const char *p = s->at + 1;
	int level = 0;
	while (p < s->end && *p == '=') {
		level++;
		p++;
	}
	return p < s->end && *p == '[' ? level : -1;
}

static bool at_bracket_end(const struct scan *s, int level)
{
	const char *p = s->at;
	if (s->end - p < level + 2 || *p++ != ']')
		return false;
	for (int i = 0; i < level; i++)
		if (*p++ != '=')
			return false;
	return *p == ']';
}

static void skip_long(struct scan *s, int level)
{
	while (s->at < s->end && !at_bracket_end(s, level))
		take(s);
	for (int i = 0; i < level + 2; i++)
		take(s);
}

static void skip_string(struct scan *s)
{
	char quote = *s->at;
	take(s);
	while (s->at < s->end && *s->at != quote && *s->at != '\n') {
		if (*s->at == '\\')
			take(s);
		take(s);
	}
	take(s);
}

static void skip_comment(struct scan *s)
{
	s->at += 2;
	int level = s->at < s->end && *s->at == '[' ? bracket_level(s) : -1;
	if (level >= 0) {
		skip_long(s, level);
		return;
	}
	while (s->at < s->end && *s->at != '\n')
		take(s);
}

struct slice source_text(const struct bytes *content)
{
	struct slice all = content->len ? bytes_slice(content) : (struct slice){ "", 0 };
	bool marked = all.len >= 3 && memcmp(all.data, "\xEF\xBB\xBF", 3) == 0;
	return marked ? (struct slice){ all.data + 3, all.len - 3 } : all;
}

int source_power_line(struct slice source)
{
	struct scan s = { source.data, source.data + source.len, 1 };
	while (s.at < s.end) {
		int level = *s.at == '[' ? bracket_level(&s) : -1;
		if (*s.at == '^')
			return s.line;
		if (*s.at == '"' || *s.at == '\'')
			skip_string(&s);
		else if (s.end - s.at >= 2 && s.at[0] == '-' && s.at[1] == '-')
			skip_comment(&s);
		else if (level >= 0)
			skip_long(&s, level);
		else
			take(&s);
	}
	return 0;
}
