/* shard/reports.h: reports from ledgers. Private to this folder. */
#ifndef NUDGED_SHARD_REPORTS_H
#define NUDGED_SHARD_REPORTS_H

#include "wire/request.h"

struct shard;
struct pack;
struct reporting;

/* ERR_MISSING, ERR_INVALID or ERR_LIMIT, with the field, where there is no such report. */
int reporting_create(struct reporting **out, const struct request_report *asked, int64_t now_ms, const struct pack *pack);
void reporting_destroy(struct reporting *r); /* NULL-safe */
void reports_go_on(struct shard *s);         /* another slice of each that is being made here */

#endif
