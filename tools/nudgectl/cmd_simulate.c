/* nudgectl/cmd_simulate.c: prints the events of simulated telecom households as JSON lines, in order of time. */
#include "command.h"
#include "report.h"
#include "sim.h"

#include "base/check.h"

#include <stdlib.h>
#include <time.h>

#define START_DEFAULT_MS 1780246800000LL /* 2026-06-01 00:00 in Asia/Ho_Chi_Minh */
#define DAYS_DEFAULT 30
#define HOUSEHOLDS_DEFAULT 20

static struct {
	uint64_t households, days, seed;
	int64_t start_ms;
	bool story;
} v = { .households = HOUSEHOLDS_DEFAULT, .days = DAYS_DEFAULT, .seed = 1, .start_ms = START_DEFAULT_MS };

static void sim_init(struct sim *s)
{
	*s = (struct sim){ .seed = v.seed, .days = (unsigned)v.days, .house_count = (unsigned)v.households };
	unsigned in_story = v.story ? 1 + STORY_NEIGHBOURS : 0;
	s->start_ms = (v.start_ms + SIM_ZONE_MS) / SIM_DAY_MS * SIM_DAY_MS - SIM_ZONE_MS;
	s->end_ms = s->start_ms + s->days * SIM_DAY_MS;
	if (v.story)
		s->end_ms = sim_time(s, s->days - 1, STORY_CALL_MS) + 1;
	time_t local = (time_t)((s->start_ms + SIM_ZONE_MS) / 1000);
	struct tm tm;
	gmtime_r(&local, &tm);
	strftime(s->start_day, sizeof(s->start_day), "%Y%m%d", &tm);
	s->buckets = must_calloc(s->days, sizeof(*s->buckets));
	s->house_count += in_story;
	s->houses = must_calloc(s->house_count + 1, sizeof(*s->houses));
	if (v.story)
		story_init(&s->houses[0]);
	for (unsigned i = 1; i < in_story; i++)
		neighbour_init(&s->houses[i], i - 1);
	for (unsigned i = in_story; i < s->house_count; i++)
		house_init(&s->houses[i], s, i - in_story + 1);
}

static bool run_days(struct sim *s)
{
	bool good = true;
	for (unsigned i = 0; i < s->house_count; i++)
		house_introduce(s, &s->houses[i]);
	for (unsigned day = 0; day < s->days && good; day++) {
		for (unsigned i = 0; i < s->house_count; i++)
			house_day(s, &s->houses[i], day);
		good = sim_print_day(s, day);
	}
	return good;
}

static void sim_finish(struct sim *s)
{
	for (unsigned i = 0; i < s->days; i++) {
		bytes_finish(&s->buckets[i].text);
		free(s->buckets[i].events);
	}
	free(s->buckets);
	free(s->houses);
}

static int run(struct context *c, int argc, char **argv)
{
	struct sim s;
	if (v.days < 1 || v.days > 3660 || v.households > 1000000 || v.start_ms < 0 || v.households + v.story == 0)
		return report_usage(
			"--days is 1 to 3660, --households at most 1000000 and, without --story, at least 1");
	if (v.story && v.days < STORY_DAYS_MIN)
		return report_usage("the story takes at least %d days: a habit must be known before it can be broken",
				    STORY_DAYS_MIN);
	sim_init(&s);
	bool good = run_days(&s) && fflush(stdout) == 0;
	sim_finish(&s);
	return good ? EXIT_DONE : report_failed("cannot write to standard output");
}

static const struct option_spec options[] = {
	{ "households", OPTION_COUNT, &v.households, "N", "how many (20)" },
	{ "days", OPTION_COUNT, &v.days, "N", "how long (30)" },
	{ "seed", OPTION_COUNT, &v.seed, "N", "the same seed gives the same lives (1)" },
	{ "start", OPTION_TIME, &v.start_ms, "TIME", "the day to begin with, in Vietnam (2026-06-01)" },
	{ "story", OPTION_FLAG, &v.story, NULL, "with the families of a story, ending in a father's first call" },
	{ 0 },
};

const struct command cmd_simulate = {
	.name = "simulate",
	.examples = "nudgectl simulate --households 3 --days 7 --start 2026-06-01 > week.jsonl\n"
		    "nudgectl simulate --story | nudgectl send -",
	.args = "",
	.summary = "print simulated telecom households as JSON lines",
	.options = options,
	.run = run,
	.details = "People with habits: texts, calls, bills, web visits, outages, conversations that settle the matter "
		   "or come back, call-backs kept "
		   "and missed, complaints. For nudged with rules/telecom; play it to a `nudged --clock events`, whose "
		   "clock follows the events.",
};
