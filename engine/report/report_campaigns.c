/* report/report_campaigns.c: what became of campaigns: whom they reached, who was held back by what, what was answered, and
 * whether those who were in one did what it is for more often than its holdout. And segments: how many are in them.
 *
 * All is counted in the day on which a customer came into the campaign, whatever came of it later; both arms are fixed on
 * that day by a hash of the customer's id, and are compared whole (intention to treat). */
#include "report/campaigns.h"
#include "report/gather.h"
#include "state/campaigns.h"

#include "base/stats.h"

#include <math.h>

static void put_known(struct report_making *m, double n)
{
	report_put(m, isfinite(n) ? value_number(n) : value_unknown());
}

static void columns(struct report_making *m)
{
	const char *money = m->pack->currency ? m->pack->currency->data : "money";
	report_key_columns(m);
	report_column(m, "in", "count", "customers who came into the campaign, its holdout not counted");
	report_column(m, "reached", "count", "of them, to whom an offer was sent; one that no sender took in time is not");
	report_column(m, "held", "count", "of them, held back now by a gate or policy; by reason says by which");
	report_column(m, "waiting", "count", "of them, waiting for its dates, its hours or their turn");
	report_column(m, "over", "count", "of them, who left the segment, or for whom it was over, before anything was sent");
	report_column(m, "expired", "count", "offers that no sender took in time; they were decided anew");
	report_column(m, "offered", "count", "of those reached, reported as offered by the sender");
	report_column(m, "accepted", "count", "of those reached, who accepted");
	report_column(m, "rejected", "count", "of those reached, who rejected");
	report_column(m, "later", "count", "of those reached, who said later");
	report_column(m, "ignored", "count", "of those reached, without an answer in time");
	report_column(m, "acceptance", "share", "accepted / reached");
	report_column(m, "revenue", money, "what outcomes of its offers brought, in JSON and CSV in the smallest unit");
	report_column(m, "cost", money, "what they cost");
	report_column(m, "success", "share", "of those in it, who did what it is for within its time: its events, or accepted its offer anywhere");
	report_column(m, "holdout", "count", "customers who came to it and got nothing, to measure against");
	report_column(m, "holdout_success", "share", "of the holdout, who did it all the same");
	report_column(m, "effect", "share", "success less holdout_success");
	report_column(m, "low", "share", "its 95 % interval, from (Newcombe's of two shares)");
	report_column(m, "high", "share", "… to");
}

static void put_row(struct report_making *m, const struct report_group *g)
{
	const int64_t *s = g->sums;
	int64_t waiting = s[CAMPAIGNS_IN] - s[CAMPAIGNS_SENT] - s[CAMPAIGNS_HELD] - s[CAMPAIGNS_OVER];
	struct stats_range effect = stats_share_difference(s[CAMPAIGNS_SUCCESS], s[CAMPAIGNS_IN], s[CAMPAIGNS_HOLDOUT_SUCCESS],
							   s[CAMPAIGNS_HOLDOUT]);
	const int64_t counts[] = {
		s[CAMPAIGNS_IN], s[CAMPAIGNS_SENT], s[CAMPAIGNS_HELD], waiting, s[CAMPAIGNS_OVER], s[CAMPAIGNS_EXPIRED],
		s[CAMPAIGNS_OFFERED], s[CAMPAIGNS_ACCEPTED], s[CAMPAIGNS_REJECTED], s[CAMPAIGNS_LATER], s[CAMPAIGNS_IGNORED],
	};
	report_row(m, g->by);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		report_put_count(m, counts[i]);
	report_put_ratio(m, s[CAMPAIGNS_ACCEPTED], s[CAMPAIGNS_SENT]);
	report_put_count(m, s[CAMPAIGNS_REVENUE]);
	report_put_count(m, s[CAMPAIGNS_COST]);
	report_put_ratio(m, s[CAMPAIGNS_SUCCESS], s[CAMPAIGNS_IN]);
	report_put_count(m, s[CAMPAIGNS_HOLDOUT]);
	report_put_ratio(m, s[CAMPAIGNS_HOLDOUT_SUCCESS], s[CAMPAIGNS_HOLDOUT]);
	put_known(m, effect.value);
	put_known(m, effect.low);
	put_known(m, effect.high);
}

static bool is_by(const struct report_making *m, const char *dim)
{
	for (unsigned i = 0; i < m->ask->by_count; i++)
		if (slice_equal(m->ask->by[i], slice_of(dim)))
			return true;
	return false;
}

/* Reasons have rows of their own: what is held back is all that they count. */
static void put_reasons(struct report_making *m, const struct report_group *groups, size_t count)
{
	report_key_columns(m);
	report_column(m, "held", "count", "customers in the campaign who are held back now, by this gate or policy; they are decided "
					  "about again in a day, two, four, a week");
	for (size_t i = 0; i < count; i++) {
		if (!groups[i].sums[CAMPAIGNS_HELD])
			continue;
		report_row(m, groups[i].by);
		report_put_count(m, groups[i].sums[CAMPAIGNS_HELD]);
	}
}

static void make_campaigns(struct report_making *m)
{
	size_t count;
	struct report_group *groups = report_groups(m, 0, NULL, &count);
	if (is_by(m, "reason")) {
		put_reasons(m, groups, count);
		return;
	}
	columns(m);
	for (size_t i = 0; i < count; i++)
		put_row(m, &groups[i]);
}

const struct report_decl report_campaigns = {
	.name = "campaigns",
	.help = "whom campaigns reached, who was held back by what, what was answered, and their effect against the holdout",
	.ledgers = { LEDGER_CAMPAIGNS },
	.ledger_count = 1,
	.by = { "campaign", "segment", "channel", "reason", "month" },
	.default_by = "campaign",
	.make = make_campaigns,
};

/* Segments. Both ledgers have groups in the order of their keys. */

static const struct report_group *find(const struct report_group *groups, size_t count, const struct report_making *m,
				       const struct slice *by)
{
	for (size_t i = 0; i < count; i++) {
		bool same = true;
		for (unsigned k = 0; k < m->ask->by_count && same; k++)
			same = slice_equal(groups[i].by[k], by[k]);
		if (same)
			return &groups[i];
	}
	return NULL;
}

static void put_segment(struct report_making *m, const struct slice *by, const struct report_group *now,
			const struct report_group *moved)
{
	report_row(m, by);
	report_put_count(m, now ? now->sums[SEGMENTS_MEMBERS] : 0);
	report_put_count(m, moved ? moved->sums[SEGMENT_ENTERED] : 0);
	report_put_count(m, moved ? moved->sums[SEGMENT_LEFT] : 0);
}

static void make_segments(struct report_making *m)
{
	size_t now_count, moved_count;
	struct report_group *now = report_groups(m, 0, NULL, &now_count), *moved = report_groups(m, 1, NULL, &moved_count);
	report_key_columns(m);
	report_column(m, "members", "count", "customers who are in the segment now");
	report_column(m, "entered", "count", "times that a customer came into it, within the time that is asked for");
	report_column(m, "left", "count", "times that one left it");
	for (size_t i = 0; i < moved_count; i++)
		put_segment(m, moved[i].by, find(now, now_count, m, moved[i].by), &moved[i]);
	for (size_t i = 0; i < now_count; i++)
		if (!find(moved, moved_count, m, now[i].by))
			put_segment(m, now[i].by, &now[i], NULL);
	report_remark(m, "members are of now, whatever time is asked for");
}

const struct report_decl report_segments = {
	.name = "segments",
	.help = "how many customers are in each segment, and how many came and left",
	.ledgers = { LEDGER_SEGMENTS, LEDGER_SEGMENT_MOVES },
	.ledger_count = 2,
	.by = { "segment" },
	.default_by = "segment",
	.make = make_segments,
};
