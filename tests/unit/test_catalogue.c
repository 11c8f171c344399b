/* tests/unit/test_catalogue.c: goal > group > action: gates and levers above an action, the agent's skills, and the next
 * step after each outcome. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char pack[] =
	"pack { name = 't', currency = 'EUR', languages = { 'en', 'vi' }, topics = { 'leave', 'bill' },\n"
	"  levers = { goals = { grow = 0.5 } } }\n"
	"goal 'grow' { suitable = attr('angry', 'customer'):or_else(false):is(false), lever = 0.8 }\n"
	"group 'retention' { goal = 'grow', skills = { 'retention', 'billing' }, lever = 0.5,\n"
	"  eligible = attr('months', 'customer'):at_least(6) }\n"
	"group 'asked' { goal = 'serve', applicable = asked_for_it() }\n"
	"action 'stay' { group = 'retention', value = { customer = 1, business = 1 }, propensity = { start = 0.5 },\n"
	"  applicable = attr('leaving', 'customer'):is(true), say = 'Stay, {months} months are long.',\n"
	"  next = { accepted = 'Thank you, {months}.', rejected = { en = 'Then this.', vi = 'The thi cai nay.' },\n"
	"    later = { action = 'listen' }, ignored = '{nobody_knows}' } }\n"
	"action 'gift' { group = 'retention', value = { customer = 1, business = 0 }, say = 'A gift.',\n"
	"  next = { rejected = { say = 'I see.', action = 'credit' }, later = { action = 'credit' },\n"
	"    accepted = { say = 'Done.', action = 'listen' } } }\n"
	"action 'credit' { goal = 'serve', eligible = attr('credit', 'customer'):at_least(1),\n"
	"  value = { customer = 1, business = 0 }, say = 'A credit of {credit}.' }\n"
	"action 'listen' { goal = 'serve', value = { customer = 1, business = 1 }, say = 'I listen.' }\n"
	"action 'leave' { group = 'asked', asks = 'leave', value = { customer = 1, business = 0 }, say = 'Good bye.' }\n"
	"action 'pay' { group = 'asked', asks = 'bill', value = { customer = 1, business = 0 }, say = 'Pay.' }\n";

struct desk {
	struct world w;
	struct decision d;
	struct foreign_reads foreign;
	struct ask ask;
	struct record *agent;
};

static void desk_open(struct desk *k, const char *attrs)
{
	memset(k, 0, sizeof(*k));
	world_init(&k->w, pack);
	k->ask = (struct ask){ .now_ms = T0 + HOUR, .explain = true, .limit = LIMIT_RECOMMENDATIONS };
	k->agent = world_record(SUBJECT_AGENT, "linh");
	world_event(&k->w, "profile.updated", T0, attrs);
}

static void skills(struct desk *k, const char *list)
{
	record_set(k->agent, k->w.m.pool, 0, SLICE("skills"), value_string(slice_of(list)), T0);
}

static void decide(struct desk *k)
{
	struct decide_subjects subjects = { .customer = k->w.r, .agent = k->agent };
	k->foreign = (struct foreign_reads){ 0 };
	arena_reset(&k->w.m.arena);
	machine_decide(&k->w.m, &subjects, &k->ask, &k->foreign, &k->d);
}

static void desk_close(struct desk *k)
{
	record_destroy(k->agent, k->w.m.pool);
	world_finish(&k->w);
}

static const struct choice *chosen(const struct desk *k, const char *name)
{
	for (unsigned i = 0; i < k->d.choice_count; i++)
		if (world_is(str_slice(k->d.choices[i].action->name), name))
			return &k->d.choices[i];
	return NULL;
}

static void assert_fell(struct desk *k, const char *name, const char *gate, const char *reason, bool unknown)
{
	for (unsigned i = 0; i < k->d.left_out_count; i++) {
		const struct left_out *l = &k->d.left_out[i];
		if (!world_is(str_slice(l->action->name), name))
			continue;
		assert_string_equal(l->gate, gate);
		assert_string_equal(arena_slice(&k->w.m.arena, l->reason).data, reason);
		assert_int_equal(l->unknown, unknown);
		return;
	}
	fail_msg("%s was not left out", name);
}

static const struct next_words *next_of(const struct choice *c, int kind)
{
	for (unsigned i = 0; c && i < c->next_count; i++)
		if (c->next[i].kind == kind)
			return &c->next[i];
	return NULL;
}

static void all_gates_above_are_asked(void **state)
{
	struct desk k;
	desk_open(&k, "months=12 leaving=true");
	skills(&k, "billing, retention");
	decide(&k);
	const struct choice *stay = chosen(&k, "stay");
	assert_non_null(stay);
	assert_true(world_is(str_slice(stay->action->goal), "grow")); /* its group's */
	assert_float_equal(stay->lever, 0.5 * 0.8 * 0.5, 1e-12);
	assert_true(world_is(stay->reasons[0], "angry or else false is false") ||
		    strstr(arena_slice(&k.w.m.arena, stay->reasons[0]).data, "angry"));
	world_event(&k.w, "profile.updated", T0 + 1, "months=3");
	decide(&k);
	assert_fell(&k, "stay", "eligible", "group retention: customer's months is 3, needs at least 6", false);
	assert_fell(&k, "gift", "eligible", "group retention: customer's months is 3, needs at least 6", false);
	world_event(&k.w, "profile.updated", T0 + 2, "angry=true");
	decide(&k); /* the goal comes first */
	assert_fell(&k, "gift", "suitable", "goal grow: customer's angry is yes, needs to be no", false);
	desk_close(&k);
}

static void skills_gate_an_action(void **state)
{
	struct desk k;
	desk_open(&k, "months=12 leaving=true");
	decide(&k); /* nobody knows what this agent can */
	assert_fell(&k, "gift", "eligible", "group retention: agent's skills is unknown, needs to have \"retention\"; "
		    "agent's skills is unknown, needs to have \"billing\"", true);
	skills(&k, "retention;sales");
	decide(&k);
	assert_fell(&k, "gift", "eligible",
		    "group retention: agent's skills is \"retention;sales\", needs to have \"billing\"", false);
	skills(&k, "billing retention");
	decide(&k);
	assert_non_null(chosen(&k, "gift"));
	skills(&k, "billings, retention-plus"); /* words, not parts of words */
	decide(&k);
	assert_null(chosen(&k, "gift"));
	desk_close(&k);
}

static void a_group_knows_which_action_was_asked_for(void **state)
{
	struct desk k;
	desk_open(&k, "months=1");
	k.ask.intent = SLICE("leave");
	decide(&k);
	assert_non_null(chosen(&k, "leave"));
	assert_fell(&k, "pay", "applicable", "group asked: asked for it: no, needs yes", false);
	desk_close(&k);
}

static void gates_above_are_recorded_and_verified(void **state)
{
	struct desk k;
	desk_open(&k, "months=12 leaving=true");
	skills(&k, "billing,retention");
	decide(&k);
	struct decision_head head = { .boot = 1, .count = 1 };
	struct bytes b = { 0 };
	decision_encode(&head, &k.ask, &k.foreign, &k.d, &b);
	struct decision_record r;
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &k.w.m.arena), ERR_OK);
	assert_int_equal(r.foreign.count, 2); /* the two skills, once for both actions of the group */
	assert_true(decision_verify(&k.w.m, k.w.r, &r));
	world_event(&k.w, "profile.updated", T0 + 1, "months=1");
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &k.w.m.arena), ERR_OK); /* the arena was emptied */
	assert_false(decision_verify(&k.w.m, k.w.r, &r));
	bytes_finish(&b);
	desk_close(&k);
}

static void the_next_step_comes_with_the_recommendation(void **state)
{
	struct desk k;
	desk_open(&k, "months=12 leaving=true");
	skills(&k, "billing,retention");
	decide(&k);
	const struct choice *stay = chosen(&k, "stay");
	assert_int_equal(stay->next_count, 3); /* what is unknown is not said */
	assert_true(world_is(next_of(stay, OUTCOME_ACCEPTED)->say, "Thank you, 12."));
	assert_true(world_is(next_of(stay, OUTCOME_REJECTED)->say, "Then this."));
	assert_true(world_is(next_of(stay, OUTCOME_LATER)->say, "I listen.")); /* the words of where it goes on */
	assert_true(world_is(str_slice(next_of(stay, OUTCOME_LATER)->action->name), "listen"));
	k.ask.language = SLICE("vi");
	decide(&k);
	assert_true(world_is(next_of(chosen(&k, "stay"), OUTCOME_REJECTED)->say, "The thi cai nay."));
	desk_close(&k);
}

static void the_next_step_comes_with_the_outcome(void **state)
{
	struct desk k;
	struct next_words n;
	desk_open(&k, "months=12");
	struct outcome_input o = { .action = SLICE("gift"), .channel = SLICE("call"), .kind = OUTCOME_REJECTED,
				   .time_ms = T0 + HOUR };
	assert_true(machine_next(&k.w.m, k.w.r, &o, &n));
	assert_true(world_is(n.say, "I see."));
	assert_non_null(n.action); /* whether there is a credit is not known: the next recommendation tells */
	world_event(&k.w, "profile.updated", T0 + 1, "credit=0");
	assert_true(machine_next(&k.w.m, k.w.r, &o, &n));
	assert_true(world_is(n.say, "I see."));
	assert_null(n.action); /* this one they may not have */
	o.kind = OUTCOME_LATER;
	assert_false(machine_next(&k.w.m, k.w.r, &o, &n)); /* nor its words */
	o.kind = OUTCOME_ACCEPTED;
	assert_true(machine_next(&k.w.m, k.w.r, &o, &n));
	assert_true(world_is(str_slice(n.action->name), "listen"));
	o.kind = OUTCOME_SHOWN;
	assert_false(machine_next(&k.w.m, k.w.r, &o, &n));
	o.action = SLICE("unheard of");
	assert_false(machine_next(&k.w.m, k.w.r, &o, &n));
	desk_close(&k);
}

static void refused(const char *lua, const char *why)
{
	char text[2048];
	struct strpool *pool = strpool_create();
	struct bundle b = { 0 };
	struct pack *p = NULL;
	snprintf(text, sizeof(text), "pack { name = 't' }\n%s", lua);
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), slice_of(text)), ERR_OK);
	if (pack_load(&p, &b, pool) == ERR_OK)
		fail_msg("loaded: %s", lua);
	if (!strstr(error_last()->text, why))
		fail_msg("%s\nhas not: %s", error_last()->text, why);
	bundle_finish(&b);
	strpool_destroy(pool);
}

#define A "action 'a' { goal = 'g', group = 'r', value = { customer = 1, business = 1 }, say = 'x'"
static void mistakes_are_refused(void **state)
{
	refused("group 'q' { lever = 1 } " A " }", "no action has the group \"q\"");
	refused("goal 'q' { lever = 1 } " A " }", "no action has the goal \"q\"");
	refused("group 'r' { goal = 'h' } " A " }", "has the goal \"g\", but its group \"r\" has \"h\"");
	refused("action 'a' { value = { customer = 1, business = 1 }, say = 'x' }", "needs goal = ");
	refused("group 'r' { } group 'r' { } " A " }", "declared twice; first at pack.lua:2");
	refused("group 'r' { goals = 'g' } " A " }", "goal");
	refused("group 'r' { eligible = event.x:is(1) } " A " }", "a decision has no event");
	refused(A ", skills = 'two words' }", "is not one word");
	refused(A ", next = { acepted = 'x' } }", "did you mean \"accepted\"");
	refused(A ", next = { accepted = { action = 'b' } } }", "next: no action \"b\"");
	refused(A ", next = { accepted = { action = 'a', sai = 'b' } } }", "say");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_gates_above_are_asked),
		cmocka_unit_test(skills_gate_an_action),
		cmocka_unit_test(a_group_knows_which_action_was_asked_for),
		cmocka_unit_test(gates_above_are_recorded_and_verified),
		cmocka_unit_test(the_next_step_comes_with_the_recommendation),
		cmocka_unit_test(the_next_step_comes_with_the_outcome),
		cmocka_unit_test(mistakes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
