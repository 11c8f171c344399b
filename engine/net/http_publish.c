/* net/http_publish.c: events over HTTP.
 *
 *     application/json                      one event (an object), or many (an array, or {"events": [...]})
 *     application/x-ndjson                  JSON lines: an event a line; answered line by line, as they become durable
 *     application/cloudevents+json          one CloudEvent, application/cloudevents-batch+json many
 *     ce-specversion, ce-id …               headers: one CloudEvent in binary mode, the body is its data
 *
 * One that is refused is a problem document; of many each has its own answer, and the others stand. Lines are sent in
 * batches, one after the other: order is kept, and a client that does not read its answers is not read either.
 *
 * What is parsed, and the answers to many, are made aside where they are long (http_aside.c). */
#include "net/http_parts.h"

#include "base/check.h"
#include "wire/cloudevents.h"
#include "wire/json_publish.h"

#include <ctype.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OUTPUT_MOST (1u * MIB)
#define PIECE_BYTES (64u * KIB) /* of answers to lines that nobody was asked about */
#define ACK_BYTES 128u /* an answer takes about as long as so many bytes of a body */

struct publishing {
	struct http_exchange *x;
	struct json_publish batch;
	bool one; /* one event, answered as one */
	bool charged; /* the request itself is */
	bool cloud, clouds; /* a CloudEvent, or a batch of them */
	json_t *published; /* what the shards said; NULL: they were not asked */
	json_t *problem;   /* that is the answer; lent from what follows */
	json_t *acks;
	struct bytes out; /* the answer, as far as it is made and not sent */
	/* JSON lines */
	bool streaming;
	const char *at, *end;    /* lent from the request's body */
	unsigned line, *numbers; /* of the batch's events */
};

static struct publishing *begin(struct http_exchange *x)
{
	struct publishing *p = must_calloc(1, sizeof(*p));
	p->x = x;
	return p;
}

static void end(struct publishing *p)
{
	json_publish_finish(&p->batch);
	json_decref(p->published);
	json_decref(p->acks);
	bytes_finish(&p->out);
	free(p->numbers);
	free(p);
}

/* The answers, made of what the shards said and what was refused before. They were asked: nobody turns them away. */
static void make_answers(struct publishing *p, http_work *make, http_worked *then)
{
	p->x->aside = true;
	http_do(p->x, (size_t)json_publish_count(&p->batch) * ACK_BYTES, make, then, p);
}

static int ask(struct publishing *p, http_then *then)
{
	struct http_question q = { .kind = "publish", .publish = &p->batch, .changes = true, .shard = -1 };
	http_charge(p->x, json_publish_count(&p->batch) - !p->charged);
	p->charged = true;
	return http_ask(p->x->http, &q, then, p);
}

static bool is_refused(json_t *ack, const char *code)
{
	const char *result = json_string_value(json_object_get(ack, "result"));
	const char *why = json_string_value(json_object_get(json_object_get(ack, "error"), "code"));
	return result && strcmp(result, "REFUSED") == 0 && (!code || (why && strcmp(why, code) == 0));
}

/* Nothing was taken since nothing can be: that is an answer to the request, which may come again whole. */
static bool all_refused(json_t *acks, const char *code)
{
	size_t i;
	json_t *ack;
	json_array_foreach(acks, i, ack) if (!is_refused(ack, code)) return false;
	return json_array_size(acks) > 0;
}

static void name_events(json_t *acks)
{
	size_t i;
	json_t *ack;
	char text[160];
	json_array_foreach(acks, i, ack)
	{
		json_t *error = json_object_get(ack, "error");
		const char *field = json_string_value(json_object_get(error, "field"));
		if (!field)
			continue;
		snprintf(text, sizeof(text), "events[%zu]%s%s", i, *field ? "." : "", field);
		json_object_set_new(error, "field", json_string(text));
	}
}

static int make_answer(void *arg)
{
	struct publishing *p = arg;
	json_t *acks = p->acks = json_publish_acks(&p->batch, p->published), *first = json_array_get(acks, 0), *whole;
	if ((p->one && is_refused(first, NULL)) || all_refused(acks, "storage") || all_refused(acks, "busy")) {
		p->problem = json_object_get(first, "error");
		return ERR_OK;
	}
	if (!p->one)
		name_events(acks);
	whole = p->one ? json_incref(first) : json_pack("{s:O}", "acks", acks);
	http_dump(&p->out, whole);
	json_decref(whole);
	return ERR_OK;
}

static void on_answer(void *arg, int result)
{
	struct publishing *p = arg;
	if (p->problem)
		http_problem_of(p->x, p->problem);
	else
		http_reply(p->x, 200, HTTP_JSON, bytes_slice(&p->out));
	end(p);
}

static bool failed(struct http_exchange *x, const struct json_answer *a)
{
	if (!a)
		http_problem_last(x);
	else if (a->kind && strcmp(a->kind, "error") == 0)
		http_problem_of(x, a->body);
	else
		return false;
	return true;
}

static void on_published(void *arg, struct json_answer *a)
{
	struct publishing *p = arg;
	if (failed(p->x, a)) {
		end(p);
		return;
	}
	p->published = a->body;
	a->body = NULL;
	make_answers(p, make_answer, on_answer);
}

/* Whole events as they are, or wrapped as CloudEvents. */
static int add(struct publishing *p, json_t *item)
{
	json_t *event;
	if (!p->cloud)
		return json_publish_add(&p->batch, item);
	if (cloudevent_to_event(&event, item) != ERR_OK) {
		json_publish_refuse(&p->batch);
		return ERR_OK;
	}
	int result = json_publish_add(&p->batch, event);
	json_decref(event);
	return result;
}

static int add_all(struct publishing *p, json_t *body)
{
	json_t *events = json_is_array(body) ? body : json_object_get(body, "events"), *item;
	size_t i;
	bool wrapped = !p->cloud && json_is_object(body) && events && json_object_size(body) == 1;
	p->one = !json_is_array(body) && !wrapped;
	if (p->cloud && p->one == p->clouds)
		return error_set(ERR_INVALID, NULL,
				 p->clouds ? "a batch is an array of CloudEvents"
				       : "a CloudEvent is an object; "
					 "for many say application/cloudevents-batch+json");
	if (p->one)
		return add(p, body);
	if (!json_is_array(events))
		return error_set(ERR_INVALID, "events", "events must be an array");
	json_array_foreach(events, i, item)
	{
		int result = add(p, item);
		if (result != ERR_OK)
			return result;
	}
	return ERR_OK;
}

/* A CloudEvent whose attributes are headers, and whose data is the body. */
static json_t *binary_event(struct http_exchange *x)
{
	struct slice data = http_body(x);
	json_t *event = json_object(), *body = data.len ? http_parse(data) : json_null();
	const struct evkeyval *header = evhttp_request_get_input_headers(x->req)->tqh_first;
	for (; header && body; header = header->next.tqe_next) {
		if (strncasecmp(header->key, "ce-", 3) != 0)
			continue;
		char *value = evhttp_uridecode(header->value, 0, NULL);
		char name[64]; /* headers' names have no case, attributes' are in lower case */
		snprintf(name, sizeof(name), "%s", header->key + 3);
		for (char *at = name; *at; at++)
			*at = (char)tolower((unsigned char)*at);
		json_object_set_new(event, name, json_string(value));
		free(value);
	}
	if (body)
		json_object_set_new(event, "data", body);
	else
		json_decref(event);
	return body ? event : NULL;
}

static int read_events(void *arg)
{
	struct publishing *p = arg;
	bool binary = http_header(p->x, "ce-specversion") && !p->cloud;
	json_publish_init(&p->batch);
	json_t *body = binary ? binary_event(p->x) : http_parse(http_body(p->x));
	p->cloud |= binary;
	int result = body ? add_all(p, body) : error_last()->code;
	json_decref(body);
	return result;
}

static void on_events(void *arg, int result)
{
	struct publishing *p = arg;
	if (result == ERR_OK && !p->batch.sent) {
		make_answers(p, make_answer, on_answer);
		return;
	}
	if (result == ERR_OK)
		result = ask(p, on_published);
	if (result != ERR_OK) {
		http_problem_last(p->x);
		end(p);
	}
}

static void publish_json(struct http_exchange *x, bool cloud, bool clouds)
{
	struct publishing *p = begin(x);
	p->cloud = cloud;
	p->clouds = clouds;
	http_do(x, x->body_bytes, read_events, on_events, p);
}

/* --- JSON lines --- */

static void next_lines(struct publishing *p);

static void on_drained(struct evhttp_connection *c, void *arg)
{
	struct publishing *p = arg;
	p->x->when_gone = NULL;
	next_lines(p);
}

static void on_gone(void *arg)
{
	on_drained(NULL, arg);
}

/* The batch's answers, a line each; then there is room for another batch. */
static int make_lines(void *arg)
{
	struct publishing *p = arg;
	json_t *acks = json_publish_acks(&p->batch, p->published), *ack;
	size_t i;
	json_array_foreach(acks, i, ack)
	{
		json_object_set_new(ack, "line", json_integer(p->numbers[i]));
		http_dump(&p->out, ack);
	}
	json_decref(acks);
	json_decref(p->published);
	p->published = NULL;
	json_publish_finish(&p->batch);
	json_publish_init(&p->batch);
	return ERR_OK;
}

/* The next lines are taken when the client has taken enough of what was answered. */
static void on_lines_made(void *arg, int result)
{
	struct publishing *p = arg;
	bool wait = p->out.len && http_stream_backlog(p->x) + p->out.len > OUTPUT_MOST && !p->x->gone;
	p->x->when_gone = wait ? on_gone : NULL;
	p->x->gone_arg = p;
	http_stream_put(p->x, bytes_slice(&p->out), wait ? on_drained : NULL, p);
	bytes_finish(&p->out);
	if (!wait)
		next_lines(p);
}

/* Of a batch that was not answered each event is refused with what the last error says; so is what follows, which would
 * be out of order. */
static void refuse_rest(struct publishing *p, json_t *error)
{
	json_t *ack, *acks = json_array();
	if (error)
		error_set(ERR_BUSY, NULL, "%s", json_string_value(json_object_get(error, "reason")));
	struct json_publish one;
	json_publish_init(&one);
	json_publish_refuse(&one);
	ack = json_array_get(one.acks, 0);
	for (unsigned i = 0; i < p->batch.sent; i++)
		json_array_append_new(acks, json_deep_copy(ack));
	json_publish_finish(&one);
	p->published = json_pack("{s:o}", "acks", acks);
	p->at = p->end;
	make_answers(p, make_lines, on_lines_made);
}

static void on_lines(void *arg, struct json_answer *a)
{
	struct publishing *p = arg;
	if (!a || !a->kind || strcmp(a->kind, "error") == 0) {
		refuse_rest(p, a ? a->body : NULL);
		return;
	}
	p->published = a->body;
	a->body = NULL;
	make_answers(p, make_lines, on_lines_made);
}

static void take_line(struct publishing *p, struct slice line)
{
	json_error_t why;
	json_t *event = json_loadb(line.data, line.len, JSON_REJECT_DUPLICATES, &why);
	if (!event) {
		error_set(ERR_INVALID, NULL, "the line is not JSON: column %d: %s", why.column, why.text);
		json_publish_refuse(&p->batch);
	} else if (json_publish_add(&p->batch, event) != ERR_OK) {
		json_decref(event);
		return; /* no room: it begins the next batch */
	}
	json_decref(event);
	p->numbers[json_publish_count(&p->batch) - 1] = p->line;
}

static bool is_blank(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!strchr(" \t\r", line.data[i]))
			return false;
	return true;
}

static void fill(struct publishing *p)
{
	while (p->at < p->end && json_publish_count(&p->batch) < LIMIT_BATCH_EVENTS) {
		const char *stop = memchr(p->at, '\n', (size_t)(p->end - p->at));
		struct slice line = { p->at, (size_t)((stop ? stop : p->end) - p->at) };
		unsigned before = json_publish_count(&p->batch);
		p->line++;
		if (!is_blank(line)) {
			take_line(p, line);
			if (json_publish_count(&p->batch) == before) {
				p->line--;
				return;
			}
		}
		p->at = stop ? stop + 1 : p->end;
	}
}

/* Until there is something to ask, or enough to answer. */
static int take_lines(void *arg)
{
	struct publishing *p = arg;
	if (!p->batch.acks) {
		struct slice body = http_body(p->x);
		json_publish_init(&p->batch);
		p->numbers = must_calloc(LIMIT_BATCH_EVENTS, sizeof(p->numbers[0]));
		p->at = body.data;
		p->end = body.data + body.len;
	}
	while (p->at < p->end && p->out.len < PIECE_BYTES) {
		fill(p);
		if (p->batch.sent)
			break;
		make_lines(p);
	}
	return ERR_OK;
}

static void on_taken(void *arg, int result)
{
	struct publishing *p = arg;
	if (result != ERR_OK) { /* nothing was: later there is always room */
		http_problem_last(p->x);
		end(p);
		return;
	}
	if (!p->streaming)
		http_stream_begin(p->x, HTTP_LINES);
	p->streaming = true;
	if (!p->batch.sent)
		on_lines_made(p, ERR_OK);
	else if (ask(p, on_lines) != ERR_OK)
		refuse_rest(p, NULL);
}

static void next_lines(struct publishing *p)
{
	if (p->x->gone || (p->streaming && p->at == p->end)) {
		http_stream_end(p->x);
		end(p);
		return;
	}
	http_do(p->x, p->streaming ? (size_t)(p->end - p->at) : p->x->body_bytes, take_lines, on_taken, p);
}

void http_publish(struct http_exchange *x)
{
	char type[80];
	http_body_type(x, type, sizeof(type));
	if (!x->http->server)
		http_problem(x, "closed", NULL, "the daemon is starting or recovering; see /readyz");
	else if (strcmp(type, HTTP_JSON) == 0)
		publish_json(x, false, false);
	else if (strcmp(type, "application/cloudevents+json") == 0)
		publish_json(x, true, false);
	else if (strcmp(type, "application/cloudevents-batch+json") == 0)
		publish_json(x, true, true);
	else if (strcmp(type, HTTP_LINES) == 0 || strcmp(type, "application/jsonl") == 0)
		next_lines(begin(x));
	else
		http_problem(x, "media", "Content-Type",
			     "events come as application/json, application/x-ndjson (JSON lines), "
			     "application/cloudevents+json or "
			     "application/cloudevents-batch+json");
}
