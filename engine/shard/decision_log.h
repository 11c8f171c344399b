/* shard/decision_log.h: the decision log: a JSON line of every decision, nudge and alert, in a file that rotates or on
 * standard output. What a line has is documented in README.md and made by history/log_line.h.
 *
 * A thread of its own reads the journal behind the durable sequence, and the alerts from the feed: what is logged was
 * durable before, and no shard waits for it or does anything for it but keep gates. DIR/decision_log.position says up to
 * which entry all is in the log; after a restart it goes on there. After kill -9 the file's last line tells better, so
 * that each line is there once; standard output may then get lines of the last second again (their ids tell).
 *
 * A file that cannot be written to is tried again every second, and what falls behind is what the journal holds. Entries
 * that the journal let go meanwhile, or alerts that the feed did, are counted, and a line of kind "missed" says so. */
#ifndef NUDGED_SHARD_DECISION_LOG_H
#define NUDGED_SHARD_DECISION_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct engine;

int decision_log_start(struct engine *e); /* does nothing where none is configured. ERR_IO, ERR_INVALID */
/* Everything is durable. Writes what is left, unless that cannot be done within a few seconds. */
void decision_log_stop(struct engine *e);

bool decision_log_passed(const struct engine *e, uint64_t seq); /* it has all lines up to this entry; or there is none */

struct decision_log_stats {
	uint64_t lines, errors, missed, behind; /* behind: durable entries that it has not come to */
};
void decision_log_stats(const struct engine *e, struct decision_log_stats *out);

#endif
