/* net/http.c: the gateway's thread: its loop, its listener, its tick. See http.h. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/queue.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
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

static void name_address(struct http *h)
{
	const char *bound = h->listener.address;
	h->unix_socket = bound[0] == 'u';
	snprintf(h->address, sizeof(h->address), "%s%s", h->tls ? "https://" : "", h->unix_socket ? bound : bound + 4);
}

const char *http_address(const struct http *h)
{
	return h->address;
}

const char *http_version(const struct http *h)
{
	return h->version;
}

int http_create(struct http **out, const char *address, const char *version, struct access *rights, struct tls *tls,
		struct clients *clients, const struct starting *starting)
{
	char full[160];
	int result = full_address(address, full, sizeof(full));
	if (result != ERR_OK)
		return result;
	struct http *h = must_calloc(1, sizeof(*h));
	h->listener.fd = -1;
	h->clients = clients;
	h->starting = starting;
	h->started_ms = clock_wall_ms();
	result = listener_open(&h->listener, full, clients_unix_mode(clients));
	if (result == ERR_OK)
		result = queue_create(&h->queue, HANDED_MAX);
	if (result != ERR_OK) {
		http_destroy(h);
		return result;
	}
	h->version = version;
	h->access = rights;
	h->tls = h->listener.tls ? tls : NULL;
	name_address(h);
	h->counts = must_calloc(http_route_count + 1, sizeof(h->counts[0]));
	*out = h;
	return ERR_OK;
}

static void end_all(struct http *h)
{
	h->stopping = true;
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
		evconnlistener_enable(h->accepting);
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

/* Out of files, mostly: a connection that waits would wake the loop again and again. */
static void on_accept_error(struct evconnlistener *l, void *arg)
{
	struct http *h = arg;
	if (errno == EMFILE || errno == ENFILE)
		log_warn("http: refused a connection: out of file descriptors (ulimit -n)");
	h->refused = true;
	evconnlistener_disable(l);
}

static void *run(void *arg)
{
	struct http *h = arg;
	event_base_dispatch(h->base);
	for (int i = 0; i < LAST_ROUNDS || (i < LAST_ROUNDS_MOST && event_base_get_num_events(h->base, EVENT_BASE_COUNT_ACTIVE)); i++)
		event_base_loop(h->base, EVLOOP_NONBLOCK); /* the last answers go out as far as they do */
	return NULL;
}

static int make_evhttp(struct http *h)
{
	static const struct timeval idle = { .tv_sec = LIMIT_HTTP_IDLE_MS / 1000 };
	h->evhttp = evhttp_new(h->base);
	h->accepting = evconnlistener_new(h->base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, h->listener.fd);
	if (!h->evhttp || !h->accepting || !evhttp_bind_listener(h->evhttp, h->accepting))
		return error_set(ERR_IO, NULL, "libevent cannot make an HTTP server");
	http_door_open(h);
	http_turns_begin(h);
	evconnlistener_set_error_cb(h->accepting, on_accept_error);
	evhttp_set_bevcb(h->evhttp, http_peer_open, h);
	evhttp_set_gencb(h->evhttp, http_on_request, h);
	evhttp_set_max_headers_size(h->evhttp, LIMIT_HTTP_HEADER_BYTES);
	evhttp_set_max_body_size(h->evhttp, LIMIT_HTTP_BODY_BYTES);
	evhttp_set_timeout_tv(h->evhttp, &idle);
	evhttp_set_default_content_type(h->evhttp, NULL);
	/* all that it knows: what no route has is answered by us */
	evhttp_set_allowed_methods(h->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						      EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
	return ERR_OK;
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
	int result = make_evhttp(h);
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
	if (h->evhttp)
		evhttp_free(h->evhttp); /* and its listener */
	http_peers_forget(h);
	if (h->handed)
		event_free(h->handed);
	if (h->tick)
		event_free(h->tick);
	if (h->arrived)
		event_free(h->arrived);
	if (h->next_round)
		event_free(h->next_round);
	if (h->base)
		event_base_free(h->base);
	listener_close(&h->listener);
	queue_destroy(h->queue);
	bytes_finish(&h->scratch);
	sessions_finish(&h->sessions);
	free(h->openapi);
	free(h->counts);
	free(h);
}
