/* tests/unit/test_packs_story.c: the worked case, as `nudgectl simulate --story` tells it: a daughter's line
 * explodes, the system says so on the first day and reaches out at once; three days later the father calls, and the
 * agent knows. */
#include "pack_town.h"
#include "story_events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define HOME "household-nguyen"

/* What the household was told, as it went along. */
struct told {
	struct world *town;
	unsigned events, alerts, nudges, sent, foreign_nudges;
	int64_t first_alert_ms, last_ms;
	char nudge[LIMIT_WORDS_BYTES], nudge_action[65], alert[LIMIT_WORDS_BYTES];
	unsigned alerts_of_others[64];
};

static bool is_home(const struct record *r)
{
	struct subject s = record_subject(r);
	return slice_equal(subject_id(&s), SLICE(HOME));
}

static void saw_entry(void *arg, enum world_kind kind, const struct record *r, const struct event *source,
		      const struct timer *timer, const struct applied *out)
{
	struct told *t = arg;
	if (is_home(r) && out->alert_count && !t->alerts) {
		t->first_alert_ms = out->alerts[0].alert->time_ms;
		snprintf(t->alert, sizeof(t->alert), "%s", out->alerts[0].alert->text);
	}
	if (is_home(r))
		t->alerts += out->alert_count;
}

static void saw_nudge(void *arg, const struct record *r, const struct nudge_request *n, const struct decision *d,
		      const struct choice *what)
{
	struct told *t = arg;
	if (!is_home(r)) {
		t->foreign_nudges++;
		return;
	}
	t->sent += what != NULL;
	if (t->nudges++)
		return;
	assert_true(n->time_ms == t->first_alert_ms); /* the same moment */
	assert_slice(str_slice(n->channel), "sms");
	assert_non_null(what);
	snprintf(t->nudge, sizeof(t->nudge), "%.*s", SLICE_ARG(what->say));
	snprintf(t->nudge_action, sizeof(t->nudge_action), "%s", what->action->name->data);
}

static int tell(void **state)
{
	static struct told t;
	struct story s;
	struct event e;
	if (!story_open(&s))
		return 0;
	t.town = town_create(SOURCE_ROOT "/rules/telecom");
	static const struct world_watch watch = { &t, saw_entry, saw_nudge };
	t.town->watch = &watch;
	while (story_next(&s, &e)) {
		town_event(t.town, &e);
		t.events++;
		t.last_ms = e.time_ms;
	}
	if (story_close(&s) != 0 || !t.events)
		return -1;
	*state = &t;
	return 0;
}

static int tell_no_more(void **state)
{
	if (*state)
		world_destroy(((struct told *)*state)->town);
	return 0;
}

static struct told *the_story(void **state)
{
	if (!*state) {
		print_message("NUDGECTL names no nudgectl to simulate with: skipped\n");
		skip();
	}
	return *state;
}

static void the_alert_comes_on_the_first_day_and_the_nudge_with_it(void **state)
{
	struct told *t = the_story(state);
	/* local midnight of the last day, and three days before that the flood began */
	int64_t midnight = zone_day_start(t->town->m.pack->zone, t->last_ms), flood = midnight - 3 * DAY;
	assert_true(t->first_alert_ms >= flood && t->first_alert_ms < flood + DAY);
	assert_non_null(strstr(t->alert, "Linh: 6"));
	assert_non_null(strstr(t->alert, "texts today, usually 2"));
	assert_string_equal(t->nudge_action, "message-plan-by-sms");
	assert_non_null(strstr(t->nudge, "Hôm nay thuê bao của Linh đã gửi 6")); /* in the household's own language */
	assert_non_null(strstr(t->nudge, "120.000 VND"));
	assert_int_equal(t->alerts, 4); /* once a day */
	assert_int_equal(t->nudges, 4);
	assert_int_equal(t->sent, 1); /* and the household is told once, not every day of it */
}

static void ask_as(const struct told *t, const char *member, const char *language)
{
	const struct decision *d = &t->town->decision;
	struct ask ask = { .member = slice_of(member),
			   .agent = SLICE("linh"),
			   .channel = SLICE("call"),
			   .intent = SLICE("messages/usage"),
			   .mood = -0.2,
			   .has_mood = true,
			   .language = slice_of(language) };
	world_decide(t->town, SLICE(HOME), &ask);
	if (getenv("NUDGED_TEST_SHOW"))
		for (unsigned i = 0; i < d->choice_count; i++) {
			const struct choice *c = &d->choices[i];
			printf("%u. %s %.3f = %.2f x %.2f x %.2f x %.2f\n   %.*s\n", i + 1, c->action->name->data,
			       c->score, c->propensity, c->value, c->context, c->lever, SLICE_ARG(c->say));
			for (unsigned k = 0; k < c->reason_count; k++)
				printf("   - %.*s\n", SLICE_ARG(c->reasons[k]));
		}
}

static bool has_reason(const struct choice *c, const char *text)
{
	for (unsigned i = 0; i < c->reason_count; i++)
		if (strstr(c->reasons[i].data, text))
			return true;
	return false;
}

static const char *answer_to(const struct decision *d, const char *question)
{
	for (unsigned i = 0; i < d->answer_count; i++)
		if (slice_equal(d->answers[i].question, slice_of(question)))
			return d->answers[i].text.data;
	return NULL;
}

static void the_father_is_offered_the_plan_for_her_line(void **state)
{
	struct told *t = the_story(state);
	const struct decision *d = &t->town->decision;
	ask_as(t, "father", "en");
	assert_int_equal(d->choice_count, 3);
	const struct choice *first = &d->choices[0];
	assert_slice(str_slice(first->action->name), "family-messages");
	assert_slice(str_slice(d->choices[1].action->name), "message-cap");
	for (unsigned i = 0; i < 2; i++)
		assert_string_not_equal(d->choices[i].action->goal->data, "grow");
	assert_non_null(strstr(first->say.data,
			       "One of your lines (daughter) writes far more than it used to: 112 messages today"));
	assert_non_null(
		strstr(first->say.data, "usually about 2")); /* 20 to 22: not what the flood has made of the mean */
	assert_non_null(strstr(first->say.data, "120,000 VND a month"));
	assert_true(has_reason(first, "heavy_texts 112 > 3 x heavy_habit"));
	assert_true(has_reason(first, "heavy_line \"daughter\""));
	assert_true(has_reason(first, "lines 3"));
	assert_true(first->score > d->choices[1].score && d->choices[1].score > d->choices[2].score);
	assert_non_null(strstr(answer_to(d, "which line is it?"), "daughter: 112 messages today"));
	assert_non_null(strstr(answer_to(d, "what did today cost?"), "39,200 VND"));
	ask_as(t, "father", "vi");
	assert_non_null(strstr(d->choices[0].say.data, "hôm nay 112 tin"));
}

/* Her mother is no payer: neither words nor reasons nor answers tell her anything of the daughter's line. */
static bool tells(struct slice s)
{
	return memmem(s.data, s.len, "daughter", 8) || memmem(s.data, s.len, "112", 3);
}

static void who_does_not_pay_learns_nothing_of_another_line(void **state)
{
	struct told *t = the_story(state);
	const struct decision *d = &t->town->decision;
	static const char *const others[] = { "mother", "neighbour", "" };
	for (size_t k = 0; k < 3; k++) {
		ask_as(t, others[k], "en");
		assert_true(d->choice_count > 0);
		for (unsigned i = 0; i < d->choice_count; i++) {
			assert_false(tells(d->choices[i].say));
			for (unsigned n = 0; n < d->choices[i].reason_count; n++)
				assert_false(tells(d->choices[i].reasons[n]));
		}
		for (unsigned i = 0; i < d->left_out_count; i++)
			assert_false(tells(d->left_out[i].reason));
		for (unsigned i = 0; i < d->answer_count; i++)
			assert_false(tells(d->answers[i].text));
	}
	ask_as(t, "daughter", "en"); /* her own line is hers */
	assert_slice(str_slice(d->choices[0].action->name), "own-line-messages");
	assert_non_null(strstr(d->choices[0].say.data, "Your own line has sent 112 messages today"));
}

/* Figures of last week are no reason to offer anything, and nobody should read them out as today's. */
static void what_is_old_is_not_said(void **state)
{
	struct told *t = the_story(state);
	const struct decision *d = &t->town->decision;
	world_pass(t->town, t->last_ms + 8 * DAY);
	ask_as(t, "father", "en");
	for (unsigned i = 0; i < d->choice_count; i++)
		assert_string_not_equal(d->choices[i].action->name->data, "family-messages");
	assert_null(answer_to(d, "which line is it?"));
	assert_non_null(answer_to(d, "which plans are there?"));
}

/* But for strain: twenty households call too seldom to wear an agent out within hours (rules/telecom/tests/strain.lua). */
static void the_other_households_live_through_every_rule(void **state)
{
	static const char *const rules[] = { "message-abuse", "flood-begins",    "heavy-line",   "same-matter-again",
					     "sinking-mood",  "callback-missed", "outage-credit", "bill-known",
					     "bill-shock",    "data-ran-out",    "thinks-of-leaving" };
	struct told *t = the_story(state);
	town_nothing_failed(t->town);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!town_fired(t->town, rules[i]))
			fail_msg("%s never fired in a month", rules[i]);
	assert_true(t->foreign_nudges > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_alert_comes_on_the_first_day_and_the_nudge_with_it),
		cmocka_unit_test(the_father_is_offered_the_plan_for_her_line),
		cmocka_unit_test(who_does_not_pay_learns_nothing_of_another_line),
		cmocka_unit_test(what_is_old_is_not_said),
		cmocka_unit_test(the_other_households_live_through_every_rule),
	};
	return cmocka_run_group_tests(tests, tell, tell_no_more);
}
