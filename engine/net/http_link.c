/* net/http_link.c: questions to the shards, and their answers.
 *
 * A link is one end of a socket pair; the other end is a connection of a shard's loop like any client's (conn.c), so
 * that pausing, limits and the order of what is sent are those of the protobuf sockets. Each shard has two: one for
 * changes, which wait while the disk is behind, and one for queries, which do not wait for them. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/inner.h"
#include "wire/json_publish.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#define HELLO_ID 1u
#define LANES 2u
#define PREFIX_MAX 5u
#define ANSWERS_AT_ONCE 8u /* then others have their turn */
#define ANSWER_BYTES_MAX (256u * MIB) /* beyond reason: framing is lost */

/* The length before the next answer. 0: it is not whole; a prefix of 0 bytes: it never will be. */
static size_t prefix_of(struct evbuffer *in, size_t *len)
{
	uint8_t head[PREFIX_MAX];
	ev_ssize_t n = evbuffer_copyout(in, head, sizeof(head));
	*len = 0;
	for (ev_ssize_t i = 0; i < n; i++) {
		*len |= (size_t)(head[i] & 0x7f) << (7 * i);
		if (head[i] < 0x80)
			return (size_t)i + 1;
	}
	return 0;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct http_link *l = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len, prefix;
	unsigned taken = 0;
	while (!l->held && (prefix = prefix_of(in, &len))) {
		struct json_answer a;
		if (taken++ == ANSWERS_AT_ONCE) {
			bufferevent_trigger(bev, EV_READ, BEV_OPT_DEFER_CALLBACKS);
			return;
		}
		http_turn_begin(l->http);
		CHECK(len <= ANSWER_BYTES_MAX);
		if (evbuffer_get_length(in) < prefix + len)
			return;
		const char *data = (const char *)evbuffer_pullup(in, (ev_ssize_t)(prefix + len));
		CHECK(json_answer(&a, (struct slice){ data + prefix, len }) == ERR_OK);
		evbuffer_drain(in, prefix + len);
		bool alive = a.id == HELLO_ID || l->answered(l, &a);
		json_decref(a.body);
		if (!alive)
			return;
	}
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
	struct http_link *l = arg;
	l->lost(l);
}

int http_link_open(struct http_link *l, struct http *h, unsigned shard)
{
	int fd;
	if (!h->server || !inner_connect(h->server, shard, &fd))
		return error_set(ERR_BUSY, NULL, "no way to the shards at the moment; try again");
	l->http = h;
	l->held = false;
	l->bev = bufferevent_socket_new(h->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!l->bev) {
		close(fd);
		return error_set(ERR_BUSY, NULL, "no room for another link to the shards; try again");
	}
	bufferevent_setcb(l->bev, on_read, NULL, on_end, l);
	bufferevent_enable(l->bev, EV_READ | EV_WRITE);
	json_t *hello = json_pack("{s:i, s:s}", "version", 1, "client", "http");
	bytes_clear(&h->scratch);
	CHECK(json_request(&h->scratch, HELLO_ID, "hello", hello) == ERR_OK);
	json_decref(hello);
	http_link_send(l, bytes_slice(&h->scratch));
	return ERR_OK;
}

void http_link_close(struct http_link *l)
{
	if (l->bev)
		bufferevent_free(l->bev);
	l->bev = NULL;
}

void http_link_send(struct http_link *l, struct slice frame)
{
	bufferevent_write(l->bev, frame.data, frame.len);
}

void http_link_hold(struct http_link *l, bool hold)
{
	if (l->held == hold)
		return;
	l->held = hold;
	if (hold) {
		bufferevent_disable(l->bev, EV_READ);
	} else {
		bufferevent_enable(l->bev, EV_READ);
		bufferevent_trigger(l->bev, EV_READ, 0); /* what is here already */
	}
}

static void finish(struct http *h, struct http_asked *q, struct json_answer *a)
{
	http_then *then = q->then;
	q->then = NULL;
	h->asked_count--;
	then(q->arg, a);
}

static bool on_answer(struct http_link *l, struct json_answer *a)
{
	struct http *h = l->http;
	struct http_asked *q = &h->asked[a->id % LIMIT_HTTP_ASKED];
	if (q->then && q->id == a->id) /* else it came too late */
		finish(h, q, a);
	return true;
}

/* Only where a shard's loop has ended before us. */
static void on_lost(struct http_link *l)
{
	log_error("http: a link to a shard was lost");
	http_link_close(l);
}

int http_links_open(struct http *h)
{
	h->shards = engine_shard_count(h->engine);
	h->links = must_calloc((size_t)h->shards * LANES, sizeof(h->links[0]));
	for (unsigned i = 0; i < h->shards * LANES; i++) {
		h->links[i].answered = on_answer;
		h->links[i].lost = on_lost;
		int result = http_link_open(&h->links[i], h, i / LANES);
		if (result != ERR_OK)
			return result;
		http_turn_link(h->links[i].bev);
	}
	return ERR_OK;
}

void http_links_close(struct http *h)
{
	for (unsigned i = 0; i < LIMIT_HTTP_ASKED; i++) {
		if (!h->asked[i].then)
			continue;
		error_set(ERR_CLOSED, NULL, "the daemon is stopping; ask again when it is back");
		finish(h, &h->asked[i], NULL);
	}
	for (unsigned i = 0; h->links && i < h->shards * LANES; i++)
		http_link_close(&h->links[i]);
	free(h->links);
	h->links = NULL;
}

void http_links_tick(struct http *h)
{
	for (unsigned i = 0; h->asked_count && i < LIMIT_HTTP_ASKED; i++) {
		struct http_asked *q = &h->asked[i];
		if (!q->then || h->now_ns < q->until_ns)
			continue;
		h->late++;
		error_set(ERR_TIMEOUT, NULL,
			  "no answer in time; what has an id may be sent again: it is never applied twice");
		finish(h, q, NULL);
	}
}

static struct http_asked *free_place(struct http *h)
{
	for (unsigned i = 0; h->asked_count < LIMIT_HTTP_ASKED && i < LIMIT_HTTP_ASKED; i++) {
		uint64_t id = ++h->generation;
		struct http_asked *q = &h->asked[id % LIMIT_HTTP_ASKED];
		if (!q->then && id != HELLO_ID) {
			q->id = id;
			return q;
		}
	}
	error_set(ERR_BUSY, NULL, "limit_http_asked (%u) requests are being answered; try again", LIMIT_HTTP_ASKED);
	return NULL;
}

int http_ask(struct http *h, const struct http_question *q, http_then *then, void *arg)
{
	if (!h->links || h->stopping)
		return error_set(ERR_CLOSED, NULL,
				 h->stopping ? "the daemon is stopping" : "the daemon is starting or recovering; see /readyz");
	unsigned shard = q->shard >= 0 ? (unsigned)q->shard : h->next_shard++ % h->shards;
	struct http_link *l = &h->links[shard * LANES + (q->changes ? 0 : 1)];
	if (!l->bev)
		return error_set(ERR_CLOSED, NULL, "the daemon is stopping");
	if (evbuffer_get_length(bufferevent_get_output(l->bev)) > LIMIT_HTTP_LINK_BYTES)
		return error_set(ERR_BUSY, NULL,
				 "limit_http_link_bytes (%u) wait already for the disk; try again in a moment",
				 LIMIT_HTTP_LINK_BYTES);
	struct http_asked *place = free_place(h);
	if (!place)
		return ERR_BUSY;
	bytes_clear(&h->scratch);
	int result = q->publish ? json_publish_request(q->publish, place->id, &h->scratch)
		   : q->message ? json_request_packed(&h->scratch, place->id, q->kind, bytes_slice(q->message))
				: json_request(&h->scratch, place->id, q->kind, q->fields);
	if (result != ERR_OK)
		return result;
	uint64_t within_ms = q->within_ms ? q->within_ms : LIMIT_HTTP_ANSWER_MS;
	place->then = then;
	place->arg = arg;
	place->until_ns = clock_mono_ns() + within_ms * 1000000u;
	h->asked_count++;
	http_link_send(l, bytes_slice(&h->scratch));
	return ERR_OK;
}
