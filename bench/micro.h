/* bench/micro.h: one stage of the path by itself, in one process, without sockets: nanoseconds an operation.
 *
 * All stages work on the same made-up traffic (workload.h) of MICRO_CUSTOMERS customers, few enough to stay in the
 * CPU's caches: what is measured is the code, bench/run measures the memory. */
#ifndef BENCH_MICRO_H
#define BENCH_MICRO_H

#include "base/arena.h"
#include "base/bytes.h"
#include "decide/decision.h"
#include "protocol.h"
#include "state/record.h"

#define MICRO_CUSTOMERS 256u
#define MICRO_FRAMES 4096u

struct micro {
	const char *scratch;                  /* a folder of our own, empty */
	const char *pack;                     /* folder */
	struct machine machine;               /* with the pack */
	struct record *records[MICRO_CUSTOMERS]; /* with 40 events each */
	struct slice events[MICRO_FRAMES], requests[MICRO_FRAMES]; /* framed, as a client sends them */
	char *bytes;
	uint64_t sink; /* results go here, so that nothing is optimized away */
};

/* A stage does `count` operations; what it must prepare it does before micro_begin, and cleans up after micro_end. */
struct stage_decl {
	const char *name, *what;
	void (*run)(struct micro *m, unsigned count);
	unsigned count; /* operations where the caller does not say */
};

void micro_begin(void);
void micro_end(void);

extern const struct stage_decl stages_path[], stages_disk[]; /* end with a name of NULL */

#endif
