/* report/report_budgets.c: what was given away and promised, by month, beside the budgets that the pack has now. What counts is
 * decide/spending.h's. */
#include "report/actions.h"
#include "state/actions.h"

/* The value that rows have of a dimension; NULL: they are not by it. */
static const struct slice *by_value(const struct report_making *m, const struct slice *by, const char *dim)
{
	for (unsigned i = 0; i < m->ask->by_count; i++)
		if (slice_equal(m->ask->by[i], slice_of(dim)))
			return &by[i];
	return NULL;
}

static bool is_of(const struct str *name, const struct slice *value)
{
	return name ? value && slice_equal(str_slice(name), *value) : value == NULL;
}

/* The budget of just what the row is about; NULL: none. */
static const struct policy_decl *budget_of(const struct report_making *m, const struct slice *by)
{
	const struct slice *goal = by_value(m, by, "goal"), *group = by_value(m, by, "group"), *action = by_value(m, by, "action");
	if (!by_value(m, by, "month"))
		return NULL;
	for (unsigned i = 0; i < m->pack->policy_count; i++) {
		const struct policy_decl *p = &m->pack->policies[i];
		if (p->kind == POLICY_BUDGET && is_of(p->goal, goal) && is_of(p->group, group) && is_of(p->action, action))
			return p;
	}
	return NULL;
}

static void put_bound(struct report_making *m, int64_t bound, int64_t used)
{
	report_put(m, bound >= 0 ? value_number((double)bound) : value_unknown());
	report_put(m, bound >= 0 ? value_number((double)(bound - used)) : value_unknown());
}

static void make(struct report_making *m)
{
	const char *money = m->pack->currency ? m->pack->currency->data : "money";
	size_t count;
	struct report_group *groups = report_groups(m, 0, NULL, &count);
	report_key_columns(m);
	report_column(m, "given", money, "what was accepted gives away, and offers that wait for an answer promise, in JSON and CSV in the smallest unit");
	report_column(m, "budget", money, "what the pack allows for it in a month, as it is now");
	report_column(m, "left", money, "budget less given; below 0: overshot");
	report_column(m, "offers", "count", "offers that were accepted, or wait for an answer");
	report_column(m, "offers_budget", "count", "how many the pack allows for it in a month");
	report_column(m, "offers_left", "count", "offers_budget less offers");
	for (size_t i = 0; i < count; i++) {
		const struct policy_decl *p = budget_of(m, groups[i].by);
		int64_t given = groups[i].sums[SPENT_MONEY], offers = groups[i].sums[SPENT_OFFERS];
		report_row(m, groups[i].by);
		report_put_count(m, given);
		put_bound(m, p ? p->budget_money : -1, given);
		report_put_count(m, offers);
		put_bound(m, p ? p->budget_offers : -1, offers);
	}
	if (!m->pack->budget_count)
		report_remark(m, "the pack has no budget");
}

const struct report_decl report_budgets = {
	.name = "budgets",
	.help = "what was given away in each month, and what is left of budgets",
	.ledgers = { LEDGER_SPENT },
	.ledger_count = 1,
	.by = { "month", "group", "goal", "action", NULL },
	.default_by = "month,group",
	.make = make,
};
