/* state/timeline.c: a customer's recent events, oldest first; of one instant in order of arrival. A late event finds
 * its own place, or none where it is older than all that are kept and there is no room.
 *
 * What happened is put into bytes once, when it happens, and interned: a pack keeps few fields, so the same few hundred
 * strings serve all customers, and writing a record is copying them. Nothing reads them while events are applied. */
#include "base/limits.h"
#include "state/codec.h"
#include "state/inside.h"

#include <endian.h>

void moment_drop(struct moment *m, struct strpool *pool)
{
	strpool_drop(pool, m->what);
}

/* The first goes, the ones before `at` move down, and the new one has its place before `at`. */
static void replace_first(struct record *r, struct strpool *pool, unsigned at, const struct moment *m)
{
	struct moment *timeline = timeline_of(r);
	moment_drop(&timeline[0], pool);
	memmove(&timeline[0], &timeline[1], (at - 1) * sizeof(*timeline));
	timeline[at - 1] = *m;
}

static void remove_first(struct record *r, struct strpool *pool)
{
	moment_drop(timeline_of(r), pool);
	body_remove(r, timeline_of(r), sizeof(struct moment));
	r->timeline_count--;
}

void timeline_place(struct record *r, struct strpool *pool, struct moment *m, unsigned keep)
{
	CHECK(m->member <= r->member_count);
	if (keep > LIMIT_TIMELINE)
		keep = LIMIT_TIMELINE;
	while (r->timeline_count > keep)
		remove_first(r, pool);
	unsigned at = r->timeline_count;
	while (at > 0 && timeline_of(r)[at - 1].time_ms > m->time_ms)
		at--;
	if (r->timeline_count < keep) {
		struct moment *room = body_insert(r, timeline_of(r) + at, sizeof(*room));
		r->timeline_count++;
		*room = *m;
	} else if (at > 0) {
		replace_first(r, pool, at, m);
	} else {
		moment_drop(m, pool);
	}
}

/* What happened, as bytes: type, channel, agent, contact; the number of fields, and each one's name and value. */
struct writer {
	char *at;
	char bytes[LIMIT_HAPPENING_BYTES];
};

static void put_text(struct writer *w, struct slice text)
{
	size_t len = text.len < LIMIT_ATTRIBUTE_TEXT_BYTES ? text.len : LIMIT_ATTRIBUTE_TEXT_BYTES;
	size_t left = len;
	for (; left >= 0x80; left >>= 7)
		*w->at++ = (char)(left | 0x80);
	*w->at++ = (char)left;
	if (len)
		memcpy(w->at, text.data, len);
	w->at += len;
}

static void put_value(struct writer *w, struct value v)
{
	*w->at++ = (char)v.kind;
	if (v.kind == VALUE_BOOL) {
		*w->at++ = v.boolean;
	} else if (v.kind == VALUE_NUMBER) {
		uint64_t bits;
		memcpy(&bits, &v.number, sizeof(bits));
		bits = htole64(bits);
		memcpy(w->at, &bits, sizeof(bits));
		w->at += sizeof(bits);
	} else {
		put_text(w, v.string);
	}
}

void timeline_add(struct record *r, struct strpool *pool, const struct event *e, uint8_t member,
		  const struct slice *fields, size_t field_count, unsigned keep)
{
	struct writer w;
	w.at = w.bytes;
	put_text(&w, e->type);
	put_text(&w, e->channel);
	put_text(&w, e->agent);
	put_text(&w, e->contact);
	char *count = w.at++;
	*count = 0;
	for (size_t i = 0; i < field_count && *count < (char)LIMIT_TIMELINE_FIELDS; i++) {
		const struct event_attr *a = event_attr(e, fields[i]);
		if (!a || a->value.kind == VALUE_UNKNOWN)
			continue;
		put_text(&w, a->name);
		put_value(&w, a->value);
		++*count;
	}
	struct moment m = { .time_ms = e->time_ms, .member = member };
	m.what = strpool_take(pool, (struct slice){ w.bytes, (size_t)(w.at - w.bytes) });
	timeline_place(r, pool, &m, keep);
}

static struct slice get_text(struct reader *in, size_t max)
{
	uint64_t len = codec_varint(in);
	if (!in->bad && (len > max || len > reader_left(in)))
		in->bad = true;
	return in->bad ? (struct slice){ "", 0 } : reader_take(in, (size_t)len);
}

static struct value get_value(struct reader *in)
{
	uint8_t kind = reader_u8(in), truth;
	switch (kind) {
	case VALUE_BOOL:
		truth = reader_u8(in);
		in->bad |= truth > 1;
		return value_bool(truth);
	case VALUE_NUMBER:
		return value_number(reader_f64(in));
	case VALUE_STRING:
		return value_string(get_text(in, LIMIT_ATTRIBUTE_TEXT_BYTES));
	default:
		in->bad = true;
		return value_unknown();
	}
}

bool moment_parse(struct slice what, struct happening *out)
{
	struct reader in = reader_of(what);
	out->type = get_text(&in, LIMIT_ATTRIBUTE_TEXT_BYTES);
	out->channel = get_text(&in, LIMIT_ATTRIBUTE_TEXT_BYTES);
	out->agent = get_text(&in, LIMIT_ATTRIBUTE_TEXT_BYTES);
	out->contact = get_text(&in, LIMIT_ATTRIBUTE_TEXT_BYTES);
	out->field_count = reader_u8(&in);
	if (out->field_count > LIMIT_TIMELINE_FIELDS)
		return false;
	for (unsigned i = 0; i < out->field_count; i++) {
		out->fields[i].name = get_text(&in, LIMIT_ATTRIBUTE_TEXT_BYTES);
		out->fields[i].value = get_value(&in);
	}
	return !in.bad && reader_left(&in) == 0;
}

void moment_read(const struct moment *m, struct happening *out)
{
	CHECK(moment_parse(str_slice(m->what), out));
}
