/* report/report_contracts.c: how sales fared: what became of them 30, 90, 180 and 365 days on. So that who sells is seen by
 * the customers who stayed and are content, and not by signatures and calls an hour alone, which stand beside it.
 *
 * A sale is counted in the day on which the contract began. At a horizon only those count whose days have passed
 * (matured); the others are told apart as provisional. A contract ended by its customer before the horizon is not kept,
 * for whatever reason. What happened to the relationship is what happened from its begin to the horizon, while it ran. */
#include "report/lasting.h"
#include "state/contacts.h"
#include "state/contracts.h"

#include <stdio.h>

enum { SALES, HOURS };

static bool matured(const struct report_making *m, const struct ledger_row *row, unsigned horizon)
{
	return row->day + (int32_t)contract_horizons[horizon] < m->today;
}

static bool at_30(const struct report_making *m, const struct ledger_row *row)
{
	return matured(m, row, 0);
}

static bool at_90(const struct report_making *m, const struct ledger_row *row)
{
	return matured(m, row, 1);
}

static bool at_180(const struct report_making *m, const struct ledger_row *row)
{
	return matured(m, row, 2);
}

static bool at_365(const struct report_making *m, const struct ledger_row *row)
{
	return matured(m, row, 3);
}

static void columns(struct report_making *m)
{
	report_key_columns(m);
	report_column(m, "days", "days", "after the begin of the contract: where the sales of the time stand then");
	report_column(m, "sold", "count", "contracts that began: sign-ups");
	report_column(m, "renewals", "count", "how often those were renewed since, whenever");
	report_column(m, "matured", "count", "those whose days have passed: what follows is of them");
	report_column(m, "provisional", "count", "those whose days still run");
	report_column(m, "kept", "share", "contracts that had not been ended by then");
	report_column(m, "satisfied", "share", "contracts kept with nothing against it: what the customer said since (moods, answers, "
		      "complaints closed to their satisfaction or not) is not negative on the whole, or they said nothing and did not "
		      "complain");
	report_column(m, "complained", "share", "contracts with a complaint by then");
	report_column(m, "complaints", "", "complaints a contract");
	report_column(m, "contacts", "", "contacts a contract");
	report_column(m, "repeats", "share", "contacts about the topic of one within 7 days before, of all contacts");
	report_column(m, "mood", "", "mean of what the customers said, -1 to 1");
	report_column(m, "sales_per_hour", "", "sold for each hour in contacts; by agent, where the pack declares contacts { }");
	report_column(m, "contacts_per_hour", "", "contacts served for each such hour");
}

static bool same_key(const struct report_making *m, const struct slice *a, const struct slice *b)
{
	for (unsigned i = 0; i < m->ask->by_count; i++)
		if (!slice_equal(a[i], b[i]))
			return false;
	return true;
}

static const int64_t *sums_of(const struct report_making *m, const struct report_group *groups, size_t count,
			      const struct slice *by)
{
	static const int64_t nothing[LEDGER_MEASURES];
	for (size_t i = 0; i < count; i++)
		if (same_key(m, groups[i].by, by))
			return groups[i].sums;
	return nothing;
}

static void put_per_hour(struct report_making *m, int64_t n, int64_t ms)
{
	report_put(m, ms > 0 ? value_number((double)n * 3600e3 / (double)ms) : value_unknown());
}

static void put_row(struct report_making *m, const struct report_group *all, const int64_t *ripe, unsigned h,
		    const int64_t *hours)
{
	const int64_t *at = ripe + CONTRACTS_AT + h * CONTRACTS_AT_COUNT;
	int64_t n = ripe[CONTRACTS_SOLD];
	report_row(m, all->by);
	report_put_count(m, contract_horizons[h]);
	report_put_count(m, all->sums[CONTRACTS_SOLD]);
	report_put_count(m, all->sums[CONTRACTS_RENEWALS]);
	report_put_count(m, n);
	report_put_count(m, all->sums[CONTRACTS_SOLD] - n);
	report_put_ratio(m, n - at[AT_LOST], n);
	report_put_ratio(m, at[AT_CONTENT], n);
	report_put_ratio(m, at[AT_COMPLAINED], n);
	report_put_ratio(m, at[AT_COMPLAINTS], n);
	report_put_ratio(m, at[AT_CONTACTS], n);
	report_put_ratio(m, at[AT_REPEATS], at[AT_CONTACTS]);
	report_put(m, at[AT_SAID] ? value_number((double)at[AT_MOOD] / 1e6 / (double)at[AT_SAID]) : value_unknown());
	put_per_hour(m, all->sums[CONTRACTS_SOLD], hours ? hours[CONTACTS_HANDLE_MS_SUM] : 0);
	put_per_hour(m, hours ? hours[CONTACTS_SERVED] : 0, hours ? hours[CONTACTS_HANDLE_MS_SUM] : 0);
}

/* `where` days=90: that horizon alone. */
static bool asked(const struct report_making *m, unsigned h)
{
	char text[16];
	snprintf(text, sizeof(text), "%u", contract_horizons[h]);
	for (unsigned i = 0; i < m->ask->where_count; i++)
		if (slice_equal(m->ask->where[i].dim, SLICE("days")) && !slice_equal(m->ask->where[i].value, slice_of(text)))
			return false;
	return true;
}

static void make(struct report_making *m)
{
	static bool (*const ripe_at[CONTRACT_HORIZONS])(const struct report_making *m, const struct ledger_row *row) = {
		at_30, at_90, at_180, at_365
	};
	size_t count, hour_count, ripe_count[CONTRACT_HORIZONS];
	struct report_group *ripe[CONTRACT_HORIZONS], *all = report_groups(m, SALES, NULL, &count);
	struct report_group *hours = report_groups(m, HOURS, NULL, &hour_count);
	bool of_agents = true;
	for (unsigned i = 0; i < m->ask->by_count; i++)
		of_agents &= !slice_equal(m->ask->by[i], SLICE("campaign")) && !slice_equal(m->ask->by[i], SLICE("product"));
	for (unsigned h = 0; h < CONTRACT_HORIZONS; h++)
		ripe[h] = report_groups(m, SALES, ripe_at[h], &ripe_count[h]);
	columns(m);
	for (size_t i = 0; i < count; i++) {
		const int64_t *hour = of_agents ? sums_of(m, hours, hour_count, all[i].by) : NULL;
		for (unsigned h = 0; h < CONTRACT_HORIZONS; h++)
			if (asked(m, h))
				put_row(m, &all[i], sums_of(m, ripe[h], ripe_count[h], all[i].by), h, hour);
	}
	if (!m->pack->contract)
		report_remark(m, "the pack does not say when contracts begin and end: contract { starts = …, ends = … }");
}

const struct report_decl report_contracts = {
	.name = "contracts",
	.help = "how sales fared at 30, 90, 180 and 365 days, by who sold them: kept, satisfied, complaints, contacts, mood; beside "
		"sales and contacts an hour",
	.ledgers = { LEDGER_CONTRACTS, LEDGER_CONTACTS },
	.ledger_count = 2,
	.by = { "agent", "campaign", "product", "day", "month" },
	.picks = { "days" },
	.default_by = "agent",
	.make = make,
};
