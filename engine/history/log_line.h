/* history/log_line.h: lines of the decision log: JSON, one a decision, nudge or alert, made from what the journal says.
 * README.md documents every field; tests/e2e/decision_log.py holds its table and these lines in step.
 *
 * What the pack masks (script/mask.h) does not show in any of them: not as an attribute, not in words, and not where
 * another field happens to have the same text. */
#ifndef NUDGED_HISTORY_LOG_LINE_H
#define NUDGED_HISTORY_LOG_LINE_H

#include "decide/decision.h"
#include "disk/journal.h"
#include "history/entry.h"
#include "wire/response.h"

struct log_entry { /* whose lines these are */
	const struct journal_entry *at;
	const struct entry *entry; /* NULL: it does not decode, or is not kept any more */
	const struct pack *pack;   /* that was active then */
	struct slice pack_name;
	struct arena *arena;
};

/* alert: of a nudge that was sent; NULL: of none. */
void log_decision(struct bytes *out, const struct log_entry *e, const struct decision_record *d,
		  const struct wire_alert *alert);
void log_alert(struct bytes *out, const struct log_entry *e, const struct wire_alert *a);
/* So many entries, or alerts, were gone before they could be logged; seq: where it goes on. */
void log_missed(struct bytes *out, const char *what, uint64_t count, uint64_t seq);

/* Where a line came from: its entry, and of an alert the index. False: it is none of ours. */
struct log_place {
	uint64_t seq;
	uint32_t index; /* UINT32_MAX: all that the entry has */
};
bool log_place_of(struct slice line, struct log_place *out);

#endif
