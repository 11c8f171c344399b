/* tests/sim/sim_window.c: random adds and questions to a window, each answer compared with a plain list of the events.
 *
 * Values are whole numbers, so that sums are exact in any order. Answers must be equal, except in the crowded runs,
 * where windows join cells: there a count may take in at most the events of one 256th of keep_ms too many.
 *
 *     sim_window [OPERATIONS [SEED]]    operations of each of the runs */
#include "state/window.h"

#include "../unit/tzif.h"

#include <inttypes.h>

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define LIST_MAX 8192

struct item {
	int64_t time_ms, cell; /* cell: what the window should have put it under */
	double value;
};

struct sim {
	uint64_t random;
	const char *name;
	struct window_spec spec;
	const struct zone *zone;
	int64_t pace_ms;    /* between events, on average */
	bool crowded;
	struct window *window;
	struct item items[LIST_MAX]; /* by time, then arrival */
	unsigned count, newest_add;
	int64_t newest_ms, first_ms;
	bool any;
};

#define REQUIRE(s, condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s: line %d: %s\n", (s)->name, __LINE__, #condition); \
			exit(1); \
		} \
	} while (0)

static uint64_t next_random(struct sim *s)
{
	uint64_t z = (s->random += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static int64_t below(struct sim *s, int64_t n)
{
	return (int64_t)(next_random(s) % (uint64_t)n);
}

static int64_t cell_of(const struct sim *s, int64_t t_ms)
{
	if (s->spec.keeping == WINDOW_DAY)
		return zone_day_start(s->zone, t_ms);
	int64_t unit = s->spec.keeping == WINDOW_GRAIN ? s->spec.grain_ms : 1;
	return t_ms / unit * unit;
}

/* A cell at or before this has expired. */
static int64_t horizon(const struct sim *s, int64_t newest_ms)
{
	if (s->spec.keeping == WINDOW_DAY)
		return newest_ms - s->spec.keep_ms - 2 * DAY;
	return cell_of(s, newest_ms - s->spec.keep_ms);
}

static bool list_add(struct sim *s, int64_t t_ms, double value)
{
	int64_t newest = !s->any || t_ms > s->newest_ms ? t_ms : s->newest_ms;
	struct item item = { t_ms, cell_of(s, t_ms), value };
	if (item.cell <= horizon(s, newest))
		return false;
	s->first_ms = !s->any || t_ms < s->first_ms ? t_ms : s->first_ms;
	s->newest_ms = newest;
	s->any = true;
	unsigned gone = 0;
	while (gone < s->count && s->items[gone].cell <= horizon(s, newest))
		gone++;
	s->count -= gone;
	memmove(s->items, s->items + gone, s->count * sizeof(*s->items));
	unsigned at = s->count;
	while (at > 0 && s->items[at - 1].time_ms > t_ms)
		at--;
	REQUIRE(s, s->count < LIST_MAX);
	memmove(s->items + at + 1, s->items + at, (s->count - at) * sizeof(*s->items));
	s->items[at] = item;
	s->newest_add = at;
	s->count++;
	return true;
}

static bool counts(const struct sim *s, unsigned i, int64_t from_ms, int64_t to_ms, bool without)
{
	int64_t cell = s->items[i].cell, from = from_ms, to = to_ms;
	if (s->spec.keeping == WINDOW_GRAIN) {
		from = cell_of(s, from_ms);
		to = cell_of(s, to_ms);
	}
	return cell > from && cell <= to && !(without && i == s->newest_add);
}

static struct window_sums list_sum(const struct sim *s, int64_t from_ms, int64_t to_ms, bool without)
{
	struct window_sums out = { 0 };
	double latest_sum = 0, latest_count = 0;
	for (unsigned i = 0; i < s->count; i++) {
		const struct item *item = &s->items[i];
		if (!counts(s, i, from_ms, to_ms, without))
			continue;
		if (out.count++ == 0) {
			out.first_ms = item->cell;
			out.min = out.max = item->value;
		}
		if (s->spec.keeping == WINDOW_EXACT || out.last_ms != item->cell || latest_count == 0)
			latest_sum = latest_count = 0;
		latest_sum += item->value;
		latest_count++;
		out.last_ms = item->cell;
		out.sum += item->value;
		out.min = item->value < out.min ? item->value : out.min;
		out.max = item->value > out.max ? item->value : out.max;
	}
	out.latest = latest_count > 0 ? latest_sum / latest_count : 0;
	if (!s->spec.has_value)
		out.sum = out.min = out.max = out.latest = 0;
	return out;
}

static void check_crowded(struct sim *s, int64_t from_ms, int64_t to_ms, const struct window_sums *got)
{
	int64_t part_ms = s->spec.keep_ms / 256 + 2 * (s->spec.keeping == WINDOW_GRAIN ? s->spec.grain_ms : 0);
	struct window_sums least = list_sum(s, from_ms, to_ms, false);
	REQUIRE(s, got->count >= least.count);
	uint64_t before = 0; /* of one part before `from`; the list may lack some that a joined cell still holds */
	for (unsigned i = 0; i < s->count; i++)
		before += s->items[i].time_ms > from_ms - part_ms && !counts(s, i, from_ms, to_ms, false);
	if (from_ms - part_ms > s->newest_ms - s->spec.keep_ms)
		REQUIRE(s, got->count <= least.count + before);
	REQUIRE(s, got->count <= least.count + before + 128);
}

static void check_sum(struct sim *s, const struct window_undo *undo)
{
	int64_t keep_ms = s->spec.keep_ms;
	int64_t to_ms = s->newest_ms - (below(s, 3) == 0 ? below(s, keep_ms) : 0);
	int64_t from_ms = s->newest_ms - keep_ms + below(s, keep_ms);
	if (s->count > 0 && below(s, 4) == 0) /* half-open edges */
		from_ms = s->items[below(s, s->count)].time_ms;
	if (from_ms < s->newest_ms - keep_ms)
		from_ms = s->newest_ms - keep_ms;
	if (s->crowded)
		to_ms = s->newest_ms;
	if (s->spec.keeping == WINDOW_DAY && below(s, 2) == 0)
		from_ms = zone_day_shift(s->zone, s->newest_ms, -(int)below(s, keep_ms / DAY)) - 1;
	struct window_sums got;
	window_sum(s->window, &s->spec, from_ms, to_ms, undo, &got);
	if (s->crowded) {
		check_crowded(s, from_ms, to_ms, &got);
		return;
	}
	struct window_sums want = list_sum(s, from_ms, to_ms, undo != NULL);
	REQUIRE(s, got.count == want.count);
	REQUIRE(s, got.sum == want.sum && got.min == want.min && got.max == want.max);
	REQUIRE(s, got.first_ms == want.first_ms && got.last_ms == want.last_ms);
	REQUIRE(s, got.latest == want.latest);
}

static void check_run(struct sim *s, const struct window_undo *undo)
{
	int64_t to_ms = s->newest_ms - below(s, s->spec.keep_ms);
	double low = (double)below(s, 5);
	uint64_t want = 0;
	for (unsigned i = s->count; i-- > 0;) {
		if (s->items[i].time_ms > to_ms || (undo && i == s->newest_add))
			continue;
		if (s->items[i].value < low || s->items[i].value > 7)
			break;
		want++;
	}
	REQUIRE(s, window_run(s->window, low, 7, to_ms, undo) == (s->spec.has_value ? want : 0));
}

static void check_distinct(struct sim *s, const struct window_undo *undo)
{
	int64_t from_ms = s->newest_ms - below(s, s->spec.keep_ms);
	bool has[16] = { false };
	uint64_t want = 0;
	for (unsigned i = 0; i < s->count; i++) {
		unsigned value = (unsigned)(s->items[i].value + 4);
		if (counts(s, i, from_ms, s->newest_ms, undo != NULL) && !has[value]) {
			has[value] = true;
			want++;
		}
	}
	REQUIRE(s, window_distinct(s->window, from_ms, s->newest_ms, undo) == (s->spec.has_value ? want : 0));
}

static void check_daily_mean(struct sim *s)
{
	int days_max = 1 + (int)below(s, s->spec.keep_ms / DAY);
	bool before_today = below(s, 2) == 0, of_values = s->spec.has_value && below(s, 2) == 0;
	double total = 0, got;
	int lived = 0;
	for (int back = before_today ? 1 : 0; back < days_max + (before_today ? 1 : 0); back++) {
		int64_t start = zone_day_shift(s->zone, s->newest_ms, -back);
		if (start < zone_day_start(s->zone, s->first_ms))
			break;
		lived++;
		for (unsigned i = 0; i < s->count; i++) {
			if (zone_day_start(s->zone, s->items[i].time_ms) == start)
				total += of_values ? s->items[i].value : 1;
		}
	}
	int at_least = (int)below(s, days_max + 1);
	bool known = window_daily_mean(s->window, &s->spec, s->zone, s->newest_ms, (unsigned)days_max, before_today,
				       (unsigned)at_least, of_values, &got);
	REQUIRE(s, known == (lived >= 1 && lived >= at_least));
	REQUIRE(s, !known || got == total / lived);
}

/* To bytes and back: the copy encodes alike and goes on in its place. */
static void check_codec(struct sim *s)
{
	struct bytes a = { 0 }, b = { 0 };
	window_encode(s->window, &s->spec, &a);
	struct reader r = reader_of(bytes_slice(&a));
	struct window *copy = window_decode(&r);
	REQUIRE(s, copy != NULL && reader_left(&r) == 0);
	window_encode(copy, &s->spec, &b);
	REQUIRE(s, slice_equal(bytes_slice(&a), bytes_slice(&b)));
	window_destroy(s->window);
	s->window = copy;
	bytes_finish(&a);
	bytes_finish(&b);
}

static void step(struct sim *s, int64_t *clock_ms)
{
	struct window_undo undo;
	*clock_ms += below(s, 2 * s->pace_ms + 1);
	if (below(s, 500) == 0)
		*clock_ms += below(s, s->spec.keep_ms * 2);
	int64_t t_ms = *clock_ms;
	int64_t kind = below(s, 10);
	if (kind == 0)
		t_ms -= below(s, s->spec.keep_ms + s->spec.keep_ms / 8);
	else if (kind == 1 && s->count > 0)
		t_ms = s->items[below(s, s->count)].time_ms; /* the same millisecond */
	double value = (double)below(s, 10) - 2;
	bool taken = window_add(s->window, &s->spec, s->zone, t_ms, value, &undo);
	bool expected = list_add(s, t_ms, value);
	REQUIRE(s, taken == expected && undo.valid == taken);
	REQUIRE(s, !s->any || window_first_ms(s->window) == s->first_ms);
	REQUIRE(s, !s->any || window_newest_ms(s->window) == s->newest_ms);
	if (!s->any)
		return;
	check_sum(s, taken && !s->crowded ? &undo : NULL);
	check_sum(s, NULL);
	if (s->spec.keeping == WINDOW_EXACT && !s->crowded) {
		check_run(s, taken && below(s, 2) ? &undo : NULL);
		check_distinct(s, taken && below(s, 2) ? &undo : NULL);
	}
	if (s->spec.keeping == WINDOW_DAY && below(s, 8) == 0)
		check_daily_mean(s);
	if (below(s, 200) == 0)
		check_codec(s);
}

static void run(struct sim *s, unsigned operations, uint64_t seed)
{
	int64_t clock_ms = 900000000000LL + below(s, 1000 * DAY);
	s->random = seed;
	s->count = 0;
	s->any = false;
	s->window = window_create(&s->spec);
	for (unsigned i = 0; i < operations; i++)
		step(s, &clock_ms);
	printf("%-16s seed %" PRIu64 ": %u operations agree, %zu bytes at the end\n", s->name, seed, operations,
	       window_bytes(s->window));
	window_destroy(s->window);
}

int main(int argc, char **argv)
{
	unsigned operations = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 8000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct zone *zones[] = { zone_create_utc(), tzif_rule("<+07>-7"), tzif_rule("EST5EDT,M3.2.0,M11.1.0"),
				 tzif_rule("<-04>4<-03>,M9.1.6/24,M4.1.6/24") };
	static const struct { const char *name; struct window_spec spec; int64_t pace_ms; bool crowded; } kinds[] = {
		{ "exact counts", { WINDOW_EXACT, 0, 7 * DAY, false }, HOUR, false },
		{ "exact values", { WINDOW_EXACT, 0, 7 * DAY, true }, HOUR, false },
		{ "grain counts", { WINDOW_GRAIN, 5 * MINUTE, DAY, false }, 2 * MINUTE, false },
		{ "grain values", { WINDOW_GRAIN, HOUR, 14 * DAY, true }, 20 * MINUTE, false },
		{ "day counts", { WINDOW_DAY, 0, 28 * DAY, false }, 3 * HOUR, false },
		{ "day values", { WINDOW_DAY, 0, 14 * DAY, true }, HOUR, false },
		{ "crowded counts", { WINDOW_EXACT, 0, DAY, false }, MINUTE, true },
		{ "crowded values", { WINDOW_EXACT, 0, DAY, true }, MINUTE, true },
		{ "crowded grain", { WINDOW_GRAIN, MINUTE, 2 * DAY, true }, MINUTE, true },
	};
	static struct sim s;
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		for (unsigned z = 0; z < 4; z++) {
			s = (struct sim){ .random = seed + z, .name = kinds[k].name, .spec = kinds[k].spec,
					  .zone = zones[z], .pace_ms = kinds[k].pace_ms, .crowded = kinds[k].crowded };
			run(&s, operations / (kinds[k].crowded ? 4 : 1), seed + z);
		}
	}
	for (unsigned z = 0; z < 4; z++)
		zone_destroy(zones[z]);
	return 0;
}
