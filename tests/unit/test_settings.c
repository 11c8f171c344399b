/* tests/unit/test_settings.c: settings.conf: what it says reaches the pack, and what it must not say is refused. */
#include "decide_world.h"

#include "script/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define ACTION                                                                                                         \
	"action 'a' { goal = 'g', group = 'r', lever = 2, value = { customer = 1, business = 0 }, propensity = { start = 0.5 }, " \
	"say = 'x' }\n"

static int load(struct pack **out, struct strpool *pool, const char *lua, const char *conf)
{
	char text[2048];
	struct bundle b = { 0 };
	snprintf(text, sizeof(text), "pack { name = 't', levers = { goals = { g = 3 } } }\n%s\n%s", lua, ACTION);
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), slice_of(text)), ERR_OK);
	if (conf)
		assert_int_equal(bundle_add(&b, SLICE("settings.conf"), slice_of(conf)), ERR_OK);
	int rc = pack_load(out, &b, pool);
	bundle_finish(&b);
	return rc;
}

static void refused(const char *lua, const char *conf, const char *why)
{
	struct strpool *pool = strpool_create();
	struct pack *p = NULL;
	if (load(&p, pool, lua, conf) == ERR_OK)
		fail_msg("loaded: %s / %s", lua, conf);
	if (!strstr(error_last()->text, why))
		fail_msg("%s\nhas not: %s", error_last()->text, why);
	strpool_destroy(pool);
}

static void levers_and_balance_are_set_without_lua(void **state)
{
	struct strpool *pool = strpool_create();
	struct pack *p, *q;
	assert_int_equal(load(&p, pool, "group 'r' { lever = 5 }", NULL), ERR_OK);
	assert_float_equal(p->actions[0].levers, 2 * 3 * 5, 0);
	assert_int_equal(load(&q, pool, "group 'r' { lever = 5 }",
			      "# the business\r\n\nlever.goal.g = 80 %  # a fifth less\nlever.group.r=150%\nbalance = 65 %"),
			 ERR_OK);
	assert_float_equal(q->actions[0].levers, 2 * 0.8 * 1.5, 1e-12);
	assert_float_equal(q->balance->literal.number, 0.65, 0);
	assert_string_not_equal(p->hash_text, q->hash_text); /* another pack */
	pack_destroy(q);
	assert_int_equal(load(&q, pool, "", "lever.action.a = 0 %"), ERR_OK);
	assert_float_equal(q->actions[0].levers, 0, 0);
	pack_destroy(q);
	pack_destroy(p);
	strpool_destroy(pool);
}

static void the_pack_asks_for_the_rest(void **state)
{
	struct strpool *pool = strpool_create();
	struct pack *p;
	assert_int_equal(load(&p, pool,
			      "local n = setting('offers', { at_least = 1, at_most = 10, unit = 'offers' })\n"
			      "policy { action = 'a', at_most = { offered = n, within = setting 'span' } }\n"
			      "fact.share = attr('x') * setting('share', { unit = '%' })\n"
			      "fact.text = attr('x'):or_else(setting 'text')",
			      "offers = 3 offers\nspan = 7d\nshare = 12.5 %\ntext = as it stands here"),
			 ERR_OK);
	assert_int_equal(p->policies[0].at_most, 3);
	assert_int_equal(p->policies[0].at_most_within.ms, 7 * DAY);
	struct bytes b = { 0 };
	term_text(p->facts[0].term, p, &b);
	term_text(p->facts[1].term, p, &b);
	assert_true(memmem(b.data, b.len, "0.125", 5) && memmem(b.data, b.len, "as it stands here", 17));
	bytes_finish(&b);
	pack_destroy(p);
	strpool_destroy(pool);
}

static void mistakes_are_told_with_their_line(void **state)
{
	refused("", "balance = 50 %\nlever.goal.h = 80 %", "settings.conf:2: nothing asks for the setting \"lever.goal.h\"; did "
		"you mean \"lever.goal.g\"?");
	refused("", "\nlever.goal.g = 1200 %", "settings.conf:2: lever.goal.g = 1200 % is beyond its bounds (a lever); it may be "
		"0 to 1000 %");
	refused("", "lever.goal.g = 0.8", "is wanted in \"%\"");
	refused("", "balance = 101 %", "0 to 100 %");
	refused("", "balance = half", "balance = half is not a number of %");
	refused("balance(attr('x', 'customer'))", "balance = 50 %", "follows from facts");
	refused("", "balance = 50 %\nbalance = 60 %", "settings.conf:2: \"balance\" is set twice; first on line 1");
	refused("", "balance", "a line is `key = value`");
	refused("", "Balance = 50 %", "a key is of small letters");
	refused("", "balance =   # nothing", "no value behind");
	refused("local x = setting 'ofers'", "offers = 3", "settings.conf has no \"ofers\"; did you mean \"offers\"?");
	refused("local x = setting 'offers'", NULL, "add a line to it: offers = ");
	refused("local x = setting('offers', { at_least = 1, at_most = 10, unit = 'offers' })", "offers = 11 offers",
		"beyond its bounds (pack.lua:2); it may be 1 to 10 offers");
	refused("local x = setting('offers', { at_most = 10 })", "offers = 11", "at most 10");
	refused("local x = setting('offers', { unit = 'offers' })", "offers = 3 weeks", "in \"weeks\" here");
	refused("local x = setting('offers', { least = 1 })", "offers = 3", "at_least");
}

static void only_one_file_is_no_lua(void **state)
{
	struct bundle b = { 0 };
	assert_int_not_equal(bundle_add(&b, SLICE("lib/settings.conf"), SLICE("")), ERR_OK);
	assert_int_not_equal(bundle_add(&b, SLICE("other.conf"), SLICE("")), ERR_OK);
	assert_int_equal(bundle_add(&b, SLICE("settings.conf"), SLICE("")), ERR_OK);
	bundle_finish(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levers_and_balance_are_set_without_lua),
		cmocka_unit_test(the_pack_asks_for_the_rest),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(only_one_file_is_no_lua),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
