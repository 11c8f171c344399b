/* tests/unit/test_packs.c: every pack of the project loads, says why of each rule, and speaks all its languages; the
 * author's guide (rules/README.md) is tried out: its examples, one after another, are a pack, and what it calls a
 * trap is refused as it says. */
#include "pack_town.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char *const packs[] = { "welcome", "telecom", "bank" };

static struct pack *load(struct strpool *pool, const char *name)
{
	char folder[4096];
	snprintf(folder, sizeof(folder), "%s/rules/%s", SOURCE_ROOT, name);
	struct bundle b = town_bundle(folder);
	struct pack *p;
	town_must(pack_load(&p, &b, pool), folder);
	bundle_finish(&b);
	return p;
}

static void every_pack_loads_and_says_why(void **state)
{
	for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++) {
		struct strpool *pool = strpool_create();
		struct pack *p = load(pool, packs[i]);
		assert_string_equal(p->name->data, packs[i]);
		assert_true(p->rule_count > 0 && p->action_count > 0);
		for (unsigned r = 0; r < p->rule_count; r++)
			assert_true(p->rules[r].why && p->rules[r].why->len > 20);
		pack_destroy(p);
		strpool_destroy(pool);
	}
}

static void assert_spoken(const struct pack *p, const struct phrase *say, const char *what)
{
	for (unsigned i = 0; i < p->language_count; i++)
		if (say->by_language[i].count == 0)
			fail_msg("%s says nothing in %s", what, p->languages[i]->data);
}

static void customers_are_spoken_to_in_every_language(void **state)
{
	for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++) {
		struct strpool *pool = strpool_create();
		struct pack *p = load(pool, packs[i]);
		for (unsigned k = 0; k < p->action_count; k++)
			assert_spoken(p, &p->actions[k].say, p->actions[k].name->data);
		for (unsigned k = 0; k < p->answer_count; k++)
			assert_spoken(p, &p->answers[k].text, p->answers[k].question.data);
		pack_destroy(p);
		strpool_destroy(pool);
	}
}

static bool is_goal_wanted(const struct pack *p, const char *goal)
{
	for (unsigned i = 0; i < p->action_count; i++)
		if (strcmp(p->actions[i].goal->data, goal) == 0)
			return true;
	return false;
}

static void the_telecom_catalogue_serves_every_goal(void **state)
{
	static const char *const goals[] = { "serve", "retain", "grow", "nurture" };
	struct strpool *pool = strpool_create();
	struct pack *p = load(pool, "telecom");
	assert_true(p->action_count >= 10);
	for (size_t i = 0; i < 4; i++)
		assert_true(is_goal_wanted(p, goals[i]));
	pack_destroy(p);
	strpool_destroy(pool);
}

/* The guide: blocks fenced ```lua join into one pack; each block fenced ```lua refused follows all of them, and its
 * first line,
 * "--> TEXT", is part of the message it is refused with. */
static char *file_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	static char text[128 * 1024];
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text) - 1, f);
	assert_true(feof(f) || n < sizeof(text) - 1);
	fclose(f);
	text[n] = '\0';
	return text;
}

static char *guide(void)
{
	return file_text(SOURCE_ROOT "/rules/README.md");
}

/* The next block with exactly this fence, from *at on. */
static bool next_block(const char **at, const char *fence, struct slice *out)
{
	size_t len = strlen(fence);
	for (const char *line = *at; line;) {
		const char *end = strchr(line, '\n');
		if (end && (size_t)(end - line) == len && memcmp(line, fence, len) == 0) {
			const char *close = strstr(end, "\n```");
			assert_non_null(close);
			*out = (struct slice){ end + 1, (size_t)(close - end) };
			*at = close + 4;
			return true;
		}
		line = end ? end + 1 : NULL;
	}
	return false;
}

static int load_text(struct slice text, const char *extra)
{
	struct bundle b = { 0 };
	struct bytes lua = { 0 };
	struct pack *p = NULL;
	struct strpool *pool = strpool_create();
	bytes_put(&lua, text.data, text.len);
	bytes_printf(&lua, "\n%s", extra);
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), bytes_slice(&lua)), ERR_OK);
	assert_int_equal(bundle_add(&b, SLICE("words.lua"), SLICE("return { sorry = \"We are sorry.\" }\n")), ERR_OK);
	int rc = bundle_resolve_zone(&b);
	if (rc == ERR_OK)
		rc = pack_load(&p, &b, pool);
	pack_destroy(p);
	bundle_finish(&b);
	strpool_destroy(pool);
	bytes_finish(&lua);
	return rc;
}

static void examples(struct bytes *out)
{
	const char *at = guide();
	struct slice block;
	while (next_block(&at, "```lua", &block))
		bytes_put(out, block.data, block.len);
}

static void the_examples_of_the_guide_are_a_pack(void **state)
{
	struct bytes all = { 0 };
	examples(&all);
	assert_true(all.len > 1000);
	if (load_text(bytes_slice(&all), "") != ERR_OK)
		fail_msg("the guide's examples: %s", error_last()->text);
	bytes_finish(&all);
}

static void the_traps_of_the_guide_are_refused_as_it_says(void **state)
{
	struct bytes all = { 0 };
	const char *at = guide();
	struct slice block;
	unsigned count = 0;
	examples(&all);
	while (next_block(&at, "```lua refused", &block)) {
		char text[4096], expected[512];
		assert_true(block.len < sizeof(text));
		snprintf(text, sizeof(text), "%.*s", SLICE_ARG(block));
		assert_int_equal(sscanf(text, "--> %511[^\n]", expected), 1);
		if (load_text(bytes_slice(&all), text) == ERR_OK)
			fail_msg("not refused:\n%s", text);
		if (!strstr(error_last()->text, expected))
			fail_msg("the guide says it is refused with \"%s\", but: %s", expected, error_last()->text);
		count++;
	}
	assert_true(count >= 5);
	bytes_finish(&all);
}

/* What editors are told (rules/stubs) is Lua, and knows every field and method that the engine knows: its own refusals
 * list them. */
static const char *known_to_the_engine(const char *wrong, char names[1024])
{
	struct bytes lua = { 0 };
	bytes_printf(&lua, "pack { name = 'x' }\n%s\n", wrong);
	assert_int_not_equal(load_text(bytes_slice(&lua), ""), ERR_OK);
	bytes_finish(&lua);
	const char *list = strstr(error_last()->text, "known are ");
	if (!list)
		fail_msg("%s: no list of what is known in: %s", wrong, error_last()->text);
	snprintf(names, 1024, "%s", list + strlen("known are "));
	return names;
}

static void assert_in_stubs(const char *stubs, const char *wrong, const char *form)
{
	char names[1024], *rest = names, sought[128];
	unsigned count = 0;
	known_to_the_engine(wrong, names);
	for (char *name; (name = strtok_r(rest, " ,.:()", &rest)) != NULL; count++) {
		snprintf(sought, sizeof(sought), form, name);
		if (!strstr(stubs, sought))
			fail_msg("rules/stubs does not know \"%s\" of: %s", name, wrong);
	}
	assert_true(count > 1);
}

static void editors_are_told_of_everything(void **state)
{
	static const char *const declarations[] = {
		"timeline { zzz = 1 }",
		"series { zzz = 1 }",
		"tally { zzz = 1 }",
		"policy { zzz = 1 }",
		"outcomes { zzz = 1 }",
		"rule 'r' { zzz = 1 }",
		"rule 'r' { on = 'x', alert = { zzz = 1 } }",
		"rule 'r' { on = 'x', nudge = { zzz = 1 } }",
		"policy { after = { zzz = 1 } }",
		"series({ on = 'x' }):daily_mean { zzz = 1 }",
	};
	assert_in_stubs(file_text(SOURCE_ROOT "/rules/stubs/catalogue.lua"), "action 'a' { zzz = 1 }", "---@field %s");
	const char *stubs = file_text(SOURCE_ROOT "/rules/stubs/nudged.lua");
	struct bytes lua = { 0 };
	for (size_t i = 0; i < sizeof(declarations) / sizeof(declarations[0]); i++)
		assert_in_stubs(stubs, declarations[i], "---@field %s");
	assert_in_stubs(stubs, "series({ on = 'x' }):zzz()", "function Series:%s(");
	assert_in_stubs(stubs, "event.x:zzz()", "function Term:%s(");
	bytes_printf(&lua, "pack { name = 'x' }\nlocal function never()\n%s\nend", stubs);
	if (load_text(bytes_slice(&lua), "") != ERR_OK)
		fail_msg("rules/stubs/nudged.lua: %s", error_last()->text);
	bytes_finish(&lua);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pack_loads_and_says_why),
		cmocka_unit_test(customers_are_spoken_to_in_every_language),
		cmocka_unit_test(the_telecom_catalogue_serves_every_goal),
		cmocka_unit_test(the_examples_of_the_guide_are_a_pack),
		cmocka_unit_test(the_traps_of_the_guide_are_refused_as_it_says),
		cmocka_unit_test(editors_are_told_of_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
