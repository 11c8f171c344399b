/* shard/eraser_parts.h: the erasing of a customer from inside: eraser.c, the thread; wipe.c, what each shard does for it. */
#ifndef NUDGED_SHARD_ERASER_PARTS_H
#define NUDGED_SHARD_ERASER_PARTS_H

#include "decide/wipe.h"
#include "history/erase.h"
#include "shard/eraser.h"
#include "shard/parts.h"

#include "base/error.h"

enum erase_step {
	STEP_WIPE,
	STEP_LINKS,    /* whom is somebody new with their name found by? */
	STEP_UNLINK,
	STEP_TAKE_OUT,
	STEP_STILL,    /* nothing is on its way from it any more */
	STEP_SETTLE,
	STEP_FORGET,
};

/* An alias of somebody new who has one of their names. */
struct kept_link {
	struct slice alias;
	struct wiped_link link;
};

struct eraser {
	struct engine *engine;
	unsigned threads; /* that have not ended */
	_Atomic bool stop, runs, holds;
	struct erase_asked asked;
	bool resumed; /* asked for before this start: DIR/ERASING says so already */
	_Atomic bool wiped; /* one of them at least: from there on it is done, however often that takes */
	struct erase_report report;
	struct erase_plan *plan;
	struct work *reply;  /* NULL: nobody waits */
	uint64_t request_id;
	uint64_t seq; /* of the note */
	int result;   /* how it ended, and why so */
	struct error why;
	/* with shards */
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned out;
	struct kept_link *kept;
	size_t kept_count;
	int failed; /* of one of the works; its text */
	struct error error;
	bool again;
	bool *done; /* by the plan's order: whoever has done the step is not asked again */
};

void kept_links_destroy(struct kept_link *list, size_t count);
void eraser_forget_kept(struct eraser *x);

#endif
