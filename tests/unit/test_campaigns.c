/* tests/unit/test_campaigns.c: who is in a campaign, through merges, other packs and other hours; and where a record has no
 * room for it. */
#include "decide_world.h"
#include "script/segments.h"
#include "state/campaigns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct effect *effect_of(const struct applied *out, enum effect_kind kind)
{
	for (unsigned i = 0; i < out->effect_count; i++)
		if (out->effects[i].kind == kind)
			return &out->effects[i];
	return NULL;
}

static const char spring[] =
	"pack { name = 't' }\n"
	"segment 'gold' { when = attr('tier'):is 'gold' }\n"
	"action 'more' { goal = 'serve', channels = { 'sms' }, value = { customer = 1, business = 0 }, say = 'more?' }\n"
	"campaign 'spring' { segment = 'gold', action = 'more', channel = 'sms' }\n";

static struct item *in_spring(struct record *r, unsigned count)
{
	struct items all = items_of(r, ITEM_CAMPAIGN, campaign_id_of(SLICE("spring")));
	assert_int_equal(all.count, count);
	return all.items;
}

/* One of two was made the offer already: when they turn out to be the same customer, nobody is made it again. */
static void a_campaign_reaches_merged_customers_once(void **state)
{
	struct world w;
	struct bytes body = { 0 };
	struct applied out;
	world_init(&w, spring);
	assert_int_equal(world_event(&w, "profile.updated", T0, "tier=gold")->nudge_count, 1);
	assert_int_equal(in_spring(w.r, 1)->state, CAMPAIGN_ASKED);
	struct record *reached = world_record(SUBJECT_CUSTOMER, "c2");
	struct item *item = items_add(reached, w.m.pool, ITEM_CAMPAIGN, campaign_id_of(SLICE("spring")), SLICE("spring"), 0,
				      T0 - DAY, CAMPAIGNS_KEPT);
	item->state = CAMPAIGN_SENT;
	item->numbers[CAMPAIGN_SENT_MS] = T0 - DAY;
	record_encode(reached, &body);
	arena_reset(&w.m.arena);
	machine_apply_effect(&w.m, w.r, EFFECT_MERGE, bytes_slice(&body), NULL, &w.in, &out);
	assert_int_equal(out.nudge_count, 0);
	assert_int_equal(in_spring(w.r, 1)->state, CAMPAIGN_SENT);
	assert_non_null(effect_of(&out, EFFECT_COUNT)); /* who was in it twice is in it once */
	assert_int_equal(w.r->rare->timer_count, 1);
	record_destroy(reached, w.m.pool);
	bytes_finish(&body);
	world_finish(&w);
}

/* Asked for under a pack that paced the campaign, answered under one that does not, or has it no more. */
static void a_turn_outlives_its_pack(void **state)
{
	struct world w;
	struct bytes ticket = { 0 };
	struct applied out, turned;
	world_init(&w, spring);
	world_event(&w, "profile.updated", T0, "tier=gold");
	struct record *pace = world_record(SUBJECT_LEDGER, "pace/now");
	for (unsigned i = 0; i < 2; i++) {
		const struct slice name = i ? SLICE("gone") : SLICE("spring");
		in_spring(w.r, 1)->state = CAMPAIGN_ASKED;
		bytes_clear(&ticket);
		bytes_put_string(&ticket, name);
		bytes_put_string(&ticket, subject_id(&w.r->subject));
		arena_reset(&w.m.arena);
		machine_apply_effect(&w.m, pace, EFFECT_TICKET, bytes_slice(&ticket), NULL, &w.in, &out);
		machine_apply_effect(&w.m, w.r, EFFECT_TURN, effect_of(&out, EFFECT_TURN)->body, NULL, &w.in, &turned);
		assert_int_equal(turned.nudge_count, i == 0);
	}
	record_destroy(pace, w.m.pool);
	bytes_finish(&ticket);
	world_finish(&w);
}

#define SPRING_HOURS(from, to) \
	"pack { name = 't' }\n" \
	"segment 'gold' { when = attr('tier'):is 'gold' }\n" \
	"action 'more' { goal = 'serve', channels = { 'sms' }, value = { customer = 1, business = 0 }, say = 'more?' }\n" \
	"campaign 'spring' { segment = 'gold', action = 'more', channel = 'sms', hours = { from = '" from "', to = '" to "' } }\n"

/* Who waits for a campaign's hours when a pack makes them wider: a look finds them, and none that it cannot help. */
static void wider_hours_are_for_those_who_wait_too(void **state)
{
	struct world w;
	struct applied out;
	world_init(&w, SPRING_HOURS("20:00", "21:00"));
	w.in.received_at_ms = T0 / DAY * DAY + 10 * HOUR;
	assert_int_equal(world_event(&w, "profile.updated", w.in.received_at_ms, "tier=gold")->nudge_count, 0);
	assert_int_equal(in_spring(w.r, 1)->state, CAMPAIGN_WAITING);
	assert_false(machine_look_wanted(&w.m, w.r, w.in.received_at_ms));
	machine_set_pack(&w.m, world_pack(w.m.pool, SPRING_HOURS("12:00", "21:00")));
	assert_true(machine_look_wanted(&w.m, w.r, w.in.received_at_ms));
	machine_apply_effect(&w.m, w.r, EFFECT_LOOK, (struct slice){ NULL, 0 }, NULL, &w.in, &out);
	assert_int_equal(out.nudge_count, 0);
	assert_int_equal(w.r->rare->timer_count, 1);
	assert_int_equal(w.r->rare->timers[0].due_ms, w.in.received_at_ms + 2 * HOUR);
	assert_false(machine_look_wanted(&w.m, w.r, w.in.received_at_ms));
	machine_set_pack(&w.m, world_pack(w.m.pool, SPRING_HOURS("08:00", "21:00")));
	in_spring(w.r, 1)->numbers[CAMPAIGN_TURN_MS] = w.in.received_at_ms + HOUR; /* its turn is yet to come */
	assert_false(machine_look_wanted(&w.m, w.r, w.in.received_at_ms));
	in_spring(w.r, 1)->numbers[CAMPAIGN_TURN_MS] = 0;
	assert_true(machine_look_wanted(&w.m, w.r, w.in.received_at_ms));
	arena_reset(&w.m.arena);
	machine_apply_effect(&w.m, w.r, EFFECT_LOOK, (struct slice){ NULL, 0 }, NULL, &w.in, &out);
	assert_int_equal(out.nudge_count, 1);
	assert_int_equal(in_spring(w.r, 1)->state, CAMPAIGN_ASKED);
	assert_int_equal(w.r->rare->timer_count, 0);
	assert_false(machine_look_wanted(&w.m, w.r, w.in.received_at_ms));
	world_finish(&w);
}

/* A customer has so many things; what finds no room is counted, where it is not the oldest of its own kind that goes. */
static void what_finds_no_room_is_counted(void **state)
{
	struct world w;
	char id[24];
	world_init(&w, spring);
	for (unsigned i = 0; i < LIMIT_ITEMS; i++) {
		snprintf(id, sizeof(id), "k%u", i);
		assert_non_null(items_add(w.r, w.m.pool, ITEM_CONTACT, 0, slice_of(id), 0, T0 - DAY + i, LIMIT_ITEMS));
	}
	assert_int_equal(world_event(&w, "profile.updated", T0, "tier=gold")->nudge_count, 0);
	assert_int_equal(items_of(w.r, ITEM_SEGMENT, 0).count + items_of(w.r, ITEM_CONTACT, 0).count, LIMIT_ITEMS);
	assert_int_equal(counter_get(&w.m.items_lost), 1);
	items_remove(w.r, w.m.pool, &w.r->rare->items[0]);
	items_remove(w.r, w.m.pool, &w.r->rare->items[0]);
	assert_int_equal(world_event(&w, "profile.updated", T0 + 1, "tier=gold")->nudge_count, 1);
	assert_int_equal(counter_get(&w.m.items_lost), 1);
	(void)items_add(w.r, w.m.pool, ITEM_CONTACT, 0, SLICE("newest"), 0, T0, LIMIT_ITEMS); /* the oldest contact gives way */
	assert_int_equal(items_take_lost(w.r), 1);
	assert_int_equal(items_take_lost(w.r), 0);
	(void)items_add(w.r, w.m.pool, ITEM_CONTACT, 0, SLICE("few"), 0, T0, 8); /* so it would with room for all */
	assert_int_equal(items_take_lost(w.r), 0);
	world_finish(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_campaign_reaches_merged_customers_once),
		cmocka_unit_test(a_turn_outlives_its_pack),
		cmocka_unit_test(wider_hours_are_for_those_who_wait_too),
		cmocka_unit_test(what_finds_no_room_is_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
