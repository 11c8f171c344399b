/* find/flush.c: index_flush. What is to be done is gathered (rows to be put and deleted, sorted by key; documents, in key
 * order already), then written in small transactions, rows first. Doing it twice does no harm. */
#include "find/index.h"

#include "base/check.h"
#include "base/error.h"
#include "find/rows.h"

#include <stdlib.h>

#define STEP_ROWS 2000u      /* of one transaction: as many pages at most, 8 MB */
#define STEP_DOCUMENTS 1000u

struct operation {
	size_t at;
	uint32_t len;
	bool put;
};

struct flush {
	struct store *store;
	struct bytes text, names, row; /* text: keys of operations. names: key string, row of RENAMED string */
	struct operation *items;
	size_t count, cap, done;
	uint64_t customers;
	struct reader left; /* of names */
	struct word_rows before, after;
	size_t most_bytes;
};

static void add(struct flush *f, bool put, struct slice key)
{
	if (f->count == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 1024;
		f->items = must_realloc(f->items, f->cap * sizeof(f->items[0]));
	}
	f->items[f->count++] = (struct operation){ f->text.len, (uint32_t)key.len, put };
	bytes_put(&f->text, key.data, key.len);
}

static bool has(const struct word_rows *r, struct slice key)
{
	size_t low = 0, high = r->count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = slice_compare(word_rows_key(r, mid), key);
		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static void drop_others(struct flush *f)
{
	for (size_t i = 0; i < f->before.count; i++)
		if (!has(&f->after, word_rows_key(&f->before, i)))
			add(f, false, word_rows_key(&f->before, i));
}

static int gather(void *arg, struct slice key, struct slice value)
{
	struct flush *f = arg;
	struct slice customer = { key.data + 2, key.len - 2 };
	struct reader r = reader_of(value);
	if (f->text.len + f->names.len + f->count * sizeof(f->items[0]) > f->most_bytes)
		return 1;
	word_rows_make(&f->after, reader_string(&r), customer);
	bool simple = reader_left(&r) == 0;
	int result = store_get(f->store, STORE_NAMES, key, &f->row);
	if (result != ERR_OK && result != ERR_MISSING)
		return result;
	word_rows_make(&f->before, result == ERR_OK ? bytes_slice(&f->row) : (struct slice){ 0 }, customer);
	for (size_t i = 0; i < f->after.count; i++) /* where another flush was cut off, what is there cannot be told */
		if (!simple || !has(&f->before, word_rows_key(&f->after, i)))
			add(f, true, word_rows_key(&f->after, i));
	drop_others(f);
	while (reader_left(&r) && !r.bad) {
		word_rows_make(&f->before, reader_string(&r), customer);
		drop_others(f);
	}
	bytes_put_string(&f->names, key);
	bytes_put_string(&f->names, value);
	f->customers++;
	return 0;
}

static int by_key(const void *a, const void *b, void *arg)
{
	const struct operation *x = a, *y = b;
	const char *text = ((const struct flush *)arg)->text.data;
	return slice_compare((struct slice){ text + x->at, x->len }, (struct slice){ text + y->at, y->len });
}

static int write_rows(struct flush *f, struct store_write *w)
{
	int result = ERR_OK;
	for (unsigned i = 0; i < STEP_ROWS && f->done < f->count && result == ERR_OK; i++) {
		const struct operation *o = &f->items[f->done++];
		struct slice key = { f->text.data + o->at, o->len };
		result = o->put ? store_put(w, STORE_WORDS, key, SLICE("")) : store_delete(w, STORE_WORDS, key);
	}
	return result;
}

/* What was noted since stays noted. */
static int write_name(struct store_write *w, struct slice key, struct slice noted)
{
	struct slice now, document = index_noted(noted);
	int result = store_peek(w, STORE_RENAMED, key, &now);
	if (result != ERR_OK && result != ERR_MISSING)
		return result;
	bool same = result == ERR_OK && slice_equal(now, noted);
	if (result == ERR_MISSING)
		return index_undo(w, key, noted); /* forgotten meanwhile: what was put goes again */
	result = document.len ? store_put(w, STORE_NAMES, key, document) : store_delete(w, STORE_NAMES, key);
	return result == ERR_OK && same ? store_delete(w, STORE_RENAMED, key) : result;
}

static int write_names(struct flush *f, struct store_write *w)
{
	int result = ERR_OK;
	for (unsigned i = 0; i < STEP_DOCUMENTS && reader_left(&f->left) && result == ERR_OK; i++) {
		struct slice key = reader_string(&f->left), noted = reader_string(&f->left);
		result = write_name(w, key, noted);
	}
	return result;
}

static int step(void *what, struct store_write *w)
{
	struct flush *f = what;
	int result = write_rows(f, w);
	return result == ERR_OK && f->done == f->count ? write_names(f, w) : result;
}

int index_flush(struct store *s, const struct index_writer *by, size_t most_bytes, uint64_t *customers)
{
	struct flush f = { .store = s, .most_bytes = most_bytes };
	int result = store_scan(s, STORE_RENAMED, SLICE(""), gather, &f);
	result = result > 0 ? ERR_OK : result;
	if (result == ERR_OK && f.count)
		qsort_r(f.items, f.count, sizeof(f.items[0]), by_key, &f);
	f.left = reader_of(bytes_slice(&f.names));
	while (result == ERR_OK && (f.done < f.count || reader_left(&f.left)))
		result = by->write(by->arg, step, &f);
	*customers = f.customers;
	bytes_finish(&f.text);
	bytes_finish(&f.names);
	bytes_finish(&f.row);
	word_rows_finish(&f.before);
	word_rows_finish(&f.after);
	free(f.items);
	return result;
}
