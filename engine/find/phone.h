/* find/phone.h: phone numbers, as they are compared when somebody looks for one: "+84 901 234 567", "0084901234567",
 * "0901.234.567" and "901234567" are the same. What is compared is the national part: a number from abroad without its
 * country's code, one from within without the leading 0. The codes tell their own length (E.164: 1 and 7 have one digit, some
 * two, the others three). */
#ifndef NUDGED_FIND_PHONE_H
#define NUDGED_FIND_PHONE_H

#include "base/slice.h"

#include <stdint.h>

#define PHONE_DIGITS_MAX 15u
#define PHONE_DIGITS_MIN 7u  /* fewer are no number that is stored, … */
#define PHONE_PART_DIGITS 4u /* … and fewer are no part of one that is looked for */

struct phone {
	char digits[PHONE_DIGITS_MAX];
	uint8_t len, national; /* where the national part begins */
	bool abroad;           /* it has its country's code */
};

/* A number or a part of one: digits, separators, a "+" at most in front; at least `least` digits. */
bool phone_read(struct phone *out, struct slice text, unsigned least);
static inline struct slice phone_digits(const struct phone *p)
{
	return (struct slice){ p->digits, p->len };
}
static inline struct slice phone_national(const struct phone *p)
{
	return (struct slice){ p->digits + p->national, (size_t)(p->len - p->national) };
}
unsigned phone_code_length(const char *digits, unsigned len); /* of the country's code that they begin with */

enum phone_match { PHONE_OTHER, PHONE_PART, PHONE_WHOLE };
enum phone_match phone_matches(const struct phone *stored, const struct phone *asked);

#endif
