/* net/http_exchange.c: one request and its answer: found in the table of routes, authorised, asked of the shards; then the answer as JSON, or what went wrong as a problem document (RFC 9457). */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"

#include <ctype.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SMALL_BYTES (16u * KIB) /* an answer for which there is always room */

/* Errors' codes, as they are said in HTTP. */
static const struct {
	const char *code;
	int status;
	const char *title;
} problems[] = {
	{ "invalid", 400, "The request is not right" },
	{ "version", 400, "A version that is not spoken here" },
	{ "denied", 403, "Not allowed" },
	{ "missing", 404, "Not known" },
	{ "method", 405, "Not with this method" },
	{ "ambiguous", 409, "More than one owner" },
	{ "conflict", 409, "In conflict with what is there" },
	{ "limit", 422, "Over a limit" },
	{ "media", 415, "Not in this form" },
	{ "rate", 429, "Too many requests" },
	{ "rule", 422, "The pack is refused" },
	{ "busy", 503, "Busy" },
	{ "closed", 503, "Not serving" },
	{ "timeout", 504, "No answer in time" },
	{ "storage", 507, "Disk space is short" },
};

static const unsigned codes[HTTP_CODES] = { 200, 204, 302, 304, 400, 401, 403, 404, 405, 409, 413, 415, 417, 422, 429, 431, 500, 501, 503, 504, 507 };

const unsigned *http_codes(void)
{
	return codes;
}

const char *http_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} newer[] = { { 422, "Unprocessable Content" }, { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
		      { 507, "Insufficient Storage" } };
	for (size_t i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		if (newer[i].status == status)
			return newer[i].phrase;
	return NULL;
}

int http_status_of(const char *code)
{
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		if (strcmp(problems[i].code, code) == 0)
			return problems[i].status;
	return 500;
}

const char *http_title_of(const char *code)
{
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++)
		if (strcmp(problems[i].code, code) == 0)
			return problems[i].title;
	return "Something went wrong in the daemon";
}

const char *http_header(const struct http_exchange *x, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(x->req), name);
}

void http_set_header(struct http_exchange *x, const char *name, const char *value)
{
	evhttp_add_header(evhttp_request_get_output_headers(x->req), name, value);
}

struct slice http_body(const struct http_exchange *x)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	size_t len = evbuffer_get_length(in);
	return (struct slice){ len ? (const char *)evbuffer_pullup(in, -1) : "", len };
}

size_t http_body_size(const struct http_exchange *x)
{
	return evbuffer_get_length(evhttp_request_get_input_buffer(x->req));
}

void http_body_type(const struct http_exchange *x, char *out, size_t size)
{
	const char *type = http_header(x, "Content-Type");
	size_t len = type ? strcspn(type, "; \t") : 0;
	snprintf(out, size, "%.*s", (int)len, type ? type : "");
	for (char *at = out; *at; at++)
		*at = (char)tolower((unsigned char)*at);
}

/* --- answers --- */

void http_count(struct http *h, const struct http_route *r, int status)
{
	unsigned route = r ? (unsigned)(r - http_routes) : http_route_count, i = 0;
	while (i + 1 < HTTP_CODES && codes[i] && codes[i] != (unsigned)status)
		i++;
	h->counts[route].codes[i]++;
}

static void count(struct http_exchange *x, int status)
{
	http_count(x->http, x->route, status);
	histogram_add(&x->http->seconds, clock_mono_ns() - x->began_ns);
}

static void finish(struct http_exchange *x)
{
	x->http->body_bytes -= x->body_bytes;
	for (unsigned i = 0; i < x->part_count; i++)
		free(x->parts[i].text);
	http_limits_leave(x);
	free(x);
}

static void common_headers(struct http_exchange *x, const char *type)
{
	http_set_header(x, "Content-Type", type);
	http_set_header(x, "Cache-Control", x->caching ? x->caching : "no-store");
	http_set_header(x, "Cross-Origin-Resource-Policy", "same-origin");
	http_set_header(x, "X-Content-Type-Options", "nosniff");
}

void http_reply(struct http_exchange *x, int status, const char *type, struct slice body)
{
	if (body.len > SMALL_BYTES && x->http->untaken_bytes + body.len > LIMIT_HTTP_HELD_BYTES) {
		http_problem(x, "busy", NULL, "clients have not taken limit_http_held_bytes of answers; try again");
		return;
	}
	struct evbuffer *out = evbuffer_new();
	char length[24];
	CHECK(out);
	common_headers(x, type);
	if (evhttp_request_get_command(x->req) == EVHTTP_REQ_HEAD) { /* evhttp would send the body all the same */
		snprintf(length, sizeof(length), "%zu", body.len);
		http_set_header(x, "Content-Length", length);
	} else {
		evbuffer_add(out, body.data, body.len);
	}
	if (status == 503)
		http_set_header(x, "Retry-After", "1");
	count(x, status);
	http_turn_end(x->http, http_peer_of(x->http, x->req));
	evhttp_send_reply(x->req, status, http_phrase(status), out);
	evbuffer_free(out);
	finish(x);
}

void http_dump(struct bytes *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15));
	CHECK(text);
	bytes_put(out, text, strlen(text));
	bytes_put_u8(out, '\n'); /* for those who read it on a terminal, or by the line */
	free(text);
}

static void reply_dumped(struct http_exchange *x, int status, const char *type, json_t *body)
{
	struct bytes text = { 0 };
	http_dump(&text, body);
	http_reply(x, status, type, bytes_slice(&text));
	bytes_finish(&text);
	json_decref(body);
}

void http_reply_json(struct http_exchange *x, int status, json_t *body)
{
	reply_dumped(x, status, HTTP_JSON, body);
}

json_t *http_problem_body(int status, const char *code, const char *field, const char *reason)
{
	char type[64];
	snprintf(type, sizeof(type), "urn:nudged:problem:%s", code);
	json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", type, "title", http_title_of(code), "status",
				 status, "detail", reason, "code", code);
	if (!body) /* what is blamed is not UTF-8 */
		body = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", http_title_of(code), "status", status,
				 "code", code);
	if (field && *field)
		json_object_set_new(body, "field", json_string(field));
	return body;
}

void http_problem(struct http_exchange *x, const char *code, const char *field, const char *reason)
{
	int status = x->unknown ? 401 : x->long_headers ? 431 : http_status_of(code);
	if (x->unknown && http_delay(x, code, field, reason))
		return;
	if (x->unknown) /* RFC 6750 */
		http_set_header(x, "WWW-Authenticate", "Bearer realm=\"nudged\"");
	reply_dumped(x, status, HTTP_PROBLEM, http_problem_body(status, code, field, reason));
}

void http_problem_last(struct http_exchange *x)
{
	struct error e = *error_last();
	http_problem(x, error_name(e.code), e.field, e.text);
}

void http_problem_of(struct http_exchange *x, json_t *error)
{
	http_problem(x, json_string_value(json_object_get(error, "code")),
		     json_string_value(json_object_get(error, "field")),
		     json_string_value(json_object_get(error, "reason")));
}

/* Its request is ours from then on. */
static void on_gone(struct evhttp_connection *c, void *arg)
{
	struct http_exchange *x = arg;
	x->gone = true;
	if (x->when_gone)
		x->when_gone(x->gone_arg);
}

void http_stream_begin(struct http_exchange *x, const char *type)
{
	common_headers(x, type);
	evhttp_connection_set_closecb(evhttp_request_get_connection(x->req), on_gone, x);
	evhttp_send_reply_start(x->req, 200, NULL);
}

void http_stream_put(struct http_exchange *x, struct slice piece,
		     void (*drained)(struct evhttp_connection *c, void *arg), void *arg)
{
	if (x->gone)
		return;
	struct evbuffer *out = evbuffer_new();
	CHECK(out);
	http_turn_end(x->http, http_peer_of(x->http, x->req));
	evbuffer_add(out, piece.data, piece.len);
	evhttp_send_reply_chunk_with_cb(x->req, out, drained, arg);
	evbuffer_free(out);
}

size_t http_stream_backlog(const struct http_exchange *x)
{
	struct evhttp_connection *c = x->gone ? NULL : evhttp_request_get_connection(x->req);
	return c ? evbuffer_get_length(bufferevent_get_output(evhttp_connection_get_bufferevent(c))) : 0;
}

void http_stream_end(struct http_exchange *x)
{
	count(x, 200);
	if (x->gone) {
		if (!evhttp_request_get_connection(x->req)) /* else it goes with the connection */
			evhttp_request_free(x->req);
	} else {
		evhttp_connection_set_closecb(evhttp_request_get_connection(x->req), NULL, NULL);
		evhttp_send_reply_end(x->req);
	}
	finish(x);
}

/* --- asking --- */

static void on_answer(void *arg, struct json_answer *a)
{
	struct http_exchange *x = arg;
	if (!a) {
		http_problem_last(x);
		return;
	}
	if (a->kind && strcmp(a->kind, "error") == 0) {
		http_problem_of(x, a->body);
		return;
	}
	json_t *ack = json_object_get(a->body, "ack");
	const char *result = json_string_value(json_object_get(ack, "result"));
	if (result && strcmp(result, "REFUSED") == 0)
		http_problem_of(x, json_object_get(ack, "error"));
	else if (x->route->handle == http_report)
		http_reply_json(x, 200, json_report_named(a->body));
	else
		http_reply_json(x, 200, json_incref(a->body));
}

/* From its fields to the message that the shards are asked with. */
struct asking {
	struct http_exchange *x;
	struct bytes message;
};

static int make_message(void *arg)
{
	struct asking *a = arg;
	json_t *fields;
	int result = http_fields(a->x, json_request_message(a->x->route->ask), &fields);
	if (result == ERR_OK)
		result = json_request_pack(&a->message, a->x->route->ask, fields);
	json_decref(fields);
	return result;
}

static void on_message(void *arg, int result)
{
	struct asking *a = arg;
	struct http_exchange *x = a->x;
	struct http_question q = { .kind = x->route->ask, .message = &a->message, .changes = x->route->changes, .shard = -1 };
	if (result != ERR_OK || http_ask(x->http, &q, on_answer, x) != ERR_OK)
		http_problem_last(x);
	bytes_finish(&a->message);
	free(a);
}

static void ask(struct http_exchange *x)
{
	char type[80];
	http_body_type(x, type, sizeof(type));
	if (x->route->method[0] == 'P' && x->body_bytes && strcmp(type, HTTP_JSON) != 0) {
		http_problem(x, "media", "Content-Type", "the body must be application/json, and be called so");
		return;
	}
	struct asking *a = must_calloc(1, sizeof(*a));
	a->x = x;
	http_do(x, x->body_bytes, make_message, on_message, a);
}

void http_report(struct http_exchange *x)
{
	ask(x);
}

static const char *method_of(struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD: /* evhttp leaves the body out */
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	default:
		return "";
	}
}

/* A text is what it was written as, or it is refused: evhttp would leave a lone % as it is and end a text at %00. */
static int check_address(const struct http_exchange *x)
{
	const char *at = evhttp_request_get_uri(x->req);
	while (at && (at = strchr(at, '%'))) {
		if (!isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
			return error_set(ERR_INVALID, NULL, "the address has a %% without two hexadecimal digits behind it: write %%25 "
							    "for the sign itself, and %%2F for a slash within an id");
		if (at[1] == '0' && at[2] == '0')
			return error_set(ERR_INVALID, NULL, "the address has a byte 0 (%%00), which no id and no text may have");
		at += 3;
	}
	return ERR_OK;
}

/* evhttp knows one transfer coding, and takes a header whose name has a space at its end for another one: what it read as no
 * body would be read as the next request. */
static int check_header(const struct evkeyval *header)
{
	if (header->key[strcspn(header->key, " \t")])
		return error_set(ERR_INVALID, NULL, "a header's name has a space in it, or behind it");
	if (strcasecmp(header->key, "Transfer-Encoding") == 0 && strcasecmp(header->value, "chunked") != 0)
		return error_set(ERR_INVALID, "Transfer-Encoding", "only chunked is read here, not %.60s", header->value);
	return ERR_OK;
}

/* What a proxy may read in another way than evhttp did is not read at all; and evhttp lets more headers pass than it
 * was told, where they came in one piece. */
static int check_headers(struct http_exchange *x)
{
	const struct evkeyval *header = evhttp_request_get_input_headers(x->req)->tqh_first;
	size_t size = 0;
	unsigned lengths = 0;
	for (; header; header = header->next.tqe_next) {
		if (check_header(header) != ERR_OK)
			return error_last()->code;
		size += strlen(header->key) + strlen(header->value) + 4;
		lengths += strcasecmp(header->key, "Content-Length") == 0 ||
			   strcasecmp(header->key, "Transfer-Encoding") == 0;
	}
	x->long_headers = size > LIMIT_HTTP_HEADER_BYTES;
	if (x->long_headers)
		return error_set(ERR_LIMIT, NULL, "the headers have %zu bytes, limit_http_header_bytes is %u", size,
				 LIMIT_HTTP_HEADER_BYTES);
	if (lengths > 1)
		return error_set(ERR_INVALID, "Content-Length", "the body's length is said more than once");
	if (lengths && evhttp_request_get_command(x->req) == EVHTTP_REQ_HEAD) /* evhttp leaves it where the next request begins */
		return error_set(ERR_INVALID, "Content-Length", "HEAD has no body here");
	return ERR_OK;
}

/* True: it is answered. */
static bool refuse_coded(struct http_exchange *x)
{
	const char *coding = x->body_bytes ? http_header(x, "Content-Encoding") : NULL;
	if (!coding || strcasecmp(coding, "identity") == 0)
		return false;
	http_problem(x, "media", "Content-Encoding", "bodies are not unpacked here: send them as they are");
	return true;
}

static void not_found(struct http_exchange *x, const char *path, const char *allowed)
{
	char reason[320];
	if (*allowed) {
		http_set_header(x, "Allow", allowed);
		snprintf(reason, sizeof(reason), "only with %s", allowed);
		http_problem(x, "method", NULL, reason);
		return;
	}
	snprintf(reason, sizeof(reason), "there is no %.200s; /v1/openapi.json lists what there is", path);
	http_problem(x, "missing", NULL, reason);
}

static void handle(struct http_exchange *x)
{
	struct http *h = x->http;
	enum evhttp_cmd_type command = evhttp_request_get_command(x->req);
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(x->req));
	char allowed[32] = "";
	x->route =
		http_route_find(method_of(x->req), path ? path : "", x->parts, &x->part_count, allowed, sizeof(allowed));
	h->body_bytes += x->body_bytes = http_body_size(x);
	int result = check_headers(x);
	if (result == ERR_OK)
		result = check_address(x);
	else
		http_set_header(x, "Connection", "close"); /* where the next request begins is not certain */
	if (result == ERR_OK && x->body_bytes && h->body_bytes > LIMIT_HTTP_HELD_BYTES)
		result = error_set(ERR_BUSY, NULL,
				   "limit_http_held_bytes (%u) of requests are being answered; try again",
				   LIMIT_HTTP_HELD_BYTES);
	if (result != ERR_OK) {
		http_problem_last(x);
		return;
	}
	if (x->route && x->route->handle == http_follow && command == EVHTTP_REQ_HEAD) {
		http_problem(x, "method", NULL, "a stream has no end, and so no head: ask with GET");
		return;
	}
	if (!x->route) {
		not_found(x, path ? path : "", allowed);
		return;
	}
	if (http_authorise(http_route_role(x->route), x) != ERR_OK) {
		h->denied++;
		http_problem_last(x);
		return;
	}
	if ((http_route_role(x->route) != ROLE_NONE && !http_within_limits(x)) || refuse_coded(x))
		return;
	if (x->route->handle)
		x->route->handle(x);
	else
		ask(x);
}

/* Where the client has left meanwhile nobody is answered, and nothing is done. */
void http_go_on(struct http_exchange *x)
{
	struct http *h = x->http;
	struct http_peer *p = http_peer_of(h, x->req);
	http_turn_begin(h);
	if (evhttp_request_get_connection(x->req))
		handle(x);
	else
		http_problem(x, "closed", NULL, "the client has left");
	http_turn_end(h, p);
}

void http_on_request(struct evhttp_request *req, void *arg)
{
	const struct http_gate *gate = arg;
	struct http_exchange *x = must_calloc(1, sizeof(*x));
	x->http = gate->http;
	x->gate = gate;
	x->req = req;
	x->began_ns = clock_mono_ns();
	x->client = http_peer_client(x->http, req);
	http_peer_busy(x->http, req);
	if (!http_ahead_waits(x))
		http_go_on(x);
}
