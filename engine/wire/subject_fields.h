/* wire/subject_fields.h: checks that events, outcomes and requests have in common. */
#ifndef NUDGED_WIRE_SUBJECT_FIELDS_H
#define NUDGED_WIRE_SUBJECT_FIELDS_H

#include "base/slice.h"

#include <stdint.h>

/* Exactly one of the two. */
int wire_check_subject(struct slice customer, struct slice alias);
/* Fills in a missing time, and bounds past and future; nothing with now_ms < 0: what is journaled was right when it came. */
int wire_check_time(int64_t *time_ms, int64_t now_ms);
/* hash64 of source, 0, id; both checked to be at most LIMIT_ID_BYTES. */
uint64_t wire_id_hash(struct slice source, struct slice id);

#endif
