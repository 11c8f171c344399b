/* history/erase_theirs.c: see erase.h: which entries are theirs: their own, and what those did to others. In the order of the
 * journal: what an entry caused comes behind it. */
#include "decide/wipe.h"
#include "history/erase_parts.h"

#include <string.h>

static bool in_span(const struct erase_plan *p, uint64_t seq, const struct subject *s)
{
	for (size_t i = 0; i < p->span_count; i++)
		if (seq > p->spans[i].from && seq <= p->spans[i].to && subject_equal(&p->spans[i].prospect, s))
			return true;
	return false;
}

static bool is_own(const struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	struct slice id = subject_id(&e->subject);
	if (e->subject.kind != SUBJECT_CUSTOMER)
		return false;
	return plan_is_customer(p, id) ? seq <= plan_bound(p, id) : in_span(p, seq, &e->subject);
}

/* An entry of theirs, or of what theirs did to others; or one that is not kept, of which nobody can tell. */
static bool of_theirs(const struct erase_plan *p, uint64_t seq)
{
	return seq < p->first_seq || erasing_has_seq(p->own, p->own_count, seq) ||
	       erasing_has_seq(p->blank, p->blank_count, seq);
}

static bool theirs_by(const struct erase_plan *p, struct slice customer, uint64_t source_seq)
{
	return plan_is_customer(p, customer) && source_seq <= plan_bound(p, customer);
}

static bool is_owned_anew(const struct erase_plan *p, const struct subject *alias, struct slice customer)
{
	for (size_t i = 0; i < p->anew_count; i++)
		if (subject_equal(&p->anew[i].alias, alias) && slice_equal(p->anew[i].customer, customer))
			return true;
	return false;
}

static void note_owned_anew(struct erase_plan *p, const struct subject *alias, struct slice customer)
{
	for (size_t i = 0; i < p->customer_count; i++)
		if (slice_equal(p->customers[i], customer) && !is_owned_anew(p, alias, customer)) {
			GROW(p->anew, p->anew_count);
			p->anew[p->anew_count++] = (struct owned_anew){ *alias, p->customers[i] };
		}
}

struct at {
	struct erase_plan *plan;
	const struct subject *alias;
	uint64_t seq;
};

/* What somebody has is theirs until they are wiped. What they lost is theirs whenever it was said, but where somebody new had
 * it: that one's entries stay, and replay must lose it again, as those who lived did. */
static bool is_theirs(const void *arg, struct slice customer, bool stays)
{
	const struct at *at = arg;
	if (!plan_is_customer(at->plan, customer))
		return false;
	if (!stays)
		return !is_owned_anew(at->plan, at->alias, customer);
	bool theirs = at->seq <= plan_bound(at->plan, customer);
	if (!theirs)
		note_owned_anew(at->plan, at->alias, customer);
	return theirs;
}

static bool tells_of_link(struct erase_plan *p, const struct entry *e)
{
	struct slice customer = plan_body_customer(e);
	bool theirs = theirs_by(p, customer, e->effect.source_seq);
	if (!theirs && e->effect.kind == EFFECT_LINK)
		note_owned_anew(p, &e->subject, customer);
	return theirs;
}

/* An effect on somebody else that says something of the customer. Sums say nothing, but for their words. */
static bool tells_of(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	if (e->kind != ENTRY_EFFECT)
		return false;
	uint8_t kind = e->effect.kind;
	uint64_t source = e->effect.source_seq;
	if (kind == EFFECT_LINK || kind == EFFECT_UNLINK)
		return tells_of_link(p, e);
	if (kind == EFFECT_ABSORB) /* its source is the alias's link */
		return plan_is_customer(p, plan_body_customer(e)) && of_theirs(p, source);
	if (kind == EFFECT_WIPE)
		return e->subject.kind == SUBJECT_ALIAS &&
		       wipe_links_name(e->effect.body, is_theirs, &(struct at){ p, &e->subject, seq });
	if (kind == EFFECT_COUNT && plan_is_customer(p, e->effect.customer)) {
		words_taken(p, e);
		return true;
	}
	if (theirs_by(p, e->effect.customer, source))
		return true;
	if (!erasing_has_seq(p->own, p->own_count, source))
		return false;
	if (kind == EFFECT_COUNT)
		return words_counted(p, e);
	return kind != EFFECT_LEARN && kind != EFFECT_TALLY;
}

/* The past of a prospect of theirs was still on its way when the record was wiped: that is to be done again. */
static void note_late(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	struct slice id = subject_id(&e->subject);
	if (e->kind != ENTRY_EFFECT || e->effect.kind != EFFECT_MERGE || !plan_is_customer(p, id) || seq <= plan_bound(p, id))
		return;
	uint64_t source = e->effect.source_seq;
	if (!erasing_has_seq(p->own, p->own_count, source) && !erasing_has_seq(p->blank, p->blank_count, source))
		return;
	for (size_t i = 0; i < p->customer_count; i++)
		if (slice_equal(p->customers[i], id))
			p->bounds[i] = ERASE_NOT_WIPED;
	p->grew = true;
}

void plan_note_theirs(struct erase_plan *p, uint64_t seq, const struct entry *e)
{
	note_late(p, seq, e);
	bool own = is_own(p, seq, e);
	if (own) {
		GROW(p->own, p->own_count);
		p->own[p->own_count++] = seq;
	}
	if (!own && !tells_of(p, seq, e)) {
		struct erasing names = { .customers = p->customers, .customer_count = p->customer_count };
		p->report->mentions += e->kind == ENTRY_EVENT && erasing_names(&names, e->event.raw);
		return;
	}
	plan_add_other(p, &e->subject);
	GROW(p->blank, p->blank_count);
	p->blank[p->blank_count++] = seq;
}

int plan_theirs(struct erase_plan *p)
{
	return plan_each_entry(p, 0, plan_note_theirs);
}
