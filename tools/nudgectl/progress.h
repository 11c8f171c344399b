/* nudgectl/progress.h: a bar with rate and time left on standard error, once something has taken two seconds. Where
 * that is no terminal: a plain line every ten seconds. */
#ifndef NUDGECTL_PROGRESS_H
#define NUDGECTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what, *unit; /* "importing", "rows" */
	uint64_t started_ns, shown_ns;
	uint64_t refused; /* shown with the rest; the caller sets it */
	bool shown, eager; /* eager: at once, and a plain line every two seconds, for what is slow on purpose */
};

void progress_init(struct progress *p, const char *what, const char *unit);
/* done: how many units so far; part: how much of the whole that is, 0 to 1, or negative where nobody knows. */
void progress_show(struct progress *p, uint64_t done, double part);
void progress_finish(struct progress *p); /* takes the bar off the screen */
double progress_seconds(const struct progress *p);

#endif
