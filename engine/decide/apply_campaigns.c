/* decide/apply_campaigns.c: a customer in a campaign, from coming into it to what became of its offer.
 *
 *     enters the segment -> in (or holdout) -> waits for dates and hours -> a decision is asked for, as a rule's nudge is
 *         -> something suits: (paced: asks for a turn, and is decided anew when it comes) -> sent -> taken, offered, answered
 *         -> nothing does: held, by which gate is counted; decided anew in a day, two, four, a week
 *
 * The decision is made and recorded by the shard like any nudge; what it does to the record is machine_apply_campaign.
 * Whatever state an item is in is in the record, so a restart goes on where it was, and nobody is made an offer twice. */
#include "decide/segments.h"

#include "decide/counting.h"
#include "decide/draw.h"
#include "decide/exposure.h"

#define MINUTE_MS 60000LL
#define DAY_MS (24 * 60 * MINUTE_MS)
#define TURN_KEPT_MS (60 * MINUTE_MS)
#define SEED_HOLDOUT 0x63616d70

static int64_t wall_of(const struct applying *a)
{
	return a->in->received_at_ms;
}

static void count(struct applying *a, const struct item *item, enum campaign_measure measure, struct slice held, int64_t n)
{
	struct slice dims[] = { item_key(item), item_text(item, CAMPAIGN_SEGMENT), item_text(item, CAMPAIGN_CHANNEL), held };
	count_add(a, LEDGER_CAMPAIGNS, item->time_ms, dims, measure, n);
}

/* Empty: nothing holds it back. */
static void set_held(struct applying *a, struct item *item, struct slice reason)
{
	struct slice was = item_text(item, CAMPAIGN_HELD_BY);
	if (slice_equal(was, reason))
		return;
	if (was.len)
		count(a, item, CAMPAIGNS_HELD, was, -1);
	item_set_text(item, a->m->pool, CAMPAIGN_HELD_BY, reason);
	if (reason.len)
		count(a, item, CAMPAIGNS_HELD, reason, 1);
}

/* The newest time in it; NULL: never. */
static struct item *item_of(const struct record *r, uint32_t campaign)
{
	struct items all = items_of(r, ITEM_CAMPAIGN, campaign);
	return all.count ? &all.items[all.count - 1] : NULL;
}

static void wait_until(struct applying *a, const struct campaign_decl *c, int64_t ms)
{
	timers_remove(a->record, a->m->pool, TIMER_CAMPAIGN, 0, str_slice(c->name));
	if (ms)
		(void)timers_add(a->record, a->m->pool, ms, ms, TIMER_CAMPAIGN, 0, str_slice(c->name));
}

static const struct timer *timer_of(const struct record *r, const struct campaign_decl *c)
{
	for (unsigned i = 0; i < r->rare->timer_count; i++)
		if (r->rare->timers[i].decl == TIMER_CAMPAIGN &&
		    slice_equal(str_slice(r->rare->timers[i].key), str_slice(c->name)))
			return &r->rare->timers[i];
	return NULL;
}

static bool waits(const struct item *item)
{
	return item->state == CAMPAIGN_WAITING || item->state == CAMPAIGN_HELD;
}

/* It waits without a timer; or for dates and hours that the pack has made wider since. Who is held back, or has a turn yet to
 * come, waits for something else. */
static bool waits_in_vain(const struct pack *p, const struct record *r, const struct campaign_decl *c, const struct item *item,
			  int64_t now_ms)
{
	const struct timer *timer = waits(item) ? timer_of(r, c) : NULL;
	if (!timer)
		return waits(item);
	int64_t open = campaign_open_ms(p, c, now_ms);
	return open && item->state == CAMPAIGN_WAITING && item->numbers[CAMPAIGN_TURN_MS] <= now_ms && timer->due_ms > open;
}

static void end_unsent(struct applying *a, const struct campaign_decl *c, struct item *item)
{
	set_held(a, item, SLICE(""));
	item->state = CAMPAIGN_OVER;
	item->numbers[CAMPAIGN_TURN_MS] = 0;
	count(a, item, CAMPAIGNS_OVER, SLICE(""), 1);
	wait_until(a, c, 0);
}

/* Whom it is addressed to: 0, the customer. False: to nobody who is there. */
static bool addressee(const struct applying *a, const struct campaign_decl *c, uint8_t *member)
{
	const struct record *r = a->record;
	*member = 0;
	if (!c->to_attr)
		return true;
	*member = member_with(r, c->to_attr, str_slice(c->to_value), wall_of(a));
	return *member != 0;
}

static void hold(struct applying *a, const struct campaign_decl *c, struct item *item, struct slice reason, int64_t again_ms)
{
	static const int days[] = { 1, 2, 4, 7 };
	int64_t tries = item->numbers[CAMPAIGN_TRIES]++;
	item->state = CAMPAIGN_HELD;
	item->numbers[CAMPAIGN_TURN_MS] = 0;
	set_held(a, item, reason);
	if (!again_ms)
		again_ms = wall_of(a) + days[tries < 3 ? tries : 3] * DAY_MS;
	wait_until(a, c, campaign_open_ms(a->m->pack, c, again_ms));
}

/* A decision is asked for: as commit.c does for a rule. */
static void ask(struct applying *a, const struct campaign_decl *c, struct item *item)
{
	struct applied *out = a->out;
	struct bytes *trail = &a->e->trail;
	uint8_t member;
	if (!addressee(a, c, &member)) {
		hold(a, c, item, SLICE("nobody to address"), 0);
		return;
	}
	if (out->nudge_count >= LIMIT_ENTRY_ALERTS) {
		wait_until(a, c, wall_of(a) + MINUTE_MS);
		return;
	}
	struct nudge_request *n = &out->nudges[out->nudge_count++];
	*n = (struct nudge_request){ .index = a->next_index++, .rule = c->rule, .channel = c->channel, .goal = c->goal,
				     .action = c->action, .member = member, .time_ms = wall_of(a) };
	item->state = CAMPAIGN_ASKED;
	wait_until(a, c, 0);
	bytes_put_u8(trail, 'n');
	bytes_put_string(trail, str_slice(c->rule));
	bytes_put_u8(trail, member);
	bytes_put_zigzag(trail, n->time_ms);
}

static void go_on(struct applying *a, const struct campaign_decl *c, struct item *item)
{
	int64_t open = campaign_open_ms(a->m->pack, c, wall_of(a));
	if (!open) {
		end_unsent(a, c, item);
	} else if (open > wall_of(a)) {
		item->state = CAMPAIGN_WAITING;
		wait_until(a, c, open);
	} else {
		ask(a, c, item);
	}
}

static void come_in(struct applying *a, const struct campaign_decl *c)
{
	struct slice customer = subject_id(&a->record->subject);
	struct item *item;
	if (!campaign_open_ms(a->m->pack, c, wall_of(a)))
		return;
	item = items_add(a->record, a->m->pool, ITEM_CAMPAIGN, c->id, str_slice(c->name), 0, wall_of(a), CAMPAIGNS_KEPT);
	if (!item)
		return;
	item_set_text(item, a->m->pool, CAMPAIGN_SEGMENT, str_slice(c->segment_name));
	item_set_text(item, a->m->pool, CAMPAIGN_CHANNEL, str_slice(c->channel));
	bool out = c->holdout > 0 && draw_share(hash64(customer, SEED_HOLDOUT ^ (uint64_t)c->id << 32)) < c->holdout;
	count(a, item, out ? CAMPAIGNS_HOLDOUT : CAMPAIGNS_IN, SLICE(""), 1);
	item->state = out ? CAMPAIGN_HOLDOUT : CAMPAIGN_WAITING;
	if (out)
		wait_until(a, c, c->again_ms ? wall_of(a) + c->again_ms : 0);
	else
		go_on(a, c, item);
}

static bool again(const struct campaign_decl *c, const struct item *item, int64_t now_ms)
{
	return c->again_ms && item->state != CAMPAIGN_ASKED && !waits(item) && now_ms >= item->time_ms + c->again_ms;
}

/* Of a member, at any time: what is to be done, if anything is. */
static void attend(struct applying *a, const struct campaign_decl *c)
{
	struct item *item = item_of(a->record, c->id);
	if (!item || again(c, item, wall_of(a))) {
		come_in(a, c);
	} else if (item->state == CAMPAIGN_OVER && campaign_open_ms(a->m->pack, c, wall_of(a))) {
		count(a, item, CAMPAIGNS_OVER, SLICE(""), -1); /* nothing was sent: they are in it once more */
		item->state = CAMPAIGN_WAITING;
		go_on(a, c, item);
	} else if (waits_in_vain(a->m->pack, a->record, c, item, wall_of(a))) {
		go_on(a, c, item);
	}
}

void campaigns_entered(struct applying *a, unsigned segment)
{
	const struct pack *p = a->m->pack;
	for (unsigned i = 0; i < p->campaign_count; i++) {
		if (p->campaigns[i].segment != segment)
			continue;
		if (a->historical) /* the history goes on: are they members when it has come? */
			wait_until(a, &p->campaigns[i], wall_of(a) + ALERT_HORIZON_MS);
		else
			attend(a, &p->campaigns[i]);
	}
}

void campaigns_left(struct applying *a, unsigned segment)
{
	const struct pack *p = a->m->pack;
	for (unsigned i = 0; i < p->campaign_count; i++) {
		struct item *item = item_of(a->record, p->campaigns[i].id);
		if (p->campaigns[i].segment == segment && item && waits(item))
			end_unsent(a, &p->campaigns[i], item);
	}
}

static bool is_in_its_segment(const struct pack *p, const struct record *r, const struct campaign_decl *c)
{
	return is_member(r, &p->segments[c->segment]);
}

bool campaigns_want(const struct machine *m, const struct record *r, int64_t now_ms)
{
	const struct pack *p = m->pack;
	for (unsigned i = 0; i < p->campaign_count; i++) {
		const struct campaign_decl *c = &p->campaigns[i];
		const struct item *item = item_of(r, c->id);
		bool open = campaign_open_ms(p, c, now_ms) != 0;
		if (!is_in_its_segment(p, r, c)) {
			if (item && waits(item))
				return true;
		} else if (!item ? open
				 : again(c, item, now_ms) || (item->state == CAMPAIGN_OVER && open) ||
					   (open && waits_in_vain(p, r, c, item, now_ms))) {
			return true;
		}
	}
	return false;
}

void campaigns_look(struct applying *a)
{
	const struct pack *p = a->m->pack;
	for (unsigned i = 0; i < p->campaign_count; i++) {
		const struct campaign_decl *c = &p->campaigns[i];
		struct item *item = item_of(a->record, c->id);
		if (is_in_its_segment(p, a->record, c))
			attend(a, c);
		else if (item && waits(item))
			end_unsent(a, c, item);
	}
}

/* Nobody took it from the outbox: it was not offered, and may be. */
static void expire(struct applying *a, const struct campaign_decl *c, struct item *item, bool member)
{
	count(a, item, CAMPAIGNS_SENT, SLICE(""), -1);
	count(a, item, CAMPAIGNS_EXPIRED, SLICE(""), 1);
	item->numbers[CAMPAIGN_BOOT] = item->numbers[CAMPAIGN_COUNT] = 0;
	item->state = CAMPAIGN_WAITING;
	if (member)
		go_on(a, c, item);
	else
		end_unsent(a, c, item);
}

void apply_campaign_due(struct applying *a, struct slice name)
{
	const struct str *known = strpool_find(a->m->pool, name);
	const struct campaign_decl *c = known ? pack_campaign(a->m->pack, known) : NULL;
	if (!c)
		return;
	bool member = is_in_its_segment(a->m->pack, a->record, c);
	struct item *item = item_of(a->record, c->id);
	if (item && item->state == CAMPAIGN_SENT && wall_of(a) >= item->numbers[CAMPAIGN_SENT_MS] + c->expires_ms)
		expire(a, c, item, member);
	else if (item && waits(item) && !member)
		end_unsent(a, c, item);
	else if (member)
		attend(a, c);
}

/* The pack has the campaign no more. */
static void without_pack(struct applying *a, struct item *item)
{
	item->state = CAMPAIGN_OVER;
	count(a, item, CAMPAIGNS_OVER, SLICE(""), 1);
}

void apply_turn_effect(struct applying *a, struct slice body)
{
	struct reader r = reader_of(body);
	struct slice name = reader_string(&r);
	int64_t turn = reader_zigzag(&r);
	const struct campaign_decl *c = pack_campaign_by_id(a->m->pack, campaign_id_of(name));
	struct item *item = r.bad ? NULL : item_of(a->record, campaign_id_of(name));
	if (!item || item->state != CAMPAIGN_ASKED)
		return;
	if (!c) {
		without_pack(a, item);
		return;
	}
	item->state = CAMPAIGN_WAITING;
	item->numbers[CAMPAIGN_TURN_MS] = turn && turn < wall_of(a) ? wall_of(a) : turn; /* shards' clocks differ */
	if (!turn || !is_in_its_segment(a->m->pack, a->record, c))
		end_unsent(a, c, item);
	else if (turn > wall_of(a))
		wait_until(a, c, turn);
	else
		go_on(a, c, item);
}

/* The gate that it came furthest past, of all actions that it may be: where to look for what holds it back. */
static struct slice held_by(struct applying *a, const struct decided *d, int64_t *again_ms)
{
	const struct pack *p = a->m->pack;
	const struct fell *last = NULL;
	for (unsigned i = 0; i < d->fell_count; i++) {
		const struct fell *f = &d->fell[i];
		if (f->gate != GATE_GOAL && f->gate != GATE_OPEN && f->gate != GATE_RANK && (!last || f->gate > last->gate))
			last = f;
	}
	if (d->chosen)
		return SLICE("words unknown");
	if (!last)
		return SLICE("nothing suits");
	if (last->gate != GATE_POLICY || last->policy >= p->policy_count)
		return arena_printf(&a->m->arena, "%s%s", gate_text(last->gate), last->unknown ? " unknown" : "");
	const struct policy_decl *policy = &p->policies[last->policy];
	if (policy->kind == POLICY_QUIET) {
		int minute = zone_minute_of_day(p->zone, wall_of(a));
		int left = (policy->quiet_to - minute + 24 * 60) % (24 * 60);
		*again_ms = wall_of(a) - wall_of(a) % MINUTE_MS + (left ? left : 1) * MINUTE_MS;
	}
	return policy->text;
}

static void send(struct applying *a, const struct campaign_decl *c, struct item *item, const struct decided *d)
{
	int64_t expires_ms = wall_of(a) + c->expires_ms;
	struct alert like = { .index = a->next_index++, .member = d->member <= a->record->member_count ? d->member : 0,
			      .state = ALERT_OPEN, .time_ms = d->time_ms };
	like.expires_ms = c->to_ms && c->to_ms < expires_ms ? c->to_ms : expires_ms;
	struct alert *alert = alerts_add(a->record, a->m->pool, &like, d->rule, SLICE(NUDGE_SEVERITY), d->channel, d->say);
	a->out->alerts[a->out->alert_count++] = (struct applied_alert){ alert, like.index };
	item->state = CAMPAIGN_SENT;
	item_set_text(item, a->m->pool, CAMPAIGN_ACTION, d->action);
	item->numbers[CAMPAIGN_BOOT] = (int64_t)d->boot;
	item->numbers[CAMPAIGN_COUNT] = (int64_t)d->count;
	item->numbers[CAMPAIGN_SENT_MS] = wall_of(a);
	item->numbers[CAMPAIGN_TURN_MS] = 0;
	set_held(a, item, SLICE(""));
	count(a, item, CAMPAIGNS_SENT, SLICE(""), 1);
	wait_until(a, c, wall_of(a) + c->expires_ms);
	bytes_put_u8(&a->e->trail, 'a');
	bytes_put_string(&a->e->trail, d->rule);
	bytes_put_string(&a->e->trail, d->say);
}

/* Turns that went by unused (the daemon was stopped for days) are not made up for all at once: that would be more than so
 * many a day. */
static bool has_turn(const struct applying *a, const struct item *item)
{
	int64_t turn = item->numbers[CAMPAIGN_TURN_MS];
	return turn && wall_of(a) < turn + TURN_KEPT_MS;
}

static void decided(struct applying *a, struct slice name, const struct decided *d)
{
	const struct campaign_decl *c = pack_campaign_by_id(a->m->pack, campaign_id_of(name));
	struct item *item = item_of(a->record, campaign_id_of(name));
	int64_t again_ms = 0;
	if (!item || item->state != CAMPAIGN_ASKED)
		return; /* the customer was merged into another meanwhile, who has it */
	if (!c) {
		without_pack(a, item);
	} else if (!d->chosen || !d->say.len) {
		struct slice reason = held_by(a, d, &again_ms);
		hold(a, c, item, reason, again_ms);
		if (!is_in_its_segment(a->m->pack, a->record, c))
			end_unsent(a, c, item);
	} else if (c->per_day && !has_turn(a, item)) {
		pace_ask(a, c); /* it stays asked for, until its turn is known */
	} else {
		send(a, c, item, d);
	}
}

bool rule_is_campaign(struct slice rule, struct slice *name)
{
	const struct slice prefix = SLICE(CAMPAIGN_RULE);
	if (rule.len <= prefix.len || memcmp(rule.data, prefix.data, prefix.len) != 0)
		return false;
	*name = (struct slice){ rule.data + prefix.len, rule.len - prefix.len };
	return true;
}

void machine_apply_campaign(struct machine *m, struct record *record, const struct decided *d, const struct exposures *exposures,
			    const struct apply_input *in, struct applied *out)
{
	struct applying a;
	struct slice name;
	applying_start(&a, m, record, NULL, d->time_ms, in, out);
	if (rule_is_campaign(d->rule, &name))
		decided(&a, name, d);
	exposures_apply(&a, exposures);
	a.now_ms = record->newest_ms; /* deciding is nothing that happened to the customer */
	applying_finish(&a);
}

/* What became of it. */

static int measure_of(int kind)
{
	static const int8_t measures[] = {
		[OUTCOME_SHOWN] = -1, [OUTCOME_OFFERED] = CAMPAIGNS_OFFERED, [OUTCOME_ACCEPTED] = CAMPAIGNS_ACCEPTED,
		[OUTCOME_REJECTED] = CAMPAIGNS_REJECTED, [OUTCOME_LATER] = CAMPAIGNS_LATER,
		[OUTCOME_IGNORED] = CAMPAIGNS_IGNORED, [OUTCOME_OVERRULED] = CAMPAIGNS_OVERRULED,
	};
	return kind > 0 && kind <= OUTCOME_LAST ? measures[kind] : -1;
}

static bool is_about(const struct item *item, const struct outcome_input *o)
{
	if (item->state != CAMPAIGN_SENT && item->state != CAMPAIGN_TAKEN)
		return false;
	if (o->decision_boot || o->decision_count)
		return item->numbers[CAMPAIGN_BOOT] == (int64_t)o->decision_boot &&
		       item->numbers[CAMPAIGN_COUNT] == (int64_t)o->decision_count;
	return slice_equal(item_text(item, CAMPAIGN_ACTION), o->action) && o->time_ms >= item->numbers[CAMPAIGN_SENT_MS];
}

static void succeeded(struct applying *a, const struct campaign_decl *c, struct item *item, int64_t time_ms)
{
	if (item->numbers[CAMPAIGN_SAID] & CAMPAIGN_SUCCEEDED || time_ms < item->time_ms ||
	    time_ms >= item->time_ms + c->within_ms)
		return;
	item->numbers[CAMPAIGN_SAID] |= CAMPAIGN_SUCCEEDED;
	count(a, item, item->state == CAMPAIGN_HOLDOUT ? CAMPAIGNS_HOLDOUT_SUCCESS : CAMPAIGNS_SUCCESS, SLICE(""), 1);
}

static bool is_its_offer(const struct pack *p, const struct campaign_decl *c, struct slice action)
{
	if (c->action)
		return slice_equal(str_slice(c->action), action);
	const struct str *known = strpool_find(p->pool, action);
	int index = known ? pack_action(p, known) : -1;
	return index >= 0 && p->actions[index].goal == c->goal;
}

void campaigns_outcome(struct applying *a, const struct outcome_input *o)
{
	struct rare *rare = a->record->rare;
	int measure = measure_of(o->kind);
	for (unsigned i = 0; i < rare->item_count && measure >= 0; i++) {
		struct item *item = &rare->items[i];
		if (item->kind != ITEM_CAMPAIGN)
			continue;
		if (is_about(item, o)) {
			if (!(item->numbers[CAMPAIGN_SAID] >> o->kind & 1))
				count(a, item, (enum campaign_measure)measure, SLICE(""), 1);
			item->numbers[CAMPAIGN_SAID] |= 1ll << o->kind;
			count(a, item, CAMPAIGNS_REVENUE, SLICE(""), o->details.revenue);
			count(a, item, CAMPAIGNS_COST, SLICE(""), o->details.cost);
			item->state = CAMPAIGN_TAKEN;
		}
		const struct campaign_decl *c = pack_campaign_by_id(a->m->pack, item->decl);
		if (c && !c->success_count && o->kind == OUTCOME_ACCEPTED && is_its_offer(a->m->pack, c, o->action))
			succeeded(a, c, item, o->time_ms);
	}
}

void campaigns_success(struct applying *a, uint64_t campaigns)
{
	const struct pack *p = a->m->pack;
	for (unsigned i = 0; i < p->campaign_count; i++) {
		struct item *item = campaigns >> i & 1 ? item_of(a->record, p->campaigns[i].id) : NULL;
		if (item)
			succeeded(a, &p->campaigns[i], item, a->now_ms);
	}
}

void campaign_acknowledged(struct record *r, const struct alert *alert)
{
	struct slice name;
	if (!alert_is_nudge(alert) || !rule_is_campaign(str_slice(alert->rule), &name))
		return;
	struct item *item = item_of(r, campaign_id_of(name));
	if (item && item->state == CAMPAIGN_SENT)
		item->state = CAMPAIGN_TAKEN;
}

/* Both were in it, and one has got its offer (or is held out): the other, who has not, is not in it any more. */
static void join_one(struct applying *a, const struct campaign_decl *c)
{
	struct items all = items_of(a->record, ITEM_CAMPAIGN, c->id);
	struct item *reached = NULL;
	for (unsigned i = 0; i < all.count; i++)
		if (all.items[i].state != CAMPAIGN_OVER && !waits(&all.items[i]) && !again(c, &all.items[i], wall_of(a)))
			reached = &all.items[i];
	if (!reached)
		return;
	int64_t next_ms = reached->state == CAMPAIGN_SENT ? reached->numbers[CAMPAIGN_SENT_MS] + c->expires_ms
			: reached->state == CAMPAIGN_HOLDOUT && c->again_ms ? reached->time_ms + c->again_ms : 0;
	for (unsigned i = all.count; i > 0; i--) {
		struct item *item = &items_of(a->record, ITEM_CAMPAIGN, c->id).items[i - 1];
		if (item->state != CAMPAIGN_OVER && !waits(item))
			continue;
		set_held(a, item, SLICE(""));
		count(a, item, CAMPAIGNS_IN, SLICE(""), -1);
		if (item->state == CAMPAIGN_OVER)
			count(a, item, CAMPAIGNS_OVER, SLICE(""), -1);
		items_remove(a->record, a->m->pool, item);
	}
	wait_until(a, c, next_ms);
}

/* A decision that was on its way for a customer who is part of this one now will not come. */
void campaigns_joined(struct applying *a)
{
	for (unsigned i = 0; i < a->record->rare->item_count; i++) {
		struct item *item = &a->record->rare->items[i];
		if (item->kind == ITEM_CAMPAIGN && item->state == CAMPAIGN_ASKED)
			item->state = CAMPAIGN_WAITING;
	}
	for (unsigned i = 0; i < a->m->pack->campaign_count; i++)
		join_one(a, &a->m->pack->campaigns[i]);
	campaigns_look(a);
}
