/* state/value.h: a value with three-valued logic: unknown is a value of its own, not 0 and not "". Header only. */
#ifndef NUDGED_STATE_VALUE_H
#define NUDGED_STATE_VALUE_H

#include "base/slice.h"

#include <stdint.h>

enum value_kind { VALUE_UNKNOWN, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING };

struct value {
	enum value_kind kind;
	union {
		bool boolean;
		double number;
		struct slice string; /* lent */
	};
};

static inline struct value value_unknown(void)
{
	return (struct value){ .kind = VALUE_UNKNOWN };
}
static inline struct value value_bool(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .boolean = b };
}
static inline struct value value_number(double n)
{
	return (struct value){ .kind = VALUE_NUMBER, .number = n };
}
static inline struct value value_string(struct slice s)
{
	return (struct value){ .kind = VALUE_STRING, .string = s };
}
static inline bool value_equal(struct value a, struct value b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind) {
	case VALUE_BOOL:
		return a.boolean == b.boolean;
	case VALUE_NUMBER:
		return a.number == b.number;
	case VALUE_STRING:
		return slice_equal(a.string, b.string);
	default:
		return true;
	}
}

#endif
