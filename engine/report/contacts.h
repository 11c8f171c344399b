/* report/contacts.h: what the reports `relationship` and `agents` are made of: contacts and cases, a row for each value
 * that the report is by. */
#ifndef NUDGED_REPORT_CONTACTS_H
#define NUDGED_REPORT_CONTACTS_H

#include "report/report.h"
#include "state/contacts.h"

extern const struct report_decl report_relationship, report_agents;

/* Sums by measure: contacts (enum contact_measure), cases (enum case_measure). */
struct contact_row {
	struct slice by[REPORT_BY];
	int64_t all[LEDGER_MEASURES];
	int64_t settled[LEDGER_MEASURES];  /* contacts of days so old that nobody can follow them in time any more */
	int64_t complaints[LEDGER_MEASURES], promises[LEDGER_MEASURES];
};
/* In the order of what they are by. The report's ledgers begin with contacts and cases, and it keeps "meaning". */
struct contact_row *contact_rows(struct report_making *m, size_t *count);
/* Days at the end of which too little time has passed to tell whether a contact was resolved. */
int32_t contact_open_days(const struct pack *p);

struct contact_column {
	const char *name, *unit, *help;
	struct value (*cell)(const struct contact_row *r);
};
/* Adds them, up to one without a name; then for each row its cells. */
void contact_columns(struct report_making *m, const struct contact_column *columns);
void contact_cells(struct report_making *m, const struct contact_column *columns, const struct contact_row *r);

/* Cells that both reports have. */
struct value contact_cell_contacts(const struct contact_row *r);
struct value contact_cell_served(const struct contact_row *r);
struct value contact_cell_abandoned(const struct contact_row *r);
struct value contact_cell_fcr(const struct contact_row *r);
struct value contact_cell_fcr_contacts(const struct contact_row *r);
struct value contact_cell_fcr_provisional(const struct contact_row *r);
struct value contact_cell_provisional_contacts(const struct contact_row *r);
struct value contact_cell_repeats(const struct contact_row *r);
struct value contact_cell_effort(const struct contact_row *r);
struct value contact_cell_transfers(const struct contact_row *r);
struct value contact_cell_holds(const struct contact_row *r);
struct value contact_cell_mood_start(const struct contact_row *r);
struct value contact_cell_mood_end(const struct contact_row *r);
struct value contact_cell_mood_change(const struct contact_row *r);
struct value contact_cell_wait(const struct contact_row *r);
struct value contact_cell_handle(const struct contact_row *r);
struct value contact_cell_complaints(const struct contact_row *r);
struct value contact_cell_promises(const struct contact_row *r);
struct value contact_cell_kept(const struct contact_row *r);
struct value contact_cell_broken(const struct contact_row *r);

/* Definitions of those, one sentence each. */
#define HELP_CONTACTS "conversations from queue to end, in the day of their end (of open ones: their beginning), under their last agent"
#define HELP_SERVED "contacts that an agent took, and that have ended"
#define HELP_ABANDONED "contacts that ended before an agent took them, as a share of those that ended; they are in no other share"
#define HELP_FCR "first-contact resolution: contacts served after whose end, within the pack's resolved_within (7 x 24 h), " \
	"the customer began no other about the topic and had no complaint or promise about it open, as a share of those served; " \
	"only of days so long ago that this can be told"
#define HELP_FCR_CONTACTS "contacts that fcr is a share of"
#define HELP_FCR_PROVISIONAL "the same of the days since then: it can still sink"
#define HELP_PROVISIONAL "contacts that fcr_provisional is a share of"
#define HELP_REPEATS "contacts that began within resolved_within of the end of another of the customer's about the topic"
#define HELP_EFFORT "transfers, holds and repeats for each contact: what it costs the customer"
#define HELP_TRANSFERS "times that a contact was handed to another agent"
#define HELP_HOLDS "times that a customer was put on hold"
#define HELP_MOOD_START "mean mood at the start of contacts, -1 to 1, where it is known"
#define HELP_MOOD_END "mean mood at their end"
#define HELP_MOOD_CHANGE "mean of the mood at the end less that at the start, of contacts of which both are known"
#define HELP_WAIT "mean seconds in the queue of contacts served"
#define HELP_HANDLE "mean seconds with an agent of contacts served"
#define HELP_COMPLAINTS "complaints opened (cases with meaning = \"complaint\"), in the day of their opening, under the agent then"
#define HELP_PROMISES "promises made (cases with meaning = \"promise\"), in the day when they were made, under who made them"
#define HELP_KEPT "promises kept in time, as a share of those kept, kept late or broken"
#define HELP_BROKEN "promises whose time is over, and that nobody has kept"

#endif
