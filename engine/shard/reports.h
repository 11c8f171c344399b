/* shard/reports.h: reports from ledgers. Private to this folder. */
#ifndef NUDGED_SHARD_REPORTS_H
#define NUDGED_SHARD_REPORTS_H

#include "wire/request.h"

#include <stdbool.h>

struct shard;
struct pack;
struct reporting;
struct work;

/* ERR_MISSING, ERR_INVALID or ERR_LIMIT, with the field, where there is no such report. */
int reporting_create(struct reporting **out, const struct request_report *asked, int64_t now_ms, const struct pack *pack);
void reporting_destroy(struct reporting *r); /* NULL-safe */
void reports_go_on(struct shard *s);         /* another slice of one that is being made here */
int report_make_table(struct work *w);       /* by the explaining thread: the answer, of what was gathered */
void reports_keep_pack(struct shard *s, struct pack *pack); /* no longer active; NULL: those kept go where they can */
bool reports_can_go_on(struct shard *s);     /* there is one whose turn it is */

#endif
