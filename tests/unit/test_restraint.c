/* tests/unit/test_restraint.c: contact policy: counts and pauses with their ends, "later" that comes back, consent,
 * preference, quiet hours, ladders; and until when each of them holds. */
#include "decide_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char pack[] =
	"pack { name = 't', topics = { 'sell' } }\n"
	"channel 'sms' { consent = 'consent_sms', preference = 'prefers', quiet = { from = '21:30', to = '08:00' },\n"
	"  except = request.emergency:is(true) }\n"
	"channel 'call' { outbound = false, quiet = { from = '12:00', to = '13:00' } }\n"
	"ladder 'stay' { steps = { 'five', 'ten', 'twenty' }, within = '30d' }\n"
	"policy { action = 'ask', per = 'action', after = { later = 1, within = '10d' }, pause = '2d' }\n"
	"policy { action = 'few', at_most = { offered = 2, within = '7d' }, except = asked_for_it() }\n"
	"policy { action = 'today', at_most = { shown = 1, within = 'today' } }\n"
	"policy { action = 'monthly', at_most = { shown = 1, within = 'month' } }\n"
	"policy { action = 'mine', whose = 'member', at_most = { offered = 1, within = '7d' } }\n"
	"policy { action = 'both', after = { rejected = 1, within = '9d' }, pause = '1d' }\n"
	"policy { action = 'both', after = { shown = 1, within = '9d' }, pause = '5d' }\n"
	"policy { action = 'stuck', unless = attr('blocked', 'customer'):is(true) }\n"
#define A(name) "action '" name "' { goal = 'g', asks = 'sell', value = { customer = 1, business = 1 }, say = 'x' }\n"
	A("five") A("ten") A("twenty") A("ask") A("few") A("today") A("monthly") A("mine") A("both") A("stuck");

struct desk {
	struct world w;
	struct decision d;
	struct foreign_reads foreign;
	struct ask ask;
};

static void desk_open(struct desk *k)
{
	memset(k, 0, sizeof(*k));
	world_init(&k->w, pack);
	k->ask = (struct ask){ .explain = true, .limit = LIMIT_RECOMMENDATIONS };
}

static void outcome(struct desk *k, int kind, const char *action, const char *member, int64_t time_ms, int64_t until_ms)
{
	struct outcome_input o = { .id = SLICE("o"), .source = SLICE("s"), .action = slice_of(action),
				   .channel = SLICE("call"), .member = slice_of(member), .kind = kind,
				   .time_ms = time_ms, .details = { .until_ms = until_ms } };
	o.id_hash = o.content_hash = ++k->w.ids;
	k->w.in.received_at_ms = time_ms;
	arena_reset(&k->w.m.arena);
	machine_apply_outcome(&k->w.m, k->w.r, &o, &k->w.in, &k->w.out);
	world_settle(&k->w);
}

static const struct left_out *ask(struct desk *k, const char *action, int64_t now_ms)
{
	struct decide_subjects subjects = { .customer = k->w.r };
	k->ask.now_ms = now_ms;
	k->foreign = (struct foreign_reads){ 0 };
	arena_reset(&k->w.m.arena);
	machine_decide(&k->w.m, &subjects, &k->ask, &k->foreign, &k->d);
	for (unsigned i = 0; i < k->d.left_out_count; i++)
		if (world_is(str_slice(k->d.left_out[i].action->name), action))
			return &k->d.left_out[i];
	return NULL; /* recommended */
}

static void assert_held(struct desk *k, const char *action, int64_t now_ms, const char *reason, int64_t until_ms)
{
	const struct left_out *l = ask(k, action, now_ms);
	if (!l)
		fail_msg("%s is recommended", action);
	assert_string_equal(l->gate, "policy");
	if (!strstr(arena_slice(&k->w.m.arena, l->reason).data, reason))
		fail_msg("%s: %.*s", action, SLICE_ARG(l->reason));
	assert_int_equal(l->until_ms, until_ms);
}

static void later_comes_back(void **state)
{
	struct desk k;
	desk_open(&k);
	outcome(&k, OUTCOME_LATER, "ask", "", T0, 0);
	assert_held(&k, "ask", T0 + HOUR, "after 1 later", T0 + 2 * DAY);
	assert_null(ask(&k, "ask", T0 + 2 * DAY));
	outcome(&k, OUTCOME_LATER, "ask", "", T0 + 3 * DAY, T0 + 23 * DAY); /* they said when */
	assert_held(&k, "ask", T0 + 6 * DAY, "after 1 later", T0 + 23 * DAY);
	assert_held(&k, "ask", T0 + 22 * DAY, "after 1 later", T0 + 23 * DAY); /* whatever `within` says */
	assert_null(ask(&k, "ask", T0 + 23 * DAY));
	world_finish(&k.w);
}

static void counts_say_when_there_is_room(void **state)
{
	struct desk k;
	desk_open(&k);
	for (int i = 0; i < 3; i++)
		outcome(&k, OUTCOME_OFFERED, "few", "", T0 + i * DAY, 0);
	assert_held(&k, "few", T0 + 3 * DAY, "at most 2 offered", T0 + 8 * DAY); /* when the second leaves */
	assert_held(&k, "few", T0 + 8 * DAY - 1, "at most 2 offered", T0 + 8 * DAY);
	assert_null(ask(&k, "few", T0 + 8 * DAY));
	k.ask.intent = SLICE("sell"); /* they asked */
	assert_null(ask(&k, "few", T0 + 3 * DAY));
	k.ask.intent = SLICE("");
	const struct zone *z = k.w.m.pack->zone;
	outcome(&k, OUTCOME_SHOWN, "today", "", T0 + 3 * DAY, 0);
	outcome(&k, OUTCOME_SHOWN, "monthly", "", T0 + 3 * DAY, 0);
	int64_t tomorrow = zone_day_shift(z, T0 + 3 * DAY, 1);
	assert_held(&k, "today", T0 + 3 * DAY, "at most 1 shown", tomorrow);
	assert_null(ask(&k, "today", tomorrow));
	const struct left_out *l = ask(&k, "monthly", T0 + 3 * DAY);
	assert_int_equal(l->until_ms, zone_month_start(z, l->until_ms));
	assert_held(&k, "monthly", l->until_ms - 1, "at most 1 shown", l->until_ms);
	assert_null(ask(&k, "monthly", k.d.left_out_count ? l->until_ms : 0));
	world_finish(&k.w);
}

static void a_members_count_is_not_the_households(void **state)
{
	struct desk k;
	desk_open(&k);
	outcome(&k, OUTCOME_OFFERED, "mine", "mum", T0, 0);
	k.ask.member = SLICE("mum");
	assert_held(&k, "mine", T0 + HOUR, "per action and member", T0 + 7 * DAY);
	k.ask.member = SLICE("dad");
	outcome(&k, OUTCOME_SHOWN, "mine", "dad", T0 + 1, 0);
	assert_null(ask(&k, "mine", T0 + HOUR));
	k.ask.member = SLICE(""); /* the household as a whole */
	assert_held(&k, "mine", T0 + HOUR, "per action and member", T0 + 7 * DAY);
	world_finish(&k.w);
}

static void the_longest_policy_counts(void **state)
{
	struct desk k;
	desk_open(&k);
	outcome(&k, OUTCOME_SHOWN, "both", "", T0, 0);
	outcome(&k, OUTCOME_REJECTED, "both", "", T0, 0);
	assert_held(&k, "both", T0 + HOUR, "after 1 rejected", T0 + 5 * DAY);
	world_event(&k.w, "profile.updated", T0, "blocked=true");
	assert_held(&k, "stuck", T0 + HOUR, "blocked", 0); /* who could say */
	world_finish(&k.w);
}

static void messages_need_consent(void **state)
{
	struct desk k;
	desk_open(&k);
	int64_t noon = zone_day_start(k.w.m.pack->zone, T0) + 12 * HOUR;
	k.ask.channel = SLICE("sms");
	assert_held(&k, "few", noon, "sms: needs their consent: consent_sms is unknown", 0);
	world_event(&k.w, "profile.updated", T0, "consent_sms=false");
	assert_held(&k, "few", noon, "consent_sms is no", 0);
	world_event(&k.w, "profile.updated", T0 + 1, "consent_sms=true");
	assert_null(ask(&k, "few", noon));
	world_event(&k.w, "profile.updated", T0 + 2, "prefers=email");
	assert_held(&k, "few", noon, "prefers", 0);
	world_event(&k.w, "profile.updated", T0 + 3, "prefers=sms");
	assert_null(ask(&k, "few", noon));
	k.ask.channel = SLICE("web"); /* of which nothing is said */
	assert_null(ask(&k, "few", noon));
	world_finish(&k.w);
}

static void nights_are_quiet(void **state)
{
	struct desk k;
	desk_open(&k);
	int64_t day = zone_day_start(k.w.m.pack->zone, T0) + DAY, minute = 60 * 1000;
	world_event(&k.w, "profile.updated", T0, "consent_sms=true");
	k.ask.channel = SLICE("sms");
	assert_null(ask(&k, "few", day + 21 * HOUR + 29 * minute));
	assert_held(&k, "few", day + 21 * HOUR + 30 * minute, "quiet hours from 21:30 to 08:00", day + DAY + 8 * HOUR);
	assert_held(&k, "few", day + DAY + 7 * HOUR + 59 * minute, "quiet", day + DAY + 8 * HOUR);
	assert_null(ask(&k, "few", day + DAY + 8 * HOUR));
	struct event_attr emergency = { SLICE("emergency"), value_bool(true) };
	k.ask.attrs = &emergency;
	k.ask.attr_count = 1;
	assert_null(ask(&k, "few", day + DAY));
	k.ask.attr_count = 0;
	k.ask.channel = SLICE("call"); /* they call us when they like; we them not at noon */
	assert_null(ask(&k, "few", day + 12 * HOUR));
	k.ask.nudge = true;
	assert_held(&k, "few", day + 12 * HOUR, "call: quiet hours", day + 13 * HOUR);
	world_finish(&k.w);
}

static void a_ladder_is_climbed_step_by_step(void **state)
{
	struct desk k;
	desk_open(&k);
	assert_null(ask(&k, "five", T0));
	assert_held(&k, "ten", T0, "step 2 of 3: only after five was rejected", 0);
	outcome(&k, OUTCOME_REJECTED, "five", "", T0, 0);
	assert_held(&k, "five", T0 + HOUR, "ladder stay, step 1", T0 + 30 * DAY);
	assert_null(ask(&k, "ten", T0 + HOUR));
	assert_held(&k, "twenty", T0 + HOUR, "only after ten was rejected", 0);
	outcome(&k, OUTCOME_REJECTED, "ten", "", T0 + DAY, 0);
	assert_null(ask(&k, "twenty", T0 + 2 * DAY));
	outcome(&k, OUTCOME_ACCEPTED, "ten", "", T0 + 3 * DAY, 0); /* on second thoughts */
	assert_held(&k, "twenty", T0 + 4 * DAY, "only after ten", 0);
	assert_null(ask(&k, "five", T0 + 30 * DAY)); /* forgotten: it begins anew */
	world_finish(&k.w);
}

static void a_nudge_verifies_as_a_nudge(void **state)
{
	struct desk k;
	desk_open(&k);
	int64_t noon = zone_day_start(k.w.m.pack->zone, T0) + DAY + 12 * HOUR;
	k.ask.nudge = true;
	k.ask.channel = SLICE("call");
	assert_non_null(ask(&k, "few", noon));
	struct decision_head head = { .boot = 1, .count = 1, .nudge = true };
	struct bytes b = { 0 };
	struct decision_record r;
	decision_encode(&head, &k.ask, &k.foreign, &k.d, &b);
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &k.w.m.arena), ERR_OK);
	assert_true(r.ask.nudge && decision_verify(&k.w.m, k.w.r, &r));
	bytes_finish(&b);
	world_finish(&k.w);
}

static void refused(const char *lua, const char *why)
{
	char text[1024];
	struct strpool *pool = strpool_create();
	struct bundle b = { 0 };
	struct pack *p = NULL;
	snprintf(text, sizeof(text), "pack { name = 't' }\n%s\n%s", lua, A("a") A("b"));
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), slice_of(text)), ERR_OK);
	if (pack_load(&p, &b, pool) == ERR_OK)
		fail_msg("loaded: %s", lua);
	if (!strstr(error_last()->text, why))
		fail_msg("%s\nhas not: %s", error_last()->text, why);
	bundle_finish(&b);
	strpool_destroy(pool);
}

static void mistakes_are_refused(void **state)
{
	refused("channel 'sms' { quiet = { from = '9:00', to = '10:00' } }", "is not a time of day");
	refused("channel 'sms' { quiet = { from = '24:00', to = '10:00' } }", "is not a time of day");
	refused("channel 'sms' { quiet = { from = '09:00', to = '09:00' } }", "are the same");
	refused("channel 'sms' { quiet = { from = '09:00' } }", "to");
	refused("channel 'sms' { }", "holds nothing back");
	refused("channel 'sms' { outbound = 'yes', consent = 'c' }", "outbound is true");
	refused("channel 'sms' { consent = 'c' } channel 'sms' { consent = 'd' }", "declared twice");
	refused("ladder 'l' { steps = { 'a' } }", "two actions at least");
	refused("ladder 'l' { steps = { 'a', 'a' } }", "twice");
	refused("ladder 'l' { steps = { 'a', 'c' } }", "ladder: no action \"c\"");
	refused("policy { whose = 'family', at_most = { offered = 1, within = '1d' } }", "whose");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_comes_back),
		cmocka_unit_test(counts_say_when_there_is_room),
		cmocka_unit_test(a_members_count_is_not_the_households),
		cmocka_unit_test(the_longest_policy_counts),
		cmocka_unit_test(messages_need_consent),
		cmocka_unit_test(nights_are_quiet),
		cmocka_unit_test(a_ladder_is_climbed_step_by_step),
		cmocka_unit_test(a_nudge_verifies_as_a_nudge),
		cmocka_unit_test(mistakes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
