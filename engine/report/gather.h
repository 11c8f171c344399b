/* report/gather.h: the rows that a report is made from, gathered from ledgers' records wherever those lie. */
#ifndef NUDGED_REPORT_GATHER_H
#define NUDGED_REPORT_GATHER_H

#include "report/report.h"

struct gather_row;
struct gather {
	struct arena arena;                       /* of the rows and all that they lend */
	struct report_ask ask;                    /* its texts lie in the arena */
	const struct report_decl *decl;
	int32_t first, last;                      /* days */
	struct gather_row **buckets[REPORT_LEDGERS];
	size_t bucket_count[REPORT_LEDGERS], count[REPORT_LEDGERS];
};

/* As report_check says. The ask is copied. */
int gather_init(struct gather *g, const struct report_ask *ask, const struct pack *pack);
void gather_finish(struct gather *g);
/* What a ledger's record has; NULL: nothing. ERR_LIMIT beyond LIMIT_REPORT_ROWS. */
int gather_add(struct gather *g, unsigned ledger, int32_t day, const struct ledger *l);
/* Makes the report of what was gathered: rows sorted, so that the order of gathering does not matter. */
void gather_make(struct gather *g, const struct pack *pack, struct report_table *out);

#endif
