/* report/lasting.h: reports of how long customers stay: churn, and how sales fared. */
#ifndef NUDGED_REPORT_LASTING_H
#define NUDGED_REPORT_LASTING_H

#include "report/report.h"

extern const struct report_decl report_churn, report_contracts;

/* report_churn.c's ledgers, in its order. */
enum { CHURN_ROWS, CHURN_STOCK, CHURN_TOUCHES };
/* report_after.c: what report churn shows by agent or topic. */
void report_after(struct report_making *m);
/* The row is of the names that the pack tells customers apart by now, and within the days asked for. */
bool churn_row(const struct report_making *m, const struct ledger_row *row);

#endif
