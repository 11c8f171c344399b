/* script/pattern.c: Lua patterns (reference manual, 6.4.1), matched by backtracking as Lua does, with every step
 * charged to the instruction budget: "(.-)*x"-like patterns on long texts otherwise run for minutes, out of a hook's
 * reach. */
#include "script/sandbox.h"

#define ESCAPE '%'
#define DEPTH_MAX 200
#define CAPTURE_OPEN (-1)
#define CAPTURE_POSITION (-2)
#define CHARGE_EVERY 256

struct matcher {
	lua_State *L;
	const char *start, *end;          /* of the text */
	const char *pattern_end;
	struct pattern_match *out;
	unsigned steps;
	int depth;
};

static const char *match(struct matcher *m, const char *s, const char *p);

static void step(struct matcher *m)
{
	if (++m->steps >= CHARGE_EVERY) {
		m->steps = 0;
		vm_charge(m->L, CHARGE_EVERY);
	}
}

/* Classes by ASCII, whatever the locale. */
static bool in_range(unsigned char c, char low, char high)
{
	return c >= (unsigned char)low && c <= (unsigned char)high;
}

static bool is_class(unsigned char c, unsigned char class)
{
	bool alpha = in_range(c, 'a', 'z') || in_range(c, 'A', 'Z'), digit = in_range(c, '0', '9'), is;
	switch (class | 0x20) {
	case 'a': is = alpha; break;
	case 'c': is = c < 32 || c == 127; break;
	case 'd': is = digit; break;
	case 'g': is = c > 32 && c < 127; break;
	case 'l': is = in_range(c, 'a', 'z'); break;
	case 'p': is = c > 32 && c < 127 && !alpha && !digit; break;
	case 's': is = c == ' ' || in_range(c, '\t', '\r'); break;
	case 'u': is = in_range(c, 'A', 'Z'); break;
	case 'w': is = alpha || digit; break;
	case 'x': is = digit || in_range(c, 'a', 'f') || in_range(c, 'A', 'F'); break;
	default: return class == c;
	}
	return in_range(class, 'A', 'Z') ? !is : is;
}

/* The end of the single-character item that starts at p. */
static const char *item_end(struct matcher *m, const char *p)
{
	if (*p++ == ESCAPE) {
		if (p == m->pattern_end)
			luaL_error(m->L, "malformed pattern (ends with '%%')");
		return p + 1;
	}
	if (p[-1] != '[')
		return p;
	if (p < m->pattern_end && *p == '^')
		p++;
	do { /* the first ] is a character of the set */
		if (p == m->pattern_end)
			luaL_error(m->L, "malformed pattern (missing ']')");
		step(m);
		if (*p++ == ESCAPE && p < m->pattern_end)
			p++;
	} while (p == m->pattern_end || *p != ']');
	return p + 1;
}

/* p at '[', close at its ']' */
static bool in_set(struct matcher *m, unsigned char c, const char *p, const char *close)
{
	bool positive = true;
	if (p[1] == '^') {
		positive = false;
		p++;
	}
	while (++p < close) {
		step(m);
		if (*p == ESCAPE) {
			p++;
			if (is_class(c, (unsigned char)*p))
				return positive;
		} else if (p[1] == '-' && p + 2 < close) {
			p += 2;
			if ((unsigned char)p[-2] <= c && c <= (unsigned char)*p)
				return positive;
		} else if ((unsigned char)*p == c) {
			return positive;
		}
	}
	return !positive;
}

static bool single(struct matcher *m, const char *s, const char *p, const char *end)
{
	if (s >= m->end)
		return false;
	step(m);
	unsigned char c = (unsigned char)*s;
	switch (*p) {
	case '.': return true;
	case ESCAPE: return is_class(c, (unsigned char)p[1]);
	case '[': return in_set(m, c, p, end - 1);
	default: return (unsigned char)*p == c;
	}
}

static const char *match_balanced(struct matcher *m, const char *s, const char *p)
{
	if (p + 1 >= m->pattern_end)
		luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
	if (s >= m->end || *s != *p)
		return NULL;
	int open = 1;
	while (++s < m->end) {
		step(m);
		if (*s == p[1]) {
			if (--open == 0)
				return s + 1;
		} else if (*s == *p) {
			open++;
		}
	}
	return NULL;
}

static const char *match_most(struct matcher *m, const char *s, const char *p, const char *end)
{
	ptrdiff_t i = 0;
	while (single(m, s + i, p, end))
		i++;
	for (; i >= 0; i--) {
		const char *found = match(m, s + i, end + 1);
		if (found)
			return found;
	}
	return NULL;
}

static const char *match_least(struct matcher *m, const char *s, const char *p, const char *end)
{
	for (;;) {
		const char *found = match(m, s, end + 1);
		if (found)
			return found;
		if (!single(m, s, p, end))
			return NULL;
		s++;
	}
}

static const char *open_capture(struct matcher *m, const char *s, const char *p, ptrdiff_t kind)
{
	int n = m->out->count;
	if (n >= PATTERN_CAPTURES)
		luaL_error(m->L, "too many captures in a pattern: at most %d", PATTERN_CAPTURES);
	m->out->captures[n].start = s;
	m->out->captures[n].len = kind;
	m->out->count = n + 1;
	const char *found = match(m, s, p);
	if (!found)
		m->out->count--;
	return found;
}

static const char *close_capture(struct matcher *m, const char *s, const char *p)
{
	int n = m->out->count - 1;
	while (n >= 0 && m->out->captures[n].len != CAPTURE_OPEN)
		n--;
	if (n < 0)
		luaL_error(m->L, "malformed pattern: ')' without '('");
	m->out->captures[n].len = s - m->out->captures[n].start;
	const char *found = match(m, s, p);
	if (!found)
		m->out->captures[n].len = CAPTURE_OPEN;
	return found;
}

static const char *match_back(struct matcher *m, const char *s, char digit)
{
	int n = digit - '1';
	if (n < 0 || n >= m->out->count || m->out->captures[n].len < 0)
		luaL_error(m->L, "invalid capture index %%%d in a pattern", n + 1);
	size_t len = (size_t)m->out->captures[n].len;
	vm_charge(m->L, len / 16);
	if ((size_t)(m->end - s) < len || memcmp(m->out->captures[n].start, s, len) != 0)
		return NULL;
	return s + len;
}

static bool match_frontier(struct matcher *m, const char *s, const char *p, const char *end)
{
	unsigned char before = s == m->start ? 0 : (unsigned char)s[-1], at = s == m->end ? 0 : (unsigned char)*s;
	return !in_set(m, before, p, end - 1) && in_set(m, at, p, end - 1);
}

/* %b %f %1: where p holds one of these, *next is where to go on in the pattern, and the result where in the text. */
static bool special(struct matcher *m, const char **s, const char **p)
{
	if (**p != ESCAPE || *p + 1 >= m->pattern_end)
		return false;
	char kind = (*p)[1];
	if (kind == 'b') {
		*s = match_balanced(m, *s, *p + 2);
		*p += 4;
		return true;
	}
	if (kind == 'f') {
		if (*p + 2 >= m->pattern_end || (*p)[2] != '[')
			luaL_error(m->L, "malformed pattern: '[' must follow '%%f'");
		const char *end = item_end(m, *p + 2);
		if (!match_frontier(m, *s, *p + 2, end))
			*s = NULL;
		*p = end;
		return true;
	}
	if (kind >= '0' && kind <= '9') {
		*s = match_back(m, *s, kind);
		*p += 2;
		return true;
	}
	return false;
}

static const char *match_rest(struct matcher *m, const char *s, const char *p)
{
	while (p < m->pattern_end) {
		step(m);
		if (*p == '(')
			return p + 1 < m->pattern_end && p[1] == ')' ? open_capture(m, s, p + 2, CAPTURE_POSITION)
								     : open_capture(m, s, p + 1, CAPTURE_OPEN);
		if (*p == ')')
			return close_capture(m, s, p + 1);
		if (*p == '$' && p + 1 == m->pattern_end)
			return s == m->end ? s : NULL;
		if (special(m, &s, &p)) {
			if (!s)
				return NULL;
			continue;
		}
		const char *end = item_end(m, p);
		char suffix = end < m->pattern_end ? *end : '\0';
		if (suffix == '*')
			return match_most(m, s, p, end);
		if (suffix == '-')
			return match_least(m, s, p, end);
		if (suffix == '+')
			return single(m, s, p, end) ? match_most(m, s + 1, p, end) : NULL;
		if (suffix == '?') {
			const char *found = single(m, s, p, end) ? match(m, s + 1, end + 1) : NULL;
			if (found)
				return found;
			p = end + 1;
			continue;
		}
		if (!single(m, s, p, end))
			return NULL;
		s++;
		p = end;
	}
	return s;
}

static const char *match(struct matcher *m, const char *s, const char *p)
{
	if (++m->depth > DEPTH_MAX)
		luaL_error(m->L, "pattern too complex");
	const char *found = match_rest(m, s, p);
	m->depth--;
	return found;
}

bool pattern_match_at(lua_State *L, const char *text, size_t len, size_t at, const char *pattern, size_t pattern_len,
		      struct pattern_match *out)
{
	struct matcher m = {
		.L = L, .start = text, .end = text + len, .pattern_end = pattern + pattern_len, .out = out
	};
	out->count = 0;
	const char *end = match(&m, text + at, pattern);
	vm_charge(L, m.steps);
	out->start = text + at;
	out->end = end;
	return end != NULL;
}

bool pattern_find(lua_State *L, const char *text, size_t len, size_t from, const char *pattern, size_t pattern_len,
		  struct pattern_match *out)
{
	if (pattern_len && *pattern == '^')
		return pattern_match_at(L, text, len, from, pattern + 1, pattern_len - 1, out);
	for (size_t at = from; at <= len; at++)
		if (pattern_match_at(L, text, len, at, pattern, pattern_len, out))
			return true;
	return false;
}

int pattern_push_captures(lua_State *L, const char *text, const struct pattern_match *m, bool whole)
{
	if (m->count == 0 && whole) {
		lua_pushlstring(L, m->start, (size_t)(m->end - m->start));
		return 1;
	}
	luaL_checkstack(L, m->count, "too many captures");
	for (int i = 0; i < m->count; i++) {
		ptrdiff_t n = m->captures[i].len;
		if (n == CAPTURE_OPEN)
			luaL_error(L, "malformed pattern: '(' without ')'");
		if (n == CAPTURE_POSITION)
			lua_pushinteger(L, m->captures[i].start - text + 1);
		else
			lua_pushlstring(L, m->captures[i].start, (size_t)n);
	}
	return m->count;
}
