/* report/report_scores.c: the relationship score of the customers as it is now, and how it moved. Each customer counts
 * once, with the score kept last: it is looked at after the events that the pack names (decide/relationship.h). */
#include "report/surveys.h"

#include "state/scores.h"

#define BANDS 5

static const char *const bands[BANDS] = { "0-20", "20-40", "40-60", "60-80", "80-100" };
static const char *const band_columns[BANDS] = { "to_20", "to_40", "to_60", "to_80", "to_100" };

struct row {
	struct slice by[REPORT_BY];
	int64_t customers, score, growth, bands[BANDS];
	const int64_t *moves;
};

static bool same(const struct slice *a, const struct slice *b)
{
	for (unsigned i = 0; i < REPORT_BY; i++)
		if (!slice_equal(a[i], b[i]))
			return false;
	return true;
}

static struct row *row_of(struct row *rows, size_t *count, const struct slice *by)
{
	for (size_t i = 0; i < *count; i++)
		if (same(rows[i].by, by))
			return &rows[i];
	struct row *r = &rows[(*count)++];
	*r = (struct row){ .customers = 0 };
	memcpy(r->by, by, sizeof(r->by));
	return r;
}

static bool is_by_band(const struct report_making *m)
{
	for (unsigned i = 0; i < m->ask->by_count; i++)
		if (slice_equal(m->ask->by[i], SLICE("band")))
			return true;
	return false;
}

static struct row *rows_of(struct report_making *m, size_t *count)
{
	size_t group_count;
	const struct report_group *groups = report_groups(m, 1, NULL, &group_count);
	struct row *rows = arena_calloc(m->arena, m->ledgers[0].count + group_count + 1, sizeof(*rows));
	*count = 0;
	for (size_t i = 0; i < m->ledgers[0].count; i++) {
		const struct ledger_row *stock = &m->ledgers[0].rows[i];
		struct slice by[REPORT_BY] = { { "", 0 }, { "", 0 }, { "", 0 } };
		report_key(m, 0, stock, by);
		struct row *r = row_of(rows, count, by);
		r->customers += stock->sums[SCORES_CUSTOMERS];
		r->score += stock->sums[SCORES_SCORE];
		r->growth += stock->sums[SCORES_GROWTH];
		for (unsigned k = 0; k < BANDS; k++)
			if (slice_equal(stock->dims[SCORES_BAND], slice_of(bands[k])))
				r->bands[k] += stock->sums[SCORES_CUSTOMERS];
	}
	for (size_t i = 0; i < group_count && !is_by_band(m); i++)
		row_of(rows, count, groups[i].by)->moves = groups[i].sums;
	return rows;
}

static void put_mean(struct report_making *m, int64_t sum, int64_t count, double unit)
{
	report_put(m, count ? value_number((double)sum / unit / (double)count) : value_unknown());
}

static void put_moves(struct report_making *m, const int64_t *moves, bool known)
{
	static const int64_t none[LEDGER_MEASURES];
	const int64_t *n = moves ? moves : none;
	for (unsigned i = MOVES_FIRST; i <= MOVES_DOWN; i++)
		report_put(m, known ? value_number((double)n[i]) : value_unknown());
	report_put(m, known ? value_number((double)(n[MOVES_POINTS_UP] - n[MOVES_POINTS_DOWN]) / 1e6) : value_unknown());
}

static void columns(struct report_making *m)
{
	const char *money = m->pack->currency ? m->pack->currency->data : "money";
	report_key_columns(m);
	report_column(m, "customers", "count", "customers of whom a relationship score is known");
	report_column(m, "score", "points", "mean relationship score, 0 to 100, of the score kept last of each customer");
	for (unsigned i = 0; i < BANDS; i++)
		report_column(m, band_columns[i], "share", arena_printf(m->arena, "share of them whose score is %s, the upper end left "
			      "out but for 100", bands[i]).data);
	report_column(m, "growth", money, "mean growth potential a month, as the pack reckons it, in JSON and CSV in the smallest unit");
	report_column(m, "growth_all", money, "the same of all of them together");
	report_column(m, "first", "count", "in the time asked for: customers scored for the first time");
	report_column(m, "up", "count", "in that time: moves of a customer's score upward by a point or more");
	report_column(m, "down", "count", "in that time: moves downward by a point or more");
	report_column(m, "moved", "points", "in that time: all points gained less all points lost");
}

static void make(struct report_making *m)
{
	size_t count;
	columns(m);
	const struct row *rows = rows_of(m, &count);
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		report_row(m, r->by);
		report_put_count(m, r->customers);
		put_mean(m, r->score, r->customers, 1e6);
		for (unsigned k = 0; k < BANDS; k++)
			report_put_ratio(m, r->bands[k], r->customers);
		put_mean(m, r->growth, r->customers, 1);
		report_put_count(m, r->growth);
		put_moves(m, r->moves, !is_by_band(m));
	}
	if (count)
		report_remark(m, "Scores are those of now, whatever time is asked for; that is for moves only.");
}

const struct report_decl report_scores = {
	.name = "scores",
	.help = "the relationship score: its mean, its bands, who moved, growth potential",
	.ledgers = { LEDGER_SCORES, LEDGER_SCORE_MOVES },
	.ledger_count = 2,
	.by = { "segment", "band" },
	.default_by = "segment",
	.keep = { "band" },
	.make = make,
};
