/* wire/frame.c: see frame.h. The length is judged from its own bytes alone, before the body is waited for. */
#include "wire/frame.h"

#include "base/error.h"
#include "base/limits.h"

enum frame_result frame_next(struct slice in, struct slice *body, size_t *used, size_t *need)
{
	uint64_t len = 0;
	size_t prefix = 0;
	for (;; prefix++) {
		if (prefix == LIMIT_FRAME_VARINT_BYTES) {
			error_set(ERR_INVALID, NULL, "the length before a message is a varint of at most %u bytes "
				  "(limit_frame_varint_bytes); is the other side speaking this protocol?",
				  LIMIT_FRAME_VARINT_BYTES);
			return FRAME_BAD;
		}
		if (prefix == in.len) {
			*need = in.len + 1;
			return FRAME_MORE;
		}
		uint8_t byte = (uint8_t)in.data[prefix];
		len |= (uint64_t)(byte & 0x7f) << (7 * prefix);
		if (byte < 0x80)
			break;
	}
	prefix++;
	if (len > LIMIT_FRAME_BYTES) {
		error_set(ERR_LIMIT, NULL,
			  "a message of %llu bytes is over limit_frame_bytes (%u): send smaller batches",
			  (unsigned long long)len, LIMIT_FRAME_BYTES);
		return FRAME_BAD;
	}
	if (in.len - prefix < len) {
		*need = prefix + (size_t)len;
		return FRAME_MORE;
	}
	*body = (struct slice){ in.data + prefix, (size_t)len };
	*used = prefix + (size_t)len;
	return FRAME_READY;
}

void frame_put_length(struct bytes *out, size_t len)
{
	bytes_put_varint(out, len);
}
