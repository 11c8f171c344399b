/* nudgectl/alert_reader.h: the open alerts and nudges page by page, or each as it becomes durable: what `alerts` and
 * `outbox list` have in common. They differ in what they want of them and how they show it. */
#ifndef NUDGECTL_ALERT_READER_H
#define NUDGECTL_ALERT_READER_H

#include "ask.h"
#include "table.h"

struct alert_reader {
	const char *command;    /* as it is typed: "alerts" */
	const char *to;         /* recipient or channel; NULL: any */
	struct point after;     /* only those behind it; all zero: from the first, or when following from now on */
	uint64_t limit;         /* at most so many that are wanted */
	const char *titles;     /* of the table */
	const char *none;       /* what to say where there is none */
	bool (*is_wanted)(const Nudge__V1__Alert *a);
	void (*add_row)(struct table *t, const Nudge__V1__Alert *a, int64_t now_ms);
	void (*put)(const Nudge__V1__Alert *a); /* one that came, onto standard output */
};

/* All that are open now: a table, or a list with --json. */
int alert_reader_list(const struct alert_reader *r, struct context *c);
/* Until the connection ends: says then how to go on without loss. With --json an object a line. */
int alert_reader_follow(const struct alert_reader *r, struct context *c);

/* Takes care of the alert or nudge that `id` names (SEQ-INDEX; `command` is for messages), in the name of `by`, else of
 * who runs the tool; *answer is then freed with nudge_free. */
int alert_acknowledge(struct context *c, const char *command, const char *id, const char **by,
		      Nudge__V1__Response **answer);

#endif
