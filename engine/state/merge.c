/* state/merge.c: two histories become one, when two customer ids turn out to be one person. What joins how:
 *
 *   attributes   the newer value or removal wins; at the same time `into` keeps its own. What does not fit is left out
 *   members      the same id is the same member; others are added in their order. Members beyond LIMIT_MEMBERS are
 *                left out with all that is theirs
 *   windows      of the same series, member and key: cell by cell. Others are added, pushing out as record_window does
 *   timeline     by time, at one instant `into` first; the newest LIMIT_TIMELINE stay (the pack's own bound holds again
 *                from the next event on)
 *   cases        by opening. Where both have the same one open, it is open since the earlier of the two and due at the
 *                earlier due time
 *   alerts       after those of `into`, in their order; ids stay. Full, the least matters least (alerts.c)
 *   outcomes     by time, at one instant `into` first; the newest stay
 *   timers       all that fit, as a set
 *   marks        the later time
 *   links        as a set
 *   items        of the same kind, declaration, time and key: one, as `into` has it. Others are added; full, the oldest of
 *                their kind give way
 *   seen ids     by time, `into` first; the floor is the higher one, so that no duplicate of either passes
 *   the rest     newest: the later. Late: the sum. Sequence, subject and redirect of `into` stay
 *
 * The result depends on the two records alone. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"
#include "state/items.h"

#define NO_MEMBER 255u
_Static_assert(LIMIT_MEMBERS < NO_MEMBER, "member numbers fit a byte");

struct joining {
	struct record *into;
	const struct record *from;
	struct strpool *pool;
	uint8_t member[LIMIT_MEMBERS + 1]; /* number in `from` -> number in `into` */
};

static void join_attrs(struct joining *j, uint8_t into, uint8_t from)
{
	struct attrs attrs = record_attrs(j->from, from);
	for (unsigned i = 0; i < attrs.count; i++) {
		const struct attr *a = &attrs.items[i];
		const struct attr *own = attrs_get(record_attrs(j->into, into), a->name);
		if (!own || own->time_ms < a->time_ms)
			record_set(j->into, j->pool, into, str_slice(a->name), attr_value(a), a->time_ms);
	}
}

/* One that both have: the earlier joining, and left only where both say so. */
static void join_member(struct joining *j, uint8_t number, int64_t joined_ms, int64_t left_ms)
{
	struct member *own = &members_of(j->into)[number - 1];
	int64_t own_left_ms = record_member_left_ms(j->into, number);
	if (joined_ms != 0 && (own->joined_ms == 0 || joined_ms < own->joined_ms))
		own->joined_ms = joined_ms;
	if (left_ms == 0 || own_left_ms == 0)
		left_ms = 0;
	else if (own_left_ms > left_ms)
		left_ms = own_left_ms;
	member_set_left(j->into, number, left_ms);
}

static void join_members(struct joining *j)
{
	for (unsigned i = 1; i <= j->from->member_count; i++) {
		const struct member *m = &record_members(j->from)[i - 1];
		int64_t left_ms = record_member_left_ms(j->from, (uint8_t)i);
		bool known = record_member(j->into, j->pool, str_slice(m->id), false, 0) > 0;
		int number = record_member(j->into, j->pool, str_slice(m->id), true, m->joined_ms);
		if (number < 0) {
			j->member[i] = NO_MEMBER;
			continue;
		}
		j->member[i] = (uint8_t)number;
		if (known)
			join_member(j, (uint8_t)number, m->joined_ms, left_ms);
		else
			member_set_left(j->into, (uint8_t)number, left_ms);
		join_attrs(j, (uint8_t)number, (uint8_t)i);
	}
}

static void join_windows(struct joining *j)
{
	for (unsigned i = 0; i < j->from->window_count; i++) {
		const struct window *w = &record_windows(j->from)[i];
		const struct window_of *of = window_of(w);
		uint8_t member = j->member[of->member];
		if (member == NO_MEMBER)
			continue;
		struct window_spec spec = window_shape(w);
		window_merge(record_window(j->into, j->pool, of->series, member, window_key(w), &spec), w);
	}
}

static void join_timeline(struct joining *j)
{
	for (unsigned i = 0; i < j->from->timeline_count; i++) {
		struct moment m = record_timeline(j->from)[i];
		if (j->member[m.member] == NO_MEMBER)
			continue;
		m.member = j->member[m.member];
		str_ref(m.what);
		timeline_place(j->into, j->pool, &m, LIMIT_TIMELINE);
	}
}

/* The same case open in both: one case, since the earlier opening. It keeps its place in the order by opening anew. */
static void join_open_case(struct joining *j, struct open_case *own, const struct open_case *c)
{
	struct record *r = j->into;
	struct open_case joined = *own;
	if (c->opened_ms < joined.opened_ms) {
		struct str *agent = joined.agent;
		joined.opened_ms = c->opened_ms;
		joined.agent = str_ref(c->agent);
		strpool_drop(j->pool, agent);
	}
	if (c->due_ms != 0 && (joined.due_ms == 0 || c->due_ms < joined.due_ms))
		joined.due_ms = c->due_ms;
	joined.missed = joined.missed || c->missed;
	ARRAY_REMOVE(r->rare->cases, r->rare->case_count, own - r->rare->cases);
	cases_place(r, j->pool, &joined);
}

static void join_cases(struct joining *j)
{
	for (unsigned i = 0; i < j->from->rare->case_count; i++) {
		struct open_case c = j->from->rare->cases[i];
		if (j->member[c.member] == NO_MEMBER)
			continue;
		c.member = j->member[c.member];
		struct open_case *own = NULL;
		if (c.state == CASE_OPEN)
			own = cases_find_open(j->into, c.decl, c.member, str_slice(c.key));
		if (own) {
			join_open_case(j, own, &c);
			continue;
		}
		str_ref(c.key);
		str_ref(c.agent);
		cases_place(j->into, j->pool, &c);
	}
}

static void join_alerts(struct joining *j)
{
	for (unsigned i = 0; i < j->from->rare->alert_count; i++) {
		struct alert a = j->from->rare->alerts[i];
		if (j->member[a.member] == NO_MEMBER || !alerts_would_take(j->into, &a))
			continue;
		a.member = j->member[a.member];
		str_ref(a.rule);
		str_ref(a.severity);
		str_ref(a.to);
		a.text = must_strdup(a.text);
		alerts_place(j->into, j->pool, &a);
	}
}

static void join_outcomes(struct joining *j)
{
	for (unsigned i = 0; i < j->from->rare->outcome_count; i++) {
		struct outcome o = j->from->rare->outcomes[i];
		if (j->member[o.member] == NO_MEMBER)
			continue;
		o.member = j->member[o.member];
		str_ref(o.action);
		str_ref(o.channel);
		str_ref(o.agent);
		o.more = outcome_more_copy(o.more);
		outcomes_place(j->into, j->pool, &o);
	}
}

static void join_sets(struct joining *j)
{
	const struct record *from = j->from;
	for (unsigned i = 0; i < from->rare->timer_count; i++) {
		const struct timer *t = &from->rare->timers[i];
		uint8_t member = j->member[t->member];
		if (member != NO_MEMBER)
			timers_add(j->into, j->pool, t->due_ms, t->fire_ms, t->decl, member, str_slice(t->key));
	}
	for (unsigned i = 0; i < from->rare->mark_count; i++) {
		uint8_t member = j->member[from->rare->marks[i].member];
		if (member != NO_MEMBER)
			marks_set(j->into, from->rare->marks[i].rule, member, from->rare->marks[i].time_ms);
	}
	for (unsigned i = 0; i < from->rare->link_count; i++) {
		const struct link *l = &from->rare->links[i];
		links_place(j->into, j->pool, str_slice(l->id), str_slice(l->member), l->from_ms, l->to_ms);
	}
}

static void join_items(struct joining *j)
{
	for (unsigned i = 0; i < j->from->rare->item_count; i++) {
		struct item item = j->from->rare->items[i];
		if (item.kind == ITEM_REMOVED) {
			if (j->member[item.member] != NO_MEMBER)
				record_unset(j->into, j->pool, j->member[item.member], item_key(&item), item.time_ms);
			continue;
		}
		struct items own = items_of(j->into, item.kind, item.decl);
		bool known = j->member[item.member] == NO_MEMBER;
		for (unsigned k = 0; k < own.count && !known; k++)
			known = item_order(&own.items[k], item.kind, item.decl, item.time_ms, item_key(&item)) == 0;
		if (known)
			continue;
		item.member = j->member[item.member];
		str_ref(item.key);
		for (unsigned k = 0; k < ITEM_TEXTS; k++)
			str_ref(item.texts[k]);
		(void)items_place(j->into, j->pool, &item, LIMIT_ITEMS);
	}
}

static unsigned seen_all(const struct record *r, struct seen_id out[SEEN_IDS_MAX])
{
	for (unsigned i = 0; i < r->seen_count; i++)
		out[i] = seen_at(r, i);
	return r->seen_count;
}

static bool seen_has(const struct seen_id *ids, unsigned count, uint64_t id)
{
	for (unsigned i = 0; i < count; i++) {
		if (ids[i].id == id)
			return true;
	}
	return false;
}

/* Both lists are in order of arrival, which is nearly that of time: taking the earlier head keeps both orders. */
static void join_seen(struct record *into, const struct record *from)
{
	struct seen_id own[SEEN_IDS_MAX], others[SEEN_IDS_MAX];
	unsigned own_count = seen_all(into, own), other_count = seen_all(from, others), a = 0, b = 0;
	seen_clear(into);
	if (from->seen_floor_ms > into->seen_floor_ms)
		into->seen_floor_ms = from->seen_floor_ms;
	while (a < own_count || b < other_count) {
		bool take_own = b == other_count || (a < own_count && own[a].time_ms <= others[b].time_ms);
		const struct seen_id *id = take_own ? &own[a++] : &others[b++];
		if (take_own || !seen_has(own, own_count, id->id))
			seen_add(into, id->id, id->content, id->time_ms);
	}
}

void record_merge(struct record *into, struct strpool *pool, const struct record *from)
{
	struct joining j = { .into = into, .from = from, .pool = pool };
	join_members(&j);
	join_attrs(&j, 0, 0);
	join_windows(&j);
	join_timeline(&j);
	join_cases(&j);
	join_alerts(&j);
	join_outcomes(&j);
	join_sets(&j);
	join_items(&j);
	join_seen(into, from);
	if (from->rare->late)
		record_rare(into)->late += from->rare->late;
	if (from->newest_ms > into->newest_ms)
		into->newest_ms = from->newest_ms;
}
