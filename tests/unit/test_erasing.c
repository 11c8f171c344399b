/* history/erase.h: which entries are of who is erased, where somebody new has their name and their number; and what EFFECT_WIPE
 * leaves of an alias's owners, whatever was blanked before it. */
#include "journal_kit.h"

#include "decide/wipe.h"
#include "decide_world.h"
#include "disk/store.h"
#include "history/entry.h"
#include "history/erase.h"

#define THEM "erika"
#define OTHERS "otto"
#define NUMBER "+84905551234"

static uint64_t put(struct journal *j, struct entry *e, const struct subject *subject)
{
	struct bytes body = { 0 };
	entry_body_encode_about(e, subject, &body);
	struct journal_entry je = { .received_at_ms = T0, .kind = e->kind, .slot = subject_slot(subject), .body = bytes_slice(&body) };
	assert_int_equal(journal_reserve(j, 1, body.len), ERR_OK);
	journal_append(j, &je, NULL, NULL);
	journal_kick(j);
	journal_wait(j, je.seq);
	bytes_finish(&body);
	return je.seq;
}

static uint64_t put_event(struct journal *j, const char *customer)
{
	struct subject subject = subject_of(SUBJECT_CUSTOMER, slice_of(customer));
	struct entry e = { .kind = ENTRY_EVENT, .event.raw = SLICE("called") };
	return put(j, &e, &subject);
}

static uint64_t put_link(struct journal *j, const char *customer, uint64_t source_seq)
{
	struct subject subject = subject_of(SUBJECT_ALIAS, SLICE(NUMBER));
	struct bytes body = { 0 };
	bytes_put_string(&body, slice_of(customer));
	bytes_put_string(&body, SLICE(""));
	bytes_put_zigzag(&body, T0);
	struct entry e = { .kind = ENTRY_EFFECT, .effect = { .source_seq = source_seq, .kind = EFFECT_LINK, .body = bytes_slice(&body) } };
	uint64_t seq = put(j, &e, &subject);
	bytes_finish(&body);
	return seq;
}

static uint64_t put_wiped(struct journal *j, const char *customer)
{
	struct subject subject = subject_of(SUBJECT_CUSTOMER, slice_of(customer));
	struct entry e = { .kind = ENTRY_EFFECT, .effect.kind = EFFECT_WIPE };
	return put(j, &e, &subject);
}

/* Who never owned the number, and who has it: "" is nobody. */
static uint64_t put_unlinked(struct journal *j, const char *never, const char *owner)
{
	struct subject subject = subject_of(SUBJECT_ALIAS, SLICE(NUMBER));
	const struct slice names[] = { slice_of(never) };
	const struct wiped_link kept = { .customer = slice_of(owner), .from_ms = T0 };
	struct bytes body = { 0 };
	wipe_links_encode(&body, names, *never != 0, &kept, *owner != 0);
	struct entry e = { .kind = ENTRY_EFFECT, .effect = { .kind = EFFECT_WIPE, .body = bytes_slice(&body) } };
	uint64_t seq = put(j, &e, &subject);
	bytes_finish(&body);
	return seq;
}

/* The plan as of now, where it was asked for behind entry `since`: it has the entries of `theirs`, "x" each, and not those
 * that are ".". */
static void expect_plan(const struct erase_sources *from, uint64_t since, const char *theirs)
{
	struct erase_plan *plan;
	struct erase_report report;
	uint64_t last = journal_durable(from->journal);
	if (erase_plan_make(&plan, from, SLICE(THEM), since, last, &report) != ERR_OK)
		fail_msg("%s", error_last()->text);
	assert_int_equal(strlen(theirs), last);
	for (uint64_t seq = 1; seq <= last; seq++)
		if (erase_plan_has(plan, seq) != (theirs[seq - 1] == 'x'))
			fail_msg("entry %llu, asked behind %llu", (unsigned long long)seq, (unsigned long long)since);
	erase_plan_destroy(plan);
}

static struct erase_sources sources_of(const struct place *p)
{
	struct erase_sources from = { .dir = p->dir };
	from.journal = open_ok(p->dir, NULL);
	assert_int_equal(store_open(&from.state, p->dir, 0, false), ERR_OK);
	return from;
}

static void test_what_says_whose_a_number_is_now(void **state)
{
	struct erase_sources from = sources_of(*state);
	uint64_t old = put_event(from.journal, THEM);
	(void)put_link(from.journal, THEM, old);
	uint64_t asked = put_wiped(from.journal, THEM) - 1;
	uint64_t anew = put_event(from.journal, THEM);
	(void)put_link(from.journal, THEM, anew);
	(void)put_unlinked(from.journal, THEM, ""); /* hers, too: see below */
	(void)put_unlinked(from.journal, "", THEM); /* of somebody new: the one erased now, and hers when she is erased, too */
	(void)put_unlinked(from.journal, "", OTHERS);
	expect_plan(&from, asked, "xxx.....");
	expect_plan(&from, journal_durable(from.journal), "xxxxxxx.");
	store_close(from.state);
	journal_close(from.journal);
}

/* Who never owned the number is blanked, but where somebody new had it by then: their link stays, and so must what took it. */
static void test_what_somebody_new_lost_is_said(void **state)
{
	struct erase_sources from = sources_of(*state);
	uint64_t old = put_event(from.journal, THEM);
	(void)put_link(from.journal, THEM, old);
	uint64_t asked = put_wiped(from.journal, THEM) - 1;
	(void)put_unlinked(from.journal, THEM, "");
	uint64_t anew = put_event(from.journal, THEM);
	(void)put_unlinked(from.journal, THEM, "");
	(void)put_link(from.journal, THEM, anew);
	(void)put_unlinked(from.journal, OTHERS, "");
	(void)put_unlinked(from.journal, THEM, "");
	expect_plan(&from, asked, "xxxx.x...");
	expect_plan(&from, journal_durable(from.journal), "xxxxxxx.x");
	store_close(from.state);
	journal_close(from.journal);
}

/* Whoever is wiped a second time has lost what came in between, too: the plan is made anew, and has that. */
static void test_what_came_between_two_wipes_is_theirs(void **state)
{
	struct place *p = *state;
	struct erase_sources from = { .dir = p->dir };
	struct erase_plan *plan;
	struct erase_report report;
	bool again;
	from.journal = open_ok(p->dir, NULL);
	assert_int_equal(store_open(&from.state, p->dir, 0, false), ERR_OK);
	uint64_t asked = put_event(from.journal, THEM);
	assert_int_equal(erase_plan_make(&plan, &from, SLICE(THEM), asked, asked, &report), ERR_OK);
	(void)put_wiped(from.journal, THEM);
	uint64_t between = put_event(from.journal, THEM);
	assert_int_equal(erase_plan_extend(plan, between, &again), ERR_OK);
	assert_false(again);
	assert_false(erase_plan_has(plan, between));
	assert_int_equal(erase_plan_extend(plan, put_wiped(from.journal, THEM), &again), ERR_OK);
	assert_true(again);
	(void)put_event(from.journal, THEM);
	expect_plan(&from, asked, "xxxx.");
	erase_plan_destroy(plan);
	store_close(from.state);
	journal_close(from.journal);
}

static void wipe(struct world *w, struct record *alias, const char *never, const struct wiped_link *kept, size_t count)
{
	const struct slice names[] = { slice_of(never) };
	struct bytes body = { 0 };
	wipe_links_encode(&body, names, *never != 0, kept, count);
	machine_apply_effect(&w->m, alias, EFFECT_WIPE, bytes_slice(&body), NULL, &w->in, &w->out);
	bytes_finish(&body);
}

/* Replay finds the entry that took the old links out blank, with all that made them: what is said of those that stay holds
 * whatever was there before. */
static void test_what_stays_is_all_there_is(void **state)
{
	struct world w;
	world_init(&w, "pack { name = 'p' }");
	struct record *live = world_record(SUBJECT_ALIAS, NUMBER), *replayed = world_record(SUBJECT_ALIAS, NUMBER);
	const struct wiped_link stays = { .customer = SLICE(THEM), .from_ms = T0 + 5 };
	struct record *both[] = { live, replayed };
	for (unsigned i = 0; i < 2; i++) {
		(void)links_add(both[i], w.m.pool, SLICE(OTHERS), SLICE(""), T0);
		(void)links_add(both[i], w.m.pool, SLICE(THEM), SLICE(""), T0 + 1);
		links_end(both[i], SLICE(THEM), T0 + 3);
	}
	wipe(&w, live, THEM, NULL, 0);
	assert_int_equal(live->rare->link_count, 1);
	wipe(&w, live, "", &stays, 1);
	wipe(&w, replayed, "", &stays, 1);
	struct hash128 a = record_digest(live), b = record_digest(replayed);
	assert_int_equal(live->rare->link_count, 2);
	assert_memory_equal(&a, &b, sizeof(a));
	record_destroy(live, w.m.pool);
	record_destroy(replayed, w.m.pool);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_says_whose_a_number_is_now, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_somebody_new_lost_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_came_between_two_wipes_is_theirs, set_up, tear_down),
		cmocka_unit_test(test_what_stays_is_all_there_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
