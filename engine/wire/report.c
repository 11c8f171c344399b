/* wire/report.c: Report, framed. */
#include "wire/report.h"

#include "wire/envelope.h"

static void put_column(struct bytes *out, const struct wire_column *c)
{
	size_t mark = put_begin(out, 6);
	put_text(out, 1, c->name);
	put_text(out, 2, c->unit);
	put_text(out, 3, c->help);
	put_number(out, 4, c->key);
	put_end(out, mark);
}

void response_report(struct bytes *out, uint64_t request_id, const struct wire_report *r)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_REPORT);
	put_text(out, 1, r->name);
	put_text(out, 2, r->about);
	put_text(out, 3, r->pack);
	put_number(out, 4, (uint64_t)r->since_ms);
	put_number(out, 5, (uint64_t)r->until_ms);
	for (size_t i = 0; i < r->column_count; i++)
		put_column(out, &r->columns[i]);
	for (size_t i = 0; i < r->row_count; i++) {
		size_t mark = put_begin(out, 7);
		for (size_t k = 0; k < r->column_count; k++)
			put_attribute(out, 1, SLICE(""), r->cells[i * r->column_count + k]);
		put_end(out, mark);
	}
	put_texts(out, 8, r->notes, r->note_count);
	put_number(out, 9, r->more);
	envelope_end(out, e);
}
