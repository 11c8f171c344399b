/* nudgectl/sim_contact.c: conversations. A contact that settles nothing comes back, angrier: that is how repeated
 * calls, promises not kept, complaints and worn-out agents come about here, as they do outside. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 4

static const char *const agents[] = { "linh", "minh", "an", "hoa", "tuan", "mai", "duc" };

static double clamped(double mood)
{
	return mood < -1 ? -1 : mood > 1 ? 1 : mood;
}

/* Agent tuan has hard days: on those, callers leave him angrier than they came. */
static bool is_hard_day(const struct sim *s, const char *agent, int64_t time_ms)
{
	return strcmp(agent, "tuan") == 0 && sim_day_of(s, time_ms) % 7 >= 2;
}

struct talk {
	const struct line *line;
	const struct matter *matter;
	const char *agent, *channel;
	char contact[40];
	double mood_end;
	bool resolved;
	int64_t end_ms;
};

static struct sim_head head_of(const struct talk *t, const char *type, int64_t time_ms)
{
	return (struct sim_head){ .source = "call-centre",
				  .type = type,
				  .channel = t->channel,
				  .member = t->line->member,
				  .agent = t->agent,
				  .contact = t->contact,
				  .time_ms = time_ms };
}

static void again(struct sim *s, struct house *h, const struct talk *t, int64_t time_ms, double mood)
{
	struct matter next = *t->matter;
	next.mood = mood;
	next.depth++;
	if (next.depth < DEPTH_MAX)
		house_contact(s, h, time_ms, t->line, &next);
}

static void promise(struct sim *s, struct house *h, const struct talk *t)
{
	bool kept = rng_chance(&h->rng, 65);
	struct sim_head promised = head_of(t, "callback.promised", t->end_ms - 20000);
	sim_event(s, h, &promised, "\"promise\":\"p-%s\",\"promised_by\":\"%s\",\"topic\":\"%s\",\"ref\":\"%s\"",
		  t->contact, t->agent, t->matter->topic, t->matter->ref);
	if (kept) {
		struct sim_head made =
			head_of(t, "callback.made", t->end_ms + rng_between(&h->rng, 2, 20) * SIM_HOUR_MS);
		sim_event(s, h, &made, "\"promise\":\"p-%s\",\"promised_by\":\"%s\",\"topic\":\"%s\",\"ref\":\"%s\"",
			  t->contact, t->agent, t->matter->topic, t->matter->ref);
		return;
	}
	again(s, h, t, t->end_ms + rng_between(&h->rng, 27, 40) * SIM_HOUR_MS, clamped(t->mood_end - 0.3));
}

static void complain(struct sim *s, struct house *h, const struct talk *t)
{
	bool satisfied = rng_chance(&h->rng, 70);
	struct sim_head opened = head_of(t, "complaint.opened", t->end_ms - 10000);
	struct sim_head closed = head_of(t, "complaint.closed", t->end_ms + rng_between(&h->rng, 1, 6) * SIM_DAY_MS);
	closed.contact = NULL;
	sim_event(s, h, &opened, "\"complaint\":\"k-%s\",\"topic\":\"%s\",\"ref\":\"%s\"", t->contact, t->matter->topic,
		  t->matter->ref);
	sim_event(s, h, &closed, "\"complaint\":\"k-%s\",\"topic\":\"%s\",\"satisfied\":%s", t->contact,
		  t->matter->topic, satisfied ? "true" : "false");
}

/* Those who were pleased answer surveys more often: what is measured is skewed. */
static void survey(struct sim *s, struct house *h, const struct talk *t)
{
	int answers = t->mood_end > 0.2 ? 40 : t->mood_end < -0.6 ? 25 : 8;
	if (!rng_chance(&h->rng, answers))
		return;
	int score = (int)((t->mood_end + 1) * 5);
	struct sim_head head = { .source = "web",
				 .type = "survey.answered",
				 .channel = "sms",
				 .member = t->line->member,
				 .agent = t->agent,
				 .time_ms = t->end_ms + 3 * SIM_HOUR_MS };
	sim_event(s, h, &head, "\"contact\":\"%s\",\"score\":%d,\"mood\":%.2f", t->contact, score, score / 5.0 - 1);
}

/* What they asked for, done: a message plan changed, a contract renewed or given up. */
static void settle(struct sim *s, struct house *h, const struct talk *t)
{
	struct line *l = &h->lines[t->line - h->lines];
	struct sim_head head = { .source = "crm", .time_ms = t->end_ms + SIM_MINUTE_MS };
	if (strcmp(t->matter->topic, "messages/plan") == 0) {
		house_set_plan(s, h, l, t->agent, t->end_ms - 5000, "bundle-300", 60000);
	} else if (strcmp(t->matter->topic, "contract/renew") == 0) {
		long long ends_ms = t->end_ms + 365 * SIM_DAY_MS;
		head.type = "contract.renewed";
		sim_event(s, h, &head, "\"contract\":\"1-year\",\"contract_ends\":%lld", ends_ms);
		head.type = "profile.updated";
		head.time_ms += 1000;
		sim_event(s, h, &head, "\"contract\":\"1-year\",\"contract_ends\":%lld", ends_ms);
	} else if (strcmp(t->matter->topic, "contract/cancel") == 0 && t->mood_end < -0.4) {
		static const char *const reasons[] = { "price", "reception", "service", "moved" };
		head.type = "contract.cancelled";
		h->cancelled = true;
		sim_event(s, h, &head, "\"reason\":\"%s\"", reasons[rng_between(&h->rng, 0, 3)]);
	}
}

void house_set_plan(struct sim *s, struct house *h, struct line *l, const char *agent, int64_t time_ms,
		    const char *plan, int price)
{
	if (strcmp(l->message_plan, plan) == 0)
		return;
	struct sim_head changed = {
		.source = "crm", .type = "plan.changed", .member = l->member, .agent = agent, .time_ms = time_ms
	};
	struct sim_head profile = {
		.source = "crm", .type = "profile.updated", .member = l->member, .time_ms = time_ms + 1000
	};
	sim_event(s, h, &changed, "\"kind\":\"message_plan\",\"from\":\"%s\",\"to\":\"%s\",\"price\":%d",
		  l->message_plan, plan, price);
	sim_event(s, h, &profile, "\"message_plan\":\"%s\"", plan);
	l->message_plan = plan;
}

static void talk_ends(struct sim *s, struct house *h, struct talk *t, int wait_s, int handle_s)
{
	bool hard = is_hard_day(s, t->agent, t->end_ms);
	double change = t->resolved ? 0.2 + rng_part(&h->rng) * 0.4 : -0.1 - rng_part(&h->rng) * 0.4;
	t->mood_end = clamped(t->matter->mood + change - (hard ? 1 : 0));
	struct sim_head ended = head_of(t, "contact.ended", t->end_ms);
	if (!t->resolved && rng_chance(&h->rng, 40))
		promise(s, h, t);
	else if (!t->resolved && rng_chance(&h->rng, 55))
		again(s, h, t, t->end_ms + rng_between(&h->rng, 6, 70) * SIM_HOUR_MS, clamped(t->mood_end - 0.2));
	if (t->mood_end < -0.6 && rng_chance(&h->rng, 50))
		complain(s, h, t);
	if (t->resolved || strcmp(t->matter->topic, "contract/cancel") == 0)
		settle(s, h, t);
	sim_event(s, h, &ended,
		  "\"topic\":\"%s\",\"ref\":\"%s\",\"mood_start\":%.2f,\"mood_end\":%.2f,\"mood\":%.2f,\"resolved\":%s,"
		  "\"wait_s\":%d,"
		  "\"handle_s\":%d,\"transfers\":%d",
		  t->matter->topic, t->matter->ref, t->matter->mood, t->mood_end, t->mood_end,
		  t->resolved ? "true" : "false", wait_s, handle_s, rng_chance(&h->rng, 12) ? 1 : 0);
	survey(s, h, t);
}

/* Lines are open from eight to nine in the evening: who comes at night waits for the morning. */
static int64_t opening_hours(const struct sim *s, int64_t time_ms)
{
	int64_t of_day = (time_ms - s->start_ms) % SIM_DAY_MS;
	if (of_day < 8 * SIM_HOUR_MS)
		return time_ms - of_day + 8 * SIM_HOUR_MS + of_day / 16;
	if (of_day >= 21 * SIM_HOUR_MS)
		return time_ms - of_day + SIM_DAY_MS + 9 * SIM_HOUR_MS;
	return time_ms;
}

void house_contact(struct sim *s, struct house *h, int64_t time_ms, const struct line *l, const struct matter *m)
{
	struct talk t = { .line = l, .matter = m, .agent = agents[rng_between(&h->rng, 0, 6)] };
	time_ms = opening_hours(s, time_ms);
	t.channel = rng_chance(&h->rng, 85) ? "call" : "chat";
	snprintf(t.contact, sizeof(t.contact), "c-%llu-%u-%u", (unsigned long long)s->seed, h->number, ++h->contacts);
	int wait_s = rng_between(&h->rng, 5, 240);
	struct sim_head queued = head_of(&t, "contact.queued", time_ms);
	queued.agent = NULL;
	sim_event(s, h, &queued, "\"topic\":\"%s\",\"intent\":\"%s\",\"ref\":\"%s\"", m->topic, m->topic, m->ref);
	if (wait_s > 180 && rng_chance(&h->rng, 60)) {
		struct sim_head left = queued;
		left.type = "contact.abandoned";
		left.time_ms = time_ms + wait_s * 1000;
		sim_event(s, h, &left, "\"topic\":\"%s\",\"ref\":\"%s\",\"wait_s\":%d", m->topic, m->ref, wait_s);
		again(s, h, &t, left.time_ms + rng_between(&h->rng, 10, 90) * SIM_MINUTE_MS, clamped(m->mood - 0.2));
		return;
	}
	int handle_s = rng_between(&h->rng, 90, 900);
	struct sim_head started = head_of(&t, "contact.started", time_ms + wait_s * 1000);
	sim_event(s, h, &started, "\"topic\":\"%s\",\"intent\":\"%s\",\"ref\":\"%s\",\"mood\":%.2f,\"wait_s\":%d",
		  m->topic, m->topic, m->ref, m->mood, wait_s);
	t.end_ms = started.time_ms + handle_s * 1000;
	t.resolved = rng_chance(&h->rng, 62);
	talk_ends(s, h, &t, wait_s, handle_s);
}
