/* shard/parts.h: a shard and the engine from inside: the state that the files of this folder work on. Private to this
 * folder.
 *
 * The engine's own fields are set before the loops run, or atomic, or behind its lock; a shard's are its loop's. */
#ifndef NUDGED_SHARD_PARTS_H
#define NUDGED_SHARD_PARTS_H

#include "base/arena.h"
#include "base/metrics.h"
#include "base/queue.h"
#include "decide/decision.h"
#include "disk/journal.h"
#include "disk/store.h"
#include "shard/cache.h"
#include "shard/engine.h"
#include "shard/feed.h"
#include "shard/figures.h"
#include "shard/known_actions.h"
#include "shard/models.h"
#include "shard/past.h"
#include "shard/recent.h"
#include "shard/shard.h"
#include "shard/sweep.h"
#include "shard/warm.h"

#include <pthread.h>

struct due;
struct request;
struct source;
struct work;
struct call;
struct storer;
struct control;
struct backfill;
struct walk;
struct eraser;
struct explainer;
struct folder;
struct decision_log;
struct expected;
struct finder;

/* Counts the shard's thread writes and status reads. */
struct shard_counts {
	counter accepted, duplicate, refused, queries, recommendations, alerts, historical, nudges, fallbacks, unrecorded,
		late_replies, timers_fired, effects, stored;
	counter cached, cache_bytes, dirty, timers, effects_pending;
	struct histogram publish_ns, recommend_ns;
	struct histogram model_ns; /* from where a model learned to this shard's copy of it */
};

struct shard {
	struct engine *engine;
	unsigned index;
	struct queue *queue;
	struct machine machine;
	struct cache cache;
	struct arena arena, arena_event; /* of one frame, work or replayed entry; of one of its events */
	struct applied applied; /* what the entry being applied caused: large, so not on the stack */
	int64_t now_ms;
	struct due **due; /* heap, earliest first */
	size_t due_count, due_cap;
	struct source *sources; /* ring, ascending by seq */
	size_t source_head, source_count, source_cap;
	struct sweep sweep;
	uint64_t swept_ns; /* when the last sweep ended */
	int64_t sweep_wait_ms; /* what sweep_wants said at sweep_asked_ns */
	uint64_t sweep_asked_ns;
	struct call *hold, *hold_tail, *free_calls;
	struct work *inbox, *inbox_tail;       /* own works to be run after the current entry: effects and nudges */
	struct work *outbound, *outbound_tail; /* works whose target's queue was full, in order */
	struct session *dirty, *paused, *followers;
	uint64_t unsent; /* items answered since the last flush */
	_Atomic bool poked;
	_Atomic bool waits;    /* it rests, and what it holds or keeps away waits for the disk */
	uint64_t durable_seen; /* when it settled last */
	uint64_t now_ns;       /* monotonic, as of the last look at the clock */
	bool hurry;            /* something was journaled since the journal was told that somebody waits for */
	uint64_t unhurried_ns; /* since when something is that nobody waits for; 0: nothing */
	struct work *slow;   /* reports that are being made, a slice at a time */
	struct work *parked; /* of customers whose merge is on its way: run again when one has arrived */
	bool unpark;
	bool tail_full; /* the store is over tail_bytes behind the journal: events wait */
	bool inbox_stuck, inbox_busy; /* its head finds no room; since the disk is behind, not full */
	struct pack *next_pack;
	_Atomic unsigned pack_lent; /* reports that another thread makes by the pack: till then */
	struct pack **old_packs;    /* … those that are not active any more are kept */
	unsigned old_pack_count;
	struct recent recent;
	struct models models, next_models; /* of the pack's actions; of next_pack's */
	struct bytes scratch, encoded;
	struct shard_counts counts;
	bool closing;
};

struct engine {
	struct engine_config config;
	char *data;
	struct journal *journal;
	struct store *store; /* NULL in a replay */
	struct feed *feed;
	struct figures *figures;
	struct wire_recovery recovery; /* of this start; does not change after it */
	struct shard **shards;
	unsigned shard_count;
	uint64_t boot_id;
	int64_t started_ms;
	bool erased_first; /* this start finished an erasure: what came during it was decided without what it had wiped */
	uint64_t started_ns;
	_Atomic uint64_t decisions;
	_Atomic int64_t clock_ms;         /* simulated, or the floor below which now never falls */
	_Atomic uint64_t mark;            /* the store's low-water mark */
	_Atomic uint64_t asides_in_force; /* rules set aside since the last activation */
	uint64_t newest_stored;           /* newest entry that a stored record knows; the storing thread's */
	struct stage_time store_commits; /* the storing thread's: records, and the time of their transactions */
	_Atomic uint64_t note_pending;    /* oldest global entry that the store has no note of; 0: none */
	_Atomic unsigned reports_making;   /* at most LIMIT_REPORTS */
	_Atomic uint64_t slow_request_ns;  /* what takes longer is logged; 0: nothing is */
	_Atomic uint64_t slow_requests, slow_logged_ns; /* how many; when one was logged last */
	_Atomic int connections, follower_count;
	_Atomic uint64_t asides; /* rules set aside since the daemon started */
	/* The active pack, as text for answers; behind the lock. */
	pthread_mutex_t lock;
	char pack_name[LIMIT_ID_BYTES + 1], pack_hash[33];
	int64_t pack_since_ms;
	struct pasts past;  /* changed by the control thread only */
	struct warms warms; /* of the active pack; the same */
	struct known_actions known_actions; /* of all packs; the same */
	struct storer *storer;
	struct control *control;
	struct backfill *backfill; /* the one that runs, or ran last; changed behind the lock */
	_Atomic bool backfilling;
	struct walk *walk; /* over customers, for segments: the one that runs, or ran last */
	struct eraser *eraser; /* of customers: the one that runs, or ran last */
	struct explainer *explainer;
	struct finder *finder;
	struct store *base;    /* what went from the journal, as of its end; NULL: not kept */
	struct folder *folder; /* folds what is to go into it; NULL: nothing does */
	struct decision_log *decision_log; /* NULL: none is kept */
	bool running, looping;
	struct expected *expected; /* recovery: effects that entries caused and the journal has not shown yet */
};

struct shard *engine_owner(struct engine *e, const struct subject *subject);
void shard_follow(struct shard *s, struct session *session, const struct request *r);
void shard_unfollow(struct shard *s, struct session *session, const struct request *r);
void shard_poke(struct shard *s);    /* any thread: look again (the clock moved) */
void shard_durable(struct shard *s); /* the journal's thread: more is on disk */
void engine_status(struct engine *e, uint64_t request_id, int64_t now_ms, struct bytes *out);

struct shard *shard_create(struct engine *e, unsigned index);
void shard_destroy(struct shard *s);
void shard_measure(struct shard *s);

#endif
