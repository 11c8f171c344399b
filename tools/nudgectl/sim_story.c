/* nudgectl/sim_story.c: the worked case. A father pays for three lines. In the last four days his daughter's texts
 * explode; nobody calls. On the last evening he looks at the usage page and then calls for the first time. The system
 * should have seen her usage, and reached out with the right plan, days before that call. */
#include "sim.h"

#include <stdio.h>
#include <string.h>

#define FLOOD_DAYS 4
static const int flood[FLOOD_DAYS] = { 96, 138, 171, 112 }; /* texts a day; her habit is about 21 */

enum { FATHER, MOTHER, DAUGHTER };

static const struct line story_lines[] = {
	[FATHER] = { .member = "father",
		     .role = "payer",
		     .first_name = "Hung",
		     .texts = 3,
		     .calls = 2,
		     .data_mb = 120 },
	[MOTHER] = { .member = "mother", .role = "adult", .first_name = "Mai", .texts = 5, .calls = 2, .data_mb = 150 },
	[DAUGHTER] = { .member = "daughter",
		       .role = "child",
		       .first_name = "Linh",
		       .texts = 21,
		       .calls = 1,
		       .data_mb = 500 },
};

static void father_calls(struct sim *s, struct house *h, unsigned day)
{
	const struct line *father = &h->lines[FATHER];
	struct sim_head visit = { .source = "web",
				  .type = "web.visit",
				  .channel = "web",
				  .member = father->member,
				  .time_ms = sim_time(s, day, (19 * 60 + 24) * SIM_MINUTE_MS) };
	struct sim_head call = { .source = "call-centre",
				 .type = "contact.started",
				 .channel = "call",
				 .member = father->member,
				 .agent = "linh",
				 .contact = "c-story-1",
				 .time_ms = sim_time(s, day, STORY_CALL_MS) };
	sim_event(s, h, &visit, "\"page\":\"usage\",\"seconds\":%d", 210);
	sim_event(s, h, &call,
		  "\"topic\":\"messages/usage\",\"intent\":\"messages/"
		  "usage\",\"ref\":\"messages-daughter\",\"mood\":-0.20,\"wait_s\":%d",
		  35);
}

static void story_day(struct sim *s, struct house *h, unsigned day)
{
	bool last = day + 1 == s->days;
	int64_t until = last ? STORY_CALL_MS - 2 * SIM_MINUTE_MS : SIM_DAY_MS;
	for (int i = 0; i < h->line_count; i++) {
		const struct line *l = &h->lines[i];
		int texts = l->texts + rng_between(&h->rng, -5, 5) * l->texts / 21;
		if (i == DAUGHTER && day + FLOOD_DAYS >= s->days)
			texts = flood[day + FLOOD_DAYS - s->days];
		house_texts(s, h, l, day, texts, until);
		house_usage(s, h, l, day, texts);
	}
	if (day == s->days / 2) {
		struct sim_head visit = { .source = "web",
					  .type = "web.visit",
					  .channel = "web",
					  .member = "father",
					  .time_ms = sim_time(s, day, 20 * SIM_HOUR_MS) };
		sim_event(s, h, &visit, "\"page\":\"bill\",\"seconds\":%d", 45);
	}
	if (last)
		father_calls(s, h, day);
}

void story_init(struct house *h)
{
	*h = (struct house){ .id = "household-nguyen", .name = "Nguyen", .area = "HN-04", .language = "vi" };
	h->story = story_day;
	h->segment = "family";
	h->contract = "2-year";
	h->tenure_months = 74;
	h->months_left = 7;
	h->monthly_fee = 330000;
	h->bill_day = 2;
	h->autopay = h->consent_marketing = h->consent_sms = true;
	h->temper = 0.1;
	h->line_count = 3;
	for (int i = 0; i < h->line_count; i++) {
		h->lines[i] = story_lines[i];
		h->lines[i].message_plan = i == DAUGHTER ? "pay-per-text" : "bundle-300";
		h->lines[i].data_plan = "data-10gb";
		h->lines[i].voice_plan = "voice-500";
	}
}
