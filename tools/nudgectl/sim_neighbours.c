/* nudgectl/sim_neighbours.c: families beside the story's own: for what holds a sale back and what does not, and for an
 * agent's hard afternoon.
 *
 * The Phams run out of data twice in a week, which asks for an offer; but their complaint about coverage is open, and so
 * nothing is sold to them that they do not ask for. The Les have trouble too, an outage and a call that was promised and
 * never made; but they come to buy a bigger plan, and nothing may stand in the way of that. Three others call agent tuan
 * within two hours of the last day, and all three leave him angry. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

struct talk {
	const char *contact, *agent, *topic, *ref;
	double mood_start, mood_end;
	int64_t at_ms;
	int handle_s;
};

static struct sim_head head_of(const struct house *h, const struct talk *t, const char *type, int64_t at_ms)
{
	return (struct sim_head){ .source = "call-centre", .type = type, .channel = "call", .member = h->lines[0].member,
				  .agent = t->agent, .contact = t->contact, .time_ms = at_ms };
}

/* A call that did not settle the matter. Returns when it ended. */
static int64_t talk(struct sim *s, struct house *h, const struct talk *t)
{
	struct sim_head started = head_of(h, t, "contact.started", t->at_ms);
	struct sim_head ended = head_of(h, t, "contact.ended", t->at_ms + t->handle_s * 1000);
	sim_event(s, h, &started, "\"topic\":\"%s\",\"intent\":\"%s\",\"ref\":\"%s\",\"mood\":%.2f,\"wait_s\":40", t->topic,
		  t->topic, t->ref, t->mood_start);
	sim_event(s, h, &ended,
		  "\"topic\":\"%s\",\"ref\":\"%s\",\"mood_start\":%.2f,\"mood_end\":%.2f,\"mood\":%.2f,\"resolved\":false,"
		  "\"wait_s\":40,\"handle_s\":%d,\"transfers\":1",
		  t->topic, t->ref, t->mood_start, t->mood_end, t->mood_end, t->handle_s);
	return ended.time_ms;
}

static void runs_out(struct sim *s, struct house *h, unsigned day, int64_t ms_of_day, int days_left)
{
	struct sim_head gone = { .source = "network", .type = "data.exhausted", .member = h->lines[0].member,
				 .time_ms = sim_time(s, day, ms_of_day) };
	sim_event(s, h, &gone, "\"data_plan\":\"data-2gb\",\"days_left\":%d", days_left);
}

static void usual_use(struct sim *s, struct house *h, unsigned day)
{
	for (int i = 0; i < h->line_count; i++) {
		const struct line *l = &h->lines[i];
		int texts = l->texts * rng_between(&h->rng, 80, 120) / 100;
		house_texts(s, h, l, day, texts, SIM_DAY_MS);
		house_usage(s, h, l, day, texts);
	}
}

static void pham_day(struct sim *s, struct house *h, unsigned day)
{
	unsigned left = s->days - 1 - day;
	usual_use(s, h, day);
	if (left == 5)
		runs_out(s, h, day, 20 * SIM_HOUR_MS, 6);
	if (left == 3) {
		struct talk t = { "c-story-pham", "minh", "reception/coverage", "coverage-pham", -0.3, -0.5,
				  sim_time(s, day, 10 * SIM_HOUR_MS), 540 };
		int64_t end_ms = talk(s, h, &t);
		struct sim_head opened = head_of(h, &t, "complaint.opened", end_ms - 10000);
		sim_event(s, h, &opened, "\"complaint\":\"k-story-pham\",\"topic\":\"%s\",\"ref\":\"%s\"", t.topic, t.ref);
	}
	if (left == 1)
		runs_out(s, h, day, 19 * SIM_HOUR_MS, 2);
}

static void le_day(struct sim *s, struct house *h, unsigned day)
{
	unsigned left = s->days - 1 - day;
	usual_use(s, h, day);
	if (left == 4 || left == 1)
		runs_out(s, h, day, 21 * SIM_HOUR_MS, (int)left + 1);
	if (left == 2) {
		struct talk t = { "c-story-le", "tuan", "device/fault", "device-le", 0.0, -0.2,
				  sim_time(s, day, 9 * SIM_HOUR_MS), 380 };
		int64_t end_ms = talk(s, h, &t);
		struct sim_head promised = head_of(h, &t, "callback.promised", end_ms - 20000);
		sim_event(s, h, &promised, "\"promise\":\"p-story-le\",\"promised_by\":\"tuan\",\"topic\":\"%s\",\"ref\":\"%s\"",
			  t.topic, t.ref);
	}
	if (left)
		return;
	struct sim_head outage = { .source = "network", .type = "outage.started",
				   .time_ms = sim_time(s, day, 17 * SIM_HOUR_MS + 5 * SIM_MINUTE_MS) };
	struct sim_head visit = { .source = "web", .type = "web.visit", .channel = "web", .member = h->lines[0].member,
				  .time_ms = sim_time(s, day, 19 * SIM_HOUR_MS + 10 * SIM_MINUTE_MS) };
	sim_event(s, h, &outage, "\"area\":\"%s\",\"outage\":\"outage-story-le\",\"service\":\"mobile\"", h->area);
	sim_event(s, h, &visit, "\"page\":\"plans/data\",\"seconds\":95");
}

#define FIRST_ANGRY 2000003u
static void angry_day(struct sim *s, struct house *h, unsigned day)
{
	char contact[40];
	struct talk t = { contact, "tuan", "reception/outage", "outage-story", -0.6, -0.8,
			  sim_time(s, day, 16 * SIM_HOUR_MS + (h->number - FIRST_ANGRY) * 40 * SIM_MINUTE_MS), 1500 };
	usual_use(s, h, day);
	snprintf(contact, sizeof(contact), "c-story-%s", h->lines[0].member);
	if (day + 1 == s->days)
		talk(s, h, &t);
}

#define ANGRY(n, household, family, who, first) \
	{ .number = FIRST_ANGRY + (n), .id = household, .name = family, .area = "HN-07", .language = "vi", .segment = "single", \
	  .contract = "2-year", .tenure_months = 40 + (n), .months_left = 9, .monthly_fee = 180000, .bill_day = 15, .autopay = true, \
	  .consent_marketing = true, .consent_sms = true, .line_count = 1, .story = angry_day, \
	  .lines = { { who, "payer", first, "bundle-300", "data-10gb", "voice-500", 4, 2, 90 } } }

static const struct house neighbours[] = {
	{ .number = 2000001, .id = "household-pham", .name = "Pham", .area = "HN-06", .language = "vi", .segment = "couple",
	  .contract = "1-year", .tenure_months = 31, .months_left = 5, .monthly_fee = 240000, .bill_day = 9, .autopay = true,
	  .consent_marketing = true, .consent_sms = true, .line_count = 2, .story = pham_day,
	  .lines = { { "mother", "payer", "Hoa", "bundle-300", "data-2gb", "voice-500", 4, 2, 60 },
		     { "father", "adult", "Quang", "bundle-300", "data-10gb", "voice-500", 3, 2, 110 } } },
	{ .number = 2000002, .id = "household-le", .name = "Le", .area = "HN-02", .language = "en", .segment = "single",
	  .contract = "monthly", .tenure_months = 15, .monthly_fee = 150000, .bill_day = 12, .autopay = true,
	  .consent_marketing = true, .consent_sms = true, .line_count = 1, .story = le_day,
	  .lines = { { "thao", "payer", "Thao", "bundle-300", "data-2gb", "voice-500", 6, 1, 65 } } },
	ANGRY(0, "household-vu", "Vu", "dung", "Dung"),
	ANGRY(1, "household-ho", "Ho", "lan", "Lan"),
	ANGRY(2, "household-dang", "Dang", "khanh", "Khanh"),
};
_Static_assert(sizeof(neighbours) / sizeof(neighbours[0]) == STORY_NEIGHBOURS, "as sim.h says");

void neighbour_init(struct house *h, unsigned which)
{
	*h = neighbours[which];
}
