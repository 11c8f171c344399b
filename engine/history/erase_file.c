/* history/erase_file.c: see erase.h: DIR/ERASING: what is wanted, or what is to be done, so that no crash forgets it.
 *
 *     "nudged erasing 2\n" | u8 0 | customer | by | uid varint [| since varint]                           | xxh3    asked for
 *     "nudged erasing 2\n" | u8 1, wiped: 2 | log | customers | aliases | first, last seq varint | seqs
 *        [| words | named seq varint]                                                                 | xxh3    planned
 *     "nudged erasing 1\n" | log | customers | aliases | first seq varint | seqs                          | xxh3    by an older build
 *
 * Strings have their length before them, lists their count; seqs are differences, as varints; of words there are ledger, key,
 * measure u8, amount zigzag. What is in brackets older builds did not write, and pass over. */
#include "history/erase.h"
#include "history/erase_parts.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "disk/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "nudged erasing 2\n"
#define MAGIC_1 "nudged erasing 1\n"
#define SUM_BYTES 8u
#define FILE_BYTES_MAX (1024u * MIB)

enum stage { ASKED, PLANNED, PLANNED_WIPED };

static int write_file(const char *dir, struct bytes *content)
{
	bytes_put_u64(content, hash64(bytes_slice(content), 0));
	return folder_put(file_system(), dir, ERASING_FILE, bytes_slice(content));
}

/* All of it but the sum; ERR_MISSING where there is none. */
static int read_file(const char *dir, struct bytes *out)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, ERASING_FILE);
	struct file *f = NULL;
	uint64_t size = 0, sum = 0;
	size_t got = 0;
	int r = files->open(files->self, path, false, &f);
	if (r == ERR_OK)
		r = files->size(files->self, f, &size);
	if (r == ERR_OK && size <= FILE_BYTES_MAX) {
		bytes_reserve(out, size + 1);
		r = files->read(files->self, f, 0, out->data, size, &got);
	}
	files->close(files->self, f);
	if (r == ERR_OK && got > SUM_BYTES) {
		memcpy(&sum, out->data + got - SUM_BYTES, SUM_BYTES);
		out->len = got - SUM_BYTES;
	}
	if (r == ERR_OK && (!out->len || sum != hash64(bytes_slice(out), 0)))
		r = error_set(ERR_CORRUPT, NULL, "%s: damaged: what was being erased cannot be read from it", path);
	free(path);
	return r;
}

/* Overwritten, since it says whom it is about, and removed. */
static int wipe_file(const char *path)
{
	const struct file_layer *files = file_system();
	char *zeroes = NULL;
	struct file *f = NULL;
	uint64_t size = 0;
	int r = files->open(files->self, path, false, &f);
	if (r == ERR_OK)
		r = files->size(files->self, f, &size);
	if (r == ERR_OK) {
		zeroes = must_calloc(1, size + 1);
		r = files->write(files->self, f, 0, zeroes, size);
	}
	if (r == ERR_OK)
		r = files->sync(files->self, f);
	files->close(files->self, f);
	if (r == ERR_OK)
		(void)fault_hit(erase_withdrawn);
	if (r == ERR_OK)
		r = files->remove(files->self, path);
	free(zeroes);
	return r;
}

/* Under its own name it is whole or not there: half overwritten it would say that something is to be done, but not what. */
int erase_withdraw(const char *dir)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, ERASING_FILE), *early = folder_path(dir, ERASING_FILE ".tmp");
	int r = files->rename(files->self, path, early);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, dir);
	if (r == ERR_OK)
		r = wipe_file(early);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, dir);
	free(path);
	free(early);
	return r;
}

void erase_tidy(const char *dir)
{
	char *early = folder_path(dir, ERASING_FILE ".tmp");
	(void)wipe_file(early);
	free(early);
}

int erase_ask(const char *dir, const struct erase_asked *asked)
{
	struct bytes content = { 0 };
	bytes_put(&content, MAGIC, strlen(MAGIC));
	bytes_put_u8(&content, ASKED);
	bytes_put_string(&content, slice_of(asked->customer));
	bytes_put_string(&content, slice_of(asked->by));
	bytes_put_varint(&content, (uint64_t)asked->uid);
	bytes_put_varint(&content, asked->since);
	int r = write_file(dir, &content);
	bytes_finish(&content);
	return r;
}

static bool begins(struct reader *r, const char *magic)
{
	size_t len = strlen(magic);
	if (reader_left(r) < len || memcmp(r->at, magic, len) != 0)
		return false;
	(void)reader_take(r, len);
	return true;
}

int erase_asked(const char *dir, struct erase_asked *out)
{
	struct bytes content = { 0 };
	int r = read_file(dir, &content);
	struct reader reader = reader_of(bytes_slice(&content));
	if (r == ERR_OK && (!begins(&reader, MAGIC) || reader_u8(&reader) != ASKED))
		r = error_set(ERR_MISSING, NULL, "nothing is asked for");
	if (r == ERR_OK) {
		struct slice customer = reader_string(&reader), by = reader_string(&reader);
		out->uid = (int64_t)reader_varint(&reader);
		out->since = reader_left(&reader) ? reader_varint(&reader) : UINT64_MAX; /* older builds journaled no wipes */
		if (reader.bad || customer.len > LIMIT_ID_BYTES || by.len > LIMIT_BY_BYTES)
			r = error_set(ERR_CORRUPT, NULL, "%s/" ERASING_FILE ": damaged", dir);
		else
			snprintf(out->customer, sizeof(out->customer), "%.*s", SLICE_ARG(customer)),
				snprintf(out->by, sizeof(out->by), "%.*s", SLICE_ARG(by));
	}
	bytes_finish(&content);
	return r;
}

static void put_names(struct bytes *out, const struct slice *list, size_t count)
{
	bytes_put_varint(out, count);
	for (size_t i = 0; i < count; i++)
		bytes_put_string(out, list[i]);
}

int erasing_write(const char *dir, const struct erasing *e)
{
	struct bytes out = { 0 };
	uint64_t last = 0;
	bytes_put(&out, MAGIC, strlen(MAGIC));
	bytes_put_u8(&out, e->wiped ? PLANNED_WIPED : PLANNED);
	bytes_put_string(&out, e->log);
	put_names(&out, e->customers, e->customer_count);
	put_names(&out, e->aliases, e->alias_count);
	bytes_put_varint(&out, e->first_seq);
	bytes_put_varint(&out, e->last_seq);
	bytes_put_varint(&out, e->seq_count);
	for (size_t i = 0; i < e->seq_count; i++) {
		bytes_put_varint(&out, e->seqs[i] - last);
		last = e->seqs[i];
	}
	bytes_put_varint(&out, e->word_count);
	for (size_t i = 0; i < e->word_count; i++) {
		bytes_put_string(&out, e->words[i].ledger);
		bytes_put_string(&out, e->words[i].key);
		bytes_put_u8(&out, e->words[i].sum.measure);
		bytes_put_zigzag(&out, e->words[i].sum.amount);
	}
	bytes_put_varint(&out, e->named_seq);
	int r = write_file(dir, &out);
	bytes_finish(&out);
	return r;
}

static struct slice *take_names(struct reader *r, size_t *count)
{
	*count = (size_t)reader_varint(r);
	if (*count > reader_left(r))
		r->bad = true;
	struct slice *list = must_calloc(r->bad ? 1 : *count + 1, sizeof(*list));
	for (size_t i = 0; i < *count && !r->bad; i++)
		list[i] = reader_string(r);
	return list;
}

static void take_seqs(struct reader *r, struct erasing *e)
{
	uint64_t last = 0;
	e->seq_count = (size_t)reader_varint(r);
	if (e->seq_count > reader_left(r))
		r->bad = true;
	uint64_t *seqs = must_malloc((r->bad ? 1 : e->seq_count + 1) * sizeof(*seqs));
	for (size_t i = 0; i < e->seq_count && !r->bad; i++)
		seqs[i] = last += reader_varint(r);
	e->seqs = seqs;
}

static void take_words(struct reader *r, struct erasing *e)
{
	e->word_count = reader_left(r) ? (size_t)reader_varint(r) : 0;
	if (e->word_count > reader_left(r))
		r->bad = true;
	e->words = must_calloc(r->bad ? 1 : e->word_count + 1, sizeof(*e->words));
	for (size_t i = 0; i < e->word_count && !r->bad; i++) {
		struct erase_words *w = &e->words[i];
		w->ledger = reader_string(r);
		w->key = reader_string(r);
		w->sum.measure = reader_u8(r);
		w->sum.amount = reader_zigzag(r);
		r->bad |= w->sum.measure >= LEDGER_MEASURES || w->key.len > LIMIT_KEY_BYTES;
	}
}

int erasing_read(struct erasing *e, const char *dir, struct bytes *content)
{
	int r = read_file(dir, content);
	if (r != ERR_OK)
		return r;
	struct reader reader = reader_of(bytes_slice(content));
	bool old = begins(&reader, MAGIC_1), ours = old || begins(&reader, MAGIC);
	uint8_t stage = ours && !old ? reader_u8(&reader) : PLANNED;
	if (!ours || stage > PLANNED_WIPED)
		return error_set(ERR_VERSION, NULL, "%s/" ERASING_FILE ": a newer nudged was erasing a customer here: let that version finish it",
				 dir);
	if (stage == ASKED)
		return error_set(ERR_MISSING, NULL, "nothing is planned yet");
	e->wiped = stage == PLANNED_WIPED;
	e->log = reader_string(&reader);
	e->customers = take_names(&reader, &e->customer_count);
	e->aliases = take_names(&reader, &e->alias_count);
	e->first_seq = reader_varint(&reader);
	e->last_seq = old ? UINT64_MAX : reader_varint(&reader);
	take_seqs(&reader, e);
	take_words(&reader, e);
	e->named_seq = reader_left(&reader) ? reader_varint(&reader) : e->last_seq;
	return reader.bad ? error_set(ERR_CORRUPT, NULL, "%s/" ERASING_FILE ": damaged", dir) : ERR_OK;
}

void erasing_finish(struct erasing *e)
{
	free(e->customers);
	free(e->aliases);
	free(e->words);
	free((uint64_t *)(uintptr_t)e->seqs);
}
