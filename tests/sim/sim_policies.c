/* tests/sim/sim_policies.c: contact policy is never broken. A seeded simulation of customers who are recommended things, take or
 * refuse them, and are asked again; at every decision each action is held against a naive model that keeps all outcomes
 * in a list and knows the policies from a table of its own: caps a span by action, group, goal, channel, all and
 * member, pauses, "later" with and without its time, quiet hours, consent, preference, a ladder, offers that hold,
 * conditions with exceptions, and budgets of a month. Engine and model must hold back the very same actions, and agree
 * until when.
 *
 *     sim_policies [CONTACTS] [SEED]          the suite runs 200,000; ten million take minutes
 *
 * The zone has daylight saving, and the model computes it by the rule of the European Union rather than from tables. A
 * record keeps the newest 64 outcomes (limit_outcomes): nobody here has more within the longest span, and of an offer
 * without an answer the model too forgets what lies before them. */
#include "base/check.h"
#include "base/error.h"
#include "decide/deciding.h"
#include "state/ledgers.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define CUSTOMERS 500
#define CONTACTS_MOST 12000000 /* the years end that the model has months for */
#define KEPT 128 /* at least half of them are there: as many as a record keeps */
#define RECENT_MOST 58

static const char pack_text[] =
	"pack { name = 't', zone = 'Europe/Berlin', topics = { 'data', 'leave' } }\n"
	"policy { goal = 'grow', unless = attr('trouble', 'customer'):is(true), except = asked_for_it() }\n"
	"policy { per = 'action', after = { rejected = 1, within = '20d' }, pause = '15d' }\n"
	"policy { per = 'group', after = { rejected = 2, within = '45d' }, pause = '30d', except = asked_for_it() }\n"
	"policy { goal = 'grow', per = 'goal', at_most = { offered = 3, within = '30d' } }\n"
	"policy { channel = 'sms', per = 'channel', at_most = { offered = 2, within = '7d' } }\n"
	"policy { per = 'all', at_most = { offered = 2, within = 'today' } }\n"
	"policy { action = 'survey', at_most = { accepted = 1, within = 'month' } }\n"
	"policy { whose = 'member', per = 'action', after = { later = 1, within = '10d' }, pause = '5d' }\n"
	"policy { group = 'device', per = 'group', at_most = { shown = 3, within = '14d' } }\n"
	"channel 'sms' { consent = 'consent', preference = 'prefers', quiet = { from = '21:30', to = '07:30' },\n"
	"  except = asked_for_it() }\n"
	"channel 'call' { outbound = false, quiet = { from = '12:00', to = '13:00' } }\n"
	"ladder 'stay' { steps = { 'five', 'ten', 'twenty' }, within = '40d' }\n"
	"budget { group = 'contract', at_most = 60000, offers = 1500, except = asked_for_it() }\n"
	"budget { goal = 'grow', offers = 250 }\n"
	"budget { action = 'keep', at_most = 9000 }\n"
#define ACTION(name, goal, group, more) \
	"action '" name "' { goal = '" goal "', group = '" group "', " more "value = { customer = 1, business = 1 }, say = 'x' }\n"
	ACTION("add-on", "grow", "data", "asks = 'data', ")
	ACTION("upgrade", "grow", "data", "asks = 'data', ")
	ACTION("phone", "grow", "device", "")
	ACTION("tablet", "grow", "device", "channels = { 'call', 'web' }, ")
	ACTION("five", "retain", "contract", "asks = 'leave', cost = 50, ")
	ACTION("ten", "retain", "contract", "asks = 'leave', cost = 100, ")
	ACTION("twenty", "retain", "contract", "asks = 'leave', cost = 200, ")
	ACTION("keep", "retain", "contract", "offer = { holds = '9d' }, cost = 40, ")
	ACTION("survey", "nurture", "talk", "")
	ACTION("listen", "serve", "talk", "");

/* The model's own tables. */
enum { ADD_ON, UPGRADE, PHONE, TABLET, FIVE, TEN, TWENTY, KEEP, SURVEY, LISTEN, ACTIONS };
enum { DATA, DEVICE, CONTRACT, TALK };
enum { GROW, RETAIN, NURTURE, SERVE };
enum { CALL, SMS, WEB, CHANNELS };
enum { NO_INTENT, FOR_DATA, TO_LEAVE };
static const char *const channel_names[CHANNELS] = { "call", "sms", "web" };
static const struct known {
	const char *name;
	int goal, group, asks;
	int64_t cost, holds_ms;
	bool no_sms;
} about[ACTIONS] = {
	{ "add-on", GROW, DATA, FOR_DATA, 0, 0, false },       { "upgrade", GROW, DATA, FOR_DATA, 0, 0, false },
	{ "phone", GROW, DEVICE, -1, 0, 0, false },	       { "tablet", GROW, DEVICE, -1, 0, 0, true },
	{ "five", RETAIN, CONTRACT, TO_LEAVE, 50, 0, false },   { "ten", RETAIN, CONTRACT, TO_LEAVE, 100, 0, false },
	{ "twenty", RETAIN, CONTRACT, TO_LEAVE, 200, 0, false }, { "keep", RETAIN, CONTRACT, -1, 40, 9 * DAY, false },
	{ "survey", NURTURE, TALK, -1, 0, 0, false },	       { "listen", SERVE, TALK, -1, 0, 0, false },
};

enum { TROUBLE, PAUSE_ACTION, PAUSE_GROUP, CAP_GOAL, CAP_CHANNEL, CAP_DAY, CAP_MONTH, PAUSE_LATER, CAP_GROUP, CONSENT,
       PREFERENCE, QUIET_SMS, QUIET_CALL, LADDER, BUDGET_GROUP, BUDGET_GOAL, BUDGET_ACTION, POLICIES };
static const char *const policy_names[POLICIES] = {
	"trouble", "pause per action", "pause per group", "cap per goal", "cap per channel", "cap per day", "cap per month",
	"later per member", "cap per group", "consent", "preference", "quiet text messages", "quiet calls", "ladder",
	"budget of a group", "budget of a goal", "budget of an action",
};

struct said { /* one outcome, as the model keeps it */
	int64_t time_ms, until_ms, cost;
	int kind, action, channel, member;
};
struct customer {
	struct record *record;
	struct said said[KEPT];
	unsigned count;
	int64_t now_ms;
	bool trouble, consent;
	int prefers; /* -1: unknown */
};
struct month {
	int64_t money[ACTIONS], offers[ACTIONS];
};
struct asked {
	int channel, member, intent;
	bool nudge;
	int64_t now_ms;
};
struct sim {
	struct machine m;
	struct applied out;
	struct record *spent;
	struct customer customers[CUSTOMERS];
	struct month months[4096];
	uint64_t random, ids, contacts, held[POLICIES], outcomes[OUTCOME_LAST + 1], untils, recommended;
};

static uint32_t below(struct sim *s, uint32_t n)
{
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((s->random >> 33) % n);
}

/* The calendar of Berlin: an hour ahead, two between the last Sundays of March and October, 01:00 UTC. */
#define DAYS 110000 /* until 2271 */
static struct { int16_t year; int8_t month, of_month; } days[DAYS];

static void days_fill(void)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	for (int day = 0, year = 1970, month = 0, of_month = 1; day < DAYS; day++) {
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
		days[day].year = (int16_t)year, days[day].month = (int8_t)(month + 1), days[day].of_month = (int8_t)of_month;
		if (++of_month <= lengths[month] + (month == 1 && leap))
			continue;
		of_month = 1;
		if (++month == 12)
			month = 0, year++;
	}
}

static int64_t offset(int64_t t)
{
	int64_t day = t / DAY;
	int month = days[day].month, of_month = days[day].of_month;
	if (month < 3 || month > 10)
		return HOUR;
	if (month > 3 && month < 10)
		return 2 * HOUR;
	int weekday = (int)((day + 4) % 7); /* 1970-01-01 was a Thursday; 0 is Sunday */
	int last_sunday = of_month + (7 - weekday) % 7;
	while (last_sunday + 7 <= 31)
		last_sunday += 7;
	while (last_sunday > 31)
		last_sunday -= 7;
	bool after = of_month > last_sunday || (of_month == last_sunday && t % DAY >= HOUR);
	return (month == 3) == after ? 2 * HOUR : HOUR;
}

static int64_t local_day(int64_t t)
{
	return (t + offset(t)) / DAY;
}
static int64_t month_of(int64_t t)
{
	int64_t day = local_day(t);
	return (days[day].year - 1970) * 12 + days[day].month - 1;
}
static struct month *month_at(struct sim *s, int64_t t)
{
	return &s->months[month_of(t)]; /* months since 1970 */
}

/* The model. */
enum { TODAY = -1, THIS_MONTH = -2 };

static bool within(int64_t span, int64_t t, int64_t now)
{
	if (t < now - 32 * DAY && span < 0)
		return false;
	if (span == TODAY)
		return t > now - 2 * DAY && local_day(t) == local_day(now);
	if (span == THIS_MONTH)
		return month_of(t) == month_of(now);
	return t > now - span;
}

enum per { ACTION_ALONE, GROUP, GOAL, CHANNEL, EVERYTHING };

static bool together(enum per per, const struct said *x, int action, int channel)
{
	switch (per) {
	case ACTION_ALONE:
		return x->action == action;
	case GROUP:
		return about[x->action].group == about[action].group;
	case GOAL:
		return about[x->action].goal == about[action].goal;
	default:
		return per == EVERYTHING || x->channel == channel;
	}
}

static unsigned count(const struct customer *c, const struct asked *q, int action, int kind, enum per per, int64_t span)
{
	unsigned n = 0;
	for (unsigned i = 0; i < c->count; i++)
		n += c->said[i].kind == kind && c->said[i].time_ms <= q->now_ms && within(span, c->said[i].time_ms, q->now_ms) &&
		     together(per, &c->said[i], action, q->channel);
	return n;
}

static bool paused(const struct customer *c, const struct asked *q, int action, int kind, unsigned n, enum per per, int64_t span,
		   int64_t pause)
{
	const struct said *newest = NULL;
	for (unsigned i = 0; i < c->count; i++)
		if (c->said[i].kind == kind && c->said[i].time_ms <= q->now_ms && together(per, &c->said[i], action, q->channel))
			newest = &c->said[i];
	return newest && count(c, q, action, kind, per, span) >= n && q->now_ms < newest->time_ms + pause;
}

/* The newest word counts: until the time it names, else for five days. */
static bool later(const struct customer *c, const struct asked *q, int action)
{
	const struct said *newest = NULL;
	for (unsigned i = 0; i < c->count; i++)
		if (c->said[i].kind == OUTCOME_LATER && c->said[i].action == action && c->said[i].time_ms <= q->now_ms &&
		    (!q->member || c->said[i].member == q->member))
			newest = &c->said[i];
	return newest && q->now_ms < (newest->until_ms ? newest->until_ms : newest->time_ms + 5 * DAY);
}

static bool is_quiet(int64_t t, int from, int to)
{
	int minute = (int)((t + offset(t)) % DAY / MINUTE);
	return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

static bool refused(const struct customer *c, int action, int64_t now)
{
	int answer = 0;
	for (unsigned i = 0; i < c->count; i++)
		if (c->said[i].action == action && c->said[i].time_ms > now - 40 * DAY && c->said[i].time_ms <= now &&
		    (c->said[i].kind == OUTCOME_ACCEPTED || c->said[i].kind == OUTCOME_REJECTED))
			answer = c->said[i].kind;
	return answer == OUTCOME_REJECTED;
}

static const struct said *open_offer(const struct customer *c, int action, int member)
{
	const struct said *open = NULL;
	for (unsigned i = c->count > LIMIT_OUTCOMES ? c->count - LIMIT_OUTCOMES : 0; i < c->count; i++) {
		const struct said *x = &c->said[i];
		if (x->action == action && x->member == member && x->kind != OUTCOME_SHOWN)
			open = x->kind == OUTCOME_OFFERED ? x : NULL;
	}
	return open;
}

static const struct said *binding(const struct customer *c, int action, int64_t now)
{
	const struct said *made = NULL;
	for (unsigned i = 0; about[action].holds_ms && i < c->count; i++) {
		const struct said *x = &c->said[i];
		if (x->action != action)
			continue;
		if (x->kind == OUTCOME_OFFERED)
			made = x;
		else if (x->kind == OUTCOME_ACCEPTED || x->kind == OUTCOME_REJECTED)
			made = NULL;
	}
	return made && made->until_ms > now ? made : NULL;
}

static bool over_budget(struct sim *s, const struct customer *c, const struct asked *q, int action, int policy)
{
	int64_t money = 0, offers = 0;
	const struct month *m = month_at(s, q->now_ms);
	if (open_offer(c, action, q->member) || binding(c, action, q->now_ms))
		return false;
	for (int a = 0; a < ACTIONS; a++) {
		bool of = policy == BUDGET_GROUP  ? about[a].group == CONTRACT
			  : policy == BUDGET_GOAL ? about[a].goal == GROW
						  : a == KEEP;
		money += of ? m->money[a] : 0;
		offers += of ? m->offers[a] : 0;
	}
	int64_t most = policy == BUDGET_GROUP ? 60000 : policy == BUDGET_ACTION ? 9000 : INT64_MAX;
	int64_t most_offers = policy == BUDGET_GROUP ? 1500 : policy == BUDGET_GOAL ? 250 : INT64_MAX;
	return offers >= most_offers || money >= most || money + about[action].cost > most;
}

static bool asked_for(const struct asked *q, int action)
{
	return q->intent != NO_INTENT && about[action].asks == q->intent;
}

static bool holds(struct sim *s, const struct customer *c, const struct asked *q, int a, int policy)
{
	bool grow = about[a].goal == GROW, sms = q->channel == SMS, wanted = asked_for(q, a);
	switch (policy) {
	case TROUBLE:
		return grow && c->trouble && !wanted;
	case PAUSE_ACTION:
		return paused(c, q, a, OUTCOME_REJECTED, 1, ACTION_ALONE, 20 * DAY, 15 * DAY);
	case PAUSE_GROUP:
		return !wanted && paused(c, q, a, OUTCOME_REJECTED, 2, GROUP, 45 * DAY, 30 * DAY);
	case CAP_GOAL:
		return grow && count(c, q, a, OUTCOME_OFFERED, GOAL, 30 * DAY) >= 3;
	case CAP_CHANNEL:
		return sms && count(c, q, a, OUTCOME_OFFERED, CHANNEL, 7 * DAY) >= 2;
	case CAP_DAY:
		return count(c, q, a, OUTCOME_OFFERED, EVERYTHING, TODAY) >= 2;
	case CAP_MONTH:
		return a == SURVEY && count(c, q, a, OUTCOME_ACCEPTED, ACTION_ALONE, THIS_MONTH) >= 1;
	case PAUSE_LATER:
		return later(c, q, a);
	case CAP_GROUP:
		return about[a].group == DEVICE && count(c, q, a, OUTCOME_SHOWN, GROUP, 14 * DAY) >= 3;
	case CONSENT:
		return sms && !c->consent;
	case PREFERENCE:
		return sms && c->prefers >= 0 && c->prefers != SMS && !wanted;
	case QUIET_SMS:
		return sms && is_quiet(q->now_ms, 21 * 60 + 30, 7 * 60 + 30) && !wanted;
	case QUIET_CALL:
		return q->channel == CALL && q->nudge && is_quiet(q->now_ms, 12 * 60, 13 * 60);
	case LADDER:
		return a >= FIVE && a <= TWENTY &&
		       (refused(c, a, q->now_ms) || (a > FIVE && !refused(c, a - 1, q->now_ms)));
	case BUDGET_GROUP:
		return about[a].group == CONTRACT && !wanted && over_budget(s, c, q, a, policy);
	case BUDGET_GOAL:
		return grow && over_budget(s, c, q, a, policy);
	default:
		return a == KEEP && over_budget(s, c, q, a, policy);
	}
}

static unsigned all_that_hold(struct sim *s, const struct customer *c, const struct asked *q, int a)
{
	unsigned bits = 0;
	for (int p = 0; p < POLICIES; p++)
		bits |= (unsigned)holds(s, c, q, a, p) << p;
	return bits;
}

/* What is said is told to both. */
static void spend(struct sim *s, int action, int64_t time_ms, int64_t money, int offers)
{
	struct month *m = month_at(s, time_ms);
	m->money[action] += money;
	m->offers[action] += offers;
}

static void remember(struct sim *s, struct customer *c, const struct said *x)
{
	const struct said *before = open_offer(c, x->action, x->member);
	const struct said was = before ? *before : (struct said){ 0 };
	if (before && x->kind != OUTCOME_SHOWN)
		spend(s, x->action, was.time_ms, -was.cost, -1);
	if (x->kind == OUTCOME_OFFERED || x->kind == OUTCOME_ACCEPTED)
		spend(s, x->action, x->time_ms, x->cost, 1);
	if (c->count == KEPT) {
		memmove(c->said, c->said + KEPT / 2, KEPT / 2 * sizeof(c->said[0]));
		c->count = KEPT / 2;
	}
	c->said[c->count++] = *x;
}

static void count_spent(struct sim *s)
{
	struct subject spent = ledger_subject(LEDGER_SPENT, 0);
	for (unsigned i = 0; i < s->out.effect_count; i++)
		if (s->out.effects[i].kind == EFFECT_COUNT && subject_equal(&s->out.effects[i].target, &spent))
			machine_count(&s->m, s->spent, s->out.effects[i].body);
}

static void outcome(struct sim *s, struct customer *c, const struct asked *q, int action, int kind)
{
	static const char *const members[] = { "", "m1", "m2" };
	struct said x = { .time_ms = c->now_ms, .kind = kind, .action = action, .channel = q->channel, .member = q->member };
	struct outcome_input o = { .id = SLICE("o"), .source = SLICE("s"), .action = slice_of(about[action].name),
				   .channel = slice_of(channel_names[q->channel]), .member = slice_of(members[q->member]),
				   .kind = kind, .time_ms = c->now_ms };
	if (kind == OUTCOME_LATER && below(s, 2))
		o.details.until_ms = x.until_ms = c->now_ms + below(s, 20 * 24) * HOUR + 1;
	if (kind == OUTCOME_ACCEPTED && below(s, 4) == 0)
		o.details.cost = x.cost = 1 + below(s, 300);
	const struct said *open = open_offer(c, action, q->member), *bound = binding(c, action, c->now_ms);
	if (kind == OUTCOME_OFFERED && about[action].holds_ms)
		x.until_ms = bound ? bound->until_ms : c->now_ms + about[action].holds_ms;
	if (!x.cost && (kind == OUTCOME_OFFERED || kind == OUTCOME_ACCEPTED))
		x.cost = open && open->cost ? open->cost : about[action].cost;
	o.id_hash = o.content_hash = ++s->ids;
	struct apply_input in = { .received_at_ms = c->now_ms };
	arena_reset(&s->m.arena);
	machine_apply_outcome(&s->m, c->record, &o, &in, &s->out);
	count_spent(s);
	remember(s, c, &x);
	s->outcomes[kind]++;
	c->now_ms += below(s, 10) * MINUTE;
}

static unsigned recent(const struct customer *c)
{
	unsigned n = 0;
	for (unsigned i = 0; i < c->count; i++)
		n += c->said[i].time_ms > c->now_ms - 61 * DAY;
	return n;
}

static void wrong(const struct sim *s, const struct asked *q, int action, unsigned bits, const char *what)
{
	fprintf(stderr, "contact %llu, at %lld ms, channel %s, member %d, intent %d%s: %s: %s; the model holds it back by:",
		(unsigned long long)s->contacts, (long long)q->now_ms, channel_names[q->channel], q->member, q->intent,
		q->nudge ? ", a nudge" : "", about[action].name, what);
	for (int p = 0; p < POLICIES; p++)
		if (bits >> p & 1)
			fprintf(stderr, " %s;", policy_names[p]);
	fprintf(stderr, "\n");
	exit(1);
}

/* Held back until then, and not from then on, if nobody says anything meanwhile. (An offer that was made and ends
 * meanwhile is held by a budget then, that lets it pass now.) */
static void check_until(struct sim *s, const struct customer *c, const struct asked *q, int action, int64_t until_ms)
{
	struct asked then = *q;
	const unsigned budgets = 1u << BUDGET_GROUP | 1u << BUDGET_GOAL | 1u << BUDGET_ACTION;
	unsigned now = all_that_hold(s, c, q, action);
	then.now_ms = until_ms - 1;
	if (!all_that_hold(s, c, &then, action))
		wrong(s, q, action, now, "it is said to be held back for longer than it is");
	then.now_ms = until_ms;
	if (all_that_hold(s, c, &then, action) & ~(budgets & ~now))
		wrong(s, q, action, all_that_hold(s, c, &then, action), "it is said to be held back until a time at which it still is");
	s->untils++;
}

static void compare(struct sim *s, const struct customer *c, const struct asked *q, const struct decision *d)
{
	for (int a = 0; a < ACTIONS; a++) {
		bool elsewhere = about[a].no_sms && q->channel == SMS;
		unsigned bits = elsewhere ? 0 : all_that_hold(s, c, q, a);
		if (elsewhere != (d->fell[a].gate == GATE_CHANNEL))
			wrong(s, q, a, bits, "wrong channel");
		if ((bits != 0) != (d->fell[a].gate == GATE_POLICY))
			wrong(s, q, a, bits, bits ? "it was let through" : "it was held back");
		s->recommended += d->fell[a].gate == GATE_OPEN;
		for (int p = 0; p < POLICIES; p++)
			s->held[p] += bits >> p & 1;
	}
	for (unsigned i = 0; i < d->left_out_count; i++) {
		const struct left_out *l = &d->left_out[i];
		if (l->until_ms)
			check_until(s, c, q, (int)(l->action - s->m.pack->actions), l->until_ms);
	}
}

static void set(struct sim *s, struct customer *c, const char *name, struct value v)
{
	(void)record_set(c->record, s->m.pool, 0, slice_of(name), v, c->now_ms);
	eval_fresh(s->m.eval);
}

static void change(struct sim *s, struct customer *c)
{
	if (below(s, 12) == 0)
		set(s, c, "trouble", value_bool(c->trouble = !c->trouble));
	if (below(s, 12) == 0)
		set(s, c, "consent", value_bool(c->consent = below(s, 4) != 0));
	if (below(s, 25) == 0) {
		c->prefers = (int)below(s, CHANNELS);
		set(s, c, "prefers", value_string(slice_of(channel_names[c->prefers])));
	}
}

/* What becomes of some of what was recommended; and, now and then, of something that another system did. */
static void answer(struct sim *s, struct customer *c, const struct asked *q, const struct decision *d)
{
	static const int ends[] = { OUTCOME_ACCEPTED, OUTCOME_REJECTED, OUTCOME_REJECTED, OUTCOME_LATER, OUTCOME_IGNORED,
				    OUTCOME_OVERRULED };
	int chosen[LIMIT_RECOMMENDATIONS];
	unsigned count = d->choice_count;
	for (unsigned i = 0; i < count; i++)
		chosen[i] = (int)(d->choices[i].action - s->m.pack->actions);
	for (unsigned n = 0; n < 2 && count && recent(c) < RECENT_MOST; n++) {
		int action = chosen[below(s, count)];
		if (below(s, 3) == 0)
			outcome(s, c, q, action, OUTCOME_SHOWN);
		if (below(s, 4) != 0)
			outcome(s, c, q, action, OUTCOME_OFFERED);
		if (below(s, 2) == 0)
			outcome(s, c, q, action, ends[below(s, 6)]);
	}
	if (below(s, 30) == 0 && recent(c) < RECENT_MOST)
		outcome(s, c, q, (int)below(s, ACTIONS), 1 + (int)below(s, OUTCOME_LAST));
}

static void contact(struct sim *s, struct customer *c)
{
	static const char *const members[] = { "", "m1", "m2" }, *const intents[] = { "", "data", "leave" };
	change(s, c);
	struct asked q = { .channel = (int)below(s, CHANNELS), .member = (int)below(s, 3), .nudge = below(s, 5) == 0,
			   .now_ms = c->now_ms };
	q.intent = q.nudge ? NO_INTENT : (int)below(s, 3);
	struct ask ask = { .channel = slice_of(channel_names[q.channel]), .intent = slice_of(intents[q.intent]),
			   .member = slice_of(members[q.member]), .nudge = q.nudge, .bound_member = (uint8_t)q.member,
			   .limit = LIMIT_RECOMMENDATIONS, .now_ms = q.now_ms, .explain = below(s, 20) == 0 };
	struct decide_subjects subjects = { .customer = c->record, .spent = s->spent };
	struct foreign_reads foreign = { 0 };
	struct decision d;
	arena_reset(&s->m.arena);
	if (ask.explain)
		machine_decide(&s->m, &subjects, &ask, &foreign, &d);
	else
		machine_choose(&s->m, &subjects, &ask, &foreign, &d);
	if (!ask.explain)
		d.left_out_count = 0;
	compare(s, c, &q, &d);
	s->contacts++;
	answer(s, c, &q, &d);
}

static void start(struct sim *s, uint64_t seed)
{
	struct bundle b = { 0 };
	struct pack *p;
	struct subject spent = ledger_subject(LEDGER_SPENT, 0);
	memset(s, 0, sizeof(*s));
	s->random = seed * 0x9e3779b97f4a7c15u + 1;
	machine_init(&s->m);
	CHECK(bundle_add(&b, SLICE("pack.lua"), slice_of(pack_text)) == ERR_OK && bundle_resolve_zone(&b) == ERR_OK);
	if (pack_load(&p, &b, s->m.pool) != ERR_OK) {
		fprintf(stderr, "%s\n", error_last()->text);
		exit(1);
	}
	bundle_finish(&b);
	machine_set_pack(&s->m, p);
	s->m.keep_gates = true;
	s->spent = record_create(&spent);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		char id[16];
		snprintf(id, sizeof(id), "c%u", i);
		struct subject subject = subject_of(SUBJECT_CUSTOMER, slice_of(id));
		s->customers[i].record = record_create(&subject);
		s->customers[i].prefers = -1;
		(void)record_member(s->customers[i].record, s->m.pool, SLICE("m1"), true, 1);
		(void)record_member(s->customers[i].record, s->m.pool, SLICE("m2"), true, 1);
	}
}

static void finish(struct sim *s)
{
	for (unsigned i = 0; i < CUSTOMERS; i++)
		record_destroy(s->customers[i].record, s->m.pool);
	record_destroy(s->spent, s->m.pool);
	machine_finish(&s->m);
}

int main(int argc, char **argv)
{
	uint64_t contacts = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000, seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct sim *s = must_malloc(sizeof(*s));
	if (contacts > CONTACTS_MOST) {
		fprintf(stderr, "at most %d contacts\n", CONTACTS_MOST);
		return 2;
	}
	days_fill();
	start(s, seed);
	int64_t base_ms = 1767225600000; /* 2026 */
	for (; s->contacts < contacts; base_ms += 3 * DAY) {
		for (unsigned i = 0; i < CUSTOMERS && s->contacts < contacts; i++) {
			struct customer *c = &s->customers[i];
			int64_t now_ms = base_ms + (int64_t)below(s, 3 * 24 * 60) * MINUTE + below(s, 60000);
			c->now_ms = now_ms > c->now_ms ? now_ms : c->now_ms;
			contact(s, c);
		}
	}
	printf("%llu contacts, %llu recommendations, %llu ends of suppressions; held back", (unsigned long long)s->contacts,
	       (unsigned long long)s->recommended, (unsigned long long)s->untils);
	for (int p = 0; p < POLICIES; p++)
		printf("%s %s %llu", p ? "," : "", policy_names[p], (unsigned long long)s->held[p]);
	printf("; no policy was broken\n");
	fflush(stdout);
	for (int p = 0; p < POLICIES; p++)
		CHECK(s->held[p] > 0); /* a policy that never holds proves nothing */
	for (int kind = OUTCOME_SHOWN; kind <= OUTCOME_LAST; kind++)
		CHECK(s->outcomes[kind] > 0);
	finish(s);
	free(s);
	return 0;
}
