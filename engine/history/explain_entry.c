/* history/explain_entry.c: what an entry did: every rule that heard of it, on its own record and on those of the agent and
 * the area that its event was passed on to; the nudges it caused; and whether all that is what was recorded. */
#include "history/explain_parts.h"

#include "base/error.h"
#include "decide/explained.h"
#include "history/apply.h"
#include "history/find.h"
#include "history/tell.h"
#include "wire/put.h"

#include <inttypes.h>

static const char *effect_text(uint8_t kind)
{
	static const char *const texts[] = {
		"?",
		"hears of the event",
		"a tally is added to",
		"an alias names its owner from now on",
		"an alias does not name its owner any more",
		"the record joins it",
		"what was known of it as a prospect goes to its owner",
	};
	if (kind == EFFECT_WIPE)
		return "it was being erased";
	return texts[kind < sizeof(texts) / sizeof(texts[0]) ? kind : 0];
}

static struct slice what_of(struct explaining *x, const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_EVENT:
		return SLICE("an event came");
	case ENTRY_EFFECT:
		return arena_printf(&x->arena, "an effect of entry %" PRIu64 ": %s", e->effect.source_seq,
				    effect_text(e->effect.kind));
	case ENTRY_TIMER:
		return arena_printf(&x->arena, "a due time passed%s%.*s", e->timer.key.len ? ": " : "",
				    SLICE_ARG(e->timer.key));
	case ENTRY_OUTCOME:
		return SLICE("an outcome was reported");
	default:
		return SLICE("an alert was acknowledged");
	}
}

static void put_rule(struct explaining *x, const struct explained_rule *r, const struct subject *on, uint64_t entry)
{
	static const char *const abouts[] = { "customer", "member", "agent", "area" };
	struct bytes *out = x->out;
	struct wire_condition when;
	size_t mark = put_begin(out, TELLS_RULES);
	put_text(out, 1, str_slice(r->rule->name));
	put_text(out, 2, str_slice(r->rule->why));
	put_text(out, 3, slice_of(abouts[r->rule->about]));
	if (on)
		put_text(out, 4, subject_id(on));
	put_text(out, 5, r->member);
	put_text(out, 6, r->on);
	put_text(out, 7, slice_of(r->came));
	put_text(out, 8, r->why);
	tell_condition(&r->when, &x->h->machine.arena, &when);
	condition_encode(out, 9, &when);
	put_texts(out, 10, r->did, r->did_count);
	put_number(out, 11, entry);
	put_end(out, mark);
}

/* The next entry of the recalled subject, with somebody looking on. What is told lasts until the machine's next entry. */
static int apply_told(struct recall *r, struct journal_entry *je, struct entry *e, struct explained_rules *rules,
		      bool *same)
{
	int result = recall_next(r, je, e);
	if (result != 1)
		return result == 0 ? error_set(ERR_CORRUPT, NULL, "an entry is not in its subject's history") : result;
	uint64_t differing = r->proof.differing;
	explain_rules_begin(rules, &r->history->machine);
	result = recall_apply(r, je, e);
	explain_rules_end(rules);
	*same = r->proof.differing == differing;
	return result;
}

/* An agent or area that heard of it: its rules. */
static int explain_passed_on(struct explaining *x, const struct subject *target, uint64_t seq)
{
	struct recall r;
	struct journal_entry je;
	struct entry e;
	struct explained_rules rules;
	bool same;
	int result = recall_start(&r, x->h, target);
	if (result == ERR_OK)
		result = recall_to(&r, seq - 1);
	if (result == ERR_OK)
		result = apply_told(&r, &je, &e, &rules, &same);
	for (unsigned i = 0; result == ERR_OK && i < rules.count; i++)
		put_rule(x, &rules.rules[i], target, seq);
	recall_finish(&r);
	return result == ERR_MISSING ? ERR_OK : result;
}

static struct slice nudge_text(struct explaining *x, const struct nudge_request *n, uint64_t source_seq)
{
	struct journal_entry je;
	struct entry e;
	struct decision_record d;
	uint64_t seq = 0;
	if (find_caused(x->h, source_seq, n->index, &seq) != ERR_OK || !seq ||
	    history_read(x->h, seq, &je, &e) != ERR_OK ||
	    decision_decode(&d, e.decision.bytes, &x->h->arena) != ERR_OK)
		return arena_printf(&x->arena, "%s asked for a nudge on %s; its decision is not found", n->rule->data,
				    n->channel->data);
	struct slice chosen = d.chosen_count ? d.chosen[0].action : SLICE("nothing suitable");
	return arena_printf(&x->arena, "%s: decision %" PRIu64 "-%" PRIu64 " (entry %" PRIu64 ") on %s: %.*s%s%.*s",
			    n->rule->data, d.head.boot, d.head.count, seq, n->channel->data, SLICE_ARG(chosen),
			    d.chosen_count && d.chosen[0].say.len ? ": " : "",
			    SLICE_ARG(d.chosen_count ? d.chosen[0].say : SLICE("")));
}

/* What the entry caused, kept before the machine goes on to other entries. */
struct caused {
	struct slice effects[LIMIT_ENTRY_EFFECTS + LIMIT_ENTRY_COUNTS], nudges[LIMIT_ENTRY_ALERTS];
	struct subject targets[LIMIT_ENTRY_EFFECTS];
	uint32_t indexes[LIMIT_ENTRY_EFFECTS];
	unsigned effect_count, nudge_count, target_count;
};

static void keep_caused(struct explaining *x, uint64_t seq, struct caused *c)
{
	const struct applied *a = &x->h->applied;
	for (unsigned i = 0; i < a->effect_count; i++) {
		const struct effect *f = &a->effects[i];
		c->effects[c->effect_count++] =
			arena_printf(&x->arena, "%s %.*s: %s", subject_kind_name(f->target.kind),
				     SLICE_ARG(subject_id(&f->target)), effect_text(f->kind));
		if (f->kind != EFFECT_EVENT)
			continue;
		c->targets[c->target_count] = f->target;
		c->indexes[c->target_count++] = f->index;
	}
	for (unsigned i = 0; i < a->nudge_count; i++)
		c->nudges[c->nudge_count++] = nudge_text(x, &a->nudges[i], seq);
}

static void put_entry(struct explaining *x, const struct journal_entry *je, const struct entry *e,
		      const struct caused *c, bool same)
{
	struct bytes *out = x->out;
	size_t mark = put_begin(out, TELLS_ENTRY);
	put_number(out, 1, je->seq);
	put_text(out, 2, slice_of(entry_kind_name(je->kind)));
	put_number(out, 3, (uint64_t)je->received_at_ms);
	if (e->kind == ENTRY_EVENT)
		put_text(out, 4, e->event.raw);
	else if (e->kind == ENTRY_EFFECT && e->effect.kind == EFFECT_EVENT)
		put_text(out, 4, e->effect.body);
	put_text(out, 5, what_of(x, e));
	if (e->kind == ENTRY_EFFECT)
		put_number(out, 6, e->effect.source_seq);
	put_number(out, 7, same);
	put_texts(out, 9, c->effects, c->effect_count);
	put_texts(out, 10, c->nudges, c->nudge_count);
	put_end(out, mark);
}

static int told(struct explaining *x, uint64_t seq)
{
	struct journal_entry je, again;
	struct entry e;
	struct explained_rules rules;
	struct caused *c = arena_calloc(&x->arena, 1, sizeof(*c));
	bool same;
	int result = recall_to(&x->recall, seq - 1);
	if (result == ERR_OK)
		result = apply_told(&x->recall, &je, &e, &rules, &same);
	if (result != ERR_OK)
		return result;
	x->now_ms = je.received_at_ms;
	for (unsigned i = 0; i < rules.count; i++)
		put_rule(x, &rules.rules[i], NULL, 0);
	keep_caused(x, seq, c);
	result = history_read(x->h, seq, &again, &e);
	if (result != ERR_OK)
		return result;
	put_entry(x, &again, &e, c, same);
	for (unsigned i = 0; i < c->target_count && result == ERR_OK; i++) {
		uint64_t at;
		result = find_caused(x->h, seq, c->indexes[i], &at);
		if (result == ERR_OK && at)
			result = explain_passed_on(x, &c->targets[i], at);
	}
	arena_reset(&x->h->machine.arena);
	return result == ERR_OK ? explain_head(x, "entry", seq, "entry", same) : result;
}

int explain_entry(struct explaining *x, uint64_t seq)
{
	struct journal_entry je;
	struct entry e;
	x->seq = seq;
	int result = history_read(x->h, seq, &je, &e);
	if (result != ERR_OK)
		return result;
	if (je.blanked)
		return error_set(ERR_MISSING, "entry", "entry %" PRIu64 " was erased: what it did is not known any more", seq);
	if (e.kind == ENTRY_DECISION)
		return explain_decision(x, seq);
	if (e.subject.kind == SUBJECT_NONE)
		return error_set(ERR_INVALID, "entry",
				 "entry %" PRIu64 " is of kind %s: it is about nobody, so there is nothing to explain", seq,
				 entry_kind_name(e.kind));
	struct subject subject = e.subject;
	result = recall_start(&x->recall, x->h, &subject);
	return result == ERR_OK ? told(x, seq) : result;
}
