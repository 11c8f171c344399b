/* net/http.c: the gateway's thread: its loop, its listener, its tick. See http.h. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS 250
#define HANDED_MAX 8u
#define LAST_ROUNDS 16 /* each is one class's turn, and a TLS connection takes more than one to write its last answer */
#define LAST_ROUNDS_MOST 4096 /* of those who have their turn piece by piece: half a second or so */

/* What other threads say to it. */
enum said { SAID_STOP = 1, SAID_SERVE };

/* As the listener spells it. */
static int full_address(const char *address, char *out, size_t size)
{
	static const struct {
		const char *begins, *ours;
	} ways[] = { { "unix:", "unix:" }, { "tcp:", "tcp:" }, { "tls:", "tls:" }, { "https://", "tls:" }, { "http://", "tcp:" }, { "", "tcp:" } };
	size_t i = 0, len = strlen(address);
	while (strncmp(address, ways[i].begins, strlen(ways[i].begins)) != 0)
		i++;
	if (len + 5 > size)
		return error_set(ERR_INVALID, "http", "the address is too long");
	snprintf(out, size, "%s%s", ways[i].ours, address + strlen(ways[i].begins));
	len = strlen(out);
	if (strstr(ways[i].begins, "//") && out[len - 1] == '/')
		out[len - 1] = '\0';
	return ERR_OK;
}

int http_check_address(const char *address)
{
	char full[160], said[sizeof(error_last()->text)];
	int result = full_address(address, full, sizeof(full));
	if (result == ERR_OK && strncmp(full, "unix:", 5) != 0 && !strchr(full + 4, ':'))
		return error_set(ERR_INVALID, "http", "%s is not HOST:PORT, e.g. 127.0.0.1:8787, nor https://HOST:PORT, nor unix:PATH",
				 address);
	if (result == ERR_OK)
		result = listener_check(full);
	if (result == ERR_OK)
		return ERR_OK;
	snprintf(said, sizeof(said), "%s", error_last()->text);
	return error_set(result, "http", "%s", said);
}

bool http_is_tls(const char *address)
{
	char full[160];
	return full_address(address, full, sizeof(full)) == ERR_OK && listener_is_tls(full);
}

bool http_is_open(const char *address)
{
	char full[160];
	return full_address(address, full, sizeof(full)) == ERR_OK && listener_is_open(full);
}

const char *http_address(const struct http *h, unsigned index)
{
	return index < h->gate_count ? h->gates[index].address : NULL;
}

const char *http_version(const struct http *h)
{
	return h->version;
}

static int bind_gates(struct http *h, const char *const *addresses, unsigned count, struct tls *tls)
{
	char full[160];
	int result = ERR_OK;
	for (unsigned i = 0; i < count && result == ERR_OK; i++) {
		result = full_address(addresses[i], full, sizeof(full));
		if (result == ERR_OK)
			result = http_gate_bind(h, full, tls);
	}
	return result;
}

int http_create(struct http **out, const char *const *addresses, unsigned count, const char *version, struct access *rights,
		struct tls *tls, struct clients *clients, const struct starting *starting)
{
	struct http *h = must_calloc(1, sizeof(*h));
	h->clients = clients;
	h->starting = starting;
	h->started_ms = clock_wall_ms();
	int result = bind_gates(h, addresses, count, tls);
	if (result == ERR_OK)
		result = queue_create(&h->queue, HANDED_MAX);
	if (result != ERR_OK) {
		http_destroy(h);
		return result;
	}
	h->version = version;
	h->access = rights;
	h->counts = must_calloc(http_route_count + 1, sizeof(h->counts[0]));
	*out = h;
	return ERR_OK;
}

static void end_all(struct http *h)
{
	h->stopping = true;
	http_ahead_end(h);
	http_followers_end(h);
	http_sessions_end(h);
	http_aside_end(h);
	http_links_close(h);
	http_limits_tick(h);
	event_base_loopbreak(h->base); /* and run() lets the last answers out */
}

static void on_handed(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	void *items[HANDED_MAX];
	queue_clear_fd(h->queue);
	size_t n = queue_pop_all(h->queue, items, HANDED_MAX);
	for (size_t i = 0; i < n; i++) {
		if (items[i] == (void *)SAID_STOP) {
			end_all(h);
			return;
		}
		h->server = h->to_serve;
		http_history_tick(h);
		if (http_links_open(h) != ERR_OK)
			log_error("http: %s", error_last()->text);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct http *h = arg;
	uint64_t before_ns = h->now_ns;
	h->now_ns = clock_mono_ns();
	http_turns_tick(h, h->now_ns - before_ns);
	http_peers_tick(h);
	http_followers_tick(h);
	http_links_tick(h);
	http_limits_tick(h);
	sessions_tick(&h->sessions, h->now_ns);
	http_history_tick(h);
	if (h->refused) {
		h->refused = false;
		http_gates_let_in(h, true);
	}
}

static void on_next_round(evutil_socket_t fd, short what, void *arg)
{
	http_door_next_round(arg);
}

static void on_arrived(evutil_socket_t fd, short what, void *arg)
{
	http_door_arrived(arg);
}

static void *run(void *arg)
{
	struct http *h = arg;
	thread_prompt();
	event_base_dispatch(h->base);
	for (int i = 0; i < LAST_ROUNDS || (i < LAST_ROUNDS_MOST && event_base_get_num_events(h->base, EVENT_BASE_COUNT_ACTIVE)); i++)
		event_base_loop(h->base, EVLOOP_NONBLOCK); /* the last answers go out as far as they do */
	return NULL;
}

int http_start(struct http *h)
{
	static const struct timeval every = { .tv_usec = TICK_MS * 1000 };
	h->base = http_turns_base();
	if (!h->base)
		return error_set(ERR_IO, NULL, "libevent cannot make a loop");
	h->now_ns = clock_mono_ns();
	h->handed = event_new(h->base, queue_fd(h->queue), EV_READ | EV_PERSIST, on_handed, h);
	h->tick = event_new(h->base, -1, EV_PERSIST, on_tick, h);
	h->arrived = event_new(h->base, -1, 0, on_arrived, h);
	h->next_round = evtimer_new(h->base, on_next_round, h);
	CHECK(h->handed && h->tick && h->arrived && h->next_round);
	http_turn_ours(h->handed);
	http_turn_ours(h->tick);
	http_turn_ours(h->arrived);
	event_add(h->handed, NULL);
	event_add(h->tick, &every);
	int result = http_gates_begin(h);
	http_ahead_begin(h);
	if (result == ERR_OK)
		result = http_aside_start(h);
	if (result != ERR_OK)
		return result;
	if (pthread_create(&h->thread, NULL, run, h) != 0)
		return error_errno("cannot start the gateway's thread");
	pthread_setname_np(h->thread, "http");
	h->started = true;
	return ERR_OK;
}

void http_serve(struct http *h, struct server *s, struct engine *e)
{
	h->engine = e;
	h->to_serve = s;
	CHECK(queue_push(h->queue, (void *)SAID_SERVE));
}

void http_stop(struct http *h)
{
	if (!h || !h->started)
		return;
	CHECK(queue_push(h->queue, (void *)SAID_STOP));
	pthread_join(h->thread, NULL);
	h->started = false;
}

void http_destroy(struct http *h)
{
	if (!h)
		return;
	http_stop(h);
	http_aside_end(h);
	http_gates_end(h);
	http_peers_forget(h);
	if (h->handed)
		event_free(h->handed);
	if (h->tick)
		event_free(h->tick);
	if (h->arrived)
		event_free(h->arrived);
	if (h->next_round)
		event_free(h->next_round);
	if (h->ahead.turn)
		event_free(h->ahead.turn);
	if (h->base)
		event_base_free(h->base);
	http_gates_close(h);
	queue_destroy(h->queue);
	bytes_finish(&h->scratch);
	sessions_finish(&h->sessions);
	free(h->openapi);
	free(h->counts);
	free(h);
}
