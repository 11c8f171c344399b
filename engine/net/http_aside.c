/* net/http_aside.c: what takes long is done aside: the parsing and mapping of large bodies, and the writing of long
 * answers to them. A megabyte of JSON takes as long as some thousand ordinary requests, and while the gateway's thread
 * is at it nobody else is answered. One thread does it, one piece of work after the other, at a low priority: what it
 * costs is taken from those who send such bodies, and from CPU that nobody else wants. Sources have their turn one after
 * the other, and none may have all the places.
 *
 * Work is a function without side effects on the gateway: it reads its request and writes what its exchange owns. What
 * comes of it goes on on the gateway's thread (`then`). */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/queue.h"
#include "base/thread.h"

#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define AT_ONCE_BYTES (16u * KIB) /* a tenth of a millisecond or so: not worth the way there and back */
#define POPPED 16u
#define PLACES (LIMIT_HTTP_CONNECTIONS + 1u) /* of the queues: one for each exchange, one for the end */
#define NICE 10 /* a tenth of what others get where the CPU is short */
#define GIVEN 2u /* to the thread at once: the one that it is at, and the next */

struct http_aside {
	struct http *http;
	struct queue *todo, *done;
	struct event *finished;
	pthread_t thread;
	_Atomic bool ending;
	unsigned count, given; /* on their way; of these with the thread */
	struct work *first, **last; /* the others */
	uint64_t turns;
};

struct work {
	http_work *does;
	http_worked *then;
	void *arg;
	bool begins; /* nothing was done for that request yet */
	struct client *client; /* whose; NULL: not known. The exchange holds it */
	struct work *next;
	struct error error; /* code ERR_OK: it went well */
};

static void *run(void *arg)
{
	struct http_aside *a = arg;
	void *item;
	thread_step_back(NICE);
	while (queue_wait(a->todo, &item, 1) && item) {
		struct work *w = item;
		int result = w->begins && atomic_load(&a->ending) ? error_set(ERR_CLOSED, NULL, "the daemon is stopping")
						     : w->does(w->arg);
		w->error.code = ERR_OK;
		if (result != ERR_OK)
			w->error = *error_last();
		CHECK(queue_push(a->done, w));
	}
	return NULL;
}

static uint64_t turn_of(const struct work *w)
{
	return w->client ? w->client->aside_turn : 0;
}

/* Those next whose source has waited for its turn for longest; of one source the oldest. */
static void give(struct http_aside *a, unsigned most)
{
	while (a->first && a->given < most) {
		struct work **best = &a->first, *w;
		for (struct work **at = &(*best)->next; *at; at = &(*at)->next)
			if (turn_of(*at) < turn_of(*best))
				best = at;
		w = *best;
		*best = w->next;
		if (!*best)
			a->last = best;
		if (w->client)
			w->client->aside_turn = ++a->turns;
		a->given++;
		CHECK(queue_push(a->todo, w));
	}
}

static void go_on(struct http_aside *a, struct work *w)
{
	http_worked *then = w->then;
	void *arg = w->arg;
	int result = w->error.code;
	a->count--;
	a->given--;
	give(a, GIVEN);
	http_turn_begin(a->http);
	if (result != ERR_OK)
		error_set(result, w->error.field, "%s", w->error.text);
	free(w);
	then(arg, result);
}

static bool take_done(struct http_aside *a)
{
	void *items[POPPED];
	queue_clear_fd(a->done);
	size_t n = queue_pop_all(a->done, items, POPPED);
	for (size_t i = 0; i < n; i++)
		go_on(a, items[i]);
	return n > 0;
}

static void on_finished(evutil_socket_t fd, short what, void *arg)
{
	take_done(arg);
}

static void destroy(struct http_aside *a)
{
	if (a->finished)
		event_free(a->finished);
	queue_destroy(a->todo);
	queue_destroy(a->done);
	free(a);
}

int http_aside_start(struct http *h)
{
	struct http_aside *a = must_calloc(1, sizeof(*a));
	a->http = h;
	a->last = &a->first;
	int result = queue_create(&a->todo, PLACES);
	if (result == ERR_OK)
		result = queue_create(&a->done, PLACES);
	if (result == ERR_OK) {
		a->finished = event_new(h->base, queue_fd(a->done), EV_READ | EV_PERSIST, on_finished, a);
		CHECK(a->finished);
		event_add(a->finished, NULL);
		if (pthread_create(&a->thread, NULL, run, a) != 0)
			result = error_errno("cannot start the gateway's second thread");
	}
	if (result != ERR_OK) {
		destroy(a);
		return result;
	}
	h->aside = a;
	pthread_setname_np(a->thread, "http-aside");
	return ERR_OK;
}

/* What is being done comes to its end, what waits is answered that it will not be done. */
void http_aside_end(struct http *h)
{
	struct http_aside *a = h->aside;
	if (!a)
		return;
	atomic_store(&a->ending, true);
	give(a, UINT_MAX);
	CHECK(queue_push(a->todo, NULL));
	pthread_join(a->thread, NULL);
	h->aside = NULL;
	while (take_done(a))
		;
	destroy(a);
}

unsigned http_aside_count(const struct http *h)
{
	return h->aside ? h->aside->count : 0;
}

static unsigned count_of(const struct http_aside *a, const struct client *c)
{
	unsigned count = 0;
	for (const struct work *w = a->first; w; w = w->next)
		count += w->client == c;
	return count;
}

void http_do(struct http_exchange *x, size_t bytes, http_work *does, http_worked *then, void *arg)
{
	struct http_aside *a = x->http->aside;
	if (bytes <= AT_ONCE_BYTES || !a) { /* at the end what was begun is ended here */
		then(arg, does(arg));
		return;
	}
	bool one_too_many = count_of(a, x->client) >= LIMIT_HTTP_ASIDE_EACH;
	if (!x->aside && (one_too_many || a->count >= LIMIT_HTTP_ASIDE)) {
		then(arg, error_set(ERR_BUSY, NULL, "%s (%u) large bodies are being read; try again in a moment",
				    one_too_many ? "limit_http_aside_each" : "limit_http_aside",
				    one_too_many ? LIMIT_HTTP_ASIDE_EACH : LIMIT_HTTP_ASIDE));
		return;
	}
	struct work *w = must_calloc(1, sizeof(*w));
	*w = (struct work){ .does = does, .then = then, .arg = arg, .begins = !x->aside, .client = x->client };
	x->aside = true; /* what it has begun it may end */
	a->count++;
	*a->last = w;
	a->last = &w->next;
	give(a, GIVEN);
}
