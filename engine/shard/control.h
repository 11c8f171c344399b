/* shard/control.h: global changes: packs activated, rules set aside. Private to this folder. */
#ifndef NUDGED_SHARD_CONTROL_H
#define NUDGED_SHARD_CONTROL_H

#include "base/error.h"
#include "script/bundle.h"
#include "shard/engine.h"
#include "shard/shard.h"

#include <pthread.h>

struct work;

struct activation { /* one at a time, run by the control thread */
	struct bundle bundle, tests; /* as received, the tests may still be among the bundle's files */
	struct bytes bytes;
	char name[LIMIT_ID_BYTES + 1];
	char hash_text[33];
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
	unsigned rules, actions, series_kept, series_new;
};

int control_start(struct engine *e);
void control_stop(struct engine *e); /* the thread ends; later submissions are refused */
void control_destroy(struct engine *e);
bool control_submit(struct engine *e, struct activation *a); /* false: too many waiting */
int activation_test(const struct activation *a); /* activation_test.c: ERR_RULE with the first test that fails */
void activation_destroy(struct activation *a);
void engine_set_pack_text(struct engine *e, const char *name, const char *hash, int64_t since_ms);
int shard_install_pack(struct shard *s, const struct bundle *bundle);

#endif
