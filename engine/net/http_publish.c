/* net/http_publish.c: events over HTTP.
 *
 *     application/json                      one event (an object), or many (an array, or {"events": [...]})
 *     application/x-ndjson                  JSON lines: an event a line; answered line by line, as they become durable
 *     application/cloudevents+json          one CloudEvent, application/cloudevents-batch+json many
 *     ce-specversion, ce-id …               headers: one CloudEvent in binary mode, the body is its data
 *
 * One that is refused is a problem document; of many each has its own answer, and the others stand. Lines are sent in
 * batches, one after the other: order is kept, and a client that does not read its answers is not read either. */
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

struct publishing {
	struct http_exchange *x;
	struct json_publish batch;
	bool one; /* one event, answered as one */
	bool charged; /* the request itself is */
	/* JSON lines */
	const char *at, *end;    /* lent from the request's body */
	unsigned line, *numbers; /* of the batch's events */
};

static struct publishing *begin(struct http_exchange *x)
{
	struct publishing *p = must_calloc(1, sizeof(*p));
	p->x = x;
	json_publish_init(&p->batch);
	return p;
}

static void end(struct publishing *p)
{
	json_publish_finish(&p->batch);
	free(p->numbers);
	free(p);
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

static void answer_all(struct publishing *p, json_t *acks)
{
	json_t *first = json_array_get(acks, 0);
	if ((p->one && is_refused(first, NULL)) || all_refused(acks, "storage") || all_refused(acks, "busy"))
		http_problem_of(p->x, json_object_get(first, "error"));
	else if (p->one)
		http_reply_json(p->x, 200, json_incref(first));
	else
		name_events(acks), http_reply_json(p->x, 200, json_pack("{s:O}", "acks", acks));
	json_decref(acks);
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

static void on_published(void *arg, const struct json_answer *a)
{
	struct publishing *p = arg;
	if (failed(p->x, a))
		end(p);
	else
		answer_all(p, json_publish_acks(&p->batch, a->body));
}

/* Whole events as they are, or wrapped as CloudEvents. */
static int add(struct publishing *p, json_t *item, bool cloud)
{
	json_t *event;
	if (!cloud)
		return json_publish_add(&p->batch, item);
	if (cloudevent_to_event(&event, item) != ERR_OK) {
		json_publish_refuse(&p->batch);
		return ERR_OK;
	}
	int result = json_publish_add(&p->batch, event);
	json_decref(event);
	return result;
}

static int add_all(struct publishing *p, json_t *body, bool cloud, bool batch)
{
	json_t *events = json_is_array(body) ? body : json_object_get(body, "events"), *item;
	size_t i;
	bool wrapped = !cloud && json_is_object(body) && events && json_object_size(body) == 1;
	p->one = !json_is_array(body) && !wrapped;
	if (cloud && p->one == batch)
		return error_set(ERR_INVALID, NULL,
				 batch ? "a batch is an array of CloudEvents"
				       : "a CloudEvent is an object; "
					 "for many say application/cloudevents-batch+json");
	if (p->one)
		return add(p, body, cloud);
	if (!json_is_array(events))
		return error_set(ERR_INVALID, "events", "events must be an array");
	json_array_foreach(events, i, item)
	{
		int result = add(p, item, cloud);
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

static void publish_json(struct http_exchange *x, bool cloud, bool batch)
{
	struct publishing *p = begin(x);
	bool binary = http_header(x, "ce-specversion") && !cloud;
	json_t *body = binary ? binary_event(x) : http_parse(http_body(x));
	cloud |= binary;
	int result = body ? add_all(p, body, cloud, batch) : error_last()->code;
	json_decref(body);
	if (result == ERR_OK && !p->batch.sent) {
		answer_all(p, json_publish_acks(&p->batch, NULL));
		return;
	}
	if (result == ERR_OK)
		result = ask(p, on_published);
	if (result != ERR_OK) {
		http_problem_last(x);
		end(p);
	}
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

/* The batch's answers, a line each. False: the rest comes when the client has taken more of them. */
static bool put_acks(struct publishing *p, json_t *published)
{
	json_t *acks = json_publish_acks(&p->batch, published), *ack;
	struct bytes out = { 0 };
	size_t i;
	json_array_foreach(acks, i, ack)
	{
		json_object_set_new(ack, "line", json_integer(p->numbers[i]));
		char *text = json_dumps(ack, JSON_COMPACT | JSON_REAL_PRECISION(15));
		bytes_put(&out, text, strlen(text));
		bytes_put_u8(&out, '\n');
		free(text);
	}
	json_decref(acks);
	json_publish_finish(&p->batch);
	json_publish_init(&p->batch);
	bool wait = http_stream_backlog(p->x) + out.len > OUTPUT_MOST;
	p->x->when_gone = wait ? on_gone : NULL;
	p->x->gone_arg = p;
	http_stream_put(p->x, bytes_slice(&out), wait ? on_drained : NULL, p);
	bytes_finish(&out);
	return !wait || p->x->gone;
}

/* Of a batch that was not answered: each event of it is refused with what the last error says. */
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
	json_t *published = json_pack("{s:o}", "acks", acks);
	put_acks(p, published);
	json_decref(published);
}

static void on_lines(void *arg, const struct json_answer *a)
{
	struct publishing *p = arg;
	bool refused = !a || !a->kind || strcmp(a->kind, "error") == 0;
	if (refused) {
		refuse_rest(p, a ? a->body : NULL);
		p->at = p->end; /* what follows would be out of order */
	} else if (!put_acks(p, a->body)) {
		return;
	}
	next_lines(p);
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

static void next_lines(struct publishing *p)
{
	struct http_exchange *x = p->x;
	while (p->at < p->end && !x->gone) {
		fill(p);
		if (p->batch.sent) {
			if (ask(p, on_lines) == ERR_OK)
				return;
			refuse_rest(p, NULL);
			break;
		}
		if (!put_acks(p, NULL))
			return;
	}
	http_stream_end(x);
	end(p);
}

static void publish_lines(struct http_exchange *x)
{
	struct publishing *p = begin(x);
	struct slice body = http_body(x);
	p->at = body.data;
	p->end = body.data + body.len;
	p->numbers = must_calloc(LIMIT_BATCH_EVENTS, sizeof(p->numbers[0]));
	http_stream_begin(x, HTTP_LINES);
	next_lines(p);
}

void http_publish(struct http_exchange *x)
{
	char type[80];
	http_body_type(x, type, sizeof(type));
	if (!x->http->server)
		http_problem(x, "closed", NULL, "the daemon is recovering; see /readyz");
	else if (strcmp(type, HTTP_JSON) == 0)
		publish_json(x, false, false);
	else if (strcmp(type, "application/cloudevents+json") == 0)
		publish_json(x, true, false);
	else if (strcmp(type, "application/cloudevents-batch+json") == 0)
		publish_json(x, true, true);
	else if (strcmp(type, HTTP_LINES) == 0 || strcmp(type, "application/jsonl") == 0)
		publish_lines(x);
	else
		http_problem(x, "media", "Content-Type",
			     "events come as application/json, application/x-ndjson (JSON lines), "
			     "application/cloudevents+json or "
			     "application/cloudevents-batch+json");
}
