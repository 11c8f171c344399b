/* tests/unit/test_eval.c: what a term is worth: three values, aggregates, before = "this", the facts' cache, members,
 * words. */
#include "decide_world.h"

#include "decide/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char logic_pack[] =
	"pack { name = 't' }\n"
	"local y, n, u = attr 'y', attr 'n', attr 'u'\n"
	"fact.all_yy = all { y, y }        fact.all_yu = all { y, u }   fact.all_nu = all { u, n }\n"
	"fact.any_uy = any { u, y }        fact.any_un = any { u, n }   fact.any_nn = any { n, n }\n"
	"fact.no_nn = no { n, n }          fact.no_uy = no { u, y }     fact.no_un = no { u, n }\n"
	"local three, missing = attr 'three', attr 'missing'\n"
	"fact.above = three:above(2)       fact.above_u = missing:above(2)\n"
	"fact.below = three:below(3)       fact.least = three:at_least(3) fact.most = three:at_most(2)\n"
	"fact.between = three:between(3, 4) fact.outside = three:between(4, 5)\n"
	"fact.is = three:is(3)             fact.is_text = three:is 'three' fact.is_u = missing:is(3)\n"
	"fact.is_not = three:is_not(4)     fact.is_not_u = missing:is_not(4)\n"
	"fact.one = three:one_of { 1, 3 }  fact.one_not = three:one_of { 1, 2 } fact.one_u = three:one_of { missing, 3 "
	"}\n"
	"fact.one_uu = three:one_of { missing, 2 }\n"
	"fact.known = three:known()        fact.known_u = missing:known()\n"
	"fact.or_else = missing:or_else(7) fact.or_else_not = three:or_else(7)\n"
	"fact.sum = three + 2 * three - 1  fact.neg = -three            fact.sum_u = three + missing\n"
	"fact.over = three / 2             fact.over_0 = three / (three - 3)\n"
	"fact.least_of = three:min(2)      fact.most_of = three:max(5)  fact.min_u = three:min(missing)\n"
	"fact.huge = three * 1e308 * 10    fact.text_above = attr('text'):above(1)\n"
	"fact.calc = calc({ a = three, b = missing }, function(v) if v.b == nil then return v.a * 2 end end)\n"
	"fact.bad = calc({ a = three }, function(v) return v.a.b.c end)\n"
	"fact.uses_bad = fact.bad:known()\n";

static void logic_has_three_values(void **state)
{
	struct world w;
	static const struct { const char *fact; int expected;
	} table[] = {
		/* 1 true, 0 false, -1 unknown */
		{ "all_yy", 1 },    { "all_yu", -1 }, { "all_nu", 0 },	    { "any_uy", 1 }, { "any_un", -1 },
		{ "any_nn", 0 },    { "no_nn", 1 },   { "no_uy", 0 },	    { "no_un", -1 }, { "above", 1 },
		{ "above_u", -1 },  { "below", 0 },   { "least", 1 },	    { "most", 0 },   { "between", 1 },
		{ "outside", 0 },   { "is", 1 },      { "is_text", 0 },	    { "is_u", -1 },  { "is_not", 1 },
		{ "is_not_u", -1 }, { "one", 1 },     { "one_not", 0 },	    { "one_u", 1 },  { "one_uu", -1 },
		{ "known", 1 },	    { "known_u", 0 }, { "text_above", -1 },
	};
	world_init(&w, logic_pack);
	world_event(&w, "profile.updated", T0, "y=true n=false three=3 text=abc");
	struct eval *e = world_context(&w, T0, 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct value v = world_fact_in(e, table[i].fact);
		int got = v.kind == VALUE_BOOL ? v.boolean : -1;
		if (got != table[i].expected)
			fail_msg("%s is %d, expected %d", table[i].fact, got, table[i].expected);
	}
	assert_number(world_fact_in(e, "or_else"), 7);
	assert_number(world_fact_in(e, "or_else_not"), 3);
	assert_number(world_fact_in(e, "sum"), 8);
	assert_number(world_fact_in(e, "neg"), -3);
	assert_unknown(world_fact_in(e, "sum_u"));
	assert_number(world_fact_in(e, "over"), 1.5);
	assert_unknown(world_fact_in(e, "over_0"));
	assert_number(world_fact_in(e, "least_of"), 2);
	assert_number(world_fact_in(e, "most_of"), 5);
	assert_unknown(world_fact_in(e, "min_u"));
	assert_unknown(world_fact_in(e, "huge"));
	assert_number(world_fact_in(e, "calc"), 6);
	world_finish(&w);
}

/* Every operation over what is known, unknown and of the wrong type: y is true, n 3, t "text", u unknown. Expected is a
 * number, true, false, a text, or ? where it is unknown. */
static const struct { const char *term, *expected;
} operations[] = {
	{ "y + 1", "?" }, { "n + 1", "4" }, { "1 + n", "4" }, { "t + 1", "?" }, { "n + u", "?" }, { "n - 1", "2" },
	{ "u - n", "?" }, { "n * 2", "6" }, { "n * t", "?" }, { "n / 2", "1.5" }, { "n / 0", "?" }, { "u / 2", "?" },
	{ "n * 1e308 * 10", "?" }, { "-n", "-3" }, { "-u", "?" }, { "-t", "?" }, { "n:min(2)", "2" },
	{ "n:min(5)", "3" }, { "n:min(u)", "?" }, { "n:max(2)", "3" }, { "n:max(5)", "5" }, { "t:max(5)", "?" },
	{ "n:above(2)", "true" }, { "n:above(3)", "false" }, { "u:above(2)", "?" }, { "t:above(2)", "?" },
	{ "n:above(u)", "?" }, { "y:above(0)", "?" }, { "n:below(4)", "true" }, { "n:below(3)", "false" },
	{ "n:below(t)", "?" }, { "n:at_least(3)", "true" }, { "n:at_least(4)", "false" }, { "u:at_least(3)", "?" },
	{ "n:at_most(3)", "true" }, { "n:at_most(2)", "false" }, { "t:at_most(2)", "?" },
	{ "n:between(3, 4)", "true" }, { "n:between(1, 3)", "true" }, { "n:between(4, 5)", "false" },
	{ "n:between(u, 4)", "?" }, { "n:between(3, u)", "?" }, { "n:between(9, u)", "?" },
	{ "t:between(1, 2)", "?" }, { "n:is(3)", "true" }, { "n:is(4)", "false" }, { "n:is(t)", "false" },
	{ "n:is(u)", "?" }, { "u:is(u)", "?" }, { "t:is 'text'", "true" }, { "t:is 'other'", "false" },
	{ "y:is(true)", "true" }, { "n:is_not(3)", "false" }, { "n:is_not(4)", "true" }, { "n:is_not(u)", "?" },
	{ "u:is_not(3)", "?" }, { "t:is_not 'x'", "true" }, { "n:one_of { 1, 3 }", "true" },
	{ "n:one_of { 1, 2 }", "false" }, { "n:one_of { u, 3 }", "true" }, { "n:one_of { u, 2 }", "?" },
	{ "u:one_of { 1, 3 }", "?" }, { "n:known()", "true" }, { "u:known()", "false" }, { "t:known()", "true" },
	{ "(n / 0):known()", "false" }, { "u:or_else(7)", "7" }, { "n:or_else(7)", "3" }, { "t:or_else(7)", "text" },
	{ "u:or_else(t)", "text" }, { "u:or_else(u)", "?" }, { "u:or_else(7) + 1", "8" },
	{ "t:or_else(7) + 1", "?" }, { "all { y, y }", "true" }, { "all { y, u }", "?" },
	{ "all { u, n:is(4) }", "false" }, { "all { y, n }", "?" }, { "any { u, y }", "true" },
	{ "any { u, n:is(4) }", "?" }, { "any { n:is(4) }", "false" }, { "any { t, n:is(4) }", "?" },
	{ "no { n:is(4) }", "true" }, { "no { u, y }", "false" }, { "no { u, n:is(4) }", "?" },
	{ "any_member(y)", "false" }, { "tenure()", "?" },
	{ "calc({ n = n }, function(v) return v.n * 2 end)", "6" },
	{ "calc({ n = u }, function(v) return v.n end)", "?" },
};

static bool value_reads(struct value v, const char *expected)
{
	switch (v.kind) {
	case VALUE_UNKNOWN:
		return strcmp(expected, "?") == 0;
	case VALUE_BOOL:
		return strcmp(expected, v.boolean ? "true" : "false") == 0;
	case VALUE_NUMBER: {
		char *end;
		return v.number == strtod(expected, &end) && end != expected && *end == 0;
	}
	default:
		return slice_equal(v.string, slice_of(expected));
	}
}

/* As a value, as a number and as a condition: the three ways agree. */
static void operations_by_value_number_and_condition(void **state)
{
	struct world w;
	static char pack[16384];
	size_t count = sizeof(operations) / sizeof(operations[0]), len;
	len = (size_t)snprintf(pack, sizeof(pack), "pack { name = 't' }\n"
						   "local y, n, t, u = attr 'y', attr 'n', attr 't', attr 'u'\n");
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(pack + len, sizeof(pack) - len, "fact.f%zu = %s\n", i, operations[i].term);
	assert_true(len < sizeof(pack));
	world_init(&w, pack);
	world_event(&w, "profile.updated", T0, "y=true n=3 t=text");
	struct eval *e = world_context(&w, T0, 0);
	for (size_t i = 0; i < count; i++) {
		const struct term *t = w.m.pack->facts[i].term;
		const char *what = operations[i].term, *expected = operations[i].expected;
		if (t->op == TERM_TENURE)
			expected = "0"; /* the profile is as old as now */
		struct value v = eval_term(e, t);
		if (!value_reads(v, expected))
			fail_msg("%s is not %s", what, expected);
		struct number n = eval_number(e, t);
		if (n.known != (v.kind == VALUE_NUMBER) || (n.known && n.n != v.number))
			fail_msg("%s is another number than value", what);
		enum ternary holds = eval_truth(e, t);
		if (holds != (v.kind == VALUE_BOOL ? (enum ternary)v.boolean : TERNARY_UNKNOWN))
			fail_msg("%s is another condition than value", what);
		/* … and through the facts' cache, computed and lent */
		if (!value_reads(eval_fact(e, (unsigned)i), expected) || !value_reads(eval_fact(e, (unsigned)i), expected))
			fail_msg("%s is not %s as a fact", what, expected);
	}
	world_finish(&w);
}

static const char occasion_pack[] =
	"pack { name = 't' }\n"
	"local case_of = case { opens = 'x', closes = 'y', key = 'ref' }\n"
	"local by_ref = series { on = 'x', by = { 'ref' } }\n"
	"fact.same = by_ref:count '7d'\n"
	"fact.asked = request.v\n"
	"rule 'source' { on = 'x', set = { type = event.type, v = event.v, same = fact.same, at = event.time } }\n"
	"rule 'opened' { on = case_of.opened, set = { case_type = event.type, case_v = event.v, key = event.key } }\n"
	"rule 'swap' { on = 'swap', set = { left = attr 'right', right = attr 'left' } }\n";

/* What an event says is looked up once an occasion: a case that it opens is another one. */
static void names_are_looked_up_once_an_occasion(void **state)
{
	struct world w;
	world_init(&w, occasion_pack);
	struct eval *e = w.m.eval;
	world_event(&w, "x", T0, "v=1 ref=a");
	assert_slice(world_attr(w.r, 0, "type").string, "x");
	assert_true(world_attr(w.r, 0, "at").number == (double)T0);
	assert_slice(world_attr(w.r, 0, "key").string, "a");
	assert_number(world_attr(w.r, 0, "case_v"), 1);
	assert_true(slice_equal(world_attr(w.r, 0, "case_type").string,
				str_slice(w.m.pack->cases[0].opened_type)));
	/* stamps that go round do not bring back what an earlier event said */
	e->occasion = 0;
	world_event(&w, "x", T0 + 1, "v=2 ref=b");
	assert_number(world_attr(w.r, 0, "v"), 2);
	e->occasion = UINT32_MAX - 1;
	for (int i = 3; i < 6; i++) {
		char spec[32];
		snprintf(spec, sizeof(spec), "v=%d ref=b", i);
		world_event(&w, "x", T0 + i, spec);
		assert_number(world_attr(w.r, 0, "v"), i);
		assert_number(world_attr(w.r, 0, "same"), i - 1);
	}
	struct event_attr attr = { SLICE("v"), value_number(7) };
	struct ask ask = { .attrs = &attr, .attr_count = 1, .now_ms = T0 };
	e = world_context(&w, T0 + 9, 0);
	e->ask = &ask;
	assert_number(world_fact_in(e, "asked"), 7);
	e = world_context(&w, T0 + 9, 0);
	assert_unknown(world_fact_in(e, "asked"));
	world_finish(&w);
}

/* A key of one name is its text; texts too long for a key are told apart all the same. */
static void long_keys_are_told_apart(void **state)
{
	struct world w;
	static char one[LIMIT_KEY_BYTES + 20] = "ref=", two[LIMIT_KEY_BYTES + 20] = "ref=";
	static char fits[LIMIT_KEY_BYTES + 5] = "ref=";
	memset(one + 4, 'r', LIMIT_KEY_BYTES + 8);
	memset(two + 4, 'r', LIMIT_KEY_BYTES + 8);
	memset(fits + 4, 'r', LIMIT_KEY_BYTES);
	two[LIMIT_KEY_BYTES + 11] = 's';
	world_init(&w, occasion_pack);
	const char *specs[] = { one, two, fits, one };
	const int same[] = { 1, 1, 1, 2 };
	for (int i = 0; i < 4; i++) {
		world_event(&w, "x", T0 + i, specs[i]);
		assert_number(world_attr(w.r, 0, "same"), same[i]);
	}
	world_finish(&w);
}

static void a_rule_may_swap_what_it_reads(void **state)
{
	struct world w;
	world_init(&w, occasion_pack);
	world_event(&w, "profile.updated", T0, "left=first right=second");
	world_event(&w, "swap", T0 + 1, "");
	assert_slice(world_attr(w.r, 0, "left").string, "second");
	assert_slice(world_attr(w.r, 0, "right").string, "first");
	world_finish(&w);
}

static void aborted_calls_are_unknown_and_remembered(void **state)
{
	struct world w;
	world_init(&w, logic_pack);
	world_event(&w, "profile.updated", T0, "three=3");
	struct eval *e = world_context(&w, T0, 0);
	assert_number(world_fact_in(e, "calc"), 6);
	assert_false(e->aborted);
	assert_unknown(world_fact_in(e, "bad"));
	assert_true(e->aborted);
	assert_int_equal(e->aborted_count, 1);
	assert_int_equal(e->aborted_calls[0], 1);
	assert_non_null(strstr(e->error, "pack.lua:"));
	/* a fact out of the cache tells its reader that a call was aborted */
	e->aborted = false;
	assert_truth(world_fact_in(e, "uses_bad"), false);
	assert_true(e->aborted);
	assert_int_equal(e->call_count, 2);
	world_finish(&w);
}

static const char series_pack[] =
	"pack { name = 't', zone = 'UTC' }\n"
	"local calls = series { on = 'call', value = 'mood' }\n"
	"local matters = series { on = 'call', by = { 'topic', 'ref' } }\n"
	"local lines = series { on = 'sms', per = 'member' }\n"
	"local days = series { on = 'sms' }\n"
	"local plans = series { on = 'plan', value = 'name' }\n"
	"local complaint = case { opens = 'complaint.opened', closes = 'complaint.closed', key = 'ref', due = '24h' }\n"
	"fact.count = calls:count '24h'     fact.sum = calls:sum '24h'   fact.mean = calls:mean '24h'\n"
	"fact.min = calls:min '24h'         fact.max = calls:max '24h'   fact.latest = calls:latest()\n"
	"fact.since = calls:since()         fact.run = calls:run(at_most(-0.4))\n"
	"fact.today = calls:count 'today'\n"
	"fact.bill = matters:with { topic = 'bill', ref = 'r1' }:count '7d'\n"
	"fact.asked = matters:with { topic = attr 'nothing', ref = 'r1' }:count '7d'\n"
	"fact.every = matters:all_keys():count '7d'\n"
	"fact.same = matters:count '7d'\n"
	"fact.texts = lines:count '24h'\n"
	"fact.habit = days:daily_mean { over = '3d', before = 'today', at_least = '2d' }\n"
	"fact.plans = plans:distinct '7d'\n"
	"fact.open = complaint:is_open()    fact.opens = complaint:count_open() fact.missed = complaint:is_missed()\n"
	"fact.age = complaint:age()         fact.turn = complaint:turnaround()\n"
	"fact.tenure = tenure()\n"
	"rule 'before' { on = 'call', set = { before = calls:count { '24h', before = 'this' }, with_this = calls:count "
	"'24h',\n"
	"  prev = calls:previous(), gap = calls:since(), matter = matters:count '7d' } }\n";

/* Who stayed away longest must be noticed too, and a day longer than the bound is no end of it. */
static void absences_are_known_however_long(void **state)
{
	static const char pack[] = "pack { name = 't' }\n"
				   "local visits = series { on = 'visit' }\n"
				   "local bills = series { on = 'bill' }\n"
				   "local visit = case { opens = 'visit', closes = 'visit', due = '58d' }\n"
				   "fact.away = visits:since()\n"
				   "fact.still_away = visit:is_missed()\n"
				   "fact.days_left = (attr('ends') - now()) / 86400000\n"
				   "rule 'back' { on = 'visit', when = fact.away:at_least '58d', set = { back = fact.away / 86400 } }\n"
				   "rule 'soon' { on = 'bill', when = all { bills:since():at_most '60d', fact.days_left:at_most(7) },\n"
				   "  set = { soon = fact.days_left } }\n";
	struct world w;
	world_init(&w, pack);
	world_event(&w, "visit", T0, "");
	world_event(&w, "visit", T0 + 57 * DAY, "");
	assert_unknown(world_attr(w.r, 0, "back"));
	assert_false(world_fact(&w, "still_away", T0 + 114 * DAY, 0).boolean); /* closed and opened by each visit */
	assert_true(world_fact(&w, "still_away", T0 + 115 * DAY, 0).boolean);
	world_event(&w, "visit", T0 + 115 * DAY, "");
	assert_number(world_attr(w.r, 0, "back"), 58);
	world_event(&w, "visit", T0 + 1115 * DAY, "");
	assert_number(world_attr(w.r, 0, "back"), 1000);
	char ends[40];
	snprintf(ends, sizeof(ends), "ends=%lld", (long long)(T0 + 65 * DAY));
	world_event(&w, "profile.updated", T0, ends);
	world_event(&w, "bill", T0, "");
	world_event(&w, "bill", T0 + 60 * DAY, "");
	assert_number(world_attr(w.r, 0, "soon"), 5);
	world_finish(&w);
}

static void aggregates_count_what_happened(void **state)
{
	struct world w;
	world_init(&w, series_pack);
	assert_number(world_fact(&w, "count", T0, 0), 0);
	assert_number(world_fact(&w, "sum", T0, 0), 0);
	assert_unknown(world_fact(&w, "mean", T0, 0));
	assert_unknown(world_fact(&w, "latest", T0, 0));
	assert_unknown(world_fact(&w, "since", T0, 0));
	assert_unknown(world_fact(&w, "tenure", T0, 0));
	int64_t t = T0 + 30 * HOUR;
	world_event(&w, "call", T0 + HOUR, "mood=0.5 topic=bill ref=r1");
	world_event(&w, "call", T0 + 20 * HOUR, "mood=-0.5 topic=bill ref=r1");
	world_event(&w, "call", T0 + 26 * HOUR, "mood=-0.9 topic=bill ref=r2");
	world_event(&w, "call", T0 + 27 * HOUR, ""); /* no mood: unknown is not 0 */
	assert_number(world_fact(&w, "count", t, 0), 2);
	assert_number(world_fact(&w, "sum", t, 0), -1.4);
	assert_number(world_fact(&w, "mean", t, 0), -0.7);
	assert_number(world_fact(&w, "min", t, 0), -0.9);
	assert_number(world_fact(&w, "max", t, 0), -0.5);
	assert_number(world_fact(&w, "latest", t, 0), -0.9);
	assert_number(world_fact(&w, "since", t, 0), 4 * 3600);
	assert_number(world_fact(&w, "run", t, 0), 2);
	assert_number(world_fact(&w, "today", t, 0), 1);
	assert_number(world_fact(&w, "bill", t, 0), 2);
	assert_unknown(world_fact(&w, "asked", t, 0));
	assert_number(world_fact(&w, "every", t, 0), 4);
	assert_unknown(world_fact(&w, "same", t, 0)); /* nobody says which matter */
	assert_number(world_fact(&w, "tenure", t, 0), 29 * 3600);
	struct ask ask = { .intent = SLICE("bill"), .now_ms = t };
	struct event_attr ref = { SLICE("ref"), value_string(SLICE("r1")) };
	ask.attrs = &ref;
	ask.attr_count = 1;
	struct eval *e = world_context(&w, t, 0);
	e->ask = &ask;
	assert_number(world_fact_in(e, "same"), 2); /* where no topic is named the intent is it */
	world_finish(&w);
}

static void members_days_texts_and_cases(void **state)
{
	struct world w;
	world_init(&w, series_pack);
	for (int d = 0; d < 3; d++)
		for (int i = 0; i <= d; i++)
			world_event(&w, "sms", T0 + d * DAY + i * HOUR, i == 0 ? "member=anna" : "member=ben");
	int64_t t = T0 + 2 * DAY + 12 * HOUR;
	assert_unknown(world_fact(&w, "texts", t, 0));
	assert_number(world_fact(&w, "texts", t, 1), 1);
	assert_number(world_fact(&w, "texts", t, 2), 2);
	assert_unknown(world_fact(&w, "habit", T0 + DAY + HOUR, 0)); /* one whole day is no habit */
	assert_number(world_fact(&w, "habit", t, 0), 1.5);
	world_event(&w, "plan", t, "name=small");
	world_event(&w, "plan", t + 1, "name=large");
	world_event(&w, "plan", t + 2, "name=small");
	assert_number(world_fact(&w, "plans", t + 3, 0), 2);
	assert_truth(world_fact(&w, "open", t, 0), false);
	assert_unknown(world_fact(&w, "age", t, 0));
	world_event(&w, "complaint.opened", t, "ref=a");
	world_event(&w, "complaint.opened", t + HOUR, "ref=b");
	assert_truth(world_fact(&w, "open", t + HOUR, 0), true);
	assert_number(world_fact(&w, "opens", t + HOUR, 0), 2);
	assert_number(world_fact(&w, "age", t + 3 * HOUR, 0), 3 * 3600);
	world_event(&w, "complaint.closed", t + 4 * HOUR, "ref=a");
	assert_number(world_fact(&w, "opens", t + 5 * HOUR, 0), 1);
	assert_number(world_fact(&w, "turn", t + 5 * HOUR, 0), 4 * 3600);
	assert_truth(world_fact(&w, "missed", t + 5 * HOUR, 0), false);
	assert_truth(world_fact(&w, "missed", t + 26 * HOUR, 0), true);
	world_finish(&w);
}

static void before_this_looks_past_the_event(void **state)
{
	struct world w;
	world_init(&w, series_pack);
	world_event(&w, "call", T0, "mood=0.1 topic=bill");
	assert_number(world_attr(w.r, 0, "before"), 0);
	assert_number(world_attr(w.r, 0, "with_this"), 1);
	assert_unknown(world_attr(w.r, 0, "prev"));
	assert_unknown(world_attr(w.r, 0, "gap"));
	assert_number(world_attr(w.r, 0, "matter"), 1); /* ref is not known, the topic is */
	world_event(&w, "call", T0 + 90 * SECOND + 250, "mood=0.2 topic=bill");
	assert_number(world_attr(w.r, 0, "before"), 1);
	assert_number(world_attr(w.r, 0, "with_this"), 2);
	assert_number(world_attr(w.r, 0, "prev"), 0.1);
	assert_number(world_attr(w.r, 0, "gap"), 90.25);
	assert_number(world_attr(w.r, 0, "matter"), 2);
	/* two in the same millisecond: the other one is before this */
	world_event(&w, "call", T0 + 90 * SECOND + 250, "mood=0.3");
	assert_number(world_attr(w.r, 0, "before"), 2);
	assert_number(world_attr(w.r, 0, "gap"), 0);
	assert_unknown(world_attr(w.r, 0, "matter"));
	world_finish(&w);
}

static const char cache_pack[] =
	"pack { name = 't' }\n"
	"fact.plain = calc({ n = attr('n', 'customer') }, function(v) return v.n end)\n"
	"fact.twice = fact.plain + fact.plain\n"
	"fact.own = calc({ a = attr('age', 'member') }, function(v) return v.a end)\n"
	"fact.child = any_member(fact.own:below(18))\n"
	"fact.child_age = all { fact.child, fact.own:known() }\n"
	"fact.nobody = any_member(fact.own:above(100))\n";

static void facts_are_computed_once_and_once_a_member(void **state)
{
	struct world w;
	world_init(&w, cache_pack);
	world_event(&w, "profile.updated", T0, "n=4");
	world_event(&w, "profile.updated", T0, "member=dad age=40");
	world_event(&w, "profile.updated", T0, "member=kid age=12");
	struct eval *e = world_context(&w, T0, 0);
	assert_number(world_fact_in(e, "twice"), 8);
	assert_int_equal(e->call_count, 1);
	e->member = 1;
	assert_number(world_fact_in(e, "own"), 40);
	assert_number(world_fact_in(e, "own"), 40);
	assert_int_equal(e->call_count, 2);
	e->member = 2;
	assert_number(world_fact_in(e, "own"), 12);
	assert_int_equal(e->call_count, 3);
	eval_fresh(e);
	assert_number(world_fact_in(e, "own"), 12);
	assert_int_equal(e->call_count, 4);
	world_finish(&w);
}

static void any_member_binds_whom_it_found(void **state)
{
	struct world w;
	world_init(&w, cache_pack);
	world_event(&w, "profile.updated", T0, "member=dad age=40");
	world_event(&w, "profile.updated", T0, "member=kid age=12");
	world_event(&w, "profile.updated", T0, "member=baby age=1");
	struct eval *e = world_context(&w, T0, 1);
	assert_truth(world_fact_in(e, "child"), true);
	assert_int_equal(e->member, 2);
	e->member = 1;
	assert_truth(world_fact_in(e, "child"), true); /* out of the cache: it binds all the same */
	assert_int_equal(e->member, 2);
	e->member = 3; /* who asks is asked first */
	assert_truth(world_fact_in(e, "child"), true);
	assert_int_equal(e->member, 3);
	e->member = 1;
	assert_truth(world_fact_in(e, "nobody"), false);
	assert_int_equal(e->member, 1);
	world_event(&w, "member.left", T0 + HOUR, "member=kid");
	e = world_context(&w, T0 + 2 * HOUR, 0);
	assert_truth(world_fact_in(e, "child"), true);
	assert_int_equal(e->member, 3);
	world_finish(&w);
}

static const char words_pack[] = "pack { name = 't', currency = 'EUR', languages = { 'en', 'vi' } }\n"
				 "rule 'words' { on = 'x', alert = { to = 'agent:{who}', say = { en = "
				 "'{sum:money}|{share:percent}|{at:date}|{at:time}|{took:duration}|"
				 "{n:2}|{n}|{name}|{nobody}|{{}}' } } }\n"
				 "answers 'x' { q = { vi = '{sum:money} {at:date} {n}' } }\n";

static void words_are_filled_in(void **state)
{
	struct world w;
	world_init(&w, words_pack);
	struct applied *out = world_event(
		&w, "x", T0, "who=ann sum=1234567 share=0.256 at=935244180000 took=12600 n=1234.5 name=Bea");
	assert_int_equal(out->alert_count, 1);
	assert_string_equal(out->alerts[0].alert->text,
			    "12,345.67 EUR|26%|21 Aug 1999|14:03|3 h 30 min|1,234.50|1,234.5|Bea|?|{}");
	assert_slice(str_slice(out->alerts[0].alert->to), "agent:ann");
	/* another language's spelling, and the first language that there is */
	world_event(&w, "profile.updated", T0, "sum=1234567 at=935244180000 n=1234.5");
	struct eval *e = world_context(&w, T0, 0);
	bool unknown = false;
	assert_slice(phrase_fill(e, &w.m.pack->answers[0].text, 0, &unknown), "12.345,67 EUR 21/08/1999 1.234,5");
	assert_false(unknown);
	world_finish(&w);
}

static void formats_by_hand(void **state)
{
	struct world w;
	static const struct { int format; double n; const char *currency, *text;
	} table[] = {
		{ FORMAT_MONEY, 150000, "VND", "150,000 VND" },	   { FORMAT_MONEY, -5, "EUR", "-0.05 EUR" },
		{ FORMAT_MONEY, 1234567, "KWD", "1,234.567 KWD" }, { FORMAT_DURATION, 0, "EUR", "0 s" },
		{ FORMAT_DURATION, 59.6, "EUR", "1 min" },	   { FORMAT_DURATION, 90061, "EUR", "1 d 1 h" },
		{ FORMAT_DURATION, 3601, "EUR", "1 h" },	   { FORMAT_PERCENT, -0.001, "EUR", "0%" },
		{ FORMAT_PLAIN, 1e6, "EUR", "1000000" },
	};
	world_init(&w, words_pack);
	struct str *eur = w.m.pack->currency;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bytes b = { 0 };
		struct words_part part = { .format = (unsigned)table[i].format };
		w.m.pack->currency = strpool_take(w.m.pool, slice_of(table[i].currency));
		format_value(w.m.pack, SLICE("en"), &part, value_number(table[i].n), 0, &b);
		assert_slice(bytes_slice(&b), table[i].text);
		bytes_finish(&b);
		strpool_drop(w.m.pool, w.m.pack->currency);
	}
	w.m.pack->currency = eur;
	world_finish(&w);
}

/* Short decimals take a way of their own: it must say what printf says, at ties and at the ends too. */
static void decimals_are_those_of_printf(void **state)
{
	struct world w;
	static const double edges[] = { 0,	0.5,	   1.5,	      0.125, 2.675, 1.005,  0.0005,  1e-9,   4.9e-10,
					5e-324, 999.9995, 0.99999999, 1e14,  1e15,  1e15 + 0.5, 123456789012345.678 };
	uint64_t draw = 1;
	world_init(&w, words_pack);
	for (unsigned i = 0; i < 4000; i++) {
		double n = i < sizeof(edges) / sizeof(edges[0]) ? edges[i] : (double)(draw >> 40) / (i % 2 ? 1000 : 7);
		for (int decimals = 0; decimals <= 9; decimals++) {
			struct words_part part = { .format = FORMAT_DECIMALS, .decimals = decimals };
			struct bytes b = { 0 };
			char expected[64], *to = expected;
			format_value(w.m.pack, SLICE("en"), &part, value_number(n), 0, &b);
			snprintf(expected, sizeof(expected), "%.*f", decimals, n);
			for (size_t k = 0; k < b.len; k++) /* without the groups' commas */
				if (b.data[k] != ',')
					assert_int_equal(b.data[k], *to++);
			assert_int_equal(*to, 0);
			bytes_finish(&b);
		}
		draw = draw * 6364136223846793005u + 1442695040888963407u;
	}
	world_finish(&w);
}

static void facts_of_a_record(void **state)
{
	struct world w;
	struct fact_value *facts;
	world_init(&w, series_pack);
	world_event(&w, "sms", T0, "member=anna");
	world_event(&w, "sms", T0 + 1, "member=ben");
	arena_reset(&w.m.arena);
	unsigned n = machine_facts(&w.m, w.r, T0 + 2, &facts), texts = 0;
	assert_int_equal(n, w.m.pack->fact_count + 1);
	for (unsigned i = 0; i < n; i++)
		if (world_is(facts[i].name, "texts")) {
			assert_slice(facts[i].member, texts++ == 0 ? "anna" : "ben");
			assert_number(facts[i].value, 1);
		} else {
			assert_int_equal(facts[i].member.len, 0);
		}
	assert_int_equal(texts, 2);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logic_has_three_values),
		cmocka_unit_test(operations_by_value_number_and_condition),
		cmocka_unit_test(names_are_looked_up_once_an_occasion),
		cmocka_unit_test(long_keys_are_told_apart),
		cmocka_unit_test(a_rule_may_swap_what_it_reads),
		cmocka_unit_test(aborted_calls_are_unknown_and_remembered),
		cmocka_unit_test(aggregates_count_what_happened),
		cmocka_unit_test(absences_are_known_however_long),
		cmocka_unit_test(members_days_texts_and_cases),
		cmocka_unit_test(before_this_looks_past_the_event),
		cmocka_unit_test(facts_are_computed_once_and_once_a_member),
		cmocka_unit_test(any_member_binds_whom_it_found),
		cmocka_unit_test(words_are_filled_in),
		cmocka_unit_test(formats_by_hand),
		cmocka_unit_test(decimals_are_those_of_printf),
		cmocka_unit_test(facts_of_a_record),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
