/* history/explain_decision.c: a past decision: the customer's record as it was then, the decision made anew with what it
 * read of others, compared bit by bit, and explained whole. */
#include "history/explain_parts.h"

#include "base/check.h"
#include "base/error.h"
#include "wire/decision.h"
#include "wire/put.h"

#include <inttypes.h>

/* What the decision read of others, by what it is: explaining reads it again, in another order. */
struct recalled_reads {
	struct foreign_reads *foreign;
	struct recalled_read {
		uint64_t what;
		struct value value;
	} *reads;
	unsigned count;
};

static void look(void *arg, uint64_t what, struct value own, struct value *v)
{
	struct recalled_reads *r = arg;
	if (r->foreign->next <= r->foreign->count) { /* the decision itself reads */
		r->reads[r->count++] = (struct recalled_read){ what, *v };
		return;
	}
	*v = own;
	for (unsigned i = 0; i < r->count; i++)
		if (r->reads[i].what == what)
			*v = r->reads[i].value;
}

static void put_ask(struct explaining *x, const struct ask *ask)
{
	size_t mark = put_begin(x->out, 11);
	put_text(x->out, 1, subject_id(&x->recall.subject));
	put_text(x->out, 3, ask->member);
	put_text(x->out, 4, ask->agent);
	put_text(x->out, 5, ask->channel);
	put_text(x->out, 6, ask->intent);
	put_text(x->out, 7, ask->topic);
	if (ask->has_mood)
		put_double(x->out, 8, ask->mood);
	put_number(x->out, 9, ask->has_mood);
	put_text(x->out, 10, ask->language);
	put_number(x->out, 11, ask->limit);
	put_number(x->out, 13, (uint64_t)ask->now_ms);
	for (size_t i = 0; i < ask->attr_count; i++)
		put_attribute(x->out, 15, ask->attrs[i].name, ask->attrs[i].value);
	put_end(x->out, mark);
}

static void put_recorded(struct explaining *x, const struct decision_record *d, uint64_t seq, bool same)
{
	char id[DECISION_TEXT_BYTES];
	size_t mark = put_begin(x->out, TELLS_DECISION);
	put_text(x->out, 1, decision_format(d->head.boot, d->head.count, id));
	put_number(x->out, 2, seq);
	put_number(x->out, 3, d->head.customer_seq);
	put_number(x->out, 4, d->head.nudge);
	put_text(x->out, 5, d->head.rule);
	put_number(x->out, 6, d->head.source_seq);
	put_number(x->out, 7, d->fallback);
	put_number(x->out, 8, same && !d->fallback);
	put_number(x->out, 9, d->foreign.count);
	for (unsigned i = 0; i < d->chosen_count; i++) {
		const struct decision_chosen *c = &d->chosen[i];
		struct wire_choice choice = { .action = c->action,
					      .say = c->say,
					      .score = c->score,
					      .propensity = c->propensity,
					      .value = c->value,
					      .context = c->context,
					      .lever = c->lever };
		choice_encode(x->out, 10, &choice);
	}
	put_ask(x, &d->ask);
	put_end(x->out, mark);
}

/* Made anew with reasons. What it read of others comes from its record, the rest from theirs as of then. */
static void decide_again(struct explaining *x, const struct decision_record *d, uint64_t seq)
{
	struct decision *out = arena_alloc(&x->arena, sizeof(*out));
	struct foreign_reads foreign = d->foreign;
	struct recalled_reads reads = { .foreign = &foreign };
	struct decide_subjects subjects = { .customer = x->recall.record };
	struct ask ask = d->ask;
	subjects.agent = explain_other(x, &x->agent, SUBJECT_AGENT, ask.agent, seq);
	subjects.area = explain_area(x, x->recall.record, seq);
	if (d->foreign.models)
		subjects.models = explain_models(x, seq, seq);
	CHECK(packs_use(x->h->packs, &x->h->machine, seq, NULL) == ERR_OK); /* it did a moment ago */
	reads.reads = arena_alloc(&x->arena, (foreign.count + 1) * sizeof(reads.reads[0]));
	ask.explain = true;
	foreign.play = true;
	foreign.next = 0;
	foreign.look = look;
	foreign.arg = &reads;
	arena_reset(&x->h->machine.arena);
	machine_decide(&x->h->machine, &subjects, &ask, &foreign, out);
	explain_recommendation(x, out, d->head.boot, d->head.count, ask.channel);
}

static void put_note(struct explaining *x, const char *text)
{
	put_text(x->out, TELLS_NOTES, slice_of(text));
}

int explain_decision(struct explaining *x, uint64_t seq)
{
	struct journal_entry je;
	struct entry e;
	struct decision_record d;
	int result = history_read(x->h, seq, &je, &e);
	if (result != ERR_OK)
		return result;
	struct subject subject = e.subject;
	struct slice bytes = arena_slice(&x->arena, e.decision.bytes);
	result = decision_decode(&d, bytes, &x->arena);
	if (result != ERR_OK)
		return error_prefix("entry %" PRIu64, seq);
	x->seq = d.head.customer_seq;
	x->now_ms = d.ask.now_ms;
	/* Of somebody nothing was known of, nothing is to be recalled. */
	if (x->seq)
		result = recall_start(&x->recall, x->h, &subject);
	else
		x->recall = (struct recall){ .history = x->h, .subject = subject, .record = record_create(&subject) };
	if (result == ERR_OK)
		result = recall_to(&x->recall, x->seq);
	if (result == ERR_OK)
		result = packs_use(x->h->packs, &x->h->machine, seq, NULL);
	if (result != ERR_OK)
		return result;
	arena_reset(&x->h->machine.arena);
	bool same = x->recall.record->seq == x->seq && decision_verify(&x->h->machine, x->recall.record, &d);
	result = explain_head(x, "decision", seq, d.fallback ? NULL : "decision", same);
	if (result != ERR_OK)
		return result;
	put_recorded(x, &d, seq, same);
	if (d.fallback)
		put_note(x, "the deadline passed, and the pack's fallback was the answer: that is not recomputed. What follows is "
			    "what would have been recommended in time");
	decide_again(x, &d, seq);
	return ERR_OK;
}
