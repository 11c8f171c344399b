/* find/index.c: see index.h. A row of RENAMED: the document of now, then those that were noted before it and whose rows may
 * be there in part: their flush is going on, or was cut off. */
#include "find/index.h"

#include "base/check.h"
#include "base/error.h"
#include "find/rows.h"

#include <stdlib.h>

struct slice index_noted(struct slice renamed)
{
	struct reader r = reader_of(renamed);
	return reader_string(&r);
}

int index_get(struct store *s, struct slice key, struct bytes *out)
{
	int result = store_get(s, STORE_RENAMED, key, out);
	if (result == ERR_MISSING)
		return store_get(s, STORE_NAMES, key, out);
	if (result != ERR_OK)
		return result;
	struct slice document = index_noted(bytes_slice(out));
	memmove(out->data, document.data, document.len);
	out->len = document.len;
	return ERR_OK;
}

int index_note(struct store_write *w, struct slice key, struct slice document)
{
	struct slice before = { 0 };
	struct bytes value = { 0 };
	int noted = store_peek(w, STORE_RENAMED, key, &before);
	if (noted == ERR_MISSING) {
		int result = store_peek(w, STORE_NAMES, key, &before);
		if (result == ERR_MISSING ? !document.len : result != ERR_OK || slice_equal(before, document))
			return result == ERR_MISSING ? ERR_OK : result;
		before = (struct slice){ 0 };
	} else if (noted != ERR_OK || slice_equal(index_noted(before), document)) {
		return noted;
	}
	bytes_put_string(&value, document);
	bytes_put(&value, before.data, before.len);
	int result = store_put(w, STORE_RENAMED, key, bytes_slice(&value));
	bytes_finish(&value);
	return result;
}

static struct slice customer_of(struct slice key)
{
	return key.len > 2 ? (struct slice){ key.data + 2, key.len - 2 } : (struct slice){ 0 };
}

static int delete_rows(struct store_write *w, const struct word_rows *rows)
{
	int result = ERR_OK;
	for (size_t i = 0; i < rows->count && result == ERR_OK; i++)
		result = store_delete(w, STORE_WORDS, word_rows_key(rows, i));
	return result;
}

int index_drop_rows(struct store_write *w, struct slice key, struct slice documents)
{
	struct word_rows rows = { 0 };
	struct reader r = reader_of(documents);
	int result = ERR_OK;
	while (result == ERR_OK && reader_left(&r) && !r.bad) {
		word_rows_make(&rows, reader_string(&r), customer_of(key));
		result = delete_rows(w, &rows);
	}
	word_rows_finish(&rows);
	return result;
}

int index_forget(struct store_write *w, struct slice key)
{
	struct bytes documents = { 0 };
	struct slice in;
	int result = store_peek(w, STORE_NAMES, key, &in);
	if (result == ERR_OK)
		bytes_put_string(&documents, in);
	if (result == ERR_OK || result == ERR_MISSING)
		result = store_peek(w, STORE_RENAMED, key, &in);
	if (result == ERR_OK)
		bytes_put(&documents, in.data, in.len);
	if (result == ERR_OK || result == ERR_MISSING)
		result = index_drop_rows(w, key, bytes_slice(&documents));
	if (result == ERR_OK)
		result = store_delete(w, STORE_NAMES, key);
	if (result == ERR_OK)
		result = store_delete(w, STORE_RENAMED, key);
	bytes_finish(&documents);
	return result;
}

int index_empty(struct store_write *w)
{
	int result = store_empty(w, STORE_WORDS);
	if (result == ERR_OK)
		result = store_empty(w, STORE_NAMES);
	return result == ERR_OK ? store_empty(w, STORE_RENAMED) : result;
}

struct checking {
	struct store *store;
	struct index_faults *out;
	struct word_rows rows;
	struct bytes row;
	uint64_t expected;
};

static void note_fault(struct checking *c, uint64_t *count, struct slice customer)
{
	if (!c->out->missing && !c->out->left_over && customer.len && customer.len <= LIMIT_ID_BYTES)
		c->out->example = subject_of(SUBJECT_CUSTOMER, customer);
	++*count;
}

static int check_names(void *arg, struct slice key, struct slice value)
{
	struct checking *c = arg;
	c->out->customers++;
	word_rows_make(&c->rows, value, customer_of(key));
	c->expected += c->rows.count;
	for (size_t i = 0; i < c->rows.count; i++)
		if (store_get(c->store, STORE_WORDS, word_rows_key(&c->rows, i), &c->row) != ERR_OK)
			note_fault(c, &c->out->missing, customer_of(key));
	return 0;
}

static int check_row(void *arg, struct slice key, struct slice value)
{
	struct checking *c = arg;
	struct slice text, customer;
	struct bytes of = { 0 };
	char kind;
	size_t at = 0;
	c->out->rows++;
	bool whole = row_read(key, &kind, &text, &customer) && customer.len <= LIMIT_ID_BYTES;
	if (whole) {
		struct subject s = subject_of(SUBJECT_CUSTOMER, customer);
		subject_key(&s, &of);
		whole = store_get(c->store, STORE_NAMES, bytes_slice(&of), &c->row) == ERR_OK;
		word_rows_make(&c->rows, whole ? bytes_slice(&c->row) : (struct slice){ 0 }, customer);
		while (at < c->rows.count && !slice_equal(word_rows_key(&c->rows, at), key))
			at++;
	}
	if (!whole || at == c->rows.count)
		note_fault(c, &c->out->left_over, customer);
	bytes_finish(&of);
	return 0;
}

int index_check(struct store *s, struct index_faults *out)
{
	struct checking c = { .store = s, .out = out };
	*out = (struct index_faults){ 0 };
	int result = store_scan(s, STORE_NAMES, SLICE(""), check_names, &c);
	struct store_stats stats;
	if (result == ERR_OK)
		result = store_stats(s, &stats);
	if (result == ERR_OK && (out->missing || stats.words != c.expected)) /* else none is left over */
		result = store_scan(s, STORE_WORDS, SLICE(""), check_row, &c);
	else if (result == ERR_OK)
		out->rows = stats.words;
	word_rows_finish(&c.rows);
	bytes_finish(&c.row);
	return result;
}
