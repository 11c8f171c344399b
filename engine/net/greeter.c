/* net/greeter.c: see greeter.h. */
#include "net/greeter.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/queue.h"
#include "base/thread.h"
#include "net/clients.h"

#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#define NICE 5 /* who is here already comes first */
#define LOG_EVERY_NS 1000000000u

struct guest {
	struct guest *next, *before; /* by arrival */
	struct greeter *greeter;
	struct arrival arrival;
	struct event *ready;
	short waits; /* for EV_READ or EV_WRITE */
	uint64_t until_ns;
};

struct greeter {
	struct event_base *base;
	struct queue *queue; /* anything in it: stop */
	struct event *stop;
	struct tls *tls;
	greeter_pass *pass;
	void *arg;
	struct guest *oldest, *newest;
	unsigned count;
	counter done, failed;
	uint64_t said_ns, unsaid;
	pthread_t thread;
	bool started;
};

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct greeter *g = arg;
	queue_clear_fd(g->queue);
	event_base_loopbreak(g->base);
}

int greeter_create(struct greeter **out, struct tls *tls, greeter_pass *pass, void *arg)
{
	struct greeter *g = must_calloc(1, sizeof(*g));
	g->tls = tls;
	g->pass = pass;
	g->arg = arg;
	int result = queue_create(&g->queue, 1);
	if (result == ERR_OK) {
		g->base = event_base_new();
		result = g->base ? ERR_OK : error_set(ERR_IO, NULL, "libevent cannot make a loop");
	}
	if (result == ERR_OK)
		*out = g;
	else
		greeter_destroy(g);
	return result;
}

struct event_base *greeter_base(struct greeter *g)
{
	return g->base;
}

/* Out of the list and freed; its socket stays. */
static void forget(struct guest *t)
{
	struct greeter *g = t->greeter;
	*(t->before ? &t->before->next : &g->oldest) = t->next;
	*(t->next ? &t->next->before : &g->newest) = t->before;
	g->count--;
	if (t->ready)
		event_free(t->ready);
	free(t);
}

static void say(struct greeter *g, const char *why)
{
	uint64_t now_ns = clock_mono_ns();
	bool may = !g->said_ns || now_ns - g->said_ns >= LOG_EVERY_NS;
	g->unsaid += !may;
	if (!may)
		return;
	if (g->unsaid)
		log_info("tls: a handshake failed: %s (and %llu more)", why, (unsigned long long)g->unsaid);
	else
		log_info("tls: a handshake failed: %s", why);
	g->unsaid = 0;
	g->said_ns = now_ns;
}

/* From here on it may be gone at any time. */
static void let_client_go(struct guest *t)
{
	t->arrival.client->greeted--;
}

static void turn_away(struct guest *t, const char *why)
{
	let_client_go(t);
	counter_add(&t->greeter->failed, 1);
	say(t->greeter, why);
	struct arrival a = t->arrival;
	a.stream.broken = true; /* there is no goodbye before the handshake is done */
	forget(t); /* before the socket is closed: its number may be another thread's the next moment */
	arrival_drop(&a);
}

static void wait_for(struct guest *t, short what)
{
	uint64_t now_ns = clock_mono_ns(), left_ns = t->until_ns > now_ns ? t->until_ns - now_ns : 0;
	struct timeval left = { (time_t)(left_ns / 1000000000u), (suseconds_t)(left_ns % 1000000000u / 1000) };
	event_del(t->ready);
	event_assign(t->ready, t->greeter->base, t->arrival.stream.fd, what, event_get_callback(t->ready), t);
	event_add(t->ready, &left);
}

static void go_on(struct guest *t)
{
	struct greeter *g = t->greeter;
	SSL *ssl = t->arrival.stream.tls;
	ERR_clear_error();
	int result = SSL_do_handshake(ssl), error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		wait_for(t, error == SSL_ERROR_WANT_READ ? EV_READ : EV_WRITE);
		return;
	}
	if (error != SSL_ERROR_NONE) {
		const char *why = ERR_reason_error_string(ERR_peek_error());
		long verified = SSL_get_verify_result(ssl);
		turn_away(t, verified != X509_V_OK ? X509_verify_cert_error_string(verified) : why ? why : "the client closed it");
		ERR_clear_error();
		return;
	}
	counter_add(&g->done, 1);
	let_client_go(t);
	struct arrival a = t->arrival;
	forget(t);
	if (!g->pass(g->arg, &a))
		arrival_drop(&a);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	if (what & EV_TIMEOUT)
		turn_away(arg, "it was not done in time (limit_handshake_ms)");
	else
		go_on(arg);
}

/* The oldest of the client who has most: a crowd that says nothing is in its own way, not in that of whoever is slow. */
static struct guest *least_welcome(struct greeter *g)
{
	struct guest *found = g->oldest;
	for (struct guest *t = g->oldest; t; t = t->next)
		if (t->arrival.client->greeted > found->arrival.client->greeted)
			found = t;
	return found;
}

void greeter_meet(struct greeter *g, const struct arrival *a)
{
	struct guest *t = must_calloc(1, sizeof(*t));
	if (g->count >= LIMIT_TLS_HANDSHAKES)
		turn_away(least_welcome(g), "limit_tls_handshakes are unfinished, and it was the oldest of who had most of them");
	t->greeter = g;
	t->arrival = *a;
	t->arrival.client->greeted++;
	t->until_ns = clock_mono_ns() + LIMIT_HANDSHAKE_MS * 1000000ull;
	t->before = g->newest;
	*(g->newest ? &g->newest->next : &g->oldest) = t;
	g->newest = t;
	g->count++;
	t->arrival.stream.tls = tls_accept(g->tls, TLS_NUDGE, a->stream.fd);
	t->ready = event_new(g->base, a->stream.fd, EV_READ, on_ready, t);
	if (t->arrival.stream.tls && t->ready)
		wait_for(t, EV_READ); /* nothing is done before the client has said something */
	else
		turn_away(t, "no memory");
}

static void *run(void *arg)
{
	struct greeter *g = arg;
	thread_step_back(NICE);
	event_base_loop(g->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

int greeter_start(struct greeter *g)
{
	g->stop = event_new(g->base, queue_fd(g->queue), EV_READ | EV_PERSIST, on_stop, g);
	CHECK(g->stop);
	event_add(g->stop, NULL);
	if (pthread_create(&g->thread, NULL, run, g) != 0)
		return error_errno("cannot start the thread of TLS handshakes");
	pthread_setname_np(g->thread, "greeter");
	g->started = true;
	return ERR_OK;
}

void greeter_stop(struct greeter *g)
{
	if (!g || !g->started)
		return;
	CHECK(queue_push(g->queue, g));
	pthread_join(g->thread, NULL);
	g->started = false;
	while (g->oldest)
		turn_away(g->oldest, "the daemon stops");
}

void greeter_destroy(struct greeter *g)
{
	if (!g)
		return;
	if (g->stop)
		event_free(g->stop);
	if (g->base)
		event_base_free(g->base);
	queue_destroy(g->queue);
	free(g);
}

void greeter_stats(const struct greeter *g, struct greeter_stats *out)
{
	*out = (struct greeter_stats){ counter_get(&g->done), counter_get(&g->failed) };
}
