/* nudgectl/sim_house.c: who the households are: drawn once from the seed, and told to the daemon on the first morning.
 */
#include "sim.h"

#include <stdio.h>
#include <string.h>

static const char *const families[] = { "Tran", "Le",  "Pham", "Hoang", "Phan", "Vu",
					"Dang", "Bui", "Do",   "Ho",    "Ngo",  "Duong" };
static const char *const first_names[SIM_LINES_MAX][4] = {
	{ "Nam", "Quang", "Thanh", "Son" },
	{ "Lan", "Huong", "Thu", "Yen" },
	{ "Vy", "Chi", "Trang", "Nhi" },
	{ "Khoa", "Bao", "Phuc", "Long" },
};
static const char *const members[SIM_LINES_MAX] = { "father", "mother", "daughter", "son" };
static const char *const roles[SIM_LINES_MAX] = { "payer", "adult", "child", "child" };
static const char *const message_plans[] = { "pay-per-text", "bundle-300", "unlimited" };
static const char *const data_plans[] = { "data-2gb", "data-10gb", "data-unlimited" };

static void line_init(struct line *l, struct rng *r, int i)
{
	bool young = i >= 2;
	l->member = members[i];
	l->role = roles[i];
	l->first_name = first_names[i][rng_between(r, 0, 3)];
	l->message_plan = message_plans[rng_between(r, 0, 2)];
	l->data_plan = data_plans[rng_between(r, 0, 2)];
	l->voice_plan = rng_chance(r, 50) ? "voice-500" : "pay-per-minute";
	l->texts = young ? rng_between(r, 8, 24) : rng_between(r, 1, 7);
	l->calls = rng_between(r, 1, 3);
	l->data_mb = young ? rng_between(r, 200, 900) : rng_between(r, 30, 300);
}

void house_init(struct house *h, const struct sim *s, unsigned number)
{
	static const char *const contracts[] = { "monthly", "1-year", "2-year" };
	static const char *const segments[] = { "single", "couple", "family", "family" };
	struct rng r = rng_of(s->seed, number, UINT64_MAX);
	memset(h, 0, sizeof(*h));
	h->number = number;
	snprintf(h->id, sizeof(h->id), "household-%04u", number);
	snprintf(h->name, sizeof(h->name), "%s", families[rng_between(&r, 0, 11)]);
	snprintf(h->area, sizeof(h->area), "HN-%02d", rng_between(&r, 1, SIM_AREAS));
	h->language = rng_chance(&r, 85) ? "vi" : "en";
	h->line_count = rng_between(&r, 1, SIM_LINES_MAX);
	h->segment = segments[h->line_count - 1];
	h->contract = contracts[rng_between(&r, 0, 2)];
	h->months_left = rng_between(&r, 0, 14);
	h->tenure_months = rng_between(&r, 1, 96);
	h->monthly_fee = h->line_count * 90000 + rng_between(&r, 0, 6) * 15000;
	h->bill_day = rng_between(&r, 1, 4);
	h->autopay = rng_chance(&r, 60);
	h->consent_marketing = rng_chance(&r, 70);
	h->consent_sms = rng_chance(&r, 80);
	h->temper = rng_part(&r) * 1.2 - 0.7;
	for (int i = 0; i < h->line_count; i++)
		line_init(&h->lines[i], &r, i);
}

static const char *tenure_band(int months)
{
	return months < 6 ? "new" : months < 24 ? "young" : months < 60 ? "settled" : "old";
}

/* The household's plan of messages, where all its lines have the same. */
static const char *common_message_plan(const struct house *h)
{
	for (int i = 1; i < h->line_count; i++)
		if (strcmp(h->lines[i].message_plan, h->lines[0].message_plan) != 0)
			return NULL;
	return h->lines[0].message_plan;
}

static void introduce_line(struct sim *s, struct house *h, const struct line *l, int64_t at_ms, int index)
{
	struct sim_head joined = { .source = "crm", .type = "member.joined", .member = l->member, .time_ms = at_ms };
	struct sim_head alias = {
		.source = "crm", .type = "alias.added", .member = l->member, .time_ms = at_ms + 1000
	};
	struct sim_head profile = {
		.source = "crm", .type = "profile.updated", .member = l->member, .time_ms = at_ms + 2000
	};
	sim_event(s, h, &joined, "%s", "");
	sim_event(s, h, &alias, "\"alias\":\"+8490%07u\"", 1000000 + h->number * 10 + (unsigned)index + 1);
	sim_event(s, h, &profile,
		  "\"role\":\"%s\",\"first_name\":\"%s\",\"message_plan\":\"%s\",\"message_price\":350,\"data_plan\":"
		  "\"%s\",\"voice_plan\":\"%s\"",
		  l->role, l->first_name, l->message_plan, l->data_plan, l->voice_plan);
}

void house_introduce(struct sim *s, struct house *h)
{
	const char *plan = common_message_plan(h);
	char more[160] = "";
	int64_t at = sim_time(s, 0, SIM_HOUR_MS + (int64_t)(h->number % 3000) * 1000);
	int64_t month = 30 * SIM_DAY_MS;
	if (strcmp(h->contract, "monthly") != 0)
		snprintf(more, sizeof(more), ",\"contract_ends\":%lld",
			 (long long)(s->start_ms + h->months_left * month + 12 * SIM_DAY_MS));
	if (plan)
		snprintf(more + strlen(more), sizeof(more) - strlen(more), ",\"message_plan\":\"%s\"", plan);
	struct sim_head profile = { .source = "crm", .type = "profile.updated", .time_ms = at };
	sim_event(s, h, &profile,
		  "\"name\":\"%s\",\"language\":\"%s\",\"area\":\"%s\",\"segment\":\"%s\",\"lines\":%d,\"contract\":\"%"
		  "s\",\"since\":%lld,"
		  "\"tenure_months\":%d,\"tenure_band\":\"%s\",\"monthly_fee\":%d,\"autopay\":%s,\"consent_marketing\":"
		  "%s,\"consent_sms\":%s%s",
		  h->name, h->language, h->area, h->segment, h->line_count, h->contract,
		  (long long)(s->start_ms - h->tenure_months * month), h->tenure_months, tenure_band(h->tenure_months),
		  h->monthly_fee, h->autopay ? "true" : "false", h->consent_marketing ? "true" : "false",
		  h->consent_sms ? "true" : "false", more);
	for (int i = 0; i < h->line_count; i++)
		introduce_line(s, h, &h->lines[i], at + 5000 + i * 5000, i);
}
