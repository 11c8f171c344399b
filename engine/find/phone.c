/* find/phone.c: see phone.h. */
#include "find/phone.h"

static bool is_separator(char c)
{
	return c == ' ' || c == '.' || c == '-' || c == '(' || c == ')' || c == '[' || c == ']' || c == '/';
}

/* Codes of two digits, by their first: a bit for each second one. */
static const uint16_t two_digits[10] = {
	[2] = 1 << 0 | 1 << 7,
	[3] = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 9,
	[4] = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9,
	[5] = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8,
	[6] = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6,
	[8] = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 6,
	[9] = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8,
};

unsigned phone_code_length(const char *digits, unsigned len)
{
	if (len == 0 || digits[0] == '1' || digits[0] == '7')
		return len > 0;
	if (len >= 2 && two_digits[digits[0] - '0'] >> (digits[1] - '0') & 1)
		return 2;
	return len < 3 ? len : 3;
}

bool phone_read(struct phone *out, struct slice text, unsigned least)
{
	*out = (struct phone){ 0 };
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c >= '0' && c <= '9') {
			if (out->len == PHONE_DIGITS_MAX && !out->abroad && out->digits[0] == '0' && out->digits[1] == '0') {
				memmove(out->digits, out->digits + 2, PHONE_DIGITS_MAX - 2u);
				out->len = PHONE_DIGITS_MAX - 2u;
				out->abroad = true;
			}
			if (out->len == PHONE_DIGITS_MAX)
				return false;
			out->digits[out->len++] = c;
		} else if (c == '+' && out->len == 0 && !out->abroad) {
			out->abroad = true;
		} else if (!is_separator(c)) {
			return false;
		}
	}
	if (!out->abroad && out->len > PHONE_DIGITS_MIN && out->digits[0] == '0' && out->digits[1] == '0') {
		memmove(out->digits, out->digits + 2, out->len - 2u);
		out->len = (uint8_t)(out->len - 2u);
		out->abroad = true;
	}
	if (out->abroad)
		out->national = (uint8_t)phone_code_length(out->digits, out->len);
	else
		while (out->national + 1u < out->len && out->digits[out->national] == '0')
			out->national++;
	return out->len >= least;
}

static bool begins(struct slice whole, struct slice part)
{
	return whole.len >= part.len && memcmp(whole.data, part.data, part.len) == 0;
}

static bool ends(struct slice whole, struct slice part)
{
	return whole.len >= part.len && memcmp(whole.data + whole.len - part.len, part.data, part.len) == 0;
}

enum phone_match phone_matches(const struct phone *stored, const struct phone *asked)
{
	struct slice all = phone_digits(stored), national = phone_national(stored), digits = phone_digits(asked);
	if (asked->abroad && stored->abroad)
		return slice_equal(all, digits) ? PHONE_WHOLE : begins(all, digits) ? PHONE_PART : PHONE_OTHER;
	struct slice own = phone_national(asked);
	if (slice_equal(all, digits) || (own.len >= PHONE_DIGITS_MIN - 1u && slice_equal(national, own)))
		return PHONE_WHOLE;
	if ((own.len && begins(national, own)) || ends(all, digits))
		return PHONE_PART;
	bool bare = !asked->abroad && asked->national == 0; /* perhaps from abroad, with the "+" left out */
	return bare && stored->abroad && begins(all, digits) ? PHONE_PART : PHONE_OTHER;
}
