/* Fuzz target: our decoders against protobuf-c's. The first byte chooses: an event, an outcome, an alert, or JSON.
 *
 * What we take, protobuf-c must take too, and read the same from it; what we encode, it must read back. We refuse more
 * than it does (limits, UTF-8, missing fields), so nothing is asked of what we refuse. */
#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "nudge.pb-c.h"
#include "state/record.h"
#include "wire/json.h"
#include "wire/request.h"
#include "wire/response.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_text(struct slice ours, const char *theirs)
{
	CHECK(slice_equal(ours, slice_of(theirs)));
}

static void same_attribute(const struct event_attr *a, const Nudge__V1__Attribute *p)
{
	same_text(a->name, p->name);
	switch (p->value_case) {
	case NUDGE__V1__ATTRIBUTE__VALUE_TEXT:
		CHECK(a->value.kind == VALUE_STRING);
		same_text(a->value.string, p->text);
		break;
	case NUDGE__V1__ATTRIBUTE__VALUE_NUMBER:
		CHECK(a->value.kind == VALUE_NUMBER && a->value.number == p->number);
		break;
	default:
		CHECK(p->value_case == NUDGE__V1__ATTRIBUTE__VALUE_FLAG);
		CHECK(a->value.kind == VALUE_BOOL && a->value.boolean == (p->flag != 0));
	}
}

static void same_event(const struct event *e, struct slice bytes)
{
	Nudge__V1__Event *p = nudge__v1__event__unpack(NULL, bytes.len, (const uint8_t *)bytes.data);
	CHECK(p != NULL);
	same_text(e->id, p->id);
	same_text(e->source, p->source);
	same_text(e->customer, p->customer);
	same_text(e->alias, p->alias);
	same_text(e->member, p->member);
	same_text(e->agent, p->agent);
	same_text(e->contact, p->contact);
	same_text(e->type, p->type);
	same_text(e->channel, p->channel);
	CHECK(e->time_ms == p->time_ms && e->attr_count == p->n_attributes);
	for (size_t i = 0; i < e->attr_count; i++) /* an alias may have been brought into its one form */
		if (!slice_equal(e->attrs[i].name, SLICE("alias")))
			same_attribute(&e->attrs[i], p->attributes[i]);
	nudge__v1__event__free_unpacked(p, NULL);
}

static void try_event(struct slice in)
{
	struct arena arena;
	struct event e, again;
	struct bytes out = { 0 };
	arena_init(&arena, LIMIT_EVENT_BYTES * LIMIT_FRAME_ARENA_FACTOR);
	if (event_decode(&e, in, &arena, -1) == ERR_OK) {
		same_event(&e, in);
		event_encode(&e, &out);
		if (out.len <= LIMIT_EVENT_BYTES) {
			CHECK(event_decode(&again, bytes_slice(&out), &arena, -1) == ERR_OK);
			CHECK(again.id_hash == e.id_hash);
			same_event(&again, bytes_slice(&out));
		}
	}
	bytes_finish(&out);
	arena_finish(&arena);
}

static void try_outcome(struct slice in)
{
	struct arena arena;
	struct request_outcome o;
	arena_init(&arena, 4096);
	if (outcome_decode(&o, in, &arena, -1) == ERR_OK) {
		Nudge__V1__Outcome *p = nudge__v1__outcome__unpack(NULL, in.len, (const uint8_t *)in.data);
		CHECK(p != NULL);
		same_text(o.id, p->id);
		same_text(o.customer, p->customer);
		same_text(o.action, p->action);
		same_text(o.decision, p->decision);
		CHECK(strcmp(outcome_name((enum outcome_kind)o.kind), p->kind) == 0 && o.time_ms == p->time_ms);
		nudge__v1__outcome__free_unpacked(p, NULL);
	}
	arena_finish(&arena);
}

static void try_alert(struct slice in)
{
	struct wire_alert a, again;
	struct bytes out = { 0 };
	if (alert_decode(&a, in) == ERR_OK) {
		alert_encode(&a, &out);
		CHECK(alert_decode(&again, bytes_slice(&out)) == ERR_OK);
		CHECK(again.seq == a.seq && again.index == a.index && again.time_ms == a.time_ms);
		CHECK(slice_equal(again.text, a.text) && slice_equal(again.nudge, a.nudge));
	}
	bytes_finish(&out);
}

/* JSON to a message, to JSON, to a message: the two messages are the same bytes. */
static void try_json(struct slice in)
{
	ProtobufCMessage *m, *back;
	json_t *j = json_loadb(in.data, in.len, JSON_REJECT_DUPLICATES, NULL);
	if (!j)
		return;
	int rc = message_from_json(&m, &nudge__v1__request__descriptor, j);
	json_decref(j);
	if (rc != ERR_OK) {
		CHECK(m == NULL && error_last()->text[0]);
		return;
	}
	j = json_from_message(m);
	CHECK(message_from_json(&back, &nudge__v1__request__descriptor, j) == ERR_OK);
	CHECK(protobuf_c_message_get_packed_size(m) == protobuf_c_message_get_packed_size(back));
	json_decref(j);
	protobuf_c_message_free_unpacked(m, NULL);
	protobuf_c_message_free_unpacked(back, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct slice in = { (const char *)data + 1, size - 1 };
	switch (data[0] % 4) {
	case 0:
		try_event(in);
		break;
	case 1:
		try_outcome(in);
		break;
	case 2:
		try_alert(in);
		break;
	default:
		try_json(in);
	}
	return 0;
}
