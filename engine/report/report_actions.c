/* report/report_actions.c: what became of what was recommended, and what it brought in and gave away. What came after it is
 * another matter: report_effects.c. */
#include "report/actions.h"
#include "state/actions.h"

#include "base/stats.h"

static void columns(struct report_making *m)
{
	const char *money = m->pack->currency ? m->pack->currency->data : "money";
	report_key_columns(m);
	report_column(m, "recommended", "count", "customers to whom it was recommended, once in 90 days; of actions with a holdout");
	report_column(m, "withheld", "count", "customers who were held out where it would have been recommended, once in 90 days");
	report_column(m, "shown", "count", "outcomes \"shown\": the agent saw it");
	report_column(m, "offered", "count", "outcomes \"offered\": the customer heard of it");
	report_column(m, "accepted", "count", "outcomes \"accepted\"");
	report_column(m, "rejected", "count", "outcomes \"rejected\"");
	report_column(m, "later", "count", "outcomes \"later\": put off");
	report_column(m, "ignored", "count", "offers without an answer in time");
	report_column(m, "overruled", "count", "the agent knew better; `report reasons` says why");
	report_column(m, "acceptance", "share", "accepted of accepted, rejected and ignored");
	report_column(m, "acceptance_low", "share", "its 95 % interval (Wilson), from");
	report_column(m, "acceptance_high", "share", "… to");
	report_column(m, "acceptance_control", "share", "the same among customers of the pack's control group, who are decided about "
						       "without what was learned");
	report_column(m, "control_low", "share", "acceptance less that of the control group: its 95 % interval (Newcombe), from");
	report_column(m, "control_high", "share", "… to");
	report_column(m, "revenue", money, "revenue of what was accepted, as outcomes say, in JSON and CSV in the smallest unit");
	report_column(m, "cost", money, "cost of what was accepted, as outcomes or the action say, in JSON and CSV in the smallest unit");
}

static bool is_arm(const struct ledger_row *row, const char *arm)
{
	return slice_equal(row->dims[ACTION_DIM_ARM], slice_of(arm));
}

/* Where rows are not by arm, what each arm comes to is found by going through the ledger once more for each. */
static bool of_control(const struct report_making *m, const struct ledger_row *row)
{
	(void)m;
	return is_arm(row, ARM_TEXT_CONTROL);
}

static bool of_recommended(const struct report_making *m, const struct ledger_row *row)
{
	(void)m;
	return is_arm(row, ARM_TEXT_RECOMMENDED);
}

static bool of_withheld(const struct report_making *m, const struct ledger_row *row)
{
	(void)m;
	return is_arm(row, ARM_TEXT_WITHHELD);
}

struct arm {
	const struct report_group *groups;
	size_t count, at;
};

static struct arm arm_of(struct report_making *m, bool (*which)(const struct report_making *m, const struct ledger_row *row))
{
	struct arm a = { 0 };
	a.groups = report_groups(m, 0, which, &a.count);
	return a;
}

/* Groups of both are in one order. NULL: the arm has none of that key. */
static const int64_t *same_key(struct arm *a, const struct report_group *g, unsigned by_count)
{
	for (; a->at < a->count; a->at++) {
		int order = 0;
		for (unsigned i = 0; i < by_count && !order; i++)
			order = slice_compare(a->groups[a->at].by[i], g->by[i]);
		if (order == 0)
			return a->groups[a->at].sums;
		if (order > 0)
			return NULL;
	}
	return NULL;
}

static int64_t outcomes(const int64_t *sums, enum outcome_kind kind)
{
	return sums ? sums[ACTIONS_OUTCOMES + (unsigned)kind - OUTCOME_SHOWN] : 0;
}

static int64_t answers(const int64_t *sums)
{
	return outcomes(sums, OUTCOME_ACCEPTED) + outcomes(sums, OUTCOME_REJECTED) + outcomes(sums, OUTCOME_IGNORED);
}

static void put_bound(struct report_making *m, struct stats_range r, double bound)
{
	report_put(m, stats_known(r) ? value_number(bound) : value_unknown());
}

static void row(struct report_making *m, const struct report_group *g, struct arm arms[3])
{
	const int64_t *recommended = same_key(&arms[0], g, m->ask->by_count), *withheld = same_key(&arms[1], g, m->ask->by_count);
	const int64_t *control = same_key(&arms[2], g, m->ask->by_count), *all = g->sums;
	int64_t yes = outcomes(all, OUTCOME_ACCEPTED) - outcomes(control, OUTCOME_ACCEPTED), of = answers(all) - answers(control);
	int64_t control_yes = outcomes(control, OUTCOME_ACCEPTED), control_of = answers(control);
	struct stats_range share = stats_share(yes, of);
	struct stats_range difference = stats_share_difference(yes, of, control_yes, control_of);
	report_row(m, g->by);
	report_put_count(m, recommended ? recommended[ACTIONS_EXPOSED] : 0);
	report_put_count(m, withheld ? withheld[ACTIONS_EXPOSED] : 0);
	for (unsigned kind = OUTCOME_SHOWN; kind <= OUTCOME_OVERRULED; kind++)
		report_put_count(m, outcomes(all, (enum outcome_kind)kind));
	report_put_ratio(m, yes, of);
	put_bound(m, share, share.low);
	put_bound(m, share, share.high);
	report_put_ratio(m, control_yes, control_of);
	put_bound(m, difference, difference.low);
	put_bound(m, difference, difference.high);
	report_put_count(m, all[ACTIONS_REVENUE]);
	report_put_count(m, all[ACTIONS_COST]);
}

static void make(struct report_making *m)
{
	size_t count;
	struct report_group *groups = report_groups(m, 0, NULL, &count);
	struct arm arms[] = { arm_of(m, of_recommended), arm_of(m, of_withheld), arm_of(m, of_control) };
	columns(m);
	for (size_t i = 0; i < count; i++)
		row(m, &groups[i], arms);
	report_remark(m, "acceptance is that of customers outside the control group");
	if (!m->pack->holds_out)
		report_remark(m, "no action has a holdout: whom it was recommended to is not counted, and what it does cannot be told");
	else
		report_remark(m, "what came after, in both arms: report effects; what agents said: report reasons");
}

const struct report_decl report_actions = {
	.name = "actions",
	.help = "what became of recommendations, and what they brought in and gave away",
	.ledgers = { LEDGER_ACTIONS },
	.ledger_count = 1,
	.by = { "action", "group", "goal", "channel", "agent", "month", "day", "arm", NULL },
	.default_by = "action",
	.keep = { "arm", NULL },
	.make = make,
};
