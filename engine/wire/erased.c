/* wire/erased.c: that a customer is erased. */
#include "wire/envelope.h"
#include "wire/response.h"

void response_erased(struct bytes *out, uint64_t request_id, const struct wire_erased *r)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_ERASED);
	put_number(out, 1, r->entries);
	put_number(out, 2, r->customers);
	put_number(out, 3, r->aliases);
	put_number(out, 4, r->records);
	put_number(out, 5, r->alerts);
	put_number(out, 6, r->log_lines);
	put_number(out, 7, r->mentions);
	put_number(out, 8, r->seq);
	envelope_end(out, e);
}
