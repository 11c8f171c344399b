/* workbench/check.h: what is wrong with a pack, found without running it: everything that activation would refuse, and
 * what loads but can hardly be meant. The codes are listed in rules/README.md ("Check"). */
#ifndef NUDGED_WORKBENCH_CHECK_H
#define NUDGED_WORKBENCH_CHECK_H

#include "script/bundle.h"
#include "script/findings.h"

/* `pack` gets its zone on the way, where it loads. Findings are sorted. */
void check_pack_folder(struct findings *out, struct bundle *pack, const struct bundle *tests);
/* Every code that a finding can have, sorted; NULL-terminated. */
const char *const *check_codes(void);

#endif
