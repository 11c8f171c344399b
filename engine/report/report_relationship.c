/* report/report_relationship.c: how customers fare with us, by topic, channel or day: what they come about, whether it was
 * settled the first time, what it cost them, how they felt, what they complained of and what they were promised. */
#include "report/contacts.h"

#define HOUR_MS 3600000.0

static struct value open_contacts(const struct contact_row *r)
{
	return value_number((double)r->all[CONTACTS_OPEN]);
}

static struct value inferred(const struct contact_row *r)
{
	return value_number((double)r->all[CONTACTS_INFERRED]);
}

static struct value reopened(const struct contact_row *r)
{
	return value_number((double)r->complaints[CASES_REOPENED]);
}

static struct value complaints_open(const struct contact_row *r)
{
	return value_number((double)(r->complaints[CASES_OPENED] - r->complaints[CASES_CLOSED]));
}

static struct value turnaround(const struct contact_row *r)
{
	int64_t closed = r->complaints[CASES_CLOSED];
	return closed ? value_number((double)r->complaints[CASES_TURNAROUND_MS] / HOUR_MS / (double)closed) : value_unknown();
}

static struct value promises_late(const struct contact_row *r)
{
	return value_number((double)r->promises[CASES_LATE]);
}

static const struct contact_column columns[] = {
	{ "contacts", "count", HELP_CONTACTS, contact_cell_contacts },
	{ "open", "count", "contacts that have not ended yet", open_contacts },
	{ "served", "count", HELP_SERVED, contact_cell_served },
	{ "abandoned", "share", HELP_ABANDONED, contact_cell_abandoned },
	{ "inferred", "count", "contacts of which no end came within the pack's inferred_end (4 h): closed by then", inferred },
	{ "fcr", "share", HELP_FCR, contact_cell_fcr },
	{ "fcr_contacts", "count", HELP_FCR_CONTACTS, contact_cell_fcr_contacts },
	{ "fcr_provisional", "share", HELP_FCR_PROVISIONAL, contact_cell_fcr_provisional },
	{ "provisional_contacts", "count", HELP_PROVISIONAL, contact_cell_provisional_contacts },
	{ "repeats", "count", HELP_REPEATS, contact_cell_repeats },
	{ "transfers", "count", HELP_TRANSFERS, contact_cell_transfers },
	{ "holds", "count", HELP_HOLDS, contact_cell_holds },
	{ "effort", "", HELP_EFFORT, contact_cell_effort },
	{ "mood_start", "", HELP_MOOD_START, contact_cell_mood_start },
	{ "mood_end", "", HELP_MOOD_END, contact_cell_mood_end },
	{ "mood_change", "", HELP_MOOD_CHANGE, contact_cell_mood_change },
	{ "wait", "s", HELP_WAIT, contact_cell_wait },
	{ "handle", "s", HELP_HANDLE, contact_cell_handle },
	{ "complaints", "count", HELP_COMPLAINTS, contact_cell_complaints },
	{ "reopened", "count", "times that a complaint was opened again after it was closed", reopened },
	{ "complaints_open", "count", "complaints of those days that are open still", complaints_open },
	{ "turnaround", "h", "mean hours from a complaint's first opening to its last closing, of those closed", turnaround },
	{ "promises", "count", HELP_PROMISES, contact_cell_promises },
	{ "kept", "share", HELP_KEPT, contact_cell_kept },
	{ "late", "count", "promises kept after their time", promises_late },
	{ "broken", "count", HELP_BROKEN, contact_cell_broken },
	{ NULL, NULL, NULL, NULL },
};

static void make(struct report_making *m)
{
	size_t count;
	struct contact_row *rows = contact_rows(m, &count);
	bool provisional = false;
	report_key_columns(m);
	contact_columns(m, columns);
	for (size_t i = 0; i < count; i++) {
		report_row(m, rows[i].by);
		contact_cells(m, columns, &rows[i]);
		provisional |= rows[i].all[CONTACTS_SERVED] != rows[i].settled[CONTACTS_SERVED];
	}
	if (provisional)
		report_remark(m, "What came in within the last %d days is provisional: a customer may still come back about it.",
			    contact_open_days(m->pack));
	if (!m->pack->contacts)
		report_remark(m, "The pack does not say what a contact is: contacts { … } (rules/README.md).");
}

const struct report_decl report_relationship = {
	.name = "relationship",
	.help = "contacts, whether they resolved the matter, moods, effort, complaints and promises",
	.ledgers = { LEDGER_CONTACTS, LEDGER_CASES },
	.ledger_count = 2,
	.by = { "topic", "channel", "agent", "day", "month" },
	.default_by = "topic",
	.keep = { "meaning" },
	.make = make,
};
