/* net/porch.c: see porch.h. */
#include "net/porch.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/queue.h"
#include "wire/frame.h"
#include "wire/request.h"
#include "wire/response.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#define PEEK_BYTES 2048u /* a Hello at its limits is shorter */
#define TICK_MS 500

struct visitor {
	struct visitor *next, **at;
	struct porch *porch;
	struct arrival arrival;
	struct event *stirs; /* it has sent something, or has gone */
	uint64_t until_ns;   /* it has to have said something by then */
	bool said;           /* a whole frame, whatever is in it */
};

struct porch {
	struct event_base *base;
	struct queue *queue; /* anything in it: stop */
	struct event *stop, *tick;
	const struct starting *starting;
	struct visitor *first, **last; /* by arrival */
	unsigned count;
	pthread_t thread;
	bool started;
};

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct porch *p = arg;
	queue_clear_fd(p->queue);
	event_base_loopbreak(p->base);
}

int porch_create(struct porch **out, const struct starting *starting)
{
	struct porch *p = must_calloc(1, sizeof(*p));
	p->starting = starting;
	p->last = &p->first;
	int result = queue_create(&p->queue, 1);
	if (result == ERR_OK) {
		p->base = event_base_new();
		result = p->base ? ERR_OK : error_set(ERR_IO, NULL, "libevent cannot make a loop");
	}
	if (result == ERR_OK)
		*out = p;
	else
		porch_destroy(p);
	return result;
}

struct event_base *porch_base(struct porch *p)
{
	return p->base;
}

/* Its socket is somebody else's by now. */
static void forget(struct visitor *v)
{
	struct porch *p = v->porch;
	*v->at = v->next;
	*(v->next ? &v->next->at : &p->last) = v->at;
	p->count--;
	event_free(v->stirs);
	free(v);
}

static void drop(struct visitor *v)
{
	struct arrival a = v->arrival;
	forget(v); /* before the socket is closed: its number may be another thread's the next moment */
	arrival_drop(&a);
}

/* What does not fit into the socket at once is lost: a new connection's is empty. What was looked at is taken, since a socket that
 * is closed with something unread takes the answer back. */
static void say_how_far(struct visitor *v, uint64_t request_id)
{
	char in[PEEK_BYTES];
	struct bytes out = { 0 };
	struct error e = { .code = ERR_CLOSED };
	starting_text(v->porch->starting, e.text, sizeof(e.text));
	response_error(&out, request_id, &e);
	(void)stream_send(&v->arrival.stream, out.data, out.len);
	(void)stream_receive(&v->arrival.stream, in, sizeof(in));
	bytes_finish(&out);
}

/* *said: a whole frame is there. */
static bool would_rather_not_wait(struct slice in, bool *said, uint64_t *request_id)
{
	struct slice frame;
	struct request r;
	struct arena arena;
	size_t used, need;
	*said = frame_next(in, &frame, &used, &need) == FRAME_READY;
	if (!*said)
		return false;
	arena_init(&arena, 0);
	bool so = request_decode(&r, frame, &arena) == ERR_OK && r.kind == REQUEST_HELLO && r.hello.no_wait;
	arena_finish(&arena);
	*request_id = r.id;
	return so;
}

static void on_stirs(evutil_socket_t fd, short what, void *arg)
{
	struct visitor *v = arg;
	char in[PEEK_BYTES];
	uint64_t request_id;
	ssize_t n = recv(fd, in, sizeof(in), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	bool told = n > 0 && would_rather_not_wait((struct slice){ in, (size_t)n }, &v->said, &request_id);
	if (told)
		say_how_far(v, request_id);
	if (told || n <= 0 || (what & EV_CLOSED))
		drop(v);
}

void porch_take(struct porch *p, const struct arrival *a)
{
	struct visitor *v = must_calloc(1, sizeof(*v));
	v->porch = p;
	v->arrival = *a;
	v->until_ns = clock_mono_ns() + LIMIT_HANDSHAKE_MS * 1000000ull;
	v->at = p->last;
	*p->last = v;
	p->last = &v->next;
	p->count++;
	/* edge-triggered, since what was looked at stays there */
	v->stirs = event_new(p->base, a->stream.fd, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, on_stirs, v);
	CHECK(v->stirs);
	event_add(v->stirs, NULL);
}

/* The first by arrival that has said nothing, or no whole frame. */
static struct visitor *silent(const struct porch *p)
{
	struct visitor *v = p->first;
	while (v && v->said)
		v = v->next;
	return v;
}

/* As in the loops: strangers do not hold places. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct porch *p = arg;
	struct visitor *v;
	uint64_t now_ns = clock_mono_ns();
	while ((v = silent(p)) && v->until_ns <= now_ns)
		drop(v);
}

bool porch_make_room(struct porch *p)
{
	struct visitor *v = silent(p);
	if (v)
		drop(v);
	return v != NULL;
}

unsigned porch_count(const struct porch *p)
{
	return p->count;
}

static void *run(void *arg)
{
	struct porch *p = arg;
	event_base_loop(p->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

int porch_start(struct porch *p)
{
	static const struct timeval every = { .tv_usec = TICK_MS * 1000 };
	p->stop = event_new(p->base, queue_fd(p->queue), EV_READ | EV_PERSIST, on_stop, p);
	p->tick = event_new(p->base, -1, EV_PERSIST, on_tick, p);
	CHECK(p->stop && p->tick);
	event_add(p->stop, NULL);
	event_add(p->tick, &every);
	if (pthread_create(&p->thread, NULL, run, p) != 0)
		return error_errno("cannot start the thread for who comes early");
	pthread_setname_np(p->thread, "porch");
	p->started = true;
	return ERR_OK;
}

void porch_stop(struct porch *p)
{
	if (!p || !p->started)
		return;
	CHECK(queue_push(p->queue, p));
	pthread_join(p->thread, NULL);
	p->started = false;
}

bool porch_next(struct porch *p, struct arrival *out)
{
	if (!p->first)
		return false;
	*out = p->first->arrival;
	forget(p->first);
	return true;
}

void porch_destroy(struct porch *p)
{
	if (!p)
		return;
	while (p->first)
		drop(p->first);
	if (p->stop)
		event_free(p->stop);
	if (p->tick)
		event_free(p->tick);
	if (p->base)
		event_base_free(p->base);
	queue_destroy(p->queue);
	free(p);
}
