/* net/http_follow.c: alerts and nudges live, as server-sent events.
 *
 * Each stream is a follower of its own on a shard. What the client does not take stays here up to
 * LIMIT_HTTP_FOLLOWER_BYTES; then its link is not read, the shard keeps its follower back in its turn, and a client
 * that stays behind is told what it missed (`event: missed`) and goes on. An event's id is SEQ-INDEX: a browser that
 * comes back names the last one (Last-Event-ID), and everything after it comes first. */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RETRY_MS 2000
#define READ_MOST (4u * KIB) /* of what a client sends meanwhile: nothing is wanted */
#define FOLLOW_ID 2u

struct http_follower {
	struct http_link link; /* first */
	struct http_exchange *x;
	struct http_follower *next, **at;
	uint64_t said_ns;
	bool streaming, from_now;
};

static void close_follower(struct http_follower *f)
{
	*f->at = f->next;
	if (f->next)
		f->next->at = f->at;
	f->x->http->follower_count--;
	http_link_close(&f->link);
}

static void end_follower(struct http_follower *f)
{
	close_follower(f);
	if (f->streaming)
		http_stream_end(f->x);
	else
		http_problem_last(f->x);
	free(f);
}

static void on_drained(struct evhttp_connection *c, void *arg)
{
	struct http_follower *f = arg;
	if (!f->x->gone)
		http_link_hold(&f->link, false);
}

static void put(struct http_follower *f, struct slice text)
{
	f->said_ns = clock_mono_ns();
	bool full = http_stream_backlog(f->x) + text.len > LIMIT_HTTP_FOLLOWER_BYTES;
	http_stream_put(f->x, text, full || f->link.held ? on_drained : NULL, f);
	if (full)
		http_link_hold(&f->link, true);
}

/* id empty: none, so that a client that comes back names the one before. */
static void put_event(struct http_follower *f, const char *name, const char *id, json_t *data)
{
	struct bytes out = { 0 };
	char *text = json_dumps(data, JSON_COMPACT | JSON_REAL_PRECISION(15));
	CHECK(text);
	bytes_printf(&out, "event: %s\n", name);
	if (*id)
		bytes_printf(&out, "id: %s\n", id);
	bytes_put(&out, "data: ", 6);
	bytes_put(&out, text, strlen(text));
	bytes_put(&out, "\n\n", 2);
	put(f, bytes_slice(&out));
	bytes_finish(&out);
	free(text);
}

static void place_text(char *out, size_t size, json_t *m, const char *seq, const char *index)
{
	snprintf(out, size, "%lld-%lld", (long long)json_integer_value(json_object_get(m, seq)),
		 (long long)json_integer_value(json_object_get(m, index)));
}

/* From here on the connection is told apart only by what it takes: it may be silent for ever. */
static void begin_stream(struct http_follower *f, json_t *following)
{
	static const struct timeval stalled = { .tv_sec = LIMIT_HTTP_IDLE_MS / 1000 };
	char id[64] = "", head[64];
	int size = LIMIT_HTTP_STREAM_BYTES;
	http_stream_begin(f->x, "text/event-stream");
	struct evhttp_connection *c = evhttp_request_get_connection(f->x->req);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(c);
	f->streaming = true;
	setsockopt(bufferevent_getfd(bev), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	bufferevent_setwatermark(bev, EV_READ, 0, READ_MOST);
	bufferevent_set_timeouts(bev, NULL, &stalled);
	bufferevent_enable(bev, EV_READ); /* to see its end */
	int len = snprintf(head, sizeof(head), "retry: %d\n\n", RETRY_MS);
	put(f, (struct slice){ head, (size_t)len });
	if (f->from_now) /* all of that entry is behind it */
		snprintf(id, sizeof(id), "%lld-%u", (long long)json_integer_value(json_object_get(following, "seq")),
			 UINT32_MAX);
	put_event(f, "following", id, following);
}

static bool on_answer(struct http_link *l, struct json_answer *a)
{
	struct http_follower *f = (struct http_follower *)l;
	char id[64];
	if (!a->kind || f->x->gone)
		return true;
	if (f->streaming && !http_may_go_on(http_route_role(f->x->route), f->x)) {
		end_follower(f);
		return false;
	}
	if (strcmp(a->kind, "error") == 0) {
		json_t *error = a->body;
		close_follower(f);
		http_problem_of(f->x, error);
		free(f);
		return false;
	}
	if (strcmp(a->kind, "following") == 0) {
		begin_stream(f, a->body);
	} else if (strcmp(a->kind, "missed") == 0) {
		place_text(id, sizeof(id), a->body, "resume_seq", "resume_index");
		put_event(f, "missed", id, a->body);
	} else if (strcmp(a->kind, "alert") == 0) {
		place_text(id, sizeof(id), a->body, "seq", "index");
		const char *kind = json_string_value(json_object_get(a->body, "kind"));
		put_event(f, kind && strcmp(kind, "nudge") == 0 ? "nudge" : "alert", id, a->body);
	}
	return true;
}

static void on_lost(struct http_link *l)
{
	error_set(ERR_CLOSED, NULL, "the daemon is stopping");
	end_follower((struct http_follower *)l);
}

/* "4711-0" */
static int parse_place(const char *text, json_t *fields)
{
	char *rest;
	errno = 0;
	unsigned long long seq = strtoull(text, &rest, 10), index = 0;
	bool good = rest != text && *rest == '-' && *text != '-';
	if (good) {
		const char *second = rest + 1;
		index = strtoull(second, &rest, 10);
		good = rest != second && !*rest && *second != '-' && index <= UINT32_MAX && !errno;
	}
	if (!good || seq > INT64_MAX)
		return error_set(ERR_INVALID, "Last-Event-ID",
				 "an event's id is SEQ-INDEX, as the stream said it; not %.60s", text);
	json_object_set_new(fields, "after_seq", json_integer((json_int_t)seq));
	json_object_set_new(fields, "after_index", json_integer((json_int_t)index));
	json_object_del(fields, "from_now"); /* there was one before: nothing after it is to be lost */
	return ERR_OK;
}

static int start(struct http_follower *f, json_t **fields)
{
	struct http *h = f->x->http;
	const char *last = http_header(f->x, "Last-Event-ID");
	int result = http_fields(f->x, json_request_message("follow"), fields);
	if (result == ERR_OK && last && *last)
		result = parse_place(last, *fields);
	if (result == ERR_OK && h->follower_count >= LIMIT_HTTP_FOLLOWERS)
		result = error_set(ERR_BUSY, NULL, "limit_http_followers (%u) streams are open; try again later",
				   LIMIT_HTTP_FOLLOWERS);
	if (result == ERR_OK)
		result = http_link_open(&f->link, h, h->shards ? h->next_shard++ % h->shards : 0);
	if (result != ERR_OK)
		return result;
	bytes_clear(&h->scratch);
	result = json_request(&h->scratch, FOLLOW_ID, "follow", *fields);
	if (result == ERR_OK)
		http_link_send(&f->link, bytes_slice(&h->scratch));
	else
		http_link_close(&f->link);
	return result;
}

void http_follow(struct http_exchange *x)
{
	struct http *h = x->http;
	struct http_follower *f = must_calloc(1, sizeof(*f));
	json_t *fields = NULL;
	f->x = x;
	f->said_ns = clock_mono_ns();
	f->link.answered = on_answer;
	f->link.lost = on_lost;
	if (start(f, &fields) != ERR_OK) {
		free(f);
		http_problem_last(x);
	} else {
		f->from_now = json_is_true(json_object_get(fields, "from_now"));
		f->next = h->followers;
		f->at = &h->followers;
		if (f->next)
			f->next->at = &f->next;
		h->followers = f;
		h->follower_count++;
	}
	json_decref(fields);
}

void http_followers_tick(struct http *h)
{
	struct http_follower *next;
	for (struct http_follower *f = h->followers; f; f = next) {
		next = f->next;
		if (f->x->gone || (f->streaming && !http_may_go_on(http_route_role(f->x->route), f->x)))
			end_follower(f);
		else if (f->streaming && h->now_ns > f->said_ns + LIMIT_HTTP_PING_MS * 1000000ull)
			put(f, (struct slice){ ":\n\n", 3 });
	}
}

void http_followers_end(struct http *h)
{
	while (h->followers) {
		error_set(ERR_CLOSED, NULL, "the daemon is stopping; ask again when it is back");
		end_follower(h->followers);
	}
}
