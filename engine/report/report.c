/* report/report.c: which reports there are, and what of them may be asked. */
#include "report/actions.h"
#include "report/campaigns.h"
#include "report/lasting.h"
#include "report/contacts.h"
#include "report/learning.h"
#include "report/surveys.h"

#include "base/error.h"
#include "base/nearest.h"

#include <stdio.h>

const struct report_decl *const reports[] = {
	&report_relationship,
	&report_agents,
	&report_actions,
	&report_effects,
	&report_reasons,
	&report_budgets,
	&report_campaigns,
	&report_segments,
	&report_churn,
	&report_contracts,
	&report_learning,
	&report_surveys,
	&report_scores,
	NULL,
};

const struct report_decl *report_find(struct slice name)
{
	for (unsigned i = 0; reports[i]; i++)
		if (slice_equal(name, slice_of(reports[i]->name)))
			return reports[i];
	return NULL;
}

static bool may_be_by(const struct report_decl *d, struct slice name)
{
	bool may = slice_equal(name, SLICE("total"));
	for (unsigned i = 0; i < sizeof(d->by) / sizeof(d->by[0]) && d->by[i] && !may; i++)
		may = slice_equal(name, slice_of(d->by[i]));
	return may;
}

static int no_such(const char *field, const char *what, struct slice name, const char *const *names)
{
	char text[64];
	struct bytes all = { 0 };
	snprintf(text, sizeof(text), "%.*s", (int)(name.len < 63 ? name.len : 63), name.data);
	const char *nearest = nearest_name(text, names);
	for (unsigned i = 0; names[i]; i++)
		bytes_printf(&all, "%s%s", i ? ", " : "", names[i]);
	int result = error_set(ERR_MISSING, field, "%s \"%s\"%s%s%s; there are: %.*s", what, text,
			       nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "", (int)all.len,
			       all.data ? all.data : "");
	bytes_finish(&all);
	return result;
}

static bool may_pick(const struct report_decl *d, struct slice name)
{
	bool may = false;
	for (unsigned i = 0; i < sizeof(d->picks) / sizeof(d->picks[0]) && d->picks[i] && !may; i++)
		may = slice_equal(name, slice_of(d->picks[i]));
	return may;
}

/* As the pack names it; interned or static, so that it ends with a NUL. */
static const char *shown_name(const struct report_decl *d, const struct pack *pack, const char *name)
{
	return d->named ? d->named(pack, slice_of(name), true).data : name;
}

static int check_dimension(const struct report_decl *d, const struct pack *pack, const char *field, struct slice name)
{
	const char *names[16];
	unsigned count = 0;
	bool where = strcmp(field, "where") == 0;
	if (may_be_by(d, name) || (where && may_pick(d, name)))
		return ERR_OK;
	for (unsigned i = 0; where && i < sizeof(d->picks) / sizeof(d->picks[0]) && d->picks[i]; i++)
		names[count++] = d->picks[i];
	for (unsigned i = 0; i < sizeof(d->by) / sizeof(d->by[0]) && d->by[i]; i++)
		names[count++] = shown_name(d, pack, d->by[i]);
	names[count++] = "total";
	names[count] = NULL;
	return no_such(field, "this report knows nothing of", name, names);
}

int report_check(const struct report_ask *ask, const struct pack *pack, const struct report_decl **out)
{
	const char *names[64];
	unsigned count = 0;
	for (; reports[count] && count < 63; count++)
		names[count] = reports[count]->name;
	names[count] = NULL;
	*out = report_find(ask->name);
	if (!*out)
		return no_such("name", "there is no report", ask->name, names);
	for (unsigned i = 0; i < ask->by_count; i++) {
		int result = check_dimension(*out, pack, "by", ask->by[i]);
		if (result != ERR_OK)
			return result;
	}
	for (unsigned i = 0; i < ask->where_count; i++) {
		int result = check_dimension(*out, pack, "where", ask->where[i].dim);
		if (result != ERR_OK)
			return result;
	}
	if (ask->until_ms && ask->until_ms <= ask->since_ms)
		return error_set(ERR_INVALID, "until_ms", "the time asked for ends before it begins");
	return ERR_OK;
}

void report_days(const struct report_ask *ask, const struct pack *pack, int32_t *first, int32_t *last)
{
	int64_t until = ask->until_ms ? ask->until_ms - 1 : ask->now_ms;
	*first = (int32_t)zone_day_number(pack->zone, ask->since_ms);
	*last = (int32_t)zone_day_number(pack->zone, until);
}

void report_make(const struct report_decl *decl, struct report_making *m)
{
	decl->make(m);
}
