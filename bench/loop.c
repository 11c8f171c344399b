/* bench/loop.c: see loop.h. Requests in flight are known by a number: an index into one table of when each was due.
 * Where answers come in order (Redis, PostgreSQL) the connection keeps its numbers in a ring. */
#include "loop.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TABLE (1u << 20)        /* requests in flight in all, at most */
#define FLIGHT_MAX (1u << 14)   /* on one connection: an open loop that is hopelessly behind does not grow */
#define READ_BYTES (256u * 1024)
#define DRAIN_NS 60000000000ull

struct flight {
	uint64_t due_ns;
	uint32_t next; /* of the free list */
	uint16_t items;
};

struct conn {
	int fd;
	struct stream *stream;
	uint8_t *in, *out;
	size_t in_len, in_taken, out_len, out_sent, out_cap;
	uint32_t *order; /* ring of numbers, FLIGHT_MAX */
	uint32_t order_first, flights;
	bool wants_write;
};

struct loop {
	struct run *run;
	int epoll;
	struct conn *conns;
	unsigned conn_count;
	struct flight *table;
	uint32_t free;
	uint64_t start_ns, from_ns, to_ns, behind;
	uint64_t sent[STREAMS_MAX];
	unsigned turn[STREAMS_MAX];
	unsigned in_flight;
	bool stopping;
};

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void watch(struct loop *l, struct conn *c, int how, bool write)
{
	struct epoll_event e = { EPOLLIN | (write ? EPOLLOUT : 0u), { .ptr = c } };
	if (epoll_ctl(l->epoll, how, c->fd, &e) != 0)
		err(1, "epoll_ctl");
	c->wants_write = write;
}

static ssize_t bytes_out(int fd, const void *data, size_t len)
{
	return protocol_transport.send ? protocol_transport.send(fd, data, len) : send(fd, data, len, MSG_NOSIGNAL);
}

static ssize_t bytes_in(int fd, void *data, size_t room)
{
	return protocol_transport.receive ? protocol_transport.receive(fd, data, room) : recv(fd, data, room, 0);
}

/* An HTTP server may close what is idle, and the client comes back; who is owed an answer is not told like that. */
static bool may_come_back(const struct loop *l, const struct conn *c)
{
	return l->run->protocol->comes_back && !c->flights;
}

static void conn_open(struct loop *l, struct conn *c)
{
	c->fd = l->run->protocol->connect(l->run->address);
	c->in_len = c->in_taken = 0;
	watch(l, c, EPOLL_CTL_ADD, false);
}

static void conn_send(struct loop *l, struct conn *c)
{
	while (c->out_sent < c->out_len) {
		ssize_t n = bytes_out(c->fd, c->out + c->out_sent, c->out_len - c->out_sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			if (!c->wants_write)
				watch(l, c, EPOLL_CTL_MOD, true);
			return;
		}
		if (n < 0)
			err(1, "the server at %s takes no more", l->run->address);
		c->out_sent += (size_t)n;
	}
	c->out_sent = c->out_len = 0;
	if (c->wants_write)
		watch(l, c, EPOLL_CTL_MOD, false);
}

static uint8_t *conn_room(struct conn *c, size_t len)
{
	if (c->out_len + len > c->out_cap) {
		memmove(c->out, c->out + c->out_sent, c->out_len - c->out_sent);
		c->out_len -= c->out_sent;
		c->out_sent = 0;
	}
	if (c->out_len + len > c->out_cap) {
		c->out_cap = 2 * (c->out_len + len);
		c->out = realloc(c->out, c->out_cap);
		if (!c->out)
			err(1, "memory");
	}
	return c->out + c->out_len;
}

static void emit(struct loop *l, struct conn *c, uint64_t due_ns)
{
	struct item items[1024];
	struct stream *s = c->stream;
	uint32_t id = l->free;
	struct flight *f = &l->table[id];
	l->free = f->next;
	f->due_ns = due_ns;
	f->items = (uint16_t)s->batch;
	for (unsigned i = 0; i < s->batch; i++)
		workload_draw(&s->workload, &items[i]);
	uint8_t *to = conn_room(c, s->batch * REQUEST_ITEM_BYTES);
	c->out_len += l->run->protocol->encode(to, s->kind, id, items, s->batch);
	c->order[(c->order_first + c->flights++) % FLIGHT_MAX] = id;
	l->in_flight++;
	l->sent[s - l->run->streams] += s->batch;
}

static void note_error(struct stream *s, const struct reply *r)
{
	if (!s->errors && r->error_len)
		snprintf(s->first_error, sizeof(s->first_error), "%.*s", (int)r->error_len, r->error);
	s->errors += r->errors;
}

static void answered(struct loop *l, struct conn *c, const struct reply *r, uint64_t now)
{
	struct stream *s = c->stream;
	uint32_t id = r->has_id ? r->id : c->order[c->order_first % FLIGHT_MAX];
	if (id >= TABLE || !l->table[id].items)
		errx(1, "an answer to no request: %u", id);
	struct flight *f = &l->table[id];
	uint64_t at = s->rate > 0 ? f->due_ns : now; /* an open loop owes an answer to all that was due, however late */
	if (at >= l->from_ns && at < l->to_ns) {
		histogram_add(&s->latency, now - f->due_ns);
		s->items += f->items;
		s->requests++;
		s->fired += r->fired;
	}
	note_error(s, r);
	f->items = 0;
	f->next = l->free;
	l->free = id;
	c->order_first++;
	c->flights--;
	l->in_flight--;
}

static void conn_read(struct loop *l, struct conn *c)
{
	ssize_t n = bytes_in(c->fd, c->in + c->in_len, READ_BYTES - c->in_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 && may_come_back(l, c)) {
		close(c->fd);
		conn_open(l, c);
		return;
	}
	if (n < 0)
		err(1, "the server at %s, %u requests unanswered", l->run->address, c->flights);
	if (n == 0)
		errx(1, "the server at %s closed a connection with %u requests unanswered", l->run->address,
		     c->flights);
	uint64_t now = now_ns();
	c->in_len += (size_t)n;
	for (;;) {
		struct reply r = { 0 };
		if (c->in_taken < c->in_len)
			l->run->protocol->decode(c->in + c->in_taken, c->in_len - c->in_taken, &r);
		if (!r.bytes)
			break;
		c->in_taken += r.bytes;
		answered(l, c, &r, now);
	}
	memmove(c->in, c->in + c->in_taken, c->in_len - c->in_taken);
	c->in_len -= c->in_taken;
	c->in_taken = 0;
}

static struct conn *next_conn(struct loop *l, struct stream *s)
{
	unsigned which = (unsigned)(s - l->run->streams), first = 0;
	for (unsigned i = 0; i < which; i++)
		first += l->run->streams[i].connections;
	return &l->conns[first + l->turn[which]++ % s->connections];
}

/* Sends what is due; returns when the next is, UINT64_MAX where nothing is ever. */
static uint64_t send_due(struct loop *l, struct stream *s, uint64_t now)
{
	unsigned which = (unsigned)(s - l->run->streams);
	for (;;) {
		uint64_t due = l->start_ns + (uint64_t)((double)l->sent[which] * 1e9 / s->rate);
		if (due > now)
			return due;
		struct conn *c = next_conn(l, s);
		if (c->flights == FLIGHT_MAX) {
			l->behind++;
			return now + 1000000;
		}
		emit(l, c, due);
	}
}

static uint64_t send_all(struct loop *l, uint64_t now)
{
	uint64_t next = UINT64_MAX;
	int64_t wall_ms = (int64_t)(clock_ns(CLOCK_REALTIME) / 1000000);
	for (unsigned i = 0; i < l->run->stream_count; i++) {
		struct stream *s = &l->run->streams[i];
		s->workload.now_ms = wall_ms;
		uint64_t due = s->rate > 0 ? send_due(l, s, now) : UINT64_MAX;
		next = due < next ? due : next;
	}
	for (unsigned i = 0; i < l->conn_count; i++) {
		struct conn *c = &l->conns[i];
		while (c->stream->rate <= 0 && c->flights < c->stream->depth)
			emit(l, c, now);
		if (c->out_len && !c->wants_write)
			conn_send(l, c);
	}
	return next;
}

static void poll_once(struct loop *l, uint64_t until)
{
	struct epoll_event events[64];
	uint64_t now = now_ns(), wait = until > now ? until - now : 0;
	struct timespec ts = { (time_t)(wait / 1000000000u), (long)(wait % 1000000000u) };
	int n = epoll_pwait2(l->epoll, events, 64, &ts, NULL);
	for (int i = 0; i < n; i++) {
		struct conn *c = events[i].data.ptr;
		if (events[i].events & EPOLLOUT)
			conn_send(l, c);
		if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			conn_read(l, c);
	}
}

static void open_all(struct loop *l)
{
	for (unsigned i = 0; i < l->run->stream_count; i++)
		l->conn_count += l->run->streams[i].connections;
	l->conns = calloc(l->conn_count, sizeof(*l->conns));
	l->table = calloc(TABLE, sizeof(*l->table));
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (uint32_t i = 0; i + 1 < TABLE; i++)
		l->table[i].next = i + 1;
	struct conn *c = l->conns;
	for (unsigned i = 0; i < l->run->stream_count; i++) {
		for (unsigned j = 0; j < l->run->streams[i].connections; j++, c++) {
			c->stream = &l->run->streams[i];
			c->in = malloc(READ_BYTES);
			c->order = calloc(FLIGHT_MAX, sizeof(*c->order));
			conn_open(l, c);
		}
	}
}

static void close_all(struct loop *l)
{
	for (unsigned i = 0; i < l->conn_count; i++) {
		close(l->conns[i].fd);
		free(l->conns[i].in);
		free(l->conns[i].out);
		free(l->conns[i].order);
	}
	close(l->epoll);
	free(l->conns);
	free(l->table);
}

/* Until `until`, sending all the time. */
static void drive(struct loop *l, uint64_t until)
{
	for (uint64_t now = now_ns(); now < until; now = now_ns()) {
		if (l->run->stop_after && l->sent[0] >= l->run->stop_after)
			return;
		uint64_t next = send_all(l, now);
		poll_once(l, next < until ? next : until);
	}
}

void run_load(struct run *r)
{
	struct loop l = { .run = r };
	open_all(&l);
	prctl(PR_SET_TIMERSLACK, 1);
	l.start_ns = now_ns();
	l.from_ns = l.start_ns + (uint64_t)(r->warm_s * 1e9);
	l.to_ns = UINT64_MAX;
	drive(&l, l.from_ns);
	l.from_ns = now_ns();
	r->begin(r->arg);
	drive(&l, r->stop_after ? UINT64_MAX : l.from_ns + (uint64_t)(r->seconds * 1e9));
	if (r->stop_after) /* all of it counts, to the last answer */
		while (l.in_flight)
			poll_once(&l, now_ns() + 1000000000);
	l.to_ns = now_ns();
	r->end(r->arg);
	r->measured_s = (double)(l.to_ns - l.from_ns) / 1e9;
	for (uint64_t end = l.to_ns + DRAIN_NS; l.in_flight && now_ns() < end;) {
		for (unsigned i = 0; i < l.conn_count; i++)
			if (l.conns[i].out_len && !l.conns[i].wants_write)
				conn_send(&l, &l.conns[i]);
		poll_once(&l, end);
	}
	if (l.in_flight)
		errx(1, "%u requests were not answered a minute after the last was sent", l.in_flight);
	close_all(&l);
}
