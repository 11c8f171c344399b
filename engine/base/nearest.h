/* base/nearest.h: what somebody probably meant who mistyped a name: "did you mean …?". */
#ifndef NUDGED_BASE_NEAREST_H
#define NUDGED_BASE_NEAREST_H

/* The nearest of `names` (NULL-terminated), or NULL where none is near: two edits, one in a name of up to 4 bytes.
 * An edit is one byte added, left out or changed, or two neighbours swapped. */
const char *nearest_name(const char *wrong, const char *const *names);

#endif
