/* report/report_surveys.c: what surveys say: as answered, and corrected for who answers (weighting.h has the formulas). A
 * row is of one survey: answers to different questions are not added up. */
#include "report/surveys.h"
#include "report/weighting.h"

#include "base/check.h"
#include "script/relations.h"
#include "state/surveys.h"

#include <stdlib.h>

#define SMALLEST_UNKNOWN 10 /* of a survey that the pack does not declare any more */

/* What a ledger's row says, with what rows of the report are told apart by. */
struct said {
	struct slice by[REPORT_BY];
	struct slice survey, kind, segment;
	const int64_t *sums;
};

static int by_group(const struct said *x, const struct said *y)
{
	for (unsigned i = 0; i < REPORT_BY; i++) {
		int order = slice_compare(x->by[i], y->by[i]);
		if (order)
			return order;
	}
	int order = slice_compare(x->survey, y->survey);
	return order ? order : slice_compare(x->kind, y->kind);
}

static int by_group_and_segment(const void *a, const void *b)
{
	const struct said *x = a, *y = b;
	int order = by_group(x, y);
	return order ? order : slice_compare(x->segment, y->segment);
}

/* By survey first, whatever else it is by. */
static void by_survey(const struct report_making *m, struct report_ask *ask)
{
	unsigned count = 0;
	*ask = *m->ask;
	ask->by[count++] = SLICE("survey");
	for (unsigned i = 0; i < m->ask->by_count && count < REPORT_BY; i++)
		if (!slice_equal(m->ask->by[i], SLICE("survey")) && !slice_equal(m->ask->by[i], SLICE("total")))
			ask->by[count++] = m->ask->by[i];
	ask->by_count = count;
}

static struct said *said_of(const struct report_making *m, size_t *count)
{
	const struct ledger_rows *rows = &m->ledgers[0];
	struct said *out = arena_calloc(m->arena, rows->count + 1, sizeof(*out));
	for (size_t i = 0; i < rows->count; i++) {
		const struct ledger_row *row = &rows->rows[i];
		struct said *s = &out[i];
		report_key(m, 0, row, s->by);
		s->survey = row->dims[SURVEYS_SURVEY];
		s->segment = row->dims[SURVEYS_SEGMENT];
		s->kind = row->dims[SURVEYS_KIND];
		s->sums = row->sums;
	}
	qsort(out, rows->count, sizeof(*out), by_group_and_segment);
	*count = rows->count;
	return out;
}

static bool is_by_segment(const struct report_making *m)
{
	for (unsigned i = 0; i < m->ask->by_count; i++)
		if (slice_equal(m->ask->by[i], SLICE("segment")))
			return true;
	return false;
}

/* One stratum a segment; `all` has the sums of all of them. */
static unsigned strata_of(const struct said *said, size_t count, struct stratum *out, int64_t all[SURVEYS_CORRECTED + 1])
{
	unsigned strata = 0;
	for (size_t i = 0; i < count; i++) {
		const int64_t *n = said[i].sums;
		if (!i || !slice_equal(said[i].segment, said[i - 1].segment))
			out[strata++] = (struct stratum){ .name = said[i].segment };
		struct stratum *s = &out[strata - 1];
		s->asked += n[SURVEYS_ASKED] + n[SURVEYS_UNASKED];
		s->answered += n[SURVEYS_ANSWERED];
		s->top += n[SURVEYS_TOP];
		s->bottom += n[SURVEYS_BOTTOM];
		s->sum += (double)n[SURVEYS_SUM] / 1e6;
		s->squares += (double)n[SURVEYS_SQUARES] / 1e6;
		for (unsigned k = 0; k <= SURVEYS_CORRECTED; k++)
			all[k] += n[k];
	}
	return strata;
}

static struct stratum *stratum_named(struct stratum *strata, unsigned *count, struct slice name)
{
	for (unsigned i = 0; i < *count; i++)
		if (slice_equal(strata[i].name, name))
			return &strata[i];
	strata[*count] = (struct stratum){ .name = name };
	return &strata[(*count)++];
}

/* Of a survey that speaks for all customers, these are the population, whoever was asked. */
static int64_t population(const struct report_making *m, const struct said *group, struct stratum *strata, unsigned *count)
{
	const struct ledger_rows *rows = &m->ledgers[1];
	bool own_segment = is_by_segment(m);
	int64_t all = 0;
	for (unsigned i = 0; i < *count; i++)
		strata[i].asked = 0;
	for (size_t i = 0; i < rows->count; i++) {
		const struct ledger_row *row = &rows->rows[i];
		struct slice segment = row->dims[SURVEYED_SEGMENT];
		if (!slice_equal(row->dims[SURVEYED_SURVEY], group->survey) ||
		    (own_segment && !slice_equal(segment, group->segment)))
			continue;
		stratum_named(strata, count, segment)->asked += row->sums[SURVEYED_CUSTOMERS];
		all += row->sums[SURVEYED_CUSTOMERS];
	}
	return all;
}

static enum survey_measure measure_of(enum survey_kind kind)
{
	return kind == SURVEY_NPS ? MEASURE_NET : kind == SURVEY_CES_MEAN ? MEASURE_MEAN : MEASURE_SHARE;
}

static void put_known(struct report_making *m, bool known, double n)
{
	report_put(m, known ? value_number(n) : value_unknown());
}

static void put_row(struct report_making *m, const struct said *group, const struct estimate *e, const int64_t *all,
		    int64_t asked)
{
	static const char *const measures[] = { "NPS", "CSAT %", "CES % agreeing", "CES mean" };
	int kind = survey_kind_of(group->kind);
	report_row(m, group->by);
	report_put(m, value_string(kind >= 0 ? slice_of(measures[kind]) : group->kind));
	report_put_count(m, asked);
	report_put_count(m, all[SURVEYS_ANSWERED]);
	report_put_ratio(m, all[SURVEYS_ANSWERED], asked);
	put_known(m, e->raw_known, e->raw);
	put_known(m, e->corrected_known, e->corrected);
	put_known(m, e->interval_known, e->low);
	put_known(m, e->interval_known, e->high);
	put_known(m, e->corrected_known, e->effective);
	put_known(m, e->raw_known, e->cells);
	put_known(m, e->corrected_known, (double)e->smallest);
	put_known(m, e->raw_known, e->pooled);
	put_known(m, e->corrected_known, e->weight_max);
	report_put_ratio(m, all[SURVEYS_TOP], all[SURVEYS_ANSWERED]);
	report_put_ratio(m, kind == SURVEY_NPS ? all[SURVEYS_BOTTOM] : 0, kind == SURVEY_NPS ? all[SURVEYS_ANSWERED] : 0);
	report_put_count(m, all[SURVEYS_UNASKED]);
	report_put_count(m, all[SURVEYS_CORRECTED]);
}

/* `said`: all of one row. True: there was something to correct by, and too few answers for it. */
static bool make_row(struct report_making *m, const struct said *said, size_t count)
{
	int64_t all[SURVEYS_CORRECTED + 1] = { 0 };
	struct stratum *strata = arena_calloc(m->arena, count + m->ledgers[1].count + 1, sizeof(*strata));
	const struct survey_decl *decl = pack_survey(m->pack, said->survey);
	int kind = survey_kind_of(said->kind);
	struct estimate e;
	unsigned n = strata_of(said, count, strata, all);
	int64_t asked = all[SURVEYS_ASKED] + all[SURVEYS_UNASKED];
	if (decl && !decl->asked_count)
		asked = population(m, said, strata, &n);
	bool several = n > 1;
	estimate_survey(strata, n, kind < 0 ? MEASURE_MEAN : measure_of((enum survey_kind)kind),
			decl ? decl->smallest : SMALLEST_UNKNOWN, decl ? decl->low : 0, decl ? decl->high : 10, &e);
	put_row(m, said, &e, all, asked);
	return several && e.cells == 1 && all[SURVEYS_ANSWERED];
}

static void columns(struct report_making *m)
{
	report_key_columns(m);
	report_column(m, "measure", "", "what is reckoned: NPS, the share of answers 9 and 10 less the share of 0 to 6; "
		      "CSAT %, the share of the two best answers; CES % agreeing, the share of 5 to 7 of 7; CES mean, the mean answer");
	report_column(m, "asked", "count", "contacts about which somebody was asked, once each; where the survey speaks for all "
		      "customers: the customers");
	report_column(m, "answered", "count", "of those, with an answer on the scale; of several answers about one contact the newest "
		      "counts");
	report_column(m, "response", "share", "answered / asked");
	report_column(m, "raw", "points", "the measure, of the answers as they came: NPS -100 to 100, shares 0 to 100 %, means on "
		      "their scale");
	report_column(m, "corrected", "points", "the measure, each segment's answers weighted by its share of those asked / its share "
		      "of those who answered (post-stratification)");
	report_column(m, "low", "points", "lower end of corrected's 95 % interval; unknown with fewer answers than one cell needs");
	report_column(m, "high", "points", "upper end of it");
	report_column(m, "effective", "answers", "effective sample size: as many answers of equal weight would be as sure (Kish: "
		      "(sum of weights)² / sum of their squares)");
	report_column(m, "cells", "count", "weighting cells: segments, or several with few answers pooled; 1: nothing was corrected");
	report_column(m, "smallest_cell", "answers", "answers in the smallest of them");
	report_column(m, "pooled", "count", "segments with fewer answers than a cell needs, pooled with others");
	report_column(m, "largest_weight", "", "of one answer; 1 where who answers is like who was asked");
	report_column(m, "top", "share", "of the answers as they came: promoters (NPS), satisfied (CSAT), agreeing (CES)");
	report_column(m, "bottom", "share", "of the answers as they came: detractors (NPS only)");
	report_column(m, "unasked", "count", "answers of which nothing is known of a question; they count as asked");
	report_column(m, "replaced", "count", "answers that a newer one about the same contact has replaced");
}

static void make(struct report_making *m)
{
	struct report_ask ask;
	size_t count, from = 0;
	bool too_few = false;
	by_survey(m, &ask);
	m->ask = &ask;
	columns(m);
	struct said *said = said_of(m, &count);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && by_group(&said[i], &said[from]) == 0)
			continue;
		too_few |= make_row(m, &said[from], i - from);
		from = i;
	}
	if (count)
		report_remark(m, "Corrected by segment only: where the content answer more often than others of their segment, no "
			      "weighting can know it.");
	if (too_few)
		report_remark(m, "Rows of 1 cell are not corrected: their segments have too few answers to stand alone.");
}

const struct report_decl report_surveys = {
	.name = "surveys",
	.help = "NPS, CSAT and CES, raw and corrected for who answers",
	.ledgers = { LEDGER_SURVEYS, LEDGER_SURVEYED },
	.ledger_count = 2,
	.by = { "survey", "segment", "agent", "topic", "channel", "month", "day" },
	.default_by = "survey",
	.keep = { "survey", "segment", "kind" },
	.make = make,
};
