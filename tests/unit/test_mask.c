/* tests/unit/test_mask.c: pack { mask = … }: what is masked with a name, and what words may still show. */
#include "pack_world.h"

#include "script/mask.h"

static const char head[] = "pack { name = 'm', mask = { 'name', 'phone', 'age_fact', 'since', 'mood_end' } }\n";
static const char source[] =
	"local calls = series { on = 'call', name = 'calls', by = { 'phone' } }\n"
	"local moods = series { on = 'call', value = 'mood_end', name = 'moods' }\n"
	"fact.calls = calls:all_keys():count '7d'\n"
	"fact.mood = moods:latest()\n"
	"fact.age_fact = attr 'age'\n"
	"fact.twice = 2 * fact.age_fact\n"
	"fact.named = attr('name'):known()\n"
	"fact.made = calc({ n = attr 'phone' }, function(v) return v.n end)\n"
	"fact.plain = attr 'plan'\n"
	"fact.length = tenure()\n"
	"rule 'second' { on = 'call', set = { again = attr 'copy' } }\n"
	"rule 'first' { on = 'call', set = { copy = event.name, count = fact.calls } }\n"
	"rule 'says' { on = 'call', alert = { to = 'care', say = 'A {plain} of {name}, {{{calls}}} {topic:2}' } }\n";

static void what_stands_on_it_is_masked(void **state)
{
	static const struct {
		const char *name;
		bool masked;
	} words[] = {
		{ "name", true },  { "phone", true },  { "calls", false }, { "mood", true },    { "age_fact", true },
		{ "age", false },  { "twice", true },  { "named", true },  { "made", true },    { "plain", false },
		{ "length", true }, { "copy", true },  { "again", true },  { "count", false },  { "plan", false },
	};
	struct bytes text = { 0 };
	struct world w;
	bytes_printf(&text, "%s", source);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		bytes_printf(&text, "rule 'r%zu' { on = 'x', alert = { to = 'care', say = 'x {%s} y' } }\n", i, words[i].name);
	bytes_put_u8(&text, 0);
	if (world_try(&w, head, text.data, NULL) != ERR_OK)
		fail_msg("%s", error_last()->text);
	for (unsigned i = 0; i < w.pack->rule_count; i++) {
		const struct rule_decl *r = &w.pack->rules[i];
		unsigned number;
		if (sscanf(r->name->data, "r%u", &number) != 1)
			continue;
		if (words_masked(w.pack, &r->alert.say.by_language[0]) != words[number].masked)
			fail_msg("{%s} is%s masked", words[number].name, words[number].masked ? " not" : "");
	}
	assert_true(pack_masks(w.pack, SLICE("again")));
	assert_false(pack_masks(w.pack, SLICE("nam")));
	bytes_finish(&text);
	world_finish(&w);
}

static void words_show_what_may_be_shown(void **state)
{
	struct world w;
	struct bytes shown = { 0 };
	if (world_try(&w, head, source, NULL) != ERR_OK)
		fail_msg("%s", error_last()->text);
	const struct rule_decl *r = &w.pack->rules[2];
	words_shown(w.pack, &r->alert.say.by_language[0], &shown);
	bytes_put_u8(&shown, 0);
	assert_string_equal(shown.data, "A {plain} of ***, {{calls}} {topic}");
	bytes_finish(&shown);
	world_finish(&w);
}

static void without_a_mask_nothing_is(void **state)
{
	struct world w;
	world_load(&w, source);
	for (unsigned i = 0; i < w.pack->rule_count; i++)
		if (w.pack->rules[i].has_alert)
			assert_false(words_masked(w.pack, &w.pack->rules[i].alert.say.by_language[0]));
	assert_false(pack_masks(w.pack, SLICE("name")));
	world_finish(&w);
}

/* By what customers are found, and what of that is not to be shown. */
static void a_search_knows_what_is_masked(void **state)
{
	struct world w;
	world_load(&w, "fact.x = attr 'x'\n");
	assert_true(w.pack->search.count == 1 && slice_equal(w.pack->search.names[0], SLICE("name")));
	assert_false(w.pack->search.masked[0] || w.pack->search.masks_alias || w.pack->search.masks_member);
	uint64_t before = w.pack->search.hash;
	world_finish(&w);
	assert_int_equal(world_try(&w, "pack { name = 'm', search = { 'company', 'name' }, mask = { 'name', 'alias' } }\n", "", NULL), ERR_OK);
	assert_true(w.pack->search.count == 2 && slice_equal(w.pack->search.names[0], SLICE("company")));
	assert_true(!w.pack->search.masked[0] && w.pack->search.masked[1] && w.pack->search.masks_alias);
	assert_true(w.pack->search.hash != before);
	world_finish(&w);
}

static void mistakes_are_told(void **state)
{
	static const char *const wrong[][2] = {
		{ "pack { name = 'm', mask = { 'a', 'b', 'a' } }\n", "mask: \"a\" is listed twice" },
		{ "pack { name = 'm', mask = { '' } }\n", "mask must be a text or a list of texts" },
		{ "pack { name = 'm', maks = { 'a' } }\n", "did you mean \"mask\"" },
		{ "pack { name = 'm', mask = { 3 } }\n", "mask" },
		{ "pack { name = 'm', search = { 'a', 'b', 'a' } }\n", "search: \"a\" is listed twice" },
		{ "pack { name = 'm', search = { 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q' } }\n",
		  "search: 17 names; limit_search is 16" },
		{ "pack { name = 'm', saerch = { 'a' } }\n", "did you mean \"search\"" },
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct world w;
		assert_int_equal(world_try(&w, wrong[i][0], "", NULL), ERR_RULE);
		if (!strstr(error_last()->text, wrong[i][1]))
			fail_msg("%s: %s", wrong[i][0], error_last()->text);
		strpool_destroy(w.pool);
		arena_finish(&w.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stands_on_it_is_masked),
		cmocka_unit_test(words_show_what_may_be_shown),
		cmocka_unit_test(without_a_mask_nothing_is),
		cmocka_unit_test(a_search_knows_what_is_masked),
		cmocka_unit_test(mistakes_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
