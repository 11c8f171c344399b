/* nudgectl/rules_home.h: where this nudgectl's own rules/ is: the packs that come with it, the editor's stubs, the
 * beginning of a new pack. */
#ifndef NUDGECTL_RULES_HOME_H
#define NUDGECTL_RULES_HOME_H

#include <limits.h>
#include <stdbool.h>

/* Beside the binary's prefix (share/nudged/rules), else in the source tree that it was built from, else where it was to
 * be installed. False: nowhere. */
bool rules_home(char out[PATH_MAX]);

#endif
