/* net/http_fields.c: what a request says, as the fields of a message: by its route, its path, its query and its body. Here
 * nothing is changed but what comes out, so that it can be done aside (http_aside.c). */
#include "net/http_parts.h"

#include "base/check.h"
#include "base/nearest.h"
#include "wire/json.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>

/* As many as it would make in memory, at some fifty times what the shortest take here; names of fields are not counted. */
static bool has_many_values(struct slice text)
{
	size_t values = 1;
	bool quoted = false;
	for (size_t i = 0; i < text.len && values <= LIMIT_HTTP_BODY_VALUES; i++) {
		char c = text.data[i];
		if (c == '"')
			quoted = !quoted;
		else if (quoted)
			i += c == '\\';
		else
			values += c == ',' || c == '[' || c == '{';
	}
	return values > LIMIT_HTTP_BODY_VALUES;
}

json_t *http_parse(struct slice text)
{
	json_error_t why;
	if (has_many_values(text)) {
		error_set(ERR_LIMIT, NULL, "the body has more than limit_http_body_values (%u) numbers, texts, lists and objects: send less at once",
			  LIMIT_HTTP_BODY_VALUES);
		return NULL;
	}
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

/* "since=2026-01-31T10:00:00Z" is since_ms. False: there is no such time here. */
static bool put_time(struct http_exchange *x, const ProtobufCMessageDescriptor *d, json_t *fields, const char *name,
		     const char *text, int *result)
{
	const ProtobufCFieldDescriptor *f = json_field_of_time(d, name);
	int64_t ms;
	if (!f || !http_route_takes(x->route, f) || protobuf_c_message_descriptor_get_field_by_name(d, name))
		return false;
	*result = json_object_get(fields, f->name) ? error_set(ERR_INVALID, name, "%s and %s say the same: give one of the two", name, f->name)
						   : json_parse_time(name, text, &ms);
	if (*result == ERR_OK)
		json_object_set_new(fields, f->name, json_integer((json_int_t)ms));
	return true;
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
	if (!n)
		return error_set(ERR_INVALID, name, "there is no parameter %s here, nor any other", name);
	return error_set(ERR_INVALID, name, "there is no parameter %s here%s%s%s %s%s", name, nearest ? ": did you mean " : ";",
			 nearest ? nearest : "", nearest ? "?" : "", nearest ? "There are: " : "there are: ", known);
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
		if (put_attribute(x, d, fields, pair->key, pair->value) ||
		    put_time(x, d, fields, pair->key, pair->value, &result))
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
