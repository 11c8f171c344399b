/* tests/unit/test_sandbox.c: what a pack's functions cannot do: run forever, eat memory, see addresses, files or
 * chance, leave something behind. */
#include "pack_world.h"

static struct value read_nothing(void *arg, struct slice space, struct slice name)
{
	(void)arg;
	if (slice_equal(space, SLICE("event")) && slice_equal(name, SLICE("topic")))
		return value_string(SLICE("bill"));
	if (slice_equal(space, SLICE("")) && slice_equal(name, SLICE("now")))
		return value_number(12);
	return value_unknown();
}

/* Loads a pack with one rule whose `when` is the function body given, calls it; the function may be called again. */
static int call(struct world *w, const char *locals, const char *body, struct value *out)
{
	struct vm_host host = { .read = read_nothing };
	struct bytes source = { 0 };
	bytes_printf(&source, "%s\nfact.f = attr \"x\"\nfact.result = calc({ x = fact.f }, function(v)\n%s\nend)\n"
		     "rule \"r\" { on = \"a\", when = function(c) %s end, run = function() end }", locals, body, body);
	world_load(w, bytes_slice(&source).data);
	bytes_finish(&source);
	struct value input = value_number(3);
	const struct term *t = w->pack->facts[1].term;
	int rc = vm_call_value(w->pack->vm, t->call.function, t->call.names, &input, 1, &w->arena, out);
	struct value condition;
	int again = vm_call_condition(w->pack->vm, w->pack->rules[0].when_function, &host, &w->arena, &condition);
	assert_true(rc != ERR_OK || again == ERR_OK); /* a condition takes any result for true */
	if (rc != ERR_OK && again == ERR_OK)
		rc = vm_call_value(w->pack->vm, t->call.function, t->call.names, &input, 1, &w->arena,
				   out); /* its text again */
	return rc;
}

static void gives_number(const char *body, double expected)
{
	struct world w;
	struct value v;
	if (call(&w, "", body, &v) != ERR_OK)
		print_message("%s: %s\n", body, error_last()->text);
	assert_int_equal(v.kind, VALUE_NUMBER);
	if (v.number != expected)
		print_message("%s gives %g\n", body, v.number);
	assert_true(v.number == expected);
	world_finish(&w);
}

static void gives_text(const char *body, const char *expected)
{
	struct world w;
	struct value v;
	if (call(&w, "", body, &v) != ERR_OK)
		print_message("%s: %s\n", body, error_last()->text);
	assert_int_equal(v.kind, VALUE_STRING);
	assert_string_equal(v.string.data, expected);
	world_finish(&w);
}

static void aborts_with(const char *locals, const char *body, const char *expected)
{
	struct world w;
	struct value v;
	if (call(&w, locals, body, &v) != ERR_ABORTED)
		print_message("%s does not abort\n", body);
	if (!strstr(error_last()->text, expected))
		print_message("%s\n gave: %s\n", body, error_last()->text);
	assert_non_null(strstr(error_last()->text, expected));
	assert_int_equal(v.kind, VALUE_UNKNOWN);
	/* and the VM is well: another call works */
	int function = w.pack->rules[0].run;
	assert_int_equal(vm_call_run(w.pack->vm, function, &(struct vm_host){ .read = read_nothing }, &w.arena),
			 ERR_OK);
	struct vm_usage u;
	vm_usage(w.pack->vm, &u);
	assert_int_equal(u.aborted, 2);
	assert_true(u.calls >= 3);
	assert_true(u.bytes_peak <= LIMIT_VM_BYTES);
	world_finish(&w);
}

static void endless_loops_stop(void **state)
{
	aborts_with("", "while true do end", "limit_call_instructions");
	aborts_with("", "while true do pcall(function() while true do end end) end", "limit_call_instructions");
	aborts_with("", "local function f() return pcall(f) end while true do f() end", "limit_");
	aborts_with("", "local function f() return f() end f()", "limit_call_instructions");
	aborts_with("", "for i = 1, 1e18 do end", "limit_call_instructions");
	aborts_with("", "repeat local ok, e = pcall(error, 'x') until false", "limit_call_instructions");
	aborts_with("", "local function f() f() f() end f()", "");
}

static void work_within_c_functions_is_charged(void **state)
{
	aborts_with("", "local s = ('a'):rep(40) return s:find(('a*'):rep(30) .. 'b')", "limit_call_instructions");
	aborts_with("", "local s = ('a'):rep(100000) return s:match('.-.-.-.-b')", "limit_call_instructions");
	aborts_with("", "local s = ('x'):rep(500000) for i = 1, 1e9 do s:upper() end", "limit_");
	aborts_with("", "local s = ('x'):rep(500000) for i = 1, 1e9 do s:find('y', 1, true) end", "limit_");
	aborts_with("", "local s = ('x'):rep(100000) return s:gsub('', s)", "limit_");
	aborts_with("", "local t = {} for i = 1, 3000 do t[i] = -i end for i = 1, 1e9 do table.sort(t) end",
		    "limit_call_instructions");
	aborts_with("", "local t = {} for i = 1, 3000 do t[i] = 'x' end for i = 1, 1e9 do table.concat(t) end",
		    "limit_");
	aborts_with("", "local t = {} for i = 1, 900 do t[i] = i end for i = 1, 1e9 do table.unpack(t) end",
		    "limit_call_instructions");
	aborts_with("", "local t = {} for i = 1, 5000 do t[i] = i end for i = 1, 1e9 do pairs(t) end", "limit_");
	aborts_with("", "local t = {} for i = 1, 9000 do table.insert(t, 1, i) end", "limit_call_instructions");
	aborts_with("", "for w in (('a'):rep(99999)):gmatch('.-b') do end", "limit_call_instructions");
}

static void memory_is_bounded(void **state)
{
	aborts_with("", "return ('x'):rep(1e9)", "limit_call_bytes");
	aborts_with("", "return ('x'):rep(1e18, 'y')", "limit_call_bytes");
	aborts_with("", "local s = 'x' while true do s = s .. s end", "limit_call_bytes");
	aborts_with("", "local s = 'x' while true do local ok = pcall(function() s = s .. s end) end",
		    "limit_call_bytes");
	aborts_with("", "local t = {} for i = 1, 1e9 do t[i] = { i } end", "limit_");
	aborts_with("", "local s = ('x'):rep(3000000) for i = 1, 1e6 do local t = s .. i end", "limit_");
	aborts_with("", "return ('%99.99f'):rep(100000):format()", "");
	aborts_with("", "return table.unpack({}, 1, 1e8)", "too many");
	aborts_with("", "return ('x'):rep(2000)", "limit_attribute_text_bytes");
}

static void names_outside_the_list_do_not_exist(void **state)
{
	static const char *const names[] = { "load",         "loadstring", "dofile",    "loadfile", "io",
					     "os",           "debug",      "coroutine", "package",  "collectgarbage",
					     "rawset",       "rawget",     "rawequal",  "rawlen",   "setmetatable",
					     "getmetatable", "next",       "print",     "utf8",     "_G",
					     "warn",         "xpcall" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char body[80];
		snprintf(body, sizeof(body), "return %s", names[i]);
		aborts_with("", body, "unknown name");
	}
	static const char *const fields[] = { "math.random", "math.randomseed", "math.exp",    "math.log",  "math.sin",
					      "math.pow",    "string.dump",     "string.pack", "table.move" };
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char body[80];
		snprintf(body, sizeof(body), "return %s == nil and 1 or 0", fields[i]);
		gives_number(body, 1);
	}
}

static void nothing_is_left_behind(void **state)
{
	aborts_with("", "x = 1", "assignment to the global \"x\"");
	aborts_with("", "_ENV.x = 1", "assignment to the global");
	aborts_with("", "table.insert(_ENV, 1)", "assignment to the global");
	aborts_with("", "math.floor = nil", "math is read-only");
	aborts_with("", "string.rep = nil", "string is read-only");
	aborts_with("local t = { a = 1 }", "t.a = 2", "read-only");
	aborts_with("local t = { a = { b = 1 } }", "t.a.b = 2", "read-only");
	aborts_with("local t = { 3, 2, 1 }", "table.sort(t)", "read-only");
	aborts_with("local t = { 3, 2, 1 }", "table.remove(t)", "read-only");
	aborts_with("local n = 0", "n = n + 1 return n", "outer local \"n\"");
	aborts_with("local n = 0 local function f() n = n + 1 end", "f() return 1", "outer local \"n\"");
	aborts_with("local n = 0 local h = { f = function() n = {} end }", "h.f() return 1", "outer local \"n\"");
	aborts_with("local it = ('a b c'):gmatch('%a')", "return it()", "an iterator");
	aborts_with("", "_ENV = {} return 1", "outer local \"_ENV\"");
	aborts_with("", "return tonumber((series { on = 'x' }):count '7d')",
		    "declarations are made while the pack is loaded");
	aborts_with("local f = attr 'x'", "return f:above(1)", "declarations are made while");
	aborts_with("", "return require 'x'", "declarations are made while");
}

static void a_changed_local_is_put_back(void **state)
{
	struct world w;
	struct value v;
	world_load(&w, "local n = 7\nfact.a = calc({}, function() n = n + 1 return n end)\nfact.b = calc({}, "
		       "function() return n end)");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vm_call_value(w.pack->vm, w.pack->facts[0].term->call.function,
					       w.pack->facts[0].term->call.names, NULL, 0, &w.arena, &v),
				 ERR_ABORTED);
		assert_int_equal(vm_call_value(w.pack->vm, w.pack->facts[1].term->call.function,
					       w.pack->facts[1].term->call.names, NULL, 0, &w.arena, &v),
				 ERR_OK);
		assert_true(v.number == 7);
	}
	world_finish(&w);
}

static void tables_of_the_file_can_be_read(void **state)
{
	struct world w;
	struct value v;
	assert_int_equal(call(&w,
			      "local t = { 5, 6, 7, x = 'y' } local function sum(u) local s = 0 for _, n in ipairs(u) "
			      "do s = s + n end return s end",
			      "local s = '' for k, n in pairs(t) do s = s .. tostring(k) .. n end return s .. #t .. "
			      "table.concat(t, ',') .. sum(t) .. "
			      "select('#', table.unpack(t))",
			      &v),
			 ERR_OK);
	assert_string_equal(v.string.data, "152637xy35,6,7183");
	world_finish(&w);
}

static void order_and_text_are_the_same_everywhere(void **state)
{
	const char *body = "local t = { zeta = 1, alpha = 1, [3] = 1, [1.5] = 1, [-2] = 1, [true] = 1, beta = 1, "
			   "[false] = 1, B = 1 } "
			   "for i = 1, 50 do t['k' .. i] = 1 end for i = 1, 50 do t['k' .. i] = nil end "
			   "local s = '' for k in pairs(t) do s = s .. tostring(k) .. ' ' end return s";
	for (int i = 0; i < 3; i++) /* each VM has another hash seed */
		gives_text(body, "-2 1.5 3 B alpha beta zeta false true ");
	aborts_with("", "for k in pairs({ [{}] = 1 }) do end", "has no order");
	gives_text("return tostring({})", "table");
	gives_text("return tostring(pairs)", "function");
	gives_text("return ('%s'):format({})", "table");
}

static void formats_show_no_addresses(void **state)
{
	aborts_with("", "return ('%p'):format({})", "is not known here");
	aborts_with("", "return ('%a'):format(1)", "is not known here");
	aborts_with("", "return ('%*d'):format(1)", "is not known here");
	aborts_with("", "return ('%999d'):format(1)", "is not known here");
	aborts_with("", "return {} .. 'x'", "concatenate");
	aborts_with("", "error({})", "the message is a table");
	gives_text("return ('%5.2f|%-4d|%04d|%x|%s|%5s|%g|%%|%c'):format(1.005, 7, 42, 255, true, 'ab', 0.1, 65)",
		   " 1.00|7   |0042|ff|true|   ab|0.1|%|A");
	gives_text("local ok, e = pcall(error, 'no') return e", "no");
	gives_text("local ok, e = pcall(function() return nil + 1 end) return e",
		   "pack.lua:5: attempt to perform arithmetic on a nil value");
}

static void strings_have_a_locked_metatable(void **state)
{
	aborts_with("", "(''):x()", "attempt to call a nil value (method 'x')");
	aborts_with("", "('').x = 1", "attempt to index a string value");
	aborts_with("", "return '10' + 1", "arithmetic on a string");
	gives_text("return ('aBc'):upper() .. ('aBc'):lower() .. ('abc'):reverse() .. ('abc'):sub(-2) .. ('ab'):rep(2, "
		   "'-') .. #'xyz'",
		   "ABCabccbabcab-ab3");
	gives_text("return ('hello world'):gsub('o', '0')", "hell0 w0rld");
	gives_text("return (('hello world'):gsub('(%w+) (%w+)', '%2 %1'))", "world hello");
	gives_text("return (('abc'):gsub('%w', { a = '1', b = true and '2' }))", "12c");
	gives_text("return (('abc'):gsub('', '-'))", "-a-b-c-");
	gives_text("return ('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "key");
	gives_text("local s = '' for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do s = s .. k .. v end return s",
		   "a1b2");
	gives_text("return ('THE (quick) fox'):match('%b()') .. ('THE (quick) fox'):gsub('%f[%a]%a+', 'x')",
		   "(quick)x (x) x");
	gives_number("return (('hello'):find('l+'))", 3);
	gives_number("return (('a.b'):find('.', 1, true))", 2);
	gives_number("return (('abc'):find('()c'))", 3);
	gives_number("return select(3, ('abc'):find('b()'))", 3);
	aborts_with("", "return ('a'):find('[a')", "malformed pattern");
	aborts_with("", "return ('a'):find('%')", "malformed pattern");
	aborts_with("", "return ('a'):find('(a')", "malformed pattern");
	aborts_with("", "return ('a'):match('a)')", "malformed pattern");
	aborts_with("", "return ('a'):find('%f')", "malformed pattern");
	aborts_with("", "return ('a'):rep(300):find(('(a)'):rep(40))", "too many captures");
}

static void sorting_is_stable_and_survives_bad_comparators(void **state)
{
	gives_text("local t = { 5, 3, 9, 1 } table.sort(t) return table.concat(t, ' ')", "1 3 5 9");
	gives_text("local t = { 'b1', 'a1', 'b2', 'a2', 'c' } table.sort(t, function(x, y) return x:sub(1, 1) < "
		   "y:sub(1, 1) end) return table.concat(t, ' ')",
		   "a1 a2 b1 b2 c");
	gives_number("local t = { 3, 1, 2, 8, 4 } table.sort(t, function() return true end) return #t", 5);
	gives_number("local t = {} for i = 1, 300 do t[i] = (i * 7919) % 300 end table.sort(t) "
		     "for i = 2, #t do if t[i - 1] > t[i] then return 0 end end return 1", 1);
	aborts_with("", "local t = { 1, 'x' } table.sort(t)", "attempt to compare");
}

static void numbers_work(void **state)
{
	gives_number("return math.floor(2.7) + math.ceil(2.1) + math.abs(-1) + math.max(1, 5, 2) + math.min(4, 2) + "
		     "math.sqrt(16) + math.fmod(7, 4)",
		     20);
	gives_number("return tonumber('0x10') + tonumber('12') + tonumber('z', 36) + math.tointeger(3.0)", 66);
	struct world w;
	struct value v;
	assert_int_equal(call(&w, "", "return 0/0", &v), ERR_OK);
	assert_int_equal(v.kind, VALUE_UNKNOWN);
	world_finish(&w);
	assert_int_equal(call(&w, "", "return 1/0", &v), ERR_OK);
	assert_int_equal(v.kind, VALUE_UNKNOWN);
	world_finish(&w);
	aborts_with("", "return {}", "returned a table");
}

static void bytecode_and_powers_are_refused(void **state)
{
	struct world w;
	struct bundle b = { 0 };
	w.pool = strpool_create();
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), SLICE("\x1bLua\x54\x00")), ERR_OK);
	assert_int_equal(pack_load(&w.pack, &b, w.pool), ERR_RULE);
	assert_non_null(strstr(error_last()->text, "binary chunk"));
	bundle_finish(&b);
	strpool_destroy(w.pool);
	assert_int_equal(
		world_try(&w, PACK_HEAD, "local s = '^' --[[ ^ ]] local t = [==[ ^ ]] ]==]\nlocal x = 2 ^ 3", NULL),
		ERR_RULE);
	assert_non_null(strstr(error_last()->text, "pack.lua:3: the operator `^`"));
	world_finish(&w);
}

static void loading_has_budgets_too(void **state)
{
	struct world w;
	assert_int_equal(world_try(&w, PACK_HEAD, "while true do end", NULL), ERR_RULE);
	assert_non_null(strstr(error_last()->text, "limit_load_instructions"));
	world_finish(&w);
	assert_int_equal(world_try(&w, PACK_HEAD, "local s = 'x' while true do s = s .. s end", NULL), ERR_RULE);
	assert_non_null(strstr(error_last()->text, "limit_vm_bytes"));
	world_finish(&w);
	assert_int_equal(world_try(&w, PACK_HEAD, "while true do local x = attr 'x' + 1 end", NULL), ERR_RULE);
	world_finish(&w);
	assert_int_equal(
		world_try(&w, PACK_HEAD,
			  "local t = {} for i = 1, 1000 do t = { t } end\nfact.x = calc({}, function() return t end)",
			  NULL),
		ERR_RULE);
	assert_non_null(strstr(error_last()->text, "nested more than"));
	world_finish(&w);
}

struct staged {
	char log[500];
	int fail_code;
};

static int stage_alert(void *arg, struct slice severity, struct slice to, struct slice text, int64_t expires_ms)
{
	struct staged *s = arg;
	size_t n = strlen(s->log);
	snprintf(s->log + n, sizeof(s->log) - n, "alert %.*s %.*s %.*s %lld;", SLICE_ARG(severity), SLICE_ARG(to),
		 SLICE_ARG(text), (long long)expires_ms);
	return s->fail_code ? error_set(s->fail_code, NULL, "too many alerts") : ERR_OK;
}

static int stage_set(void *arg, struct slice name, struct value v)
{
	struct staged *s = arg;
	size_t n = strlen(s->log);
	snprintf(s->log + n, sizeof(s->log) - n, "set %.*s %d;", SLICE_ARG(name), (int)v.kind);
	return ERR_OK;
}

static int stage_add(void *arg, unsigned series, double amount)
{
	struct staged *s = arg;
	size_t n = strlen(s->log);
	snprintf(s->log + n, sizeof(s->log) - n, "add %u %g;", series, amount);
	return ERR_OK;
}

static int stage_nudge(void *arg, struct slice channel, struct slice goal, struct slice action)
{
	struct staged *s = arg;
	size_t n = strlen(s->log);
	snprintf(s->log + n, sizeof(s->log) - n, "nudge %.*s %.*s %.*s;", SLICE_ARG(channel), SLICE_ARG(goal),
		 SLICE_ARG(action));
	return ERR_OK;
}

static void a_rule_acts_through_its_context(void **state)
{
	struct world w;
	struct staged staged = { .log = "" };
	struct vm_host host = { &staged, read_nothing, stage_alert, stage_set, stage_add, stage_nudge };
	world_load(&w,
		   "local t = tally { name = 'n' }\n"
		   "rule 'r' { on = 'a', run = function(c)\n"
		   "  c:alert { to = 'care', say = c.event.topic .. ' ' .. c.now, severity = 'high', expires = '4h' }\n"
		   "  c:set('vip', true) c:set('gone', nil) c:add(t) c:add(t, 2.5) c:nudge { channel = 'sms', goal = "
		   "'serve' }\n"
		   "end }\n"
		   "rule 'w' { on = 'a', when = function(c) return c.attr.x end, run = function(c) c.event.topic = 1 "
		   "end }\n"
		   "rule 'x' { on = 'a', when = function(c) c:set('a', 1) end, run = function(c) return c.topik end }");
	assert_int_equal(vm_call_run(w.pack->vm, w.pack->rules[0].run, &host, &w.arena), ERR_OK);
	assert_string_equal(
		staged.log,
		"alert high care bill 12.0 14400000;set vip 1;set gone 0;add 0 1;add 0 2.5;nudge sms serve ;");
	staged.fail_code = ERR_LIMIT;
	assert_int_equal(vm_call_run(w.pack->vm, w.pack->rules[0].run, &host, &w.arena), ERR_ABORTED);
	assert_non_null(strstr(error_last()->text, "too many alerts"));
	struct value v;
	assert_int_equal(vm_call_condition(w.pack->vm, w.pack->rules[1].when_function, &host, &w.arena, &v), ERR_OK);
	assert_int_equal(v.kind, VALUE_UNKNOWN);
	assert_int_equal(vm_call_run(w.pack->vm, w.pack->rules[1].run, &host, &w.arena), ERR_ABORTED);
	assert_non_null(strstr(error_last()->text, "c is read, not written"));
	struct vm_host reader = { .read = read_nothing };
	assert_int_equal(vm_call_condition(w.pack->vm, w.pack->rules[2].when_function, &reader, &w.arena, &v),
			 ERR_ABORTED);
	assert_non_null(strstr(error_last()->text, "only a rule's run"));
	assert_int_equal(vm_call_run(w.pack->vm, w.pack->rules[2].run, &host, &w.arena), ERR_ABORTED);
	assert_non_null(strstr(error_last()->text, "no such fact"));
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endless_loops_stop),
		cmocka_unit_test(work_within_c_functions_is_charged),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(names_outside_the_list_do_not_exist),
		cmocka_unit_test(nothing_is_left_behind),
		cmocka_unit_test(a_changed_local_is_put_back),
		cmocka_unit_test(tables_of_the_file_can_be_read),
		cmocka_unit_test(order_and_text_are_the_same_everywhere),
		cmocka_unit_test(formats_show_no_addresses),
		cmocka_unit_test(strings_have_a_locked_metatable),
		cmocka_unit_test(sorting_is_stable_and_survives_bad_comparators),
		cmocka_unit_test(numbers_work),
		cmocka_unit_test(bytecode_and_powers_are_refused),
		cmocka_unit_test(loading_has_budgets_too),
		cmocka_unit_test(a_rule_acts_through_its_context),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
