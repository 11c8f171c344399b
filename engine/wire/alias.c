/* wire/alias.c: the one form in which aliases are compared (see request.h).
 *
 * What is a phone number is told by its look, since an alias has no type: digits and separators only, an optional "+"
 * in front, and 7 to 15 digits (E.164 allows 15; shorter ones are more likely a CRM's numbers, which are left alone).
 */
#include "wire/request.h"

#include "base/error.h"

#define PHONE_DIGITS_MIN 7
#define PHONE_DIGITS_MAX 15

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_separator(char c)
{
	return c == ' ' || c == '.' || c == '-' || c == '(' || c == ')' || c == '[' || c == ']' || c == '/';
}

static struct slice trim(struct slice s)
{
	while (s.len && s.data[0] == ' ')
		s = (struct slice){ s.data + 1, s.len - 1 };
	while (s.len && s.data[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* The digits of what looks like a phone number into out ("+" first where it is international); its length, or 0. */
static size_t phone(struct slice s, char *out)
{
	size_t len = 0;
	bool plus = false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (is_digit(c))
			out[len++] = c;
		else if (c == '+' && len == 0)
			out[len++] = c;
		else if (!is_separator(c))
			return 0;
	}
	plus = len && out[0] == '+';
	if (!plus && len > 2 && out[0] == '0' && out[1] == '0') {
		memmove(out + 1, out + 2, len - 2);
		out[0] = '+';
		len--;
		plus = true;
	}
	size_t digits = len - plus;
	return digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX ? len : 0;
}

static bool has_content(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_separator(s.data[i]) && s.data[i] != '+')
			return true;
	return false;
}

int alias_normalize(struct slice in, struct arena *arena, struct slice *out)
{
	struct slice s = trim(in);
	if (!has_content(s))
		return error_set(ERR_INVALID, "alias",
				 "alias \"%.*s\" has no letters or digits: send a phone number, an e-mail "
				 "address or another system's id",
				 SLICE_ARG(in));
	char *text = arena_alloc(arena, s.len);
	if (!text)
		return error_set(ERR_LIMIT, "alias", "alias is longer than the memory of this request allows");
	size_t len = phone(s, text);
	if (len == 0) {
		bool email = memchr(s.data, '@', s.len) != NULL;
		for (; len < s.len; len++) {
			char c = s.data[len];
			text[len] = email && c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
		}
	}
	*out = (struct slice){ text, len };
	return ERR_OK;
}
