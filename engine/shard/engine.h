/* shard/engine.h: the daemon without its sockets: one journal, one store, one feed, N shards, and the control and store
 * threads that serve them all. `net` and `main` see this header and shard.h; what is inside is in parts.h.
 *
 * Life: engine_open (recovers), then the loops start their shards with engine_run, …, engine_close. */
#ifndef NUDGED_SHARD_ENGINE_H
#define NUDGED_SHARD_ENGINE_H

#include "disk/file.h"
#include "state/record.h"

struct engine;
struct shard;
struct wire_gauge;

struct engine_config {
	const char *data;                      /* folder; created where missing */
	unsigned shards;                       /* 1 … LIMIT_SHARDS */
	uint64_t cache_bytes;                  /* of records in memory, all shards together */
	uint64_t segment_bytes, reserve_bytes; /* 0: the defaults of base/limits.h */
	uint64_t journal_keep_bytes;           /* history kept behind the low-water mark */
	uint64_t tail_bytes;                   /* journal that the store may be behind; then events wait. 0: LIMIT_TAIL_BYTES */
	uint32_t sweep_ms;                     /* pause between two sweeps of the store; 0: 30,000 */
	bool base;                             /* what goes from the journal is folded into DIR/base first */
	bool simulated_clock;                  /* the clock follows the newest event time published */
	const char *decision_log;              /* PATH or "-" (shard/decision_log.h); NULL: none. Lent until engine_close */
	uint64_t decision_log_bytes;           /* of one file of it; 0: it is not put aside */
	unsigned decision_log_keep;            /* files put aside that are kept */
	const char *version;
	size_t (*outer)(void *arg, struct wire_gauge *out, size_t room); /* more to say in status; NULL: nothing. Any thread */
	void *outer_arg;
	struct access *access;                 /* who may do what; lent until engine_close. NULL: whoever reaches the socket */
};

/* What went on while opening: for the log and the terminal. */
typedef void engine_progress(void *arg, const char *stage, uint64_t done, uint64_t all);

int engine_open(struct engine **out, const struct engine_config *config, engine_progress *progress, void *arg);
/* Starts the journal, store and control threads, journals the boot id. Then loops may drive the shards. */
int engine_run(struct engine *e);
/* From here on shards are driven by their loops, and global changes go through them. */
void engine_loops_run(struct engine *e);
/* Before the loops stop: no further global changes (they need the loops). */
void engine_stop_changes(struct engine *e);
/* Stops the threads: what is pending becomes durable, all dirty records are stored, the files are closed. Loops must be
 * stopped before. Memory stays, record by record: for a process that ends, which need not free it. NULL-safe. */
void engine_stop(struct engine *e);
void engine_close(struct engine *e); /* engine_stop, and frees everything. NULL-safe */

unsigned engine_shard_count(const struct engine *e);
struct shard *engine_shard(struct engine *e, unsigned index);
int64_t engine_now_ms(const struct engine *e); /* the system's clock, or the simulated one */

/* Activates the pack in a folder, where it is not active already; for start (between engine_run and engine_loops_run)
 * and SIGHUP. Returns when it is durable, or ERR_RULE and the old one stays. Any thread but a loop's. */
int engine_activate_folder(struct engine *e, const char *folder, bool *changed);

/* What takes longer is logged; 0: nothing is. Any thread, at any time. */
void engine_set_slow(struct engine *e, uint64_t request_ns, uint64_t rule_ns);
/* Whether every shard took notice of something new within this time. Any thread but a loop's. */
bool engine_is_alive(struct engine *e, uint32_t within_ms);

/* Name and hash of the active pack; empty where there is none. Any thread. */
void engine_pack_text(struct engine *e, char name[LIMIT_ID_BYTES + 1], char hash[33]);

/* Whether a pack in a folder would be taken; nothing is changed. ERR_RULE and the like. */
int engine_check_folder(const char *folder);

/* Somebody put log files aside: what follows goes to new ones. Any thread. */
void engine_reopen_logs(struct engine *e);

/* Whether events are, or would be, refused for want of disk space. Any thread. */
bool engine_storage_short(const struct engine *e);
/* Adds what all shards have measured: requests with events, for recommendations, and how long models take to be known
 * everywhere (ns). Any thread. */
struct histogram;
void engine_latencies(const struct engine *e, struct histogram *publish, struct histogram *recommend, struct histogram *model);

/* How many connections and followers there are is net's to know. */
void engine_count_connections(struct engine *e, int connections);

/* A fresh state from the journal in `config->data` (nothing is written, no store): every outcome hash and decision is
 * checked. */
struct replay_report {
	uint64_t entries, events, effects, timers, decisions, outcomes, acknowledgements, activations;
	uint64_t first_seq, last_seq, outcome_mismatches, decision_mismatches, first_mismatch_seq, blanked, records;
	uint64_t gaps, unproven; /* subjects some of whose entries were erased; entries of theirs that came out otherwise */
	struct hash128 digest;
};
int engine_replay(const struct engine_config *config, engine_progress *progress, void *arg, struct replay_report *out);

#endif
