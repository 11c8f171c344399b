/* shard/call.h: requests being answered. Private to this folder. */
#ifndef NUDGED_SHARD_CALL_H
#define NUDGED_SHARD_CALL_H

#include "base/arena.h"
#include "shard/shard.h"
#include "wire/request.h"
#include "wire/response.h"

struct work;

/* A request being answered. Belongs to the home shard; kept until all parts are done and what they changed is durable.
 */
struct call {
	struct call *next;
	struct session *session;
	uint64_t request_id, hold_seq, started_ns;
	enum request_kind kind;
	uint64_t held_ns;      /* measured: since when it waits for the disk; 0: not measured */
	bool failed;           /* an ack is a refusal */
	unsigned waiting;      /* parts that are not done */
	struct wire_ack *acks; /* publish: one an event */
	unsigned ack_count;
	struct work *parts; /* done works whose memory the acks lend */
	struct arena arena;
	struct bytes answer; /* other requests: the framed response */
};

struct call *call_create(struct shard *s, struct session *session, const struct request *r);
void call_part_done(struct shard *s, struct call *c);                           /* waiting went down */
void call_destroy(struct call *c);                                               /* at the end, unanswered */
void call_error(struct shard *s, struct session *session, uint64_t request_id); /* the last error, at once */
void session_output(struct shard *s, struct session *session);                  /* something was appended to out */
void hold_release(struct shard *s);

#endif
