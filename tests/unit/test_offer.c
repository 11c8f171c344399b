/* tests/unit/test_offer.c: an offer that was made holds: the same terms on every channel until it ends. */
#include "decide_world.h"

#include "decide/offer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char pack[] =
	"pack { name = 't', currency = 'EUR' }\n"
	"fact.price = attr('list_price', 'customer')\n"
	"action 'plan' { goal = 'g', value = { customer = 1, business = 1 }, say = 'For {price}, {gift}.',\n"
	"  offer = { holds = '14d', terms = { price = fact.price, gift = 'a phone', unknown = attr 'nobody' } },\n"
	"  next = { rejected = 'Not for {price}?' } }\n"
	"action 'other' { goal = 'g', value = { customer = 1, business = 1 }, say = 'Other.' }\n";

struct desk {
	struct world w;
	struct decision d;
	struct foreign_reads foreign;
};

static void outcome(struct desk *k, int kind, const char *channel, int64_t time_ms)
{
	struct outcome_input o = { .id = SLICE("o"), .source = SLICE("s"), .action = SLICE("plan"),
				   .channel = slice_of(channel), .kind = kind, .time_ms = time_ms };
	o.id_hash = o.content_hash = ++k->w.ids;
	k->w.in.received_at_ms = time_ms;
	arena_reset(&k->w.m.arena);
	machine_apply_outcome(&k->w.m, k->w.r, &o, &k->w.in, &k->w.out);
	world_settle(&k->w);
}

static const struct choice *decide(struct desk *k, const char *channel, int64_t now_ms)
{
	struct decide_subjects subjects = { .customer = k->w.r };
	struct ask ask = { .now_ms = now_ms, .channel = slice_of(channel), .limit = 2 };
	k->foreign = (struct foreign_reads){ 0 };
	arena_reset(&k->w.m.arena);
	machine_decide(&k->w.m, &subjects, &ask, &k->foreign, &k->d);
	for (unsigned i = 0; i < k->d.choice_count; i++)
		if (world_is(str_slice(k->d.choices[i].action->name), "plan"))
			return &k->d.choices[i];
	return NULL;
}

static void desk_open(struct desk *k)
{
	memset(k, 0, sizeof(*k));
	world_init(&k->w, pack);
	world_event(&k->w, "profile.updated", T0, "list_price=100");
}

static void an_offer_holds_in_every_channel(void **state)
{
	struct desk k;
	desk_open(&k);
	const struct choice *c = decide(&k, "call", T0 + 1);
	assert_true(world_is(c->say, "For 100, a phone."));
	assert_int_equal(c->offer->made_ms, 0);
	assert_int_equal(c->offer->until_ms, T0 + 1 + 14 * DAY);
	assert_int_equal(c->offer->term_count, 2); /* what is unknown is promised to nobody */
	assert_int_equal(k.d.offer_count, 0);
	outcome(&k, OUTCOME_OFFERED, "call", T0 + HOUR);
	world_event(&k.w, "profile.updated", T0 + DAY, "list_price=150");
	c = decide(&k, "web", T0 + 2 * DAY);
	assert_true(world_is(c->say, "For 100, a phone."));
	assert_true(world_is(c->next[0].say, "Not for 100?"));
	assert_int_equal(c->offer->made_ms, T0 + HOUR);
	assert_int_equal(c->offer->until_ms, T0 + HOUR + 14 * DAY);
	assert_true(world_is(c->offer->channel, "call"));
	assert_int_equal(k.d.offer_count, 1);
	outcome(&k, OUTCOME_OFFERED, "web", T0 + 3 * DAY); /* once more: it is the same offer, and no longer */
	c = decide(&k, "shop", T0 + 4 * DAY);
	assert_true(world_is(c->say, "For 100, a phone."));
	assert_int_equal(c->offer->until_ms, T0 + HOUR + 14 * DAY);
	c = decide(&k, "shop", T0 + HOUR + 14 * DAY);
	assert_true(world_is(c->say, "For 150, a phone."));
	assert_int_equal(k.d.offer_count, 0);
	world_finish(&k.w);
}

static void an_answer_ends_it(void **state)
{
	static const struct { int kind; bool ends; } answers[] = {
		{ OUTCOME_ACCEPTED, true }, { OUTCOME_REJECTED, true }, { OUTCOME_LATER, false }, { OUTCOME_IGNORED, false },
		{ OUTCOME_SHOWN, false },   { OUTCOME_OVERRULED, false },
	};
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct desk k;
		desk_open(&k);
		outcome(&k, OUTCOME_OFFERED, "call", T0 + 1);
		world_event(&k.w, "profile.updated", T0 + 2, "list_price=150");
		outcome(&k, answers[i].kind, "call", T0 + 3);
		(void)decide(&k, "call", T0 + 4);
		assert_int_equal(k.d.offer_count, answers[i].ends ? 0 : 1);
		world_finish(&k.w);
	}
}

static void it_survives_storing_and_is_verified(void **state)
{
	struct desk k;
	struct bytes b = { 0 };
	struct decision_record r;
	struct decision_head head = { .boot = 1, .count = 1, .nudge = true }; /* of a nudge the words are recorded */
	desk_open(&k);
	outcome(&k, OUTCOME_OFFERED, "call", T0 + 1);
	record_encode(k.w.r, &b);
	record_destroy(k.w.r, k.w.m.pool);
	assert_int_equal(record_decode(&k.w.r, k.w.m.pool, bytes_slice(&b)), ERR_OK);
	world_event(&k.w, "profile.updated", T0 + 2, "list_price=150");
	assert_true(world_is(decide(&k, "sms", T0 + 3)->say, "For 100, a phone."));
	struct ask ask = { .now_ms = T0 + 3, .channel = SLICE("sms"), .limit = 2, .nudge = true };
	bytes_clear(&b);
	decision_encode(&head, &ask, &k.foreign, &k.d, &b);
	assert_int_equal(decision_decode(&r, bytes_slice(&b), &k.w.m.arena), ERR_OK);
	assert_true(decision_verify(&k.w.m, k.w.r, &r));
	bytes_finish(&b);
	world_finish(&k.w);
}

static void refused(const char *offer, const char *why)
{
	char text[1024];
	struct strpool *pool = strpool_create();
	struct bundle b = { 0 };
	struct pack *p = NULL;
	snprintf(text, sizeof(text), "pack { name = 't' }\naction 'a' { goal = 'g', value = { customer = 1, business = 1 }, "
		 "say = 'x', offer = %s }", offer);
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), slice_of(text)), ERR_OK);
	if (pack_load(&p, &b, pool) == ERR_OK)
		fail_msg("loaded: %s", offer);
	if (!strstr(error_last()->text, why))
		fail_msg("%s\nhas not: %s", error_last()->text, why);
	bundle_finish(&b);
	strpool_destroy(pool);
}

static void mistakes_are_refused(void **state)
{
	refused("{ }", "needs holds");
	refused("{ holds = 'today' }", "exact");
	refused("{ holds = '1d', terms = { p = request.channel } }", "stand on the customer only");
	refused("{ holds = '1d', terms = { p = attr('x', 'agent') } }", "stand on the customer only");
	refused("{ holds = '1d', terms = { p = event.x } }", "stand on the customer only");
	refused("{ holds = '1d', term = { } }", "terms");
	refused("{ holds = '1d', terms = 5 }", "takes a table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_holds_in_every_channel),
		cmocka_unit_test(an_answer_ends_it),
		cmocka_unit_test(it_survives_storing_and_is_verified),
		cmocka_unit_test(mistakes_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
