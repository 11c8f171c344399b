/* report/contact_rows.c: rows and cells that the reports about contacts have in common. */
#include "report/contacts.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define MILLION 1e6
#define CASES_MEANING 3u /* dimension of LEDGER_CASES */

int32_t contact_open_days(const struct pack *p)
{
	int64_t within_ms = p->contacts ? p->contacts->resolved_ms : 7 * DAY_MS;
	return (int32_t)((within_ms + DAY_MS - 1) / DAY_MS);
}

static bool is_settled(const struct report_making *m, const struct ledger_row *row)
{
	return row->day < m->today - contact_open_days(m->pack);
}

static bool is_complaint(const struct report_making *m, const struct ledger_row *row)
{
	return slice_equal(row->dims[CASES_MEANING], slice_of(case_meaning_name(CASE_COMPLAINT)));
}

static bool is_promise(const struct report_making *m, const struct ledger_row *row)
{
	return slice_equal(row->dims[CASES_MEANING], slice_of(case_meaning_name(CASE_PROMISE)));
}

/* One of four lists of groups, walked through side by side. */
struct walk {
	const struct report_group *groups;
	size_t count, at;
};

static int order(const struct slice a[REPORT_BY], const struct slice b[REPORT_BY])
{
	int result = 0;
	for (unsigned i = 0; i < REPORT_BY && !result; i++)
		result = slice_compare(a[i], b[i]);
	return result;
}

static const struct report_group *lowest(const struct walk *walks, unsigned count)
{
	const struct report_group *low = NULL;
	for (unsigned i = 0; i < count; i++) {
		const struct report_group *g = walks[i].at < walks[i].count ? &walks[i].groups[walks[i].at] : NULL;
		if (g && (!low || order(g->by, low->by) < 0))
			low = g;
	}
	return low;
}

struct contact_row *contact_rows(struct report_making *m, size_t *count)
{
	struct walk walks[4] = { { 0 } };
	walks[0].groups = report_groups(m, 0, NULL, &walks[0].count);
	walks[1].groups = report_groups(m, 0, is_settled, &walks[1].count);
	walks[2].groups = report_groups(m, 1, is_complaint, &walks[2].count);
	walks[3].groups = report_groups(m, 1, is_promise, &walks[3].count);
	size_t most = walks[0].count + walks[2].count + walks[3].count;
	struct contact_row *rows = arena_calloc(m->arena, most + 1, sizeof(*rows));
	*count = 0;
	for (const struct report_group *low; (low = lowest(walks, 4)) != NULL;) {
		struct contact_row *r = &rows[(*count)++];
		int64_t *const into[] = { r->all, r->settled, r->complaints, r->promises };
		memcpy(r->by, low->by, sizeof(r->by));
		for (unsigned i = 0; i < 4; i++) {
			struct walk *w = &walks[i];
			if (w->at < w->count && order(w->groups[w->at].by, r->by) == 0)
				memcpy(into[i], w->groups[w->at++].sums, sizeof(r->all));
		}
	}
	return rows;
}

void contact_columns(struct report_making *m, const struct contact_column *columns)
{
	for (; columns->name; columns++)
		report_column(m, columns->name, columns->unit, columns->help);
}

void contact_cells(struct report_making *m, const struct contact_column *columns, const struct contact_row *r)
{
	for (; columns->name; columns++)
		report_put(m, columns->cell(r));
}

static struct value ratio(double part, int64_t whole)
{
	return whole ? value_number(part / (double)whole) : value_unknown();
}

static struct value resolved(const int64_t sums[])
{
	int64_t served = sums[CONTACTS_SERVED];
	return ratio((double)(served - sums[CONTACTS_FOLLOWED] - sums[CONTACTS_CASE_OPEN]), served);
}

#define CELL(name, what) \
	struct value contact_cell_##name(const struct contact_row *r) \
	{ \
		return what; \
	}

#define COUNT_CELL(name, sum) CELL(name, value_number((double)(sum)))
#define MOOD_CELL(name, sum, whole) CELL(name, ratio((double)r->all[sum] / MILLION, r->all[whole]))
#define SECONDS_CELL(name, sum, whole) CELL(name, ratio((double)r->all[sum] / 1000, r->all[whole]))

COUNT_CELL(contacts, r->all[CONTACTS_ALL])
COUNT_CELL(served, r->all[CONTACTS_SERVED])
CELL(abandoned, ratio((double)r->all[CONTACTS_ABANDONED], r->all[CONTACTS_SERVED] + r->all[CONTACTS_ABANDONED]))
CELL(fcr, resolved(r->settled))
COUNT_CELL(fcr_contacts, r->settled[CONTACTS_SERVED])
COUNT_CELL(provisional_contacts, r->all[CONTACTS_SERVED] - r->settled[CONTACTS_SERVED])
COUNT_CELL(repeats, r->all[CONTACTS_REPEATS])
COUNT_CELL(transfers, r->all[CONTACTS_TRANSFERS])
COUNT_CELL(holds, r->all[CONTACTS_HOLDS])
MOOD_CELL(mood_start, CONTACTS_MOOD_START_SUM, CONTACTS_MOODS_START)
MOOD_CELL(mood_end, CONTACTS_MOOD_END_SUM, CONTACTS_MOODS_END)
MOOD_CELL(mood_change, CONTACTS_MOOD_CHANGE_SUM, CONTACTS_MOOD_CHANGES)
SECONDS_CELL(wait, CONTACTS_WAIT_MS, CONTACTS_WAITS)
SECONDS_CELL(handle, CONTACTS_HANDLE_MS_SUM, CONTACTS_HANDLES)
COUNT_CELL(complaints, r->complaints[CASES_OPENED])
COUNT_CELL(promises, r->promises[CASES_OPENED])
COUNT_CELL(broken, r->promises[CASES_BROKEN])
CELL(kept, ratio((double)r->promises[CASES_IN_TIME],
		 r->promises[CASES_IN_TIME] + r->promises[CASES_LATE] + r->promises[CASES_BROKEN]))
CELL(effort, ratio((double)(r->all[CONTACTS_TRANSFERS] + r->all[CONTACTS_HOLDS] + r->all[CONTACTS_REPEATS]),
		   r->all[CONTACTS_ALL]))

struct value contact_cell_fcr_provisional(const struct contact_row *r)
{
	int64_t sums[LEDGER_MEASURES];
	for (unsigned i = 0; i < LEDGER_MEASURES; i++)
		sums[i] = r->all[i] - r->settled[i];
	return resolved(sums);
}
