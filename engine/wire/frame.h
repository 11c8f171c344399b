/* wire/frame.h: varint-length-delimited frames out of a byte stream. */
#ifndef NUDGED_WIRE_FRAME_H
#define NUDGED_WIRE_FRAME_H

#include "base/bytes.h"

enum frame_result {
	FRAME_MORE,  /* not complete yet: *need is how many bytes in all are known to be needed (at least) */
	FRAME_READY, /* *body is the message, *used the bytes of the stream it takes */
	FRAME_BAD,   /* over-long varint, or a length over LIMIT_FRAME_BYTES: last error set; answer and close */
};

/* Looks at the bytes at hand; refuses a length over the limit before it is buffered. */
enum frame_result frame_next(struct slice in, struct slice *body, size_t *used, size_t *need);
/* Appends the length prefix of a body of `len` bytes. */
void frame_put_length(struct bytes *out, size_t len);

#endif
