/* shard/work.h: pieces of requests, and of the shard's own doings, and how they move between shards. Private to this
 * folder.
 *
 * A shard belongs to its loop's thread. Work for another shard travels as `struct work` through that shard's queue and
 * comes back the same way. */
#ifndef NUDGED_SHARD_WORK_H
#define NUDGED_SHARD_WORK_H

#include "base/arena.h"
#include "decide/decision.h"
#include "shard/cache.h"
#include "wire/request.h"
#include "wire/response.h"

struct shard;
struct engine;
struct call;
struct activation;
struct store_chunk;
struct backfill;
struct walk;
struct eraser;
struct asked;
struct reporting;
struct finding;

#define HOPS_MAX 16u /* alias, merges of merges, agent, area: more is a loop of merges */

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
	WORK_FILL,
	WORK_LOOK,
	WORK_ERASE,
	WORK_ERASED,
	WORK_MODEL,
	WORK_MODEL_RESET,
	WORK_EXPLAINED,
	WORK_REPORT,
	WORK_FIND,
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
			uint64_t request_id, known_seq;
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
			uint64_t told_ns; /* WORK_MODEL: when the owner had learned it; monotonic */
		} effect;
		struct {
			struct subject action;
			struct slice by;
			int64_t uid;
			uint64_t request_id;
		} model;
		struct store_chunk *chunk;
		struct {
			struct hash128 digest;
			uint64_t records, request_id;
			unsigned next;
		} digest;
		struct activation *activation;
		struct {
			struct backfill *backfill;
			struct asked *asked; /* whom, and where the answer goes */
			uint64_t as_of;      /* the body has every entry up to here */
			bool insist;
			struct slice body;
		} fill;
		struct {
			struct walk *walk;
			struct subject subject; /* kind SUBJECT_NONE: is the shard's part of the store up to the activation? */
		} look;
		struct {
			struct eraser *eraser;
			struct subject subject; /* kind SUBJECT_NONE: is the shard's part of the store up to the note? */
			size_t at; /* in the plan */
			uint8_t step;
		} erase;
		struct {
			uint64_t request_id;
		} explain; /* WORK_ERASED too */
		struct {
			struct reporting *making;
			uint64_t request_id;
		} report;
		struct {
			struct finding *finding;
			bool failed;
			uint64_t request_id;
		} find;
		struct {
			struct wire_rule *rules;
			unsigned count, next;
			uint64_t request_id;
		} rules;
	};
};

/* Of a kind that has nothing in the union: that part, most of its size, is left as it is. */
static inline void work_init(struct work *w, enum work_kind kind, struct shard *home, struct call *call)
{
	memset(w, 0, offsetof(struct work, recommend));
	w->kind = kind;
	w->home = home;
	w->call = call;
}

struct work *work_to_heap(const struct work *w);
void work_destroy(struct work *w);
void work_abandon(struct work *w); /* at the end: its request, too, when that waits for nothing else. NULL-safe */
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

/* What each kind does: publish.c, query.c, effect.c, nudge.c, sweep.c, control.c. */
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
void fill_work(struct shard *s, struct work *w);
void look_work(struct shard *s, struct work *w);
void erase_work(struct shard *s, struct work *w);
void activated_work(struct shard *s, struct work *w);
void model_work(struct shard *s, struct work *w);
void model_reset_work(struct shard *s, struct work *w);
void report_work(struct shard *s, struct work *w);
void find_work(struct shard *s, struct work *w);

#endif
