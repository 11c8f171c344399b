/* decide/apply_segments.c: memberships of segments, kept up to date as entries are applied. A segment is looked at after the
 * event types that it is on (type_index has them as bits, so an event that concerns none pays one comparison), when its
 * `again` is over, when the customer is new, and by a walk over all customers after an activation.
 *
 * Segments are looked at once an entry, in order of declaration, when all rules on the entry have run. Entering and leaving
 * are happenings that series and rules may be on; what those change is seen at the next look. */
#include "decide/segments.h"

#include "decide/counting.h"

#include <stdlib.h>

bool is_member(const struct record *r, const struct segment_decl *s)
{
	return items_of(r, ITEM_SEGMENT, s->id).count > 0;
}

static void count_member(struct applying *a, struct slice segment, int64_t amount)
{
	count_add(a, LEDGER_SEGMENTS, 0, &segment, SEGMENTS_MEMBERS, amount);
}

static void count_move(struct applying *a, struct slice segment, enum segment_move move)
{
	count_add(a, LEDGER_SEGMENT_MOVES, a->e->now_ms, &segment, move, 1);
}

/* segment.NAME.entered and .left, with the attributes segment and, of who leaves, since. */
static void happen(struct applying *a, const struct segment_decl *s, const struct str *type, int64_t since_ms)
{
	const struct type_index *index = pack_type(a->m->pack, type);
	if (!index)
		return;
	struct event *e = arena_calloc(&a->m->arena, 1, sizeof(*e));
	struct event_attr *attrs = arena_alloc(&a->m->arena, 2 * sizeof(*attrs));
	attrs[0] = (struct event_attr){ SLICE("segment"), value_string(str_slice(s->name)) };
	attrs[1] = (struct event_attr){ SLICE("since"), value_number((double)since_ms) };
	*e = (struct event){ .customer = subject_id(&a->record->subject), .type = str_slice(type), .time_ms = a->e->now_ms,
			     .attrs = attrs, .attr_count = 2 };
	applying_occasion(a, e, 0);
	apply_series(a, index->series, index->series_count);
	apply_closers(a, index, 0);
	apply_rules(a, index->rules, index->rule_count);
	applying_occasion(a, NULL, 0);
}

static bool enter(struct applying *a, unsigned i)
{
	const struct segment_decl *s = &a->m->pack->segments[i];
	if (!items_add(a->record, a->m->pool, ITEM_SEGMENT, s->id, str_slice(s->name), 0, a->e->now_ms, 1))
		return false; /* the record is full (limit_items) */
	count_member(a, str_slice(s->name), 1);
	count_move(a, str_slice(s->name), SEGMENT_ENTERED);
	eval_fresh(a->e);
	happen(a, s, s->entered_type, a->e->now_ms);
	campaigns_entered(a, i);
	return true;
}

static void leave(struct applying *a, unsigned i)
{
	const struct segment_decl *s = &a->m->pack->segments[i];
	struct item *item = items_of(a->record, ITEM_SEGMENT, s->id).items;
	int64_t since_ms = item->time_ms;
	items_remove(a->record, a->m->pool, item);
	count_member(a, str_slice(s->name), -1);
	count_move(a, str_slice(s->name), SEGMENT_LEFT);
	eval_fresh(a->e);
	happen(a, s, s->left_type, since_ms);
	campaigns_left(a, i);
}

static bool has_timer(const struct record *r, uint32_t decl, struct slice key)
{
	for (unsigned i = 0; i < r->rare->timer_count; i++)
		if (r->rare->timers[i].decl == decl && slice_equal(str_slice(r->rare->timers[i].key), key))
			return true;
	return false;
}

static void look_again_later(struct applying *a, const struct segment_decl *s)
{
	struct slice name = str_slice(s->name);
	int64_t due_ms = a->in->received_at_ms + s->again_ms;
	if (s->again_ms && !has_timer(a->record, TIMER_SEGMENT, name))
		(void)timers_add(a->record, a->m->pool, due_ms, due_ms, TIMER_SEGMENT, 0, name);
}

/* True: it changed. */
static bool look(struct applying *a, unsigned i)
{
	const struct segment_decl *s = &a->m->pack->segments[i];
	struct eval *e = a->e;
	bool member = is_member(a->record, s);
	e->aborted = false;
	e->member = 0;
	bool holds = eval_truth(e, s->when) == TERNARY_TRUE;
	look_again_later(a, s);
	e->member = 0;
	if (e->aborted || holds == member)
		return false;
	if (holds)
		return enter(a, i);
	leave(a, i);
	return true;
}

/* An event that came late says how it was then; who is a member is a matter of the newest that is known. */
void apply_segments(struct applying *a, uint64_t segments)
{
	const struct pack *p = a->m->pack;
	struct eval *e = a->e;
	const struct event *event = e->event;
	uint8_t member = e->member;
	int64_t now_ms = e->now_ms;
	if (!segments || a->record->subject.kind != SUBJECT_CUSTOMER || a->record->rare->redirect)
		return;
	applying_occasion(a, NULL, 0);
	e->now_ms = a->record->newest_ms > now_ms ? a->record->newest_ms : now_ms;
	for (unsigned i = 0; i < p->segment_count; i++) {
		if (!(segments >> i & 1) || !look(a, i))
			continue;
		/* Those below that stand on this one. */
		const struct type_index *entered = pack_type(p, p->segments[i].entered_type);
		if (entered)
			segments |= entered->segments & ~(2 * (1ull << i) - 1);
	}
	e->now_ms = now_ms;
	applying_occasion(a, event, member);
}

void apply_segment_again(struct applying *a, struct slice name)
{
	const struct pack *p = a->m->pack;
	for (unsigned i = 0; i < p->segment_count; i++)
		if (slice_equal(str_slice(p->segments[i].name), name))
			a->look |= 1ull << i;
}

void segments_gone(struct applying *a)
{
	struct rare *rare = a->record->rare;
	for (unsigned i = 0; i < rare->item_count; i++)
		if (rare->items[i].kind == ITEM_SEGMENT)
			count_member(a, arena_slice(&a->m->arena, item_key(&rare->items[i])), -1);
}

static bool holds_membership(const struct memberships *m, uint32_t id)
{
	for (unsigned i = 0; i < m->count; i++)
		if (m->ids[i] == id)
			return true;
	return false;
}

void memberships_of(const struct record *r, struct memberships *out)
{
	out->count = 0;
	for (unsigned i = 0; i < r->rare->item_count; i++)
		if (r->rare->items[i].kind == ITEM_SEGMENT)
			out->ids[out->count++] = r->rare->items[i].decl;
}

/* Of two memberships of one segment the older one stays. */
void segments_joined(struct applying *a, const struct memberships *before)
{
	struct record *r = a->record;
	struct memberships seen = { 0 };
	for (unsigned i = 0; i < r->rare->item_count; i++) {
		struct item *item = &r->rare->items[i];
		if (item->kind != ITEM_SEGMENT)
			continue;
		if (holds_membership(&seen, item->decl)) {
			items_remove(r, a->m->pool, item);
			i--;
			continue;
		}
		seen.ids[seen.count++] = item->decl;
		if (!holds_membership(before, item->decl))
			count_member(a, arena_slice(&a->m->arena, item_key(item)), 1);
	}
	a->look |= all_segments(a->m->pack);
}

/* A segment that the pack no longer declares has no members. */
static void forget_undeclared(struct applying *a)
{
	struct record *r = a->record;
	for (unsigned i = 0; i < r->rare->item_count; i++) {
		struct item *item = &r->rare->items[i];
		if (item->kind != ITEM_SEGMENT || pack_segment_by_id(a->m->pack, item->decl))
			continue;
		count_member(a, arena_slice(&a->m->arena, item_key(item)), -1);
		items_remove(r, a->m->pool, item);
		i--;
	}
}

void apply_look(struct applying *a)
{
	forget_undeclared(a);
	apply_segments(a, all_segments(a->m->pack));
	campaigns_look(a);
}

static bool has_undeclared(const struct machine *m, const struct record *r)
{
	for (unsigned i = 0; i < r->rare->item_count; i++)
		if (r->rare->items[i].kind == ITEM_SEGMENT && !pack_segment_by_id(m->pack, r->rare->items[i].decl))
			return true;
	return false;
}

/* Without changing the record: would a look find anything? */
bool machine_look_wanted(struct machine *m, struct record *r, int64_t now_ms)
{
	struct apply_input in = { .received_at_ms = now_ms };
	struct applying a;
	struct applied *out = arena_calloc(&m->arena, 1, sizeof(*out));
	bool wanted = has_undeclared(m, r) || campaigns_want(m, r, now_ms);
	if (r->rare->redirect)
		return false;
	applying_start(&a, m, r, NULL, now_ms, &in, out);
	a.e->now_ms = r->newest_ms > now_ms ? r->newest_ms : now_ms;
	for (unsigned i = 0; i < m->pack->segment_count && !wanted; i++) {
		const struct segment_decl *s = &m->pack->segments[i];
		a.e->aborted = false;
		a.e->member = 0;
		wanted = (eval_truth(a.e, s->when) == TERNARY_TRUE) != is_member(r, s) ||
			 (s->again_ms && !has_timer(r, TIMER_SEGMENT, str_slice(s->name)));
	}
	a.now_ms = r->newest_ms;
	applying_finish(&a);
	return wanted;
}
