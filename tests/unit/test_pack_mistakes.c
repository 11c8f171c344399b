/* tests/unit/test_pack_mistakes.c: what authors get wrong, and what they are told: file, line, what is wrong, what
 * to do. Sources begin at line 2, below pack { name = "test" }. */
#include "pack_world.h"

#define TELLS(source, text) { source, text }

#define ACTION(fields) "action 'a' { value = { customer = 1, business = 1 }, say = 'x', " fields " }"

static const struct mistake { const char *source, *text;
} mistakes[] = {
	/* conditions that Lua has eaten */
	TELLS("rule 'r' { on = 'a', when = attr 'x' == 'y', set = { z = 1 } }",
	      "pack.lua:2: rule \"r\": when is a bare false"),
	TELLS("rule 'r' { on = 'a', when = not attr 'x', set = { z = 1 } }",
	      "use all { … }, any { … }, no { … } and :is(…)"),
	TELLS("fact.n = attr 'n'\nrule 'r' { on = 'a', when = fact.n:above(1) and fact.n:below(3), set = { z = 1 } }",
	      "pack.lua:3: the condition `n > 1` is used by nothing"),
	TELLS("local x = attr 'n':known()", "pack.lua:2: the condition `n is known` is used by nothing"),
	TELLS("fact.n = attr 'n'\nfact.m = fact.n == 3", "pack.lua:3: fact \"m\" is a bare false"),
	TELLS("fact.n = attr 'n'\nfact.o = attr 'm'\nfact.m = fact.n == fact.o",
	      "pack.lua:4: `==` does not compare terms; use :is(…)"),
	TELLS("local b = attr 'n' < 3", "pack.lua:2: `<` and `>` do not compare terms; use :below(…)"),
	TELLS("local b = 'x' .. attr 'n'", "pack.lua:2: `..` does not join terms"),
	TELLS("local b = attr 'n' % 3", "terms know only + - * /"),
	TELLS("fact.b = all { true, attr 'x' }", "all is a bare true"),
	TELLS("fact.b = all {}", "all needs at least one condition"),
	TELLS("policy { goal = 'g', unless = 1 < 2 }", "policy: unless is a bare true"),
	TELLS("action 'a' { goal = 'g', eligible = true, value = { customer = 1, business = 1 }, say = 'x' }",
	      "action \"a\": eligible is a bare true"),
	TELLS("rule 'r' { on = 'a', when = { attr 'x' }, set = { z = 1 } }", "not a table; write all { … }"),
	/* names */
	TELLS("rule 'r' { onn = 'a' }", "pack.lua:2: rule \"r\": unknown field \"onn\"; did you mean \"on\"?"),
	TELLS("series { on = 'a', frobnicate = 1 }", "unknown field \"frobnicate\"; known are on, per, by"),
	TELLS("series { 'a' }", "a value without a field name"),
	TELLS("fact.texts = attr 'n'\nfact.x = fact.textz + 1",
	      "pack.lua:3: no fact \"textz\" is declared; did you mean \"texts\"?"),
	TELLS("fact.x = fact.zebra", "no fact \"zebra\" is declared above this line"),
	TELLS("fact.a = attr 'n'\nfact.a = attr 'm'", "pack.lua:3: fact \"a\" is declared twice; first at pack.lua:2"),
	TELLS("fact.member = attr 'n'", "this name means an event's field"),
	TELLS("fact['a-b'] = attr 'n'", "a fact's name is letters, digits and '_'"),
	TELLS("fact.x = 3", "must be a term, not a number; a constant is a local"),
	TELLS("fact.x = series { on = 'a' }", "fact \"x\" must be a term, and this is a series; ask it something, such as :count \"7d\""),
	TELLS("fact.x = case { opens = 'a', closes = 'b', name = 'c' }", "this is a case; ask it something, such as :is_open()"),
	TELLS("segment 's' { when = attr('a'):is(1) }\n"
	      "campaign 'c' { segment = 's', action = 'no', channel = 'sms' }", "pack.lua:3: campaign: no action \"no\" in this pack"),
	TELLS("rule 'r' { on = 'a', set = { z = 1 } }\nrule 'r' { on = 'b', set = { z = 1 } }",
	      "pack.lua:3: rule \"r\" is declared twice; first at pack.lua:2"),
	TELLS("rule 'r s' { on = 'a', set = { z = 1 } }", "a name is made of letters"),
	TELLS("rule 'r'", "pack.lua:2: rule \"r\" has no body"),
	TELLS("rule { on = 'a' }", "rule needs a name"),
	TELLS("local s = seriez { on = 'a' }", "pack.lua:2: unknown name \"seriez\"; did you mean \"series\"?"),
	TELLS("texts = series { on = 'a' }", "pack.lua:2: assignment to the global \"texts\"; write `local texts`"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:cuont '7d'",
	      "pack.lua:3: series have no method \"cuont\"; did you mean \":count\"?"),
	TELLS("fact.x = attr('a'):abov(1)", "terms have no method \"abov\"; did you mean \":above\"?"),
	TELLS("local c = case { opens = 'a.b', closes = 'a.c' }\nrule 'r' { on = c.closd, set = { z = 1 } }",
	      "cases have no \"closd\"; did you mean \"closed\"?"),
	TELLS("local c = case { opens = 'a.b', closes = 'a.c' }\nrule 'r' { on = c.missed, set = { z = 1 } }",
	      "has no due time, so none is ever missed"),
	TELLS("case { opens = 'a.b', closes = 'a.c' }\ncase { opens = 'a.d', closes = 'a.c' }",
	      "pack.lua:3: case: the name \"a\" is taken at pack.lua:2"),
	TELLS("rule 'r' { on = 'case.x.opened', set = { z = 1 } }", "names no case of this pack"),
	TELLS("fact.x = open_alert 'abuse'\nrule 'abuze' { on = 'a', alert = { to = 'x', say = 'y' } }",
	      "pack.lua:2: open_alert \"abuse\": no such rule; did you mean \"abuze\"?"),
	TELLS("rule 'r' { on = 'a', nudge = { channel = 'sms', action = 'none' } }", "nudge: no action \"none\""),
	TELLS("policy { action = 'famly', at_most = { offered = 1, within = '1d' } }\naction 'family' { goal = 'g', "
	      "value = { customer = 1, business = 1 }, say = 'x' }",
	      "pack.lua:2: policy: no action \"famly\"; did you mean \"family\"?"),
	TELLS("rule 'r' { on = 'a', alert = { to = 'x', say = 'y', severity = 'hi' } }",
	      "severity = \"hi\" is not known; it is one of \"low\""),
	TELLS("rule 'r' { on = 'a', about = 'agents', set = { z = 1 } }",
	      "about = \"agents\" is not known; it is one of \"customer\""),
	TELLS("rule 'r' { on = 'a', whn = attr 'x', set = { z = 1 } }", "unknown field \"whn\"; did you mean \"when\"?"),
	TELLS("rule 'r' { on = 'a', nudge = { channel = 'sms', goal = 'grwo' } }\n" ACTION("goal = 'grow'"),
	      "pack.lua:2: nudge: no action has the goal \"grwo\"; did you mean \"grow\"?"),
	TELLS("policy { goal = 'grwo', at_most = { offered = 1, within = '1d' } }\n" ACTION("goal = 'grow'"),
	      "pack.lua:2: policy: no action has the goal \"grwo\"; did you mean \"grow\"?"),
	TELLS("fact.no = outcomes { 'rejected', group = 'plan' }\n" ACTION("goal = 'grow', group = 'plans'"),
	      "pack.lua:2: outcomes: no action has the group \"plan\"; did you mean \"plans\"?"),
	TELLS("policy { group = 'plan', at_most = { offered = 1, within = '1d' } }\n"
	      ACTION("goal = 'grow', group = 'plans'"),
	      "pack.lua:2: policy: no action has the group \"plan\"; did you mean \"plans\"?"),
	/* what is not theirs to read */
	TELLS("local s = series { on = 'a', per = 'agent' }\nfact.n = s:count '7d'\nrule 'r' { on = 'a', when = "
	      "fact.n:above(1), set = { z = 1 } }",
	      "pack.lua:4: rule \"r\" is about a customer and reads state of an agent (pack.lua:3)"),
	TELLS("local s = series { on = 'a' }\nfact.n = s:count '7d'\nrule 'r' { about = 'agent', on = 'a', alert = { "
	      "to = 'x', say = '{n}' } }",
	      "pack.lua:4: rule \"r\" is about an agent and reads state of a customer"),
	TELLS("rule 'r' { on = 'a', when = request.channel:is 'sms', set = { z = 1 } }",
	      "reads a request, which only decisions have"),
	TELLS("action 'x' { goal = 'g', eligible = event.topic:is 'a', value = { customer = 1, business = 1 }, say = "
	      "'x' }",
	      "a decision has no event; use request.topic"),
	TELLS("series { on = 'a', where = attr('x'):is 'y' }", "where may only read the event"),
	TELLS("fact.x = any_member(any_member(attr 'y'))", "any_member within any_member"),
	/* types and numbers */
	TELLS("local s = series { on = 'a' }\nrule 'r' { on = 'a', when = s:count '7d', set = { z = 1 } }",
	      "when must be a condition, but it is a number; compare it"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:mean '7d'",
	      "pack.lua:3: series \"a#1\": :mean needs values; declare the series with value"),
	TELLS("local s = series { on = 'a', every = '5m' }\nfact.x = s:since()",
	      ":since needs every single event; leave out every"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:count '7x'", "pack.lua:3: :count \"7x\" is not a span; write"),
	TELLS("rule 'r' { on = 'a', alert = { to = 't', say = 's', expires = '3x' } }",
	      "rule \"r\": alert: expires = \"3x\" is not a span; write \"90s\", \"24h\", \"7d\" or \"2w\", at most"),
	TELLS("rule 'r' { on = 'a', alert = { to = 't', say = 's', expires = 'today' } }",
	      "alert: expires = \"today\" is a calendar span; write an exact one"),
	TELLS("rule 'r' { on = 'a', once_per = '1y', set = { x = 1 } }",
	      "rule \"r\": once_per = \"1y\" is not a span; write \"90s\", \"24h\", \"7d\" or \"2w\", or \"today\", \"month\", \"ever\""),
	TELLS("fact.n = attr 'n'\nfact.b = fact.n.at_least(1)", ":at_least is called with a dot; write `:at_least`, not `.at_least`"),
	TELLS("fact.n = attr 'n'\nfact.b = fact.n:at_least()", ":at_least is given nothing; give it a value"),
	TELLS("local t = tally { name = 't', per = 'member' }\n"
	      "rule 'r' { about = 'agent', on = 'a', add = { t, 1 } }",
	      "rule \"r\" is about an agent and adds to tally \"t\", which is kept for a member (pack.lua:2)"),
	TELLS("rule 'r' { on = 'a', set = { x = 1 }\n", "is a } missing that closes the {"),
	TELLS("rule 'r' {\n on = 'a'\n set = { x = 1 } }", "is a comma missing before it, or a } that closes the { of line 2?"),
	TELLS("local c = case { opens = 'a', closes = 'b' }\nfact.o = c:is_open", "write its brackets, such as complaint:is_open()"),
	TELLS("rule 'r { on = 'a' }", "a text ends with the quote that it began with"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:count()", ":count needs a span"),
	TELLS("local s = series { on = 'a' }\nfact.x = s.count '7d'", "write series:method(…) with a colon"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:run(3)", ":run needs"),
	TELLS("local s = series { on = 'a', value = 'v' }\nfact.x = s:run(3)",
	      ":run needs a predicate: :run(at_most(x))"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:with { topic = 'a' }:count '7d'", "it has no by = …"),
	TELLS("local s = series { on = 'a', by = { 'p', 'q' } }\nfact.x = s:with { p = 'a' }:count '7d'",
	      "with: q is missing"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:daily_mean { over = '36h' }", "needs over in whole days"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:daily_mean { over = '7d', at_least = '8d' }",
	      "at_least is longer than over"),
	TELLS("local s = series { on = 'a' }\nlocal t = series { on = 'a' }",
	      "pack.lua:3: series \"a#2\" counts the same as the one at pack.lua:2"),
	TELLS("local s = series { on = 'a' }\nfact.x = s:count('7d'):is 'often'", "neither a number nor a duration"),
	TELLS("local s = series { on = 'a', keep = '30d' }\nfact.x = s:since():at_least '58d'",
	      "pack.lua:3: series \"a#1\": a gap this long is never known, since keep is not longer"),
	TELLS("fact.x = attr('a'):between(3, 1)", "low is greater than high"),
	TELLS("fact.x = attr('a'):above 'gold'", "\"gold\" is neither a number nor a duration"),
	TELLS("fact.x = event.topic:above(3)", ":above needs numbers, not a text"),
	TELLS("action 'x' { goal = 'g', value = { customer = 1, business = 1 }, context = { { when = attr 'x', weight "
	      "= -1 } }, say = 'x' }",
	      "weight must be a number of at least 0"),
	TELLS("action 'x' { goal = 'g', value = { customer = 1, business = 1 }, propensity = { start = 2 }, say = 'x' "
	      "}",
	      "start must be a number from 0 to 1"),
	TELLS("action 'x' { goal = 'g', value = { customer = 1 }, say = 'x' }", "needs both customer and business"),
	TELLS("action 'x' { goal = 'g', say = 'x' }", "needs value = { customer = …, business = … }"),
	TELLS("policy { goal = 'g' }", "it suppresses nothing"),
	TELLS("policy { after = { rejected = 2, within = '9d' } }", "after and pause belong together"),
	TELLS("policy { at_most = { sold = 2, within = '9d' } }", "unknown field \"sold\""),
	TELLS("rule 'r' { on = 'a', when = attr 'x' }", "rule \"r\": it does nothing; give it alert"),
	TELLS("rule 'r' { when = attr 'x', set = { z = 1 } }", "needs on = \"…\" or a list"),
	TELLS("rule 'r' { on = 'a', alert = { say = 'x' } }", "rule \"r\": alert: needs to = \"…\""),
	TELLS("rule 'r' { on = 'a', add = { 1, 2 } }", "add takes a tally and an amount"),
	TELLS("local s = series { on = 'a' }\nrule 'r' { on = 'a', add = { s, 2 } }", "a tally is wanted"),
	TELLS("balance(2)", "a number from 0 to 1"),
	TELLS("timeline { keep = 1000 }", "timeline: keep must be a number from 0 to 64"),
	TELLS("fact.x = outcomes { 'sold' }", "the kind is one of shown, offered"),
	TELLS("local s = series { on = 'a', by = 'k' }\nlocal t = attr 'x'\n"
	      "for i = 1, 80 do t = s:with { k = t }:count '7d' end", "limit_term_depth"),
	TELLS("local s = series { on = 'a', by = 'k' }\nfact.f0 = attr 'x'\n"
	      "for i = 1, 80 do fact['f' .. i] = s:with { k = fact['f' .. (i - 1)] }:count '7d' end", "limit_term_depth"),
	TELLS("local s = series { on = 'a', by = 'k' }\naction 'x' { goal = 'g', say = 'x', value = { business = 1,\n"
	      "customer = s:with { k = event.k }:count '7d' } }", "a decision has no event; use request.k"),
	TELLS("series { on = 'a', by = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i' } }", "by has more than 8 names"),
	/* what comes in */
	TELLS("event 'a' { attribute = {} }", "pack.lua:2: event \"a\": unknown field \"attribute\"; did you mean"),
	TELLS("event 'a' { attributes = { n = 'nunber' } }",
	      "event \"a\": n: type \"nunber\" is not known; did you mean \"number\"?"),
	TELLS("event 'a' { attributes = { n = { 'text' } } }",
	      "event \"a\": n: type \"text\" is not known; it is one of any, boolean"),
	TELLS("event 'a' { attributes = { n = { required = true } } }", "n: its type comes first"),
	TELLS("event 'a' { attributes = { n = 3 } }", "event \"a\": n: it is a type or a table"),
	TELLS("event 'a' { attributes = { 'n' } }", "attributes have names: { amount = \"number\" }"),
	TELLS("event 'a' { attributes = { n = { 'string', one_of = { 1 } } } }",
	      "one_of has a number among its values, and the attribute is a string"),
	TELLS("event 'a' { attributes = { n = { 'string', one_of = 'b' } } }", "one_of takes a list of values"),
	TELLS("event 'a' { attributes = { n = { 'string', at_least = 1 } } }", "at_least and at_most are for numbers"),
	TELLS("event 'a' { attributes = { n = { 'string', money = true } } }", "money is an amount, a number of smallest units"),
	TELLS("spell 'a' { { is = 'b', at_most = 1, say = 'c' } }", "is = \"value\" names one value"),
	TELLS("event 'a' { attributes = { n = { 'number', at_least = 2, at_most = 1 } } }", "no value fits"),
	TELLS("event 'a' { attributes = { n = { 'number', required = 1 } } }", "required is true or false, not a number"),
	TELLS("event 'a' { attributes = { member = 'string' } }",
	      "\"member\" is a field that every event has; leave it out here, and say beside `attributes` whether "),
	TELLS("event 'a' { member = 'yes' }", "member = \"yes\" is not known; it is one of \"optional\""),
	TELLS("event 'a' {}\nevent 'a' {}", "pack.lua:3: event \"a\" is declared twice; first at pack.lua:2"),
	TELLS("event 'case.x.opened' {}", "the engine makes these itself"),
	TELLS("event 'a'", "pack.lua:2: event \"a\" has no body"),
	TELLS("event.a = 3", "event and request are read, not set"),
	TELLS("request 'a' {}", "attempt to call"),
	/* words */
	TELLS("rule 'r' { on = 'a', alert = { to = 'x', say = '{n:dollars}' } }",
	      "unknown format \"dollars\"; use money"),
	TELLS("rule 'r' { on = 'a', alert = { to = 'x', say = '{n' } }", "a \"{\" without \"}\""),
	TELLS("rule 'r' { on = 'a', alert = { to = 'x', say = 'n}' } }", "a \"}\" without \"{\""),
	TELLS("rule 'r' { on = 'a', alert = { to = 'x', say = { de = 'y' } } }",
	      "language \"de\" is not among the pack's languages"),
	/* files and Lua itself */
	TELLS("require 'lib.none'", "pack.lua:2: require \"lib.none\": the pack has no file lib/none.lua"),
	TELLS("require 'os'", "pack.lua:2: require \"os\": packs have no clock, files or output; c.now is the event's"),
	TELLS("local t = os.time()", "pack.lua:2: unknown name \"os\": packs have no clock, files or output"),
	TELLS("print 'x'", "pack.lua:2: unknown name \"print\": packs have no clock, files or output"),
	TELLS("rule 'r' {\n  on = 'a'\n  when = attr 'x',\n}", "near 'when'; is a comma missing before it, or"),
	TELLS("local x = = 3", "pack.lua:2: unexpected symbol near '='"),
	TELLS("local x = nil + 1", "pack.lua:2: attempt to perform arithmetic on a nil value"),
	TELLS("error {}", "pack.lua: error(): the message is a table"),
	TELLS("pcall(series, { on = 3 })", "on must be a text or a list of texts, not number"),
	TELLS("pack { name = 'again' }", "pack.lua:2: pack: declared twice; first at pack.lua:1"),
	TELLS("local t = attr 'x' + 0\nfor i = 1, 80 do t = t + 1 end", "limit_term_depth"),
	TELLS("local t = attr 'x' + 0\nfor i = 1, 40 do t = t + t end", "limit_term_size"),
};

static void mistakes_are_told(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct world w;
		int rc = world_try(&w, PACK_HEAD, mistakes[i].source, NULL);
		if (rc != ERR_RULE || !strstr(error_last()->text, mistakes[i].text))
			print_message("%s\n tells: %s\n wanted: %s\n", mistakes[i].source,
				      rc ? error_last()->text : "nothing", mistakes[i].text);
		assert_int_equal(rc, ERR_RULE);
		assert_non_null(strstr(error_last()->text, mistakes[i].text));
		world_finish(&w);
	}
}

static const struct mistake heads[] = {
	TELLS("pack { name = 'x', currency = 'VDN' }", "currency = \"VDN\" is not an ISO 4217 code; did you mean \"VND\"?"),
	TELLS("pack { name = 'x', currency = 'euro' }",
	      "pack.lua:1: pack: currency = \"euro\" is not an ISO 4217 code"),
	TELLS("pack { zone = 'UTC' }", "pack: needs name"),
	TELLS("pack { name = 'x', languages = { 'english', 'EN' } }", "language \"EN\" is not a code"),
	TELLS("pack { name = 'x', topics = { 'a/b/c' } }", "topics have one or two levels"),
	TELLS("pack { name = 'x', balance = 1.5 }", "a number from 0 to 1"),
	TELLS("pack { name = 'x', levers = { goals = { grow = -1 } } }", "grow must be a number of at least 0"),
	TELLS("pack { name = 'x', fallback = { 'nothing' } }", "pack: fallback: no action \"nothing\""),
	TELLS("pack { name = 'x', topics = { 'bill' } }\nanswers 'bil' { q = 'a' }",
	      "pack.lua:2: answers \"bil\": no such topic as \"bil\" in pack { topics = … }; did you mean \"bill\"?"),
	TELLS("pack { name = 'x', topics = { 'membership' } }\n" ACTION("goal = 'g', asks = { 'membershp' }"),
	      "pack.lua:2: action \"a\": asks: no such topic as \"membershp\" in pack { topics = … }; did you mean "
	      "\"membership\"?"),
	TELLS("rule 'r' { on = 'a' }", "pack.lua:1: rule comes before pack { name = \"…\" }"),
	TELLS("local x = 1", "the pack is not declared; begin with pack { name = \"…\" }"),
};

static void heads_are_checked(void **state)
{
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct world w;
		int rc = world_try(&w, heads[i].source, "", NULL);
		if (rc != ERR_RULE || !strstr(error_last()->text, heads[i].text))
			print_message("%s\n tells: %s\n", heads[i].source, rc ? error_last()->text : "nothing");
		assert_int_equal(rc, ERR_RULE);
		assert_non_null(strstr(error_last()->text, heads[i].text));
		world_finish(&w);
	}
}

static void unknown_zones_are_told(void **state)
{
	static const char *const zones[] = { "Asia/Saigonn", "../../../etc/passwd", "/etc/hostname", "Europe" };
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		struct bundle b = { 0 };
		char source[100];
		snprintf(source, sizeof(source), "\n\npack { name = 'x', zone = '%s' }", zones[i]);
		assert_int_equal(bundle_add(&b, SLICE("pack.lua"), slice_of(source)), ERR_OK);
		assert_int_equal(bundle_resolve_zone(&b), ERR_RULE);
		assert_non_null(strstr(error_last()->text, "pack.lua:3: pack: zone ="));
		assert_non_null(strstr(error_last()->text, "is not a time zone known here"));
		bundle_finish(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(heads_are_checked),
		cmocka_unit_test(unknown_zones_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
