/* state/terms.c: see terms.h. name string, kind u8, then as the kind says. */
#include "state/terms.h"

#include "base/limits.h"

bool terms_put(struct bytes *out, struct slice name, struct value v)
{
	size_t before = out->len;
	bytes_put_string(out, name);
	bytes_put_u8(out, (uint8_t)v.kind);
	if (v.kind == VALUE_BOOL)
		bytes_put_u8(out, v.boolean);
	else if (v.kind == VALUE_NUMBER)
		bytes_put_f64(out, v.number);
	else
		bytes_put_string(out, v.string);
	if (out->len <= LIMIT_ATTRIBUTE_TEXT_BYTES)
		return true;
	out->len = before;
	return false;
}

bool terms_take(struct slice *rest, struct slice *name, struct value *v)
{
	struct reader r = reader_of(*rest);
	if (rest->len == 0)
		return false;
	*name = reader_string(&r);
	switch (reader_u8(&r)) {
	case VALUE_BOOL:
		*v = value_bool(reader_u8(&r) != 0);
		break;
	case VALUE_NUMBER:
		*v = value_number(reader_f64(&r));
		break;
	case VALUE_STRING:
		*v = value_string(reader_string(&r));
		break;
	default:
		r.bad = true;
	}
	*rest = (struct slice){ r.at, reader_left(&r) };
	return !r.bad;
}
