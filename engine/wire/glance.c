/* wire/glance.c: whom a request is about, found at a glance before it is decoded: so that memory can be asked for the
 * records of all frames at hand while the first of them is still being worked on. Nothing is checked here and nothing
 * depends on what is found: decoding comes later, and says what is wrong. */
#include "base/limits.h"
#include "wire/request.h"
#include "wire/scan.h"

/* The text of field `number`; empty where there is none. */
static struct slice text_of(struct slice message, uint32_t number)
{
	struct scan s = scan_of(message);
	struct scan_field f;
	while (scan_next(&s, &f))
		if (f.number == number && f.type == WIRE_BYTES)
			return f.bytes;
	return (struct slice){ NULL, 0 };
}

static unsigned keep(struct slice customer, struct slice *out, unsigned count)
{
	if (customer.len == 0 || customer.len > LIMIT_ID_BYTES)
		return count;
	out[count] = customer;
	return count + 1;
}

unsigned request_glance(struct slice frame, struct slice *out, unsigned most)
{
	struct scan s = scan_of(frame), events;
	struct scan_field f, e;
	unsigned count = 0;
	while (count < most && scan_next(&s, &f)) {
		if (f.type != WIRE_BYTES)
			continue;
		switch (f.number) {
		case REQUEST_PUBLISH + 1:
			events = scan_of(f.bytes);
			while (count < most && scan_next(&events, &e))
				if (e.number == 1 && e.type == WIRE_BYTES)
					count = keep(text_of(e.bytes, 3), out, count);
			break;
		case REQUEST_OUTCOME + 1:
			count = keep(text_of(f.bytes, 4), out, count);
			break;
		case REQUEST_RECOMMEND + 1:
		case REQUEST_READ_CUSTOMER + 1:
			count = keep(text_of(f.bytes, 1), out, count);
			break;
		default:
			break;
		}
	}
	return count;
}
