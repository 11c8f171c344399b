/* decide/eval_occasion.c: what the event or the request says. For the names that the pack reads it is looked up once an
 * occasion; names that come from Lua are looked up as text. */
#include "decide/eval.h"

#include "base/check.h"

#include <stdlib.h>

enum field_kind { FIELD_TEXT = 1, FIELD_TIME, FIELD_TOPIC, FIELD_MOOD };

/* What an event and a request have as fields of their own: every other name is an attribute's. */
struct field {
	const char *name;
	uint8_t len, kind;
	uint16_t offset; /* of a FIELD_TEXT */
};

#define TEXT(type, name) { #name, sizeof(#name) - 1, FIELD_TEXT, offsetof(struct type, name) }
#define OTHER(name, kind) { name, sizeof(name) - 1, kind, 0 }
static const struct field event_fields[] = {
	TEXT(event, type), TEXT(event, member), TEXT(event, agent), TEXT(event, channel), TEXT(event, contact),
	TEXT(event, customer), TEXT(event, id), TEXT(event, source), OTHER("time", FIELD_TIME), { NULL, 0, 0, 0 },
};
static const struct field request_fields[] = {
	TEXT(ask, channel), TEXT(ask, intent), TEXT(ask, member), TEXT(ask, agent), TEXT(ask, language),
	OTHER("topic", FIELD_TOPIC), OTHER("mood", FIELD_MOOD), OTHER("time", FIELD_TIME), { NULL, 0, 0, 0 },
};
#undef TEXT
#undef OTHER

static const struct field *field_of(const struct field *fields, struct slice name)
{
	for (; fields->name; fields++)
		if (name.len == fields->len && memcmp(name.data, fields->name, name.len) == 0)
			return fields;
	return NULL;
}

static bool name_is(struct slice name, const char *text)
{
	return slice_equal(name, slice_of(text));
}

static void text_value(struct slice s, struct value *out)
{
	*out = s.len ? value_string(s) : value_unknown();
}

static void text_at(const void *of, const struct field *f, struct value *out)
{
	text_value(*(const struct slice *)((const char *)of + f->offset), out);
}

static inline void attrs_value(const struct event_attr *attrs, size_t count, struct slice name, struct value *out)
{
	for (const struct event_attr *a = attrs; a < attrs + count; a++)
		if (a->name.len == name.len && memcmp(a->name.data, name.data, name.len) == 0) {
			*out = a->value;
			return;
		}
	*out = value_unknown();
}

/* Straight to where it is kept: a value that is returned is copied once more. f NULL: an attribute. */
static void event_value(const struct event *ev, const struct field *f, struct slice name, struct value *out)
{
	if (!ev)
		*out = value_unknown();
	else if (!f)
		attrs_value(ev->attrs, ev->attr_count, name, out);
	else if (f->kind == FIELD_TIME)
		*out = value_number((double)ev->time_ms);
	else
		text_at(ev, f, out);
}

struct slice ask_topic(const struct ask *ask)
{
	return ask->topic.len ? ask->topic : ask->intent;
}

static void request_value(const struct ask *ask, const struct field *f, struct slice name, struct value *out)
{
	if (!ask)
		*out = value_unknown();
	else if (!f)
		attrs_value(ask->attrs, ask->attr_count, name, out);
	else if (f->kind == FIELD_TIME)
		*out = value_number((double)ask->now_ms);
	else if (f->kind == FIELD_TOPIC)
		text_value(ask_topic(ask), out);
	else if (f->kind == FIELD_MOOD)
		*out = ask->has_mood ? value_number(ask->mood) : value_unknown();
	else
		text_at(ask, f, out);
}

struct value eval_event(const struct eval *e, struct slice name)
{
	struct value v;
	event_value(e->event, field_of(event_fields, name), name, &v);
	return v;
}

struct value eval_request(const struct eval *e, struct slice name)
{
	struct value v;
	request_value(e->ask, field_of(request_fields, name), name, &v);
	return v;
}

void eval_set_reads(struct eval *e, const struct pack *pack)
{
	free(e->reads);
	e->reads = must_calloc(pack->read_count + 1, sizeof(*e->reads));
	for (unsigned i = 0; i < pack->read_count; i++) {
		struct slice name = str_slice(pack->reads[i]);
		e->reads[i].event.field = field_of(event_fields, name);
		e->reads[i].request.field = field_of(request_fields, name);
	}
	e->occasion = 1;
}

void eval_event_look(struct eval *e, unsigned read)
{
	struct read_slot *slot = &e->reads[read].event;
	event_value(e->event, slot->field, str_slice(e->m->pack->reads[read]), &slot->value);
	slot->stamp = e->occasion;
}

void eval_request_look(struct eval *e, unsigned read)
{
	struct read_slot *slot = &e->reads[read].request;
	request_value(e->ask, slot->field, str_slice(e->m->pack->reads[read]), &slot->value);
	slot->stamp = e->occasion;
}

bool topic_covers(struct slice general, struct slice topic)
{
	if (!general.len || topic.len < general.len || memcmp(topic.data, general.data, general.len) != 0)
		return false;
	return topic.len == general.len || topic.data[general.len] == '/';
}

bool ask_asks_for(const struct ask *ask, const struct action_decl *a)
{
	struct slice topic = ask_topic(ask);
	for (unsigned i = 0; i < a->ask_count; i++)
		if (topic_covers(str_slice(a->asks[i]), ask->intent) || topic_covers(str_slice(a->asks[i]), topic))
			return true;
	return a->group && (topic_covers(str_slice(a->group), ask->intent) || topic_covers(str_slice(a->group), topic));
}

/* Names that say whom it is about, whatever the occasion says. */
static struct value whose_name(const struct eval *e, struct slice name)
{
	if (name_is(name, "member") && e->member && e->customer)
		return value_string(record_member_id(e->customer, e->member));
	if (name_is(name, "customer") && e->customer)
		return value_string(subject_id(&e->customer->subject));
	if (name_is(name, "agent") && e->subject && e->subject == e->agent)
		return value_string(subject_id(&e->agent->subject));
	return value_unknown();
}

struct value eval_name(struct eval *e, struct slice name)
{
	struct value v = whose_name(e, name);
	if (v.kind == VALUE_UNKNOWN)
		v = e->event ? eval_event(e, name) : eval_request(e, name);
	return v.kind != VALUE_UNKNOWN ? v : eval_attr_text(e, SCOPE_SUBJECT, name);
}

struct value leaf_name(struct eval *e, const struct term *t)
{
	struct value v = whose_name(e, str_slice(t->name));
	if (v.kind == VALUE_UNKNOWN)
		v = *eval_occasion_read(e, t->read);
	return v.kind != VALUE_UNKNOWN ? v : eval_attr(e, SCOPE_SUBJECT, t->name);
}

struct value leaf_event(struct eval *e, const struct term *t)
{
	return *eval_event_read(e, t->read);
}

struct value leaf_request(struct eval *e, const struct term *t)
{
	return *eval_request_read(e, t->read);
}

struct value leaf_now(struct eval *e, const struct term *t)
{
	return value_number((double)e->now_ms);
}

struct value leaf_asked(struct eval *e, const struct term *t)
{
	return value_bool(e->ask && e->action && ask_asks_for(e->ask, e->action));
}
