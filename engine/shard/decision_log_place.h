/* shard/decision_log_place.h: where the decision log left off, and with which pack. Private to decision_log.c. */
#ifndef NUDGED_SHARD_DECISION_LOG_PLACE_H
#define NUDGED_SHARD_DECISION_LOG_PLACE_H

#include "base/limits.h"
#include "base/slice.h"
#include "history/log_line.h"

struct engine;

struct log_start {
	uint64_t next;           /* the entry to go on at */
	struct log_place logged; /* lines up to this place are in the log */
};

/* `last`: the log's last line, or empty. Where nothing says where it left off, it begins with what is new. */
int log_place_find(struct log_start *out, struct engine *e, struct slice last);
int log_place_save(const char *data, uint64_t seq); /* everything up to this entry is in the log */

/* The pack that entries were decided with, for its names. */
struct log_pack {
	struct strpool *pool;
	struct pack *pack;
	char name[LIMIT_ID_BYTES + 1];
};
int log_pack_find(struct log_pack *p, struct engine *e, uint64_t seq); /* that was active before the entry `seq` */
int log_pack_load(struct log_pack *p, struct slice name, struct slice bundle);
void log_pack_finish(struct log_pack *p);

#endif
