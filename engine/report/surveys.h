/* report/surveys.h: the reports of surveys and of the relationship score. */
#ifndef NUDGED_REPORT_SURVEYS_H
#define NUDGED_REPORT_SURVEYS_H

#include "report/report.h"

extern const struct report_decl report_surveys, report_scores;

#endif
