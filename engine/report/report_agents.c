/* report/report_agents.c: how each agent's contacts went. A contact is its last agent's, a promise who made it. Few contacts
 * say little about a person: such rows are named. */
#include "report/contacts.h"

#define ENOUGH 30 /* contacts (DESIGN, "Meanings") */
#define NAMED 8   /* rows with fewer that a note names */

static struct value per_contact(const struct contact_row *r)
{
	int64_t served = r->all[CONTACTS_SERVED];
	return served ? value_number((double)r->all[CONTACTS_TRANSFERS] / (double)served) : value_unknown();
}

static struct value enough(const struct contact_row *r)
{
	return value_bool(r->all[CONTACTS_SERVED] >= ENOUGH);
}

static const struct contact_column columns[] = {
	{ "contacts", "count", HELP_CONTACTS, contact_cell_contacts },
	{ "served", "count", HELP_SERVED, contact_cell_served },
	{ "enough", "", "at least 30 contacts served: with fewer the shares and means are mostly chance", enough },
	{ "abandoned", "share", HELP_ABANDONED, contact_cell_abandoned },
	{ "fcr", "share", HELP_FCR, contact_cell_fcr },
	{ "fcr_contacts", "count", HELP_FCR_CONTACTS, contact_cell_fcr_contacts },
	{ "fcr_provisional", "share", HELP_FCR_PROVISIONAL, contact_cell_fcr_provisional },
	{ "provisional_contacts", "count", HELP_PROVISIONAL, contact_cell_provisional_contacts },
	{ "repeats", "count", HELP_REPEATS, contact_cell_repeats },
	{ "mood_start", "", HELP_MOOD_START, contact_cell_mood_start },
	{ "mood_end", "", HELP_MOOD_END, contact_cell_mood_end },
	{ "mood_change", "", HELP_MOOD_CHANGE, contact_cell_mood_change },
	{ "wait", "s", HELP_WAIT, contact_cell_wait },
	{ "handle", "s", HELP_HANDLE, contact_cell_handle },
	{ "transfers", "", "transfers for each contact served", per_contact },
	{ "holds", "count", HELP_HOLDS, contact_cell_holds },
	{ "effort", "", HELP_EFFORT, contact_cell_effort },
	{ "complaints", "count", HELP_COMPLAINTS, contact_cell_complaints },
	{ "promises", "count", HELP_PROMISES, contact_cell_promises },
	{ "kept", "share", HELP_KEPT, contact_cell_kept },
	{ "broken", "count", HELP_BROKEN, contact_cell_broken },
	{ NULL, NULL, NULL, NULL },
};

/* By what they are; "linh bill" of several dimensions. */
static void note_few(struct report_making *m, const struct contact_row *rows, size_t count)
{
	struct bytes names = { 0 };
	size_t few = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t served = rows[i].all[CONTACTS_SERVED];
		if (served >= ENOUGH || served == 0)
			continue;
		if (few++ >= NAMED)
			continue;
		bytes_printf(&names, "%s", few > 1 ? ", " : "");
		for (unsigned k = 0; k < m->ask->by_count; k++)
			bytes_printf(&names, "%s%.*s", k ? " " : "", SLICE_ARG(rows[i].by[k].len ? rows[i].by[k] : SLICE("-")));
	}
	if (few)
		report_remark(m, "Fewer than %d contacts are few, and say little: %.*s%s.", ENOUGH, (int)names.len, names.data,
			    few > NAMED ? " and others" : "");
	bytes_finish(&names);
}

static void make(struct report_making *m)
{
	size_t count;
	struct contact_row *rows = contact_rows(m, &count);
	report_key_columns(m);
	contact_columns(m, columns);
	for (size_t i = 0; i < count; i++) {
		report_row(m, rows[i].by);
		contact_cells(m, columns, &rows[i]);
	}
	note_few(m, rows, count);
	if (!m->pack->contacts)
		report_remark(m, "The pack does not say what a contact is: contacts { … } (rules/README.md).");
}

const struct report_decl report_agents = {
	.name = "agents",
	.help = "how each agent's contacts went: resolution, moods, handling, transfers, promises",
	.ledgers = { LEDGER_CONTACTS, LEDGER_CASES },
	.ledger_count = 2,
	.by = { "agent", "topic", "channel", "day", "month" },
	.default_by = "agent",
	.keep = { "meaning" },
	.make = make,
};
