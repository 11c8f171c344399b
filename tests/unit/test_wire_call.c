/* Requests and answers as JSON by name, events gathered from JSON, CloudEvents, and schemas: what the HTTP gateway is made
 * of. */
#include "wire_help.h"

#include "wire/cloudevents.h"
#include "wire/frame.h"
#include "wire/json_call.h"
#include "wire/json_publish.h"
#include "wire/json_schema.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *parsed(const char *text)
{
	json_error_t why;
	json_t *j = json_loads(text, 0, &why);
	if (!j)
		fail_msg("%s: %s", text, why.text);
	return j;
}

static struct slice only_frame(const struct bytes *b)
{
	struct slice body;
	size_t used, need;
	assert_int_equal(frame_next(bytes_slice(b), &body, &used, &need), FRAME_READY);
	assert_int_equal(used, b->len);
	return body;
}

static void a_request_by_name(void **state)
{
	struct bytes out = { 0 };
	json_t *fields = parsed("{\"customer\": \"kim\", \"limit\": \"5\", \"mood\": -0.5, \"attributes\": {\"vip\": true}}");
	assert_int_equal(json_request(&out, 4711, "recommend", fields), ERR_OK);
	struct slice body = only_frame(&out);
	Nudge__V1__Request *r = nudge__v1__request__unpack(NULL, body.len, (const uint8_t *)body.data);
	assert_non_null(r);
	assert_int_equal(r->request_id, 4711);
	assert_int_equal(r->body_case, NUDGE__V1__REQUEST__BODY_RECOMMEND);
	assert_string_equal(r->recommend->customer, "kim");
	assert_int_equal(r->recommend->limit, 5);
	assert_true(r->recommend->attributes[0]->flag);
	nudge__v1__request__free_unpacked(r, NULL);
	json_decref(fields);
	fields = parsed("{\"custmer\": \"kim\"}");
	assert_refused(json_request(&out, 1, "recommend", fields), ERR_INVALID, "custmer", "did you mean customer?");
	json_decref(fields);
	bytes_finish(&out);
	assert_null(json_request_message("request_id"));
	assert_null(json_request_message("recommendation"));
	assert_ptr_equal(json_response_message("recommendation"), &nudge__v1__recommendation__descriptor);
}

static void an_answer_by_name(void **state)
{
	Nudge__V1__Response r = NUDGE__V1__RESPONSE__INIT;
	Nudge__V1__Resolved resolved = NUDGE__V1__RESOLVED__INIT;
	struct bytes out = { 0 };
	struct json_answer a;
	resolved.customer = (char *)"kim";
	r.request_id = 7;
	r.body_case = NUDGE__V1__RESPONSE__BODY_RESOLVED;
	r.resolved = &resolved;
	assert_int_equal(json_answer(&a, wire_pack(&r.base, &out)), ERR_OK);
	assert_int_equal(a.id, 7);
	assert_string_equal(a.kind, "resolved");
	json_t *want = parsed("{\"customer\": \"kim\", \"member\": \"\", \"provisional\": false}");
	assert_true(json_equal(a.body, want));
	json_decref(want);
	json_decref(a.body);
	assert_int_equal(json_answer(&a, SLICE("")), ERR_OK); /* a later daemon's, of which nothing is known here */
	assert_null(a.kind);
	assert_int_equal(json_answer(&a, SLICE("\xff\xff\xff")), ERR_CORRUPT);
	bytes_finish(&out);
}

static void texts_as_fields(void **state)
{
	const ProtobufCMessageDescriptor *d = json_request_message("recommend");
	static const char *const good[][3] = {
		{ "customer", "5", "\"5\"" },         { "limit", "5", "\"5\"" },  { "time_ms", "-5", "\"-5\"" },
		{ "mood", "-0.25", "-0.25" },         { "explain", "true", "true" }, { "explain", "", "true" },
		{ "explain", "0", "false" },
	};
	static const char *const bad[][2] = {
		{ "limit", "many" }, { "limit", "" },      { "limit", "5 " },      { "limit", "-" }, { "time_ms", "1e3" },
		{ "mood", "low" },   { "explain", "yes" }, { "customer", "\xff" }, { "lim", "5" },   { "attributes", "5" },
		{ "limit", "123456789012345678901" },
	};
	json_t *j;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(json_field_from_text(&j, d, good[i][0], good[i][1]), ERR_OK);
		char *text = json_dumps(j, JSON_ENCODE_ANY);
		assert_string_equal(text, good[i][2]);
		free(text);
		json_decref(j);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(json_field_from_text(&j, d, bad[i][0], bad[i][1]), ERR_INVALID, bad[i][0], "");
}

static const char *ack_text(json_t *acks, size_t i, const char *name)
{
	json_t *ack = json_array_get(acks, i), *error = json_object_get(ack, "error");
	return json_string_value(json_object_get(strcmp(name, "result") == 0 ? ack : error, name));
}

static void events_stand_by_themselves(void **state)
{
	static const char *const events[] = { "{\"id\": \"1\"}", "{\"id\": 2}", "{\"id\": \"3\"}", "[]", "{\"id\": \"5\", \"tpye\": \"x\"}" };
	struct json_publish p;
	struct bytes out = { 0 };
	json_publish_init(&p);
	for (size_t i = 0; i < 5; i++) {
		json_t *event = parsed(events[i]);
		assert_int_equal(json_publish_add(&p, event), ERR_OK);
		json_decref(event);
	}
	assert_int_equal(json_publish_count(&p), 5);
	assert_int_equal(p.sent, 2);
	assert_int_equal(json_publish_request(&p, 9, &out), ERR_OK);
	struct slice body = only_frame(&out);
	Nudge__V1__Request *r = nudge__v1__request__unpack(NULL, body.len, (const uint8_t *)body.data);
	assert_int_equal(r->publish->n_events, 2);
	assert_string_equal(r->publish->events[1]->id, "3");
	nudge__v1__request__free_unpacked(r, NULL);
	json_t *published = parsed("{\"acks\": [{\"result\": \"ACCEPTED\"}, {\"result\": \"REFUSED\", \"error\": {\"field\": \"events[1].type\"}}]}");
	json_t *acks = json_publish_acks(&p, published);
	assert_string_equal(ack_text(acks, 0, "result"), "ACCEPTED");
	assert_string_equal(ack_text(acks, 1, "field"), "id");
	assert_string_equal(ack_text(acks, 2, "field"), "type");
	assert_string_equal(ack_text(acks, 3, "code"), "invalid");
	assert_string_equal(ack_text(acks, 4, "field"), "tpye");
	json_decref(acks);
	json_decref(published);
	json_publish_finish(&p);
	bytes_finish(&out);
}

static void a_batch_has_an_end(void **state)
{
	struct json_publish p;
	struct bytes out = { 0 };
	json_t *small = parsed("{\"id\": \"1\"}"), *large = json_object();
	char text[1001];
	memset(text, 'x', 1000);
	text[1000] = '\0';
	json_object_set_new(large, "attributes", json_pack("{s:s}", "a", text));
	json_publish_init(&p);
	for (unsigned i = 0; i < LIMIT_BATCH_EVENTS; i++)
		assert_int_equal(json_publish_add(&p, small), ERR_OK);
	assert_refused(json_publish_add(&p, small), ERR_LIMIT, "events", "limit_batch_events");
	json_publish_finish(&p);
	json_publish_init(&p);
	unsigned count = 0;
	while (json_publish_add(&p, large) == ERR_OK)
		count++;
	assert_in_range(count, 1000, 1024);
	assert_int_equal(json_publish_request(&p, UINT64_MAX, &out), ERR_OK);
	only_frame(&out); /* it fits */
	json_publish_finish(&p);
	bytes_finish(&out);
	json_decref(small);
	json_decref(large);
}

static void cloudevents(void **state)
{
	json_t *ce = parsed("{\"specversion\": \"1.0\", \"id\": \"1\", \"source\": \"/crm\", \"type\": \"call.ended\", \"subject\": \"kim\", "
			    "\"time\": \"2026-01-31T10:00:00Z\", \"agent\": \"anna\", \"traceparent\": \"00\", \"data\": {\"mood\": 0.5}}");
	json_t *want = parsed("{\"id\": \"1\", \"source\": \"/crm\", \"type\": \"call.ended\", \"time\": \"2026-01-31T10:00:00Z\", "
			      "\"agent\": \"anna\", \"customer\": \"kim\", \"attributes\": {\"mood\": 0.5}}"), *event;
	assert_int_equal(cloudevent_to_event(&event, ce), ERR_OK);
	assert_true(json_equal(event, want));
	json_decref(event);
	json_object_set_new(ce, "alias", json_string("+49301")); /* then the subject is something else */
	assert_int_equal(cloudevent_to_event(&event, ce), ERR_OK);
	assert_null(json_object_get(event, "customer"));
	json_decref(event);
	json_object_set_new(ce, "data", json_null());
	assert_int_equal(cloudevent_to_event(&event, ce), ERR_OK);
	json_decref(event);
	json_object_set_new(ce, "datacontenttype", json_string("application/vnd.crm+json; v=1"));
	assert_int_equal(cloudevent_to_event(&event, ce), ERR_OK);
	json_decref(event);
	json_object_set_new(ce, "datacontenttype", json_string("text/plain"));
	assert_refused(cloudevent_to_event(&event, ce), ERR_INVALID, "datacontenttype", "JSON");
	json_object_del(ce, "source");
	assert_refused(cloudevent_to_event(&event, ce), ERR_INVALID, "source", "missing");
	json_object_set_new(ce, "specversion", json_string("0.3"));
	assert_refused(cloudevent_to_event(&event, ce), ERR_INVALID, "source", "missing");
	json_decref(ce);
	json_decref(want);
}

static void a_report_by_name(void **state)
{
	json_t *report = parsed("{\"name\": \"r\", \"columns\": [{\"name\": \"agent\"}, {\"name\": \"fcr\"}], "
				"\"rows\": [{\"cells\": [\"anna\", 0.5]}, {\"cells\": [\"linh\", null]}]}");
	json_t *want = parsed("[{\"agent\": \"anna\", \"fcr\": 0.5}, {\"agent\": \"linh\", \"fcr\": null}]");
	json_t *named = json_report_named(report);
	assert_true(json_equal(json_object_get(named, "rows"), want));
	assert_string_equal(json_string_value(json_object_get(named, "name")), "r");
	json_decref(named);
	json_decref(want);
	json_decref(report);
}

/* Cells of a report have no names; their JSON goes there and back all the same. */
static void nameless_attributes(void **state)
{
	ProtobufCMessage *m;
	json_t *j = parsed("{\"cells\": [\"anna\", 0.5, true, null]}");
	assert_int_equal(message_from_json(&m, &nudge__v1__report_row__descriptor, j), ERR_OK);
	json_t *back = json_from_message(m);
	assert_true(json_equal(back, j));
	protobuf_c_message_free_unpacked(m, NULL);
	json_decref(back);
	json_decref(j);
	j = parsed("{\"attributes\": [1]}");
	assert_refused(message_from_json(&m, &nudge__v1__event__descriptor, j), ERR_INVALID, "attributes", "must be an object");
	json_decref(j);
}

/* Every message that a request or an answer may hold has a schema, and every reference in it leads to one. */
static void follow_references(json_t *at, json_t *schemas)
{
	const char *name, *to = json_string_value(json_object_get(at, "$ref"));
	json_t *item;
	size_t i;
	if (to) {
		assert_memory_equal(to, JSON_SCHEMAS_AT, strlen(JSON_SCHEMAS_AT));
		assert_non_null(json_object_get(schemas, to + strlen(JSON_SCHEMAS_AT)));
	}
	json_object_foreach(at, name, item)
		follow_references(item, schemas);
	json_array_foreach(at, i, item)
		follow_references(item, schemas);
}

static void schemas_are_whole(void **state)
{
	json_t *schemas = json_object();
	json_schema_add(schemas, &nudge__v1__request__descriptor);
	json_schema_add(schemas, &nudge__v1__response__descriptor);
	assert_true(json_object_size(schemas) > 60);
	follow_references(schemas, schemas);
	json_t *event = json_object_get(json_object_get(schemas, "Event"), "properties");
	assert_string_equal(json_string_value(json_object_get(json_object_get(event, "attributes"), "type")), "object");
	assert_non_null(json_object_get(event, "time"));
	json_decref(schemas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_by_name),   cmocka_unit_test(an_answer_by_name), cmocka_unit_test(texts_as_fields),
		cmocka_unit_test(events_stand_by_themselves), cmocka_unit_test(a_batch_has_an_end), cmocka_unit_test(cloudevents),
		cmocka_unit_test(a_report_by_name),    cmocka_unit_test(nameless_attributes), cmocka_unit_test(schemas_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
