/* tests/unit/test_missing.c: what a shut gate is missing, as a business reader sees it. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char head[] =
	"pack { name = 't', topics = { 'bill' } }\n"
	"local outages = series { on = 'outage', value = 'minutes' }\n"
	"local complaint = case { opens = 'complaint.opened', closes = 'complaint.closed' }\n"
	"rule 'abuse' { about = 'member', on = 'sms', alert = { to = 'care', say = 'x' } }\n"
	"fact.outage_minutes = outages:sum '7d'\n"
	"fact.usual = attr('usual')\n"
	"fact.gap = outages:since()\n"
	"fact.pays = attr('role', 'member'):is 'payer'\n";

static void tells(const char *gate, const char *wanted)
{
	struct world w;
	char source[2000];
	snprintf(source, sizeof(source),
		 "%saction 'a' { goal = 'g', asks = { 'bill' }, applicable = %s, value = { customer = 1, business = 1 }, "
		 "say = 'x' }\n",
		 head, gate);
	world_init(&w, source);
	world_event(&w, "profile.updated", T0, "usual=4 autopay=true plan=small");
	world_event(&w, "profile.updated", T0, "member=dad role=payer");
	world_event(&w, "outage", T0, "minutes=12");
	static struct decision d;
	struct foreign_reads foreign = { 0 };
	struct ask ask = { .now_ms = T0 + HOUR, .explain = true, .member = SLICE("dad") };
	struct decide_subjects subjects = { .customer = w.r };
	arena_reset(&w.m.arena);
	machine_decide(&w.m, &subjects, &ask, &foreign, &d);
	assert_int_equal(d.left_out_count, 1);
	struct slice got = d.left_out[0].reason;
	if (!world_is(got, wanted))
		fail_msg("%s\n tells:  %.*s\n wanted: %s", gate, SLICE_ARG(got), wanted);
	world_finish(&w);
}

static void comparisons_say_what_is_and_what_is_needed(void **state)
{
	tells("fact.outage_minutes:at_least(60)", "outage_minutes is 12, needs at least 60");
	tells("fact.outage_minutes:above(3 * fact.usual)", "outage_minutes is 12, needs more than 3 x usual 4");
	tells("fact.outage_minutes:at_most(10)", "outage_minutes is 12, needs at most 10");
	tells("fact.outage_minutes:below(10)", "outage_minutes is 12, needs less than 10");
	tells("fact.outage_minutes:between(20, 30)", "outage_minutes is 12, needs to lie between 20 and 30");
	tells("(fact.outage_minutes + fact.usual):above(20)", "outage_minutes 12 + usual 4 is 16, needs more than 20");
	tells("fact.gap:at_least '24h'", "gap is 1 hour, needs at least 24 hours");
	tells("attr('role', 'member'):is_not 'payer'", "member's role is \"payer\", needs not to be \"payer\"");
	tells("attr('plan'):is 'large'", "plan is \"small\", needs to be \"large\"");
	tells("attr('plan'):one_of { 'large', 'huge' }", "plan is \"small\", needs to be one of \"large\", \"huge\"");
	tells("attr('autopay', 'customer'):is(false)", "customer's autopay is yes, needs to be no");
	tells("attr('lines'):at_least(2)", "lines is unknown, needs at least 2");
	tells("attr('lines'):or_else(1):at_least(2)", "lines is 1, needs at least 2");
	tells("attr('lines'):known()", "lines is unknown, needs to be known");
}

static void a_yes_or_no_says_which(void **state)
{
	tells("complaint:is_open()", "complaint is open: no, needs yes");
	tells("asked_for_it()", "asked for it: no, needs yes");
	tells("no { fact.pays }", "pays: yes, needs no");
	tells("any_member(open_alert 'abuse')", "needs a member for whom alert abuse is open");
}

static void of_all_what_fails_is_told_and_of_any_every_alternative(void **state)
{
	tells("all { fact.pays, fact.usual:at_least(5), complaint:is_open() }",
	      "usual is 4, needs at least 5; complaint is open: no, needs yes");
	tells("any { fact.usual:at_least(5), asked_for_it() }",
	      "usual is 4, needs at least 5; or asked for it: no, needs yes");
	tells("no { fact.pays, asked_for_it(), fact.usual:above(3) }", "pays: yes, needs no; usual is 4, needs at most 3");
	tells("any { asked_for_it(), all { fact.pays, fact.usual:is(5), complaint:is_open() } }",
	      "asked for it: no, needs yes; or (usual is 4, needs to be 5; complaint is open: no, needs yes)");
	tells("no { all { fact.pays, fact.usual:is(4) } }", "pays: yes, needs no; or usual is 4, needs not to be 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_say_what_is_and_what_is_needed),
		cmocka_unit_test(a_yes_or_no_says_which),
		cmocka_unit_test(of_all_what_fails_is_told_and_of_any_every_alternative),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
