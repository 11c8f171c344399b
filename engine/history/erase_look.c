/* history/erase_look.c: see erase.h: who they are: the customer, who was merged into them, the prospects that they were before
 * anybody knew them, and all their names. Looked for in the journal's entries, and in the stores for what it does not have
 * any more. */
#include "history/erase_parts.h"

#include "base/error.h"
#include "state/record.h"

#include <stdlib.h>

/* First round: who joined whom, and who has been wiped. */
static void note_join(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	if (e->kind != ENTRY_EFFECT)
		return;
	plan_wiped(p, seq, e);
	if (e->effect.kind == EFFECT_MERGE) {
		GROW(p->joins, p->join_count);
		p->joins[p->join_count++] = (struct join){ seq, e->effect.source_seq, e->subject };
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
			plan_add_customer(p, subject_id(&e.subject));
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
			struct slice into = subject_id(&p->joins[i].into);
			if (done[i] || !plan_is_customer(p, into) || p->joins[i].seq > plan_bound(p, into))
				continue; /* behind the bound they joined somebody new */
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
	if (e->kind != ENTRY_EFFECT || e->effect.kind != EFFECT_LINK)
		return;
	struct slice customer = plan_body_customer(e);
	if (plan_is_customer(p, customer) && e->effect.source_seq <= plan_bound(p, customer))
		plan_add_alias(p, subject_id(&e->subject));
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
		plan_add_other(l->plan, s);
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
	bool theirs = plan_is_customer(p, subject_id(&s));
	if (!theirs && !erasing_names(&names, value))
		return 0;
	if (record_decode(&r, l->pool, value) != ERR_OK)
		return 0;
	struct slice into = str_slice(r->rare->redirect);
	if (!theirs && into.len && plan_is_customer(p, into) && r->seq <= plan_bound(p, into)) {
		plan_add_customer(p, subject_id(&s));
		theirs = l->grew = true;
	}
	l->held |= theirs;
	theirs = theirs && r->seq <= plan_bound(p, subject_id(&s)); /* else those are names of somebody new */
	for (unsigned i = 0; theirs && i < r->rare->link_count; i++)
		plan_add_alias(p, str_slice(r->rare->links[i].id));
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

/* Who was merged into somebody is erased with that one. Who was wiped already, and came again, may have been since. */
static int refuse_merged(const struct erase_plan *p, struct slice customer)
{
	struct store *store = p->from.state;
	struct strpool *pool = strpool_create();
	struct bytes key = { 0 }, value = { 0 };
	struct record *record = NULL;
	struct subject subject = subject_of(SUBJECT_CUSTOMER, customer);
	subject_key(&subject, &key);
	int r = store_get(store, STORE_RECORDS, bytes_slice(&key), &value);
	if (r == ERR_OK)
		r = record_decode(&record, pool, bytes_slice(&value));
	if (r == ERR_OK && record->rare->redirect && plan_bound(p, customer) == ERASE_NOT_WIPED)
		r = error_set(ERR_CONFLICT, "customer", "%.*s was merged into %.*s: erase that one, and this goes with it",
			      SLICE_ARG(customer), SLICE_ARG(str_slice(record->rare->redirect)));
	record_destroy(record, pool);
	bytes_finish(&key);
	bytes_finish(&value);
	strpool_destroy(pool);
	return r == ERR_MISSING ? ERR_OK : r;
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
		*other |= !plan_is_customer(p, str_slice(r->rare->links[i].id));
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
			plan_add_customer(p, subject_id(&prospect));
	}
	strpool_destroy(pool);
	return r;
}

int plan_look(struct erase_plan *p, bool *held)
{
	int r = plan_each_entry(p, 0, note_join);
	if (r == ERR_OK)
		r = refuse_merged(p, p->customers[0]);
	if (r == ERR_OK)
		r = follow_joins(p);
	if (r == ERR_OK)
		r = look_at_store(p, p->from.state, held);
	if (r == ERR_OK)
		r = look_at_store(p, p->from.base, held);
	if (r == ERR_OK)
		r = plan_each_entry(p, 0, note_link);
	p->report->customers = p->customer_count;
	return r == ERR_OK ? add_prospects(p) : r;
}
