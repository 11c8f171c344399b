/* wire/history.c: History, framed. Values go by figure, which is how they are drawn; they are kept by time. */
#include "wire/history.h"

#include "wire/envelope.h"

#include <stdio.h>

static void put_figure(struct bytes *out, const struct wire_history *h, size_t column)
{
	const struct wire_figure *f = &h->figures[column];
	char shard[12] = "";
	size_t mark = put_begin(out, 7);
	if (f->shard >= 0)
		snprintf(shard, sizeof(shard), "%d", f->shard);
	put_text(out, 1, slice_of(f->name));
	put_text(out, 2, slice_of(f->unit));
	put_text(out, 3, slice_of(f->kind));
	put_text(out, 4, slice_of(f->about));
	put_text(out, 5, slice_of(shard));
	size_t list = put_begin(out, 6);
	for (size_t i = 0; i < h->count; i++)
		bytes_put_f64(out, h->values[i * h->figure_count + column]);
	put_end(out, list);
	put_end(out, mark);
}

void response_history_of_figures(struct bytes *out, uint64_t request_id, const struct wire_history *h)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_FIGURES);
	put_number(out, 1, (uint64_t)h->step_ms);
	put_number(out, 2, (uint64_t)h->keep_ms);
	put_number(out, 3, (uint64_t)h->started_ms);
	put_number(out, 4, (uint64_t)h->now_ms);
	size_t list = put_begin(out, 5);
	for (size_t i = 0; i < h->count; i++)
		bytes_put_varint(out, (uint64_t)h->ends_ms[i]);
	put_end(out, list);
	list = put_begin(out, 6);
	for (size_t i = 0; i < h->count; i++)
		bytes_put_varint(out, h->spans_ms[i]);
	put_end(out, list);
	for (size_t i = 0; i < h->figure_count; i++)
		put_figure(out, h, i);
	put_number(out, 8, h->sampled);
	envelope_end(out, e);
}
