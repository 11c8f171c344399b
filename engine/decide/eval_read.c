/* decide/eval_read.c: the leaves that read state or the occasion: attributes, the event's and request's values, alerts,
 * outcomes, tenure.
 *
 * Rules read their own subject. Decisions may read the agent and the area too: such a foreign read is recorded with its
 * value, or played back when a recorded decision is recomputed, in the same order.
 *
 * What an event or request says under a name is looked up once an occasion, for the names that the pack reads; names that
 * come from Lua are looked up as text. */
#include "decide/eval.h"

#include "base/check.h"

#include <stdio.h>
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

static struct value text_value(struct slice s)
{
	return s.len ? value_string(s) : value_unknown();
}

static struct value text_at(const void *of, const struct field *f)
{
	return text_value(*(const struct slice *)((const char *)of + f->offset));
}

static struct value attrs_value(const struct event_attr *attrs, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(attrs[i].name, name))
			return attrs[i].value;
	return value_unknown();
}

static struct value event_value(const struct event *ev, const struct field *f, struct slice name)
{
	if (!ev)
		return value_unknown();
	if (!f)
		return attrs_value(ev->attrs, ev->attr_count, name);
	return f->kind == FIELD_TIME ? value_number((double)ev->time_ms) : text_at(ev, f);
}

struct slice ask_topic(const struct ask *ask)
{
	return ask->topic.len ? ask->topic : ask->intent;
}

static struct value request_value(const struct ask *ask, const struct field *f, struct slice name)
{
	if (!ask)
		return value_unknown();
	if (!f)
		return attrs_value(ask->attrs, ask->attr_count, name);
	switch (f->kind) {
	case FIELD_TIME:
		return value_number((double)ask->now_ms);
	case FIELD_TOPIC:
		return text_value(ask_topic(ask));
	case FIELD_MOOD:
		return ask->has_mood ? value_number(ask->mood) : value_unknown();
	default:
		return text_at(ask, f);
	}
}

struct value eval_event(const struct eval *e, struct slice name)
{
	return event_value(e->event, field_of(event_fields, name), name);
}

struct value eval_request(const struct eval *e, struct slice name)
{
	return request_value(e->ask, field_of(request_fields, name), name);
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
	slot->value = event_value(e->event, slot->field, str_slice(e->m->pack->reads[read]));
	slot->stamp = e->occasion;
}

void eval_request_look(struct eval *e, unsigned read)
{
	struct read_slot *slot = &e->reads[read].request;
	slot->value = request_value(e->ask, slot->field, str_slice(e->m->pack->reads[read]));
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

static void foreign_record(struct eval *e, struct value v)
{
	struct foreign_reads *f = e->foreign;
	if (!f)
		return;
	if (f->count == f->cap) {
		unsigned cap = f->cap ? 2 * f->cap : 8;
		struct value *values = arena_alloc(&e->m->arena, cap * sizeof(*values));
		if (f->count)
			memcpy(values, f->values, f->count * sizeof(*values));
		f->values = values;
		f->cap = cap;
	}
	if (v.kind == VALUE_STRING)
		v.string = arena_slice(&e->m->arena, v.string);
	f->values[f->count++] = v;
}

/* The value recorded, when the decision is played back. False: to be read now. */
static bool foreign_played(struct eval *e, struct value *out)
{
	struct foreign_reads *f = e->foreign;
	if (!f || !f->play)
		return false;
	*out = f->next < f->count ? f->values[f->next] : value_unknown();
	f->next++;
	return true;
}

static struct value record_attr(const struct record *r, uint8_t member, const struct str *name)
{
	return r ? attr_value(attrs_get(attrs_of(r, member), name)) : value_unknown();
}

struct value eval_attr(struct eval *e, enum term_scope scope, const struct str *name)
{
	struct value v;
	if (scope == SCOPE_SUBJECT) {
		v = value_unknown();
		if (e->member && e->subject == e->customer)
			v = record_attr(e->subject, e->member, name);
		return v.kind != VALUE_UNKNOWN ? v : record_attr(e->subject, 0, name);
	}
	if (scope == SCOPE_CUSTOMER)
		return record_attr(e->customer, 0, name);
	if (scope == SCOPE_MEMBER)
		return e->member ? record_attr(e->customer, e->member, name) : value_unknown();
	const struct record *r = scope == SCOPE_AGENT ? e->agent : e->area;
	if (r && r == e->subject)
		return record_attr(r, 0, name);
	if (foreign_played(e, &v))
		return v;
	v = record_attr(r, 0, name);
	foreign_record(e, v);
	return v;
}

struct value eval_attr_text(struct eval *e, enum term_scope scope, struct slice name)
{
	return eval_attr(e, scope, strpool_find(e->m->pool, name));
}

/* Names that say whom it is about, whatever the occasion says. */
static struct value whose_name(const struct eval *e, struct slice name)
{
	if (name_is(name, "member") && e->member && e->customer)
		return value_string(str_slice(e->customer->members[e->member - 1].id));
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

static struct value eval_name_term(struct eval *e, const struct term *t)
{
	struct value v = whose_name(e, str_slice(t->name));
	if (v.kind == VALUE_UNKNOWN)
		v = *eval_occasion_read(e, t->read);
	return v.kind != VALUE_UNKNOWN ? v : eval_attr(e, SCOPE_SUBJECT, t->name);
}

/* Of the bound member where the rule is about members; of all where nobody is bound. */
static struct value eval_open_alert(const struct eval *e, const struct record *r, const struct term *t)
{
	uint8_t member = t->scope == SCOPE_MEMBER ? e->member : 0;
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		const struct alert *a = &r->rare->alerts[i];
		if (a->rule == t->name && alert_is_open(a, e->now_ms) && (member == 0 || a->member == member))
			return value_bool(true);
	}
	return value_bool(false);
}

static struct value eval_outcomes(const struct eval *e, const struct term *t)
{
	const struct record *r = e->customer;
	const struct pack *p = e->m->pack;
	unsigned n = 0;
	if (!r)
		return value_unknown();
	int64_t from = span_from(t->outcomes.span, p->zone, e->now_ms);
	for (unsigned i = 0; i < r->rare->outcome_count; i++) {
		const struct outcome *o = &r->rare->outcomes[i];
		if (o->time_ms <= from || o->time_ms > e->now_ms || (t->outcomes.kind && o->kind != t->outcomes.kind))
			continue;
		if (t->outcomes.action && t->outcomes.action != o->action)
			continue;
		if (t->outcomes.group || t->outcomes.goal) {
			int a = pack_action(p, o->action);
			if (a < 0 || (t->outcomes.group && p->actions[a].group != t->outcomes.group) ||
			    (t->outcomes.goal && p->actions[a].goal != t->outcomes.goal))
				continue;
		}
		n++;
	}
	return value_number(n);
}

int64_t record_first_ms(const struct record *r)
{
	int64_t first = INT64_MAX;
	for (unsigned i = 0; i < r->window_count; i++) {
		int64_t t = window_first_ms(&r->windows[i].window);
		first = t < first ? t : first;
	}
	if (r->timeline_count && r->timeline[0].time_ms < first)
		first = r->timeline[0].time_ms;
	for (unsigned i = 0; i < r->rare->link_count; i++)
		first = r->rare->links[i].from_ms < first ? r->rare->links[i].from_ms : first;
	for (unsigned i = 0; i < r->attrs.count; i++)
		first = r->attrs.items[i].time_ms < first ? r->attrs.items[i].time_ms : first;
	return first;
}

/* Days since 1970 of a civil date (proleptic Gregorian). */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t yoe = year - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* `since` as an attribute: a number is UTC milliseconds, a text begins with a date, 2019-05-31. */
static bool since_ms(struct value v, int64_t *out)
{
	char text[11];
	int year, month, day;
	if (v.kind == VALUE_NUMBER && v.number > -1e15 && v.number < 1e15) {
		*out = (int64_t)v.number;
		return true;
	}
	if (v.kind != VALUE_STRING || v.string.len < 10)
		return false;
	memcpy(text, v.string.data, 10);
	text[10] = 0;
	if (sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*out = days_of(year, month, day) * 86400000;
	return true;
}

static struct value eval_tenure(struct eval *e)
{
	int64_t since;
	if (!e->subject)
		return value_unknown();
	if (!since_ms(eval_attr_text(e, SCOPE_SUBJECT, SLICE("since")), &since)) {
		since = record_first_ms(e->subject);
		if (since == INT64_MAX)
			return value_unknown();
	}
	return since > e->now_ms ? value_number(0) : value_number((double)(e->now_ms - since) / 1000);
}

/* Series, cases and alerts live in the record of whom they are about. */
static struct value eval_kept(struct eval *e, const struct term *t, uint8_t about)
{
	const struct record *r = about == ABOUT_AGENT ? e->agent : about == ABOUT_AREA ? e->area : e->customer;
	bool foreign = (about == ABOUT_AGENT || about == ABOUT_AREA) && (!r || r != e->subject);
	struct value v;
	if (foreign && foreign_played(e, &v))
		return v;
	if (!r)
		v = value_unknown();
	else
		v = t->op == TERM_SERIES ? eval_series(e, r, t)
		    : t->op == TERM_CASE ? eval_case(e, r, t)
					 : eval_open_alert(e, r, t);
	if (foreign)
		foreign_record(e, v);
	return v;
}

static uint8_t about_of_scope(uint8_t scope)
{
	return scope == SCOPE_AGENT ? ABOUT_AGENT : scope == SCOPE_AREA ? ABOUT_AREA : ABOUT_CUSTOMER;
}

struct value eval_leaf(struct eval *e, const struct term *t)
{
	const struct pack *p = e->m->pack;
	switch (t->op) {
	case TERM_ATTR:
		return eval_attr(e, t->scope, t->name);
	case TERM_EVENT:
		return *eval_event_read(e, t->read);
	case TERM_REQUEST:
		return *eval_request_read(e, t->read);
	case TERM_NAME:
		return eval_name_term(e, t);
	case TERM_SERIES:
		return eval_kept(e, t, p->series[t->series.index].about);
	case TERM_CASE:
		return eval_kept(e, t, p->cases[t->open_case.index].about);
	case TERM_OPEN_ALERT:
		return eval_kept(e, t, about_of_scope(t->scope));
	case TERM_OUTCOMES:
		return eval_outcomes(e, t);
	case TERM_TENURE:
		return eval_tenure(e);
	case TERM_NOW:
		return value_number((double)e->now_ms);
	case TERM_ASKED:
		return value_bool(e->ask && e->action && ask_asks_for(e->ask, e->action));
	default:
		return value_unknown();
	}
}
