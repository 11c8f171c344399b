/* nudgectl/replay.h: how the difference that `nudgectl replay` finds is shown. */
#ifndef NUDGECTL_REPLAY_H
#define NUDGECTL_REPLAY_H

#include "history/compare.h"

void replay_print_text(const struct compare_report *r, const char *data, double seconds);
int replay_print_json(const struct compare_report *r); /* an exit code */

#endif
