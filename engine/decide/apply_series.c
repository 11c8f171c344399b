/* decide/apply_series.c: events counted into windows, and what rules add to tallies. */
#include "decide/applying.h"
#include "state/spells.h"

static void window_count(struct applying *a, const struct series_decl *s, uint8_t member, struct slice key,
			 int64_t time_ms, double value)
{
	struct window_undo undo;
	struct window *w = record_window(a->record, a->m->pool, s->id, member, key, &s->window);
	if (!window_add(w, &s->window, a->m->pack->zone, time_ms, value, s->looked_past ? &undo : NULL))
		record_late(a->record);
	else if (s->looked_past)
		eval_touch(a->e, a->record, w, &undo);
}

/* Text counts for `distinct` only: by a hash that a double holds exactly. */
static bool series_value(struct applying *a, const struct series_decl *s, double *out)
{
	*out = 1;
	if (!s->value)
		return true;
	struct value v = *eval_event_read(a->e, s->value_read);
	if (v.kind == VALUE_UNKNOWN)
		return false; /* unknown is not 0 */
	if (v.kind == VALUE_NUMBER)
		*out = v.number;
	else if (v.kind == VALUE_BOOL)
		*out = v.boolean;
	else
		*out = (double)(hash64(v.string, 0) >> 11);
	return true;
}

/* What the event means to an agent's spells of work. True: it begins one, and counts like the event of any series. */
static bool apply_spell(struct applying *a, const struct series_decl *s)
{
	const struct event *e = a->e->event;
	unsigned which = 0;
	while (which < s->on_count && !slice_equal(str_slice(s->on[which]), e->type))
		which++;
	if (which < s->starts)
		spells_begin(a->record, a->m->pool, s->id, e->contact, e->time_ms);
	else if (which < s->starts + s->ends)
		spells_end(a->record, s->id, e->contact, e->time_ms);
	else
		spells_break(a->record, a->m->pool, s->id, e->time_ms);
	return which < s->starts;
}

/* Of the occasion's event and member. */
void apply_series(struct applying *a, const unsigned *series, unsigned count)
{
	const struct pack *p = a->m->pack;
	for (unsigned i = 0; i < count; i++) {
		const struct series_decl *s = &p->series[series[i]];
		char buffer[LIMIT_KEY_BYTES];
		struct slice key;
		double value;
		if (s->about == ABOUT_MEMBER && !a->e->member)
			continue;
		if (s->where && !eval_is_true(eval_term(a->e, s->where)))
			continue;
		if (s->starts && !apply_spell(a, s))
			continue;
		if (!series_value(a, s, &value))
			continue;
		eval_key(a->e, s, buffer, &key);
		window_count(a, s, s->about == ABOUT_MEMBER ? a->e->member : 0, key, a->e->event->time_ms, value);
	}
	if (count)
		eval_fresh(a->e);
}

/* True: the tally is not kept in this record. The target's kind is SUBJECT_NONE where the event names nobody. */
bool tally_has_target(const struct applying *a, unsigned series, struct subject *target)
{
	uint8_t about = a->m->pack->series[series].about, kind = a->record->subject.kind;
	const struct event *e = a->e->event;
	*target = (struct subject){ .kind = SUBJECT_NONE };
	if (about == ABOUT_AGENT && kind != SUBJECT_AGENT) {
		if (e->agent.len)
			*target = subject_of(SUBJECT_AGENT, e->agent);
		return true;
	}
	if (about == ABOUT_AREA && kind != SUBJECT_AREA) {
		const struct event_attr *area = event_attr(e, SLICE("area"));
		if (area && area->value.kind == VALUE_STRING && area->value.string.len &&
		    area->value.string.len <= LIMIT_ID_BYTES)
			*target = subject_of(SUBJECT_AREA, area->value.string);
		return true;
	}
	if (about == ABOUT_CUSTOMER || about == ABOUT_MEMBER)
		return kind != SUBJECT_CUSTOMER;
	return false;
}

/* Its body: series u32, key string, time zigzag, amount f64. */
static void tally_send(struct applying *a, const struct series_decl *s, const struct subject *target, struct slice key,
		       double amount)
{
	struct bytes body = { 0 };
	bytes_put_u32(&body, s->id);
	bytes_put_string(&body, key);
	bytes_put_zigzag(&body, a->now_ms);
	bytes_put_f64(&body, amount);
	applying_effect(a, EFFECT_TALLY, target, bytes_slice(&body));
	bytes_finish(&body);
}

void apply_tally(struct applying *a, unsigned series, double amount)
{
	const struct series_decl *s = &a->m->pack->series[series];
	char buffer[LIMIT_KEY_BYTES];
	struct slice key;
	struct subject target;
	eval_key(a->e, s, buffer, &key);
	if (!tally_has_target(a, series, &target)) {
		if (s->about != ABOUT_MEMBER || a->e->member)
			window_count(a, s, s->about == ABOUT_MEMBER ? a->e->member : 0, key, a->now_ms, amount);
	} else if (target.kind != SUBJECT_NONE) {
		tally_send(a, s, &target, key, amount);
	}
}

/* A series that the pack no longer declares is not counted. */
void apply_tally_effect(struct applying *a, struct slice body)
{
	struct reader r = reader_of(body);
	const struct series_decl *s = pack_series_by_id(a->m->pack, reader_u32(&r));
	struct slice key = reader_string(&r);
	int64_t time_ms = reader_zigzag(&r);
	double amount = reader_f64(&r);
	if (!r.bad && s)
		window_count(a, s, 0, key, time_ms, amount);
}
