/* report/learning.h: what agents could learn: report_learning.c. */
#ifndef NUDGED_REPORT_LEARNING_H
#define NUDGED_REPORT_LEARNING_H

#include "report/report.h"

extern const struct report_decl report_learning;

#endif
