/* nudgectl/verified.h: a data directory or a backup looked at whole, with a bar, each problem on a line. */
#ifndef NUDGECTL_VERIFIED_H
#define NUDGECTL_VERIFIED_H

#include "history/verify.h"

#include <jansson.h>

/* EXIT_DONE: all is good. EXIT_FAILED: it is not, or could not be looked at; it was said. `list` (may be NULL: lines on
 * standard error) gets the problems instead. */
int verified_run(const char *dir, struct verify_found *found, json_t *list);

#endif
