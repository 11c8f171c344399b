/* history/erase.c: see erase.h: the plan, and its steps. */
#include "history/erase.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "disk/folder.h"
#include "disk/journal.h"
#include "disk/journal_blank.h"
#include "disk/store.h"
#include "history/entry.h"
#include "wire/request.h"

#include <stdlib.h>
#include <string.h>

#define PLAN_MAGIC "nudged erasing 1\n"
#define PLAN_BYTES_MAX (1024u * MIB)

struct join { /* one record joined another: MERGE effects, in order */
	uint64_t source_seq;
	struct subject into;
};

struct stretch { /* a prospect's entries that became the customer's: (from, to] */
	struct subject prospect;
	uint64_t from, to;
};

struct plan {
	struct journal *journal;
	struct arena arena;
	struct join *joins;
	struct stretch *absorbs; /* every end of a prospect's entries: `to` */
	struct stretch *spans;
	struct slice *customers, *aliases;
	uint64_t *own, *blank;
	size_t join_count, absorb_count, span_count, customer_count, alias_count, own_count, blank_count;
	struct erase_report *report;
};

#define GROW(list, count) \
	((list) = ((count) & ((count) - 1)) ? (list) : must_realloc(list, ((count) ? 2 * (count) : 1) * sizeof(*(list))))

bool erasing_has(const struct slice *list, size_t count, struct slice id)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(list[i], id))
			return true;
	return false;
}

static void add_name(struct slice **list, size_t *count, struct slice id)
{
	if (!id.len || erasing_has(*list, *count, id))
		return;
	GROW(*list, *count);
	(*list)[(*count)++] = (struct slice){ must_strndup(id.data, id.len), id.len };
}

static bool is_customer(const struct plan *p, struct slice id)
{
	return erasing_has(p->customers, p->customer_count, id);
}

static struct slice body_customer(const struct entry *e)
{
	struct reader r = reader_of(e->effect.body);
	return reader_string(&r);
}

static int each_entry(struct plan *p, uint64_t from, void (*each)(struct plan *p, uint64_t seq, const struct entry *e))
{
	struct journal_reader *reader;
	struct journal_entry je;
	struct entry e;
	int got, r = journal_reader_open(&reader, p->journal, from);
	while (r == ERR_OK && (got = journal_next(reader, &je)) != 0) {
		if (got < 0) {
			r = got;
			break;
		}
		if (je.blanked)
			continue;
		arena_reset(&p->arena);
		r = entry_body_decode(&e, je.kind, je.body, &p->arena);
		if (r == ERR_OK)
			each(p, je.seq, &e);
		else
			error_prefix("entry %llu", (unsigned long long)je.seq);
	}
	journal_reader_close(reader);
	return r;
}

/* First round: who joined whom. */
static void note_join(struct plan *p, uint64_t seq, const struct entry *e)
{
	if (e->kind != ENTRY_EFFECT)
		return;
	if (e->effect.kind == EFFECT_MERGE) {
		GROW(p->joins, p->join_count);
		p->joins[p->join_count++] = (struct join){ e->effect.source_seq, e->subject };
	} else if (e->effect.kind == EFFECT_ABSORB) {
		GROW(p->absorbs, p->absorb_count);
		p->absorbs[p->absorb_count++] = (struct stretch){ .prospect = e->subject, .to = seq };
	}
}

static void take_span(struct plan *p, const struct subject *prospect, uint64_t to)
{
	struct stretch s = { *prospect, 0, to };
	for (size_t i = 0; i < p->absorb_count && p->absorbs[i].to < to; i++)
		if (subject_equal(&p->absorbs[i].prospect, prospect))
			s.from = p->absorbs[i].to;
	GROW(p->spans, p->span_count);
	p->spans[p->span_count++] = s;
}

/* The entry whose record joined: a prospect's, or a customer's who is then theirs too. */
static int follow_join(struct plan *p, const struct join *join)
{
	struct journal_reader *reader;
	struct journal_entry je;
	struct entry e;
	int r = journal_reader_open(&reader, p->journal, join->source_seq);
	int got = r == ERR_OK ? journal_next(reader, &je) : r;
	if (got == 1 && je.seq == join->source_seq && !je.blanked) {
		arena_reset(&p->arena);
		r = entry_body_decode(&e, je.kind, je.body, &p->arena);
		if (r == ERR_OK && e.kind == ENTRY_EFFECT && e.effect.kind == EFFECT_ABSORB)
			take_span(p, &e.subject, je.seq);
		else if (r == ERR_OK && e.subject.kind == SUBJECT_CUSTOMER)
			add_name(&p->customers, &p->customer_count, subject_id(&e.subject));
	}
	journal_reader_close(reader);
	return got < 0 ? got : r;
}

static int follow_joins(struct plan *p)
{
	bool *done = must_calloc(p->join_count + 1, 1);
	int r = ERR_OK;
	for (bool more = true; more && r == ERR_OK;) {
		more = false;
		for (size_t i = 0; i < p->join_count && r == ERR_OK; i++) {
			if (done[i] || !is_customer(p, subject_id(&p->joins[i].into)))
				continue;
			done[i] = more = true;
			r = follow_join(p, &p->joins[i]);
		}
	}
	free(done);
	return r;
}

/* Second round: names that they had, ever. */
static void note_link(struct plan *p, uint64_t seq, const struct entry *e)
{
	if (e->kind == ENTRY_EFFECT && e->effect.kind == EFFECT_LINK && is_customer(p, body_customer(e)))
		add_name(&p->aliases, &p->alias_count, subject_id(&e->subject));
}

/* Third round: what is theirs. */
static bool is_own(const struct plan *p, uint64_t seq, const struct entry *e)
{
	if (e->subject.kind != SUBJECT_CUSTOMER)
		return false;
	if (is_customer(p, subject_id(&e->subject)))
		return true;
	for (size_t i = 0; i < p->span_count; i++)
		if (seq > p->spans[i].from && seq <= p->spans[i].to && subject_equal(&p->spans[i].prospect, &e->subject))
			return true;
	return false;
}

static bool has_seq(const uint64_t *list, size_t count, uint64_t seq)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (list[middle] < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && list[low] == seq;
}

/* An effect on somebody else that says something of the customer. Sums say nothing. */
static bool tells_of(struct plan *p, const struct entry *e)
{
	if (e->kind != ENTRY_EFFECT)
		return false;
	uint8_t kind = e->effect.kind;
	if (kind == EFFECT_LINK || kind == EFFECT_UNLINK || kind == EFFECT_ABSORB)
		return is_customer(p, body_customer(e));
	if (is_customer(p, e->effect.customer))
		return true;
	bool sums = kind == EFFECT_COUNT || kind == EFFECT_LEARN || kind == EFFECT_TALLY;
	return !sums && has_seq(p->own, p->own_count, e->effect.source_seq);
}

static void note_theirs(struct plan *p, uint64_t seq, const struct entry *e)
{
	bool own = is_own(p, seq, e);
	if (own) {
		GROW(p->own, p->own_count);
		p->own[p->own_count++] = seq;
	}
	if (!own && !tells_of(p, e)) {
		struct erasing names = { .customers = p->customers, .customer_count = p->customer_count };
		p->report->mentions += e->kind == ENTRY_EVENT && erasing_names(&names, e->event.raw);
		return;
	}
	GROW(p->blank, p->blank_count);
	p->blank[p->blank_count++] = seq;
}

/* What a store knows besides, of entries that are not kept any more: their aliases, and who was merged into them. */
struct look {
	struct plan *plan;
	struct strpool *pool;
	bool held, grew;
};

static int look_at_record(void *arg, struct slice key, struct slice value)
{
	struct look *l = arg;
	struct plan *p = l->plan;
	struct erasing names = { .customers = p->customers, .customer_count = p->customer_count };
	struct subject s;
	struct record *r;
	if (subject_from_key(key, &s) != ERR_OK || s.kind != SUBJECT_CUSTOMER)
		return 0;
	bool theirs = is_customer(p, subject_id(&s));
	if (!theirs && !erasing_names(&names, value))
		return 0;
	if (record_decode(&r, l->pool, value) != ERR_OK)
		return 0;
	if (!theirs && r->rare->redirect && is_customer(p, str_slice(r->rare->redirect))) {
		add_name(&p->customers, &p->customer_count, subject_id(&s));
		theirs = l->grew = true;
	}
	l->held |= theirs;
	for (unsigned i = 0; theirs && i < r->rare->link_count; i++)
		add_name(&p->aliases, &p->alias_count, str_slice(r->rare->links[i].id));
	record_destroy(r, l->pool);
	return 0;
}

static int look_at_store(struct plan *p, const char *dir, const char *name, bool *held)
{
	struct store *store;
	struct look l = { .plan = p, .pool = strpool_create() };
	int r = store_open_named(&store, dir, name, 0, true);
	do {
		l.grew = false;
		if (r == ERR_OK)
			r = store_scan(store, STORE_RECORDS, SLICE(""), look_at_record, &l);
	} while (r == ERR_OK && l.grew);
	store_close(store);
	strpool_destroy(l.pool);
	*held |= l.held;
	return r == ERR_MISSING ? ERR_OK : r;
}

/* Who was merged into somebody is erased with that one. */
static int refuse_merged(const char *dir, struct slice customer)
{
	struct store *store;
	struct strpool *pool = strpool_create();
	struct bytes key = { 0 }, value = { 0 };
	struct record *record = NULL;
	struct subject subject = subject_of(SUBJECT_CUSTOMER, customer);
	int r = store_open_named(&store, dir, "state", 0, true);
	subject_key(&subject, &key);
	if (r == ERR_OK)
		r = store_get(store, STORE_RECORDS, bytes_slice(&key), &value);
	if (r == ERR_OK)
		r = record_decode(&record, pool, bytes_slice(&value));
	if (r == ERR_OK && record->rare->redirect)
		r = error_set(ERR_CONFLICT, "customer", "%.*s was merged into %.*s: erase that one, and this goes with it",
			      SLICE_ARG(customer), SLICE_ARG(str_slice(record->rare->redirect)));
	record_destroy(record, pool);
	store_close(store);
	bytes_finish(&key);
	bytes_finish(&value);
	strpool_destroy(pool);
	return r == ERR_MISSING ? ERR_OK : r;
}

static void put_names(struct bytes *out, const struct slice *list, size_t count)
{
	bytes_put_varint(out, count);
	for (size_t i = 0; i < count; i++)
		bytes_put_string(out, list[i]);
}

static void plan_encode(const struct plan *p, const char *log, struct bytes *out)
{
	uint64_t last = 0;
	bytes_put(out, PLAN_MAGIC, strlen(PLAN_MAGIC));
	bytes_put_string(out, log ? slice_of(log) : SLICE(""));
	put_names(out, p->customers, p->customer_count);
	put_names(out, p->aliases, p->alias_count);
	bytes_put_varint(out, journal_first(p->journal));
	bytes_put_varint(out, p->blank_count);
	for (size_t i = 0; i < p->blank_count; i++) {
		bytes_put_varint(out, p->blank[i] - last);
		last = p->blank[i];
	}
	bytes_put_u64(out, hash64(bytes_slice(out), 0));
}

static int write_plan(const char *dir, struct slice plan)
{
	const struct file_layer *files = file_system();
	char *early = folder_path(dir, ERASING_FILE ".tmp"), *path = folder_path(dir, ERASING_FILE);
	struct file *f = NULL;
	int r = files->open(files->self, early, true, &f);
	if (r == ERR_OK)
		r = files->write(files->self, f, 0, plan.data, plan.len);
	if (r == ERR_OK)
		r = files->sync(files->self, f);
	files->close(files->self, f);
	if (r == ERR_OK)
		r = files->rename(files->self, early, path);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, dir);
	free(early);
	free(path);
	return r;
}

static void free_names(struct slice *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)list[i].data);
	free(list);
}

static void plan_finish(struct plan *p)
{
	if (p->journal)
		journal_close(p->journal);
	arena_finish(&p->arena);
	free_names(p->customers, p->customer_count);
	free_names(p->aliases, p->alias_count);
	free(p->joins);
	free(p->absorbs);
	free(p->spans);
	free(p->own);
	free(p->blank);
}

/* Whether somebody else has had the number, too. */
static int has_other_owner(struct plan *p, struct store *store, struct strpool *pool, struct slice alias, bool *other)
{
	struct subject subject = subject_of(SUBJECT_ALIAS, alias);
	struct bytes key = { 0 }, value = { 0 };
	struct record *r = NULL;
	subject_key(&subject, &key);
	int result = store_get(store, STORE_RECORDS, bytes_slice(&key), &value);
	if (result == ERR_OK)
		result = record_decode(&r, pool, bytes_slice(&value));
	*other = false;
	for (unsigned i = 0; r && i < r->rare->link_count; i++)
		*other |= !is_customer(p, str_slice(r->rare->links[i].id));
	record_destroy(r, pool);
	bytes_finish(&key);
	bytes_finish(&value);
	return result == ERR_MISSING ? ERR_OK : result;
}

/* Prospects of numbers that were theirs alone are theirs too. (Of others, the stretches that joined them.) */
static int add_prospects(struct plan *p, const char *dir)
{
	struct strpool *pool = strpool_create();
	struct store *store;
	int r = store_open_named(&store, dir, "state", 0, true);
	for (size_t i = 0; i < p->alias_count && r == ERR_OK; i++) {
		struct subject prospect = subject_prospect(p->aliases[i]);
		bool other;
		r = has_other_owner(p, store, pool, p->aliases[i], &other);
		if (r == ERR_OK && !other)
			add_name(&p->customers, &p->customer_count, subject_id(&prospect));
	}
	store_close(store);
	strpool_destroy(pool);
	return r;
}

int erase_plan(const char *dir, struct slice customer, const char *log, struct erase_report *out)
{
	struct journal_options options = { .read_only = true };
	struct plan p = { .report = out };
	struct bytes encoded = { 0 };
	bool held = false;
	*out = (struct erase_report){ 0 };
	arena_init(&p.arena, 0);
	add_name(&p.customers, &p.customer_count, customer);
	int r = refuse_merged(dir, customer);
	if (r == ERR_OK)
		r = journal_open(&p.journal, dir, &options, NULL, NULL, NULL);
	if (r == ERR_OK)
		r = each_entry(&p, 0, note_join);
	if (r == ERR_OK)
		r = follow_joins(&p);
	if (r == ERR_OK)
		r = look_at_store(&p, dir, "state", &held);
	if (r == ERR_OK)
		r = look_at_store(&p, dir, "base", &held);
	if (r == ERR_OK)
		r = each_entry(&p, 0, note_link);
	out->customers = p.customer_count;
	if (r == ERR_OK)
		r = add_prospects(&p, dir);
	if (r == ERR_OK)
		r = each_entry(&p, 0, note_theirs);
	if (r == ERR_OK && !held && !p.blank_count)
		r = error_set(ERR_MISSING, "customer", "nothing is held of customer %.*s", SLICE_ARG(customer));
	out->aliases = p.alias_count;
	out->entries = p.blank_count;
	if (r == ERR_OK)
		plan_encode(&p, log, &encoded);
	if (r == ERR_OK)
		r = write_plan(dir, bytes_slice(&encoded));
	bytes_finish(&encoded);
	plan_finish(&p);
	return r;
}

bool erasing_names(const struct erasing *e, struct slice bytes)
{
	for (size_t i = 0; i < e->customer_count; i++) {
		const char *from = bytes.data, *at;
		struct slice id = e->customers[i];
		size_t left = bytes.len;
		while (left > id.len && (at = memmem(from, left, id.data, id.len))) {
			if (at > bytes.data && (uint8_t)at[-1] == id.len)
				return true;
			left -= (size_t)(at + 1 - from);
			from = at + 1;
		}
	}
	return false;
}

bool erasing_seq(const struct erasing *e, uint64_t seq)
{
	return has_seq(e->seqs, e->seq_count, seq);
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

static int decode(struct erasing *e, struct slice bytes, const char *path)
{
	size_t magic = strlen(PLAN_MAGIC);
	struct reader r = reader_of(bytes);
	uint64_t last = 0, sum = 0;
	struct slice begins = reader_take(&r, magic);
	if (bytes.len > magic + 8)
		memcpy(&sum, bytes.data + bytes.len - 8, 8);
	if (r.bad || memcmp(begins.data, PLAN_MAGIC, magic) != 0 || sum != hash64((struct slice){ bytes.data, bytes.len - 8 }, 0))
		return error_set(ERR_CORRUPT, NULL, "%s: damaged: what was being erased cannot be read from it", path);
	e->log = reader_string(&r);
	e->customers = take_names(&r, &e->customer_count);
	e->aliases = take_names(&r, &e->alias_count);
	e->first_seq = reader_varint(&r);
	e->seq_count = (size_t)reader_varint(&r);
	uint64_t *seqs = must_malloc((e->seq_count + 1) * sizeof(*seqs));
	for (size_t i = 0; i < e->seq_count && !r.bad; i++)
		seqs[i] = last += reader_varint(&r);
	e->seqs = seqs;
	return r.bad ? error_set(ERR_CORRUPT, NULL, "%s: damaged", path) : ERR_OK;
}

/* Overwritten before its name goes: it says whom it is about. */
static int remove_plan(const char *dir, const char *path, size_t len)
{
	const struct file_layer *files = file_system();
	char *zeroes = must_calloc(1, len + 1);
	struct file *f = NULL;
	int r = files->open(files->self, path, false, &f);
	if (r == ERR_OK)
		r = files->write(files->self, f, 0, zeroes, len);
	if (r == ERR_OK)
		r = files->sync(files->self, f);
	files->close(files->self, f);
	if (r == ERR_OK)
		r = files->remove(files->self, path);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, dir);
	free(zeroes);
	return r;
}

static int run_steps(const struct erasing *e, const char *dir)
{
	(void)fault_hit(erase_step);
	int r = journal_blank(dir, e->seqs, e->seq_count);
	(void)fault_hit(erase_step);
	if (r == ERR_OK)
		r = erase_from_store(e, dir, "state");
	(void)fault_hit(erase_step);
	if (r == ERR_OK)
		r = erase_from_store(e, dir, "base");
	(void)fault_hit(erase_step);
	if (r == ERR_OK && e->log.len)
		r = erase_from_log(e);
	(void)fault_hit(erase_step);
	return r;
}

int erase_carry_out(const char *dir, struct erase_report *out)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, ERASING_FILE), *text = NULL;
	struct erasing e = { .report = out };
	struct file *f = NULL;
	uint64_t size = 0;
	size_t got = 0;
	int r = files->open(files->self, path, false, &f);
	if (r == ERR_OK)
		r = files->size(files->self, f, &size);
	if (r == ERR_OK && size > PLAN_BYTES_MAX)
		r = error_set(ERR_CORRUPT, NULL, "%s: damaged", path);
	if (r == ERR_OK) {
		text = must_malloc(size + 1);
		r = files->read(files->self, f, 0, text, size, &got);
	}
	files->close(files->self, f);
	if (r == ERR_OK)
		r = decode(&e, (struct slice){ text, got }, path);
	if (r == ERR_OK)
		r = run_steps(&e, dir);
	if (r == ERR_OK)
		r = remove_plan(dir, path, got);
	free(e.customers);
	free(e.aliases);
	free((uint64_t *)(uintptr_t)e.seqs);
	free(text);
	free(path);
	return r;
}
