/* tests/unit/test_relations.c: surveys by their definitions, the relationship score with its trends, what is counted of both,
 * and where attributes came from: told as stories (tests/unit/relations), and looked at in the record. */
#include "base/error.h"
#include "decide/relationship.h"
#include "decide_world.h"
#include "state/origins.h"
#include "workbench/tests.h"

#include <setjmp.h>
#include <cmocka.h>

static void add_file(struct bundle *b, const char *path)
{
	char whole[4096];
	static char text[64 * 1024];
	snprintf(whole, sizeof(whole), "%s/tests/unit/relations/%s", SOURCE_ROOT, path);
	FILE *f = fopen(whole, "rb");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text), f);
	assert_true(n > 0 && n < sizeof(text));
	fclose(f);
	assert_int_equal(bundle_add(b, slice_of(path), (struct slice){ text, n }), ERR_OK);
}

static void the_stories_hold(void **state)
{
	struct bundle pack = { 0 }, tests = { 0 };
	struct test_options all = { 0 };
	struct test_run run;
	add_file(&pack, "pack.lua");
	add_file(&tests, "tests/surveys.lua");
	add_file(&tests, "tests/score.lua");
	if (tests_run(&run, &pack, &tests, &all) != ERR_OK)
		fail_msg("%s", error_last()->text);
	for (unsigned i = 0; i < run.count; i++)
		if (run.results[i].state != TEST_PASSED)
			print_message("%s: %s\n", run.results[i].name, run.results[i].message);
	assert_int_equal(run.failed, 0);
	assert_true(run.passed >= 13);
	tests_finish(&run);
	bundle_finish(&pack);
	bundle_finish(&tests);
}

#define PACK \
	"pack { name = 'p', provenance = { 'plan' } }\n" \
	"rule 'guess' { on = 'page.seen', set = { plan = event.page } }\n"

static void is_origin(struct item *o, struct value v, const char *source, const char *type, const char *by)
{
	assert_true(value_equal(origin_value(o), v));
	assert_true(world_is(item_text(o, ORIGIN_SOURCE), source));
	assert_true(world_is(item_text(o, ORIGIN_TYPE), type));
	assert_true(world_is(item_text(o, ORIGIN_BY), by));
}

static void where_a_value_came_from_is_kept(void **state)
{
	struct world w;
	world_init(&w, PACK);
	world_event(&w, "profile.updated", T0, "plan=small age=40");
	world_event(&w, "profile.updated", T0 + HOUR, "plan=small"); /* said again: nothing is corrected */
	world_event(&w, "page.seen", T0 + 2 * HOUR, "page=big");
	world_event(&w, "profile.updated", T0 + 3 * HOUR, "agent=linh plan=7");
	struct items all = origins_of(w.r, 0, SLICE("plan"));
	assert_int_equal(all.count, 3);
	is_origin(&all.items[0], value_string(SLICE("small")), "test", "profile.updated", "");
	assert_int_equal(all.items[0].time_ms, T0);
	is_origin(&all.items[1], value_string(SLICE("big")), "test", "page.seen", "rule guess");
	is_origin(&all.items[2], value_number(7), "test", "profile.updated", "linh");
	assert_int_equal(origins_of(w.r, 0, SLICE("age")).count, 0); /* nobody asked for it */
	world_event(&w, "profile.updated", T0 + HOUR / 2, "plan=late"); /* older than what stands: it changes nothing */
	assert_int_equal(origins_of(w.r, 0, SLICE("plan")).count, 3);
	for (int i = 4; i < 20; i++)
		world_event(&w, "profile.updated", T0 + i * HOUR, i % 2 ? "plan=odd" : "plan=even");
	all = origins_of(w.r, 0, SLICE("plan"));
	assert_int_equal(all.count, LIMIT_ORIGINS);
	is_origin(&all.items[3], value_string(SLICE("odd")), "test", "profile.updated", "");
	world_finish(&w);
}

static void who_does_not_ask_pays_nothing(void **state)
{
	struct world w;
	world_init(&w, "pack { name = 'p' }\n");
	world_event(&w, "profile.updated", T0, "plan=small");
	assert_int_equal(w.r->rare->item_count, 0);
	world_finish(&w);
}

#define SCORED \
	"pack { name = 'p' }\n" \
	"relationship { sample = 'looked', parts = { it = { value = attr 'it' } } }\n"

static struct relationship_view look(struct world *w, int64_t now_ms)
{
	struct relationship_view v;
	relationship_look(world_context(w, now_ms, 0), &v);
	return v;
}

/* However often it moves, the score of 30 days before can be told. */
static void thirty_days_back_there_is_always_one(void **state)
{
	struct world w;
	char says[32];
	world_init(&w, SCORED);
	for (int i = 0; i < 60 * 8; i++) {
		int64_t time_ms = T0 + i * 3 * HOUR;
		snprintf(says, sizeof(says), "it=%.3f", i % 2 ? 0.9 : (i / 8) / 100.0);
		world_event(&w, "profile.updated", time_ms, says);
		world_event(&w, "looked", time_ms, "");
	}
	int64_t now_ms = T0 + 60 * DAY - HOUR;
	struct items kept = items_of(w.r, ITEM_SCORE, w.m.pack->relations->relationship.id);
	assert_int_equal(kept.count, LIMIT_SCORES);
	assert_true(kept.items[0].time_ms < now_ms - 30 * DAY);
	struct relationship_view v = look(&w, now_ms);
	assert_true(v.known && v.month.known);
	assert_true(v.score > 89.9 && v.score < 90.1);
	world_finish(&w);
}

static void moves_of_less_than_a_point_are_not_kept(void **state)
{
	struct world w;
	world_init(&w, SCORED);
	world_event(&w, "profile.updated", T0, "it=0.5");
	world_event(&w, "looked", T0, "");
	world_event(&w, "profile.updated", T0 + HOUR, "it=0.509");
	world_event(&w, "looked", T0 + HOUR, "");
	assert_int_equal(w.r->rare->item_count, 1);
	assert_int_equal(w.r->rare->items[0].numbers[SCORE_LOOKED_MS], T0 + HOUR);
	world_event(&w, "profile.updated", T0 + 2 * HOUR, "it=0.51");
	world_event(&w, "looked", T0 + 2 * HOUR, "");
	assert_int_equal(w.r->rare->item_count, 2);
	assert_int_equal(w.r->rare->items[1].numbers[SCORE_VALUE], 51000000);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stories_hold),
		cmocka_unit_test(where_a_value_came_from_is_kept),
		cmocka_unit_test(who_does_not_ask_pays_nothing),
		cmocka_unit_test(thirty_days_back_there_is_always_one),
		cmocka_unit_test(moves_of_less_than_a_point_are_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
