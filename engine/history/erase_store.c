/* history/erase_store.c: one customer's rows leave a store (the state or the base), and what of them is in other records;
 * then the store's rows are put into a new file: in the old one LMDB leaves old values lying, in free pages, in half empty
 * ones, and as keys that lead to others. */
#include "history/erase.h"
#include "history/erase_parts.h"

#include "base/check.h"
#include "base/error.h"
#include "disk/store.h"
#include "find/index.h"
#include "state/record.h"
#include "wire/response.h"

#include <stdlib.h>
#include <string.h>

struct gone {
	uint64_t seq;
	uint32_t index;
};

struct pass {
	const struct erasing *e;
	struct store *store;
	bool base;
	struct strpool *pool;
	struct gone *gone; /* alerts that were taken out of records */
	size_t gone_count;
	struct bytes keys; /* table u8, key string, put u8 [, value string], or FORGET …: what is to be done when the scan is over */
};

static void drop(struct pass *p, enum store_table table, struct slice key)
{
	bytes_put_u8(&p->keys, (uint8_t)table);
	bytes_put_string(&p->keys, key);
	bytes_put_u8(&p->keys, 0);
}

/* What they are found by goes, or (FIND_NOW) all but what they are found by now. */
enum { FORGET = 2, FIND_NOW = 3 };
static void find(struct pass *p, struct slice key, uint8_t what)
{
	bytes_put_u8(&p->keys, STORE_RENAMED);
	bytes_put_string(&p->keys, key);
	bytes_put_u8(&p->keys, what);
}

static void put(struct pass *p, struct slice key, const struct record *r)
{
	struct bytes value = { 0 };
	record_encode(r, &value);
	bytes_put_u8(&p->keys, STORE_RECORDS);
	bytes_put_string(&p->keys, key);
	bytes_put_u8(&p->keys, 1);
	bytes_put_string(&p->keys, bytes_slice(&value));
	bytes_finish(&value);
}

static bool is_theirs(const struct pass *p, const struct subject *s)
{
	return s->kind == SUBJECT_CUSTOMER && erasing_has(p->e->customers, p->e->customer_count, subject_id(s));
}

/* The shards have taken out what was theirs, and some of it is of somebody new. Nobody new is in the base store. */
static bool is_wiped(const struct pass *p)
{
	return p->e->wiped && !p->base;
}

/* Raised by one of their events, or by an entry that is not kept any more: it may have been theirs. */
static bool is_of_theirs(const struct pass *p, const struct alert *a)
{
	return a->seq < p->e->first_seq || erasing_seq(p->e, a->seq);
}

static int64_t counted(const struct record *r, const struct erase_words *w)
{
	const struct ledger *l = record_ledger(r);
	for (uint32_t i = 0; l && i < l->cell_count; i++)
		if (slice_equal(str_slice(l->cells[i].key), w->key))
			return ledger_sum_of(&l->cells[i], w->sum.measure);
	return 0;
}

/* A ledger: their words, of what it has of them. The base store has the sum without the words once the entry that says so is
 * folded into it; where the records were not wiped there is none. */
static bool strip_words(const struct pass *p, const struct subject *s, struct record *r)
{
	char without[LIMIT_KEY_BYTES];
	bool changed = false;
	for (size_t i = 0; i < p->e->word_count; i++) {
		const struct erase_words *w = &p->e->words[i];
		if (!slice_equal(w->ledger, subject_id(s)))
			continue;
		int64_t all = counted(r, w), less = w->sum.amount < 0 ? (all < w->sum.amount ? w->sum.amount : all < 0 ? all : 0) :
				     (all > w->sum.amount ? w->sum.amount : all > 0 ? all : 0);
		const struct ledger_sum minus = { w->sum.measure, -less }, plus = { w->sum.measure, less };
		if (!less)
			continue;
		ledger_add(r, p->pool, w->key, &minus, 1);
		if (!p->e->wiped)
			ledger_add(r, p->pool, words_key_without(w->ledger, w->key, without), &plus, 1);
		changed = true;
	}
	return changed;
}

/* Agents and areas: alerts that their events raised. An alias: that they owned it (where it was wiped that is taken out). */
static bool strip(struct pass *p, const struct subject *s, struct record *r, bool *empty)
{
	bool changed = false;
	*empty = false;
	if (s->kind == SUBJECT_ALIAS) {
		for (size_t i = 0; i < p->e->customer_count && !is_wiped(p); i++)
			changed |= links_forget(r, p->pool, p->e->customers[i]);
		*empty = r->rare->link_count == 0 && (!is_wiped(p) || r->seq <= p->e->last_seq);
		return changed || (*empty && erasing_has(p->e->aliases, p->e->alias_count, subject_id(s)));
	}
	if (s->kind == SUBJECT_LEDGER)
		return !is_wiped(p) && strip_words(p, s, r);
	for (unsigned i = r->rare->alert_count; i-- > 0;) {
		if (!is_of_theirs(p, &r->rare->alerts[i]))
			continue;
		p->gone = must_realloc(p->gone, (p->gone_count + 1) * sizeof(*p->gone));
		p->gone[p->gone_count++] = (struct gone){ r->rare->alerts[i].seq, r->rare->alerts[i].index };
		alerts_forget(r, p->pool, i);
		p->e->report->alerts++;
		changed = true;
	}
	return changed;
}

static int look_at_record(void *arg, struct slice key, struct slice value)
{
	struct pass *p = arg;
	struct subject s;
	struct record *r;
	bool empty;
	if (subject_from_key(key, &s) != ERR_OK)
		return 0;
	bool theirs = is_theirs(p, &s), others = s.kind == SUBJECT_AGENT || s.kind == SUBJECT_AREA || s.kind == SUBJECT_ALIAS ||
						 (s.kind == SUBJECT_LEDGER && p->e->word_count);
	if (!theirs && !others) {
		p->e->report->mentions += erasing_names(p->e, value);
		return 0;
	}
	int result = record_decode(&r, p->pool, value);
	if (result != ERR_OK)
		return theirs ? (drop(p, STORE_RECORDS, key), find(p, key, FORGET), 0) : result;
	/* blank by a later entry (absorbed, say): a recovery must know that the record has it */
	bool goes = !is_wiped(p) || (record_is_blank(r) && r->seq <= p->e->last_seq);
	if (theirs)
		find(p, key, goes ? FORGET : FIND_NOW);
	if (theirs && goes) {
		drop(p, STORE_RECORDS, key);
		p->e->report->records++;
	} else if (!theirs && strip(p, &s, r, &empty)) {
		if (empty)
			drop(p, STORE_RECORDS, key);
		else
			put(p, key, r);
	}
	record_destroy(r, p->pool);
	return 0;
}

static int look_at_due(void *arg, struct slice key, struct slice value)
{
	struct pass *p = arg;
	struct subject s;
	if (key.len > 8 && subject_from_key((struct slice){ key.data + 8, key.len - 8 }, &s) == ERR_OK && is_theirs(p, &s))
		drop(p, STORE_DUE, key);
	return 0;
}

static bool is_gone(const struct pass *p, uint64_t seq, uint32_t index)
{
	for (size_t i = 0; i < p->gone_count; i++)
		if (p->gone[i].seq == seq && p->gone[i].index == index)
			return true;
	return false;
}

static int look_at_outbox(void *arg, struct slice key, struct slice value)
{
	struct pass *p = arg;
	struct wire_alert alert;
	if (alert_decode(&alert, value) != ERR_OK)
		return 0;
	bool then = !is_wiped(p) || alert.seq < p->e->first_seq || erasing_seq(p->e, alert.seq); /* not of somebody new */
	bool theirs = slice_equal(alert.subject_kind, slice_of(subject_kind_name(SUBJECT_CUSTOMER))) && then &&
		      erasing_has(p->e->customers, p->e->customer_count, alert.subject);
	bool stripped = !theirs && !slice_equal(alert.subject_kind, slice_of(subject_kind_name(SUBJECT_CUSTOMER))) &&
			is_gone(p, alert.seq, alert.index);
	if (theirs || stripped) {
		drop(p, STORE_OUTBOX, key);
		p->e->report->alerts += theirs;
	}
	return 0;
}

static int write_all(struct pass *p)
{
	struct reader r = reader_of(bytes_slice(&p->keys));
	struct store_write *w;
	int result = store_begin(p->store, &w);
	if (result != ERR_OK)
		return result;
	while (reader_left(&r) && result == ERR_OK) {
		enum store_table table = reader_u8(&r);
		struct slice key = reader_string(&r);
		uint8_t what = reader_u8(&r);
		result = what == FORGET   ? index_forget(w, key) :
			 what == FIND_NOW ? index_settle(w, key) :
			 what		  ? store_put(w, table, key, reader_string(&r)) :
					    store_delete(w, table, key);
	}
	if (result != ERR_OK) {
		store_abort(w);
		return result;
	}
	result = store_commit(w);
	return result == ERR_OK ? store_sync(p->store) : result;
}

int erase_rows(const struct erasing *e, struct store *store, bool base)
{
	struct pass p = { .e = e, .store = store, .base = base, .pool = strpool_create() };
	int r = store_scan(store, STORE_RECORDS, SLICE(""), look_at_record, &p);
	if (r == ERR_OK && !is_wiped(&p)) /* they went with the records */
		r = store_scan(store, STORE_DUE, SLICE(""), look_at_due, &p);
	if (r == ERR_OK)
		r = store_scan(store, STORE_OUTBOX, SLICE(""), look_at_outbox, &p);
	if (r == ERR_OK)
		r = write_all(&p);
	if (r == ERR_OK)
		r = store_renew(store);
	strpool_destroy(p.pool);
	bytes_finish(&p.keys);
	free(p.gone);
	return r;
}
