/* decide/eval.c: a context's life and the facts' cache. Terms are evaluated in eval_term.c; what reads state is in
 * eval_read.c and eval_series.c, what reads the event or request in eval_occasion.c, what calls Lua in eval_call.c. */
#include "decide/eval.h"

#include "base/check.h"
#include "decide/stage.h"

#include <stdlib.h>

struct eval *eval_create(struct machine *m)
{
	struct eval *e = must_calloc(1, sizeof(*e));
	e->m = m;
	e->stage = must_calloc(1, sizeof(*e->stage));
	return e;
}

void eval_destroy(struct eval *e)
{
	if (!e)
		return;
	eval_let_go(e);
	free(e->facts);
	free(e->reads);
	free(e->calling_facts);
	free(e->stage);
	bytes_finish(&e->text);
	bytes_finish(&e->trail);
	free(e);
}

static uint8_t term_flags(const struct eval *e, const struct pack *p, const struct term *t)
{
	uint8_t flags = 0;
	if (!t)
		return 0;
	switch (t->op) {
	case TERM_FACT:
		return e->facts[t->fact].flags;
	case TERM_ASKED:
		return FACT_ASKED;
	case TERM_ATTR:
		flags = t->scope == SCOPE_MEMBER ? FACT_BOUND | FACT_OF_MEMBER : FACT_BOUND;
		break;
	case TERM_SERIES:
		flags = p->series[t->series.index].about == ABOUT_MEMBER ? FACT_BOUND | FACT_OF_MEMBER : FACT_BOUND;
		for (unsigned i = 0; t->series.key && i < p->series[t->series.index].by_count; i++)
			flags |= term_flags(e, p, t->series.key[i]);
		break;
	case TERM_CASE:
		flags = p->cases[t->open_case.index].about == ABOUT_MEMBER ? FACT_BOUND | FACT_OF_MEMBER : 0;
		break;
	case TERM_OPEN_ALERT: case TERM_NAME: case TERM_ANY_MEMBER:
		flags = FACT_BOUND;
		break;
	case TERM_CALL: /* function(c) may read anything */
		flags = t->call.context ? FACT_CALLS | FACT_BOUND | FACT_ASKED : FACT_CALLS;
		break;
	default:
		break;
	}
	for (unsigned i = 0; i < t->child_count; i++)
		flags |= term_flags(e, p, t->children[i]);
	if (t->op == TERM_RELATIONSHIP) /* of the customer, whoever is bound */
		return flags & (uint8_t)~(FACT_BOUND | FACT_OF_MEMBER);
	return t->op == TERM_ANY_MEMBER ? flags & ~FACT_OF_MEMBER : flags;
}

void eval_set_pack(struct eval *e, const struct pack *pack)
{
	free(e->facts);
	e->facts = must_calloc(pack->fact_count + 1, sizeof(*e->facts));
	free(e->calling_facts);
	e->calling_facts = must_calloc(pack->fact_count + 1, sizeof(*e->calling_facts));
	e->calling_fact_count = 0;
	e->stamp = 0;
	eval_set_reads(e, pack);
	/* A fact stands on facts declared before it, whose flags are then known. */
	for (unsigned i = 0; i < pack->fact_count; i++) {
		e->facts[i].flags = term_flags(e, pack, pack->facts[i].term);
		if (e->facts[i].flags & FACT_CALLS)
			e->calling_facts[e->calling_fact_count++] = i;
	}
}

/* The stamps went round: old slots must not look new. */
static void reads_forget(struct eval *e)
{
	for (unsigned i = 0; i < e->m->pack->read_count; i++)
		e->reads[i].event.stamp = e->reads[i].request.stamp = 0;
	e->occasion = 1;
}

static void occasion_fresh(struct eval *e)
{
	if (++e->occasion == 0)
		reads_forget(e);
}

void eval_occasion(struct eval *e, const struct event *event, uint8_t member)
{
	if (event != e->event)
		occasion_fresh(e);
	e->event = event;
	e->member = member;
	eval_fresh(e);
}

void eval_start(struct eval *e, const struct apply_input *in)
{
	e->subject = e->customer = e->agent = e->area = NULL;
	e->event = NULL;
	e->ask = NULL;
	e->action = NULL;
	e->foreign = NULL;
	e->member = 0;
	e->touched = NULL;
	e->touched_count = e->touched_cap = 0;
	e->replay = in && in->replay;
	vm_relax(e->m->pack->vm, e->replay);
	e->skip = e->replay ? in->aborted : (struct aborted_calls){ 0 };
	e->skip_next = e->call_count = 0;
	e->aborted_calls = NULL;
	e->aborted_count = e->aborted_cap = 0;
	e->aborted = e->calling = false;
	bytes_clear(&e->trail);
	occasion_fresh(e);
	eval_fresh(e);
}

struct str *eval_hold(struct eval *e, struct slice text)
{
	if (text.len == 0)
		return NULL;
	CHECK(e->held_count < sizeof(e->held) / sizeof(e->held[0]));
	return e->held[e->held_count++] = strpool_take(e->m->pool, text);
}

void eval_let_go(struct eval *e)
{
	while (e->held_count)
		strpool_drop(e->m->pool, e->held[--e->held_count]);
}

void eval_fresh(struct eval *e)
{
	if (++e->stamp == 0) { /* the stamps went round: old slots must not look new */
		for (unsigned i = 0; i < e->m->pack->fact_count; i++)
			e->facts[i].stamp = 0;
		e->stamp = 1;
	}
}

void eval_fact_anew(struct eval *e, unsigned fact)
{
	struct fact_slot *slot = &e->facts[fact];
	bool aborted_before = e->aborted;
	uint8_t member = e->member;
	e->aborted = false;
	struct value v = eval_term(e, e->m->pack->facts[fact].term);
	slot->value = v;
	slot->member = member;
	slot->bound = e->member;
	slot->action = e->action;
	slot->aborted = e->aborted;
	slot->stamp = e->stamp;
	e->aborted |= aborted_before;
}
