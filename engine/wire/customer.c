/* wire/customer.c: a whole record as a Customer message. Names of series and cases are the active pack's; data of
 * declarations that it does not have any more shows as "#" and the declaration's identity. */
#include "wire/response.h"

#include "state/terms.h"

#include "base/limits.h"
#include "wire/decision.h"
#include "wire/envelope.h"

#include <stdio.h>

#define UNKNOWN_NAME_BYTES 12

static struct slice name_of(struct slice (*lookup)(void *, uint32_t), void *arg, uint32_t id,
			    char buffer[UNKNOWN_NAME_BYTES])
{
	struct slice name = lookup ? lookup(arg, id) : (struct slice){ NULL, 0 };
	if (name.data)
		return name;
	int len = snprintf(buffer, UNKNOWN_NAME_BYTES, "#%08x", id);
	return (struct slice){ buffer, (size_t)len };
}

static struct slice member_of(const struct record *r, uint8_t member)
{
	if (member == 0 || member > r->member_count)
		return (struct slice){ NULL, 0 };
	return record_member_id(r, member);
}

static void put_held(struct bytes *out, uint32_t field, const struct record *r, uint8_t member)
{
	struct attrs attrs = record_attrs(r, member);
	for (unsigned i = 0; i < attrs.count; i++) {
		const struct attr *a = &attrs.items[i];
		size_t mark = put_begin(out, field);
		put_attribute(out, 1, str_slice(a->name), attr_value(a));
		put_number(out, 2, (uint64_t)a->time_ms);
		origins_encode(out, 3, r, member, str_slice(a->name));
		put_end(out, mark);
	}
}

static void put_members(struct bytes *out, const struct record *r)
{
	for (unsigned i = 1; i <= r->member_count; i++) {
		const struct member *m = &record_members(r)[i - 1];
		size_t mark = put_begin(out, 4);
		put_text(out, 1, str_slice(m->id));
		put_number(out, 2, (uint64_t)m->joined_ms);
		put_number(out, 3, (uint64_t)record_member_left_ms(r, (uint8_t)i));
		put_held(out, 4, r, (uint8_t)i);
		put_end(out, mark);
	}
}

static void put_timeline(struct bytes *out, const struct record *r)
{
	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct moment *m = &record_timeline(r)[i];
		struct happening what;
		moment_read(m, &what);
		size_t mark = put_begin(out, 5);
		put_number(out, 1, (uint64_t)m->time_ms);
		put_text(out, 2, what.type);
		put_text(out, 3, what.channel);
		put_text(out, 4, member_of(r, m->member));
		put_text(out, 5, what.agent);
		put_text(out, 6, what.contact);
		for (unsigned k = 0; k < what.field_count; k++)
			put_attribute(out, 7, what.fields[k].name, what.fields[k].value);
		put_end(out, mark);
	}
}

static void put_series(struct bytes *out, const struct record *r, const struct wire_names *names)
{
	const struct window_spec any = { .keeping = WINDOW_EXACT }; /* sums go by what the window itself keeps */
	for (unsigned i = 0; i < r->window_count; i++) {
		const struct window *w = &record_windows(r)[i];
		struct window_sums sums;
		char buffer[UNKNOWN_NAME_BYTES];
		window_sum(w, &any, INT64_MIN / 4, window_newest_ms(w), NULL, &sums);
		size_t mark = put_begin(out, 6);
		put_text(out, 1, name_of(names->series, names->arg, window_of(w)->series, buffer));
		put_text(out, 2, member_of(r, window_of(w)->member));
		put_text(out, 3, window_key(w));
		put_number(out, 4, sums.count);
		put_double(out, 5, sums.sum);
		put_double(out, 6, sums.min);
		put_double(out, 7, sums.max);
		put_number(out, 8, (uint64_t)window_first_ms(w));
		put_number(out, 9, (uint64_t)window_newest_ms(w));
		put_end(out, mark);
	}
}

static void put_cases(struct bytes *out, const struct record *r, const struct wire_names *names)
{
	for (unsigned i = 0; i < r->rare->case_count; i++) {
		const struct open_case *c = &r->rare->cases[i];
		char buffer[UNKNOWN_NAME_BYTES];
		size_t mark = put_begin(out, 7);
		put_text(out, 1, name_of(names->open_case, names->arg, c->decl, buffer));
		put_text(out, 2, str_slice(c->key));
		put_text(out, 3, member_of(r, c->member));
		put_text(out, 4, str_slice(c->agent));
		put_text(out, 5, c->state == CASE_OPEN ? SLICE("open") : SLICE("closed"));
		put_number(out, 6, c->missed);
		put_number(out, 7, (uint64_t)c->opened_ms);
		put_number(out, 8, (uint64_t)c->due_ms);
		put_number(out, 9, (uint64_t)c->closed_ms);
		put_end(out, mark);
	}
}

static struct slice alert_state(const struct alert *a, int64_t now_ms)
{
	if (alert_is_open(a, now_ms))
		return SLICE("open");
	if (a->historical)
		return SLICE("historical");
	if (a->state == ALERT_OPEN)
		return SLICE("expired");
	return a->state == ALERT_ACKNOWLEDGED ? SLICE("acknowledged") : SLICE("closed");
}

static void put_alerts(struct bytes *out, const struct record *r, int64_t now_ms)
{
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		const struct alert *a = &r->rare->alerts[i];
		struct wire_alert w = {
			.seq = a->seq,
			.index = a->index,
			.rule = str_slice(a->rule),
			.severity = str_slice(a->severity),
			.to = str_slice(a->to),
			.subject = subject_id(&r->subject),
			.subject_kind = slice_of(subject_kind_name(r->subject.kind)),
			.member = member_of(r, a->member),
			.text = slice_of(a->text),
			.state = alert_state(a, now_ms),
			.kind = alert_is_nudge(a) ? SLICE("nudge") : SLICE("alert"),
			.time_ms = a->time_ms,
			.expires_ms = a->expires_ms,
			.historical = a->historical,
		};
		size_t mark = put_begin(out, 8);
		alert_encode(&w, out);
		put_end(out, mark);
	}
}

static void put_outcome_more(struct bytes *out, const struct outcome_more *more, struct slice currency)
{
	struct slice rest = str_slice(more->terms), name;
	struct value v;
	put_text(out, 8, str_slice(more->reason));
	put_number(out, 9, (uint64_t)more->until_ms);
	while (terms_take(&rest, &name, &v))
		put_attribute(out, 11, name, v);
	if (!more->revenue && !more->cost)
		return;
	size_t mark = put_begin(out, 10);
	put_number(out, 1, (uint64_t)more->revenue);
	put_number(out, 2, (uint64_t)more->cost);
	put_text(out, 3, currency);
	put_end(out, mark);
}

static void put_outcomes(struct bytes *out, const struct record *r, struct slice currency)
{
	for (unsigned i = 0; i < r->rare->outcome_count; i++) {
		const struct outcome *o = &r->rare->outcomes[i];
		char decision[DECISION_TEXT_BYTES];
		size_t mark = put_begin(out, 9);
		if (o->decision_boot || o->decision_count)
			put_text(out, 1, decision_format(o->decision_boot, o->decision_count, decision));
		put_text(out, 2, str_slice(o->action));
		put_text(out, 3, str_slice(o->channel));
		put_text(out, 4, slice_of(outcome_name(o->kind)));
		put_text(out, 5, member_of(r, o->member));
		put_text(out, 6, str_slice(o->agent));
		put_number(out, 7, (uint64_t)o->time_ms);
		if (o->more)
			put_outcome_more(out, o->more, currency);
		put_end(out, mark);
	}
}

static void put_links(struct bytes *out, const struct record *r)
{
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		const struct link *l = &r->rare->links[i];
		size_t mark = put_begin(out, 10);
		put_text(out, 1, str_slice(l->id));
		put_text(out, 2, str_slice(l->member));
		put_number(out, 3, (uint64_t)l->from_ms);
		put_number(out, 4, (uint64_t)l->to_ms);
		put_end(out, mark);
	}
}

static void put_timers(struct bytes *out, const struct record *r, const struct wire_names *names)
{
	for (unsigned i = 0; i < r->rare->timer_count; i++) {
		const struct timer *t = &r->rare->timers[i];
		char buffer[UNKNOWN_NAME_BYTES];
		size_t mark = put_begin(out, 14);
		put_text(out, 1, name_of(names->open_case, names->arg, t->decl, buffer));
		put_text(out, 2, str_slice(t->key));
		put_text(out, 3, member_of(r, t->member));
		put_number(out, 4, (uint64_t)t->due_ms);
		put_end(out, mark);
	}
}

static void put_facts(struct bytes *out, const struct wire_fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t mark = put_begin(out, 15);
		put_text(out, 1, facts[i].name);
		put_text(out, 2, facts[i].member);
		put_attribute(out, 3, facts[i].name, facts[i].value);
		put_end(out, mark);
	}
}

void customer_encode(struct bytes *out, const struct record *r, const struct wire_names *names,
		     const struct wire_fact *facts, size_t fact_count, struct slice merged_from, int64_t now_ms)
{
	const struct wire_names none = { .arg = NULL };
	names = names ? names : &none;
	put_text(out, 1, subject_id(&r->subject));
	put_text(out, 2, slice_of(subject_kind_name(r->subject.kind)));
	put_held(out, 3, r, 0);
	put_members(out, r);
	put_timeline(out, r);
	put_series(out, r, names);
	put_cases(out, r, names);
	put_alerts(out, r, now_ms);
	put_outcomes(out, r, names->currency);
	put_links(out, r);
	put_number(out, 11, r->seq);
	put_number(out, 12, r->rare->late);
	put_text(out, 13, merged_from);
	put_timers(out, r, names);
	put_facts(out, facts, fact_count);
	if (names->relationship)
		relationship_encode(out, 16, names->relationship);
	put_texts(out, 17, names->expects, names->expect_count);
	if (names->strain)
		strain_encode(out, 18, names->strain);
}

void response_customer_known(struct bytes *out, uint64_t request_id, const struct record *r)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_CUSTOMER);
	put_text(out, 1, subject_id(&r->subject));
	put_text(out, 2, slice_of(subject_kind_name(r->subject.kind)));
	put_number(out, 11, r->seq);
	envelope_end(out, e);
}

void response_customer(struct bytes *out, uint64_t request_id, const struct record *r, const struct wire_names *names,
		       const struct wire_fact *facts, size_t fact_count, struct slice merged_from, int64_t now_ms)
{
	struct envelope e = envelope_begin(out, request_id, RESPONSE_CUSTOMER);
	customer_encode(out, r, names, facts, fact_count, merged_from, now_ms);
	envelope_end(out, e);
}
