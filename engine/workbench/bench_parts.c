/* workbench/bench_parts.c: evaluates the parts of rules and actions once more, in the state that the engine has just
 * asked them in, and takes their measure. */
#include "workbench/bench.h"

#include "base/error.h"
#include "decide/text.h"

/* What is evaluated. */
struct work {
	void (*run)(struct eval *e, const struct work *w);
	const struct term *terms[2]; /* what of it is counted as terms; NULL: nothing */
	const struct rule_decl *rule;
	const struct action_decl *action;
	unsigned fact;
	bool of_context; /* a function(c) */
};

static unsigned terms_of(struct bench *b, struct eval *e, const struct work *w)
{
	b->part++;
	b->reached_count = 0;
	eval_fresh(e);
	unsigned n = bench_count_terms(b, e, w->terms[0]) + bench_count_terms(b, e, w->terms[1]);
	if (w->of_context)
		return bench_count_prepared(b, e);
	for (unsigned i = 0; w->rule && i < w->rule->set_count; i++)
		n += bench_count_terms(b, e, w->rule->sets[i].value);
	for (unsigned i = 0; w->rule && i < w->rule->add_count; i++)
		n += bench_count_terms(b, e, w->rule->adds[i].amount);
	for (unsigned i = 0; w->action && i < w->action->context_count; i++)
		n += bench_count_terms(b, e, w->action->contexts[i].when);
	return n;
}

/* Three times: for instructions and memory, for terms, against the clock. */
static void measure_alone(struct bench *b, struct bench_row *row, const struct work *w, uint8_t member)
{
	struct eval *e = b->m->eval;
	struct looking before;
	struct vm_measured used;
	look_begin(e, member, &before);
	eval_fresh(e);
	size_t arena = b->m->arena.used;
	vm_measure_begin(b->m->pack->vm);
	w->run(e, w);
	vm_measure_end(b->m->pack->vm, &used);
	samples_add(&row->instructions, used.instructions);
	samples_add(&row->bytes, used.bytes + (b->m->arena.used - arena));
	look_end(e, &before);
	look_begin(e, member, &before);
	samples_add(&row->terms, terms_of(b, e, w));
	look_end(e, &before);
	look_begin(e, member, &before);
	eval_fresh(e);
	uint64_t began = b->now_ns();
	w->run(e, w);
	uint64_t took = b->now_ns() - began;
	look_end(e, &before);
	eval_fresh(e);
	samples_add(&row->ns, took > b->clock_ns ? took - b->clock_ns : 0);
}

static void run_fact(struct eval *e, const struct work *w)
{
	eval_fact(e, w->fact);
}

/* Once an entry or decision, as the engine computes it once. */
static void measure_fact(struct bench *b, struct reached_fact reached)
{
	const struct pack *p = b->m->pack;
	struct work w = { .run = run_fact, .terms = { p->facts[reached.fact].term }, .fact = reached.fact };
	if (b->measured[reached.fact] == b->entry)
		return;
	b->measured[reached.fact] = b->entry;
	measure_alone(b, &b->rows[b->row_count - p->fact_count + reached.fact], &w, reached.member);
}

/* And the facts that it came to; measuring those makes lists of their own. */
static void measure(struct bench *b, struct bench_row *row, const struct work *w, uint8_t member)
{
	measure_alone(b, row, w, member);
	unsigned count = b->reached_count;
	struct reached_fact *reached = arena_alloc(&b->m->arena, (count + 1) * sizeof(*reached));
	if (count)
		memcpy(reached, b->reached, count * sizeof(*reached));
	for (unsigned i = 0; i < count; i++)
		measure_fact(b, reached[i]);
}

static void run_term(struct eval *e, const struct work *w)
{
	eval_term(e, w->terms[0]);
}

static void measure_term(struct bench *b, struct bench_row *row, const struct term *t, uint8_t member)
{
	const struct work w = { .run = run_term, .terms = { t } };
	measure(b, row, &w, member);
}

/* Rules. */

static int no_alert(void *arg, struct slice severity, struct slice to, struct slice text, int64_t expires_ms)
{
	return ERR_OK;
}

static int no_set(void *arg, struct slice name, struct value v)
{
	return ERR_OK;
}

static int no_add(void *arg, unsigned series, double amount)
{
	return ERR_OK;
}

static int no_nudge(void *arg, struct slice channel, struct slice goal, struct slice action)
{
	return ERR_OK;
}

static void run_when_function(struct eval *e, const struct work *w)
{
	struct vm_host host = { .arg = e, .read = eval_host_read };
	struct value held;
	eval_condition(e, w->rule->when_function, &host, &held);
}

/* What it does is only asked for: the rule has done it itself, or will. */
static void run_function(struct eval *e, const struct work *w)
{
	struct vm_host host = {
		.arg = e,
		.read = eval_host_read,
		.alert = no_alert,
		.set = no_set,
		.add = no_add,
		.nudge = no_nudge,
	};
	eval_run(e, w->rule->run, &host);
}

static void run_effect(struct eval *e, const struct work *w)
{
	const struct rule_decl *rule = w->rule;
	const struct pack *p = e->m->pack;
	for (unsigned i = 0; i < rule->set_count; i++)
		eval_term(e, rule->sets[i].value);
	for (unsigned i = 0; i < rule->add_count; i++)
		eval_term(e, rule->adds[i].amount);
	if (!rule->has_alert)
		return;
	words_fill(e, &rule->alert.to, p->language_count ? str_slice(p->languages[0]) : SLICE(""), NULL);
	phrase_fill(e, &rule->alert.say, 0, NULL);
}

static void rule_asked(void *arg, const struct rule_decl *rule, uint8_t member, struct value held)
{
	struct bench *b = arg;
	struct work w = { .rule = rule };
	if (rule->when)
		measure_term(b, bench_row_of_rule(b, rule, 0), rule->when, member);
	if (rule->when_function != TERM_NO_FUNCTION) {
		const struct work when = { .run = run_when_function, .rule = rule, .of_context = true };
		measure(b, bench_row_of_rule(b, rule, 0), &when, member);
	}
	if (!eval_is_true(held))
		return;
	if (rule->has_alert || rule->set_count || rule->add_count) {
		w.run = run_effect;
		measure(b, bench_row_of_rule(b, rule, 1), &w, b->m->eval->member);
	}
	if (rule->run != TERM_NO_FUNCTION) {
		w.run = run_function;
		w.of_context = true;
		measure(b, bench_row_of_rule(b, rule, 2), &w, b->m->eval->member);
	}
}

static void gate_asked(void *arg, const struct action_decl *action, const struct term *gate, uint8_t member,
		       struct value held)
{
}

static void policy_asked(void *arg, const struct policy_decl *policy, const struct term *condition, uint8_t member,
			 struct value held)
{
}

const struct watch bench_watch = { .rule = rule_asked, .gate = gate_asked, .policy = policy_asked };

/* Actions. */

static void run_value(struct eval *e, const struct work *w)
{
	uint8_t member = e->member;
	eval_number(e, w->terms[0]);
	e->member = member;
	eval_number(e, w->terms[1]);
}

static void run_context(struct eval *e, const struct work *w)
{
	uint8_t member = e->member;
	for (unsigned i = 0; i < w->action->context_count; i++) {
		eval_truth(e, w->action->contexts[i].when);
		e->member = member;
	}
}

static void run_words(struct eval *e, const struct work *w)
{
	bool unknown = false;
	phrase_fill(e, &e->action->say, 0, &unknown);
}

/* In the order in which the engine asks; false: it stops here. */
static bool measure_gates(struct bench *b, struct bench_row *rows, const struct term *const gates[3])
{
	struct eval *e = b->m->eval;
	for (unsigned g = 0; g < 3; g++) {
		if (!gates[g])
			continue;
		measure_term(b, &rows[g], gates[g], e->member);
		if (eval_truth(e, gates[g]) != TERNARY_TRUE)
			return false;
	}
	return true;
}

/* Its goal's and its group's, which are asked once for all of their actions: with the first. */
static bool measure_above(struct bench *b, const struct action_decl *a)
{
	const struct pack *p = b->m->pack;
	struct bench_row *rows = &b->rows[b->row_count - p->fact_count - 1 - 3 * p->above_count];
	for (unsigned i = 0; i < a->above_count; i++) {
		const struct level_decl *l = &p->above[a->above[i]];
		const struct term *const gates[] = { l->gates.eligible, l->gates.applicable, l->gates.suitable };
		bool *asked = &b->asked[a->above[i]];
		if (!*asked || l->per_action) {
			*asked = true;
			if (!measure_gates(b, &rows[3u * a->above[i]], gates))
				return false;
			continue;
		}
		for (unsigned g = 0; g < 3; g++)
			if (gates[g] && eval_truth(b->m->eval, gates[g]) != TERNARY_TRUE)
				return false;
	}
	return true;
}

static void measure_policies(struct bench *b, const struct action_decl *a, struct slice channel)
{
	const struct pack *p = b->m->pack;
	struct eval *e = b->m->eval;
	struct bench_row *rows = &b->rows[3 * p->rule_count + 6 * p->action_count];
	for (unsigned i = 0; i < a->policy_count; i++) {
		const struct policy_decl *d = &p->policies[a->policies[i]];
		if ((d->channel && !slice_equal(str_slice(d->channel), channel)) || !d->unless)
			continue;
		uint8_t member = e->member;
		measure_term(b, &rows[2u * a->policies[i]], d->unless, member);
		bool holds = eval_truth(e, d->unless) == TERNARY_TRUE;
		e->member = member;
		if (!holds)
			continue;
		if (!d->except)
			return;
		measure_term(b, &rows[2u * a->policies[i] + 1], d->except, member);
		bool excepted = eval_truth(e, d->except) == TERNARY_TRUE;
		e->member = member;
		if (!excepted)
			return;
	}
}

static void measure_worth(struct bench *b, struct bench_row *rows, const struct action_decl *a)
{
	uint8_t member = b->m->eval->member;
	const struct work value = { .run = run_value, .terms = { a->customer_value, a->business_value } };
	const struct work context = { .run = run_context, .action = a };
	measure(b, &rows[3], &value, member);
	if (a->context_count)
		measure(b, &rows[4], &context, member);
}

/* What the decision says of the action: NULL, its channel, goal or a policy left it out; else it was scored. */
static const struct choice *choice_of(const struct decision *d, const struct action_decl *a)
{
	for (unsigned i = 0; i < d->choice_count; i++)
		if (d->choices[i].action == a)
			return &d->choices[i];
	return NULL;
}

static const char *gate_of(const struct decision *d, const struct action_decl *a)
{
	for (unsigned i = 0; i < d->left_out_count; i++)
		if (d->left_out[i].action == a)
			return d->left_out[i].gate;
	return "";
}

static void measure_action(struct bench *b, const struct action_decl *a, const struct decision *d, struct slice channel,
			   uint8_t member)
{
	struct eval *e = b->m->eval;
	struct bench_row *rows = &b->rows[3 * b->m->pack->rule_count + 6 * (unsigned)(a - b->m->pack->actions)];
	const struct choice *chosen = choice_of(d, a);
	const char *gate = gate_of(d, a);
	if (strcmp(gate, "channel") == 0 || strcmp(gate, "goal") == 0)
		return;
	e->action = a;
	e->member = member;
	const struct term *const gates[] = { a->eligible, a->applicable, a->suitable };
	if (!measure_above(b, a) || !measure_gates(b, rows, gates))
		return;
	measure_policies(b, a, channel);
	if (!chosen && strcmp(gate, "rank") != 0)
		return;
	measure_worth(b, rows, a);
	if (chosen) {
		const struct work words = { .run = run_words };
		measure(b, &rows[5], &words, chosen->member);
	}
}

static void begin_context(struct eval *e, const struct decide_subjects *subjects, const struct ask *ask)
{
	eval_start(e, NULL);
	e->subject = e->customer = subjects->customer;
	e->agent = subjects->agent;
	e->area = subjects->area;
	e->ask = ask;
	e->now_ms = ask->now_ms;
}

static uint8_t member_of(struct bench *b, const struct record *customer, const struct ask *ask)
{
	if (ask->bound_member)
		return ask->bound_member <= customer->member_count ? ask->bound_member : 0;
	/* without `add`, it changes nothing */
	int member = record_member((struct record *)customer, b->m->pool, ask->member, false, 0);
	return member > 0 ? (uint8_t)member : 0;
}

void bench_measure_decision(struct bench *b, const struct decide_subjects *subjects, const struct ask *ask,
			    const struct decision *decision)
{
	const struct pack *p = b->m->pack;
	struct eval *e = b->m->eval;
	uint8_t member = member_of(b, subjects->customer, ask);
	begin_context(e, subjects, ask);
	e->member = member;
	b->asked = arena_calloc(&b->m->arena, p->above_count + 1, sizeof(*b->asked));
	if (p->balance && p->balance->op != TERM_LITERAL)
		measure_term(b, &b->rows[b->row_count - p->fact_count - 1], p->balance, member);
	for (unsigned i = 0; i < p->action_count; i++)
		measure_action(b, &p->actions[i], decision, ask->channel.len ? ask->channel : SLICE("call"), member);
	e->subject = e->customer = e->agent = e->area = NULL;
	e->ask = NULL;
	e->action = NULL;
}
