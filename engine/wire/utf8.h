/* wire/utf8.h: is this text that may go into state, logs and terminals? */
#ifndef NUDGED_WIRE_UTF8_H
#define NUDGED_WIRE_UTF8_H

#include "base/slice.h"

enum utf8_result {
	UTF8_OK,
	UTF8_BROKEN,  /* not UTF-8: over-long, a surrogate, past U+10FFFF, or cut */
	UTF8_CONTROL, /* a control character: U+0000-001F, 007F-009F */
};

/* With `lines`, newline, carriage return and tab are welcome. */
enum utf8_result utf8_check(struct slice s, bool lines);

#endif
