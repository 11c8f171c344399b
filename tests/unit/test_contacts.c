/* tests/unit/test_contacts.c: contacts as events tell them, in whatever order: their state, what they are to each other,
 * and what is counted of them. */
#include "counted_world.h"

#include "decide/contacts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char pack[] =
	"pack { name = 't', topics = { 'bill', 'data', 'other' } }\n"
	"local talks = contacts { held = 'contact.held', keep = 128 }\n"
	"local complaint = case { opens = 'complained', closes = 'settled', key = 'complaint', due = '48h',\n"
	"  name = 'complaint', meaning = 'complaint' }\n"
	"local promise = case { opens = 'promised', closes = 'called', due = '24h', name = 'promise', meaning = 'promise' }\n"
	"fact.contacts = talks:count '30d'\n"
	"fact.about_bill = talks:with { topic = 'bill' }:count '30d'\n"
	"fact.repeats = talks:repeats '30d'\n"
	"fact.unresolved = talks:unresolved '30d'\n"
	"fact.effort = talks:effort '30d'\n"
	"fact.mood = talks:mean_mood '30d'\n"
	"fact.change = talks:mean_mood_change '30d'\n"
	"fact.trend = talks:mood_trend '30d'\n"
	"fact.wait = talks:mean_wait '30d'\n"
	"fact.open = talks:is_open()\n"
	"rule 'again' { on = 'contact.started', when = talks:is_repeat(), set = { again = event.contact } }\n"
	"rule 'late' { on = promise.missed, when = complaint:is_open(), set = { x = 1 } }\n";

static int64_t of(const struct counted_world *cw, unsigned measure)
{
	return counted(cw, LEDGER_CONTACTS, measure, NULL);
}

static int64_t in(const struct counted_world *cw, unsigned measure, const char *key)
{
	return counted(cw, LEDGER_CONTACTS, measure, key);
}

static int64_t cases(const struct counted_world *cw, unsigned measure)
{
	return counted(cw, LEDGER_CASES, measure, NULL);
}

static const struct item *contact(const struct counted_world *cw, const char *id)
{
	const struct item *c = items_find(cw->w.r, ITEM_CONTACT, 0, slice_of(id));
	assert_non_null(c);
	return c;
}

/* A conversation of ten minutes. */
static void talk(struct counted_world *cw, const char *id, int64_t time_ms, const char *agent, const char *topic)
{
	char spec[100];
	snprintf(spec, sizeof(spec), "contact=%s agent=%s topic=%s", id, agent, topic);
	counted_event(cw, "contact.started", time_ms, spec);
	counted_event(cw, "contact.ended", time_ms + 10 * MINUTE, spec);
}

static void one_contact_from_the_queue_to_its_end(void **state)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	counted_event(&cw, "contact.queued", T0, "contact=c1 channel=call topic=bill mood=-0.5");
	assert_int_equal(contact(&cw, "c1")->state, CONTACT_QUEUED);
	assert_int_equal(of(&cw, CONTACTS_OPEN), 1);
	assert_true(world_fact(&cw.w, "open", T0 + 1, 0).boolean);
	counted_event(&cw, "contact.started", T0 + 90 * SECOND, "contact=c1 channel=call agent=an topic=bill");
	counted_event(&cw, "contact.held", T0 + 3 * MINUTE, "contact=c1 agent=an hold_s=20");
	counted_event(&cw, "contact.started", T0 + 5 * MINUTE, "contact=c1 channel=call agent=linh");
	counted_event(&cw, "contact.ended", T0 + 10 * MINUTE, "contact=c1 agent=linh topic=data mood_end=0.25");
	const struct item *c = contact(&cw, "c1");
	assert_int_equal(c->state, CONTACT_ENDED);
	assert_slice(item_text(c, CONTACT_FIRST_AGENT), "an");
	assert_slice(item_text(c, CONTACT_AGENT), "linh");
	assert_slice(item_text(c, CONTACT_TOPIC), "data"); /* who ends it knows best what it was about */
	assert_int_equal(in(&cw, CONTACTS_ALL, "linh/data/call"), 1);
	assert_int_equal(of(&cw, CONTACTS_ALL), 1);
	assert_int_equal(of(&cw, CONTACTS_OPEN), 0);
	assert_int_equal(of(&cw, CONTACTS_SERVED), 1);
	assert_int_equal(of(&cw, CONTACTS_TRANSFERS), 1);
	assert_int_equal(of(&cw, CONTACTS_HOLDS), 1);
	assert_int_equal(of(&cw, CONTACTS_HOLD_MS), 20 * SECOND);
	assert_int_equal(of(&cw, CONTACTS_WAIT_MS), 90 * SECOND);
	assert_int_equal(of(&cw, CONTACTS_HANDLE_MS_SUM), 510 * SECOND);
	assert_int_equal(of(&cw, CONTACTS_MOOD_CHANGE_SUM), 750000);
	assert_number(world_fact(&cw.w, "change", T0 + HOUR, 0), 0.75);
	assert_number(world_fact(&cw.w, "effort", T0 + HOUR, 0), 2);
	assert_number(world_fact(&cw.w, "wait", T0 + HOUR, 0), 90);
	assert_int_equal(cw.w.r->rare->timer_count, 0);
	counted_finish(&cw);
}

static void resolved_is_what_nobody_comes_back_about(void **state)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	talk(&cw, "c1", T0, "an", "bill");
	int64_t end = T0 + 10 * MINUTE;
	talk(&cw, "c2", T0 + DAY, "linh", "data"); /* another matter */
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 0);
	talk(&cw, "c3", end + 7 * DAY + 1, "linh", "bill"); /* a moment too late */
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED) + of(&cw, CONTACTS_REPEATS), 0);
	assert_int_equal(world_attr(cw.w.r, 0, "again").kind, VALUE_UNKNOWN);
	talk(&cw, "c4", end + 7 * DAY, "binh", "bill"); /* comes late, of a moment before: just in time */
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 2); /* c1 by c4, and c4 by c3 */
	assert_int_equal(in(&cw, CONTACTS_FOLLOWED, "an/bill"), 1);
	assert_int_equal(in(&cw, CONTACTS_FOLLOWED, "binh/bill"), 1);
	assert_int_equal(in(&cw, CONTACTS_REPEATS, "linh/bill"), 1);
	assert_slice(world_attr(cw.w.r, 0, "again").string, "c4");
	assert_number(world_fact(&cw.w, "repeats", T0 + 8 * DAY, 0), 2);
	assert_number(world_fact(&cw.w, "unresolved", T0 + 8 * DAY, 0), 2);
	assert_number(world_fact(&cw.w, "about_bill", T0 + 8 * DAY, 0), 3);
	counted_finish(&cw);
}

static void who_gives_up_is_apart_and_comes_again(void **state)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	counted_event(&cw, "contact.queued", T0, "contact=c1 channel=call topic=bill");
	counted_event(&cw, "contact.abandoned", T0 + 4 * MINUTE, "contact=c1");
	assert_int_equal(contact(&cw, "c1")->state, CONTACT_ABANDONED);
	assert_int_equal(in(&cw, CONTACTS_ABANDONED, "/bill/call"), 1);
	assert_int_equal(of(&cw, CONTACTS_LEFT_WAIT_MS), 4 * MINUTE);
	talk(&cw, "c2", T0 + HOUR, "an", "bill");
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 0); /* nobody had a chance to resolve it */
	assert_int_equal(of(&cw, CONTACTS_REPEATS), 1);
	counted_event(&cw, "contact.abandoned", T0 + 2 * HOUR, "channel=call topic=bill wait_s=30"); /* all that came of it */
	assert_int_equal(of(&cw, CONTACTS_ABANDONED), 2);
	assert_int_equal(in(&cw, CONTACTS_FOLLOWED, "an/bill"), 1); /* who waited in vain wanted the same again */
	counted_event(&cw, "contact.started", T0 + 2 * MINUTE, "contact=c1 agent=an"); /* late: they had been taken */
	assert_int_equal(of(&cw, CONTACTS_ABANDONED), 1);
	assert_int_equal(of(&cw, CONTACTS_SERVED), 2);
	counted_finish(&cw);
}

static void without_an_end_it_is_inferred(void **state)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	counted_event(&cw, "contact.started", T0, "contact=c1 agent=an topic=bill");
	counted_event(&cw, "contact.queued", T0 + HOUR, "contact=c2 topic=data");
	counted_wait(&cw, T0 + 4 * HOUR - 1);
	assert_int_equal(of(&cw, CONTACTS_INFERRED), 0);
	counted_wait(&cw, T0 + 6 * HOUR);
	assert_int_equal(contact(&cw, "c1")->state, CONTACT_INFERRED);
	assert_int_equal(contact(&cw, "c1")->numbers[CONTACT_END_MS], T0 + 4 * HOUR);
	assert_int_equal(of(&cw, CONTACTS_INFERRED), 2);
	assert_int_equal(of(&cw, CONTACTS_SERVED), 1); /* nobody ever took c2 */
	assert_int_equal(of(&cw, CONTACTS_ABANDONED), 1);
	counted_event(&cw, "contact.ended", T0 + 5 * HOUR, "contact=c1 agent=an mood_end=-0.4");
	assert_int_equal(contact(&cw, "c1")->state, CONTACT_ENDED); /* so long it was, after all */
	assert_int_equal(contact(&cw, "c1")->numbers[CONTACT_END_MS], T0 + 5 * HOUR);
	assert_int_equal(of(&cw, CONTACTS_INFERRED), 1);
	counted_event(&cw, "contact.started", T0 + 6 * HOUR, "contact=c2 agent=linh");
	assert_int_equal(contact(&cw, "c2")->state, CONTACT_OPEN);
	assert_int_equal(of(&cw, CONTACTS_OPEN), 1);
	counted_finish(&cw);
}

struct told { const char *type; int64_t at; const char *spec; };

static const struct told story[] = {
	{ "contact.queued", 0, "contact=c1 channel=call topic=bill mood=-0.5" },
	{ "contact.started", MINUTE, "contact=c1 channel=call agent=an topic=bill" },
	{ "contact.started", 3 * MINUTE, "contact=c1 channel=call agent=linh" },
	{ "contact.ended", 8 * MINUTE, "contact=c1 agent=linh topic=bill mood_end=0.5" },
	{ "contact.queued", DAY, "contact=c2 channel=call topic=bill" },
	{ "contact.abandoned", DAY + MINUTE, "contact=c2 channel=call" },
	{ "contact.started", 2 * DAY, "contact=c3 channel=chat agent=an topic=data" },
	{ "contact.ended", 2 * DAY + HOUR, "contact=c3 agent=an topic=bill mood_end=-0.25 mood_start=0 handle_s=600" },
	{ "contact.started", 12 * DAY, "contact=c4 channel=call agent=binh topic=bill" },
	{ "contact.ended", 12 * DAY + 5 * MINUTE, "contact=c4 agent=binh topic=unheard-of" },
};
#define TOLD (sizeof(story) / sizeof(story[0]))

static struct hash128 told_in_order(const unsigned order[TOLD], int64_t *followed)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	cw.w.in.received_at_ms = T0 + 13 * DAY; /* all of it is history */
	for (unsigned i = 0; i < TOLD; i++)
		counted_event(&cw, story[order[i]].type, T0 + story[order[i]].at, story[order[i]].spec);
	struct hash128 digest = counted_digest(&cw);
	*followed = of(&cw, CONTACTS_FOLLOWED);
	assert_int_equal(in(&cw, CONTACTS_SERVED, "binh/other/call"), 1); /* a topic that the pack does not list */
	counted_finish(&cw);
	return digest;
}

static void the_order_of_arrival_makes_no_difference(void **state)
{
	unsigned order[TOLD];
	int64_t followed;
	for (unsigned i = 0; i < TOLD; i++)
		order[i] = i;
	struct hash128 straight = told_in_order(order, &followed);
	assert_int_equal(followed, 1);
	uint64_t random = 7;
	for (unsigned run = 0; run < 300; run++) {
		for (unsigned i = TOLD - 1; i > 0; i--) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			unsigned k = (unsigned)(random >> 33) % (i + 1), kept = order[i];
			order[i] = order[k];
			order[k] = kept;
		}
		struct hash128 other = told_in_order(order, &followed);
		assert_int_equal(followed, 1);
		assert_true(other.low == straight.low && other.high == straight.high);
	}
}

static void merged_customers_called_again(void **state)
{
	struct counted_world cw;
	struct bytes body = { 0 };
	counted_init(&cw, pack);
	struct record *ann = cw.w.r, *prospect = world_record(SUBJECT_CUSTOMER, "tel:1");
	talk(&cw, "c1", T0, "an", "bill");
	counted_event(&cw, "contact.started", T0 + 2 * DAY, "contact=c3 agent=an topic=bill");
	counted_event(&cw, "complained", T0 + 2 * DAY, "complaint=k1 topic=data agent=an");
	cw.w.r = prospect;
	talk(&cw, "c2", T0 + DAY, "linh", "bill");
	counted_event(&cw, "contact.queued", T0 + 2 * DAY - MINUTE, "contact=c3 channel=call");
	counted_event(&cw, "complained", T0 + DAY, "complaint=k1 topic=data agent=linh");
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 1); /* c1 by c3 */
	assert_int_equal(of(&cw, CONTACTS_REPEATS), 1);
	assert_int_equal(of(&cw, CONTACTS_ALL), 4);
	assert_int_equal(cases(&cw, CASES_OPENED), 2);
	record_encode(prospect, &body);
	cw.w.r = ann;
	arena_reset(&cw.w.m.arena);
	machine_apply_effect(&cw.w.m, ann, EFFECT_MERGE, bytes_slice(&body), NULL, &cw.w.in, &cw.w.out);
	world_settle(&cw.w);
	counted_take(&cw);
	assert_int_equal(of(&cw, CONTACTS_ALL), 3); /* c3 was one conversation */
	assert_int_equal(contact(&cw, "c3")->time_ms, T0 + 2 * DAY - MINUTE);
	assert_slice(item_text(contact(&cw, "c3"), CONTACT_CHANNEL), "call");
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 2);
	assert_int_equal(in(&cw, CONTACTS_FOLLOWED, "linh/bill"), 1);
	assert_int_equal(of(&cw, CONTACTS_REPEATS), 2);
	assert_int_equal(of(&cw, CONTACTS_WAIT_MS), MINUTE);
	assert_int_equal(cases(&cw, CASES_OPENED), 1); /* and so was the complaint */
	counted_event(&cw, "settled", T0 + 3 * DAY, "complaint=k1");
	assert_int_equal(cases(&cw, CASES_TURNAROUND_MS), 2 * DAY);
	bytes_finish(&body);
	record_destroy(prospect, cw.w.m.pool);
	counted_finish(&cw);
}

/* Each one's calls are eight days apart, the other's lie between: joined, each was followed by the next. More days change
 * than rules may cause effects. */
static void a_merge_counts_in_all_its_days(void **state)
{
	enum { EACH = 100 };
	struct counted_world cw;
	struct bytes body = { 0 };
	char id[16];
	counted_init(&cw, pack);
	struct record *ann = cw.w.r, *other = world_record(SUBJECT_CUSTOMER, "other");
	for (unsigned i = 0; i < 2 * EACH; i++) {
		cw.w.r = i % 2 ? other : ann;
		snprintf(id, sizeof(id), "c%u", i);
		talk(&cw, id, T0 + (int64_t)i * 4 * DAY, "an", "bill");
	}
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 0);
	record_encode(other, &body);
	cw.w.r = ann;
	arena_reset(&cw.w.m.arena);
	machine_apply_effect(&cw.w.m, ann, EFFECT_MERGE, bytes_slice(&body), NULL, &cw.w.in, &cw.w.out);
	assert_true(cw.w.out.effect_count > LIMIT_ENTRY_EFFECTS);
	counted_take(&cw);
	assert_int_equal(of(&cw, CONTACTS_ALL), 2 * EACH);
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 2 * EACH - 1);
	assert_int_equal(of(&cw, CONTACTS_REPEATS), 2 * EACH - 1);
	bytes_finish(&body);
	record_destroy(other, cw.w.m.pool);
	counted_finish(&cw);
}

static void what_gives_way_stays_counted(void **state)
{
	struct counted_world cw;
	char id[16];
	counted_init(&cw, "pack { name = 't' }\ncontacts { keep = 3 }\n");
	for (unsigned i = 0; i < 10; i++) {
		snprintf(id, sizeof(id), "c%u", i);
		talk(&cw, id, T0 + (int64_t)i * HOUR, "an", "bill");
	}
	assert_int_equal(of(&cw, CONTACTS_ALL), 10);
	assert_int_equal(of(&cw, CONTACTS_FOLLOWED), 9);
	assert_int_equal(of(&cw, CONTACTS_REPEATS), 9);
	assert_int_equal(items_of(cw.w.r, ITEM_CONTACT, 0).count, 3);
	counted_event(&cw, "contact.ended", T0 + 8 * HOUR, "contact=c7 agent=an topic=bill"); /* the oldest kept is still a repeat */
	assert_int_equal(of(&cw, CONTACTS_REPEATS), 9);
	talk(&cw, "older", T0 + MINUTE, "an", "bill"); /* than all that are kept: too late to tell */
	assert_int_equal(of(&cw, CONTACTS_ALL), 10);
	assert_int_equal(cw.w.r->rare->late, 2);
	counted_finish(&cw);
}

static void a_case_left_open_is_not_resolved(void **state)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	talk(&cw, "c1", T0, "an", "bill");
	talk(&cw, "c2", T0, "an", "data");
	counted_event(&cw, "complained", T0 + HOUR, "complaint=k1 contact=c1"); /* topic and agent are the contact's */
	assert_int_equal(counted(&cw, LEDGER_CASES, CASES_OPENED, "complaint/an/bill/complaint"), 1);
	assert_int_equal(of(&cw, CONTACTS_CASE_OPEN), 1);
	assert_int_equal(in(&cw, CONTACTS_CASE_OPEN, "an/bill"), 1);
	counted_event(&cw, "settled", T0 + 3 * DAY, "complaint=k1");
	assert_int_equal(of(&cw, CONTACTS_CASE_OPEN), 0); /* within its time */
	counted_event(&cw, "complained", T0 + 4 * DAY, "complaint=k1");
	counted_event(&cw, "settled", T0 + 9 * DAY, "complaint=k1"); /* too late for c1 */
	assert_int_equal(of(&cw, CONTACTS_CASE_OPEN), 1);
	assert_int_equal(cases(&cw, CASES_OPENED), 1);
	assert_int_equal(cases(&cw, CASES_REOPENED), 1);
	assert_int_equal(cases(&cw, CASES_CLOSED), 1);
	assert_int_equal(cases(&cw, CASES_TURNAROUND_MS), 9 * DAY - HOUR);
	counted_finish(&cw);
}

static void promises_are_kept_late_or_broken(void **state)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	counted_event(&cw, "promised", T0, "agent=an topic=bill");
	counted_event(&cw, "called", T0 + DAY, "agent=linh"); /* on the stroke */
	assert_int_equal(counted(&cw, LEDGER_CASES, CASES_IN_TIME, "promise/an/bill/promise"), 1);
	counted_event(&cw, "promised", T0 + 2 * DAY, "agent=an topic=bill");
	counted_wait(&cw, T0 + 3 * DAY);
	assert_int_equal(cases(&cw, CASES_BROKEN), 1);
	counted_event(&cw, "called", T0 + 3 * DAY + 1, "agent=an");
	assert_int_equal(cases(&cw, CASES_BROKEN), 0);
	assert_int_equal(cases(&cw, CASES_LATE), 1);
	counted_event(&cw, "promised", T0 + 5 * DAY, "agent=linh");
	counted_wait(&cw, T0 + 9 * DAY);
	assert_int_equal(counted(&cw, LEDGER_CASES, CASES_BROKEN, "promise/linh//promise"), 1);
	assert_int_equal(cases(&cw, CASES_OPENED), 3);
	counted_finish(&cw);
}

static void events_without_an_id_find_their_contact(void **state)
{
	struct counted_world cw;
	counted_init(&cw, pack);
	counted_event(&cw, "contact.queued", T0, "channel=call topic=bill");
	counted_event(&cw, "contact.started", T0 + MINUTE, "channel=chat agent=linh topic=data");
	counted_event(&cw, "contact.started", T0 + MINUTE, "channel=call agent=an");
	counted_event(&cw, "contact.ended", T0 + 5 * MINUTE, "channel=call agent=an");
	counted_event(&cw, "contact.ended", T0 + 6 * MINUTE, "channel=chat agent=linh");
	counted_event(&cw, "contact.ended", T0 + 7 * MINUTE, "channel=shop agent=binh topic=bill"); /* nothing began it */
	counted_event(&cw, "contact.held", T0 + 8 * MINUTE, "channel=shop"); /* of what, nobody can tell */
	assert_int_equal(of(&cw, CONTACTS_ALL), 3);
	assert_int_equal(of(&cw, CONTACTS_SERVED), 3);
	assert_int_equal(in(&cw, CONTACTS_WAIT_MS, "an/bill/call"), MINUTE);
	assert_int_equal(of(&cw, CONTACTS_OPEN), 0);
	counted_finish(&cw);
}

static void one_event_may_be_a_whole_contact(void **state)
{
	struct counted_world cw;
	counted_init(&cw, "pack { name = 't' }\n"
			  "contacts { whole = 'call.ended', time = 'beginning', topic = 'service', wait = 'q', handle = 's',\n"
			  "  lasts = { 'v', 'q', 's' }, abandoned_when = event.outcome:is 'HANG' }\n");
	counted_event(&cw, "call.ended", T0, "agent=an service=PS v=10 q=20 s=30 outcome=AGENT");
	counted_event(&cw, "call.ended", T0 + MINUTE + 7 * DAY, "service=PS v=5 q=50 outcome=HANG"); /* a week after its end */
	assert_int_equal(in(&cw, CONTACTS_FOLLOWED, "an/PS"), 1);
	assert_int_equal(in(&cw, CONTACTS_REPEATS, "/PS"), 1);
	assert_int_equal(in(&cw, CONTACTS_ABANDONED, "/PS"), 1);
	assert_int_equal(of(&cw, CONTACTS_WAIT_MS), 20 * SECOND);
	assert_int_equal(of(&cw, CONTACTS_LEFT_WAIT_MS), 50 * SECOND);
	assert_int_equal(of(&cw, CONTACTS_HANDLE_MS_SUM), 30 * SECOND);
	assert_int_equal(cw.w.r->rare->timer_count, 0);
	counted_event(&cw, "contact.started", T0, "agent=an contact=x"); /* is none of its types */
	assert_int_equal(of(&cw, CONTACTS_ALL), 2);
	counted_finish(&cw);
}

static void moods_have_a_trend(void **state)
{
	struct counted_world cw;
	static const char *const moods[] = { "0.8", "0.2", "0.1", "-0.4", "-0.6" };
	char spec[80];
	counted_init(&cw, pack);
	assert_int_equal(world_fact(&cw.w, "trend", T0, 0).kind, VALUE_UNKNOWN);
	assert_number(world_fact(&cw.w, "contacts", T0, 0), 0);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(spec, sizeof(spec), "contact=c%u agent=an mood_end=%s", i, moods[i]);
		counted_event(&cw, "contact.ended", T0 + (int64_t)i * DAY, spec);
	}
	assert_float_equal(world_fact(&cw.w, "trend", T0 + 5 * DAY, 0).number, -1, 1e-12); /* (-0.4 - 0.6 - 0.8 - 0.2) / 2 */
	assert_float_equal(world_fact(&cw.w, "mood", T0 + 5 * DAY, 0).number, 0.02, 1e-12);
	assert_int_equal(world_fact(&cw.w, "change", T0 + 5 * DAY, 0).kind, VALUE_UNKNOWN);
	counted_finish(&cw);
}

/* What reports should say, from the contacts alone, each looked at beside every other. */
struct naive { int64_t all, open, served, abandoned, followed, repeats, left_open, mood, transfers, wait_ms; };

static bool is_after(const struct item *a, const struct item *b)
{
	return a->time_ms != b->time_ms ? a->time_ms > b->time_ms : slice_compare(item_key(a), item_key(b)) > 0;
}

static void look_at(const struct counted_world *cw, const struct item *c, struct naive *n)
{
	struct items all = items_of(cw->w.r, ITEM_CONTACT, 0);
	int64_t end = c->numbers[CONTACT_END_MS], within = 7 * DAY, ms = 0;
	bool followed = false, repeats = false;
	for (unsigned i = 0; i < all.count; i++) {
		const struct item *other = &all.items[i];
		if (other == c || !contact_same_topic(other, c))
			continue;
		if (is_after(other, c))
			followed |= contact_is_closed(c) && other->time_ms - end <= within;
		else
			repeats |= !contact_is_closed(other) || c->time_ms - other->numbers[CONTACT_END_MS] <= within;
	}
	bool left_open = contact_is_closed(c) &&
			 case_open_at(cw->w.r, cw->w.m.pack, c->texts[CONTACT_TOPIC], end + within);
	n->all++;
	n->open += !contact_is_closed(c);
	n->served += contact_is_served(c);
	n->abandoned += contact_is_abandoned(c);
	n->followed += contact_is_served(c) && followed;
	n->repeats += repeats;
	n->left_open += contact_is_served(c) && !followed && left_open;
	n->mood += contact_has(c, CONTACT_HAS_MOOD_END) ? c->numbers[CONTACT_MOOD_END] : 0;
	n->transfers += contact_transfers(c);
	n->wait_ms += contact_wait(c, &ms) && !contact_is_abandoned(c) ? ms : 0;
}

static void assert_as_naive(const struct counted_world *cw)
{
	struct naive n = { 0 };
	struct items all = items_of(cw->w.r, ITEM_CONTACT, 0);
	for (unsigned i = 0; i < all.count; i++)
		look_at(cw, &all.items[i], &n);
	assert_int_equal(of(cw, CONTACTS_ALL), n.all);
	assert_int_equal(of(cw, CONTACTS_OPEN), n.open);
	assert_int_equal(of(cw, CONTACTS_SERVED), n.served);
	assert_int_equal(of(cw, CONTACTS_ABANDONED), n.abandoned);
	assert_int_equal(of(cw, CONTACTS_FOLLOWED), n.followed);
	assert_int_equal(of(cw, CONTACTS_REPEATS), n.repeats);
	assert_int_equal(of(cw, CONTACTS_CASE_OPEN), n.left_open);
	assert_int_equal(of(cw, CONTACTS_MOOD_END_SUM), n.mood);
	assert_int_equal(of(cw, CONTACTS_TRANSFERS), n.transfers);
	assert_int_equal(of(cw, CONTACTS_WAIT_MS), n.wait_ms);
}

static uint64_t chance_state;

static unsigned chance(unsigned below)
{
	chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(chance_state >> 33) % below;
}

static void a_random_event(struct counted_world *cw, unsigned nth)
{
	static const char *const types[] = { "contact.queued", "contact.started", "contact.started", "contact.held",
					     "contact.ended", "contact.ended", "contact.abandoned", "complained", "settled" };
	static const char *const agents[] = { "an", "linh", "binh" }, *const topics[] = { "bill", "data", "unheard-of" };
	char spec[200], id[20] = "";
	if (chance(5))
		snprintf(id, sizeof(id), "contact=c%u ", nth / 5 + chance(3));
	snprintf(spec, sizeof(spec), "%sagent=%s topic=%s mood=%.2f complaint=k%u", id, agents[chance(3)], topics[chance(3)],
		 chance(201) / 100.0 - 1, chance(3));
	counted_event(cw, types[chance(9)], T0 + (int64_t)nth * 5 * HOUR - (int64_t)chance(4) * chance(60) * HOUR, spec);
}

/* Customers turn out to be one: what was counted of two is then as if all had been told of one. */
static void join_worlds(struct counted_world *cw, struct record *other)
{
	struct bytes body = { 0 };
	record_encode(other, &body);
	arena_reset(&cw->w.m.arena);
	machine_apply_effect(&cw->w.m, cw->w.r, EFFECT_MERGE, bytes_slice(&body), NULL, &cw->w.in, &cw->w.out);
	world_settle(&cw->w);
	counted_take(cw);
	bytes_finish(&body);
}

static void random_stories_count_as_a_naive_look_does(void **state)
{
	for (unsigned run = 0; run < 60; run++) {
		struct counted_world cw;
		chance_state = run;
		counted_init(&cw, pack);
		for (unsigned i = 0; i < 100; i++) {
			a_random_event(&cw, i);
			if (chance(4) == 0)
				counted_wait(&cw, cw.w.in.received_at_ms);
			assert_as_naive(&cw);
		}
		struct record *ann = cw.w.r, *bob = world_record(SUBJECT_CUSTOMER, "c2");
		cw.w.r = bob;
		for (unsigned i = 0; i < 12; i++)
			a_random_event(&cw, i);
		cw.w.r = ann;
		join_worlds(&cw, bob);
		assert_as_naive(&cw);
		record_destroy(bob, cw.w.m.pool);
		counted_finish(&cw);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_contact_from_the_queue_to_its_end),
		cmocka_unit_test(resolved_is_what_nobody_comes_back_about),
		cmocka_unit_test(who_gives_up_is_apart_and_comes_again),
		cmocka_unit_test(without_an_end_it_is_inferred),
		cmocka_unit_test(the_order_of_arrival_makes_no_difference),
		cmocka_unit_test(merged_customers_called_again),
		cmocka_unit_test(a_merge_counts_in_all_its_days),
		cmocka_unit_test(what_gives_way_stays_counted),
		cmocka_unit_test(a_case_left_open_is_not_resolved),
		cmocka_unit_test(promises_are_kept_late_or_broken),
		cmocka_unit_test(events_without_an_id_find_their_contact),
		cmocka_unit_test(one_event_may_be_a_whole_contact),
		cmocka_unit_test(moods_have_a_trend),
		cmocka_unit_test(random_stories_count_as_a_naive_look_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
