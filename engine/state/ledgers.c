/* state/ledgers.c: see ledgers.h. Each ledger's dimensions and measures, by the header that gives them names in C. */
#include "state/ledgers.h"

#include "base/check.h"
#include "state/zone.h"

#include <stdio.h>

/* Of an action, so many days after: enum action_after. */
#define AFTER_DAYS(days) \
	"contacted_" days, "contacts_" days, "contacts_squared_" days, "complained_" days, "lost_" days, "moods_" days, \
		"mood_" days, "mood_squared_" days

/* Of contracts, so many days after their sale: enum contract_at. */
#define AT_HORIZON(days) \
	"lost_" days, "content_" days, "complained_" days, "complaints_" days, "contacts_" days, "repeats_" days, "said_" days, \
		"mood_" days

const struct ledger_decl ledgers[LEDGER_COUNT] = {
	[LEDGER_CONTACTS] = { .name = "contacts", .dims = { "agent", "topic", "channel" }, .measures = {
		"contacts", "open", "served", "abandoned", "inferred", "followed", "case_open", "repeats", "transfers",
		"transferred", "holds", "held", "hold_ms", "waits", "wait_ms", "left_waits", "left_wait_ms", "handles",
		"handle_ms", "moods_start", "mood_start", "moods_end", "mood_end", "mood_changes", "mood_change", "mood_change_squares" } },
	[LEDGER_CASES] = { .name = "cases", .dims = { "case", "agent", "topic", "meaning" }, .measures = {
		"opened", "reopened", "closed", "turnaround_ms", "due", "in_time", "late", "broken" } },
	[LEDGER_CUSTOMERS] = { .name = "customers", .stock = true, .dims = { "of", "by1", "by2", "by3" }, .measures = {
		"customers", "lost" } },
	[LEDGER_CHURN] = { .name = "churn", .dims = { "of", "by1", "by2", "by3", "reason" }, .measures = {
		"joined", "returned", "moved_in", "moved_out", "lost" } },
	[LEDGER_CONTRACTS] = { .name = "contracts", .dims = { "agent", "campaign", "product" }, .measures = {
		"sold", "renewals", "ended", AT_HORIZON("30"), AT_HORIZON("90"), AT_HORIZON("180"), AT_HORIZON("365") } },
	[LEDGER_SURVEYS] = { .name = "surveys", .dims = { "survey", "segment", "agent", "topic", "channel", "kind" }, .measures = {
		"asked", "answered", "unasked", "top", "bottom", "sum", "squares", "corrected" } },
	[LEDGER_ACTIONS] = { .name = "actions", .dims = { "action", "arm", "channel", "agent", "goal", "group" }, .measures = {
		"exposed", "shown", "offered", "accepted", "rejected", "later", "ignored", "overruled", "revenue", "cost",
		AFTER_DAYS("30"), AFTER_DAYS("90") } },
	[LEDGER_SPENT] = { .name = "spent", .stock = true, .dims = { "month", "goal", "group", "action" }, .measures = {
		"money", "offers" } },
	[LEDGER_CAMPAIGNS] = { .name = "campaigns", .dims = { "campaign", "segment", "channel", "reason" }, .measures = {
		"in", "holdout", "sent", "offered", "accepted", "rejected", "later", "ignored", "overruled", "expired", "over",
		"held", "success", "holdout_success", "revenue", "cost" } },
	[LEDGER_SEGMENTS] = { .name = "segments", .stock = true, .dims = { "segment" }, .measures = { "members" } },
	[LEDGER_SEGMENT_MOVES] = { .name = "segment-moves", .dims = { "segment" }, .measures = { "entered", "left" } },
	[LEDGER_PACE] = { .name = "pace", .stock = true, .dims = { "campaign" }, .measures = { "next_ms" } },
	[LEDGER_AGENTS] = { .name = "agents" },
	[LEDGER_SURVEYED] = { .name = "surveyed", .stock = true, .dims = { "survey", "segment" }, .measures = { "customers" } },
	[LEDGER_SCORES] = { .name = "scores", .stock = true, .dims = { "segment", "band" }, .measures = {
		"customers", "score", "growth" } },
	[LEDGER_SCORE_MOVES] = { .name = "score-moves", .dims = { "segment" }, .measures = {
		"first", "up", "down", "points_up", "points_down" } },
	[LEDGER_REASONS] = { .name = "reasons", .dims = { "action", "outcome", "reason", "agent", "goal", "group" }, .measures = {
		"said" } },
	[LEDGER_AFTER] = { .name = "after-contact", .dims = { "of", "by1", "by2", "by3", "agent", "topic" }, .measures = {
		"contacts", "lost", "moods", "mood", "lost_moods", "lost_mood" } },
};

struct subject ledger_subject(enum ledger_id ledger, int32_t day)
{
	char id[LIMIT_ID_BYTES];
	const struct ledger_decl *d = &ledgers[ledger];
	int year, month, day_of;
	day_to_date(day, &year, &month, &day_of);
	int n = d->stock ? snprintf(id, sizeof(id), "%s/now", d->name)
			 : snprintf(id, sizeof(id), "%s/%04d-%02d-%02d", d->name, year, month, day_of);
	CHECK(n > 0 && (size_t)n < sizeof(id));
	return subject_of(SUBJECT_LEDGER, (struct slice){ id, (size_t)n });
}

bool ledger_of_subject(struct slice id, enum ledger_id *ledger, int32_t *day)
{
	const char *slash = memchr(id.data, '/', id.len);
	size_t len = slash ? (size_t)(slash - id.data) : 0;
	char date[16] = "";
	int year = 0, month = 0, day_of = 0;
	for (unsigned i = 0; slash && i < LEDGER_COUNT; i++) {
		if (!slice_equal((struct slice){ id.data, len }, slice_of(ledgers[i].name)))
			continue;
		*ledger = (enum ledger_id)i;
		*day = 0;
		if (ledgers[i].stock)
			return slice_equal((struct slice){ slash + 1, id.len - len - 1 }, SLICE("now"));
		snprintf(date, sizeof(date), "%.*s", (int)(id.len - len - 1), slash + 1);
		if (sscanf(date, "%d-%d-%d", &year, &month, &day_of) != 3)
			return false;
		*day = day_from_date(year, month, day_of);
		return true;
	}
	return false;
}
