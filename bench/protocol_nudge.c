/* bench/protocol_nudge.c: nudged's protocol. libnudge connects and shakes hands, and its messages are packed once into
 * templates, one for each type, member and intent; a request is a copy of one with what varies written over it (all of
 * it has a fixed width). So the generator costs a fraction of what it measures. */
#include "protocol.h"

#include <nudge.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define TEMPLATE_BYTES 240
#define REQUEST_ID_MIN (1u << 21) /* four bytes as a varint, up to REQUEST_ID_MIN + 2^27 */
#define MARK_ID "777777777701"
#define MARK_CUSTOMER "77777702"
#define MARK_TIME_MS 0x2a555555555ll
#define MARK_DURATION 77777703.0
#define MARK_MOOD 0.77777704

struct template {
	uint8_t bytes[TEMPLATE_BYTES];
	size_t len;
	uint8_t id, customer, time, duration, mood; /* offsets */
};

static struct template events[WORKLOAD_TYPES][WORKLOAD_MEMBERS][WORKLOAD_INTENTS], requests[WORKLOAD_INTENTS];
static bool prepared;

static uint8_t *put_varint(uint8_t *to, uint64_t v)
{
	for (; v > 127; v >>= 7)
		*to++ = (uint8_t)(v | 128);
	*to++ = (uint8_t)v;
	return to;
}

static void put_digits(uint8_t *to, uint64_t v, unsigned count)
{
	while (count--) {
		to[count] = (uint8_t)('0' + v % 10);
		v /= 10;
	}
}

static uint8_t find(const struct template *t, const void *mark, size_t len)
{
	const uint8_t *at = memmem(t->bytes, t->len, mark, len);
	if (!at)
		errx(1, "a template lacks one of its marks");
	return (uint8_t)(at - t->bytes);
}

static void find_marks(struct template *t, bool event)
{
	uint8_t time[10];
	double duration = MARK_DURATION, mood = MARK_MOOD;
	t->customer = find(t, MARK_CUSTOMER, strlen(MARK_CUSTOMER));
	t->mood = find(t, &mood, sizeof(mood));
	if (!event)
		return;
	t->time = find(t, time, (size_t)(put_varint(time, MARK_TIME_MS) - time));
	t->id = find(t, MARK_ID, strlen(MARK_ID));
	t->duration = find(t, &duration, sizeof(duration));
}

static void set_number(Nudge__V1__Attribute *a, const char *name, double number)
{
	nudge__v1__attribute__init(a);
	a->name = (char *)(uintptr_t)name;
	a->value_case = NUDGE__V1__ATTRIBUTE__VALUE_NUMBER;
	a->number = number;
}

static void prepare_event(struct template *t, unsigned type, unsigned member, unsigned intent)
{
	char members[2] = { (char)('0' + member), 0 };
	Nudge__V1__Attribute attrs[3], *list[3] = { &attrs[0], &attrs[1], &attrs[2] };
	Nudge__V1__Event e = NUDGE__V1__EVENT__INIT;
	set_number(&attrs[0], "duration", MARK_DURATION);
	set_number(&attrs[1], "intent", 0);
	attrs[1].value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
	attrs[1].text = (char *)(uintptr_t)workload_intents[intent];
	set_number(&attrs[2], "mood", MARK_MOOD);
	e.id = MARK_ID;
	e.source = "load";
	e.customer = "c" MARK_CUSTOMER;
	e.member = members;
	e.type = (char *)(uintptr_t)workload_types[type];
	e.channel = (char *)(uintptr_t)workload_channels[type];
	e.time_ms = MARK_TIME_MS;
	e.attributes = list;
	e.n_attributes = 3;
	t->len = nudge__v1__event__get_packed_size(&e);
	if (t->len > 127 + 100 || t->len > TEMPLATE_BYTES)
		errx(1, "an event of %zu bytes does not fit its template", t->len);
	nudge__v1__event__pack(&e, t->bytes);
	find_marks(t, true);
}

static void prepare_request(struct template *t, unsigned intent)
{
	Nudge__V1__Recommend r = NUDGE__V1__RECOMMEND__INIT;
	r.customer = "c" MARK_CUSTOMER;
	r.member = "0";
	r.intent = (char *)(uintptr_t)workload_intents[intent];
	r.mood = MARK_MOOD;
	r.has_mood = true;
	t->len = nudge__v1__recommend__get_packed_size(&r);
	nudge__v1__recommend__pack(&r, t->bytes);
	find_marks(t, false);
}

static void prepare(void)
{
	for (unsigned i = 0; i < WORKLOAD_INTENTS; i++) {
		prepare_request(&requests[i], i);
		for (unsigned t = 0; t < WORKLOAD_TYPES; t++)
			for (unsigned m = 0; m < WORKLOAD_MEMBERS; m++)
				prepare_event(&events[t][m][i], t, m, i);
	}
	prepared = true;
}

static int nudge_protocol_connect(const char *address)
{
	struct nudge *n; /* kept for as long as the program runs: its socket is what is used */
	if (!prepared)
		prepare();
	struct nudge_options options = { .client = "bench/load" };
	if (nudge_connect(&n, address, &options) != NUDGE_OK)
		errx(1, "%s: %s", address, nudge_error(n));
	fcntl(nudge_fd(n), F_SETFL, fcntl(nudge_fd(n), F_GETFL) | O_NONBLOCK);
	return nudge_fd(n);
}

static uint8_t *put_template(uint8_t *to, const struct template *t, const struct item *item, bool event)
{
	double duration = item->duration;
	memcpy(to, t->bytes, t->len);
	put_digits(to + t->customer, item->customer, 8);
	memcpy(to + t->mood, &item->mood, sizeof(item->mood));
	if (event) {
		put_varint(to + t->time, (uint64_t)item->time_ms);
		put_digits(to + t->id, item->id, 12);
		memcpy(to + t->duration, &duration, sizeof(duration));
	}
	return to + t->len;
}

static size_t varint_bytes(uint64_t v)
{
	return v < 1u << 7 ? 1 : v < 1u << 14 ? 2 : v < 1u << 21 ? 3 : 4;
}

static const struct template *event_template(const struct item *i)
{
	return &events[i->type][i->member][i->intent];
}

/* Request { 1: request_id, 3: Publish { 1: Event … } or 4: Recommend }, behind its length. */
static size_t nudge_encode(uint8_t *to, enum work_kind kind, uint32_t id, const struct item *items, unsigned count)
{
	uint8_t *at = to;
	size_t body = 0;
	if (kind == WORK_RECOMMEND)
		body = requests[items[0].intent].len;
	for (unsigned i = 0; kind == WORK_INGEST && i < count; i++)
		body += 1 + varint_bytes(event_template(&items[i])->len) + event_template(&items[i])->len;
	at = put_varint(at, 5 + 1 + varint_bytes(body) + body);
	*at++ = 1 << 3;
	at = put_varint(at, REQUEST_ID_MIN + id);
	*at++ = (uint8_t)((kind == WORK_INGEST ? 3 : 4) << 3 | 2);
	at = put_varint(at, body);
	if (kind == WORK_RECOMMEND)
		return (size_t)(put_template(at, &requests[items[0].intent], &items[0], false) - to);
	for (unsigned i = 0; i < count; i++) {
		const struct template *t = event_template(&items[i]);
		*at++ = 1 << 3 | 2;
		at = put_varint(at, t->len);
		at = put_template(at, t, &items[i], true);
	}
	return (size_t)(at - to);
}

/* Just enough protobuf to see what an answer says. */
struct scan {
	const uint8_t *at, *end;
};

struct field {
	unsigned number;
	uint64_t value; /* varint */
	struct scan bytes;
};

static uint64_t scan_varint(struct scan *s)
{
	uint64_t v = 0;
	for (unsigned shift = 0; s->at < s->end && shift < 64; shift += 7) {
		uint8_t b = *s->at++;
		v |= (uint64_t)(b & 127) << shift;
		if (b < 128)
			return v;
	}
	errx(1, "nudged: an answer's varint does not end");
}

static bool scan_field(struct scan *s, struct field *f)
{
	if (s->at >= s->end)
		return false;
	uint64_t tag = scan_varint(s), len = 0;
	*f = (struct field){ .number = (unsigned)(tag >> 3) };
	switch (tag & 7) {
	case 0:
		f->value = scan_varint(s);
		return true;
	case 1:
		len = 8;
		break;
	case 2:
		len = scan_varint(s);
		break;
	case 5:
		len = 4;
		break;
	default:
		errx(1, "nudged: an answer's field is of no known kind");
	}
	if (len > (uint64_t)(s->end - s->at))
		errx(1, "nudged: an answer's field is longer than the answer");
	f->bytes = (struct scan){ s->at, s->at + len };
	s->at += len;
	return true;
}

static void note_error(struct scan error, struct reply *out)
{
	struct field f;
	out->errors++;
	while (scan_field(&error, &f)) {
		if (f.number != 3)
			continue;
		out->error = (const char *)f.bytes.at;
		out->error_len = (size_t)(f.bytes.end - f.bytes.at);
	}
}

static void scan_ack(struct scan ack, struct reply *out)
{
	struct field f;
	unsigned result = 0;
	struct scan error = { 0 };
	while (scan_field(&ack, &f)) {
		if (f.number == 1)
			result = (unsigned)f.value;
		else if (f.number == 2)
			error = f.bytes;
		else if (f.number == 5)
			out->fired++;
	}
	if (result != NUDGE__V1__ACK__RESULT__ACCEPTED)
		note_error(error, out);
}

static void scan_body(const struct field *body, struct reply *out)
{
	struct scan s = body->bytes;
	struct field f;
	if (body->number == 2) {
		note_error(s, out);
		return;
	}
	while (scan_field(&s, &f)) {
		if (body->number == 4 && f.number == 1)
			scan_ack(f.bytes, out);
		else if (body->number == 5 && f.number == 3)
			out->fired++;
	}
}

static void nudge_decode(const uint8_t *in, size_t len, struct reply *out)
{
	uint64_t size = 0;
	size_t used = 0;
	for (;; used++) {
		if (used == len)
			return;
		if (used == 5)
			errx(1, "nudged: an answer's length does not end");
		size |= (uint64_t)(in[used] & 127) << (7 * used);
		if (in[used] < 128)
			break;
	}
	used++;
	if (len - used < size)
		return;
	struct scan s = { in + used, in + used + size };
	struct field f;
	out->bytes = used + size;
	out->has_id = true;
	while (scan_field(&s, &f)) {
		if (f.number == 1)
			out->id = (uint32_t)f.value - REQUEST_ID_MIN;
		else
			scan_body(&f, out);
	}
}

const struct protocol protocol_nudge = {
	"nudge", nudge_protocol_connect, nudge_encode, nudge_decode, 1024, prepare, false
};
