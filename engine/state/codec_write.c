/* state/codec_write.c: a record as bytes.
 *
 *   8  sequence     the newest entry applied
 *   8  version      RECORD_VERSION
 *      body         kind (1), id; newest (zigzag), late; redirect; then each part: its count and its items;
 *                   then to the end, where there is any: an action's model, a ledger's cells, or a customer's items
 *
 * Numbers are varints, times zigzag varints (of the timeline and of ids seen: the distance to the one before), values 8
 * bytes, strings spelled out. An absent string is an empty one.
 * Sets lie sorted in memory already (attrs, windows, timers, marks, links), lists in their own order, so that
 * equal states give equal bytes. The same encoder makes the digest's bytes: `digest` leaves out what two machines may
 * differ in (digest.c). */
#include "state/codec.h"

#include "state/inside.h"
#include "state/ledger.h"

static void put_text(struct bytes *out, const struct str *s)
{
	bytes_put_string(out, str_slice(s));
}

static void put_attr_value(struct bytes *out, const struct attr *a)
{
	put_text(out, a->name);
	bytes_put_u8(out, (uint8_t)a->kind);
	if (a->kind == VALUE_BOOL)
		bytes_put_u8(out, a->boolean);
	else if (a->kind == VALUE_NUMBER)
		bytes_put_f64(out, a->number);
	else
		put_text(out, a->string);
}

static void put_attrs(struct bytes *out, struct attrs a)
{
	bytes_put_varint(out, a.count);
	for (unsigned i = 0; i < a.count; i++) {
		put_attr_value(out, &a.items[i]);
		bytes_put_zigzag(out, a.items[i].time_ms);
	}
}

static void put_members(struct bytes *out, const struct record *r)
{
	bytes_put_varint(out, r->member_count);
	for (unsigned i = 1; i <= r->member_count; i++) {
		const struct member *m = &record_members(r)[i - 1];
		put_text(out, m->id);
		bytes_put_zigzag(out, m->joined_ms);
		bytes_put_zigzag(out, record_member_left_ms(r, (uint8_t)i));
		put_attrs(out, record_attrs(r, (uint8_t)i));
	}
}

static void put_windows(struct bytes *out, const struct record *r)
{
	bytes_put_varint(out, r->window_count);
	for (unsigned i = 0; i < r->window_count; i++) {
		const struct window *w = &record_windows(r)[i];
		bytes_put_u32(out, window_of(w)->series);
		bytes_put_u8(out, window_of(w)->member);
		bytes_put_string(out, window_key(w));
		window_encode(w, NULL, out);
	}
}

static void put_timeline(struct bytes *out, const struct record *r)
{
	int64_t before_ms = 0;
	bytes_put_varint(out, r->timeline_count);
	for (unsigned i = 0; i < r->timeline_count; i++) {
		const struct moment *m = &record_timeline(r)[i];
		bytes_put_zigzag(out, m->time_ms - before_ms);
		before_ms = m->time_ms;
		bytes_put_u8(out, m->member);
		put_text(out, m->what);
	}
}

static void put_cases(struct bytes *out, const struct record *r)
{
	bytes_put_varint(out, r->rare->case_count);
	for (unsigned i = 0; i < r->rare->case_count; i++) {
		const struct open_case *c = &r->rare->cases[i];
		bytes_put_u32(out, c->decl);
		bytes_put_u8(out, c->member);
		bytes_put_u8(out, c->state);
		bytes_put_u8(out, c->missed);
		put_text(out, c->key);
		put_text(out, c->agent);
		bytes_put_zigzag(out, c->opened_ms);
		bytes_put_zigzag(out, c->due_ms);
		bytes_put_zigzag(out, c->closed_ms);
	}
}

static void put_alerts(struct bytes *out, const struct record *r, bool digest)
{
	bytes_put_varint(out, r->rare->alert_count);
	for (unsigned i = 0; i < r->rare->alert_count; i++) {
		const struct alert *a = &r->rare->alerts[i];
		if (!digest) {
			bytes_put_varint(out, a->seq);
			bytes_put_varint(out, a->index);
		}
		bytes_put_u8(out, a->member);
		bytes_put_u8(out, a->state);
		bytes_put_u8(out, a->historical);
		put_text(out, a->rule);
		put_text(out, a->severity);
		put_text(out, a->to);
		bytes_put_string(out, slice_of(a->text));
		bytes_put_zigzag(out, a->time_ms);
		bytes_put_zigzag(out, a->expires_ms);
	}
}

/* What few outcomes say follows those that do: the kind has OUTCOME_HAS_MORE, then flags of what is said, then that. */
static void put_outcome_more(struct bytes *out, const struct outcome_more *m)
{
	bytes_put_u8(out, (uint8_t)((m->reason ? MORE_REASON : 0) | (m->terms ? MORE_TERMS : 0) |
				    (m->revenue ? MORE_REVENUE : 0) | (m->cost ? MORE_COST : 0) |
				    (m->until_ms ? MORE_UNTIL : 0)));
	if (m->reason)
		put_text(out, m->reason);
	if (m->terms)
		put_text(out, m->terms);
	if (m->revenue)
		bytes_put_zigzag(out, m->revenue);
	if (m->cost)
		bytes_put_zigzag(out, m->cost);
	if (m->until_ms)
		bytes_put_zigzag(out, m->until_ms);
}

static void put_outcomes(struct bytes *out, const struct record *r, bool digest)
{
	bytes_put_varint(out, r->rare->outcome_count);
	for (unsigned i = 0; i < r->rare->outcome_count; i++) {
		const struct outcome *o = &r->rare->outcomes[i];
		if (!digest) {
			bytes_put_varint(out, o->decision_boot);
			bytes_put_varint(out, o->decision_count);
		}
		put_text(out, o->action);
		put_text(out, o->channel);
		put_text(out, o->agent);
		bytes_put_u8(out, (uint8_t)(o->kind | (o->more ? OUTCOME_HAS_MORE : 0)));
		bytes_put_u8(out, o->member);
		bytes_put_zigzag(out, o->time_ms);
		if (o->more)
			put_outcome_more(out, o->more);
	}
}

static void put_timers(struct bytes *out, const struct record *r, bool digest)
{
	bytes_put_varint(out, r->rare->timer_count);
	for (unsigned i = 0; i < r->rare->timer_count; i++) {
		const struct timer *t = &r->rare->timers[i];
		bytes_put_zigzag(out, t->due_ms);
		if (!digest)
			bytes_put_zigzag(out, t->fire_ms);
		bytes_put_u32(out, t->decl);
		bytes_put_u8(out, t->member);
		put_text(out, t->key);
	}
}

static void put_marks_and_links(struct bytes *out, const struct record *r)
{
	bytes_put_varint(out, r->rare->mark_count);
	for (unsigned i = 0; i < r->rare->mark_count; i++) {
		bytes_put_u32(out, r->rare->marks[i].rule);
		bytes_put_u8(out, r->rare->marks[i].member);
		bytes_put_zigzag(out, r->rare->marks[i].time_ms);
	}
	bytes_put_varint(out, r->rare->link_count);
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		put_text(out, r->rare->links[i].id);
		put_text(out, r->rare->links[i].member);
		bytes_put_zigzag(out, r->rare->links[i].from_ms);
		bytes_put_zigzag(out, r->rare->links[i].to_ms);
	}
}

static void put_seen(struct bytes *out, const struct record *r)
{
	int64_t before_ms = 0;
	bytes_put_zigzag(out, r->seen_floor_ms);
	bytes_put_varint(out, r->seen_count);
	for (unsigned i = 0; i < r->seen_count; i++) {
		struct seen_id id = seen_at(r, i);
		bytes_put_u64(out, id.id);
		bytes_put_u32(out, id.content);
		bytes_put_zigzag(out, id.time_ms - before_ms);
		before_ms = id.time_ms;
	}
}

void record_put(const struct record *r, struct bytes *out, bool digest)
{
	bytes_put_u8(out, r->subject.kind);
	bytes_put_string(out, subject_id(&r->subject));
	bytes_put_zigzag(out, r->newest_ms);
	bytes_put_varint(out, r->rare->late);
	put_text(out, r->rare->redirect);
	put_attrs(out, record_attrs(r, 0));
	put_members(out, r);
	put_windows(out, r);
	put_timeline(out, r);
	put_cases(out, r);
	put_alerts(out, r, digest);
	put_outcomes(out, r, digest);
	put_timers(out, r, digest);
	put_marks_and_links(out, r);
	put_seen(out, r);
	if (r->rare->model)
		model_encode(r->rare->model, out, digest);
	else if (r->rare->ledger)
		ledger_encode(r->rare->ledger, out);
	else if (r->rare->item_count)
		items_encode(r, out);
}

void record_encode(const struct record *r, struct bytes *out)
{
	bytes_put_u64(out, r->seq);
	bytes_put_u64(out, RECORD_VERSION);
	record_put(r, out, false);
}
