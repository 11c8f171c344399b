/* find/rows.c: see rows.h. */
#include "find/rows.h"

#include "base/check.h"
#include "find/document.h"
#include "find/fold.h"
#include "find/phone.h"

#include <stdlib.h>

static void begin(struct word_rows *r, char kind)
{
	if (r->count == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 16;
		r->items = must_realloc(r->items, r->cap * sizeof(r->items[0]));
	}
	r->items[r->count].at = (uint32_t)r->text.len;
	bytes_put_u8(&r->text, (uint8_t)kind);
}

static void end(struct word_rows *r, struct slice customer)
{
	bytes_put_u8(&r->text, 0);
	bytes_put(&r->text, customer.data, customer.len);
	struct row *row = &r->items[r->count++];
	row->len = (uint32_t)(r->text.len - row->at);
}

static void put_words(struct word_rows *r, const struct folded *f, struct slice customer)
{
	for (unsigned first = 0; first < f->count; first++) {
		begin(r, ROW_WORDS);
		size_t from = r->text.len;
		for (unsigned k = 0; k < f->count; k++) {
			struct slice word = folded_word(f, (first + k) % f->count);
			if (r->text.len - from + word.len + 1 > ROW_TEXT_BYTES)
				break;
			if (k)
				bytes_put_u8(&r->text, ' ');
			bytes_put(&r->text, word.data, word.len);
		}
		end(r, customer);
	}
}

static void put_phone(struct word_rows *r, const struct phone *p, struct slice customer)
{
	struct slice national = phone_national(p);
	begin(r, ROW_NATIONAL);
	bytes_put(&r->text, national.data, national.len);
	end(r, customer);
	begin(r, ROW_BACKWARDS);
	for (unsigned i = p->len; i-- > 0;)
		bytes_put_u8(&r->text, (uint8_t)p->digits[i]);
	end(r, customer);
}

static void put_field(struct word_rows *r, const struct find_field *field, struct slice customer)
{
	struct folded f;
	struct phone phone;
	bool number = phone_read(&phone, field->value, PHONE_DIGITS_MIN);
	bool name = field->what == FIND_ID || field->what == FIND_ATTRIBUTE;
	fold(field->value, &f);
	if (field->masked && f.count) {
		begin(r, ROW_MASKED);
		if (number)
			bytes_put(&r->text, phone_national(&phone).data, phone_national(&phone).len);
		else
			bytes_put(&r->text, f.text, f.len);
		end(r, customer);
		return;
	}
	if (field->masked)
		return;
	if (number)
		put_phone(r, &phone, customer);
	if (!number || name)
		put_words(r, &f, customer);
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct word_rows *r = arg;
	const struct row *x = a, *y = b;
	return slice_compare((struct slice){ r->text.data + x->at, x->len }, (struct slice){ r->text.data + y->at, y->len });
}

void word_rows_make(struct word_rows *out, struct slice in, struct slice customer)
{
	struct document d;
	out->count = 0;
	bytes_clear(&out->text);
	if (!document_read(&d, in))
		return;
	for (unsigned i = 0; i < d.count; i++)
		put_field(out, &d.fields[i], customer);
	if (out->count)
		qsort_r(out->items, out->count, sizeof(out->items[0]), by_key, out);
	size_t kept = 0;
	for (size_t i = 0; i < out->count; i++)
		if (!kept || !slice_equal(word_rows_key(out, kept - 1), word_rows_key(out, i)))
			out->items[kept++] = out->items[i];
	out->count = kept;
}

void word_rows_finish(struct word_rows *r)
{
	bytes_finish(&r->text);
	free(r->items);
	*r = (struct word_rows){ 0 };
}

bool row_read(struct slice key, char *kind, struct slice *text, struct slice *customer)
{
	const char *zero = key.len > 1 ? memchr(key.data + 1, 0, key.len - 1) : NULL;
	if (!zero || zero + 1 == key.data + key.len)
		return false;
	*kind = key.data[0];
	*text = (struct slice){ key.data + 1, (size_t)(zero - key.data) - 1 };
	*customer = (struct slice){ zero + 1, (size_t)(key.data + key.len - zero) - 1 };
	return true;
}
