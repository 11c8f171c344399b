/* report/campaigns.h: the reports about many customers: report_campaigns.c. */
#ifndef NUDGED_REPORT_CAMPAIGNS_H
#define NUDGED_REPORT_CAMPAIGNS_H

#include "report/report.h"

extern const struct report_decl report_campaigns, report_segments;

#endif
