/* wire/ack.c: what became of each event of a batch, and the alerts it raised. An ack without alerts, the usual one, is
 * some ten bytes and no allocation. */
#include "wire/response.h"

#include "wire/envelope.h"
#include "wire/fields.h"

#include <stddef.h>
#include <stdio.h>

/* Refusals name the field from the request's point of view: "events[3].type". */
static void put_refusal(struct bytes *out, const struct wire_ack *a, long index)
{
	char field[160];
	int len = 0;
	if (index >= 0)
		len = snprintf(field, sizeof(field), "events[%ld]%s%.*s", index, a->error_field.len ? "." : "",
			       a->error_field.len > 100 ? 100 : (int)a->error_field.len,
			       a->error_field.len ? a->error_field.data : "");
	put_error(out, 2, a->error_code ? error_name(a->error_code) : "", index >= 0 ? (struct slice){ field, (size_t)len } : a->error_field,
		  a->error_text);
}

static void put_ack(struct bytes *out, const struct wire_ack *a, long index)
{
	size_t mark = put_begin(out, 1);
	put_number(out, 1, (uint64_t)a->result);
	/* a duplicate that is too old to tell has a reason without being an error */
	if (a->error_code || a->error_text.len)
		put_refusal(out, a, index);
	put_number(out, 3, a->seq);
	for (size_t i = 0; i < a->alert_count; i++) {
		size_t alert = put_begin(out, 4);
		alert_encode(&a->alerts[i], out);
		put_end(out, alert);
	}
	put_texts(out, 5, a->rules, a->rule_count);
	put_end(out, mark);
}

void response_published(struct bytes *out, uint64_t request_id, const struct wire_ack *acks, size_t count)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_PUBLISHED);
	for (size_t i = 0; i < count; i++)
		put_ack(out, &acks[i], (long)i);
	envelope_end(out, e);
}

void response_outcome(struct bytes *out, uint64_t request_id, const struct wire_ack *ack)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_OUTCOME_RECORDED);
	put_ack(out, ack, -1);
	if (ack->next) {
		size_t mark = put_begin(out, 2);
		next_encode(ack->next, out);
		put_end(out, mark);
	}
	put_text(out, 3, ack->warning);
	envelope_end(out, e);
}

void alert_encode(const struct wire_alert *a, struct bytes *out)
{
	put_number(out, 1, a->seq);
	put_number(out, 2, a->index);
	put_text(out, 3, a->rule);
	put_text(out, 4, a->severity);
	put_text(out, 5, a->to);
	put_text(out, 6, a->subject);
	put_text(out, 7, a->member);
	put_text(out, 8, a->text);
	put_number(out, 9, (uint64_t)a->time_ms);
	put_number(out, 10, (uint64_t)a->expires_ms);
	put_number(out, 11, a->historical);
	put_text(out, 12, a->state);
	put_text(out, 13, a->subject_kind);
	put_text(out, 14, a->kind);
	put_text(out, 15, a->nudge);
}

#define TEXT(field, member) { .name = field, .kind = FIELD_NAME, .offset = offsetof(struct wire_alert, member) }
#define NUMBER(field, type, member) { .name = field, .kind = type, .offset = offsetof(struct wire_alert, member) }

static const struct field_spec alert_fields[FIELD_NUMBERS] = {
	[1] = NUMBER("seq", FIELD_U64, seq),
	[2] = NUMBER("index", FIELD_U32, index),
	[3] = TEXT("rule", rule),
	[4] = TEXT("severity", severity),
	[5] = TEXT("to", to),
	[6] = TEXT("customer", subject),
	[7] = TEXT("member", member),
	[8] = { .name = "text", .kind = FIELD_BYTES, .offset = offsetof(struct wire_alert, text) },
	[9] = NUMBER("time_ms", FIELD_TIME, time_ms),
	[10] = NUMBER("expires_ms", FIELD_TIME, expires_ms),
	[11] = NUMBER("historical", FIELD_BOOL, historical),
	[12] = TEXT("state", state),
	[13] = TEXT("subject_kind", subject_kind),
	[14] = TEXT("kind", kind),
	[15] = { .name = "nudge", .kind = FIELD_BYTES, .offset = offsetof(struct wire_alert, nudge) },
};
static const struct message_spec alert_spec = MESSAGE_SPEC("Alert", alert_fields);

int alert_decode(struct wire_alert *out, struct slice bytes)
{
	memset(out, 0, sizeof(*out));
	return fields_decode(out, &alert_spec, bytes, NULL);
}
