/* tests/unit/test_explained.c: a decision's actions and an event's rules explained whole. */
#include "decide_world.h"

#include "decide/explained.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char source[] =
	"pack { name = 't', topics = { 'bill' } }\n"
	"local calls = series { on = 'call', name = 'calls' }\n"
	"fact.calls = calls:count '7d'\n"
	"policy { per = 'action', at_most = { offered = 1, within = '30d' } }\n"
	"rule 'often' { why = 'w', on = 'call', when = fact.calls:at_least(2), once_per = '1d',\n"
	"  alert = { severity = 'high', to = 'care', say = '{calls} calls' }, set = { busy = true } }\n"
	"rule 'line' { about = 'member', on = 'call', alert = { to = 'care', say = 'x' } }\n"
	"rule 'vip' { on = 'call', when = attr('vip'):is(true), alert = { to = 'care', say = 'x' } }\n"
	"action 'small' { goal = 'g', value = { customer = 0.2, business = 0.4 }, propensity = { start = 0.5 }, say = 'x' }\n"
	"action 'big' { goal = 'g', value = { customer = 1, business = 1 }, propensity = { start = 0.5 },\n"
	"  eligible = attr('lines'):at_least(3), suitable = attr('plan'):is_not 'large', say = 'x' }\n"
	"action 'tiny' { goal = 'g', value = { customer = 0.1, business = 0.1 }, propensity = { start = 0.5 }, say = 'x' }\n"
	"action 'web-only' { goal = 'g', channels = { 'web' }, value = { customer = 1, business = 0 },\n"
	"  propensity = { start = 0.1 }, say = 'x' }\n";

static const struct explained_action *named(const struct decision *d, const char *name)
{
	for (unsigned i = 0; i < d->explained_count; i++)
		if (world_is(str_slice(d->explained[i].action->name), name))
			return &d->explained[i];
	fail_msg("%s is not explained", name);
	return NULL;
}

static void is(struct slice got, const char *wanted)
{
	if (!world_is(got, wanted))
		fail_msg("\n tells:  %.*s\n wanted: %s", SLICE_ARG(got), wanted);
}

static void every_action_says_what_it_lacks(void **state)
{
	static struct decision d;
	struct world w;
	world_init(&w, source);
	world_event(&w, "profile.updated", T0, "lines=2 plan=large");
	struct foreign_reads foreign = { 0 };
	struct ask ask = { .now_ms = T0 + HOUR, .explain = true, .limit = 1 };
	struct decide_subjects subjects = { .customer = w.r };
	arena_reset(&w.m.arena);
	machine_decide(&w.m, &subjects, &ask, &foreign, &d);
	assert_int_equal(d.explained_count, 4);
	const struct explained_action *a = named(&d, "small");
	assert_int_equal(a->rank, 1);
	assert_int_equal(a->to_win.len, 0);
	assert_true(a->score > 0.1499 && a->score < 0.1501 && a->customer_value == 0.2 && a->business_value == 0.4);
	assert_string_equal(a->policies[0].state, "passed");
	is(a->policies[0].text, "0 offered in 30 days, of 1");
	a = named(&d, "big"); /* the gates behind the one at which it fell are told too */
	assert_string_equal(a->gate, "eligible");
	assert_string_equal(a->gates[2].state, "held");
	is(a->gates[2].text, "lines 2 at least 3");
	assert_int_equal(a->gates[2].value_count, 1);
	is(a->gates[2].values[0].name, "lines");
	assert_true(a->gates[2].values[0].value.number == 2);
	assert_string_equal(a->gates[3].state, "open");
	assert_string_equal(a->gates[4].state, "held");
	is(a->to_win, "eligible: lines is 2, needs at least 3; and suitable: plan is \"large\", needs not to be \"large\"; "
		      "with its score of 0.5 it would then be number 1");
	a = named(&d, "tiny");
	assert_string_equal(a->gate, "rank");
	is(a->to_win, "a score over 0.15, that of small: 0.1 is missing to its 0.05, or 3 times any part of it");
	a = named(&d, "web-only");
	assert_string_equal(a->gates[0].state, "held");
	is(a->gates[0].missing, "channel web, and it is call");
	world_finish(&w);
}

static const struct explained_rule *rule_named(const struct explained_rules *x, const char *name)
{
	for (unsigned i = 0; i < x->count; i++)
		if (world_is(str_slice(x->rules[i].rule->name), name))
			return &x->rules[i];
	fail_msg("%s is not told of", name);
	return NULL;
}

static void call(struct world *w, struct explained_rules *x, int64_t time_ms)
{
	explain_rules_begin(x, &w->m);
	world_event(w, "call", time_ms, "");
	explain_rules_end(x);
}

static void every_rule_says_what_came_of_it(void **state)
{
	struct explained_rules x;
	struct world w;
	world_init(&w, source);
	call(&w, &x, T0);
	assert_int_equal(x.count, 3);
	const struct explained_rule *r = rule_named(&x, "often");
	assert_string_equal(r->came, "held");
	is(r->why, "calls is 1, needs at least 2");
	is(r->on, "call");
	assert_string_equal(rule_named(&x, "line")->came, "nobody");
	r = rule_named(&x, "vip");
	assert_string_equal(r->came, "unknown");
	assert_string_equal(r->when.state, "unknown");
	call(&w, &x, T0 + 1000);
	r = rule_named(&x, "often");
	assert_string_equal(r->came, "fired");
	is(r->when.text, "calls 2 at least 2");
	assert_int_equal(r->did_count, 2);
	is(r->did[0], "high alert to care: 2 calls");
	is(r->did[1], "sets busy to true");
	call(&w, &x, T0 + 2000);
	r = rule_named(&x, "often");
	assert_string_equal(r->came, "once");
	is(r->why, "it fired 1 second before, and fires once in 24 hours");
	machine_set_aside(&w.m, SLICE("often"));
	call(&w, &x, T0 + 3000);
	assert_string_equal(rule_named(&x, "often")->came, "aside");
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_says_what_it_lacks),
		cmocka_unit_test(every_rule_says_what_came_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
