/* net/http_unread.c: what evhttp refuses by itself, before it is a request: what is not HTTP, what is over a limit, what it does
 * not know. It would answer with a page of HTML; every other refusal of the gateway is a problem document (RFC 9457), and so
 * these are too.
 *
 * libevent 2.1 has no way to be asked for it (2.2 has evhttp_set_errorcb). But its own calls of evhttp_send_error go the way of all
 * calls between libraries, so that the function of this name in the program is the one that is called. Where that is not so, the
 * page of HTML is what is sent, and tests/e2e/http_hostile.py fails. */
#include "net/http_parts.h"

#include <ctype.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <string.h>
#include <strings.h>

static struct http *gateway; /* the process's: whose request it is evhttp does not say */

void http_unread_counts(struct http *h)
{
	gateway = h;
}

struct refusal {
	int status;
	const char *code, *field;
	char reason[240];
};

static bool is_number(const char *text)
{
	size_t len = strspn(text, "0123456789");
	return len && !text[len];
}

static void say(struct refusal *r, int status, const char *code, const char *field, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
static void say(struct refusal *r, int status, const char *code, const char *field, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	r->status = status;
	r->code = code;
	r->field = field;
	vsnprintf(r->reason, sizeof(r->reason), format, args);
	va_end(args);
}

/* evhttp stops at the line with which they are too long, and it tells nobody whether that was why. */
static bool headers_are_long(const struct evhttp_request *req)
{
	struct bufferevent *bev = req->evcon ? evhttp_connection_get_bufferevent(req->evcon) : NULL;
	size_t ahead = bev ? evbuffer_get_length(bufferevent_get_input(bev)) : 0;
	return !req->headers_size || req->headers_size + ahead > LIMIT_HTTP_HEADER_BYTES;
}

static void explain_malformed(struct refusal *r, const struct evhttp_request *req)
{
	const char *length = evhttp_find_header(req->input_headers, "Content-Length");
	if (length && !is_number(length))
		say(r, 400, "invalid", "Content-Length", "%.60s is no number of bytes", length);
	else if (headers_are_long(req))
		say(r, 431, "limit", NULL, "the first line and the headers have more than limit_http_header_bytes (%u) bytes",
		    LIMIT_HTTP_HEADER_BYTES);
	else
		say(r, 400, "invalid", NULL, "this is no request of HTTP: a first line of method, path and version, then headers (Name: value), then an empty line");
}

static void explain_large(struct refusal *r, const struct evhttp_request *req)
{
	const char *length = evhttp_find_header(req->input_headers, "Content-Length");
	if (req->chunked) /* it tells these two from each other no more than this */
		say(r, 413, "limit", NULL, "the body has more than limit_http_body_bytes (%u) bytes: send smaller batches; or a chunk does not begin "
		    "with its size in hexadecimal digits", LIMIT_HTTP_BODY_BYTES);
	else
		say(r, 413, "limit", NULL, "the body has %.20s bytes, limit_http_body_bytes is %u: send smaller batches", length ? length : "too many",
		    LIMIT_HTTP_BODY_BYTES);
}

static void explain(struct refusal *r, const struct evhttp_request *req, int status)
{
	if (status == HTTP_BADREQUEST)
		explain_malformed(r, req);
	else if (status == HTTP_ENTITYTOOLARGE)
		explain_large(r, req);
	else if (status == HTTP_EXPECTATIONFAILED)
		say(r, status, "invalid", "Expect", "only 100-continue can be expected here");
	else if (status == HTTP_NOTIMPLEMENTED)
		say(r, status, "method", NULL, "there is no such method here; /v1/openapi.json lists what there is");
	else
		say(r, status, "internal", NULL, "it cannot be answered");
}

/* As http_reply does it; there is no exchange yet. */
void evhttp_send_error(struct evhttp_request *req, int status, const char *reason)
{
	struct refusal r;
	struct bytes text = { 0 };
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	struct evbuffer *out = evbuffer_new();
	explain(&r, req, status);
	if (!req->major) { /* else it is answered in HTTP/0.0 */
		req->major = 1;
		req->minor = 1;
	}
	evhttp_clear_headers(headers);
	evhttp_add_header(headers, "Content-Type", HTTP_PROBLEM);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "Connection", "close"); /* where the next request begins is not certain */
	json_t *body = http_problem_body(r.status, r.code, r.field, r.reason);
	http_dump(&text, body);
	if (evhttp_request_get_command(req) != EVHTTP_REQ_HEAD)
		evbuffer_add(out, text.data, text.len);
	http_count(gateway, NULL, r.status);
	evhttp_send_reply(req, r.status, http_phrase(r.status), out);
	evbuffer_free(out);
	bytes_finish(&text);
	json_decref(body);
}
