/* watch_show.h: what a reload found, on standard output: findings and failed tests, then one line that says what is active
 * now. In colour on a terminal (not with NO_COLOR). */
#ifndef NUDGED_WATCH_SHOW_H
#define NUDGED_WATCH_SHOW_H

#include "base/limits.h"
#include "workbench/check.h"
#include "workbench/tests.h"

struct reload {
	const char *folder;
	struct bundle pack, tests;
	struct findings findings;
	struct test_run run; /* where `tested` */
	bool tested;
	bool active, changed; /* it was taken; and was another than the one before */
	char name[LIMIT_ID_BYTES + 1], hash[33]; /* of the pack that is active now */
	double took_ms;
};

void watch_say_begin(const char *folder, const char *address, const char *scratch); /* scratch: NULL where it is kept */
void watch_say_gone(const char *folder);
void watch_say_ended(const char *why);
void reload_show(const struct reload *r);

#endif
