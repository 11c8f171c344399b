/* report/report_after.c: customers lost after contact with an agent or about a topic, against expectation.
 *
 * Each loss is held against the last contact before it, within the days that the pack says (30): so a loss counts once,
 * and contacts are what customers were exposed to. Some of those who call would have left anyway, and agents do not all
 * get the same customers. So what is expected is what would have been lost, had the customers of these contacts left as
 * those of all contacts did who are like them (indirect standardisation):
 *
 *     expected = sum over cells of contacts x (lost of all in the cell / contacts of all in the cell)
 *     ratio    = lost / expected; 1 is as expected
 *
 * a cell being the values that the pack tells customers apart by, as they were at the contact. The interval of the ratio
 * is Byar's approximation of the exact one for a Poisson count O (Breslow and Day, Statistical Methods in Cancer Research
 * II, IARC 1987, p. 69), base/stats.h. It is shown from SMALLEST contacts on, else nobody could tell anything.
 *
 * A contact counts once its days have passed (matured); those of before are told apart as provisional. */
#include "base/stats.h"
#include "report/lasting.h"
#include "state/customers.h"

#define SMALLEST 30
#define DAY_MS (24 * 3600 * 1000LL)

static bool matured(const struct report_making *m, const struct ledger_row *row)
{
	int32_t days = (int32_t)((m->pack->churn->within_ms + DAY_MS - 1) / DAY_MS);
	return churn_row(m, row) && row->day + days < m->today;
}

struct stratum {
	const struct slice *cell;
	int64_t contacts, lost;
};

struct strata {
	struct stratum *list;
	size_t count;
};

static struct stratum *stratum_of(const struct strata *s, const struct ledger_row *row)
{
	for (size_t i = 0; i < s->count; i++) {
		bool same = true;
		for (unsigned k = 0; k < CHURN_BY && same; k++)
			same = slice_equal(s->list[i].cell[k], row->dims[1 + k]);
		if (same)
			return &s->list[i];
	}
	return NULL;
}

/* Of all contacts, whoever had them. */
static struct strata strata_of(struct report_making *m)
{
	const struct ledger_rows *rows = &m->ledgers[CHURN_TOUCHES];
	struct strata s = { arena_alloc(m->arena, (rows->count + 1) * sizeof(*s.list)), 0 };
	for (size_t i = 0; i < rows->count; i++) {
		const struct ledger_row *row = &rows->rows[i];
		if (!matured(m, row))
			continue;
		struct stratum *at = stratum_of(&s, row);
		if (!at) {
			at = &s.list[s.count++];
			*at = (struct stratum){ .cell = &row->dims[1] };
		}
		at->contacts += row->sums[TOUCHED];
		at->lost += row->sums[TOUCHED_LOST];
	}
	return s;
}

/* One row of the ledger after another, added to the group that it is in. */
static double expected_of(struct report_making *m, const struct strata *s, const struct report_group *g)
{
	const struct ledger_rows *rows = &m->ledgers[CHURN_TOUCHES];
	double expected = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct ledger_row *row = &rows->rows[i];
		struct slice by[REPORT_BY] = { { NULL, 0 } };
		bool same = matured(m, row) && report_where(m, CHURN_TOUCHES, row);
		if (!same)
			continue;
		report_key(m, CHURN_TOUCHES, row, by);
		for (unsigned k = 0; k < m->ask->by_count && same; k++)
			same = slice_equal(by[k], g->by[k]);
		const struct stratum *at = same ? stratum_of(s, row) : NULL;
		if (at && at->contacts)
			expected += (double)row->sums[TOUCHED] * (double)at->lost / (double)at->contacts;
	}
	return expected;
}

static void columns(struct report_making *m)
{
	report_key_columns(m);
	report_column(m, "contacts", "count", "contacts with customers who were there then, whose time to leave (30 days, or as the "
		      "pack's `within` says) has passed");
	report_column(m, "lost", "count", "customers who left within that time, this contact being the last before it");
	report_column(m, "share", "share", "lost / contacts");
	report_column(m, "expected", "", "lost, had the customers left as those like them did after all contacts of the time");
	report_column(m, "ratio", "", "lost / expected: 1 is as expected; from 30 contacts on");
	report_column(m, "ratio_low", "", "its 95 % interval (Byar), from");
	report_column(m, "ratio_high", "", "… to");
	report_column(m, "against", "", "more or fewer than expected, where the interval does not hold 1");
	report_column(m, "mood", "", "mean mood at the end of the contacts that had one, -1 to 1");
	report_column(m, "mood_lost", "", "the same of the last contacts with those who left");
	report_column(m, "provisional", "count", "contacts whose time to leave still runs");
	report_column(m, "provisional_lost", "count", "customers lost after those so far");
}

static void put_mood(struct report_making *m, int64_t sum, int64_t count)
{
	report_put(m, count ? value_number((double)sum / 1e6 / (double)count) : value_unknown());
}

static void put_group(struct report_making *m, const struct report_group *g, const int64_t *open, double expected)
{
	const int64_t *sums = g->sums;
	bool enough = sums[TOUCHED] >= SMALLEST && expected > 0;
	struct stats_range r = stats_count_ratio(sums[TOUCHED_LOST], expected);
	report_row(m, g->by);
	report_put_count(m, sums[TOUCHED]);
	report_put_count(m, sums[TOUCHED_LOST]);
	report_put_ratio(m, sums[TOUCHED_LOST], sums[TOUCHED]);
	report_put(m, value_number(expected));
	report_put(m, enough ? value_number(r.value) : value_unknown());
	report_put(m, enough ? value_number(r.low) : value_unknown());
	report_put(m, enough ? value_number(r.high) : value_unknown());
	report_put(m, !enough || (r.low <= 1 && r.high >= 1) ? value_unknown()
						       : value_string(r.low > 1 ? SLICE("more") : SLICE("fewer")));
	put_mood(m, sums[TOUCHED_MOOD], sums[TOUCHED_MOODS]);
	put_mood(m, sums[TOUCHED_LOST_MOOD], sums[TOUCHED_LOST_MOODS]);
	report_put_count(m, open[TOUCHED]);
	report_put_count(m, open[TOUCHED_LOST]);
}

void report_after(struct report_making *m)
{
	static const int64_t nothing[LEDGER_MEASURES];
	size_t count, ripe_count, at = 0;
	struct report_group *groups = report_groups(m, CHURN_TOUCHES, churn_row, &count);
	struct report_group *ripe = report_groups(m, CHURN_TOUCHES, matured, &ripe_count);
	struct strata s = strata_of(m);
	columns(m);
	for (size_t i = 0; i < count; i++) {
		bool has = at < ripe_count;
		for (unsigned k = 0; k < m->ask->by_count && has; k++)
			has = slice_equal(ripe[at].by[k], groups[i].by[k]);
		struct report_group shown = groups[i];
		int64_t open[LEDGER_MEASURES];
		memcpy(shown.sums, has ? ripe[at].sums : nothing, sizeof(shown.sums));
		for (unsigned k = 0; k < LEDGER_MEASURES; k++)
			open[k] = groups[i].sums[k] - shown.sums[k];
		put_group(m, &shown, open, expected_of(m, &s, &shown));
		at += has;
	}
	if (!m->pack->churn->contacts)
		report_remark(m, "the pack does not say which contacts a loss may come after: churn { contacts = … }");
}
