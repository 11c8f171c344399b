/* wire/found.c: CustomersFound, framed. */
#include "wire/found.h"

#include "wire/envelope.h"

void response_found(struct bytes *out, uint64_t request_id, const struct wire_found *f)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_FOUND);
	for (size_t i = 0; i < f->count; i++) {
		const struct wire_found_customer *c = &f->customers[i];
		size_t mark = put_begin(out, 1);
		put_text(out, 1, c->customer);
		put_text(out, 2, c->label);
		put_text(out, 3, c->match);
		for (unsigned k = 0; k < c->matched_count; k++) {
			size_t matched = put_begin(out, 4);
			put_text(out, 1, c->matched[k].by);
			put_text(out, 2, c->matched[k].name);
			put_text(out, 3, c->matched[k].value);
			put_text(out, 4, c->matched[k].member);
			put_end(out, matched);
		}
		put_number(out, 5, (uint64_t)c->newest_ms);
		put_text(out, 6, c->merged_from);
		put_end(out, mark);
	}
	put_number(out, 2, f->more);
	put_number(out, 3, f->indexed);
	envelope_end(out, e);
}
