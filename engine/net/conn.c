/* net/conn.c: one connection: bytes in, frames to the shard, answers out.
 *
 * Back-pressure: reading stops while the shard has no room (paused), while the client does not take its answers
 * (LIMIT_OUTPUT_BYTES), or while it has asked more than it may (clients.h). The input buffer never holds more than one frame and its length, so memory is bounded. */
#include "net/loop.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/mistaken.h"
#include "wire/frame.h"

#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>

#define READ_BYTES (64u * KIB)
#define LOOK_FRAMES 8u /* taken between two looks at the clock */
#define INPUT_BYTES_MAX (LIMIT_FRAME_BYTES + LIMIT_FRAME_VARINT_BYTES + READ_BYTES)

struct conn {
	struct session session; /* first: the shard's callbacks get it back as a conn */
	struct loop *loop;
	struct conn *next, **at; /* in the loop's list */
	struct stream stream;
	struct event *readable, *writable;
	struct bytes in; /* in.data[taken … in.len) is not parsed yet */
	size_t taken;
	struct bytes out; /* out.data[sent … out.len) is not sent yet */
	size_t sent;
	struct turn turn; /* for whole frames that are at hand still */
	bool reading, hang_up, parsing, released;
	uint64_t hello_by_ns; /* else it is closed: a byte now and then is no progress */
	bool timed;   /* it is read with a time limit, for its Hello */
	bool stranger; /* no Hello yet */
	struct client *client, *holder; /* whose it is: by address or user, and by its token */
	struct clients *clients;
	struct event *later; /* for one of these to end; made when it is needed */
	bool slowed;  /* it has asked more than it may: nothing is read */
	bool muted;   /* its answer waits (LIMIT_DENIED_MS): nothing is sent */
	bool stalled; /* whole frames are at hand, but the client has not taken its answers */
};

static void is_known(struct conn *c)
{
	atomic_fetch_sub(&c->loop->strangers, c->stranger);
	c->stranger = false;
}

static void set_reading(struct conn *c, bool on)
{
	static const struct timeval handshake = { .tv_sec = LIMIT_HANDSHAKE_MS / 1000 };
	if (on == c->reading)
		return;
	c->reading = on;
	c->timed = on && !c->session.welcomed;
	if (on)
		event_add(c->readable, c->timed ? &handshake : NULL);
	else
		event_del(c->readable);
}

/* Answers that wait for the client, those of this very burst too: a small question may have a large answer. */
static bool is_full(const struct conn *c)
{
	return c->out.len - c->sent + c->session.out.len >= LIMIT_OUTPUT_BYTES;
}

static bool is_unwanted(const struct conn *c)
{
	return c->session.closed || c->session.paused || c->hang_up || c->slowed || is_full(c);
}

static void update_reading(struct conn *c)
{
	set_reading(c, !is_unwanted(c) || (c->stream.send_reads && !c->session.closed));
}

/* Sends what it can. False: the connection is gone (closed). */
static bool conn_send(struct conn *c)
{
	if (c->muted)
		return true;
	while (c->sent < c->out.len) {
		ssize_t n = stream_send(&c->stream, c->out.data + c->sent, c->out.len - c->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (!c->stream.send_reads)
				event_add(c->writable, NULL);
			break;
		}
		if (n <= 0) {
			conn_close(c);
			return false;
		}
		c->sent += (size_t)n;
	}
	if (c->sent == c->out.len) {
		bytes_clear(&c->out);
		c->sent = 0;
		if (c->hang_up && c->session.in_flight == 0) {
			conn_close(c);
			return false;
		}
	} else if (c->sent > LIMIT_OUTPUT_BYTES) {
		memmove(c->out.data, c->out.data + c->sent, c->out.len - c->sent);
		c->out.len -= c->sent;
		c->sent = 0;
	}
	c->session.backlog = c->out.len - c->sent;
	update_reading(c);
	if (c->stalled && !is_full(c))
		loop_later(c->loop, &c->turn);
	return true;
}

static void on_flush(struct session *session)
{
	struct conn *c = (struct conn *)session;
	if (c->out.len == c->sent) { /* nothing waits: hand the buffer over instead of copying it */
		struct bytes empty = c->out;
		c->out = session->out;
		c->sent = 0;
		session->out = empty;
	} else {
		bytes_put(&c->out, session->out.data, session->out.len);
	}
	bytes_clear(&session->out);
	conn_send(c);
}

static void on_resume(struct session *session)
{
	struct conn *c = (struct conn *)session;
	update_reading(c);
	loop_later(c->loop, &c->turn);
}

/* Closed, and the last answer is done. While frames are being parsed the parser still needs it. */
static void on_release(struct session *session)
{
	struct conn *c = (struct conn *)session;
	if (c->parsing) {
		c->released = true;
		return;
	}
	bytes_finish(&c->in);
	bytes_finish(&c->out);
	bytes_finish(&session->out);
	free(c);
}

void conn_close(struct conn *c)
{
	if (c->session.closed)
		return;
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	atomic_fetch_sub(&c->loop->conn_count, !c->session.inner);
	is_known(c);
	loop_forget(c->loop, &c->turn);
	event_free(c->readable);
	event_free(c->writable);
	if (c->later)
		event_free(c->later);
	stream_close(&c->stream);
	client_leave(c->client, !c->holder);
	client_leave(c->holder, true);
	shard_session_close(c->loop->shard, &c->session); /* may free c */
}

static void lose_framing(struct conn *c)
{
	shard_reject(c->loop->shard, &c->session);
	c->hang_up = true;
	update_reading(c);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct loop *l = c->loop;
	loop_awake(l);
	c->slowed = false;
	if (c->muted) {
		c->muted = false;
		conn_send(c);
		return;
	}
	update_reading(c);
	loop_later(l, &c->turn);
}

static void wait_a_while(struct conn *c, uint64_t wait_ns)
{
	struct timeval wait = { (time_t)(wait_ns / 1000000000u), (suseconds_t)(wait_ns % 1000000000u / 1000) };
	if (!c->later)
		c->later = event_new(c->loop->base, -1, 0, on_later, c);
	CHECK(c->later);
	event_add(c->later, &wait);
}

/* False: it has asked more than it may, and waits. */
static bool may_ask(struct conn *c)
{
	struct client *who = c->holder ? c->holder : c->client;
	uint64_t wait_ns = client_is_limited(who) ? client_wait_ns(who) : 0;
	if (!wait_ns)
		return true;
	c->slowed = true;
	wait_a_while(c, wait_ns);
	return false;
}

static void took(struct conn *c, enum shard_take how)
{
	struct client *who = c->holder ? c->holder : c->client;
	if (client_is_limited(who))
		client_charge(who, c->session.weight);
	if (how != SHARD_HANG_UP)
		return;
	c->hang_up = true;
	c->muted = c->session.denied && client_failed(c->client);
	if (c->muted)
		wait_a_while(c, LIMIT_DENIED_MS * 1000000ull);
}

/* From here on it is known by its token. */
static int on_admit(struct session *session)
{
	struct conn *c = (struct conn *)session;
	if (c->holder || !session->grant.generation)
		return ERR_OK;
	c->holder = clients_token(c->clients, session->grant.name, true);
	if (c->holder)
		client_is_token(c->client);
	return c->holder ? ERR_OK
			 : error_set(ERR_LIMIT, "client_connections", "the token %s has client_connections open already: close one, or "
				     "set more", session->grant.name);
}

/* Tells the shard what comes next, where that is more than one frame. Returns how many it was told. */
static unsigned look_ahead(struct conn *c)
{
	struct slice frames[SHARD_AHEAD_FRAMES];
	size_t at = c->taken, used, need;
	unsigned count = 0;
	for (; count < SHARD_AHEAD_FRAMES; at += used, count++) {
		struct slice in = { c->in.data + at, c->in.len - at };
		if (frame_next(in, &frames[count], &used, &need) != FRAME_READY)
			break;
	}
	if (count > 1)
		shard_ahead(c->loop->shard, frames, count);
	return count;
}

/* The whole frames at hand, but only as long as a turn is: then the others have theirs. */
static void parse_frames(struct conn *c)
{
	struct loop *l = c->loop;
	uint64_t until_ns = loop_now(l) + l->turn_ns;
	unsigned ahead = 0, taken = 0;
	while (!c->session.closed && !c->session.paused && !c->hang_up && !c->slowed && !(c->stalled = is_full(c))) {
		struct slice in = { c->in.data + c->taken, c->in.len - c->taken }, frame;
		size_t used, need;
		if (ahead == 0)
			ahead = look_ahead(c);
		enum frame_result result = frame_next(in, &frame, &used, &need);
		if (result == FRAME_BAD)
			lose_framing(c);
		if (result != FRAME_READY)
			return;
		if (taken && taken % LOOK_FRAMES == 0 && loop_now(l) >= until_ns) {
			loop_later(l, &c->turn);
			break;
		}
		if (!may_ask(c))
			break;
		enum shard_take how = shard_frame(l->shard, &c->session, frame);
		if (how == SHARD_PAUSE)
			break;
		c->taken += used;
		ahead--;
		taken++;
		took(c, how);
	}
	if (!c->session.closed)
		update_reading(c);
}

/* HTTP, the first thing that it says: it is told so, in HTTP. */
static bool is_mistaken(struct conn *c)
{
	char answer[MISTAKEN_BYTES];
	if (c->session.welcomed || c->session.inner || c->taken || !mistaken_is_http(bytes_slice(&c->in)))
		return false;
	struct slice said = mistaken_answer(c->stream.fd, c->stream.tls != NULL, false, answer);
	bytes_put(&c->session.out, said.data, said.len);
	c->hang_up = true;
	c->taken = c->in.len;
	on_flush(&c->session);
	return true;
}

static void conn_parse(struct conn *c)
{
	if (c->parsing)
		return;
	c->parsing = true;
	if (!is_mistaken(c))
		parse_frames(c);
	if (c->taken && !c->turn.waits) { /* else nothing is received until then */
		memmove(c->in.data, c->in.data + c->taken, c->in.len - c->taken);
		c->in.len -= c->taken;
		c->taken = 0;
	}
	c->parsing = false;
	if (c->session.welcomed)
		is_known(c);
	if (c->timed && c->session.welcomed) {
		if (!c->session.closed)
			event_remove_timer(c->readable); /* from now on it may be quiet */
		c->timed = false;
	}
	if (c->released)
		on_release(&c->session);
}

static void on_turn(struct turn *t)
{
	struct conn *c = (struct conn *)((char *)t - offsetof(struct conn, turn));
	struct loop *l = c->loop;
	conn_parse(c);
	loop_took(l);
}

static void receive(struct conn *c)
{
	struct loop *l = c->loop;
	if (c->stream.send_reads && !conn_send(c))
		return;
	if ((c->stream.tls && is_unwanted(c)) || c->turn.waits || c->stalled)
		return; /* what is at hand comes first */
	CHECK(c->in.len < INPUT_BYTES_MAX);
	bytes_reserve(&c->in, READ_BYTES);
	ssize_t n = stream_receive(&c->stream, c->in.data + c->in.len, READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		if (c->stream.receive_writes)
			event_add(c->writable, NULL);
		return;
	}
	if (n <= 0) {
		conn_close(c);
		return;
	}
	c->in.len += (size_t)n;
	conn_parse(c);
	loop_took(l);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct loop *l = c->loop;
	loop_awake(l);
	if (c->timed && ((what & EV_TIMEOUT) || l->now_ns > c->hello_by_ns)) {
		conn_close(c); /* no Hello: it holds one of limit_connections places, and says nothing */
		return;
	}
	receive(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct loop *l = c->loop;
	loop_awake(l);
	bool receives = c->stream.receive_writes;
	if (!conn_send(c))
		return;
	if (receives)
		receive(c);
	loop_settle(l); /* a follower may have room again */
}

/* Of a Unix socket the system knows who is at the other end. */
static int64_t peer_uid(int fd)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	int family = AF_UNSPEC;
	socklen_t family_len = sizeof(family);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &family_len) != 0 || family != AF_UNIX ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 || who.uid == (uid_t)-1)
		return -1;
	return who.uid;
}

bool conn_make_room(struct loop *l)
{
	struct conn *oldest = NULL;
	for (struct conn *c = l->conns; c; c = c->next) /* who came last is in front */
		oldest = c->stranger ? c : oldest;
	if (oldest)
		conn_close(oldest);
	return oldest != NULL;
}

void conn_open(struct loop *l, const struct arrival *a)
{
	struct conn *c = must_calloc(1, sizeof(*c));
	int fd = a->stream.fd;
	c->loop = l;
	c->stream = a->stream;
	c->client = a->client;
	c->clients = a->clients;
	c->hello_by_ns = loop_now(l) + LIMIT_HANDSHAKE_MS * 1000000ull;
	c->turn.take = on_turn;
	c->session.flush = on_flush;
	c->session.resume = on_resume;
	c->session.release = on_release;
	c->readable = event_new(l->base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->writable = event_new(l->base, fd, EV_WRITE, on_writable, c);
	CHECK(c->readable && c->writable);
	c->next = l->conns;
	c->at = &l->conns;
	if (c->next)
		c->next->at = &c->next;
	l->conns = c;
	c->stranger = !a->inner;
	atomic_fetch_add(&l->strangers, c->stranger);
	c->session.inner = a->inner;
	c->session.admit = a->clients ? on_admit : NULL;
	c->session.peer_uid = a->inner ? -1 : peer_uid(fd);
	shard_session_open(l->shard, &c->session);
	set_reading(c, true);
}
