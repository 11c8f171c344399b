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

static int put_rows(struct store_write *w, const struct word_rows *rows)
{
	int result = ERR_OK;
	for (size_t i = 0; i < rows->count && result == ERR_OK; i++)
		result = store_put(w, STORE_WORDS, word_rows_key(rows, i), SLICE(""));
	return result;
}

static int drop_rows(struct store_write *w, struct slice key, struct slice documents)
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

int index_undo(struct store_write *w, struct slice key, struct slice documents)
{
	struct word_rows rows = { 0 };
	struct bytes document = { 0 };
	struct slice names;
	int result = drop_rows(w, key, documents);
	if (result == ERR_OK)
		result = store_peek(w, STORE_NAMES, key, &names);
	if (result != ERR_OK)
		return result == ERR_MISSING ? ERR_OK : result;
	bytes_put(&document, names.data, names.len);
	word_rows_make(&rows, bytes_slice(&document), customer_of(key));
	result = put_rows(w, &rows);
	word_rows_finish(&rows);
	bytes_finish(&document);
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
		result = drop_rows(w, key, bytes_slice(&documents));
	if (result == ERR_OK)
		result = store_delete(w, STORE_NAMES, key);
	if (result == ERR_OK)
		result = store_delete(w, STORE_RENAMED, key);
	bytes_finish(&documents);
	return result;
}

int index_settle(struct store_write *w, struct slice key)
{
	struct word_rows rows = { 0 };
	struct bytes document = { 0 };
	struct slice noted;
	int result = store_peek(w, STORE_RENAMED, key, &noted);
	if (result != ERR_OK)
		return result == ERR_MISSING ? ERR_OK : result;
	noted = index_noted(noted);
	bytes_put(&document, noted.data, noted.len);
	result = index_forget(w, key);
	word_rows_make(&rows, bytes_slice(&document), customer_of(key));
	if (result == ERR_OK)
		result = put_rows(w, &rows);
	if (result == ERR_OK && document.len)
		result = store_put(w, STORE_NAMES, key, bytes_slice(&document));
	word_rows_finish(&rows);
	bytes_finish(&document);
	return result;
}

int index_empty(struct store_write *w)
{
	int result = store_empty(w, STORE_WORDS);
	if (result == ERR_OK)
		result = store_empty(w, STORE_NAMES);
	return result == ERR_OK ? store_empty(w, STORE_RENAMED) : result;
}

static bool is_noted(struct store *s, struct slice key)
{
	struct bytes row = { 0 };
	bool noted = store_get(s, STORE_RENAMED, key, &row) == ERR_OK;
	bytes_finish(&row);
	return noted;
}

bool index_names_agree(struct store *s, struct slice key, struct slice document)
{
	struct word_rows rows = { 0 };
	struct bytes row = { 0 };
	bool agree = true;
	word_rows_make(&rows, document, customer_of(key));
	for (size_t i = 0; i < rows.count && agree; i++)
		agree = store_get(s, STORE_WORDS, word_rows_key(&rows, i), &row) == ERR_OK;
	word_rows_finish(&rows);
	bytes_finish(&row);
	return agree || is_noted(s, key);
}

bool index_word_agrees(struct store *s, struct slice key)
{
	struct word_rows rows = { 0 };
	struct bytes of = { 0 }, document = { 0 };
	struct slice text, customer;
	char kind;
	bool agrees = false;
	if (!row_read(key, &kind, &text, &customer) || customer.len > LIMIT_ID_BYTES)
		return false;
	struct subject subject = subject_of(SUBJECT_CUSTOMER, customer);
	subject_key(&subject, &of);
	if (store_get(s, STORE_NAMES, bytes_slice(&of), &document) == ERR_OK)
		word_rows_make(&rows, bytes_slice(&document), customer);
	for (size_t i = 0; i < rows.count && !agrees; i++)
		agrees = slice_equal(word_rows_key(&rows, i), key);
	agrees |= is_noted(s, bytes_slice(&of));
	word_rows_finish(&rows);
	bytes_finish(&of);
	bytes_finish(&document);
	return agrees;
}
