/* history/verify.c: see verify.h. The stores are looked at before the journal: then what they know must be in it. */
#include "history/verify.h"

#include "base/check.h"
#include "base/error.h"
#include "disk/folder.h"
#include "disk/store.h"
#include "find/index.h"
#include "history/entry.h"
#include "script/bundle.h"
#include "script/pack.h"
#include "state/record.h"
#include "state/inside.h"
#include "wire/response.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MERGES_FOLLOWED 1000u /* in a row */
#define LOOKS 20u /* at rows that do not agree, LOOK_NS apart: a daemon may have changed one of them in between */
#define LOOK_NS 50000000
#define ROWS_A_LOOK 4096u

struct verify {
	const struct verify_options *options;
	struct verify_found *found;
	struct store *store;
	const char *name; /* "state" or "base" */
	struct strpool *pool;
	struct bytes row, key;
	uint64_t newest;  /* that the state's records know */
	char journal[33]; /* whose the state says it is */
};

__attribute__((format(printf, 2, 3)))
static void problem(struct verify *v, const char *format, ...)
{
	char text[1024];
	va_list args;
	int n = snprintf(text, sizeof(text), "%s: ", v->name);
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - (size_t)n, format, args);
	va_end(args);
	v->found->problems++;
	v->options->say(v->options->arg, text);
}

static void step(struct verify *v, const char *what, uint64_t done)
{
	if (v->options->progress && done % ROWS_A_LOOK == 0)
		v->options->progress(v->options->arg, what, done);
}

static void put_big_endian(struct bytes *out, uint64_t n, unsigned bytes)
{
	while (bytes--)
		bytes_put_u8(out, (uint8_t)(n >> (8 * bytes)));
}

static uint64_t big_endian(const char *p, unsigned bytes)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < bytes; i++)
		n = n << 8 | (uint8_t)p[i];
	return n;
}

/* The record of a key as it is now; NULL: there is none, or it cannot be read (which the scan of records says). */
static struct record *record_now(struct verify *v, struct slice key)
{
	struct record *r = NULL;
	if (store_get(v->store, STORE_RECORDS, key, &v->row) != ERR_OK ||
	    record_decode(&r, v->pool, bytes_slice(&v->row)) != ERR_OK)
		return NULL;
	return r;
}

static bool row_is_there(struct verify *v, enum store_table table)
{
	return store_get(v->store, table, bytes_slice(&v->key), &v->row) == ERR_OK;
}

/* The rows that belong beside a record: NULL where they are all there, else what is missing. */
static const char *missing_beside(struct verify *v, const struct record *r, struct slice key)
{
	int64_t fire_ms = timers_next_fire(r);
	bytes_clear(&v->key);
	put_big_endian(&v->key, (uint64_t)fire_ms, 8);
	bytes_put(&v->key, key.data, key.len);
	if (fire_ms != INT64_MAX && !row_is_there(v, STORE_DUE))
		return "its due time is not in the index";
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		const struct alert *a = &r->rare->alerts[i];
		if (a->state != ALERT_OPEN || a->historical)
			continue;
		bytes_clear(&v->key);
		put_big_endian(&v->key, a->seq, 8);
		put_big_endian(&v->key, a->index, 4);
		if (!row_is_there(v, STORE_OUTBOX))
			return "an open alert of it is not in the outbox";
	}
	return NULL;
}

static int number_of(struct verify *v, struct slice key, uint64_t *out)
{
	int r = store_get(v->store, STORE_META, key, &v->row);
	struct reader reader = reader_of(bytes_slice(&v->row));
	*out = r == ERR_OK ? reader_u64(&reader) : 0;
	return r == ERR_MISSING ? ERR_OK : r;
}

static void pause_a_little(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = LOOK_NS }, NULL);
}

static void check_beside(struct verify *v, const struct subject *subject, struct slice key, struct record *r)
{
	const char *missing = missing_beside(v, r, key);
	for (unsigned i = 0; missing && i < LOOKS; i++) {
		struct record *now = record_now(v, key);
		missing = now ? missing_beside(v, now, key) : NULL;
		if (now)
			record_destroy(now, v->pool);
		if (missing)
			pause_a_little();
	}
	if (missing)
		problem(v, "%s %.*s: %s", subject_kind_name(subject->kind), SLICE_ARG(subject_id(subject)), missing);
}

static int check_record(void *arg, struct slice key, struct slice value)
{
	struct verify *v = arg;
	struct subject subject, of;
	struct record *r = NULL;
	bool state = strcmp(v->name, "state") == 0;
	uint64_t *count = state ? &v->found->records : &v->found->base_records;
	step(v, "looking at the records", ++*count);
	if (subject_from_key(key, &subject) != ERR_OK) {
		problem(v, "a record's key cannot be read");
		return 0;
	}
	if (record_decode(&r, v->pool, value) != ERR_OK) {
		problem(v, "%s %.*s: %s", subject_kind_name(subject.kind), SLICE_ARG(subject_id(&subject)), error_last()->text);
		return 0;
	}
	of = record_subject(r);
	if (!subject_equal(&of, &subject))
		problem(v, "%s %.*s: the record under this name is %.*s", subject_kind_name(subject.kind),
			SLICE_ARG(subject_id(&subject)), SLICE_ARG(subject_id(&of)));
	if (state && r->seq > v->newest)
		v->newest = r->seq;
	if (!state && r->seq > v->found->base_mark) /* or a daemon has folded more since */
		(void)number_of(v, SLICE("mark"), &v->found->base_mark);
	if (!state && r->seq > v->found->base_mark)
		problem(v, "%s %.*s: knows entry %" PRIu64 ", the base store is as of %" PRIu64, subject_kind_name(subject.kind),
			SLICE_ARG(subject_id(&subject)), r->seq, v->found->base_mark);
	if (state)
		check_beside(v, &subject, key, r);
	record_destroy(r, v->pool);
	return 0;
}

static bool due_agrees(struct verify *v, struct slice record_key, int64_t fire_ms)
{
	struct record *r = record_now(v, record_key);
	bool agrees = r && timers_next_fire(r) == fire_ms;
	if (r)
		record_destroy(r, v->pool);
	return agrees;
}

static int check_due(void *arg, struct slice key, struct slice value)
{
	struct verify *v = arg;
	struct subject subject;
	step(v, "looking at due times", ++v->found->due);
	if (key.len <= 8 || subject_from_key((struct slice){ key.data + 8, key.len - 8 }, &subject) != ERR_OK) {
		problem(v, "a key of the due index cannot be read");
		return 0;
	}
	struct slice record_key = { key.data + 8, key.len - 8 };
	int64_t fire_ms = (int64_t)big_endian(key.data, 8);
	for (unsigned i = 0; i < LOOKS; i++) {
		if (due_agrees(v, record_key, fire_ms) || store_get(v->store, STORE_DUE, key, &v->row) == ERR_MISSING)
			return 0;
		pause_a_little();
	}
	problem(v, "%s %.*s: the due index names a time that its record does not", subject_kind_name(subject.kind),
		SLICE_ARG(subject_id(&subject)));
	return 0;
}

static bool has_open(const struct record *r, uint64_t seq, uint32_t index)
{
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		const struct alert *a = &r->rare->alerts[i];
		if (a->seq == seq && a->index == index)
			return a->state == ALERT_OPEN;
	}
	return false;
}

/* In the record of whom it was raised about, or of whom that one was merged into since. */
static bool outbox_agrees(struct verify *v, const struct subject *subject, uint64_t seq, uint32_t index)
{
	bool agrees = false;
	bytes_clear(&v->key);
	subject_key(subject, &v->key);
	for (unsigned hops = 0; hops < MERGES_FOLLOWED && !agrees; hops++) {
		struct record *r = record_now(v, bytes_slice(&v->key));
		if (!r)
			break;
		agrees = has_open(r, seq, index);
		bool goes_on = r->rare->redirect != NULL;
		if (goes_on) {
			struct subject into = subject_of(SUBJECT_CUSTOMER, str_slice(r->rare->redirect));
			bytes_clear(&v->key);
			subject_key(&into, &v->key);
		}
		record_destroy(r, v->pool);
		if (!goes_on)
			break;
	}
	return agrees;
}

static enum subject_kind kind_of_name(struct slice name)
{
	for (int kind = SUBJECT_CUSTOMER; kind <= SUBJECT_LEDGER; kind++)
		if (slice_equal(name, slice_of(subject_kind_name(kind))))
			return kind;
	return SUBJECT_NONE;
}

static int check_outbox(void *arg, struct slice key, struct slice value)
{
	struct verify *v = arg;
	struct wire_alert alert;
	step(v, "looking at the outbox", ++v->found->outbox);
	enum subject_kind kind = SUBJECT_NONE;
	if (alert_decode(&alert, value) == ERR_OK)
		kind = kind_of_name(alert.subject_kind);
	if (key.len != 12 || kind == SUBJECT_NONE || !alert.subject.len || alert.subject.len > LIMIT_ALIAS_BYTES) {
		problem(v, "an alert of the outbox cannot be read");
		return 0;
	}
	struct subject subject = subject_of(kind, alert.subject);
	uint64_t seq = big_endian(key.data, 8);
	uint32_t index = (uint32_t)big_endian(key.data + 8, 4);
	for (unsigned i = 0; i < LOOKS; i++) {
		if (outbox_agrees(v, &subject, seq, index) || store_get(v->store, STORE_OUTBOX, key, &v->row) == ERR_MISSING)
			return 0;
		pause_a_little();
	}
	problem(v, "alert %" PRIu64 "-%u of %s %.*s is in the outbox, but not open in its record", seq, index,
		subject_kind_name(kind), SLICE_ARG(subject_id(&subject)));
	return 0;
}

static int check_names(void *arg, struct slice key, struct slice value)
{
	struct verify *v = arg;
	struct subject subject;
	step(v, "looking at names", ++v->found->names);
	if (subject_from_key(key, &subject) != ERR_OK) {
		problem(v, "a key of the names cannot be read");
		return 0;
	}
	for (unsigned i = 0; i < LOOKS; i++) {
		if (index_names_agree(v->store, key, value) || store_get(v->store, STORE_NAMES, key, &v->row) == ERR_MISSING ||
		    !slice_equal(bytes_slice(&v->row), value))
			return 0;
		pause_a_little();
	}
	problem(v, "customer %.*s: cannot be found by all that they are called", SLICE_ARG(subject_id(&subject)));
	return 0;
}

static int check_word(void *arg, struct slice key, struct slice value)
{
	struct verify *v = arg;
	step(v, "looking at words of names", ++v->found->words);
	for (unsigned i = 0; i < LOOKS; i++) {
		if (index_word_agrees(v->store, key) || store_get(v->store, STORE_WORDS, key, &v->row) == ERR_MISSING)
			return 0;
		pause_a_little();
	}
	problem(v, "a word leads to a customer who is not called so");
	return 0;
}

/* A pack is what its name, the hash, says. */
static int check_pack(void *arg, struct slice key, struct slice value)
{
	struct verify *v = arg;
	struct bundle bundle = { 0 };
	struct pack *pack = NULL;
	struct slice prefix = SLICE("bundle:");
	if (key.len <= prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0)
		return 1;
	struct slice hash = { key.data + prefix.len, key.len - prefix.len };
	v->found->packs++;
	int r = bundle_decode(&bundle, value);
	if (r == ERR_OK)
		r = pack_load(&pack, &bundle, v->pool);
	if (r != ERR_OK)
		problem(v, "pack %.*s: %s", SLICE_ARG(hash), error_last()->text);
	else if (!slice_equal(slice_of(pack->hash_text), hash))
		problem(v, "pack %.*s: what is kept under this name is another one, %s", SLICE_ARG(hash), pack->hash_text);
	if (pack)
		pack_destroy(pack);
	bundle_finish(&bundle);
	return 0;
}

static int scan(struct verify *v, enum store_table table, struct slice from,
		int (*each)(void *arg, struct slice key, struct slice value))
{
	int r = store_scan(v->store, table, from, each, v);
	if (r == ERR_CORRUPT)
		problem(v, "%s", error_last()->text);
	return r < 0 && r != ERR_CORRUPT ? r : ERR_OK;
}

static int read_owner(struct verify *v, char out[33])
{
	int r = store_get(v->store, STORE_META, SLICE("journal"), &v->row);
	snprintf(out, 33, "%.*s", (int)v->row.len, v->row.data ? v->row.data : "");
	return r == ERR_MISSING ? ERR_OK : r;
}

static int check_state(struct verify *v)
{
	int r = number_of(v, SLICE("newest"), &v->newest);
	if (r == ERR_OK)
		r = number_of(v, SLICE("mark"), &v->found->mark);
	if (r == ERR_OK)
		r = read_owner(v, v->journal);
	if (r == ERR_OK)
		r = scan(v, STORE_RECORDS, SLICE(""), check_record);
	if (r == ERR_OK)
		r = scan(v, STORE_DUE, SLICE(""), check_due);
	if (r == ERR_OK)
		r = scan(v, STORE_OUTBOX, SLICE(""), check_outbox);
	if (r == ERR_OK)
		r = scan(v, STORE_NAMES, SLICE(""), check_names);
	if (r == ERR_OK)
		r = scan(v, STORE_WORDS, SLICE(""), check_word);
	if (r == ERR_OK)
		r = scan(v, STORE_META, SLICE("bundle:"), check_pack);
	return r;
}

static int check_base(struct verify *v)
{
	char journal[33];
	v->found->has_base = true;
	int r = number_of(v, SLICE("mark"), &v->found->base_mark);
	if (r == ERR_OK)
		r = read_owner(v, journal);
	if (r == ERR_OK && journal[0] && v->journal[0] && strcmp(journal, v->journal) != 0)
		problem(v, "it is of another journal (%s) than the state (%s)", journal, v->journal);
	if (r == ERR_OK)
		r = scan(v, STORE_RECORDS, SLICE(""), check_record);
	return r;
}

static int check_store(struct verify *v, const char *dir, const char *name, int (*check)(struct verify *v))
{
	v->name = name;
	v->pool = strpool_create();
	int r = store_open_named(&v->store, dir, name, 0, true);
	if (r == ERR_OK)
		r = check(v);
	if (r == ERR_CORRUPT || r == ERR_FOREIGN) { /* it says so itself */
		problem(v, "%s", error_last()->text);
		r = ERR_OK;
	}
	store_close(v->store);
	v->store = NULL;
	strpool_destroy(v->pool);
	return r;
}

static void say_of_journal(void *arg, const char *text)
{
	struct verify *v = arg;
	if (strncmp(text, "note: ", 6) == 0)
		v->options->say(v->options->arg, text);
	else
		problem(v, "%s", text);
}

/* As at a start: shard/recover.c. */
static void check_ends(struct verify *v, const char *dir)
{
	const struct journal_check *j = &v->found->journal;
	uint64_t newest = v->newest > v->found->mark ? v->newest : v->found->mark;
	struct hash128 identity;
	char id[33], *folder = folder_path(dir, "journal");
	if (j->last_seq && newest > j->last_seq)
		problem(v, "it ends at entry %" PRIu64 ", but the state knows it up to %" PRIu64, j->last_seq, newest);
	if (j->first_seq > v->found->mark + 1)
		problem(v, "it begins at entry %" PRIu64 ", but the state covers only up to %" PRIu64, j->first_seq, v->found->mark);
	if (v->found->has_base && j->first_seq > v->found->base_mark + 1)
		v->options->say(v->options->arg, "note: what lies between the base store and the journal is gone: explanations "
						 "reach back to the journal's first entry");
	if (v->journal[0] && folder_mark_read(file_system(), folder, "journal", &identity) == 1) {
		hash128_hex(identity, id);
		if (strcmp(id, v->journal) != 0)
			problem(v, "it is %s, the state is of journal %s", id, v->journal);
	}
	free(folder);
}

int verify_data(const char *dir, const struct verify_options *options, struct verify_found *out)
{
	struct verify v = { .options = options, .found = out };
	*out = (struct verify_found){ 0 };
	int r = check_store(&v, dir, "state", check_state);
	if (r == ERR_OK)
		r = check_store(&v, dir, "base", check_base);
	r = r == ERR_MISSING && !v.found->has_base && v.name && strcmp(v.name, "base") == 0 ? ERR_OK : r;
	v.name = "journal";
	if (r == ERR_OK && options->progress)
		options->progress(options->arg, "looking at the journal", 0);
	if (r == ERR_OK) {
		int count = journal_verify(dir, NULL, &out->journal, say_of_journal, &v);
		r = count < 0 ? count : ERR_OK;
	}
	if (r == ERR_OK)
		check_ends(&v, dir);
	bytes_finish(&v.row);
	bytes_finish(&v.key);
	return r;
}
