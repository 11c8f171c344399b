/* history/entry.c: bodies of journal entries to bytes and back; the layout is in entry.h. */
#include "history/entry.h"

#include "base/error.h"

static void put_aborted(const struct aborted_calls *aborted, struct bytes *out)
{
	unsigned last = 0;
	bytes_put_varint(out, aborted->count);
	for (unsigned i = 0; i < aborted->count; i++) {
		bytes_put_varint(out, aborted->calls[i] - last);
		last = aborted->calls[i];
	}
}

static void take_aborted(struct aborted_calls *aborted, struct reader *r, struct arena *arena)
{
	uint64_t count = reader_varint(r), last = 0;
	*aborted = (struct aborted_calls){ 0 };
	if (count > LIMIT_ENTRY_CALLS || count > reader_left(r)) {
		r->bad = true;
		return;
	}
	if (count == 0)
		return;
	aborted->calls = arena_alloc(arena, count * sizeof(aborted->calls[0]));
	aborted->count = (uint16_t)count;
	for (unsigned i = 0; i < count; i++) {
		last += reader_varint(r);
		aborted->calls[i] = (uint16_t)last;
	}
}

static void put_subject(const struct subject *s, struct bytes *out)
{
	bytes_put_u8(out, s->kind);
	if (s->kind != SUBJECT_NONE)
		bytes_put_string(out, subject_id(s));
}

static void take_subject(struct subject *s, struct reader *r)
{
	uint8_t kind = reader_u8(r);
	*s = (struct subject){ 0 };
	if (kind == SUBJECT_NONE)
		return;
	struct slice id = reader_string(r);
	if (kind > SUBJECT_LEDGER || id.len == 0 || id.len > LIMIT_ALIAS_BYTES)
		r->bad = true;
	else
		*s = subject_of(kind, id);
}

void entry_body_encode(const struct entry *e, struct bytes *out)
{
	entry_body_encode_about(e, &e->subject, out);
}

void entry_body_encode_about(const struct entry *e, const struct subject *subject, struct bytes *out)
{
	put_subject(subject, out);
	put_aborted(&e->aborted, out);
	switch (e->kind) {
	case ENTRY_EVENT:
		bytes_put_string(out, e->event.member);
		bytes_put(out, e->event.raw.data, e->event.raw.len);
		break;
	case ENTRY_EFFECT:
		bytes_put_varint(out, e->effect.source_seq);
		bytes_put_varint(out, e->effect.index);
		bytes_put_u8(out, e->effect.kind);
		bytes_put_string(out, e->effect.customer);
		bytes_put_string(out, e->effect.member);
		bytes_put(out, e->effect.body.data, e->effect.body.len);
		break;
	case ENTRY_TIMER:
		bytes_put_zigzag(out, e->timer.due_ms);
		bytes_put_u32(out, e->timer.decl);
		bytes_put_string(out, e->timer.member);
		bytes_put_string(out, e->timer.key);
		break;
	case ENTRY_DECISION:
		bytes_put(out, e->decision.bytes.data, e->decision.bytes.len);
		break;
	case ENTRY_OUTCOME:
		bytes_put_string(out, e->outcome.member);
		bytes_put(out, e->outcome.raw.data, e->outcome.raw.len);
		break;
	case ENTRY_ACKNOWLEDGE:
		bytes_put_varint(out, e->acknowledge.seq);
		bytes_put_varint(out, e->acknowledge.index);
		bytes_put_zigzag(out, e->acknowledge.time_ms);
		bytes_put_string(out, e->acknowledge.by);
		break;
	case ENTRY_BOOT:
		bytes_put_u64(out, e->boot.boot_id);
		bytes_put_zigzag(out, e->boot.time_ms);
		break;
	case ENTRY_ACTIVATE:
		bytes_put_string(out, e->activate.name);
		bytes_put(out, e->activate.bundle.data, e->activate.bundle.len);
		bytes_put(out, e->activate.about.data, e->activate.about.len);
		break;
	case ENTRY_ASIDE:
		bytes_put_string(out, e->aside.rule);
		break;
	case ENTRY_ERASED:
		bytes_put_string(out, e->erased.by);
		bytes_put_zigzag(out, e->erased.uid);
		bytes_put_zigzag(out, e->erased.time_ms);
		break;
	}
}

static struct slice take_rest(struct reader *r)
{
	return reader_take(r, reader_left(r));
}

static void take_payload(struct entry *e, struct reader *r)
{
	switch (e->kind) {
	case ENTRY_EVENT:
		e->event.member = reader_string(r);
		e->event.raw = take_rest(r);
		break;
	case ENTRY_EFFECT:
		e->effect.source_seq = reader_varint(r);
		e->effect.index = (uint32_t)reader_varint(r);
		e->effect.kind = reader_u8(r);
		e->effect.customer = reader_string(r);
		e->effect.member = reader_string(r);
		e->effect.body = take_rest(r);
		break;
	case ENTRY_TIMER:
		e->timer.due_ms = reader_zigzag(r);
		e->timer.decl = reader_u32(r);
		e->timer.member = reader_string(r);
		e->timer.key = reader_string(r);
		break;
	case ENTRY_DECISION:
		e->decision.bytes = take_rest(r);
		break;
	case ENTRY_OUTCOME:
		e->outcome.member = reader_string(r);
		e->outcome.raw = take_rest(r);
		break;
	case ENTRY_ACKNOWLEDGE:
		e->acknowledge.seq = reader_varint(r);
		e->acknowledge.index = (uint32_t)reader_varint(r);
		e->acknowledge.time_ms = reader_zigzag(r);
		e->acknowledge.by = reader_string(r);
		break;
	case ENTRY_BOOT:
		e->boot.boot_id = reader_u64(r);
		e->boot.time_ms = reader_zigzag(r);
		break;
	case ENTRY_ACTIVATE:
		e->activate.name = reader_string(r);
		e->activate.about = take_rest(r);
		e->activate.bundle = bundle_cut(&e->activate.about);
		break;
	case ENTRY_ASIDE:
		e->aside.rule = reader_string(r);
		break;
	case ENTRY_ERASED:
		e->erased.by = reader_string(r);
		e->erased.uid = reader_zigzag(r);
		e->erased.time_ms = reader_zigzag(r);
		break;
	default:
		r->bad = true;
	}
}

int entry_body_decode(struct entry *out, uint8_t kind, struct slice body, struct arena *arena)
{
	struct reader r = reader_of(body);
	*out = (struct entry){ .kind = kind };
	take_subject(&out->subject, &r);
	take_aborted(&out->aborted, &r, arena);
	if (!r.bad)
		take_payload(out, &r);
	bool global = kind == ENTRY_BOOT || kind == ENTRY_ACTIVATE || kind == ENTRY_ASIDE || kind == ENTRY_ERASED;
	if (r.bad || global != (out->subject.kind == SUBJECT_NONE))
		return error_set(ERR_CORRUPT, NULL, "a journal entry of kind %u (%s) does not decode", kind,
				 entry_kind_name(kind));
	return ERR_OK;
}

const char *entry_kind_name(uint8_t kind)
{
	static const char *const names[] = { "unknown", "event",       "effect", "timer",    "decision",
					     "outcome", "acknowledge", "boot",   "activate", "aside",
					     "unknown", "unknown", "erased" };
	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : names[0];
}
