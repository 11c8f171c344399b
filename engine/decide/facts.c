/* decide/facts.c: what the facts of a pack are worth for one record: what `customer show` shows beside the state. */
#include "decide/eval.h"

static void fact_add(struct machine *m, struct fact_value *out, unsigned *count, unsigned fact, uint8_t member)
{
	struct eval *e = m->eval;
	e->member = member;
	struct value v = eval_fact(e, fact);
	out[(*count)++] = (struct fact_value){
		.name = str_slice(m->pack->facts[fact].name), .value = v,
		.member = member ? record_member_id(e->customer, member) : SLICE(""),
	};
	e->member = 0;
}

unsigned machine_facts(struct machine *m, const struct record *record, int64_t now_ms, struct fact_value **out)
{
	struct eval *e = m->eval;
	unsigned count = 0, facts = m->pack->fact_count;
	eval_start(e, NULL);
	e->subject = record;
	e->customer = record->subject.kind == SUBJECT_CUSTOMER ? record : NULL;
	e->agent = record->subject.kind == SUBJECT_AGENT ? record : NULL;
	e->area = record->subject.kind == SUBJECT_AREA ? record : NULL;
	e->now_ms = now_ms;
	*out = arena_alloc(&m->arena, ((size_t)facts * (record->member_count + 1u) + 1) * sizeof(**out));
	for (unsigned i = 0; i < facts; i++) {
		if (!(e->facts[i].flags & FACT_OF_MEMBER) || !e->customer) {
			fact_add(m, *out, &count, i, 0);
			continue;
		}
		for (unsigned k = 1; k <= record->member_count; k++)
			fact_add(m, *out, &count, i, (uint8_t)k);
	}
	e->subject = e->customer = e->agent = e->area = NULL;
	return count;
}
