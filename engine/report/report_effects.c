/* report/report_effects.c: what came after an action, in customers to whom it was recommended and in those who were held out.
 * Both arms are fixed when the action would first stand in the answer (decide/exposure.h); what is compared is all of
 * the one with all of the other, whatever became of the recommendation.
 *
 * Only exposures that are over are in it: of a day that lies the whole span back. Shares by Newcombe, means by Welch: base/stats.h. */
#include "report/actions.h"
#include "state/actions.h"

#include "base/stats.h"

#include <math.h>

struct span_decl {
	const char *name;
	int days;
	unsigned first; /* measure */
};
static const struct span_decl spans[] = { { "30d", 30, ACTIONS_AFTER_30 }, { "90d", 90, ACTIONS_AFTER_90 } };

enum { RECOMMENDED, WITHHELD, ARMS };
struct arms {
	const int64_t *sums[ARMS]; /* NULL: nobody */
};

static int64_t of(const struct arms *a, unsigned arm, unsigned measure)
{
	return a->sums[arm] ? a->sums[arm][measure] : 0;
}

struct measured {
	int64_t count[ARMS];
	double value[ARMS]; /* NAN: unknown */
	struct stats_range difference;
};

static struct measured share(const struct arms *a, unsigned measure)
{
	struct measured x;
	for (unsigned i = 0; i < ARMS; i++) {
		x.count[i] = of(a, i, ACTIONS_EXPOSED);
		x.value[i] = x.count[i] ? (double)of(a, i, measure) / (double)x.count[i] : NAN;
	}
	x.difference = stats_share_difference(of(a, RECOMMENDED, measure), x.count[RECOMMENDED], of(a, WITHHELD, measure),
					      x.count[WITHHELD]);
	return x;
}

static struct measured mean(const struct arms *a, unsigned count, unsigned sum, unsigned squares, double unit)
{
	struct measured x;
	struct stats_sample samples[ARMS];
	for (unsigned i = 0; i < ARMS; i++) {
		x.count[i] = of(a, i, count);
		samples[i] = stats_sample_of(x.count[i], (double)of(a, i, sum) / unit, (double)of(a, i, squares) / unit);
		x.value[i] = samples[i].mean;
	}
	x.difference = stats_mean_difference(samples[RECOMMENDED], samples[WITHHELD]);
	return x;
}

static bool asked_for(const struct report_making *m, const char *dim, const char *value)
{
	for (unsigned i = 0; i < m->ask->where_count; i++)
		if (slice_equal(m->ask->where[i].dim, slice_of(dim)) && !slice_equal(m->ask->where[i].value, slice_of(value)))
			return false;
	return true;
}

static void put(struct report_making *m, double n)
{
	report_put(m, isfinite(n) ? value_number(n) : value_unknown());
}

static void put_row(struct report_making *m, const struct slice *by, const struct span_decl *span, const char *measure,
		    const struct measured *x)
{
	bool known = stats_known(x->difference);
	if (!asked_for(m, "measure", measure))
		return;
	report_row(m, by);
	report_put(m, value_string(slice_of(measure)));
	report_put(m, value_string(slice_of(span->name)));
	report_put_count(m, x->count[RECOMMENDED]);
	report_put_count(m, x->count[WITHHELD]);
	for (unsigned i = 0; i < ARMS; i++)
		put(m, x->value[i]);
	put(m, known ? x->difference.value : NAN);
	put(m, x->difference.low);
	put(m, x->difference.high);
	report_put(m, known ? value_bool(x->difference.low > 0 || x->difference.high < 0) : value_unknown());
}

static void put_span(struct report_making *m, const struct slice *by, const struct span_decl *span, const struct arms *a)
{
	unsigned f = span->first;
	struct measured contacted = share(a, f + AFTER_CONTACTED), complained = share(a, f + AFTER_COMPLAINED);
	struct measured lost = share(a, f + AFTER_LOST);
	struct measured contacts = mean(a, ACTIONS_EXPOSED, f + AFTER_CONTACTS, f + AFTER_CONTACTS_SQUARED, 1);
	struct measured mood = mean(a, f + AFTER_MOODS, f + AFTER_MOOD, f + AFTER_MOOD_SQUARED, 1e6);
	put_row(m, by, span, "contacted", &contacted);
	put_row(m, by, span, "contacts", &contacts);
	put_row(m, by, span, "complained", &complained);
	put_row(m, by, span, "mood", &mood);
	put_row(m, by, span, "lost", &lost);
}

/* An exposure of that day is over: the span has passed since its last moment. */
static bool over_30(const struct report_making *m, const struct ledger_row *row)
{
	return row->day + spans[0].days < m->today;
}

static bool over_90(const struct report_making *m, const struct ledger_row *row)
{
	return row->day + spans[1].days < m->today;
}

static bool is_recommended(const struct ledger_row *row)
{
	return slice_equal(row->dims[ACTION_DIM_ARM], SLICE(ARM_TEXT_RECOMMENDED));
}

static bool is_withheld(const struct ledger_row *row)
{
	return slice_equal(row->dims[ACTION_DIM_ARM], SLICE(ARM_TEXT_WITHHELD));
}

#define WHICH(arm, over) \
	static bool arm##_##over(const struct report_making *m, const struct ledger_row *row) \
	{ \
		return over(m, row) && is_##arm(row); \
	}
WHICH(recommended, over_30)
WHICH(withheld, over_30)
WHICH(recommended, over_90)
WHICH(withheld, over_90)

struct side {
	struct report_group *groups;
	size_t count, at;
};

static int order_of(const struct report_making *m, const struct slice *a, const struct slice *b)
{
	int order = 0;
	for (unsigned i = 0; i < m->ask->by_count && !order; i++)
		order = slice_compare(a[i], b[i]);
	return order;
}

/* Both sides are in the order of their keys: a row for each key that either has. */
static void put_groups(struct report_making *m, const struct span_decl *span, struct side s[ARMS])
{
	if (!asked_for(m, "after", span->name))
		return;
	while (s[RECOMMENDED].at < s[RECOMMENDED].count || s[WITHHELD].at < s[WITHHELD].count) {
		const struct report_group *g[ARMS];
		struct arms a = { { NULL, NULL } };
		for (unsigned i = 0; i < ARMS; i++)
			g[i] = s[i].at < s[i].count ? &s[i].groups[s[i].at] : NULL;
		int order = !g[WITHHELD] ? -1 : !g[RECOMMENDED] ? 1 : order_of(m, g[RECOMMENDED]->by, g[WITHHELD]->by);
		for (unsigned i = 0; i < ARMS; i++) {
			if (i == RECOMMENDED ? order > 0 : order < 0)
				continue;
			a.sums[i] = g[i]->sums;
			s[i].at++;
		}
		put_span(m, order > 0 ? g[WITHHELD]->by : g[RECOMMENDED]->by, span, &a);
	}
}

static void columns(struct report_making *m)
{
	report_key_columns(m);
	report_column(m, "measure", "", "contacted: share with a contact; contacts: contacts a customer; complained: share with a "
					"complaint; mood: mean mood after, less the last one before; lost: share who left");
	report_column(m, "after", "", "within so many days of the moment in which it was to be recommended");
	report_column(m, "n_recommended", "count", "customers of the arm to whom it was recommended; of mood those whose change is known");
	report_column(m, "n_withheld", "count", "customers of the arm that was held out, alike");
	report_column(m, "recommended", "", "the measure among them");
	report_column(m, "withheld", "", "the measure among those held out");
	report_column(m, "difference", "", "recommended less withheld");
	report_column(m, "low", "", "its 95 % interval, from: Newcombe's of shares, Welch's of means");
	report_column(m, "high", "", "… to");
	report_column(m, "sure", "", "the interval does not hold 0");
}

static void without_holdout(struct report_making *m)
{
	unsigned without = 0;
	const struct pack *p = m->pack;
	for (unsigned i = 0; i < p->action_count; i++)
		without += !(p->actions[i].holdout > 0);
	if (without)
		report_remark(m, "%u of %u actions have no holdout: there is nothing to compare them with", without, p->action_count);
	report_remark(m, "exposures of days that lie less than the span back are not over, and not in it");
}

static void make(struct report_making *m)
{
	struct side first[ARMS] = { 0 }, second[ARMS] = { 0 };
	first[RECOMMENDED].groups = report_groups(m, 0, recommended_over_30, &first[RECOMMENDED].count);
	first[WITHHELD].groups = report_groups(m, 0, withheld_over_30, &first[WITHHELD].count);
	second[RECOMMENDED].groups = report_groups(m, 0, recommended_over_90, &second[RECOMMENDED].count);
	second[WITHHELD].groups = report_groups(m, 0, withheld_over_90, &second[WITHHELD].count);
	columns(m);
	put_groups(m, &spans[0], first);
	put_groups(m, &spans[1], second);
	without_holdout(m);
}

const struct report_decl report_effects = {
	.name = "effects",
	.help = "what came after actions, against customers who were held out",
	.ledgers = { LEDGER_ACTIONS },
	.ledger_count = 1,
	.by = { "action", "group", "goal", "channel", "agent", "month", NULL },
	.picks = { "measure", "after", NULL },
	.default_by = "action",
	.keep = { "arm", NULL },
	.make = make,
};
