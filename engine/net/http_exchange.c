/* net/http_exchange.c: one request and its answer: found in the table of routes, authorised, its fields read, asked of
 * the shards; then the answer as JSON, or what went wrong as a problem document (RFC 9457). */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/nearest.h"

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

static const unsigned codes[HTTP_CODES] = { 200, 204, 302, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503, 504, 507 };

const unsigned *http_codes(void)
{
	return codes;
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

void http_body_type(const struct http_exchange *x, char *out, size_t size)
{
	const char *type = http_header(x, "Content-Type");
	size_t len = type ? strcspn(type, "; \t") : 0;
	snprintf(out, size, "%.*s", (int)len, type ? type : "");
	for (char *at = out; *at; at++)
		*at = (char)tolower((unsigned char)*at);
}

/* --- answers --- */

static void count(struct http_exchange *x, int status)
{
	struct http *h = x->http;
	unsigned route = x->route ? (unsigned)(x->route - http_routes) : http_route_count, i = 0;
	while (i + 1 < HTTP_CODES && codes[i] && codes[i] != (unsigned)status)
		i++;
	h->counts[route].codes[i]++;
	histogram_add(&h->seconds, clock_mono_ns() - x->began_ns);
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
	evhttp_send_reply(x->req, status, NULL, out);
	evbuffer_free(out);
	finish(x);
}

static void reply_dumped(struct http_exchange *x, int status, const char *type, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(15));
	CHECK(text);
	size_t len = strlen(text);
	text[len] = '\n'; /* for those who read it on a terminal; its NUL is not sent */
	http_reply(x, status, type, (struct slice){ text, len + 1 });
	free(text);
	json_decref(body);
}

void http_reply_json(struct http_exchange *x, int status, json_t *body)
{
	reply_dumped(x, status, HTTP_JSON, body);
}

void http_problem(struct http_exchange *x, const char *code, const char *field, const char *reason)
{
	char type[64];
	int status = x->unknown ? 401 : http_status_of(code);
	if (x->unknown && http_delay(x, code, field, reason))
		return;
	if (x->unknown) /* RFC 6750 */
		http_set_header(x, "WWW-Authenticate", "Bearer realm=\"nudged\"");
	snprintf(type, sizeof(type), "urn:nudged:problem:%s", code);
	json_t *body = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", type, "title", http_title_of(code), "status",
				 status, "detail", reason, "code", code);
	if (!body) /* what is blamed is not UTF-8 */
		body = json_pack("{s:s, s:s, s:i, s:s}", "type", type, "title", http_title_of(code), "status", status,
				 "code", code);
	if (field && *field)
		json_object_set_new(body, "field", json_string(field));
	reply_dumped(x, status, HTTP_PROBLEM, body);
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

/* --- fields --- */

json_t *http_parse(struct slice text)
{
	json_error_t why;
	json_t *j = json_loadb(text.data ? text.data : "", text.len, JSON_REJECT_DUPLICATES, &why);
	if (!j)
		error_set(ERR_INVALID, NULL, "the body is not JSON: line %d, column %d: %s", why.line, why.column,
			  why.text);
	return j;
}

static int set_text(json_t *fields, const ProtobufCMessageDescriptor *d, const char *name, const char *text)
{
	json_t *value;
	int result = json_field_from_text(&value, d, name, text);
	if (result == ERR_OK)
		json_object_set_new(fields, name, value);
	return result;
}

static int no_parameter(const struct http_exchange *x, const ProtobufCMessageDescriptor *d, const char *name)
{
	const char *names[64];
	char known[400] = "";
	size_t used = 0;
	unsigned n = 0;
	for (unsigned i = 0; i < d->n_fields && n < 63 && used < sizeof(known); i++) {
		if (!http_route_takes(x->route, &d->fields[i]))
			continue;
		names[n] = d->fields[i].name;
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", n ? ", " : "", names[n]);
		n++;
	}
	names[n] = NULL;
	const char *nearest = nearest_name(name, names);
	return error_set(ERR_INVALID, name, "there is no parameter %s here%s%s%s; %s%s", name,
			 nearest ? ": did you mean " : "", nearest ? nearest : "", nearest ? "?" : "",
			 n ? "there are: " : "there is none", known);
}

/* "where[agent]": a name and a value of a list of attributes. False: it is not written so. */
static bool put_attribute(struct http_exchange *x, const ProtobufCMessageDescriptor *d, json_t *fields, const char *key,
			  const char *value)
{
	char list[64];
	size_t len = strcspn(key, "["), whole = strlen(key);
	snprintf(list, sizeof(list), "%.*s", (int)len, key);
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, list);
	if (len == whole || key[whole - 1] != ']' || !f || !json_field_is_attributes(f) ||
	    !http_route_takes(x->route, f))
		return false;
	if (!json_object_get(fields, list))
		json_object_set_new(fields, list, json_object());
	char *name = must_strndup(key + len + 1, whole - len - 2);
	bool good = json_object_set_new(json_object_get(fields, list), name, json_string(value)) == 0;
	free(name);
	return good;
}

static int put_query(struct http_exchange *x, const ProtobufCMessageDescriptor *d, json_t *fields)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(x->req));
	struct evkeyvalq pairs;
	struct evkeyval *pair;
	int result = ERR_OK;
	if (!query || !*query)
		return ERR_OK;
	if (evhttp_parse_query_str(query, &pairs) != 0)
		return error_set(ERR_INVALID, NULL, "the query is not NAME=VALUE&NAME=VALUE");
	for (pair = pairs.tqh_first; pair && result == ERR_OK; pair = pair->next.tqe_next) {
		const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(d, pair->key);
		if (put_attribute(x, d, fields, pair->key, pair->value))
			continue;
		if (!f || !json_field_is_plain(f) || !http_route_takes(x->route, f))
			result = no_parameter(x, d, pair->key);
		else if (json_object_get(fields, pair->key))
			result = error_set(ERR_INVALID, pair->key, "%s is given twice", pair->key);
		else
			result = set_text(fields, d, pair->key, pair->value);
	}
	evhttp_clear_headers(&pairs);
	return result;
}

static int put_body(struct http_exchange *x, json_t *fields)
{
	struct slice text = http_body(x);
	if (text.len == 0)
		return ERR_OK; /* all that is needed may be in the path */
	json_t *body = http_parse(text), *value;
	const char *name;
	int result = body ? ERR_OK : error_last()->code;
	if (body && !json_is_object(body))
		result = error_set(ERR_INVALID, NULL, "the body must be an object");
	json_object_foreach(body, name, value)
	{
		if (result == ERR_OK && json_object_get(fields, name))
			result = error_set(ERR_INVALID, name, "%s is said by the path already", name);
		if (result == ERR_OK)
			json_object_set(fields, name, value);
	}
	json_decref(body);
	return result;
}

int http_fields(struct http_exchange *x, const ProtobufCMessageDescriptor *d, json_t **out)
{
	json_t *fields = x->route->preset ? json_loads(x->route->preset, 0, NULL) : json_object();
	int result = ERR_OK;
	CHECK(fields);
	for (unsigned i = 0; i < x->part_count && result == ERR_OK; i++) {
		char name[64];
		snprintf(name, sizeof(name), "%.*s", (int)x->parts[i].name_len, x->parts[i].name);
		result = set_text(fields, d, name, x->parts[i].text);
	}
	if (result == ERR_OK)
		result = put_query(x, d, fields);
	if (result == ERR_OK && x->route->method[0] == 'P')
		result = put_body(x, fields);
	if (result != ERR_OK) {
		json_decref(fields);
		fields = NULL;
	}
	*out = fields;
	return result;
}

/* --- asking --- */

static void on_answer(void *arg, const struct json_answer *a)
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

static void ask(struct http_exchange *x)
{
	struct http_question q = { .kind = x->route->ask, .changes = x->route->changes, .shard = -1 };
	char type[80];
	http_body_type(x, type, sizeof(type));
	if (x->route->method[0] == 'P' && http_body(x).len && strcmp(type, HTTP_JSON) != 0) {
		http_problem(x, "media", "Content-Type", "the body must be application/json, and be called so");
		return;
	}
	if (http_fields(x, json_request_message(q.kind), &q.fields) != ERR_OK ||
	    http_ask(x->http, &q, on_answer, x) != ERR_OK)
		http_problem_last(x);
	json_decref(q.fields);
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

/* What a proxy may read in another way than evhttp did is not read at all; and evhttp lets more headers pass than it
 * was told, where they came in one piece. */
static int check_headers(const struct http_exchange *x)
{
	const struct evkeyval *header = evhttp_request_get_input_headers(x->req)->tqh_first;
	size_t size = 0;
	unsigned lengths = 0;
	for (; header; header = header->next.tqe_next) {
		size += strlen(header->key) + strlen(header->value) + 4;
		lengths += strcasecmp(header->key, "Content-Length") == 0 ||
			   strcasecmp(header->key, "Transfer-Encoding") == 0;
	}
	if (size > LIMIT_HTTP_HEADER_BYTES)
		return error_set(ERR_LIMIT, NULL, "the headers have %zu bytes, limit_http_header_bytes is %u", size,
				 LIMIT_HTTP_HEADER_BYTES);
	if (lengths > 1)
		return error_set(ERR_INVALID, "Content-Length", "the body's length is said more than once");
	return ERR_OK;
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

void http_on_request(struct evhttp_request *req, void *arg)
{
	struct http *h = arg;
	struct http_exchange *x = must_calloc(1, sizeof(*x));
	char allowed[32] = "";
	x->http = h;
	x->req = req;
	x->began_ns = clock_mono_ns();
	x->client = http_peer_client(h, req);
	http_peer_busy(h, req);
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
	x->route =
		http_route_find(method_of(req), path ? path : "", x->parts, &x->part_count, allowed, sizeof(allowed));
	h->body_bytes += x->body_bytes = http_body(x).len;
	int result = check_headers(x);
	if (result == ERR_OK && x->body_bytes && h->body_bytes > LIMIT_HTTP_HELD_BYTES)
		result = error_set(ERR_BUSY, NULL,
				   "limit_http_held_bytes (%u) of requests are being answered; try again",
				   LIMIT_HTTP_HELD_BYTES);
	if (result != ERR_OK) {
		http_problem_last(x);
		return;
	}
	if (x->route && x->route->handle == http_follow && evhttp_request_get_command(req) == EVHTTP_REQ_HEAD) {
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
	if (http_route_role(x->route) != ROLE_NONE && !http_within_limits(x))
		return;
	if (x->route->handle)
		x->route->handle(x);
	else
		ask(x);
}
