/* report/report_reasons.c: what was said with outcomes: why agents overruled a recommendation, why customers refused. People
 * know things that the engine does not; what they say most often is what the pack should learn to ask. */
#include "report/actions.h"
#include "state/actions.h"

static void make(struct report_making *m)
{
	size_t count;
	int64_t all = 0;
	struct report_group *groups = report_groups(m, 0, NULL, &count);
	report_key_columns(m);
	report_column(m, "said", "count", "outcomes with this reason; \"overruled\" is counted without one, too");
	report_column(m, "share", "share", "of all in the report");
	for (size_t i = 0; i < count; i++)
		all += groups[i].sums[REASONS_SAID];
	for (size_t i = 0; i < count; i++) {
		report_row(m, groups[i].by);
		report_put_count(m, groups[i].sums[REASONS_SAID]);
		report_put_ratio(m, groups[i].sums[REASONS_SAID], all);
	}
	report_sort(m, "said");
}

const struct report_decl report_reasons = {
	.name = "reasons",
	.help = "why agents overruled recommendations, and customers refused them",
	.ledgers = { LEDGER_REASONS },
	.ledger_count = 1,
	.by = { "reason", "outcome", "action", "agent", "group", "goal", "month", "day", NULL },
	.default_by = "action,outcome,reason",
	.make = make,
};
