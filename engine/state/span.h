/* state/span.h: lengths of time as authors write them, and the window (from, now] that they mean.
 * Exact: "90s" "5m" "24h" "7d" "2w" (a day is 24 h, a week 7 x 24 h). Calendar, in the pack's zone: "today" (also
 * "day"), "month". "ever": everything kept. */
#ifndef NUDGED_STATE_SPAN_H
#define NUDGED_STATE_SPAN_H

#include "state/zone.h"

enum span_kind { SPAN_EXACT, SPAN_TODAY, SPAN_MONTH, SPAN_EVER };

struct span {
	enum span_kind kind;
	int64_t ms; /* exact ones */
};

int span_parse(struct slice text, struct span *out);          /* ERR_INVALID with what is allowed */
int64_t span_from(struct span s, const struct zone *z, int64_t now_ms); /* exclusive start */
/* how long data must be kept for it: today 26 h, a month 31 days and 2 h (clocks going back); ever: INT64_MAX */
int64_t span_keep_ms(struct span s);
/* "7d" -> "7 days" and the like, for explanations. */
struct slice span_text(struct span s, char buffer[32]);

#endif
