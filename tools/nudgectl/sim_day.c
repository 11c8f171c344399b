/* nudgectl/sim_day.c: an ordinary day of a household. */
#include "sim.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MESSAGE_PRICE 350 /* VND */
#define OUTAGE_PERCENT 4  /* of days, an area */

/* People write from seven in the morning, most in the evening. */
static int64_t waking_ms(struct rng *r)
{
	int64_t minute = rng_chance(r, 60) ? rng_between(r, 16 * 60, 22 * 60 + 30) : rng_between(r, 7 * 60, 16 * 60);
	return minute * SIM_MINUTE_MS + rng_between(r, 0, 59999);
}

static const char *whom(struct rng *r)
{
	int n = rng_between(r, 0, 99);
	return n < 70 ? "on-net" : n < 97 ? "off-net" : "abroad";
}

void house_texts(struct sim *s, struct house *h, const struct line *l, unsigned day, int count, int64_t until_ms_of_day)
{
	bool paid = strcmp(l->message_plan, "pay-per-text") == 0;
	for (int i = 0; i < count; i++) {
		int64_t at = waking_ms(&h->rng);
		/* a day that is cut short holds as many, closer together */
		if (at > until_ms_of_day)
			at = 7 * SIM_HOUR_MS + at % (until_ms_of_day - 7 * SIM_HOUR_MS);
		struct sim_head head = { .source = "network",
					 .type = "sms.sent",
					 .channel = "sms",
					 .member = l->member,
					 .time_ms = sim_time(s, day, at) };
		sim_event(s, h, &head, "\"to\":\"%s\",\"cost\":%d", whom(&h->rng), paid ? MESSAGE_PRICE : 0);
	}
}

static int voice_calls(struct sim *s, struct house *h, const struct line *l, unsigned day)
{
	int seconds_in_all = 0;
	bool paid = strcmp(l->voice_plan, "pay-per-minute") == 0;
	for (int i = rng_between(&h->rng, 0, l->calls * 2); i > 0; i--) {
		int seconds = rng_between(&h->rng, 20, 900);
		struct sim_head head = { .source = "network",
					 .type = "voice.used",
					 .channel = "call",
					 .member = l->member,
					 .time_ms = sim_time(s, day, waking_ms(&h->rng)) };
		sim_event(s, h, &head, "\"seconds\":%d,\"to\":\"%s\",\"cost\":%d", seconds, whom(&h->rng),
			  paid ? (seconds + 59) / 60 * 1200 : 0);
		seconds_in_all += seconds;
	}
	return seconds_in_all;
}

void house_usage(struct sim *s, struct house *h, const struct line *l, unsigned day, int texts)
{
	int seconds = voice_calls(s, h, l, day);
	int data_mb = l->data_mb * rng_between(&h->rng, 40, 180) / 100;
	int cost = strcmp(l->message_plan, "pay-per-text") == 0 ? texts * MESSAGE_PRICE : 0;
	struct sim_head head = { .source = "network",
				 .type = "usage.day",
				 .member = l->member,
				 .time_ms = sim_time(s, day, (23 * 60 + 55) * SIM_MINUTE_MS) };
	sim_event(s, h, &head, "\"texts\":%d,\"seconds\":%d,\"data_mb\":%d,\"cost\":%d", texts, seconds, data_mb, cost);
	if (strcmp(l->data_plan, "data-2gb") != 0 || !rng_chance(&h->rng, data_mb / 100))
		return;
	struct sim_head gone = { .source = "network",
				 .type = "data.exhausted",
				 .member = l->member,
				 .time_ms = sim_time(s, day, waking_ms(&h->rng)) };
	sim_event(s, h, &gone, "\"data_plan\":\"data-2gb\",\"days_left\":%d", rng_between(&h->rng, 1, 12));
	struct matter m = { .topic = "data/usage", .mood = h->temper };
	snprintf(m.ref, sizeof(m.ref), "data-%s", l->member);
	if (rng_chance(&h->rng, 20))
		house_contact(s, h, gone.time_ms + 40 * SIM_MINUTE_MS, l, &m);
}

/* A part of the local date, by strftime's format. */
static void date_text(const struct sim *s, unsigned day, const char *format, char *out, size_t size)
{
	time_t seconds = (time_t)((sim_time(s, day, 12 * SIM_HOUR_MS) + SIM_ZONE_MS) / 1000);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(out, size, format, &tm);
}

static void pay(struct sim *s, struct house *h, unsigned day, const char *key, int amount)
{
	struct sim_head head = { .source = "billing", .type = "bill.paid" };
	int late = 0;
	if (h->autopay && rng_chance(&h->rng, 6)) {
		head.type = "payment.failed";
		head.time_ms = sim_time(s, day + 5, 9 * SIM_HOUR_MS);
		sim_event(s, h, &head, "\"bill\":\"%s\",\"amount\":%d,\"reason\":\"%s\"", key, amount,
			  rng_chance(&h->rng, 50) ? "card-expired" : "no-funds");
		late = rng_between(&h->rng, 1, 6);
	} else if (!h->autopay && rng_chance(&h->rng, 15)) {
		late = rng_between(&h->rng, 3, 12);
	}
	if (late > 2) {
		head.type = "bill.overdue";
		head.time_ms = sim_time(s, day + 15, 8 * SIM_HOUR_MS);
		sim_event(s, h, &head, "\"bill\":\"%s\",\"amount\":%d", key, amount);
	}
	head.type = "bill.paid";
	head.time_ms = sim_time(s, day + 14 + (unsigned)late - (late ? 0 : (unsigned)rng_between(&h->rng, 2, 10)),
				10 * SIM_HOUR_MS);
	sim_event(s, h, &head, "\"bill\":\"%s\",\"amount\":%d,\"late_days\":%d", key, amount, late);
}

static void bill(struct sim *s, struct house *h, unsigned day)
{
	bool shock = !h->story && rng_chance(&h->rng, 20);
	int usual = h->monthly_fee + rng_between(&h->rng, 10, 60) * 1000;
	int messages = rng_between(&h->rng, 5, 40) * 1000 + (shock ? usual / 2 : 0);
	int amount = usual + messages;
	char key[16];
	date_text(s, day, "%Y-%m", key, sizeof(key));
	struct sim_head issued = { .source = "billing",
				   .type = "bill.issued",
				   .time_ms = sim_time(s, day, 6 * SIM_HOUR_MS) };
	sim_event(s, h, &issued, "\"bill\":\"%s\",\"amount\":%d,\"usual\":%d,\"messages_cost\":%d,\"due\":%lld", key,
		  amount, usual + 20000, messages, (long long)sim_time(s, day + 14, 0));
	pay(s, h, day, key, amount);
	struct matter m = { .topic = "bill/why-higher", .mood = h->temper - 0.2 };
	snprintf(m.ref, sizeof(m.ref), "bill-%s", key);
	if (shock && rng_chance(&h->rng, 70))
		house_contact(s, h,
			      sim_time(s, day + (unsigned)rng_between(&h->rng, 0, 2),
				       rng_between(&h->rng, 9, 20) * SIM_HOUR_MS),
			      &h->lines[0], &m);
}

/* An outage belongs to the area and the day; each household there learns of it by an event of its own. */
static void outage(struct sim *s, struct house *h, unsigned day)
{
	struct rng area = rng_of(s->seed, 0x6f757461676500u + (unsigned char)h->area[4], day);
	if (!rng_chance(&area, OUTAGE_PERCENT))
		return;
	int minutes = rng_between(&area, 20, 420);
	int64_t from =
		sim_time(s, day, rng_between(&area, 8, 19) * SIM_HOUR_MS + rng_between(&area, 0, 59) * SIM_MINUTE_MS);
	const char *service = rng_chance(&area, 60) ? "mobile" : "fibre";
	struct matter m = { .topic = "reception/outage", .mood = h->temper - 0.3 };
	char date[8];
	date_text(s, day, "%m%d", date, sizeof(date));
	snprintf(m.ref, sizeof(m.ref), "outage-%s-%s", h->area, date);
	if (rng_chance(&h->rng, 30))
		return; /* not all of an area hangs on the part that failed */
	struct sim_head head = { .source = "network", .type = "outage.started", .time_ms = from };
	sim_event(s, h, &head, "\"area\":\"%s\",\"outage\":\"%s\",\"service\":\"%s\"", h->area, m.ref, service);
	head.type = "outage.ended";
	head.time_ms = from + minutes * SIM_MINUTE_MS;
	sim_event(s, h, &head, "\"area\":\"%s\",\"outage\":\"%s\",\"service\":\"%s\",\"minutes\":%d", h->area, m.ref,
		  service, minutes);
	if (h->number && minutes > 60 && rng_chance(&h->rng, 35))
		house_contact(s, h, from + rng_between(&h->rng, 10, 55) * SIM_MINUTE_MS,
			      &h->lines[rng_between(&h->rng, 0, h->line_count - 1)], &m);
}

static void visit(struct sim *s, struct house *h, const struct line *l, unsigned day)
{
	static const char *const pages[] = { "usage",      "usage",          "bill",  "plans/messages",
					     "plans/data", "help/reception", "cancel" };
	const char *page = pages[rng_between(&h->rng, 0, 6)];
	if (strcmp(page, "cancel") == 0 && h->temper > -0.3)
		page = "bill";
	struct sim_head head = { .source = "web",
				 .type = "web.visit",
				 .channel = "web",
				 .member = l->member,
				 .time_ms = sim_time(s, day, waking_ms(&h->rng)) };
	sim_event(s, h, &head, "\"page\":\"%s\",\"seconds\":%d", page, rng_between(&h->rng, 10, 400));
	struct matter m = { .topic = "messages/plan", .mood = h->temper, .ref = "plan" };
	if (strcmp(page, "cancel") == 0)
		m = (struct matter){ .topic = "contract/cancel", .mood = h->temper - 0.3, .ref = "contract" };
	else if (strcmp(page, "plans/messages") != 0 || !rng_chance(&h->rng, 30))
		return;
	house_contact(s, h, head.time_ms + rng_between(&h->rng, 5, 300) * SIM_MINUTE_MS, l, &m);
}

/* Matters that come up without any event before them. */
static void odd_call(struct sim *s, struct house *h, unsigned day)
{
	static const char *const topics[] = { "bill/pay",     "bill/error",     "reception/coverage",
					      "device/fault", "contract/renew", "other" };
	struct matter m = { .topic = topics[rng_between(&h->rng, 0, 5)], .mood = h->temper };
	snprintf(m.ref, sizeof(m.ref), "matter-%02u", day);
	house_contact(s, h,
		      sim_time(s, day,
			       rng_between(&h->rng, 9, 20) * SIM_HOUR_MS + rng_between(&h->rng, 0, 59) * SIM_MINUTE_MS),
		      &h->lines[rng_between(&h->rng, 0, h->line_count - 1)], &m);
}

/* A line for the home is sold, once a household: by an agent, or by a letter. Drawn from a stream of its own. */
static void sale(struct sim *s, struct house *h, unsigned day)
{
	static const char *const sellers[] = { "linh", "minh", "hoa", "tuan", "duc", NULL };
	struct rng r = rng_of(s->seed, 0x73616c65000000u + h->number, day);
	if (h->sold || !rng_chance(&r, 2))
		return;
	int64_t at = sim_time(s, day, rng_between(&r, 9, 19) * SIM_HOUR_MS + rng_between(&r, 0, 59) * SIM_MINUTE_MS);
	struct sim_head head = { .source = "crm", .type = "contract.signed", .agent = sellers[rng_between(&r, 0, 5)],
				 .time_ms = at };
	h->sold = true;
	sim_event(s, h, &head, "\"contract_id\":\"k-%04u\",\"product\":\"fibre\",\"contract\":\"1-year\",\"contract_ends\":%lld%s",
		  h->number, (long long)(at + 365 * SIM_DAY_MS), head.agent ? "" : ",\"campaign\":\"fibre-letter\"");
}

void house_day(struct sim *s, struct house *h, unsigned day)
{
	h->rng = rng_of(s->seed, h->number, day);
	if (h->cancelled)
		return;
	if (h->story) {
		h->story(s, h, day);
	} else {
		for (int i = 0; i < h->line_count; i++) {
			const struct line *l = &h->lines[i];
			int texts = l->texts * rng_between(&h->rng, 60, 140) / 100;
			/* now and then a line has a day far above its habit */
			if (rng_chance(&h->rng, 1) && l->texts > 10)
				texts *= 5;
			house_texts(s, h, l, day, texts, SIM_DAY_MS);
			house_usage(s, h, l, day, texts);
			if (rng_chance(&h->rng, 8))
				visit(s, h, l, day);
		}
		if (rng_chance(&h->rng, 5))
			odd_call(s, h, day);
		sale(s, h, day);
	}
	if (!h->story || h->number == 0)
		outage(s, h, day);
	if ((int)(day % 30) == h->bill_day)
		bill(s, h, day);
}
