/* wire/decision.h: a decision's id as text: "BOOT-COUNT", both decimal, so that it begins with Welcome's boot_id. */
#ifndef NUDGED_WIRE_DECISION_H
#define NUDGED_WIRE_DECISION_H

#include "base/slice.h"

#include <stdint.h>

#define DECISION_TEXT_BYTES 42 /* two numbers of up to 20 digits, "-", NUL */

struct slice decision_format(uint64_t boot, uint64_t count, char buffer[DECISION_TEXT_BYTES]);
bool decision_parse(struct slice text, uint64_t *boot, uint64_t *count);

#endif
