/* nudgectl/sim_neighbours.c: two families beside the story's own, for what holds a sale back and what does not.
 *
 * The Phams run out of data twice in a week, which asks for an offer; but their complaint about coverage is open, and so
 * nothing is sold to them that they do not ask for. The Les have trouble too, an outage and a call that was promised and
 * never made; but they come to buy a bigger plan, and nothing may stand in the way of that. */
#include "sim.h"

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
};
_Static_assert(sizeof(neighbours) / sizeof(neighbours[0]) == STORY_NEIGHBOURS, "as sim.h says");

void neighbour_init(struct house *h, unsigned which)
{
	*h = neighbours[which];
}
