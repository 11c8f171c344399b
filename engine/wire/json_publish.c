/* wire/json_publish.c: see json_publish.h. */
#include "wire/json_publish.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "nudge.pb-c.h"
#include "wire/json_call.h"
#include "wire/put.h"

#include <stdlib.h>
#include <string.h>

#define PUBLISH_EVENTS 1u /* Publish's field */
#define ROOM_BYTES (LIMIT_FRAME_BYTES - 128u)

void json_publish_init(struct json_publish *p)
{
	*p = (struct json_publish){ .acks = json_array() };
}

void json_publish_finish(struct json_publish *p)
{
	bytes_finish(&p->message);
	json_decref(p->acks);
	p->acks = NULL;
}

unsigned json_publish_count(const struct json_publish *p)
{
	return (unsigned)json_array_size(p->acks);
}

void json_publish_refuse(struct json_publish *p)
{
	const struct error *last = error_last();
	Nudge__V1__Error e = NUDGE__V1__ERROR__INIT;
	Nudge__V1__Ack ack = NUDGE__V1__ACK__INIT;
	e.code = (char *)error_name(last->code);
	e.field = (char *)last->field;
	e.reason = (char *)last->text;
	ack.result = NUDGE__V1__ACK__RESULT__REFUSED;
	ack.error = &e;
	json_array_append_new(p->acks, json_from_message_styled(&ack.base, JSON_WHOLE));
}

int json_publish_add(struct json_publish *p, json_t *event)
{
	ProtobufCMessage *m;
	if (json_publish_count(p) == LIMIT_BATCH_EVENTS)
		return error_set(ERR_LIMIT, "events", "more than limit_batch_events (%u) at once", LIMIT_BATCH_EVENTS);
	if (message_from_json(&m, &nudge__v1__event__descriptor, event) != ERR_OK) {
		json_publish_refuse(p);
		return ERR_OK;
	}
	size_t size = protobuf_c_message_get_packed_size(m);
	if (p->sent && p->message.len + size + 16 > ROOM_BYTES) {
		protobuf_c_message_free_unpacked(m, NULL);
		return error_set(ERR_LIMIT, "events", "more than limit_frame_bytes (%u) at once", LIMIT_FRAME_BYTES);
	}
	put_tag(&p->message, PUBLISH_EVENTS, WIRE_BYTES);
	bytes_put_varint(&p->message, size);
	char *at = bytes_grow(&p->message, size);
	protobuf_c_message_pack(m, (uint8_t *)at);
	protobuf_c_message_free_unpacked(m, NULL);
	p->sent++;
	json_array_append_new(p->acks, json_null());
	return ERR_OK;
}

int json_publish_request(const struct json_publish *p, uint64_t id, struct bytes *out)
{
	return json_request_packed(out, id, "publish", bytes_slice(&p->message));
}

/* "events[3].type": their number is that among the events sent, which nobody knows. */
static void drop_prefix(json_t *ack)
{
	json_t *error = json_object_get(ack, "error");
	const char *field = json_string_value(json_object_get(error, "field"));
	const char *rest = field && strncmp(field, "events[", 7) == 0 ? strchr(field, ']') : NULL;
	if (rest)
		json_object_set_new(error, "field", json_string(rest[1] == '.' ? rest + 2 : rest + 1));
}

json_t *json_publish_acks(const struct json_publish *p, json_t *published)
{
	json_t *answers = json_object_get(published, "acks"), *all = json_array(), *ack;
	size_t i, taken = 0;
	json_array_foreach(p->acks, i, ack)
	{
		if (json_is_null(ack))
			ack = json_array_get(answers, taken++);
		CHECK(ack);
		drop_prefix(ack);
		json_array_append(all, ack);
	}
	return all;
}
