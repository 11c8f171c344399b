/* decide/eval_read.c: the leaves that read state: attributes, series, cases, alerts, outcomes, tenure.
 *
 * Rules read their own subject. Decisions may read the agent and the area too: such a foreign read is recorded with its
 * value, or played back when a recorded decision is recomputed, in the same order. */
#include "decide/segments.h"

#include <stdio.h>

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

/* With somebody who looks on: what is recorded, or played back, is what they make of it. */
static struct value foreign_looked(struct eval *e, uint64_t what, struct value own)
{
	struct foreign_reads *f = e->foreign;
	struct value v = own;
	bool played = foreign_played(e, &v);
	f->look(f->arg, what, own, &v);
	if (!played)
		foreign_record(e, v);
	return v;
}

struct value eval_foreign(struct eval *e, uint64_t what, struct value own)
{
	struct value v;
	if (e->foreign && e->foreign->look)
		return foreign_looked(e, what, own);
	if (foreign_played(e, &v))
		return v;
	foreign_record(e, own);
	return own;
}

static uint64_t whose(const struct record *r, enum term_scope scope)
{
	return r ? hash64(subject_id(&r->subject), scope) : scope;
}

static struct value record_attr(const struct record *r, uint8_t member, const struct str *name)
{
	return r ? attr_value(attrs_get(record_attrs(r, member), name)) : value_unknown();
}

/* The bound member's where it has one, else the subject's own. */
static struct value subject_attr(const struct eval *e, const struct str *name)
{
	const struct attr *a = NULL;
	if (e->member && e->subject == e->customer && e->subject)
		a = attrs_get(record_attrs(e->subject, e->member), name);
	if (!a && e->subject)
		a = attrs_get(record_attrs(e->subject, 0), name);
	return attr_value(a);
}

struct value eval_attr(struct eval *e, enum term_scope scope, const struct str *name)
{
	struct value v;
	if (scope == SCOPE_SUBJECT)
		return subject_attr(e, name);
	if (scope == SCOPE_CUSTOMER)
		return record_attr(e->customer, 0, name);
	if (scope == SCOPE_MEMBER)
		return e->member ? record_attr(e->customer, e->member, name) : value_unknown();
	const struct record *r = scope == SCOPE_AGENT ? e->agent : e->area;
	if (r && r == e->subject)
		return record_attr(r, 0, name);
	if (e->foreign && e->foreign->look)
		return foreign_looked(e, hash64(str_slice(name), whose(r, scope)), record_attr(r, 0, name));
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

/* A nudge to another member than the one it is about: that it lies there says nothing of its addressee. */
static bool is_addressed(const struct eval *e, const struct alert *a)
{
	const struct pack *p = e->m->pack;
	int rule = alert_is_nudge(a) ? pack_rule(p, a->rule) : -1;
	return rule >= 0 && p->rules[rule].nudge.to_attr != NULL;
}

/* Of the bound member where the rule is about members; of all where nobody is bound. */
static struct value eval_open_alert(struct eval *e, const struct record *r, const struct term *t)
{
	uint8_t member = t->scope == SCOPE_MEMBER ? e->member : 0;
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		const struct alert *a = &r->rare->alerts[i];
		if (a->rule == t->name && alert_is_open(a, e->now_ms) && (member == 0 || a->member == member) && !is_addressed(e, a))
			return value_bool(true);
	}
	return value_bool(false);
}

struct value leaf_outcomes(struct eval *e, const struct term *t)
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
		int64_t t = window_first_ms(&record_windows(r)[i]);
		first = t < first ? t : first;
	}
	if (r->timeline_count && record_timeline(r)[0].time_ms < first)
		first = record_timeline(r)[0].time_ms;
	for (unsigned i = 0; i < r->rare->link_count; i++)
		first = r->rare->links[i].from_ms < first ? r->rare->links[i].from_ms : first;
	for (unsigned i = 0; i < r->attr_count; i++)
		first = record_own_attrs(r)[i].time_ms < first ? record_own_attrs(r)[i].time_ms : first;
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

struct value leaf_tenure(struct eval *e, const struct term *t)
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

typedef struct value read_function(struct eval *e, const struct record *r, const struct term *t);

/* What a term reads, by its text and, of a series, by its definition: two packs may give one name to two of them. */
static uint64_t kept_what(struct eval *e, const struct record *r, const struct term *t, uint8_t about)
{
	struct bytes text = { 0 };
	term_text(t, e->m->pack, &text);
	if (t->op == TERM_SERIES) {
		bytes_put_u32(&text, e->m->pack->series[t->series.index].id);
		bytes_put_varint(&text, t->series.at_least_days);
		bytes_put_u8(&text, t->series.of_values);
	} else if (t->op == TERM_CASE) {
		bytes_put_u32(&text, e->m->pack->cases[t->open_case.index].id);
	}
	uint64_t what = hash64(bytes_slice(&text), whose(r, about == ABOUT_AGENT ? SCOPE_AGENT : SCOPE_AREA));
	bytes_finish(&text);
	return what;
}

static struct value foreign_kept(struct eval *e, const struct record *r, const struct term *t, uint8_t about,
				 read_function *read)
{
	struct value v;
	if (e->foreign && e->foreign->look)
		return foreign_looked(e, kept_what(e, r, t, about), r ? read(e, r, t) : value_unknown());
	if (foreign_played(e, &v))
		return v;
	v = r ? read(e, r, t) : value_unknown();
	foreign_record(e, v);
	return v;
}

/* Series, cases and alerts live in the record of whom they are about. */
static inline struct value kept(struct eval *e, const struct term *t, uint8_t about, read_function *read)
{
	if (about == ABOUT_CUSTOMER || about == ABOUT_MEMBER)
		return e->customer ? read(e, e->customer, t) : value_unknown();
	const struct record *r = about == ABOUT_AGENT ? e->agent : e->area;
	return r && r == e->subject ? read(e, r, t) : foreign_kept(e, r, t, about, read);
}

struct value leaf_series(struct eval *e, const struct term *t)
{
	return kept(e, t, e->m->pack->series[t->series.index].about, eval_series);
}

struct value leaf_case(struct eval *e, const struct term *t)
{
	return kept(e, t, e->m->pack->cases[t->open_case.index].about, eval_case);
}

struct value leaf_open_alert(struct eval *e, const struct term *t)
{
	uint8_t about = t->scope == SCOPE_AGENT ? ABOUT_AGENT : t->scope == SCOPE_AREA ? ABOUT_AREA : ABOUT_CUSTOMER;
	return kept(e, t, about, eval_open_alert);
}

struct value leaf_in_segment(struct eval *e, const struct term *t)
{
	const struct segment_decl *s = pack_segment(e->m->pack, t->name);
	return e->customer && s ? value_bool(is_member(e->customer, s)) : value_unknown();
}

struct value leaf_attr(struct eval *e, const struct term *t)
{
	return eval_attr(e, t->scope, t->name);
}
