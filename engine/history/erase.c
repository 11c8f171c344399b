/* history/erase.c: see erase.h: the plan. */
#include "history/erase.h"
#include "history/erase_parts.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "disk/journal.h"
#include "history/entry.h"
#include "wire/request.h"

#include <stdlib.h>
#include <string.h>

struct join { /* one record joined another: MERGE effects, in order */
	uint64_t source_seq;
	struct subject into;
};

struct stretch { /* a prospect's entries that became the customer's: (from, to] */
	struct subject prospect;
	uint64_t from, to;
};

struct erase_plan {
	struct erase_sources from;
	uint64_t first_seq, to; /* entries that it has been through */
	struct arena arena;
	struct join *joins;
	struct stretch *absorbs; /* every end of a prospect's entries: `to` */
	struct stretch *spans;
	struct slice *customers, *aliases;
	uint64_t *bounds;       /* of customers: entries behind it are not theirs. NULL: all are */
	struct subject *others; /* agents and areas */
	uint64_t *own, *blank;
	bool grew; /* there is more than was looked for */
	size_t join_count, absorb_count, span_count, customer_count, alias_count, own_count, blank_count, other_count;
	struct erase_report *report;
};

#define GROW(list, count) \
	((list) = ((count) & ((count) - 1)) ? (list) : must_realloc(list, ((count) ? 2 * (count) : 1) * sizeof(*(list))))

static void add_name(struct slice **list, size_t *count, struct slice id)
{
	if (!id.len || erasing_has(*list, *count, id))
		return;
	GROW(*list, *count);
	(*list)[(*count)++] = (struct slice){ must_strndup(id.data, id.len), id.len };
}

static bool is_customer(const struct erase_plan *p, struct slice id)
{
	return erasing_has(p->customers, p->customer_count, id);
}

static struct slice body_customer(const struct entry *e)
{
	struct reader r = reader_of(e->effect.body);
	return reader_string(&r);
}

/* From `from` to where the plan goes. */
static int each_entry(struct erase_plan *p, uint64_t from, void (*each)(struct erase_plan *p, uint64_t seq, const struct entry *e))
{
	struct journal_reader *reader;
	struct journal_entry je;
	struct entry e;
	int got, r = journal_reader_open(&reader, p->from.journal, from);
	while (r == ERR_OK && (got = journal_next(reader, &je)) != 0) {
		if (got < 0) {
			r = got;
			break;
		}
		if (je.seq > p->to)
			break;
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
static void note_join(struct erase_plan *p, uint64_t seq, const struct entry *e)
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

static void take_span(struct erase_plan *p, const struct subject *prospect, uint64_t to)
{
	struct stretch s = { *prospect, 0, to };
	for (size_t i = 0; i < p->absorb_count && p->absorbs[i].to < to; i++)
		if (subject_equal(&p->absorbs[i].prospect, prospect))
			s.from = p->absorbs[i].to;
	GROW(p->spans, p->span_count);
	p->spans[p->span_count++] = s;
}

/* The entry whose record joined: a prospect's, or a customer's who is then theirs too. */
static int follow_join(struct erase_plan *p, const struct join *join)
{
	struct journal_reader *reader;
	struct journal_entry je;
	struct entry e;
	int r = journal_reader_open(&reader, p->from.journal, join->source_seq);
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

static int follow_joins(struct erase_plan *p)
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
static void note_link(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	if (e->kind == ENTRY_EFFECT && e->effect.kind == EFFECT_LINK && is_customer(p, body_customer(e)))
		add_name(&p->aliases, &p->alias_count, subject_id(&e->subject));
}

static uint64_t bound_of(const struct erase_plan *p, struct slice id)
{
	for (size_t i = 0; p->bounds && i < p->customer_count; i++)
		if (slice_equal(p->customers[i], id))
			return p->bounds[i];
	return UINT64_MAX;
}

/* Third round: what is theirs. */
static bool is_own(const struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	if (e->subject.kind != SUBJECT_CUSTOMER)
		return false;
	if (is_customer(p, subject_id(&e->subject)))
		return seq <= bound_of(p, subject_id(&e->subject));
	for (size_t i = 0; i < p->span_count; i++)
		if (seq > p->spans[i].from && seq <= p->spans[i].to && subject_equal(&p->spans[i].prospect, &e->subject))
			return true;
	return false;
}

/* An effect on somebody else that says something of the customer. Sums say nothing. */
static bool tells_of(struct erase_plan *p, const struct entry *e)
{
	if (e->kind != ENTRY_EFFECT)
		return false;
	uint8_t kind = e->effect.kind;
	if (kind == EFFECT_LINK || kind == EFFECT_UNLINK || kind == EFFECT_ABSORB)
		return is_customer(p, body_customer(e));
	if (is_customer(p, e->effect.customer))
		return true;
	bool sums = kind == EFFECT_COUNT || kind == EFFECT_LEARN || kind == EFFECT_TALLY;
	return !sums && erasing_has_seq(p->own, p->own_count, e->effect.source_seq);
}

/* From whom something is to be taken. */
static void add_other(struct erase_plan *p, const struct subject *s)
{
	if (s->kind != SUBJECT_AGENT && s->kind != SUBJECT_AREA)
		return;
	for (size_t i = 0; i < p->other_count; i++)
		if (subject_equal(&p->others[i], s))
			return;
	GROW(p->others, p->other_count);
	p->others[p->other_count++] = *s;
}

static void note_theirs(struct erase_plan *p, uint64_t seq, const struct entry *e)
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
	add_other(p, &e->subject);
	GROW(p->blank, p->blank_count);
	p->blank[p->blank_count++] = seq;
}

/* What a store knows besides, of entries that are not kept any more: their aliases, and who was merged into them. */
struct look {
	struct erase_plan *plan;
	struct strpool *pool;
	bool held, grew;
};

/* Alerts on others that are older than the journal: they may have been of theirs. */
static int look_at_other(struct look *l, const struct subject *s, struct slice value)
{
	struct record *r;
	bool old = false;
	if (record_decode(&r, l->pool, value) != ERR_OK)
		return 0;
	for (unsigned i = 0; i < r->rare->alert_count; i++)
		old |= r->rare->alerts[i].seq < l->plan->first_seq;
	if (old)
		add_other(l->plan, s);
	record_destroy(r, l->pool);
	return 0;
}

static int look_at_record(void *arg, struct slice key, struct slice value)
{
	struct look *l = arg;
	struct erase_plan *p = l->plan;
	struct erasing names = { .customers = p->customers, .customer_count = p->customer_count };
	struct subject s;
	struct record *r;
	if (subject_from_key(key, &s) != ERR_OK)
		return 0;
	if (s.kind == SUBJECT_AGENT || s.kind == SUBJECT_AREA)
		return look_at_other(l, &s, value);
	if (s.kind != SUBJECT_CUSTOMER)
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

static int look_at_store(struct erase_plan *p, struct store *store, bool *held)
{
	struct look l = { .plan = p, .pool = strpool_create() };
	int r = ERR_OK;
	do {
		l.grew = false;
		if (store)
			r = store_scan(store, STORE_RECORDS, SLICE(""), look_at_record, &l);
	} while (r == ERR_OK && l.grew);
	strpool_destroy(l.pool);
	*held |= l.held;
	return r;
}

/* Who was merged into somebody is erased with that one. */
static int refuse_merged(struct store *store, struct slice customer)
{
	struct strpool *pool = strpool_create();
	struct bytes key = { 0 }, value = { 0 };
	struct record *record = NULL;
	struct subject subject = subject_of(SUBJECT_CUSTOMER, customer);
	subject_key(&subject, &key);
	int r = store_get(store, STORE_RECORDS, bytes_slice(&key), &value);
	if (r == ERR_OK)
		r = record_decode(&record, pool, bytes_slice(&value));
	if (r == ERR_OK && record->rare->redirect)
		r = error_set(ERR_CONFLICT, "customer", "%.*s was merged into %.*s: erase that one, and this goes with it",
			      SLICE_ARG(customer), SLICE_ARG(str_slice(record->rare->redirect)));
	record_destroy(record, pool);
	bytes_finish(&key);
	bytes_finish(&value);
	strpool_destroy(pool);
	return r == ERR_MISSING ? ERR_OK : r;
}

static void free_names(struct slice *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)list[i].data);
	free(list);
}

void erase_plan_destroy(struct erase_plan *p)
{
	if (!p)
		return;
	arena_finish(&p->arena);
	free_names(p->customers, p->customer_count);
	free_names(p->aliases, p->alias_count);
	free(p->joins);
	free(p->absorbs);
	free(p->spans);
	free(p->bounds);
	free(p->others);
	free(p->own);
	free(p->blank);
	free(p);
}

/* Whether somebody else has had the number, too. */
static int has_other_owner(struct erase_plan *p, struct store *store, struct strpool *pool, struct slice alias, bool *other)
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
static int add_prospects(struct erase_plan *p)
{
	struct strpool *pool = strpool_create();
	int r = ERR_OK;
	for (size_t i = 0; i < p->alias_count && r == ERR_OK; i++) {
		struct subject prospect = subject_prospect(p->aliases[i]);
		bool other;
		r = has_other_owner(p, p->from.state, pool, p->aliases[i], &other);
		if (r == ERR_OK && !other)
			add_name(&p->customers, &p->customer_count, subject_id(&prospect));
	}
	strpool_destroy(pool);
	return r;
}

static int look_for_all(struct erase_plan *p, struct slice customer)
{
	bool held = false;
	int r = refuse_merged(p->from.state, customer);
	if (r == ERR_OK)
		r = each_entry(p, 0, note_join);
	if (r == ERR_OK)
		r = follow_joins(p);
	if (r == ERR_OK)
		r = look_at_store(p, p->from.state, &held);
	if (r == ERR_OK)
		r = look_at_store(p, p->from.base, &held);
	if (r == ERR_OK)
		r = each_entry(p, 0, note_link);
	p->report->customers = p->customer_count;
	if (r == ERR_OK)
		r = add_prospects(p);
	if (r == ERR_OK)
		r = each_entry(p, 0, note_theirs);
	if (r == ERR_OK && !held && !p->blank_count)
		r = error_set(ERR_MISSING, "customer", "nothing is held of customer %.*s", SLICE_ARG(customer));
	p->report->aliases = p->alias_count;
	p->report->entries = p->blank_count;
	return r;
}

int erase_plan_make(struct erase_plan **out, const struct erase_sources *from, struct slice customer, uint64_t to,
		    struct erase_report *report)
{
	struct erase_plan *p = must_calloc(1, sizeof(*p));
	*report = (struct erase_report){ 0 };
	p->from = *from;
	p->report = report;
	p->to = to;
	p->first_seq = journal_first(from->journal);
	arena_init(&p->arena, 0);
	add_name(&p->customers, &p->customer_count, customer);
	int r = look_for_all(p, customer);
	if (r != ERR_OK) {
		erase_plan_destroy(p);
		p = NULL;
	}
	*out = p;
	return r;
}

bool erase_plan_next(const struct erase_plan *p, size_t *at, struct subject *out)
{
	size_t i = (*at)++;
	if (i < p->customer_count) {
		*out = subject_of(SUBJECT_CUSTOMER, p->customers[i]);
		return true;
	}
	i -= p->customer_count;
	if (i < p->alias_count) {
		*out = subject_of(SUBJECT_ALIAS, p->aliases[i]);
		return true;
	}
	i -= p->alias_count;
	if (i < p->other_count)
		*out = p->others[i];
	return i < p->other_count;
}

void erase_plan_wiped(struct erase_plan *p, const struct subject *customer, uint64_t seq)
{
	if (!p->bounds) {
		p->bounds = must_malloc(p->customer_count * sizeof(p->bounds[0]));
		memset(p->bounds, 0xff, p->customer_count * sizeof(p->bounds[0]));
	}
	for (size_t i = 0; i < p->customer_count; i++)
		if (slice_equal(p->customers[i], subject_id(customer)))
			p->bounds[i] = seq;
}

/* Of what came since. */
static void note_since(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	bool effect = e->kind == ENTRY_EFFECT;
	if (effect && e->effect.kind == EFFECT_MERGE && e->subject.kind == SUBJECT_CUSTOMER)
		p->grew |= is_customer(p, subject_id(&e->subject)) && seq <= bound_of(p, subject_id(&e->subject));
	if (effect && e->effect.kind == EFFECT_LINK && is_customer(p, body_customer(e)))
		p->grew |= !erasing_has(p->aliases, p->alias_count, subject_id(&e->subject));
	note_theirs(p, seq, e);
}

int erase_plan_extend(struct erase_plan *p, uint64_t to, bool *again)
{
	uint64_t from = p->to + 1;
	p->to = to;
	p->grew = false;
	int r = from > to ? ERR_OK : each_entry(p, from, note_since);
	*again = p->grew;
	p->report->entries = p->blank_count;
	return r;
}

bool erase_plan_has(const struct erase_plan *p, uint64_t seq)
{
	return seq < p->first_seq || erasing_has_seq(p->blank, p->blank_count, seq);
}

int erase_plan_write(const struct erase_plan *p, const char *log, bool wiped)
{
	const struct erasing e = {
		.customers = p->customers,
		.customer_count = p->customer_count,
		.aliases = p->aliases,
		.alias_count = p->alias_count,
		.first_seq = p->first_seq,
		.last_seq = wiped ? p->to : UINT64_MAX,
		.wiped = wiped,
		.seqs = p->blank,
		.seq_count = p->blank_count,
		.log = log ? slice_of(log) : SLICE(""),
	};
	return erasing_write(p->from.dir, &e);
}

int erase_plan(const char *dir, struct slice customer, const char *log, struct erase_report *out)
{
	struct journal_options options = { .read_only = true };
	struct erase_sources from = { .dir = dir };
	struct erase_plan *p = NULL;
	int r = journal_open(&from.journal, dir, &options, NULL, NULL, NULL);
	if (r == ERR_OK)
		r = store_open(&from.state, dir, 0, true);
	if (r == ERR_OK)
		r = store_open_named(&from.base, dir, "base", 0, true);
	if (r == ERR_MISSING && from.state)
		r = ERR_OK; /* none is kept */
	if (r == ERR_OK)
		r = erase_plan_make(&p, &from, customer, UINT64_MAX, out);
	if (r == ERR_OK)
		r = erase_plan_write(p, log, false);
	erase_plan_destroy(p);
	store_close(from.base);
	store_close(from.state);
	if (from.journal)
		journal_close(from.journal);
	return r;
}
