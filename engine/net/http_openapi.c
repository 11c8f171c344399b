/* net/http_openapi.c: the gateway described (OpenAPI 3.1), from the table of routes and the messages' descriptors. */
#include "net/http_parts.h"

#include "base/check.h"
#include "wire/json_schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define COMMON_REFUSALS "invalid denied limit rate busy closed timeout"

static json_t *content(const char *type, json_t *schema)
{
	return json_pack("{s:{s:o}}", type, "schema", schema);
}

static json_t *text_schema(void)
{
	return json_pack("{s:s}", "type", "string");
}

static json_t *problem_schema(void)
{
	return json_pack("{s:s, s:s, s:{s:{s:s, s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:s}, s:{s:s, s:s}, s:{s:s, s:s}}, "
			 "s:[s, s, s, s, s]}",
			 "type", "object", "description", "What went wrong (RFC 9457).", "properties", "type", "type",
			 "string", "format", "uri", "title", "type", "string", "status", "type", "integer", "detail",
			 "type", "string", "description", "A sentence: what is wrong, the limit, what to do.", "code",
			 "type", "string", "description",
			 "invalid, limit, missing, ambiguous, conflict, version, busy, storage, rule, timeout, closed, "
			 "denied, method, media, rate",
			 "field", "type", "string", "description", "Which field is to blame.", "required", "type",
			 "title", "status", "code", "detail");
}

static void add_parameter(json_t *list, const ProtobufCFieldDescriptor *f, bool in_path)
{
	json_t *p = json_pack("{s:s, s:s, s:o}", "name", f->name, "in", in_path ? "path" : "query", "schema",
			      json_schema_of_field(f));
	if (json_field_is_attributes(f)) /* where[agent]=linh */
		json_object_update_new(p, json_pack("{s:s, s:b}", "style", "deepObject", "explode", 1));
	if (in_path)
		json_object_set_new(p, "required", json_true());
	json_array_append_new(list, p);
}

static json_t *parameters(const struct http_route *r)
{
	const ProtobufCMessageDescriptor *d = json_request_message(r->ask);
	json_t *list = json_array();
	for (const char *at = r->path; (at = strchr(at, '{')); at++) {
		char name[64];
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(at + 1, "}"), at + 1);
		add_parameter(list, protobuf_c_message_descriptor_get_field_by_name(d, name), true);
	}
	for (unsigned i = 0; i < d->n_fields; i++)
		if (http_route_takes(r, &d->fields[i]))
			add_parameter(list, &d->fields[i], false);
	for (const char *const *t = json_time_names; *t; t++) {
		const ProtobufCFieldDescriptor *f = json_field_of_time(d, *t);
		if (f && http_route_takes(r, f))
			json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "name", *t, "in", "query", "schema",
							      json_schema_of_time(f->name)));
	}
	if (r->handle == http_follow)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:o, s:s}", "name", "Last-Event-ID", "in", "header",
						"schema", text_schema(), "description",
						"SEQ-INDEX, as the stream said it: what comes after it comes first."));
	return list;
}

static json_t *event_array(void)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", json_schema_reference("Event"));
}

static json_t *cloudevent_schema(void)
{
	json_t *properties = json_object();
	static const char *const texts[] = { "id",    "source", "type",  "subject", "datacontenttype", "customer",
					     "alias", "member", "agent", "contact", "channel" };
	json_object_set_new(properties, "specversion", json_pack("{s:s}", "const", "1.0"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_object_set_new(properties, texts[i], text_schema());
	json_object_set_new(properties, "time", json_pack("{s:s, s:s}", "type", "string", "format", "date-time"));
	json_object_set_new(properties, "data",
			    json_pack("{s:s, s:s}", "type", "object", "description", "The event's attributes."));
	return json_pack("{s:s, s:o, s:[s, s, s, s], s:s}", "type", "object", "properties", properties, "required",
			 "specversion", "id", "source", "type", "description",
			 "A CloudEvent 1.0; subject, or the extension customer or alias, says whose it is.");
}

static json_t *events_body(void)
{
	json_t *c =
		content("application/json", json_pack("{s:[o, o, {s:s, s:{s:o}, s:[s]}]}", "anyOf",
						      json_schema_reference("Event"), event_array(), "type", "object",
						      "properties", "events", event_array(), "required", "events"));
	json_object_update_new(c, content(HTTP_LINES, json_schema_reference("Event")));
	json_object_update_new(c, content("application/cloudevents+json", json_schema_reference("CloudEvent")));
	json_object_update_new(
		c, content("application/cloudevents-batch+json",
			   json_pack("{s:s, s:o}", "type", "array", "items", json_schema_reference("CloudEvent"))));
	return json_pack("{s:b, s:o}", "required", 1, "content", c);
}

static json_t *ok_content(const struct http_route *r)
{
	if (r->handle == http_publish) {
		json_t *c = content(HTTP_JSON, json_pack("{s:[o, o]}", "anyOf", json_schema_reference("Ack"),
							 json_schema_reference("Published")));
		json_object_update_new(c, content(HTTP_LINES, json_schema_reference("Ack")));
		return c;
	}
	if (r->handle == http_follow)
		return content("text/event-stream", text_schema());
	if (r->handle == http_openapi)
		return content(HTTP_JSON, json_pack("{s:s}", "type", "object"));
	if (r->handle == http_report)
		return content(HTTP_JSON, json_schema_reference("ReportByName"));
	if (!r->answer)
		return content("text/plain", text_schema());
	return content(HTTP_JSON, json_schema_reference(json_response_message(r->answer)->short_name));
}

static void add_refusals(json_t *responses, const char *codes)
{
	while (codes && *codes) {
		char code[32], status[8];
		size_t len = strcspn(codes, " ");
		snprintf(code, sizeof(code), "%.*s", (int)len, codes);
		snprintf(status, sizeof(status), "%d", http_status_of(code));
		json_object_set_new(responses, status,
				    json_pack("{s:s, s:o}", "description", http_title_of(code), "content",
					      content(HTTP_PROBLEM, json_schema_reference("Problem"))));
		codes += len + (codes[len] == ' ');
	}
}

/* Whose status does not follow from the code. */
static void add_refusal(json_t *responses, const char *status, const char *description)
{
	json_object_set_new(responses, status, json_pack("{s:s, s:o}", "description", description, "content",
							 content(HTTP_PROBLEM, json_schema_reference("Problem"))));
}

static json_t *operation(const struct http_route *r)
{
	json_t *responses = json_object();
	char id[96];
	size_t n = 0;
	for (const char *at = r->path; *at && n + 8 < sizeof(id); at++)
		if (isalnum((unsigned char)*at))
			id[n++] = *at;
		else if (n && id[n - 1] != '_')
			id[n++] = '_';
	snprintf(id + n, sizeof(id) - n, "%s%s", n && id[n - 1] == '_' ? "" : "_",
		 r->method[0] == 'G' ? "get" : "post");
	json_object_set_new(responses, "200", json_pack("{s:s, s:o}", "description", "Done", "content", ok_content(r)));
	bool open = http_route_role(r) == ROLE_NONE;
	if (!open) {
		add_refusals(responses, COMMON_REFUSALS);
		add_refusal(responses, "401", "No token that is known: where the daemon wants them");
	}
	add_refusal(responses, "431", "The headers are too long");
	if (r->method[0] == 'P') {
		add_refusals(responses, "media");
		add_refusal(responses, "413", "The body is too large");
	}
	add_refusals(responses, r->refusals);
	json_t *op = json_pack("{s:s, s:s, s:[s], s:s, s:o}", "operationId", id, "summary", r->summary, "tags",
			       r->group, "x-role", role_name(http_route_role(r)), "responses", responses);
	if (!open) /* either of them: tokens need not be wanted */
		json_object_set_new(op, "security", json_pack("[{s:[]}, {}]", "token"));
	if (r->ask)
		json_object_set_new(op, "parameters", parameters(r));
	if (r->handle == http_publish)
		json_object_set_new(op, "requestBody", events_body());
	else if (r->method[0] == 'P')
		json_object_set_new(
			op, "requestBody",
			json_pack("{s:o}", "content",
				  content(HTTP_JSON, json_schema_reference(json_request_message(r->ask)->short_name))));
	return op;
}

/* A Report whose rows are objects, by the names of its columns. */
static json_t *report_schema(json_t *plain)
{
	json_t *s = json_deep_copy(plain);
	json_object_set_new(json_object_get(s, "properties"), "rows",
			    json_pack("{s:s, s:{s:s, s:{s:[s, s, s, s]}, s:s}}", "type", "array", "items", "type",
				      "object", "additionalProperties", "type", "string", "number", "boolean", "null",
				      "description", "A value a column, by its name; null: not enough is known."));
	return s;
}

static json_t *document(const char *version)
{
	json_t *paths = json_object(), *schemas = json_object();
	for (unsigned i = 0; i < http_route_count; i++) {
		const struct http_route *r = &http_routes[i];
		if (!r->group) /* the console's own */
			continue;
		json_t *path = json_object_get(paths, r->path);
		if (!path) {
			path = json_object();
			json_object_set_new(paths, r->path, path);
		}
		json_object_set_new(path, r->method[0] == 'G' ? "get" : "post", operation(r));
		if (r->ask)
			json_schema_add(schemas, json_request_message(r->ask));
		if (r->answer)
			json_schema_add(schemas, json_response_message(r->answer));
	}
	json_object_set_new(schemas, "Problem", problem_schema());
	json_object_set_new(schemas, "ReportByName", report_schema(json_object_get(schemas, "Report")));
	json_object_set_new(schemas, "CloudEvent", cloudevent_schema());
	return json_pack(
		"{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:o, s:{s:o, s:{s:{s:s, s:s, s:s}}}}", "openapi", "3.1.0", "info", "title", "nudged",
		"version", version, "description",
		"Events in, recommendations and alerts out. Fields are those of nudge.proto, whose comments are the "
		"reference; times are "
		"UTC milliseconds, and an empty text or 0 means absent. Errors are problem documents (RFC 9457).",
		"license", "name", "Apache-2.0", "identifier", "Apache-2.0", "paths", paths, "components", "schemas",
		schemas, "securitySchemes", "token", "type", "http", "scheme", "bearer", "description",
		"A token that nudgectl token new made, with the role that x-role names; where the daemon wants tokens.");
}

void http_openapi(struct http_exchange *x)
{
	struct http *h = x->http;
	if (!h->openapi) {
		json_t *j = document(http_version(h));
		CHECK(j);
		h->openapi = json_dumps(j, JSON_COMPACT);
		json_decref(j);
	}
	http_reply(x, 200, HTTP_JSON, (struct slice){ h->openapi, strlen(h->openapi) });
}
