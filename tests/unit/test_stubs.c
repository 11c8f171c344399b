/* tests/unit/test_stubs.c: what editors are told (rules/stubs, rules/new-pack/.luarc.json) is what the sandbox has, no
 * less and no more: every function, method and field, asked of the engine as it runs; and each is shown by an example.
 */
#include "base/error.h"
#include "base/limits.h"
#include "script/names.h"
#include "workbench/tests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define NAMES_MAX 256

struct names {
	char list[NAMES_MAX][64];
	unsigned count;
};

static bool has_name(const struct names *n, const char *name)
{
	for (unsigned i = 0; i < n->count; i++)
		if (strcmp(n->list[i], name) == 0)
			return true;
	return false;
}

static void add_name(struct names *n, const char *name)
{
	assert_true(n->count < NAMES_MAX && strlen(name) < 64);
	if (!has_name(n, name))
		strcpy(n->list[n->count++], name);
}

static void assert_same_names(const struct names *told, const struct names *there, const char *what)
{
	for (unsigned i = 0; i < there->count; i++)
		if (!has_name(told, there->list[i]))
			fail_msg("%s: editors are not told of %s", what, there->list[i]);
	for (unsigned i = 0; i < told->count; i++)
		if (!has_name(there, told->list[i]))
			fail_msg("%s: editors are told of %s, which is not there", what, told->list[i]);
}

static const char *file_text(const char *path)
{
	static char texts[4][128 * 1024];
	static unsigned next;
	char whole[4096];
	char *text = texts[next++ % 4];
	snprintf(whole, sizeof(whole), "%s/%s", SOURCE_ROOT, path);
	FILE *f = fopen(whole, "rb");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(texts[0]) - 1, f);
	assert_true(feof(f));
	fclose(f);
	text[n] = '\0';
	return text;
}

static const char *const pack_files[] = { "rules/stubs/nudged.lua", "rules/stubs/lasting.lua", "rules/stubs/contacts.lua",
					  "rules/stubs/agents.lua", "rules/stubs/catalogue.lua", "rules/stubs/relations.lua",
					  NULL };
static const char *const all_files[] = { "rules/stubs/nudged.lua", "rules/stubs/lasting.lua", "rules/stubs/contacts.lua",
					 "rules/stubs/agents.lua", "rules/stubs/catalogue.lua", "rules/stubs/relations.lua",
					 "rules/stubs/testing.lua",
					 NULL };

/* The whole vocabulary of packs. */
static const char *pack_stubs(void)
{
	static char text[512 * 1024];
	size_t len = 0;
	for (unsigned i = 0; pack_files[i]; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", file_text(pack_files[i]));
	assert_true(len < sizeof(text));
	return text;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');
	return end ? end + 1 : line + strlen(line);
}

/* "Class.name" of every function, and "name" of every global, that a file of stubs declares. */
static void stub_functions(const char *text, struct names *out)
{
	char a[64], b[64], name[140];
	for (const char *line = text; *line; line = next_line(line)) {
		if (sscanf(line, "function %63[A-Za-z_]:%63[a-z_](", a, b) == 2)
			snprintf(name, sizeof(name), "%s.%s", a, b);
		else if (sscanf(line, "function %63[a-z_](", a) == 1 || sscanf(line, "%63[a-z_] = {}", a) == 1)
			snprintf(name, sizeof(name), "%s", a);
		else
			continue;
		if (strncmp(line, "local", 5) != 0)
			add_name(out, name);
	}
}

/* The named fields of a class. */
static void stub_fields(const char *text, const char *class, struct names *out)
{
	char head[120], name[64];
	snprintf(head, sizeof(head), "\n---@class %s", class);
	const char *at = strstr(text, head);
	while (at && at[strlen(head)] != '\n' && at[strlen(head)] != ':')
		at = strstr(at + 1, head);
	if (!at)
		fail_msg("there is no class %s", class);
	for (const char *line = next_line(at + 1); strncmp(line, "---@field", 9) == 0; line = next_line(line))
		if (sscanf(line, "---@field %63[a-z_0-9]", name) == 1)
			add_name(out, name);
}

/* Of the sandbox: globals without what is Lua's own, and methods. */
static bool is_lua(const char *name)
{
	static const char *const own[] = { "assert", "error",  "ipairs", "math",     "pairs",    "pcall", "require",
					   "select", "string", "table",  "tonumber", "tostring", "type" };
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(own[i], name) == 0)
			return true;
	return false;
}

static void take_name(void *arg, const char *of, const char *name)
{
	char whole[140];
	bool library = strcmp(of, "string") == 0 || strcmp(of, "table") == 0 || strcmp(of, "math") == 0;
	if (library || (!*of && is_lua(name)))
		return;
	snprintf(whole, sizeof(whole), "%s%s%s", of, *of ? "." : "", name);
	add_name(arg, whole);
}

static void packs_have_what_editors_are_told_of(void **state)
{
	static struct names told, there, fields;
	const char *text = pack_stubs();
	stub_functions(text, &told);
	stub_fields(text, "nudged.Context", &fields);
	for (unsigned i = 0; i < fields.count; i++)
		if (strcmp(fields.list[i], "now") != 0) {
			char name[140];
			snprintf(name, sizeof(name), "Context.%s", fields.list[i]);
			add_name(&told, name);
		}
	names_of_packs(take_name, &there);
	assert_true(there.count > 60);
	assert_same_names(&told, &there, "nudged.lua");
}

static void remove_inherited(struct names *there)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < there->count; i++) {
		const char *name = there->list[i];
		char step[140];
		snprintf(step, sizeof(step), "Step.%s", strncmp(name, "Subject.", 8) == 0 ? name + 8 : "");
		if (!has_name(there, step))
			memmove(there->list[kept++], name, 64);
	}
	there->count = kept;
}

static void tests_have_what_editors_are_told_of(void **state)
{
	static struct names told, there, of_packs;
	stub_functions(file_text("rules/stubs/testing.lua"), &told);
	stub_functions(pack_stubs(), &of_packs);
	names_of_tests(take_name, &there);
	remove_inherited(&there);
	for (unsigned i = 0; i < of_packs.count; i++) /* shared, or refused there with a reason */
		if (has_name(&there, of_packs.list[i]) && !has_name(&told, of_packs.list[i]))
			add_name(&told, of_packs.list[i]);
	assert_same_names(&told, &there, "testing.lua");
}

/* Fields: a table with a field that nothing has is refused with those that there are. */

static void known_fields(const char *message, struct names *out)
{
	const char *at = strstr(message, "known are ");
	if (!at)
		fail_msg("does not say what is known: %s", message);
	for (at += strlen("known are "); *at; at += *at == ',' ? 2 : 0) {
		char name[64] = "";
		size_t len = strcspn(at, ", ");
		assert_true(len > 0 && len < sizeof(name));
		memcpy(name, at, len);
		add_name(out, name);
		at += len;
	}
}

static void declarations_take_what_editors_are_told_of(void **state)
{
	static const struct {
		const char *class, *lua;
	} tries[] = {
		{ "nudged.TimelineBody", "timeline { qqqqqqqq = 1 }" },
		{ "nudged.Levers", "" },
		{ "nudged.SeriesBody", "series { qqqqqqqq = 1 }" },
		{ "nudged.TallyBody", "tally { qqqqqqqq = 1 }" },
		{ "nudged.CaseBody", "case { qqqqqqqq = 1 }" },
		{ "nudged.ContactsBody", "contacts { qqqqqqqq = 1 }" },
		{ "nudged.ContractBody", "contract { qqqqqqqq = 1 }" },
		{ "nudged.Opinion", "contract { starts = 'a', ends = 'b', opinions = { { qqqqqqqq = 1 } } }" },
		{ "nudged.ChurnBody", "churn { qqqqqqqq = 1 }" },
		{ "nudged.WindowBody", "series { on = 'x' }:count { '7d', qqqqqqqq = 1 }" },
		{ "nudged.DailyMean", "series { on = 'x' }:daily_mean { qqqqqqqq = 1 }" },
		{ "nudged.EventBody", "event 'x' { qqqqqqqq = 1 }" },
		{ "nudged.Attribute", "event 'x' { attributes = { a = { 'number', qqqqqqqq = 1 } } }" },
		{ "nudged.OutcomesBody", "outcomes { 'shown', qqqqqqqq = 1 }" },
		{ "nudged.RuleBody", "rule 'x' { qqqqqqqq = 1 }" },
		{ "nudged.AlertBody", "rule 'x' { on = 'x', alert = { qqqqqqqq = 1 } }" },
		{ "nudged.NudgeBody", "rule 'x' { on = 'x', nudge = { qqqqqqqq = 1 } }" },
		{ "nudged.PolicyBody", "policy { qqqqqqqq = 1 }" },
		{ "nudged.Outcomes", "policy { after = { qqqqqqqq = 1 } }" },
		{ "nudged.ChannelBody", "channel 'x' { qqqqqqqq = 1 }" },
		{ "nudged.Quiet", "channel 'x' { quiet = { qqqqqqqq = 1 } }" },
		{ "nudged.LadderBody", "ladder 'x' { qqqqqqqq = 1 }" },
		{ "nudged.Offer", "action 'x' { goal = 'g', say = 'x', value = { customer = 1, business = 1 }, "
				  "offer = { qqqqqqqq = 1 } }" },
		{ "nudged.SettingBody", "setting('x', { qqqqqqqq = 1 })" },
		{ "nudged.GoalBody", "goal 'x' { qqqqqqqq = 1 }" },
		{ "nudged.GroupBody", "group 'x' { qqqqqqqq = 1 }" },
		{ "nudged.ActionBody", "action 'x' { qqqqqqqq = 1 }" },
		{ "nudged.Worth", "action 'x' { goal = 'g', say = 'x', value = { qqqqqqqq = 1 } }" },
		{ "nudged.Propensity", "action 'x' { goal = 'g', say = 'x', value = { customer = 1, business = 1 }, "
				       "propensity = { qqqqqqqq = 1 } }" },
		{ "nudged.ContextWeight", "action 'x' { goal = 'g', say = 'x', value = { customer = 1, business = 1 }, "
					  "context = { { qqqqqqqq = 1 } } }" },
		{ "nudged.SaidBody", "opening { qqqqqqqq = 1 }" },
		{ "nudged.SaidBody", "guideline { qqqqqqqq = 1 }" },
		{ "nudged.SaidBody", "avoid { qqqqqqqq = 1 }" },
		{ "nudged.TellBody", "tell 'x' { qqqqqqqq = 1 }" },
		{ "nudged.Band", "spell 'x' { { qqqqqqqq = 1 } }" },
		{ "nudged.StrainBody", "strain { qqqqqqqq = 1 }" },
		{ "nudged.StrainPart", "strain { parts = { { qqqqqqqq = 1 } } }" },
		{ "nudged.StrainLevel", "strain { parts = { { name = 'x', of = now(), from = 0, to = 1, points = 1 } }, "
					"levels = { { qqqqqqqq = 1 } } }" },
		{ "nudged.RelationshipBody", "relationship { qqqqqqqq = 1 }" },
		{ "nudged.RelationshipPart", "relationship { sample = 'x', parts = { t = { qqqqqqqq = 1 } } }" },
		{ "nudged.ExpectationBody", "expectation 'x' { qqqqqqqq = 1 }" },
		{ "nudged.SurveyBody", "survey 'x' { qqqqqqqq = 1 }" },
		{ "nudged.PackBody", NULL },
	};
	const char *text = pack_stubs();
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct bundle b = { 0 };
		struct strpool *pool = strpool_create();
		struct pack *p;
		struct names told = { .count = 0 }, there = { .count = 0 };
		char lua[400];
		const char *before = !tries[i].lua ? "qqqqqqqq = 1" : !*tries[i].lua ? "levers = { qqqqqqqq = 1 }" : "";
		snprintf(lua, sizeof(lua), "pack { name = 'x', %s }\n%s", before, tries[i].lua ? tries[i].lua : "");
		assert_int_equal(bundle_add(&b, SLICE("pack.lua"), slice_of(lua)), ERR_OK);
		assert_int_equal(pack_load(&p, &b, pool), ERR_RULE);
		known_fields(error_last()->text, &there);
		stub_fields(text, tries[i].class, &told);
		assert_same_names(&told, &there, tries[i].class);
		bundle_finish(&b);
		strpool_destroy(pool);
	}
}

static void expectations_take_what_editors_are_told_of(void **state)
{
	static const struct {
		const char *class, *lua;
	} tries[] = {
		{ "nudged.testing.Alert", "c:expect_alert('r', { qqqqqqqq = 1 })" },
		{ "nudged.testing.Nudge", "c:expect_nudge('r', { qqqqqqqq = 1 })" },
		{ "nudged.testing.Action", "c:ask():expect_action('a', { qqqqqqqq = 1 })" },
		{ "nudged.testing.LeftOut", "c:ask():expect_no_action('a', { qqqqqqqq = 1 })" },
	};
	const char *text = file_text("rules/stubs/testing.lua");
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		struct bundle pack = { 0 }, tests = { 0 };
		struct test_run run;
		struct test_options all = { 0 };
		struct names told = { .count = 0 }, there = { .count = 0 };
		char lua[200];
		snprintf(lua, sizeof(lua), "test('t', function() local c = customer 'c' %s end)", tries[i].lua);
		assert_int_equal(bundle_add(&pack, SLICE("pack.lua"), SLICE("pack { name = 'p' }")), ERR_OK);
		assert_int_equal(bundle_add(&tests, SLICE("tests/t.lua"), slice_of(lua)), ERR_OK);
		assert_int_equal(tests_run(&run, &pack, &tests, &all), ERR_OK);
		known_fields(run.results[0].message, &there);
		stub_fields(text, tries[i].class, &told);
		assert_same_names(&told, &there, tries[i].class);
		tests_finish(&run);
		bundle_finish(&pack);
		bundle_finish(&tests);
	}
}

/* They are Lua: as the body of a function that nobody calls. */
static void stubs_are_lua(void **state)
{
	for (size_t i = 0; all_files[i]; i++) {
		struct bundle b = { 0 };
		struct bytes lua = { 0 };
		struct strpool *pool = strpool_create();
		struct pack *p;
		bytes_printf(&lua, "pack { name = 'x' }\nlocal function never()\n%s\nend\n", file_text(all_files[i]));
		assert_int_equal(bundle_add(&b, SLICE("pack.lua"), bytes_slice(&lua)), ERR_OK);
		if (pack_load(&p, &b, pool) != ERR_OK)
			fail_msg("%s: %s", all_files[i], error_last()->text);
		pack_destroy(p);
		bytes_finish(&lua);
		bundle_finish(&b);
		strpool_destroy(pool);
	}
}

/* The comment right above each function has an example in it, and says what every parameter is. */
static void every_function_has_an_example(void **state)
{
	unsigned functions = 0;
	for (size_t i = 0; all_files[i]; i++) {
		const char *comment = NULL;
		for (const char *line = file_text(all_files[i]); *line; line = next_line(line)) {
			if (strncmp(line, "---", 3) == 0) {
				comment = comment ? comment : line;
				continue;
			}
			if (strncmp(line, "function ", 9) == 0) {
				functions++;
				if (!comment || !memchr(comment, '`', (size_t)(line - comment)))
					fail_msg("%s: no example of %.*s", all_files[i], (int)strcspn(line, "\n"), line);
				if (line[strcspn(line, "(") + 1] != ')' &&
				    !memmem(comment, (size_t)(line - comment), "@param", 6))
					fail_msg("%s: no types of %.*s", all_files[i], (int)strcspn(line, "\n"), line);
			}
			comment = NULL;
		}
	}
	assert_true(functions > 80);
}

static void a_new_packs_settings_name_every_global(void **state)
{
	static struct names told, there;
	const char *text = file_text("rules/new-pack/.luarc.json");
	const char *at = strstr(text, "\"diagnostics.globals\"");
	assert_non_null(at);
	at = strchr(at, '[');
	for (const char *end = strchr(at, ']'); (at = strchr(at, '"')) != NULL && at < end;) {
		char name[64] = "";
		assert_int_equal(sscanf(at, "\"%63[a-z_]\"", name), 1);
		add_name(&told, name);
		at += strlen(name) + 2;
	}
	static struct names all;
	names_of_packs(take_name, &all);
	names_of_tests(take_name, &all);
	for (unsigned i = 0; i < all.count; i++)
		if (!strchr(all.list[i], '.'))
			add_name(&there, all.list[i]);
	assert_same_names(&told, &there, ".luarc.json");
	text = file_text("rules/stubs/luacheckrc");
	for (unsigned i = 0; i < there.count; i++) {
		char name[140];
		snprintf(name, sizeof(name), "\"%s\"", there.list[i]);
		if (!strstr(text, name) && strcmp(there.list[i], "event") != 0)
			fail_msg("luacheckrc lacks %s", there.list[i]);
	}
}

/* Editors are told numbers, and base/limits.h is where they come from. */
static void limits_are_told_as_numbers(void **state)
{
	static const struct {
		const char *path, *form;
		unsigned limit;
	} told[] = {
		{ "rules/stubs/nudged.lua", "more than %u00,000 instructions", LIMIT_CALL_INSTRUCTIONS / 100000 },
		{ "rules/stubs/nudged.lua", "instructions or %u MiB", LIMIT_CALL_BYTES >> 20 },
		{ "rules/stubs/catalogue.lua", "by which it differs; at most %u\n", LIMIT_MODEL_BY },
		{ "rules/stubs/testing.lua", "at most 4,0%u a file", LIMIT_TESTS - 4000 },
		{ "rules/README.md", "more than 1,0%u windows", LIMIT_WINDOWS - 1000 },
	};
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		char sought[80];
		snprintf(sought, sizeof(sought), told[i].form, told[i].limit);
		if (!strstr(file_text(told[i].path), sought))
			fail_msg("%s does not say \"%s\"", told[i].path, sought);
	}
	assert_null(strstr(file_text("rules/stubs/nudged.lua"), "limit_"));
	assert_null(strstr(file_text("rules/stubs/testing.lua"), "limit_"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_have_what_editors_are_told_of),
		cmocka_unit_test(tests_have_what_editors_are_told_of),
		cmocka_unit_test(declarations_take_what_editors_are_told_of),
		cmocka_unit_test(expectations_take_what_editors_are_told_of),
		cmocka_unit_test(stubs_are_lua),
		cmocka_unit_test(every_function_has_an_example),
		cmocka_unit_test(a_new_packs_settings_name_every_global),
		cmocka_unit_test(limits_are_told_as_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
