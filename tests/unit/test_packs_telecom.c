/* tests/unit/test_packs_telecom.c: each rule of rules/telecom fires when it should and not when it should not; policies
 * hold back what was not asked for, and the balance rises with trouble. */
#include "pack_town.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define LOCAL_MIDNIGHT (T0 - 7 * HOUR) /* T0 is midnight UTC, 07:00 in Ho Chi Minh City */
#define HOME "home"

static struct town *t;
static uint64_t ids;

static int open_town(void **state)
{
	t = town_create(SOURCE_ROOT "/rules/telecom");
	return 0;
}

static int close_town(void **state)
{
	town_nothing_failed(t);
	town_destroy(t);
	return 0;
}

static void event_of(const char *customer, const char *type, int64_t time_ms, const char *spec)
{
	struct world_event we;
	world_event_make(&we, ++ids, customer, type, time_ms, spec);
	town_event(t, &we.e);
}

static void event(const char *type, int64_t time_ms, const char *spec)
{
	event_of(HOME, type, time_ms, spec);
}

/* Did the rule fire because of this event (or of what was due before it)? */
static bool fires(const char *rule, const char *type, int64_t time_ms, const char *spec)
{
	uint64_t before = town_fired(t, rule);
	event(type, time_ms, spec);
	return town_fired(t, rule) > before;
}

static unsigned nudges_of(const char *type, int64_t time_ms, const char *spec, const char **action)
{
	struct world_event we;
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE(HOME));
	world_event_make(&we, ++ids, HOME, type, time_ms, spec);
	t->in.received_at_ms = time_ms;
	arena_reset(&t->m.arena);
	machine_apply_event(&t->m, town_record(t, &s), &we.e, &t->in, &t->out);
	unsigned count = t->out.nudge_count;
	if (count)
		*action = t->out.nudges[0].action->data;
	town_settle(t, town_record(t, &s));
	return count;
}

static void texts(int count, int64_t from_ms, const char *spec)
{
	for (int i = 0; i < count; i++)
		event("sms.sent", from_ms + i * MINUTE, spec);
}

/* Ten days of 20 texts. */
static void habit(const char *spec)
{
	for (int day = 0; day < 10; day++)
		texts(20, LOCAL_MIDNIGHT + day * DAY + 9 * HOUR, spec);
}

static struct alert *newest_alert(struct record *r, const char *rule)
{
	struct alert *found = NULL;
	for (unsigned i = 0; i < r->rare->alert_count; i++)
		if (slice_equal(str_slice(r->rare->alerts[i].rule), slice_of(rule)))
			found = &r->rare->alerts[i];
	return found;
}

static void a_line_is_held_against_its_own_habit(void **state)
{
	int64_t today = LOCAL_MIDNIGHT + 10 * DAY + 8 * HOUR;
	event("profile.updated", LOCAL_MIDNIGHT,
	      "member=kid message_plan=pay-per-text message_price=350 first_name=Kim role=child");
	habit("member=kid");
	texts(60, today, "member=kid");
	assert_int_equal(town_fired(t, "message-abuse"), 0); /* 3 x 20 is not passed */
	assert_true(fires("message-abuse", "sms.sent", today + 2 * HOUR, "member=kid"));
	assert_false(fires("message-abuse", "sms.sent", today + 3 * HOUR, "member=kid")); /* once a day */
	struct record *r = town_customer(t, HOME);
	assert_string_equal(newest_alert(r, "message-abuse")->text, "kid: 61 texts today, usually 20.");
	assert_slice(world_attr(r, 0, "flood_line").string, "kid");
	assert_number(world_attr(r, 0, "flood_texts"), 62);
	/* the flood does not become the measure */
	texts(70, today + DAY, "member=kid");
	assert_int_equal(town_fired(t, "message-abuse"), 2);
	assert_string_equal(newest_alert(r, "message-abuse")->text, "kid: 61 texts today, usually 20.");
	assert_int_equal(town_fired(t, "flood-begins"), 1);
	/* a plan that fits ends it */
	event("plan.changed", today + DAY + 3 * HOUR, "member=kid kind=message_plan from=pay-per-text to=unlimited");
	assert_int_equal(newest_alert(r, "message-abuse")->state, ALERT_CLOSED);
	assert_unknown(world_attr(r, 0, "flood_line"));
	event("profile.updated", today + DAY + 3 * HOUR, "member=kid message_plan=unlimited");
	texts(100, today + 2 * DAY, "member=kid");
	assert_int_equal(town_fired(t, "message-abuse"), 2);
	/* a quiet week, and the habit is what it is now */
	assert_true(fires("flood-over", "sms.sent", today + 12 * DAY, "member=kid"));
	assert_unknown(world_attr(r, 1, "habit_before_flood"));
}

static void another_line_s_plan_changes_nothing(void **state)
{
	int64_t today = LOCAL_MIDNIGHT + 10 * DAY + 8 * HOUR;
	habit("member=kid");
	texts(61, today, "member=kid");
	assert_int_equal(town_fired(t, "message-abuse"), 1); /* a plan nobody told us of is not unlimited */
	assert_false(fires("heavy-line-settled", "plan.changed", today + 3 * HOUR, "member=mum kind=message_plan"));
	assert_int_equal(newest_alert(town_customer(t, HOME), "message-abuse")->state, ALERT_OPEN);
	assert_true(fires("heavy-line-settled", "plan.changed", today + 4 * HOUR, "member=kid kind=message_plan"));
}

static void few_messages_are_never_abuse(void **state)
{
	texts(1, LOCAL_MIDNIGHT, "member=gran");
	texts(1, LOCAL_MIDNIGHT + 5 * DAY, "member=gran");
	texts(1, LOCAL_MIDNIGHT + 8 * DAY, "member=gran");
	texts(49, LOCAL_MIDNIGHT + 9 * DAY + 9 * HOUR, "member=gran");
	assert_int_equal(town_fired(t, "message-abuse"), 0);
	texts(1, LOCAL_MIDNIGHT + 9 * DAY + 12 * HOUR, "member=gran");
	assert_int_equal(town_fired(t, "message-abuse"), 1);
	texts(90, LOCAL_MIDNIGHT + 9 * DAY + 9 * HOUR, "member=new"); /* of a line that is new, 30 a day are assumed */
	assert_int_equal(town_fired(t, "message-abuse"), 1);
	texts(1, LOCAL_MIDNIGHT + 9 * DAY + 12 * HOUR, "member=new");
	assert_int_equal(town_fired(t, "message-abuse"), 2);
}

static void the_same_matter_again_is_told(void **state)
{
	const char *rule = "same-matter-again";
	assert_false(fires(rule, "contact.started", T0, "topic=bill/why-higher ref=bill-1"));
	assert_false(fires(rule, "contact.started", T0 + HOUR, "topic=messages/usage ref=messages-kid"));
	assert_true(fires(rule, "contact.abandoned", T0 + 7 * DAY - 1, "topic=bill/why-higher ref=bill-1"));
	assert_false(fires(rule, "contact.started", T0 + 8 * DAY, "topic=bill/why-higher ref=bill-2"));
	assert_false(fires(rule, "contact.started", T0 + 9 * DAY, ""));
	assert_false(fires(rule, "contact.started", T0 + 9 * DAY + 1, "")); /* about nothing in particular */
	assert_string_equal(newest_alert(town_customer(t, HOME), rule)->text,
			    HOME ": contact number 2 within a week about bill/why-higher.");
}

static void a_mood_that_sinks_is_told(void **state)
{
	const char *rule = "sinking-mood";
	assert_false(fires(rule, "contact.ended", T0, "mood_end=-0.35")); /* low, but nothing to compare it with */
	assert_true(fires(rule, "contact.ended", T0 + DAY, "mood_end=-0.35"));
	assert_false(fires(rule, "contact.ended", T0 + DAY + HOUR, "mood_end=-0.9")); /* once in 24 hours */
	event_of("other", "contact.ended", T0, "mood_end=0.5");
	uint64_t before = town_fired(t, rule);
	event_of("other", "contact.ended", T0 + DAY, "mood_end=-0.1"); /* far below the usual, and not low */
	assert_int_equal(town_fired(t, rule), before);
	event_of("third", "contact.ended", T0, "mood_end=0.5");
	event_of("third", "contact.ended", T0 + DAY, "mood_end=-0.3");
	assert_int_equal(town_fired(t, rule), before + 1);
}

static void who_promised_to_call_back_is_told(void **state)
{
	const char *rule = "callback-missed";
	event("callback.promised", T0, "agent=linh promise=p1 promised_by=linh");
	assert_false(fires(rule, "callback.made", T0 + 20 * HOUR, "agent=linh promise=p1"));
	event("callback.promised", T0 + DAY, "agent=tuan promise=p2 promised_by=tuan");
	assert_false(fires(rule, "web.visit", T0 + 2 * DAY - 1, "page=usage"));
	assert_true(fires(rule, "web.visit", T0 + 2 * DAY, "page=usage"));
	struct alert *a = newest_alert(town_customer(t, HOME), rule);
	assert_string_equal(a->to->data, "agent:tuan");
	assert_non_null(strstr(a->text, "You promised " HOME " a call back by 07:00"));
	event("callback.made", T0 + 3 * DAY, "agent=tuan promise=p2");
	assert_int_equal(a->state, ALERT_CLOSED);
}

static void a_complaint_past_its_time_is_told(void **state)
{
	event("complaint.opened", T0, "agent=an complaint=k1");
	event("complaint.opened", T0 + HOUR, "agent=an complaint=k2");
	event("complaint.closed", T0 + 2 * DAY, "complaint=k1");
	assert_true(fires("complaint-late", "web.visit", T0 + 3 * DAY + HOUR, "page=usage"));
	assert_int_equal(town_fired(t, "complaint-late"), 1);
	assert_non_null(strstr(newest_alert(town_customer(t, HOME), "complaint-late")->text, "complaint k2"));
}

static void angry_callers_in_a_row_strain_an_agent(void **state)
{
	event_of("a", "contact.ended", T0, "agent=tuan mood_end=-0.5");
	event_of("b", "contact.ended", T0 + HOUR, "agent=tuan mood_end=-0.4");
	event_of("c", "contact.ended", T0 + 2 * HOUR, "agent=tuan mood_end=0.1");
	event_of("a", "contact.ended", T0 + 3 * HOUR, "agent=tuan mood_end=-0.7");
	event_of("b", "contact.ended", T0 + 4 * HOUR, "agent=tuan mood_end=-0.5");
	event_of("c", "contact.ended", T0 + 4 * HOUR, "agent=linh mood_end=-0.9"); /* another's */
	assert_int_equal(town_fired(t, "strain"), 0);
	event_of("a", "contact.ended", T0 + 5 * HOUR, "agent=tuan mood_end=-0.4");
	assert_int_equal(town_fired(t, "strain"), 1);
	event_of("b", "contact.ended", T0 + 6 * HOUR, "agent=tuan mood_end=-0.4");
	assert_int_equal(town_fired(t, "strain"), 1); /* once in four hours */
	assert_string_equal(newest_alert(town_agent(t, "tuan"), "strain")->text,
			    "tuan: 3 angry endings in a row, 6 conversations today. Offer a break.");
}

static void outages_bills_and_empty_lines_are_acted_on_first(void **state)
{
	const char *action = "";
	event("profile.updated", T0, "monthly_fee=330000 consent_sms=true consent_marketing=true");
	assert_int_equal(nudges_of("outage.ended", T0, "outage=o1 minutes=59", &action), 0);
	assert_int_equal(nudges_of("outage.ended", T0 + 2, "outage=o2 minutes=60", &action), 1);
	assert_string_equal(action, "credit-for-outage");
	assert_int_equal(
		nudges_of("bill.issued", T0 + 3, "bill=2026-06 amount=129000 usual=100000 messages_cost=9000", &action),
		0);
	assert_int_equal(
		nudges_of("bill.issued", T0 + 4, "bill=2026-07 amount=130000 usual=100000 messages_cost=9000", &action),
		1);
	assert_string_equal(action, "explain-bill");
	assert_string_equal(newest_alert(town_customer(t, HOME), "bill-shock")->text,
			    HOME ": bill 2026-07 is 130,000 VND, usually 100,000 VND.");
	assert_int_equal(nudges_of("payment.failed", T0 + 5, "bill=2026-07 reason=card-expired", &action), 1);
	assert_string_equal(action, "mend-payment");
	assert_int_equal(nudges_of("payment.failed", T0 + 6, "bill=2026-07 reason=no-funds", &action), 0);
	assert_int_equal(nudges_of("data.exhausted", T0 + 7, "member=kid days_left=1", &action), 0);
	assert_int_equal(nudges_of("data.exhausted", T0 + 8, "member=kid days_left=2", &action), 1);
	assert_string_equal(action, "data-add-on");
	assert_false(fires("thinks-of-leaving", "web.visit", T0 + 9, "page=usage"));
	assert_true(fires("thinks-of-leaving", "web.visit", T0 + 10, "page=cancel"));
	assert_false(fires("thinks-of-leaving", "web.visit", T0 + 11, "page=cancel"));
}

/* Decisions. */

static struct decision d;

static void decide(const char *member, const char *intent, double mood, int64_t now_ms)
{
	struct ask ask = { .member = slice_of(member),
			   .agent = SLICE("linh"),
			   .channel = SLICE("call"),
			   .intent = slice_of(intent),
			   .mood = mood,
			   .has_mood = true,
			   .now_ms = now_ms,
			   .limit = LIMIT_RECOMMENDATIONS,
			   .explain = true };
	struct decide_subjects subjects = { .customer = town_customer(t, HOME), .agent = town_agent(t, "linh") };
	struct foreign_reads foreign = { 0 };
	arena_reset(&t->m.arena);
	machine_decide(&t->m, &subjects, &ask, &foreign, &d);
}

static const struct choice *chosen(const char *action)
{
	for (unsigned i = 0; i < d.choice_count; i++)
		if (strcmp(d.choices[i].action->name->data, action) == 0)
			return &d.choices[i];
	return NULL;
}

static const char *gate_of(const char *action)
{
	for (unsigned i = 0; i < d.left_out_count; i++)
		if (strcmp(d.left_out[i].action->name->data, action) == 0)
			return d.left_out[i].gate;
	return "";
}

static void a_household_with_a_small_data_plan(void)
{
	event("profile.updated", T0,
	      "lines=2 consent_marketing=true consent_sms=true tenure_band=old contract=2-year autopay=false");
	event("profile.updated", T0, "member=dad role=payer data_plan=data-2gb message_plan=bundle-300");
	event("data.exhausted", T0 + HOUR, "member=dad days_left=5");
	event("data.exhausted", T0 + 2 * HOUR, "member=dad days_left=4");
}

static void nothing_is_sold_in_trouble_unless_asked_for(void **state)
{
	a_household_with_a_small_data_plan();
	decide("dad", "bill/pay", 0, T0 + DAY);
	assert_non_null(chosen("data-upgrade"));
	assert_non_null(chosen("data-add-on"));
	assert_int_equal(d.caution_count, 0);
	event("complaint.opened", T0 + DAY, "complaint=k1");
	decide("dad", "bill/pay", 0, T0 + DAY + 1);
	assert_string_equal(gate_of("data-upgrade"), "policy");
	assert_string_equal(gate_of("data-add-on"), "policy");
	assert_int_equal(d.caution_count, 1);
	assert_non_null(chosen("apology"));
	assert_true(chosen("apology") == &d.choices[0]);
	decide("dad", "data/plan", 0, T0 + DAY + 1); /* what they came for is not suppressed */
	assert_non_null(chosen("data-upgrade"));
	event("complaint.closed", T0 + 2 * DAY, "complaint=k1");
	event("outage.started", T0 + 2 * DAY, "outage=o1");
	decide("dad", "bill/pay", 0, T0 + 2 * DAY + 1);
	assert_string_equal(gate_of("data-add-on"), "policy");
	assert_non_null(chosen("outage-news"));
	event("outage.ended", T0 + 2 * DAY + HOUR, "outage=o1 minutes=90");
	decide("dad", "bill/pay", -0.4, T0 + 2 * DAY + 2 * HOUR); /* an angry caller */
	assert_string_equal(gate_of("data-add-on"), "policy");
	assert_slice(chosen("credit-for-outage")->say, "The network was down for 90 minutes this week. 10,000 VND come "
						       "off your next bill; you need do nothing.");
	decide("dad", "bill/pay", 0, T0 + 2 * DAY + 2 * HOUR);
	assert_non_null(chosen("data-add-on"));
	event("profile.updated", T0 + 3 * DAY, "consent_marketing=false");
	decide("dad", "bill/pay", 0, T0 + 3 * DAY);
	assert_string_equal(gate_of("data-add-on"), "policy");
}

static void outcome(const char *action, int kind, int64_t time_ms)
{
	struct outcome_input o = { .id = SLICE("o"),
				   .source = SLICE("crm"),
				   .action = slice_of(action),
				   .channel = SLICE("call"),
				   .kind = kind,
				   .time_ms = time_ms,
				   .id_hash = (uint64_t)time_ms,
				   .content_hash = 1 };
	t->in.received_at_ms = time_ms;
	arena_reset(&t->m.arena);
	machine_apply_outcome(&t->m, town_customer(t, HOME), &o, &t->in, &t->out);
	town_settle(t, town_customer(t, HOME));
}

static void a_refusal_is_heard(void **state)
{
	a_household_with_a_small_data_plan();
	outcome("data-add-on", OUTCOME_REJECTED, T0 + DAY);
	decide("dad", "bill/pay", 0, T0 + 2 * DAY);
	assert_non_null(chosen("data-upgrade"));
	outcome("data-upgrade", OUTCOME_REJECTED, T0 + 2 * DAY);
	decide("dad", "bill/pay", 0, T0 + 3 * DAY);
	assert_string_equal(gate_of("data-upgrade"), "policy"); /* the whole group rests for 90 days */
	assert_string_equal(gate_of("data-add-on"), "policy");
	decide("dad", "data/plan", 0, T0 + 3 * DAY);
	assert_non_null(chosen("data-upgrade"));
}

static void what_was_taken_is_not_offered_again(void **state)
{
	a_household_with_a_small_data_plan();
	decide("dad", "data/plan", 0, T0 + DAY);
	assert_true(chosen("data-add-on") == &d.choices[0]);
	outcome("data-add-on", OUTCOME_ACCEPTED, T0 + DAY);
	decide("dad", "data/plan", 0, T0 + DAY + 1); /* not even where it is asked for */
	assert_string_equal(gate_of("data-add-on"), "policy");
	assert_non_null(chosen("data-upgrade"));
	decide("dad", "data/plan", 0, T0 + 9 * DAY);
	assert_non_null(chosen("data-add-on"));
	outcome("listen", OUTCOME_ACCEPTED, T0 + 10 * DAY);
	decide("dad", "", 0, T0 + 10 * DAY + 1);
	assert_string_equal(gate_of("listen"), "policy");
	decide("dad", "", 0, T0 + 10 * DAY + HOUR);
	assert_non_null(chosen("listen"));
}

static double balance(int64_t now_ms)
{
	decide("dad", "", 0, now_ms);
	const struct choice *c = chosen("listen"); /* 0.3 to the customer, 0.1 to the company */
	assert_non_null(c);
	return (c->value - 0.1) / 0.2;
}

static void the_balance_rises_with_trouble(void **state)
{
	assert_true(balance(T0) > 0.4999 && balance(T0) < 0.5001);
	event("complaint.opened", T0, "complaint=k1");
	assert_true(balance(T0 + 1) > 0.6499 && balance(T0 + 1) < 0.6501);
	event("contact.ended", T0 + HOUR, "mood_end=-0.5");
	assert_true(balance(T0 + HOUR) > 0.7299 && balance(T0 + HOUR) < 0.7301);
	event("callback.promised", T0 + HOUR, "promise=p1 agent=linh");
	event("web.visit", T0 + 26 * HOUR, "page=usage");
	assert_true(balance(T0 + 26 * HOUR) > 0.8499 && balance(T0 + 26 * HOUR) < 0.8501);
	event("complaint.opened", T0 + 27 * HOUR, "complaint=k2");
	event("complaint.opened", T0 + 27 * HOUR, "complaint=k3");
	assert_true(balance(T0 + 28 * HOUR) > 0.8999 && balance(T0 + 28 * HOUR) < 0.9001);
}

static void who_may_leave_is_kept(void **state)
{
	char spec[128];
	snprintf(spec, sizeof(spec), "contract=2-year tenure_months=60 contract_ends=%lld", (long long)(T0 + 30 * DAY));
	event("profile.updated", T0, spec);
	decide("dad", "", 0, T0);
	assert_non_null(chosen("renewal"));
	assert_string_equal(gate_of("retention-offer"), "applicable");
	event("web.visit", T0 + HOUR, "page=cancel member=dad");
	decide("dad", "", 0, T0 + 2 * HOUR);
	assert_non_null(chosen("retention-offer"));
	decide("dad", "contract/cancel", 0, T0 + 20 * DAY);
	assert_true(chosen("retention-offer") == &d.choices[0]);
	snprintf(spec, sizeof(spec), "contract_ends=%lld", (long long)(T0 + 300 * DAY));
	event("profile.updated", T0 + DAY, spec);
	decide("dad", "", 0, T0 + DAY);
	assert_string_equal(gate_of("renewal"), "applicable");
}

static void a_strained_agent_may_hand_over(void **state)
{
	for (int i = 0; i < 3; i++)
		event_of("a", "contact.ended", T0 + i * HOUR, "agent=linh mood_end=-0.9");
	decide("dad", "", -0.6, T0 + 3 * HOUR);
	assert_non_null(chosen("hand-over"));
	decide("dad", "", 0.2, T0 + 3 * HOUR);
	assert_string_equal(gate_of("hand-over"), "applicable");
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, open_town, close_town)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOWN_TEST(a_line_is_held_against_its_own_habit),
		TOWN_TEST(another_line_s_plan_changes_nothing),
		TOWN_TEST(few_messages_are_never_abuse),
		TOWN_TEST(the_same_matter_again_is_told),
		TOWN_TEST(a_mood_that_sinks_is_told),
		TOWN_TEST(who_promised_to_call_back_is_told),
		TOWN_TEST(a_complaint_past_its_time_is_told),
		TOWN_TEST(angry_callers_in_a_row_strain_an_agent),
		TOWN_TEST(outages_bills_and_empty_lines_are_acted_on_first),
		TOWN_TEST(nothing_is_sold_in_trouble_unless_asked_for),
		TOWN_TEST(a_refusal_is_heard),
		TOWN_TEST(what_was_taken_is_not_offered_again),
		TOWN_TEST(the_balance_rises_with_trouble),
		TOWN_TEST(who_may_leave_is_kept),
		TOWN_TEST(a_strained_agent_may_hand_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
