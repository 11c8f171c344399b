/* wire/words.c: Words, in a Rules message, framed. */
#include "wire/words.h"

#include "wire/envelope.h"

#include <math.h>

/* Absent where there is none: 0 is a bound too, and JSON has no infinity. */
static void put_bound(struct bytes *out, uint32_t field, double at)
{
	if (isinf(at))
		return;
	size_t mark = put_begin(out, field);
	put_double(out, 1, at);
	put_end(out, mark);
}

static void put_spelling(struct bytes *out, const struct wire_spelling *s)
{
	size_t mark = put_begin(out, 5);
	put_text(out, 1, s->name);
	put_text(out, 2, s->value);
	if (!s->value.len) {
		put_bound(out, 3, s->low);
		put_bound(out, 4, s->high);
	}
	for (size_t i = 0; i < s->wording_count; i++) {
		size_t wording = put_begin(out, 5);
		put_text(out, 1, s->wordings[i].language);
		put_text(out, 2, s->wordings[i].text);
		put_end(out, wording);
	}
	put_end(out, mark);
}

void response_words(struct bytes *out, uint64_t request_id, const struct wire_words *w)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_RULES);
	put_text(out, 1, w->pack);
	put_text(out, 2, w->hash);
	size_t mark = put_begin(out, 8);
	put_text(out, 1, w->zone);
	put_text(out, 2, w->currency);
	put_texts(out, 3, w->languages, w->language_count);
	put_texts(out, 4, w->topics, w->topic_count);
	for (size_t i = 0; i < w->spelling_count; i++)
		put_spelling(out, &w->spellings[i]);
	for (size_t i = 0; i < w->attribute_count; i++) {
		size_t kind = put_begin(out, 6);
		put_text(out, 1, w->attributes[i].name);
		put_text(out, 2, w->attributes[i].kind);
		put_end(out, kind);
	}
	put_end(out, mark);
	envelope_end(out, e);
}
