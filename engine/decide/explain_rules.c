/* decide/explain_rules.c: what every rule did that heard of an entry, written down while it is applied (decide/watch.h): the
 * condition at the moment it is asked, with the context in place; what came of it when the rule is through. */
#include "decide/applying.h"
#include "decide/deciding.h"
#include "decide/explained.h"

#include "decide/text.h"

static const struct ask nobody_asks;

static struct explained_rule *row_of(struct explained_rules *x, const struct rule_decl *rule, uint8_t member)
{
	struct machine *m = x->m;
	struct eval *e = m->eval;
	if (x->count == x->cap) {
		unsigned cap = x->cap ? 2 * x->cap : 16;
		struct explained_rule *grown = arena_alloc(&m->arena, cap * sizeof(*grown));
		if (x->count)
			memcpy(grown, x->rules, x->count * sizeof(*grown));
		x->rules = grown;
		x->cap = cap;
	}
	struct explained_rule *row = &x->rules[x->count++];
	*row = (struct explained_rule){ .rule = rule, .came = "held", .when = { .name = SLICE("when"), .state = "open" } };
	if (e->event)
		row->on = arena_slice(&m->arena, e->event->type);
	if (member && e->customer)
		row->member = arena_slice(&m->arena, record_member_id(e->customer, member));
	return row;
}

/* While the condition is asked: a function's answer is all that is known of it. */
static void asked(void *arg, const struct rule_decl *rule, uint8_t member, struct value held)
{
	struct explained_rules *x = arg;
	struct eval *e = x->m->eval;
	struct deciding d = { .m = x->m, .e = e, .ask = &nobody_asks };
	struct explained_rule *row = row_of(x, rule, member);
	struct looking before;
	look_begin(e, member, &before);
	if (rule->when)
		explain_condition(&d, rule->when, &row->when);
	if (rule->when_function != TERM_NO_FUNCTION) {
		row->when.state = held.kind != VALUE_BOOL ? "unknown" : held.boolean ? "passed" : "held";
		row->when.text = arena_printf(&x->m->arena, "%.*s%sthe function at %s:%d", SLICE_ARG(row->when.text),
					      row->when.text.len ? " and " : "", rule->file, rule->line);
	}
	look_end(e, &before);
}

static void add_did(struct explained_rules *x, struct explained_rule *row, unsigned cap, struct bytes *b)
{
	if (!row->did)
		row->did = arena_alloc(&x->m->arena, cap * sizeof(*row->did));
	row->did[row->did_count++] = arena_slice(&x->m->arena, bytes_slice(b));
	bytes_clear(b);
}

static void nudge_text(const struct staged_nudge *n, bool decided, struct bytes *b)
{
	bytes_printf(b, "nudge on %.*s", SLICE_ARG(n->channel));
	if (n->goal.len)
		bytes_printf(b, " of goal %.*s", SLICE_ARG(n->goal));
	if (n->action.len)
		bytes_printf(b, " with %.*s", SLICE_ARG(n->action));
	if (!decided)
		bytes_printf(b, ": not asked for, since history is not nudged about");
}

/* From the stage, which still has what the rule wanted. */
static void did(struct explained_rules *x, struct explained_rule *row, bool historical)
{
	const struct stage *s = x->m->eval->stage;
	const struct pack *p = x->m->pack;
	unsigned cap = s->alert_count + s->nudge_count + s->set_count + s->add_count + 1;
	struct bytes b = { 0 };
	for (unsigned i = 0; i < s->alert_count; i++) {
		const struct staged_alert *a = &s->alerts[i];
		bytes_printf(&b, "%.*s alert to %.*s%s: %.*s", SLICE_ARG(a->severity), SLICE_ARG(a->to),
			     historical ? " (historical: recorded, not pushed)" : "", SLICE_ARG(a->text));
		add_did(x, row, cap, &b);
	}
	for (unsigned i = 0; i < s->nudge_count; i++) {
		nudge_text(&s->nudges[i], !historical, &b);
		add_did(x, row, cap, &b);
	}
	for (unsigned i = 0; i < s->set_count; i++) {
		bytes_printf(&b, "sets %.*s to ", SLICE_ARG(s->sets[i].text));
		value_explain(s->sets[i].value, &b);
		add_did(x, row, cap, &b);
	}
	for (unsigned i = 0; i < s->add_count; i++) {
		char number[32];
		bytes_printf(&b, "adds %s to %s", number_text(s->adds[i].amount, number),
			     p->series[s->adds[i].series].name->data);
		add_did(x, row, cap, &b);
	}
	bytes_finish(&b);
}

static struct slice why(struct explained_rules *x, const struct explained_rule *row, enum rule_came came,
			const struct rule_told *told)
{
	struct arena *a = &x->m->arena;
	char ago[32], once[32];
	switch (came) {
	case CAME_ONCE:
		return arena_printf(a, "it fired %.*s before, and fires once in %.*s",
				    SLICE_ARG(span_text((struct span){ SPAN_EXACT, told->since_ms }, ago)),
				    SLICE_ARG(span_text(row->rule->once_per, once)));
	case CAME_FAILED:
		return arena_slice(a, slice_of(told->error));
	case CAME_ASIDE:
		return SLICE("it was set aside, since it kept failing");
	case CAME_NOBODY:
		return SLICE("it is about members, and the event names none");
	case CAME_FIRED:
		return SLICE("");
	default:
		return row->when.missing.len ? row->when.missing : SLICE("its function did not return true");
	}
}

static void done(void *arg, const struct rule_decl *rule, uint8_t member, enum rule_came came,
		 const struct rule_told *told)
{
	static const char *const names[] = { "held", "unknown", "fired", "once", "failed", "aside", "nobody" };
	struct explained_rules *x = arg;
	struct explained_rule *row = x->count ? &x->rules[x->count - 1] : NULL;
	if (came == CAME_ASIDE || came == CAME_NOBODY || !row || row->rule != rule)
		row = row_of(x, rule, member);
	row->came = names[came];
	row->why = why(x, row, came, told);
	if (came == CAME_FIRED)
		did(x, row, told->historical);
}

static void gate_asked(void *arg, const struct action_decl *action, const struct term *gate, uint8_t member,
		       struct value held)
{
}

static void policy_asked(void *arg, const struct policy_decl *policy, const struct term *condition, uint8_t member,
			 struct value held)
{
}

void explain_rules_begin(struct explained_rules *x, struct machine *m)
{
	*x = (struct explained_rules){ .m = m, .watch = { x, asked, gate_asked, policy_asked, done } };
	m->eval->watch = &x->watch;
}

void explain_rules_end(struct explained_rules *x)
{
	x->m->eval->watch = NULL;
}
