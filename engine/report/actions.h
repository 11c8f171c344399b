/* report/actions.h: the reports about actions: report_actions.c, report_effects.c, report_reasons.c, report_budgets.c. */
#ifndef NUDGED_REPORT_ACTIONS_H
#define NUDGED_REPORT_ACTIONS_H

#include "report/report.h"

extern const struct report_decl report_actions, report_effects, report_reasons, report_budgets;

#endif
