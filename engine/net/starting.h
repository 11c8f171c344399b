/* net/starting.h: how far a daemon is that has not begun to serve: what its thread of the start says, and the doors tell
 * whoever asks meanwhile (http_health.c, http_metrics.c, porch.c). Any thread. */
#ifndef NUDGED_NET_STARTING_H
#define NUDGED_NET_STARTING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct starting {
	_Atomic(const char *) stage; /* static: "replaying the journal"; NULL: nothing is known yet. Zero it to begin */
	_Atomic uint64_t done, all, began_ns;
};

/* A stage begins where its name is another than before. */
void starting_say(struct starting *s, const char *stage, uint64_t done, uint64_t all);
double starting_part(const struct starting *s); /* of the stage, 0 to 1 */
/* "recovering: replaying the journal, 43%, about 12 s left", "starting: testing the pack" where nothing says how
 * much there is to do, or "starting". */
void starting_text(const struct starting *s, char *out, size_t size);

#endif
