/* history/compare_rows.h: what a comparison counts, by rule, action and recipient, with a few examples of each; one set a
 * thread, added up at the end. */
#ifndef NUDGED_HISTORY_COMPARE_ROWS_H
#define NUDGED_HISTORY_COMPARE_ROWS_H

#include "history/compare.h"

struct rows {
	struct compare_row **slots; /* open addressing */
	unsigned count, cap;
	unsigned examples; /* at most so many of a kind */
};

void rows_finish(struct rows *r);
/* Made where there is none. Good until rows_finish. */
struct compare_row *rows_get(struct rows *r, enum compare_row_kind kind, struct slice name);
void rows_join(struct rows *into, const struct rows *from);
/* Takes all rows out, sorted. */
struct compare_row *rows_take(struct rows *r, size_t *count);

/* An example as it is met: its texts are lent. Kept, as a copy, while there are fewer than `most`; they are met in order. */
struct met {
	uint64_t seq, order, boot, count;
	int64_t time_ms;
	const struct record *record; /* whose */
	struct slice member, before, after;
};
void examples_add(struct compare_examples *e, unsigned most, const struct met *m);
/* The first `most` of both. */
void examples_join(struct compare_examples *into, const struct compare_examples *from, unsigned most);
void examples_finish(struct compare_examples *e);

#endif
