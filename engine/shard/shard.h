/* shard/shard.h: one shard as its loop drives it: a passive object that is handed frames, told when it was woken, and
 * asked when it wants to be called next. It never blocks on a socket or a disk write; it may read a record from the
 * store.
 *
 * All functions belong to the shard's own loop thread. */
#ifndef NUDGED_SHARD_SHARD_H
#define NUDGED_SHARD_SHARD_H

#include "access/access.h"
#include "base/bytes.h"
#include "shard/feed.h"

struct shard;

/* A connection as the shard sees it; net embeds it. Answers are appended to `out`; then `flush` is called, once a
 * burst. */
struct session {
	struct bytes out;
	void (*flush)(struct session *s);   /* send and clear `out`; update `backlog` */
	void (*resume)(struct session *s);  /* a paused session may hand its frame in again */
	void (*release)(struct session *s); /* the last answer of a closed session is done: free it */
	size_t backlog;                     /* bytes that the client has not taken yet */
	uint32_t in_flight;                 /* requests not answered yet */
	bool closed, welcomed, dirty, paused;
	int (*admit)(struct session *s); /* its token is good: whether it may stay, or the last error. NULL: it may */
	uint32_t weight; /* of the last frame: requests, an event counted each */
	bool denied;     /* it was hung up on for a token that is not known */
	bool inner; /* the process's own: not among the connections that are counted */
	int64_t peer_uid;                   /* whose process is at the other end; -1: not known. net knows before the first frame */
	uint64_t follow_id; /* request id of its Follow; 0: none */
	struct feed_place place;
	char follow_to[LIMIT_ID_BYTES + 1];
	struct session *next_dirty, *next_paused, *next_follower;
	struct access_grant grant; /* what its token allows, where tokens are wanted */
};

enum shard_take {
	SHARD_TOOK,   /* the frame is done with (its answer may come later) */
	SHARD_PAUSE,  /* no room: keep the frame, stop reading, hand it in again on resume */
	SHARD_HANG_UP /* answered with an error; close once it is sent */
};

/* Frames at hand that shard_frame will get next, in this order: what they are about is fetched into the CPU's caches.
 */
void shard_ahead(struct shard *s, const struct slice *frames, unsigned count);
#define SHARD_AHEAD_FRAMES 32u
/* Before a burst of frames, and again every few of them: what follows is received at the time read here. Returns the
 * monotonic one, in ns. */
uint64_t shard_look_at_clock(struct shard *s);
enum shard_take shard_frame(struct shard *s, struct session *session, struct slice frame);
/* Framing was lost: the last error is the answer. */
void shard_reject(struct shard *s, struct session *session);
void shard_session_open(struct shard *s, struct session *session);
void shard_session_close(struct shard *s, struct session *session);

/* The loop's thread sleeps like this: `if (shard_rest(s)) wait for an edge of shard_fd (EPOLLET), a socket, the timer;
 * shard_awake(s); ...`. Between shard_awake and the next shard_rest nobody spends a system call on telling it anything. */
int shard_fd(const struct shard *s); /* an edge: call shard_wake */
bool shard_rest(struct shard *s);    /* false: there is something for shard_wake already */
void shard_awake(struct shard *s);
void shard_wake(struct shard *s); /* takes what other threads left, settles */
/* After a burst of frames: tells the journal, sends what can be sent. */
void shard_settle(struct shard *s);
/* Due timers, the sweep of the store, eviction. Returns in how many ms it wants to be called again; -1: not before it
 * is woken. */
int64_t shard_tick(struct shard *s);
/* The same answer without doing anything: after a burst, to see whether the loop's timer is set right. */
int64_t shard_wants(struct shard *s);
unsigned shard_index(const struct shard *s);

#endif
