/* shard/control.h: global changes: packs activated, rules set aside. Private to this folder. */
#ifndef NUDGED_SHARD_CONTROL_H
#define NUDGED_SHARD_CONTROL_H

#include "base/error.h"
#include "script/bundle.h"
#include "shard/engine.h"
#include "shard/past.h"
#include "shard/shard.h"
#include "shard/warm.h"

#include <pthread.h>

struct work;

struct activation { /* one at a time, run by the control thread */
	struct bundle bundle, tests; /* as received, the tests may still be among the bundle's files */
	struct bytes bytes;
	char name[LIMIT_ID_BYTES + 1];
	char hash_text[33];
	char by[LIMIT_BY_BYTES + 1]; /* who asks, in their own word */
	int64_t uid;                 /* and as the system says; -1: it does not */
	uint8_t origin;              /* enum past_origin */
	char to[LIMIT_ID_BYTES + 1]; /* PAST_ROLLBACK: to what; empty: to the pack before */
	uint64_t back_to;            /* the activation found */
	unsigned tests_passed;
	bool untested; /* its tests are not kept any more */
	bool backfill; /* what is new is to be filled from the journal */
	bool walks;    /* all customers are looked at: this pack or the one before has segments */
	bool filling, stopped_filling; /* that has begun; another one ended for it, unfinished */
	uint64_t request_id;
	struct slice aside; /* instead: a rule to set aside */
	bool is_aside;
	struct work *reply_to;                 /* answered when done; may be NULL */
	void (*on_done)(struct activation *a); /* somebody waits in engine_activate_folder, and owns it then */
	struct waiter *waiter;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	unsigned arrived;
	bool released;
	int result;
	struct error error;
	uint64_t seq;
	int64_t time_ms; /* of its entry */
	unsigned rules, actions, series_kept, series_new;
	struct warms warms; /* what the new pack's declarations have */
};

int control_start(struct engine *e);
void control_stop(struct engine *e); /* the thread ends; later submissions are refused */
void control_destroy(struct engine *e);
bool control_submit(struct engine *e, struct activation *a); /* false: too many waiting */
int activation_test(struct activation *a); /* activation_test.c: ERR_RULE with the first test that fails */
/* activate.c: checked, tested, live; the result is in it. In the control thread. */
void activation_run(struct engine *e, struct activation *a);
void activation_fail(struct activation *a); /* with the last error */
/* control.c: for activate.c. All shards load it beside their active pack; all stand while its entry is published. */
void control_prepare(struct engine *e, struct activation *a);
void control_stand_and_publish(struct engine *e, struct activation *a);
int control_publish(struct engine *e, struct activation *a);
struct past past_of(const struct activation *a); /* its line in the history */
void control_noted(struct engine *e, uint64_t seq); /* the store has its note */
void activation_destroy(struct activation *a);
void engine_set_pack_text(struct engine *e, const char *name, const char *hash, int64_t since_ms);
void engine_remember(struct engine *e, const struct past *line, const struct warms *warms);
/* In recovery: the table as the store has it; where it has none (from before there was one, or cut off by a crash), what
 * follows from the table before. */
int engine_load_warms(struct engine *e, const struct past *line, const struct warms *old);
int shard_install_pack(struct shard *s, const struct bundle *bundle);

#endif
