/* history/erase.c: see erase.h: the plan. */
#include "history/erase.h"
#include "history/erase_parts.h"

#include "base/error.h"
#include "disk/journal.h"

#include <stdlib.h>
#include <string.h>

static bool add_name(struct slice **list, size_t *count, struct slice id)
{
	if (!id.len || erasing_has(*list, *count, id))
		return false;
	GROW(*list, *count);
	(*list)[(*count)++] = (struct slice){ must_strndup(id.data, id.len), id.len };
	return true;
}

void plan_add_customer(struct erase_plan *p, struct slice id)
{
	size_t bounds = p->customer_count;
	if (!add_name(&p->customers, &p->customer_count, id))
		return;
	GROW(p->bounds, bounds);
	p->bounds[bounds] = ERASE_NOT_WIPED;
	for (size_t i = 0; i < p->wipe_count; i++)
		if (slice_equal(subject_id(&p->wipes[i].customer), id))
			p->bounds[bounds] = p->wipes[i].seq;
}

void plan_add_alias(struct erase_plan *p, struct slice id)
{
	(void)add_name(&p->aliases, &p->alias_count, id);
}

void plan_add_other(struct erase_plan *p, const struct subject *s)
{
	if (s->kind != SUBJECT_AGENT && s->kind != SUBJECT_AREA && s->kind != SUBJECT_LEDGER)
		return;
	for (size_t i = 0; i < p->other_count; i++)
		if (subject_equal(&p->others[i], s))
			return;
	GROW(p->others, p->other_count);
	p->others[p->other_count++] = *s;
}

bool plan_is_customer(const struct erase_plan *p, struct slice id)
{
	return erasing_has(p->customers, p->customer_count, id);
}

uint64_t plan_bound(const struct erase_plan *p, struct slice customer)
{
	for (size_t i = 0; i < p->customer_count; i++)
		if (slice_equal(p->customers[i], customer))
			return p->bounds[i];
	return ERASE_NOT_WIPED;
}

void plan_wiped(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	if (e->kind != ENTRY_EFFECT || e->effect.kind != EFFECT_WIPE || e->subject.kind != SUBJECT_CUSTOMER || seq <= p->since)
		return;
	for (size_t i = 0; i < p->customer_count; i++)
		if (slice_equal(p->customers[i], subject_id(&e->subject)))
			p->bounds[i] = seq;
	for (size_t i = 0; i < p->wipe_count; i++)
		if (subject_equal(&p->wipes[i].customer, &e->subject)) {
			p->wipes[i].seq = seq;
			return;
		}
	GROW(p->wipes, p->wipe_count);
	p->wipes[p->wipe_count++] = (struct wiped){ e->subject, seq };
}

struct slice plan_body_customer(const struct entry *e)
{
	struct reader r = reader_of(e->effect.body);
	return reader_string(&r);
}

int plan_each_entry(struct erase_plan *p, uint64_t from, void (*each)(struct erase_plan *p, uint64_t seq, const struct entry *e))
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

static void free_names(struct slice *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)list[i].data);
	free(list);
}

static void free_words(struct erase_words *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((char *)(uintptr_t)words[i].ledger.data);
		free((char *)(uintptr_t)words[i].key.data);
	}
	free(words);
}

void erase_plan_destroy(struct erase_plan *p)
{
	if (!p)
		return;
	arena_finish(&p->arena);
	free_names(p->customers, p->customer_count);
	free_names(p->aliases, p->alias_count);
	free_words(p->words, p->word_count);
	free(p->joins);
	free(p->absorbs);
	free(p->spans);
	free(p->wipes);
	free(p->anew);
	free(p->bounds);
	free(p->others);
	free(p->own);
	free(p->blank);
	free(p);
}

static int look_for_all(struct erase_plan *p, struct slice customer)
{
	bool held = false;
	int r = plan_look(p, &held);
	if (r == ERR_OK)
		r = plan_theirs(p);
	if (r == ERR_OK && !held && !p->blank_count)
		r = error_set(ERR_MISSING, "customer", "nothing is held of customer %.*s", SLICE_ARG(customer));
	p->report->aliases = p->alias_count;
	p->report->entries = p->blank_count;
	return r;
}

int erase_plan_make(struct erase_plan **out, const struct erase_sources *from, struct slice customer, uint64_t since,
		    uint64_t to, struct erase_report *report)
{
	struct erase_plan *p = must_calloc(1, sizeof(*p));
	*report = (struct erase_report){ 0 };
	p->from = *from;
	p->report = report;
	p->since = since;
	p->to = to;
	p->first_seq = journal_first(from->journal);
	arena_init(&p->arena, 0);
	plan_add_customer(p, customer);
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

uint64_t erase_plan_bound(const struct erase_plan *p, const struct subject *customer)
{
	return plan_bound(p, subject_id(customer));
}

bool erase_plan_is_customer(const struct erase_plan *p, struct slice id)
{
	return plan_is_customer(p, id);
}

bool erase_plan_is_alias(const struct erase_plan *p, struct slice id)
{
	return erasing_has(p->aliases, p->alias_count, id);
}

/* Wiped once more: what lies between was not noted as theirs. */
static bool is_wiped_again(const struct erase_plan *p, const struct entry *e)
{
	return e->kind == ENTRY_EFFECT && e->effect.kind == EFFECT_WIPE && e->subject.kind == SUBJECT_CUSTOMER &&
	       plan_bound(p, subject_id(&e->subject)) != ERASE_NOT_WIPED;
}

/* Of what came since. */
static void note_since(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	p->grew |= is_wiped_again(p, e);
	plan_wiped(p, seq, e);
	bool effect = e->kind == ENTRY_EFFECT;
	if (effect && e->effect.kind == EFFECT_MERGE && e->subject.kind == SUBJECT_CUSTOMER)
		p->grew |= plan_is_customer(p, subject_id(&e->subject)) && seq <= plan_bound(p, subject_id(&e->subject));
	if (effect && e->effect.kind == EFFECT_LINK && !erase_plan_is_alias(p, subject_id(&e->subject))) {
		struct slice customer = plan_body_customer(e);
		p->grew |= plan_is_customer(p, customer) && e->effect.source_seq <= plan_bound(p, customer);
	}
	plan_note_theirs(p, seq, e);
}

int erase_plan_extend(struct erase_plan *p, uint64_t to, bool *again)
{
	uint64_t from = p->to + 1;
	p->to = to;
	int r = from > to ? ERR_OK : plan_each_entry(p, from, note_since);
	*again = p->grew || words_left(p);
	p->report->entries = p->blank_count;
	return r;
}

bool erase_plan_has(const struct erase_plan *p, uint64_t seq)
{
	return seq < p->first_seq || erasing_has_seq(p->blank, p->blank_count, seq);
}

int erase_plan_write(const struct erase_plan *p, const char *log)
{
	uint64_t first_wiped = UINT64_MAX;
	for (size_t i = 0; i < p->customer_count; i++)
		first_wiped = p->bounds[i] < first_wiped ? p->bounds[i] : first_wiped;
	const struct erasing e = {
		.customers = p->customers,
		.customer_count = p->customer_count,
		.aliases = p->aliases,
		.alias_count = p->alias_count,
		.first_seq = p->first_seq,
		.last_seq = p->to,
		.named_seq = first_wiped,
		.wiped = true,
		.seqs = p->blank,
		.seq_count = p->blank_count,
		.words = p->words,
		.word_count = p->word_count,
		.log = log ? slice_of(log) : SLICE(""),
	};
	return erasing_write(p->from.dir, &e);
}
