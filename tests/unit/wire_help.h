/* tests/unit/wire_help.h: what the tests of the wire share: packing with protobuf-c, which is not our own encoder, and
 * looking at the last error. */
#ifndef NUDGED_TESTS_WIRE_HELP_H
#define NUDGED_TESTS_WIRE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/limits.h"
#include "nudge.pb-c.h"

#include <string.h>

#define NOW_MS 1767225600000ll /* 2026-01-01T00:00:00Z */

static inline struct slice wire_pack(const ProtobufCMessage *m, struct bytes *out)
{
	size_t at = out->len, len = protobuf_c_message_get_packed_size(m);
	if (len)
		protobuf_c_message_pack(m, (uint8_t *)bytes_grow(out, len));
	return (struct slice){ out->data ? out->data + at : "", len };
}

#define assert_slice(s, text) \
	do { \
		struct slice got_ = (s), want_ = slice_of(text); \
		assert_int_equal(got_.len, want_.len); \
		if (want_.len) \
			assert_memory_equal(got_.data, want_.data, want_.len); \
	} while (0)

/* The call fails with this code, blames this field and says these words. */
#define assert_refused(call, code_, field_, words) \
	do { \
		assert_int_equal((call), code_); \
		assert_string_equal(error_last()->field, field_); \
		if (!strstr(error_last()->text, words)) \
			fail_msg("\"%s\" does not say \"%s\"", error_last()->text, words); \
	} while (0)

#endif
