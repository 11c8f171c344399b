/* JSON to messages and back. One test walks the whole schema: it fills in every field of every body by its descriptor,
 * goes through JSON text and wants the same bytes. */
#include "wire_help.h"

#include "base/check.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

static unsigned counter; /* so that no two values are the same */

static ProtobufCMessage *filled(const ProtobufCMessageDescriptor *d, unsigned choice);

static void fill_value(const ProtobufCFieldDescriptor *f, void *at)
{
	char text[32];
	unsigned n = ++counter;
	snprintf(text, sizeof(text), "w%u", n);
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		*(char **)at = must_strdup(text);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		*(ProtobufCBinaryData *)at = (ProtobufCBinaryData){ strlen(text), (uint8_t *)must_strdup(text) };
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		*(double *)at = n + 0.1;
		break;
	case PROTOBUF_C_TYPE_BOOL:
		*(protobuf_c_boolean *)at = 1;
		break;
	case PROTOBUF_C_TYPE_UINT32:
		*(uint32_t *)at = UINT32_MAX - n;
		break;
	case PROTOBUF_C_TYPE_UINT64:
		*(uint64_t *)at = n % 2 ? n : UINT64_MAX - n;
		break;
	case PROTOBUF_C_TYPE_INT64:
		*(int64_t *)at = n % 2 ? INT64_MAX - n : -(int64_t)n;
		break;
	case PROTOBUF_C_TYPE_ENUM:
		*(int *)at = 2;
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		*(ProtobufCMessage **)at = filled(f->descriptor, n);
		break;
	default:
		fail_msg("field %s has a type that the JSON mapping does not know", f->name);
	}
}

static void fill_field(const ProtobufCFieldDescriptor *f, ProtobufCMessage *m)
{
	void *at = (char *)m + f->offset, *quantifier = (char *)m + f->quantifier_offset;
	if (f->label != PROTOBUF_C_LABEL_REPEATED) {
		fill_value(f, at);
		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
			*(uint32_t *)quantifier = f->id;
		return;
	}
	size_t size = f->type == PROTOBUF_C_TYPE_UINT32 ? sizeof(uint32_t) : sizeof(uint64_t);
	*(size_t *)quantifier = 3;
	*(char **)at = must_malloc(3 * size);
	for (unsigned i = 0; i < 3; i++)
		fill_value(f, *(char **)at + i * size);
}

/* Every field; of a oneof the choice'th. */
static ProtobufCMessage *filled(const ProtobufCMessageDescriptor *d, unsigned choice)
{
	unsigned one_of = 0, seen = 0;
	ProtobufCMessage *m = must_malloc(d->sizeof_message);
	protobuf_c_message_init(d, m);
	for (unsigned i = 0; i < d->n_fields; i++)
		one_of += (d->fields[i].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
	for (unsigned i = 0; i < d->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &d->fields[i];
		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF && seen++ != choice % one_of)
			continue;
		fill_field(f, m);
	}
	return m;
}

/* Through text, so that what json_t holds but JSON does not would show. */
static void same_after_json(const ProtobufCMessage *m, enum json_style style)
{
	json_t *j = json_from_message_styled(m, style);
	char *text = json_dumps(j, 0);
	assert_non_null(text);
	json_t *read = json_loads(text, 0, NULL);
	ProtobufCMessage *back;
	if (message_from_json(&back, m->descriptor, read) != ERR_OK)
		fail_msg("%s: %s", error_last()->field, error_last()->text);
	struct bytes a = { 0 }, b = { 0 };
	wire_pack(m, &a);
	wire_pack(back, &b);
	if (a.len != b.len)
		fail_msg("%s comes back otherwise from %s", m->descriptor->name, text);
	if (a.len)
		assert_memory_equal(a.data, b.data, a.len);
	bytes_finish(&a);
	bytes_finish(&b);
	protobuf_c_message_free_unpacked(back, NULL);
	json_decref(read);
	json_decref(j);
	free(text);
}

static void whole_schema(void **state)
{
	static const ProtobufCMessageDescriptor *const envelopes[] = {
		&nudge__v1__request__descriptor, &nudge__v1__response__descriptor,
	};
	for (unsigned e = 0; e < 2; e++)
		for (unsigned i = 0; i + 1 < envelopes[e]->n_fields; i++) {
			ProtobufCMessage *m = filled(envelopes[e], i);
			same_after_json(m, JSON_BRIEF);
			same_after_json(m, JSON_WHOLE);
			protobuf_c_message_free_unpacked(m, NULL);
		}
}

static int read_text(ProtobufCMessage **out, const ProtobufCMessageDescriptor *d, const char *text)
{
	json_error_t error;
	json_t *j = json_loads(text, JSON_ALLOW_NUL, &error);
	if (!j)
		fail_msg("%s: %s", text, error.text);
	int rc = message_from_json(out, d, j);
	json_decref(j);
	return rc;
}

static void an_event_as_people_write_it(void **state)
{
	Nudge__V1__Event *e;
	static const char text_in[] =
		"{\"id\": \"1\", \"source\": \"pbx\", \"customer\": \"c1\", \"type\": \"call.ended\", \"agent\": null, "
		"\"time\": \"2026-01-31T17:00:00.250+07:00\", "
		"\"attributes\": {\"mood\": -0.5, \"n\": 3, \"vip\": true, \"t\": \"\"}}";
	assert_int_equal(read_text((ProtobufCMessage **)&e, &nudge__v1__event__descriptor, text_in), ERR_OK);
	assert_string_equal(e->type, "call.ended");
	assert_int_equal(e->time_ms, 1769853600250);
	assert_int_equal(e->n_attributes, 4);
	assert_string_equal(e->attributes[0]->name, "mood");
	assert_true(e->attributes[0]->number == -0.5 && e->attributes[1]->number == 3 && e->attributes[2]->flag);
	assert_string_equal(e->attributes[3]->text, "");
	json_t *j = json_from_message(&e->base);
	char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
	assert_string_equal(text,
			    "{\"attributes\":{\"mood\":-0.5,\"n\":3.0,\"t\":\"\",\"vip\":true},\"customer\":\"c1\","
			    "\"id\":\"1\",\"source\":\"pbx\",\"time_ms\":1769853600250,\"type\":\"call.ended\"}");
	free(text);
	json_decref(j);
	protobuf_c_message_free_unpacked(&e->base, NULL);
}

static void attributes_with_times_of_their_own(void **state)
{
	Nudge__V1__Event *e;
	static const char text_in[] =
		"{\"type\": \"profile.updated\", \"attributes\": {\"plan\": {\"value\": \"basic\", \"time\": "
		"\"2026-01-31T17:00:00.250+07:00\"}, \"n\": {\"value\": 3, \"time_ms\": 5}, \"city\": null, "
		"\"old\": {\"value\": null, \"time_ms\": 6}}}";
	assert_int_equal(read_text((ProtobufCMessage **)&e, &nudge__v1__event__descriptor, text_in), ERR_OK);
	assert_string_equal(e->attributes[0]->text, "basic");
	assert_int_equal(e->attributes[0]->time_ms, 1769853600250);
	assert_true(e->attributes[1]->number == 3 && e->attributes[1]->time_ms == 5);
	assert_int_equal(e->attributes[2]->value_case, NUDGE__V1__ATTRIBUTE__VALUE_REMOVED);
	json_t *j = json_from_message(&e->base);
	char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
	assert_string_equal(text, "{\"attributes\":{\"city\":null,\"n\":{\"time_ms\":5,\"value\":3.0},\"old\":{\"time_ms\":6,"
				  "\"value\":null},\"plan\":{\"time_ms\":1769853600250,\"value\":\"basic\"}},"
				  "\"type\":\"profile.updated\"}");
	free(text);
	json_decref(j);
	protobuf_c_message_free_unpacked(&e->base, NULL);
}

static void brief_and_whole(void **state)
{
	Nudge__V1__Ack a = NUDGE__V1__ACK__INIT;
	a.result = NUDGE__V1__ACK__RESULT__DUPLICATE;
	json_t *j = json_from_message(&a.base);
	assert_int_equal(json_object_size(j), 1);
	assert_string_equal(json_string_value(json_object_get(j, "result")), "DUPLICATE");
	json_decref(j);
	j = json_from_message_styled(&a.base, JSON_WHOLE);
	assert_int_equal(json_object_size(j), 5);
	assert_true(json_is_null(json_object_get(j, "error")) && json_is_array(json_object_get(j, "alerts")));
	json_decref(j);
}

static void mistakes_are_named(void **state)
{
	static const struct mistake {
		const char *text, *field, *words;
	} mistakes[] = {
		{ "[]", "", "must be an object" },
		{ "{\"events\": {}}", "events", "must be a list" },
		{ "{\"events\": [{}, 3]}", "events[1]", "must be an object" },
		{ "{\"events\": [{}, {\"custmer\": \"x\"}]}", "events[1].custmer",
		  "Event: did you mean customer? Event has id, source, customer" },
		{ "{\"events\": [{\"agnet\": \"x\"}]}", "events[0].agnet", "did you mean agent?" },
		{ "{\"events\": [{\"tiem\": \"x\"}]}", "events[0].tiem", "did you mean time?" },
		{ "{\"events\": [{\"mood\": 0.5}]}", "events[0].mood", "put it into attributes" },
		{ "{\"events\": [{\"nothing\": 0.5}]}", "events[0].nothing", "time_ms, attributes, time" },
		{ "{\"events\": [{\"id\": 3}]}", "events[0].id", "must be a string" },
		{ "{\"events\": [{\"id\": \"a\\u0000b\"}]}", "events[0].id", "NUL" },
		{ "{\"events\": [{\"time_ms\": 1.5}]}", "events[0].time_ms", "whole number" },
		{ "{\"events\": [{\"time_ms\": \"99999999999999999999\"}]}", "events[0].time_ms", "whole number" },
		{ "{\"events\": [{\"time_ms\": 1, \"time\": \"2026-01-31T10:00:00Z\"}]}", "events[0].time",
		  "one of the two" },
		{ "{\"events\": [{\"time\": \"yesterday\"}]}", "events[0].time", "2026-01-31T10:00:00Z" },
		{ "{\"events\": [{\"attributes\": [1]}]}", "events[0].attributes", "object of names and values" },
		{ "{\"events\": [{\"attributes\": {\"a\": 1, \"b\": []}}]}", "events[0].attributes.b",
		  "string, a number, a boolean, null" },
		{ "{\"events\": [{\"attributes\": {\"b\": {\"value\": 1, \"when\": 2}}}]}", "events[0].attributes.b",
		  "value, and time or time_ms" },
		{ "{\"events\": [{\"attributes\": {\"b\": {\"value\": []}}}]}", "events[0].attributes.b.value",
		  "a number, a boolean" },
		{ "{\"events\": [{\"attributes\": {\"b\": {\"value\": 1, \"time\": \"May\"}}}]}", "events[0].attributes.b.time",
		  "is not a time" },
		{ "{\"events\": [{\"attributes\": {\"b\": {\"value\": 1, \"time\": \"2026-01-31T10:00:00Z\", \"time_ms\": 1}}}]}",
		  "events[0].attributes.b.time", "one of the two" },
	};
	ProtobufCMessage *m;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		assert_refused(read_text(&m, &nudge__v1__publish__descriptor, mistakes[i].text), ERR_INVALID,
			       mistakes[i].field, mistakes[i].words);
		assert_null(m);
	}
	assert_refused(read_text(&m, &nudge__v1__request__descriptor, "{\"hello\": {}, \"publish\": {}}"), ERR_INVALID,
		       "publish", "only one");
	assert_refused(read_text(&m, &nudge__v1__request__descriptor, "{\"request_id\": -1}"), ERR_INVALID,
		       "request_id", "0 or more");
	assert_refused(read_text(&m, &nudge__v1__recommend__descriptor, "{\"limit\": 4294967296}"), ERR_INVALID,
		       "limit", "too large");
	assert_refused(read_text(&m, &nudge__v1__recommend__descriptor, "{\"mood\": \"good\"}"), ERR_INVALID, "mood",
		       "a number");
	assert_refused(read_text(&m, &nudge__v1__file__descriptor, "{\"content\": \"a\"}"), ERR_INVALID, "content",
		       "base64");
	assert_refused(read_text(&m, &nudge__v1__file__descriptor, "{\"content\": \"a=bc\"}"), ERR_INVALID, "content",
		       "base64");
	assert_refused(read_text(&m, &nudge__v1__ack__descriptor, "{\"result\": \"MAYBE\"}"), ERR_INVALID, "result",
		       "Result");
}

static void deep_json_is_refused_early(void **state)
{
	char text[4001];
	memset(text, '[', 2000);
	memset(text + 2000, ']', 2000);
	text[4000] = '\0';
	ProtobufCMessage *m;
	assert_refused(read_text(&m, &nudge__v1__publish__descriptor, text), ERR_INVALID, "", "must be an object");
}

static void base64(void **state)
{
	static const char *const texts[][2] = {
		{ "a", "YQ==" }, { "ab", "YWI=" }, { "abc", "YWJj" }, { "\xff\xfe\xfd\xfc", "//79/A==" }
	};
	for (size_t i = 0; i < 4; i++) {
		Nudge__V1__File f = NUDGE__V1__FILE__INIT, *back;
		f.content = (ProtobufCBinaryData){ strlen(texts[i][0]), (uint8_t *)(uintptr_t)texts[i][0] };
		json_t *j = json_from_message(&f.base);
		assert_string_equal(json_string_value(json_object_get(j, "content")), texts[i][1]);
		assert_int_equal(message_from_json((ProtobufCMessage **)&back, &nudge__v1__file__descriptor, j),
				 ERR_OK);
		assert_int_equal(back->content.len, f.content.len);
		assert_memory_equal(back->content.data, f.content.data, f.content.len);
		protobuf_c_message_free_unpacked(&back->base, NULL);
		json_decref(j);
	}
}

static void times(void **state)
{
	static const struct sample {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T12:00:00Z", 951825600000 },
		{ "1999-08-01 00:00:00Z", 933465600000 },
		{ "2026-12-31T23:59:59.9999Z", 1798761599999 },
		{ "2026-01-01T00:00:00-00:30", 1767227400000 },
	};
	static const char *const bad[] = { "",
					   "2026-01-31",
					   "2026-01-31T10:00:00",
					   "2026-02-29T00:00:00Z",
					   "2026-13-01T00:00:00Z",
					   "2026-00-01T00:00:00Z",
					   "2026-01-31T24:00:00Z",
					   "2026-01-31T10:00:00.Z",
					   "2026-01-31T10:00:00Zx",
					   "2026-01-31T10:00:00+7:00",
					   "26-01-31T10:00:00Z",
					   "2026-01-31T10:00:00+24:00" };
	int64_t ms;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(json_parse_time("t", good[i].text, &ms), ERR_OK);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(json_parse_time("t", bad[i], &ms), ERR_INVALID, "t", "is not a time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_schema),
		cmocka_unit_test(an_event_as_people_write_it),
		cmocka_unit_test(attributes_with_times_of_their_own),
		cmocka_unit_test(brief_and_whole),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(deep_json_is_refused_early),
		cmocka_unit_test(base64),
		cmocka_unit_test(times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
