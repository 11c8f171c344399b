/* shard/internal.h: what the files of this folder share. Nobody outside includes it.
 *
 * Threads: a shard belongs to its loop. Work for another shard travels as `struct work` through that shard's queue and
 * comes back the same way. The engine's own fields are set before the loops run, or atomic, or behind its lock. */
#ifndef NUDGED_SHARD_INTERNAL_H
#define NUDGED_SHARD_INTERNAL_H

#include "base/arena.h"
#include "base/metrics.h"
#include "base/queue.h"
#include "decide/decision.h"
#include "disk/journal.h"
#include "disk/store.h"
#include "shard/cache.h"
#include "shard/engine.h"
#include "shard/entry.h"
#include "shard/feed.h"
#include "shard/shard.h"
#include "wire/request.h"
#include "wire/response.h"

#include <pthread.h>

/* A request being answered. Belongs to the home shard; kept until all parts are done and what they changed is durable.
 */
struct call {
	struct call *next;
	struct session *session;
	uint64_t request_id, hold_seq, started_ns;
	enum request_kind kind;
	bool failed;           /* an ack is a refusal */
	unsigned waiting;      /* parts that are not done */
	struct wire_ack *acks; /* publish: one an event */
	unsigned ack_count;
	struct work *parts; /* done works whose memory the acks lend */
	struct arena arena;
	struct bytes answer; /* other requests: the framed response */
};

enum work_kind {
	WORK_EVENT,
	WORK_OUTCOME,
	WORK_ACKNOWLEDGE,
	WORK_RECOMMEND,
	WORK_NUDGE,
	WORK_READ,
	WORK_RESOLVE,
	WORK_EFFECT,
	WORK_EFFECT_DONE,
	WORK_STORED,
	WORK_DIGEST,
	WORK_RULES,
	WORK_PREPARE,
	WORK_PAUSE,
	WORK_ACTIVATED,
};

/* A piece of a request (or of the shard's own doings) that may have to visit other shards. On the stack while it is
 * local; copied to the heap when it moves. */
struct work {
	struct work *next;
	enum work_kind kind;
	bool heap, done, failed, provisional, fetched_agent, fetched_area;
	unsigned hops;
	struct shard *target; /* while it waits in `outbound` */
	struct shard *home;
	struct call *call; /* NULL for the shard's own */
	unsigned part;
	struct arena arena; /* of a heap work: owns the slices below */
	struct slice raw;   /* event, outcome: as received */
	struct slice customer, alias, member, merged_from;
	const struct event *event; /* decoded already; only while the work is on the stack */
	int64_t time_ms;
	uint64_t reserved;   /* bytes reserved in the journal for its entry */
	struct wire_ack ack; /* result */
	uint64_t hold_seq;   /* the answer waits until this is durable */
	struct bytes answer; /* result: a framed response */
	union {
		struct {
			struct ask ask;
			uint64_t started_ns;
			uint32_t deadline_ms;
			struct slice area;                      /* to be fetched from its shard */
			struct slice agent_record, area_record; /* fetched: encoded records */
			uint64_t request_id;
		} recommend;
		struct {
			struct slice agent;
			uint64_t request_id;
		} read;
		struct {
			uint64_t request_id;
		} resolve;
		struct {
			uint64_t seq;
			uint32_t index;
			struct slice by;
			struct subject subject;
			uint64_t request_id;
		} acknowledge;
		struct {
			struct subject source, target;
			uint64_t source_seq;
			uint32_t index;
			uint8_t kind;
			struct slice body, customer;
			struct slice rule, channel, goal, action; /* a nudge */
			int64_t nudge_ms;
		} effect;
		struct store_chunk *chunk;
		struct {
			struct hash128 digest;
			uint64_t records, request_id;
			unsigned next;
		} digest;
		struct activation *activation;
		struct {
			struct wire_rule *rules;
			unsigned count, next;
			uint64_t request_id;
		} rules;
	};
};

/* Counts the shard's thread writes and status reads. */
struct shard_counts {
	counter accepted, duplicate, refused, recommendations, alerts, historical, nudges, fallbacks, unrecorded, late_replies,
		timers_fired, effects, stored;
	counter cached, cache_bytes, dirty, timers, effects_pending;
	struct histogram publish_ns, recommend_ns;
};

struct due { /* an item of the timer heap */
	int64_t fire_ms;
	uint8_t kind, len;
	char id[];
};

struct source { /* an entry whose effects are not all in the journal yet */
	uint64_t seq;
	uint32_t left;
};

struct sweep {
	bool active;
	unsigned next_slot;   /* hash slots from here on are not collected yet */
	struct keyed *items;  /* of the hash slot at hand, sorted */
	size_t count, at, cap, per_tick;
	uint64_t mark;       /* the journal's end when it began, or before what is skipped */
	unsigned chunks_out; /* handed to the store thread, not back yet */
	bool last_sent;
};

struct shard {
	struct engine *engine;
	unsigned index;
	struct queue *queue;
	struct machine machine;
	struct cache cache;
	struct arena arena, arena_event,
		arena_replay;   /* of one frame or work; of one of its events; of one replayed entry */
	struct applied applied; /* what the entry being applied caused: large, so not on the stack */
	int64_t now_ms;
	struct due **due; /* heap, earliest first */
	size_t due_count, due_cap;
	struct source *sources; /* ring, ascending by seq */
	size_t source_head, source_count, source_cap;
	struct sweep sweep;
	uint64_t swept_ns; /* when the last sweep ended */
	struct call *hold, *hold_tail, *free_calls;
	struct work *inbox, *inbox_tail;       /* own works to be run after the current entry: effects and nudges */
	struct work *outbound, *outbound_tail; /* works whose target's queue was full, in order */
	struct session *dirty, *paused, *followers;
	_Atomic bool poked;
	struct work *parked;          /* of customers whose merge is on its way: run again when one has arrived */
	bool unpark;
	bool inbox_stuck, inbox_busy; /* its head finds no room; since the disk is behind, not full */
	struct pack *next_pack;
	struct bytes scratch, encoded;
	struct shard_counts counts;
	bool closing;
};

struct activation { /* one at a time, run by the control thread */
	struct bundle bundle;
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

struct engine {
	struct engine_config config;
	char *data;
	struct journal *journal;
	struct store *store; /* NULL in a replay */
	struct feed *feed;
	struct shard **shards;
	unsigned shard_count;
	uint64_t boot_id;
	int64_t started_ms;
	uint64_t started_ns;
	_Atomic uint64_t decisions;
	_Atomic int64_t clock_ms; /* simulated, or the floor below which now never falls */
	_Atomic uint64_t mark;    /* the store's low-water mark */
	_Atomic uint64_t asides_in_force; /* rules set aside since the last activation */
	uint64_t newest_stored; /* newest entry that a stored record knows; the storing thread's */
	_Atomic uint64_t note_pending; /* oldest global entry that the store has no note of; 0: none */
	_Atomic bool storage_refusing;
	_Atomic int connections, follower_count;
	_Atomic uint64_t asides; /* rules set aside since the daemon started */
	/* The active pack, as text for answers; behind the lock. */
	pthread_mutex_t lock;
	char pack_name[LIMIT_ID_BYTES + 1], pack_hash[33];
	int64_t pack_since_ms;
	struct storer *storer;
	struct control *control;
	bool running, looping;
	struct expected *expected; /* recovery: effects that entries caused and the journal has not shown yet */
};

#define HOPS_MAX 16u /* alias, merges of merges, agent, area: more is a loop of merges */

/* work.c */
struct work *work_to_heap(const struct work *w);
void work_destroy(struct work *w);
void work_send(struct shard *from, struct shard *to, struct work *w); /* w on the heap */
void work_run(struct shard *s, struct work *w);                       /* dispatches by kind; takes heap works over */
void work_done(struct shard *s, struct work *w);                      /* result is in w: home to its call */
void work_refuse(struct shard *s, struct work *w, int code, const char *field, const char *text);
void work_refuse_last(struct shard *s, struct work *w); /* with the last error */
/* Brings a work to the shard that has this subject. True: it is here, go on; false: it has gone (w must not be
 * touched). */
bool work_at(struct shard *s, struct work **w, const struct subject *subject);
/* Resolves alias and merges: true with *slot (NULL: nothing known and not create) when this shard is the customer's;
 * false: gone or refused. */
bool work_customer(struct shard *s, struct work **w, bool create, struct slot **slot);
/* Where results are built: they live as long as the answer needs them. */
struct arena *work_arena(struct shard *s, struct work *w);
struct shard *engine_owner(struct engine *e, const struct subject *subject);

/* call.c */
struct call *call_create(struct shard *s, struct session *session, const struct request *r);
void call_part_done(struct shard *s, struct call *c);                           /* waiting went down */
void call_error(struct shard *s, struct session *session, uint64_t request_id); /* the last error, at once */
void session_output(struct shard *s, struct session *session);                  /* something was appended to out */
void hold_release(struct shard *s);

/* publish.c, query.c, effect.c, timer.c: the works */
void publish_work(struct shard *s, struct work *w);
void outcome_work(struct shard *s, struct work *w);
void acknowledge_work(struct shard *s, struct work *w);
void recommend_work(struct shard *s, struct work *w);
void nudge_work(struct shard *s, struct work *w);
void read_work(struct shard *s, struct work *w);
void resolve_work(struct shard *s, struct work *w);
void effect_work(struct shard *s, struct work *w);
void effect_done_work(struct shard *s, struct work *w);
void stored_work(struct shard *s, struct work *w);
void digest_work(struct shard *s, struct work *w);
void rules_work(struct shard *s, struct work *w);
void prepare_work(struct shard *s, struct work *w);
void pause_work(struct shard *s, struct work *w);
void activated_work(struct shard *s, struct work *w);

/* commit.c: from applied to published */
struct commit {
	struct slot *slot;
	struct entry *entry;
	struct applied *applied; /* NULL: nothing came of it */
	int64_t received_at_ms;
	struct slice raw, member; /* for effects that carry the source event on */
	bool untimed;             /* it does not say when it happened: when it was received */
	struct slice nudge;       /* an encoded Recommendation: for the alert of a nudge */
	bool changes_record;
	uint64_t reserved_bytes; /* what was reserved for the body */
};
/* Appends the entry (its space was reserved) and hands on what it caused. Returns its sequence. */
uint64_t commit_entry(struct shard *s, struct commit *c);
/* The same for recovery: the entry is in the journal. */
void commit_replayed(struct shard *s, struct commit *c, uint64_t seq);
void alert_to_wire(const struct record *r, const struct alert *a, struct wire_alert *out);
int reserve_one(struct shard *s, size_t body_bytes); /* for the shard's own entries */
#define ENTRY_SLACK_BYTES 512u                       /* of a body beside its payload: subject, trailer, head */
/* Looks at the clock: s->now_ms becomes the received_at of what follows. Never decreases. Called once a stimulus, not
 * once an entry. */
void shard_look_at_clock(struct shard *s);

/* effect.c, nudge.c, publish.c: what live and replay share */
int apply_effect(struct shard *s, struct slot *slot, const struct entry *entry, const struct apply_input *in,
		 struct applied *out);
void apply_nudge(struct shard *s, struct slot *slot, const struct decision_record *d, const struct apply_input *in,
		 struct applied *out);
struct outcome_input outcome_input_of(const struct request_outcome *o, int64_t received_at_ms);
void decision_to_wire(struct shard *s, const struct decision *d, const struct decision_head *head,
		      const struct record *r, int64_t now_ms, struct slice channel, struct wire_recommendation *out);
bool effect_changes(const struct slot *slot, uint8_t kind);
void inbox_run(struct shard *s);
void inbox_add(struct shard *s, struct work *w);
void inbox_put_back(struct shard *s, struct work *w);

/* replay.c: one journal entry applied to the state; shared by recovery and --replay */
struct replay_checks {
	bool strict;    /* stop at the first outcome that differs */
	bool decisions; /* recompute decisions too */
	uint64_t skipped, applied;
	struct replay_report report;
};
int replay_entry(struct engine *e, const struct journal_entry *je, struct replay_checks *checks);

/* timer.c */
void timers_schedule(struct shard *s, struct slot *slot);
void timers_load(struct shard *s, int64_t fire_ms, const struct subject *subject);
int64_t timers_fire(struct shard *s, int64_t now_ms); /* next fire time; INT64_MAX: none */
/* Timers of this record that are due by `time_ms` fire before a historical entry is applied. */
int timers_fire_before(struct shard *s, struct slot *slot, int64_t time_ms);
void timers_finish(struct shard *s);

/* sources.c: which entries' effects are outstanding */
void sources_add(struct shard *s, uint64_t seq, unsigned effects);
void sources_done(struct shard *s, uint64_t seq);
uint64_t sources_oldest(const struct shard *s); /* UINT64_MAX: none */

/* expected.c: recovery's table of effects still to be seen */
struct expected *expected_create(void);
void expected_destroy(struct expected *x);
void expected_add(struct expected *x, struct work *w);
struct work *expected_take(struct expected *x, uint64_t source_seq, uint32_t index); /* NULL: not there */
/* All that are left, in order of source; the caller owns them. */
size_t expected_drain(struct expected *x, struct work ***out);

/* sweep.c, storer.c */
void sweep_tick(struct shard *s);
int64_t sweep_wants(struct shard *s); /* ms until sweep_tick has something to do; -1: not before something changes */
struct store_chunk {
	struct shard *shard;
	struct bytes operations; /* table u8, 0 delete / 1 put, key, value */
	struct chunk_item {
		struct slot *slot;
		uint32_t version;
		uint64_t seq;          /* of the record as it is here */
		struct stored stored;  /* the slot's, once this is committed */
	} *items;
	size_t count;
	uint64_t durable_first; /* the journal must have this on disk before the chunk is committed */
	bool last;
	uint64_t mark; /* last: the shard's low-water mark */
	int result;
};
void chunk_destroy(struct store_chunk *c);
uint64_t mark_before_notes(const struct engine *e, uint64_t mark);
int storer_start(struct engine *e);
void storer_send(struct engine *e, struct store_chunk *c);
void storer_stop(struct engine *e);
int storer_note_activation(struct engine *e, uint64_t seq, const char *name, int64_t time_ms, struct slice bundle,
			   const char *hash);
int storer_note_aside(struct engine *e, uint64_t seq, struct slice rule);
int sweep_all(struct engine *e); /* at stop: everything, at once, from the stopping thread */
void chunk_put_slot(struct shard *s, struct store_chunk *c, struct slot *slot);
int chunk_write(struct engine *e, struct store_chunk *c,
		uint64_t engine_mark); /* one transaction; engine_mark 0: none */

/* activate.c, control.c */
int control_start(struct engine *e);
void control_stop(struct engine *e); /* the thread ends; later submissions are refused */
void control_destroy(struct engine *e);
bool control_submit(struct engine *e, struct activation *a); /* false: too many waiting */
void activation_destroy(struct activation *a);
void engine_set_pack_text(struct engine *e, const char *name, const char *hash, int64_t since_ms);
int shard_install_pack(struct shard *s, const struct bundle *bundle);

/* recover.c */
int recover(struct engine *e, const struct journal_found *found, engine_progress *progress, void *arg);
int replay_all(struct engine *e, const struct journal_found *found, engine_progress *progress, void *arg,
	       struct replay_report *out);
int install_empty_pack(struct engine *e);

/* frame.c, shard.c, status.c */
void shard_follow(struct shard *s, struct session *session, const struct request *r);
void shard_unfollow(struct shard *s, struct session *session, const struct request *r);
void shard_poke(struct shard *s); /* any thread: look again (more is on disk, the clock moved) */
void engine_status(struct engine *e, uint64_t request_id, int64_t now_ms, struct bytes *out);

struct shard *shard_create(struct engine *e, unsigned index);
void shard_destroy(struct shard *s);
void shard_measure(struct shard *s);

#endif
