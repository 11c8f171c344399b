/* decide/decision_codec.c: a decision as the journal keeps it: what it read of other subjects, what was asked, what was
 * chosen.
 *
 *     version u8, flags u8
 *     boot, count, customer_seq varints; a nudge: source_seq, source_index varints, rule string
 *     texts present u8 (a bit each), those texts; mood f64 where known; limit varint, now zigzag, bound member u8
 *     attributes: varint n, each name string and value
 *     foreign reads: varint n, each value; aborted calls: varint n, varint steps
 *     choices: varint n, each action string, parts u8, propensity f64, value f64,
 *     then what parts says: context f64, lever f64, member u8, score f64;
 *     of a nudge: the words, since the alert in the record has them
 *     gates (where flags says): varint n, n half bytes, an action each (gate, 8 where unknown), then of each action that
 *     fell at a policy which one, varint; an action that was held out is an unknown one at `rank`
 *     sections, as many as there are: tag u8; 1: actions that the customer was exposed to: varint n, each action string,
 *     withheld u8
 *
 * The score is kept only where it is not the product of its parts, which are multiplied in one order everywhere. */
#include "decide/deciding.h"

#include "base/error.h"

#define VERSION 1

enum { FLAG_NUDGE = 1, FLAG_MOOD = 2, FLAG_EXPLAIN = 4, FLAG_FALLBACK = 8, FLAG_GATES = 16, FLAG_STATE_LATE = 32,
       FLAG_MODELS = 64, FLAG_CONTROL = 128 };
enum { HALF_GATE = 7, HALF_UNKNOWN = 8, HALF_HELD_OUT = HALF_UNKNOWN | GATE_RANK };
enum { SECTION_EXPOSED = 1 };
enum { PART_CONTEXT = 1, PART_LEVER = 2, PART_MEMBER = 4, PART_SCORE = 8, PART_DRAWN = 16 };
#define TEXTS 8

static void put_value(struct bytes *out, struct value v)
{
	bytes_put_u8(out, (uint8_t)v.kind);
	if (v.kind == VALUE_BOOL)
		bytes_put_u8(out, v.boolean);
	else if (v.kind == VALUE_NUMBER)
		bytes_put_f64(out, v.number);
	else if (v.kind == VALUE_STRING)
		bytes_put_string(out, v.string);
}

static struct value take_value(struct reader *r)
{
	switch (reader_u8(r)) {
	case VALUE_UNKNOWN:
		return value_unknown();
	case VALUE_BOOL:
		return value_bool(reader_u8(r) != 0);
	case VALUE_NUMBER:
		return value_number(reader_f64(r));
	case VALUE_STRING:
		return value_string(reader_string(r));
	default:
		r->bad = true;
		return value_unknown();
	}
}

static const size_t texts[TEXTS] = {
	offsetof(struct ask, member), offsetof(struct ask, agent),    offsetof(struct ask, channel),
	offsetof(struct ask, intent), offsetof(struct ask, topic),    offsetof(struct ask, language),
	offsetof(struct ask, goal),   offsetof(struct ask, action),
};

static struct slice text_of(const struct ask *ask, unsigned i)
{
	return *(const struct slice *)((const char *)ask + texts[i]);
}

static void put_ask(struct bytes *out, const struct ask *ask)
{
	uint8_t present = 0;
	for (unsigned i = 0; i < TEXTS; i++)
		if (text_of(ask, i).len)
			present |= (uint8_t)(1u << i);
	bytes_put_u8(out, present);
	for (unsigned i = 0; i < TEXTS; i++)
		if (present & 1u << i)
			bytes_put_string(out, text_of(ask, i));
	if (ask->has_mood)
		bytes_put_f64(out, ask->mood);
	bytes_put_varint(out, ask->limit);
	bytes_put_zigzag(out, ask->now_ms);
	bytes_put_u8(out, ask->bound_member);
	bytes_put_varint(out, ask->attr_count);
	for (size_t i = 0; i < ask->attr_count; i++) {
		bytes_put_string(out, ask->attrs[i].name);
		put_value(out, ask->attrs[i].value);
	}
}

static void put_foreign(struct bytes *out, const struct foreign_reads *f)
{
	unsigned last = 0, aborted = f ? f->aborted.count : 0;
	bytes_put_varint(out, f ? f->count : 0);
	for (unsigned i = 0; f && i < f->count; i++)
		put_value(out, f->values[i]);
	bytes_put_varint(out, aborted);
	for (unsigned i = 0; i < aborted; i++) {
		bytes_put_varint(out, f->aborted.calls[i] - last);
		last = f->aborted.calls[i];
	}
}

static void put_choice(struct bytes *out, const struct choice *c, bool words)
{
	double product = c->propensity * c->value * c->context * c->lever;
	uint8_t parts = (c->context != 1 ? PART_CONTEXT : 0) | (c->lever != 1 ? PART_LEVER : 0) |
			(c->member ? PART_MEMBER : 0) | (c->drawn ? PART_DRAWN : 0) |
			(memcmp(&product, &c->score, sizeof(product)) != 0 ? PART_SCORE : 0);
	bytes_put_string(out, str_slice(c->action->name));
	bytes_put_u8(out, parts);
	bytes_put_f64(out, c->propensity);
	bytes_put_f64(out, c->value);
	if (parts & PART_CONTEXT)
		bytes_put_f64(out, c->context);
	if (parts & PART_LEVER)
		bytes_put_f64(out, c->lever);
	if (parts & PART_MEMBER)
		bytes_put_u8(out, c->member);
	if (parts & PART_SCORE)
		bytes_put_f64(out, c->score);
	if (words)
		bytes_put_string(out, c->say);
}

static unsigned half_of(const struct fell *f)
{
	if (f->gate == GATE_HOLDOUT)
		return HALF_HELD_OUT;
	return f->gate | (f->unknown ? HALF_UNKNOWN : 0);
}

static void put_gates(struct bytes *out, const struct decision *d)
{
	bytes_put_varint(out, d->fell_count);
	for (unsigned i = 0; i < d->fell_count; i += 2)
		bytes_put_u8(out, (uint8_t)(half_of(&d->fell[i]) |
					    (i + 1 < d->fell_count ? half_of(&d->fell[i + 1]) << 4 : 0)));
	for (unsigned i = 0; i < d->fell_count; i++)
		if (d->fell[i].gate == GATE_POLICY)
			bytes_put_varint(out, d->fell[i].policy);
}

static uint8_t flags_of(const struct decision_head *head, const struct ask *ask, const struct foreign_reads *foreign,
			const struct decision *d)
{
	bool late = d->fallback && d->fallback_reason == fallback_reasons[FALLBACK_STATE_LATE];
	return (uint8_t)((foreign && foreign->models ? FLAG_MODELS : 0) | (d->control ? FLAG_CONTROL : 0) |
			 (head->nudge ? FLAG_NUDGE : 0) | (ask->has_mood ? FLAG_MOOD : 0) |
			 (ask->explain ? FLAG_EXPLAIN : 0) | (d->fallback ? FLAG_FALLBACK : 0) |
			 (d->fell_count ? FLAG_GATES : 0) | (late ? FLAG_STATE_LATE : 0));
}

static void put_exposed(struct bytes *out, const struct decision *d)
{
	bytes_put_u8(out, SECTION_EXPOSED);
	bytes_put_varint(out, d->exposed_count);
	for (unsigned i = 0; i < d->exposed_count; i++) {
		bytes_put_string(out, d->exposed[i].action);
		bytes_put_u8(out, d->exposed[i].withheld);
	}
}

void decision_encode(const struct decision_head *head, const struct ask *ask, const struct foreign_reads *foreign,
		     const struct decision *d, struct bytes *out)
{
	bytes_put_u8(out, VERSION);
	bytes_put_u8(out, flags_of(head, ask, foreign, d));
	bytes_put_varint(out, head->boot);
	bytes_put_varint(out, head->count);
	bytes_put_varint(out, head->customer_seq);
	if (head->nudge) {
		bytes_put_varint(out, head->source_seq);
		bytes_put_varint(out, head->source_index);
		bytes_put_string(out, head->rule);
	}
	put_ask(out, ask);
	put_foreign(out, foreign);
	bytes_put_varint(out, d->choice_count);
	for (unsigned i = 0; i < d->choice_count; i++)
		put_choice(out, &d->choices[i], head->nudge);
	if (d->fell_count)
		put_gates(out, d);
	if (d->exposed_count)
		put_exposed(out, d);
}

/* Counts in the input are bounded by the bytes that are left: each item has at least one. */
static size_t take_count(struct reader *r, size_t most)
{
	uint64_t n = reader_varint(r);
	if (n > most || n > reader_left(r)) {
		r->bad = true;
		return 0;
	}
	return (size_t)n;
}

static void take_ask(struct reader *r, struct ask *ask, struct arena *arena)
{
	uint8_t present = reader_u8(r);
	for (unsigned i = 0; i < TEXTS; i++)
		if (present & 1u << i)
			*(struct slice *)((char *)ask + texts[i]) = reader_string(r);
	if (ask->has_mood)
		ask->mood = reader_f64(r);
	ask->limit = (unsigned)reader_varint(r);
	ask->now_ms = reader_zigzag(r);
	ask->bound_member = reader_u8(r);
	ask->attr_count = take_count(r, LIMIT_ATTRIBUTES);
	if (ask->attr_count == 0)
		return;
	struct event_attr *attrs = arena_alloc(arena, ask->attr_count * sizeof(*attrs));
	for (size_t i = 0; i < ask->attr_count; i++) {
		attrs[i].name = reader_string(r);
		attrs[i].value = take_value(r);
	}
	ask->attrs = attrs;
}

static void take_foreign(struct reader *r, struct foreign_reads *f, struct arena *arena)
{
	unsigned last = 0;
	f->count = f->cap = (unsigned)take_count(r, UINT32_MAX);
	if (f->count)
		f->values = arena_alloc(arena, f->count * sizeof(*f->values));
	for (unsigned i = 0; i < f->count; i++)
		f->values[i] = take_value(r);
	f->aborted.count = (uint16_t)take_count(r, LIMIT_ENTRY_CALLS);
	if (f->aborted.count)
		f->aborted.calls = arena_alloc(arena, f->aborted.count * sizeof(*f->aborted.calls));
	for (unsigned i = 0; i < f->aborted.count; i++) {
		last += (unsigned)reader_varint(r);
		f->aborted.calls[i] = (uint16_t)last;
	}
	f->play = true;
}

static void take_choice(struct reader *r, struct decision_chosen *c, bool words)
{
	c->action = reader_string(r);
	uint8_t parts = reader_u8(r);
	c->propensity = reader_f64(r);
	c->value = reader_f64(r);
	c->context = parts & PART_CONTEXT ? reader_f64(r) : 1;
	c->lever = parts & PART_LEVER ? reader_f64(r) : 1;
	c->member = parts & PART_MEMBER ? reader_u8(r) : 0;
	c->drawn = parts & PART_DRAWN;
	c->score = parts & PART_SCORE ? reader_f64(r) : c->propensity * c->value * c->context * c->lever;
	c->say = words ? reader_string(r) : (struct slice){ NULL, 0 };
}

static void take_gates(struct reader *r, struct decision_record *out, struct arena *arena)
{
	uint64_t count = reader_varint(r);
	if (count > LIMIT_ACTIONS || (count + 1) / 2 > reader_left(r)) {
		r->bad = true;
		return;
	}
	out->fell = arena_alloc(arena, (count + 1) * sizeof(*out->fell));
	out->fell_count = (unsigned)count;
	unsigned halves = 0;
	for (unsigned i = 0; i < count; i++) {
		halves = i % 2 ? halves >> 4 : reader_u8(r);
		if ((halves & HALF_HELD_OUT) == HALF_HELD_OUT)
			out->fell[i] = (struct fell){ .gate = GATE_HOLDOUT };
		else
			out->fell[i] = (struct fell){ .gate = halves & HALF_GATE, .unknown = (halves & HALF_UNKNOWN) != 0 };
	}
	for (unsigned i = 0; i < count; i++)
		if (out->fell[i].gate == GATE_POLICY)
			out->fell[i].policy = (uint16_t)reader_varint(r);
}

static void take_exposed(struct reader *r, struct decision_record *out, struct arena *arena)
{
	out->exposed_count = (unsigned)take_count(r, LIMIT_ACTIONS);
	out->exposed = arena_alloc(arena, (out->exposed_count + 1) * sizeof(*out->exposed));
	for (unsigned i = 0; i < out->exposed_count; i++)
		out->exposed[i] = (struct exposed){ reader_string(r), reader_u8(r) != 0 };
}

static void take_sections(struct reader *r, struct decision_record *out, struct arena *arena)
{
	while (!r->bad && reader_left(r)) {
		if (reader_u8(r) == SECTION_EXPOSED)
			take_exposed(r, out, arena);
		else
			r->bad = true;
	}
}

int decision_decode(struct decision_record *out, struct slice in, struct arena *arena)
{
	struct reader r = reader_of(in);
	uint8_t version = reader_u8(&r), flags = reader_u8(&r);
	*out = (struct decision_record){ 0 };
	if (!r.bad && version != VERSION)
		return error_set(ERR_VERSION, NULL, "a decision of format %u; this build knows %u", version, VERSION);
	out->head.nudge = out->ask.nudge = flags & FLAG_NUDGE;
	out->ask.has_mood = flags & FLAG_MOOD;
	out->ask.explain = flags & FLAG_EXPLAIN;
	out->fallback = flags & FLAG_FALLBACK;
	out->control = flags & FLAG_CONTROL;
	out->cause = flags & FLAG_STATE_LATE ? FALLBACK_STATE_LATE : FALLBACK_ACTIONS_LATE;
	out->head.boot = reader_varint(&r);
	out->head.count = reader_varint(&r);
	out->ask.boot = out->head.boot;
	out->ask.count = out->head.count;
	out->head.customer_seq = reader_varint(&r);
	if (out->head.nudge) {
		out->head.source_seq = reader_varint(&r);
		out->head.source_index = (uint32_t)reader_varint(&r);
		out->head.rule = reader_string(&r);
	}
	take_ask(&r, &out->ask, arena);
	take_foreign(&r, &out->foreign, arena);
	out->foreign.models = flags & FLAG_MODELS;
	out->chosen_count = (unsigned)take_count(&r, LIMIT_RECOMMENDATIONS);
	if (out->chosen_count)
		out->chosen = arena_alloc(arena, out->chosen_count * sizeof(*out->chosen));
	for (unsigned i = 0; i < out->chosen_count; i++)
		take_choice(&r, &out->chosen[i], out->head.nudge);
	if (flags & FLAG_GATES)
		take_gates(&r, out, arena);
	take_sections(&r, out, arena);
	return r.bad ? error_set(ERR_CORRUPT, NULL, "a decision's record is broken") : ERR_OK;
}
