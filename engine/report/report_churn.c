/* report/report_churn.c: who came, who left, and what share that is of those who were there.
 *
 * The ledger of losses has what happened by day; the stock has who is there now. So who was there at any time follows:
 *
 *     end    = there now, less what came and plus what went since
 *     start  = end - joined - returned - moved + lost
 *     of     = start + joined + returned, and those who moved over where more came than went: who was there at some time
 *     churn  = lost / of
 *
 * Rows by month go backwards from now, each beginning with the start of the one after it. */
#include "base/stats.h"
#include "report/lasting.h"
#include "state/customers.h"

static bool names(const struct report_making *m, const char *dim)
{
	for (unsigned i = 0; i < m->ask->by_count; i++)
		if (slice_equal(m->ask->by[i], slice_of(dim)))
			return true;
	for (unsigned i = 0; i < m->ask->where_count; i++)
		if (slice_equal(m->ask->where[i].dim, slice_of(dim)))
			return true;
	return false;
}

static bool of_pack(const struct report_making *m, const struct ledger_row *row)
{
	return slice_equal(row->dims[0], str_slice(m->pack->churn->of));
}

bool churn_row(const struct report_making *m, const struct ledger_row *row)
{
	int32_t first, last;
	report_days(m->ask, m->pack, &first, &last);
	return row->day >= first && row->day <= last && of_pack(m, row);
}

static bool later_row(const struct report_making *m, const struct ledger_row *row)
{
	int32_t first, last;
	report_days(m->ask, m->pack, &first, &last);
	return row->day > last && of_pack(m, row);
}

static int64_t net(const int64_t *sums)
{
	return sums[CHURN_JOINED] + sums[CHURN_RETURNED] + sums[CHURN_MOVED_IN] - sums[CHURN_MOVED_OUT] - sums[CHURN_LOST];
}

/* Who is there of a cell, at the end of what is still to be shown of it. */
struct balance {
	struct slice by[REPORT_BY]; /* without what is of time */
	int64_t end;
	bool shown;
};

struct balances {
	struct balance *list;
	size_t count;
};

static bool is_time(const struct report_making *m, unsigned by)
{
	return slice_equal(m->ask->by[by], SLICE("day")) || slice_equal(m->ask->by[by], SLICE("month"));
}

static struct balance *balance_of(const struct report_making *m, const struct balances *b, const struct slice *by)
{
	for (size_t i = 0; i < b->count; i++) {
		bool same = true;
		for (unsigned k = 0; k < m->ask->by_count && same; k++)
			same = is_time(m, k) || slice_equal(b->list[i].by[k], by[k]);
		if (same)
			return &b->list[i];
	}
	return NULL;
}

static void balances_add(struct report_making *m, struct balances *b, const struct report_group *groups, size_t count,
			 int sign, bool stock)
{
	for (size_t i = 0; i < count; i++) {
		struct balance *of = balance_of(m, b, groups[i].by);
		if (!of) {
			of = &b->list[b->count++];
			*of = (struct balance){ .end = 0 };
			memcpy(of->by, groups[i].by, sizeof(of->by));
			for (unsigned k = 0; k < m->ask->by_count; k++)
				if (is_time(m, k))
					of->by[k] = (struct slice){ "", 0 };
		}
		of->end += sign * (stock ? groups[i].sums[CUSTOMERS_THERE] : net(groups[i].sums));
	}
}

static void put_share(struct report_making *m, int64_t part, int64_t whole)
{
	struct stats_range r = stats_share(part, whole);
	report_put_ratio(m, part, whole);
	report_put(m, stats_known(r) ? value_number(r.low) : value_unknown());
	report_put(m, stats_known(r) ? value_number(r.high) : value_unknown());
}

static void put_row(struct report_making *m, const struct slice *by, const int64_t *sums, int64_t end)
{
	int64_t moved = sums[CHURN_MOVED_IN] - sums[CHURN_MOVED_OUT];
	int64_t of = end + sums[CHURN_LOST] + (moved < 0 ? -moved : 0);
	report_row(m, by);
	report_put_count(m, end - net(sums));
	report_put_count(m, sums[CHURN_JOINED]);
	report_put_count(m, sums[CHURN_RETURNED]);
	report_put_count(m, moved);
	report_put_count(m, sums[CHURN_LOST]);
	report_put_count(m, end);
	report_put_count(m, of);
	put_share(m, sums[CHURN_LOST], of);
}

struct shown_row {
	const struct report_group *group; /* NULL: nothing happened there */
	const struct balance *quiet;
	int64_t end;
};

static void churn_columns(struct report_making *m)
{
	report_key_columns(m);
	report_column(m, "start", "count", "customers who were there when the time asked for began");
	report_column(m, "joined", "count", "customers who were seen for the first time");
	report_column(m, "returned", "count", "customers who had left and came back");
	report_column(m, "moved", "count", "customers who came over from other rows, less those who went to them");
	report_column(m, "lost", "count", "customers who left");
	report_column(m, "end", "count", "customers who were there at the end: start + joined + returned + moved - lost");
	report_column(m, "of", "count", "who was there at some time: start + joined + returned, + moved where more came than went");
	report_column(m, "churn", "share", "lost / of");
	report_column(m, "churn_low", "share", "its 95 % interval (Wilson), from");
	report_column(m, "churn_high", "share", "… to");
}

static void by_cells(struct report_making *m)
{
	size_t count, stock_count, later_count, shown = 0;
	struct report_group *groups = report_groups(m, CHURN_ROWS, churn_row, &count);
	struct report_group *stock = report_groups(m, CHURN_STOCK, of_pack, &stock_count);
	struct report_group *later = report_groups(m, CHURN_ROWS, later_row, &later_count);
	struct balances b = { arena_alloc(m->arena, (count + stock_count + later_count + 1) * sizeof(*b.list)), 0 };
	struct shown_row *rows = arena_alloc(m->arena, (count + stock_count + later_count + 1) * sizeof(*rows));
	bool timed = false;
	for (unsigned i = 0; i < m->ask->by_count; i++)
		timed |= is_time(m, i);
	balances_add(m, &b, stock, stock_count, 1, true);
	balances_add(m, &b, later, later_count, -1, false);
	balances_add(m, &b, groups, count, 1, false); /* makes room for those of whom nobody is left … */
	balances_add(m, &b, groups, count, -1, false);
	/* … and the newest first: within a cell, groups are in the order of time. */
	for (size_t i = count; i-- > 0;) {
		struct balance *of = balance_of(m, &b, groups[i].by);
		rows[shown++] = (struct shown_row){ &groups[i], NULL, of->end };
		of->end -= net(groups[i].sums);
		of->shown = true;
	}
	churn_columns(m);
	while (shown-- > 0)
		put_row(m, rows[shown].group->by, rows[shown].group->sums, rows[shown].end);
	static const int64_t nothing[LEDGER_MEASURES];
	for (size_t i = 0; i < b.count && !timed; i++)
		if (!b.list[i].shown && b.list[i].end)
			put_row(m, b.list[i].by, nothing, b.list[i].end);
}

/* Of all rows that are asked for, whatever the reason. */
static int64_t lost_in_all(const struct report_making *m)
{
	struct report_ask rest = *m->ask;
	struct report_making any = *m;
	int64_t lost = 0;
	any.ask = &rest;
	rest.where_count = 0;
	for (unsigned i = 0; i < m->ask->where_count; i++)
		if (!slice_equal(m->ask->where[i].dim, SLICE("reason")))
			rest.where[rest.where_count++] = m->ask->where[i];
	for (size_t i = 0; i < m->ledgers[CHURN_ROWS].count; i++) {
		const struct ledger_row *row = &m->ledgers[CHURN_ROWS].rows[i];
		if (churn_row(m, row) && report_where(&any, CHURN_ROWS, row))
			lost += row->sums[CHURN_LOST];
	}
	return lost;
}

/* Who left, by what they said. Who is there has no reason. */
static void by_reason(struct report_making *m)
{
	size_t count;
	int64_t all = lost_in_all(m);
	struct report_group *groups = report_groups(m, CHURN_ROWS, churn_row, &count);
	report_key_columns(m);
	report_column(m, "lost", "count", "customers who left");
	report_column(m, "share", "share", "of all who left, whatever the reason");
	for (size_t i = 0; i < count; i++) {
		if (!groups[i].sums[CHURN_LOST])
			continue;
		report_row(m, groups[i].by);
		report_put_count(m, groups[i].sums[CHURN_LOST]);
		report_put_ratio(m, groups[i].sums[CHURN_LOST], all);
	}
}

/* The stock of customers who are counted by other names: an earlier pack's, until something new is known of them. */
static void tell_others(struct report_making *m)
{
	const struct ledger_rows *stock = &m->ledgers[CHURN_STOCK];
	int64_t others = 0;
	for (size_t i = 0; i < stock->count; i++)
		if (!of_pack(m, &stock->rows[i]))
			others += stock->rows[i].sums[CUSTOMERS_THERE] + stock->rows[i].sums[CUSTOMERS_LOST];
	if (others)
		report_remark(m, "%lld customers are counted by the names of an earlier pack, until something new is known of them",
			      (long long)others);
}

static void make(struct report_making *m)
{
	if (!m->pack->churn) {
		report_key_columns(m);
		report_remark(m, "the pack does not say who has left: churn { on = … }");
		return;
	}
	tell_others(m);
	if (names(m, "agent") || names(m, "topic"))
		report_after(m);
	else if (names(m, "reason"))
		by_reason(m);
	else
		by_cells(m);
}

/* by1 … by3 in the ledgers are what the pack names them. */
static struct slice named(const struct pack *p, struct slice name, bool shown)
{
	static const char *const dims[CHURN_BY] = { "by1", "by2", "by3" };
	for (unsigned i = 0; p->churn && i < p->churn->by_count; i++) {
		struct slice own = str_slice(p->churn->by[i]), kept = slice_of(dims[i]);
		if (slice_equal(name, shown ? kept : own))
			return shown ? own : kept;
	}
	return name;
}

const struct report_decl report_churn = {
	.name = "churn",
	.help = "customers who left: by what the pack tells them apart by (its churn { by }, else by1, by2, by3), by reason, or "
		"after contact with an agent or about a topic",
	.ledgers = { LEDGER_CHURN, LEDGER_CUSTOMERS, LEDGER_AFTER },
	.ledger_count = 3,
	.by = { "by1", "by2", "by3", "reason", "agent", "topic", "day", "month" },
	.default_by = "by1",
	.keep = { "of", "by1", "by2", "by3" },
	.where_later = true,
	.to_now = true,
	.named = named,
	.make = make,
};
