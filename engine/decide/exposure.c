/* decide/exposure.c: see exposure.h. */
#include "decide/exposure.h"

#include "decide/counting.h"
#include "decide/draw.h"
#include "decide/learn.h"

#include "state/contacts.h"
#include "state/customers.h"

#define DAY_MS (24LL * 3600 * 1000)
enum { SEED_HOLDOUT = 0x686f6c64, HORIZONS = 2 }; /* never change: who is held out */
static const struct horizon {
	int64_t span_ms, lost_flag;
	unsigned contacts, complaints, moods, mood_sum, measure;
} horizons[HORIZONS] = {
	{ 30 * DAY_MS, EXPOSURE_LOST_30, EXPOSURE_CONTACTS_30, EXPOSURE_COMPLAINTS_30, EXPOSURE_MOODS_30,
	  EXPOSURE_MOOD_SUM_30, ACTIONS_AFTER_30 },
	{ 90 * DAY_MS, EXPOSURE_LOST_90, EXPOSURE_CONTACTS_90, EXPOSURE_COMPLAINTS_90, EXPOSURE_MOODS_90,
	  EXPOSURE_MOOD_SUM_90, ACTIONS_AFTER_90 },
};

static uint32_t identity(struct slice action)
{
	return (uint32_t)hash64(action, SEED_HOLDOUT);
}

/* Deciding. */

static enum exposure_arm arm_of(const struct deciding *d, const struct action_decl *a)
{
	if (!(a->holdout > 0) || ask_asks_for(d->ask, a))
		return ARM_NONE;
	if (d->ask->arm)
		return (enum exposure_arm)d->ask->arm;
	if (!d->ask->boot && !d->ask->count)
		return ARM_NONE;
	uint64_t key = hash64(subject_id(&d->e->customer->subject), hash64(str_slice(a->name), SEED_HOLDOUT));
	return draw_share(key) < a->holdout ? ARM_WITHHELD : ARM_RECOMMENDED;
}

bool held_out(const struct deciding *d, const struct action_decl *a)
{
	return a->holdout > 0 && arm_of(d, a) == ARM_WITHHELD;
}

static bool exposed_lately(const struct record *r, struct slice action, int64_t now_ms)
{
	struct items all = items_of(r, ITEM_EXPOSURE, identity(action));
	return all.count && all.items[all.count - 1].time_ms > now_ms - EXPOSURE_DAYS * DAY_MS;
}

/* Would it stand in the answer, were it not held out? Equal scores go by order of declaration. */
static bool would_stand(const struct deciding *d, unsigned action)
{
	double total = d->verdicts[action].score.total;
	if (d->best_count < d->limit)
		return true;
	unsigned last = d->best_count ? d->best[d->best_count - 1] : 0;
	double least = d->best_count ? d->verdicts[last].score.total : 0;
	return d->best_count && (total > least || (total == least && action < last));
}

void exposures_fill(struct deciding *d)
{
	const struct pack *p = d->m->pack;
	struct decision *out = d->out;
	if (!p->holds_out || (d->ask->explain && !d->ask->arm))
		return;
	out->exposed = arena_alloc(&d->m->arena, p->action_count * sizeof(*out->exposed));
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		bool withheld = d->verdicts[i].gate == GATE_HOLDOUT;
		if (!(a->holdout > 0) || (d->verdicts[i].gate != GATE_OPEN && !(withheld && would_stand(d, i))) ||
		    arm_of(d, a) == ARM_NONE || exposed_lately(d->e->customer, str_slice(a->name), d->ask->now_ms))
			continue;
		out->exposed[out->exposed_count++] = (struct exposed){ str_slice(a->name), withheld };
	}
}

/* Applying: exposures. */

static int32_t known_change(const struct item *x, unsigned h, int64_t *change)
{
	int64_t moods = x->numbers[horizons[h].moods];
	if (!(x->numbers[EXPOSURE_FLAGS] & EXPOSURE_MOOD_KNOWN) || moods <= 0)
		return 0;
	*change = in_millionths((double)x->numbers[horizons[h].mood_sum] / (double)moods / 1e6) - x->numbers[EXPOSURE_MOOD];
	return 1;
}

/* All that is counted of one exposure within one span. */
static void worth(const struct item *x, unsigned h, int64_t out[AFTER_COUNT])
{
	int64_t contacts = x->numbers[horizons[h].contacts], change = 0;
	out[AFTER_CONTACTED] = contacts > 0;
	out[AFTER_CONTACTS] = contacts;
	out[AFTER_CONTACTS_SQUARED] = contacts * contacts;
	out[AFTER_COMPLAINED] = x->numbers[horizons[h].complaints] > 0;
	out[AFTER_LOST] = (x->numbers[EXPOSURE_FLAGS] & horizons[h].lost_flag) != 0;
	out[AFTER_MOODS] = known_change(x, h, &change);
	out[AFTER_MOOD] = change;
	out[AFTER_MOOD_SQUARED] = in_millionths((double)change / 1e6 * ((double)change / 1e6));
}

static void dims_of(const struct item *x, struct slice dims[ACTION_DIMS])
{
	dims[ACTION_DIM_ACTION] = item_key(x);
	dims[ACTION_DIM_ARM] = x->state == ARM_WITHHELD ? SLICE(ARM_TEXT_WITHHELD) : SLICE(ARM_TEXT_RECOMMENDED);
	dims[ACTION_DIM_CHANNEL] = item_text(x, EXPOSURE_CHANNEL);
	dims[ACTION_DIM_AGENT] = item_text(x, EXPOSURE_AGENT);
	dims[ACTION_DIM_GOAL] = item_text(x, EXPOSURE_GOAL);
	dims[ACTION_DIM_GROUP] = item_text(x, EXPOSURE_GROUP);
}

static bool is_after(const struct item *x, const struct horizon *h, int64_t time_ms)
{
	return time_ms > x->time_ms && time_ms <= x->time_ms + h->span_ms;
}

/* What the record says of the time after it. Contacts and complaints that the record keeps no more have been counted. */
static void look(const struct record *r, struct item *x, const struct horizon *h)
{
	int64_t contacts = 0, complaints = 0, moods = 0, mood_sum = 0;
	const struct item *customer = customer_item(r);
	for (unsigned i = 0; i < r->rare->item_count; i++) {
		const struct item *c = &r->rare->items[i];
		if (c->kind == ITEM_CONTACT) {
			contacts += is_after(x, h, c->time_ms);
			if (!contact_has(c, CONTACT_HAS_MOOD_END) || !is_after(x, h, c->numbers[CONTACT_END_MS]))
				continue;
			moods++;
			mood_sum += c->numbers[CONTACT_MOOD_END];
		} else if (c->kind == ITEM_CASE && c->state == CASE_COMPLAINT) {
			complaints += is_after(x, h, c->time_ms);
		}
	}
	if (contacts >= x->numbers[h->contacts]) {
		x->numbers[h->contacts] = contacts;
		x->numbers[h->moods] = moods;
		x->numbers[h->mood_sum] = mood_sum;
	}
	if (complaints > x->numbers[h->complaints])
		x->numbers[h->complaints] = complaints;
	x->numbers[EXPOSURE_FLAGS] &= ~h->lost_flag;
	if (customer && customer->numbers[CUSTOMER_LOST_MS] && is_after(x, h, customer->numbers[CUSTOMER_LOST_MS]))
		x->numbers[EXPOSURE_FLAGS] |= h->lost_flag;
}

static void look_again(struct applying *a, struct item *x)
{
	struct slice dims[ACTION_DIMS];
	for (unsigned h = 0; h < HORIZONS; h++) {
		int64_t before[AFTER_COUNT], after[AFTER_COUNT];
		worth(x, h, before);
		look(a->record, x, &horizons[h]);
		worth(x, h, after);
		dims_of(x, dims);
		for (unsigned i = 0; i < AFTER_COUNT; i++)
			count_add(a, LEDGER_ACTIONS, x->time_ms, dims, horizons[h].measure + i, after[i] - before[i]);
	}
}

void exposures_look(struct applying *a)
{
	const struct rare *rare = a->record->rare;
	for (unsigned i = 0; i < rare->item_count; i++)
		if (rare->items[i].kind == ITEM_EXPOSURE)
			look_again(a, &rare->items[i]);
}

/* The last mood known of before: of the request itself, else of a contact. */
static bool mood_before(const struct record *r, const struct exposures *all, int64_t *mood)
{
	bool known = all->has_mood;
	int64_t newest_ms = INT64_MIN;
	*mood = known ? in_millionths(all->mood) : 0;
	for (unsigned i = 0; i < r->rare->item_count && !all->has_mood; i++) {
		const struct item *c = &r->rare->items[i];
		bool ended = contact_has(c, CONTACT_HAS_MOOD_END) && c->numbers[CONTACT_END_MS] <= all->time_ms;
		int64_t time_ms = ended ? c->numbers[CONTACT_END_MS] : c->time_ms;
		if (c->kind != ITEM_CONTACT || time_ms > all->time_ms || time_ms < newest_ms ||
		    (!ended && !contact_has(c, CONTACT_HAS_MOOD_START)))
			continue;
		known = true;
		newest_ms = time_ms;
		*mood = c->numbers[ended ? CONTACT_MOOD_END : CONTACT_MOOD_START];
	}
	return known;
}

static void expose(struct applying *a, const struct exposures *all, const struct exposed *one)
{
	struct record *r = a->record;
	const struct str *name = strpool_find(a->m->pool, one->action);
	int index = name ? pack_action(a->m->pack, name) : -1;
	struct slice dims[ACTION_DIMS];
	int64_t mood;
	bool known = mood_before(r, all, &mood);
	struct item *x = items_add(r, a->m->pool, ITEM_EXPOSURE, identity(one->action), one->action, 0, all->time_ms, 1);
	if (!x) /* the record is full of other things */
		return;
	x->state = one->withheld ? ARM_WITHHELD : ARM_RECOMMENDED;
	item_set_text(x, a->m->pool, EXPOSURE_CHANNEL, all->channel);
	item_set_text(x, a->m->pool, EXPOSURE_AGENT, all->agent);
	if (index >= 0) {
		item_set_text(x, a->m->pool, EXPOSURE_GOAL, str_slice(a->m->pack->actions[index].goal));
		item_set_text(x, a->m->pool, EXPOSURE_GROUP, str_slice(a->m->pack->actions[index].group));
	}
	x->numbers[EXPOSURE_FLAGS] = known ? EXPOSURE_MOOD_KNOWN : 0;
	x->numbers[EXPOSURE_MOOD] = mood;
	dims_of(x, dims);
	count_add(a, LEDGER_ACTIONS, x->time_ms, dims, ACTIONS_EXPOSED, 1);
}

void exposures_apply(struct applying *a, const struct exposures *all)
{
	for (unsigned i = 0; i < all->count; i++)
		expose(a, all, &all->list[i]);
}

void machine_apply_exposures(struct machine *m, struct record *record, const struct exposures *all,
			     const struct apply_input *in, struct applied *out)
{
	struct applying a;
	applying_start(&a, m, record, NULL, all->time_ms, in, out);
	a.next_index = 1; /* a nudge's alert is the entry's first */
	exposures_apply(&a, all);
	applying_finish(&a);
}

/* Applying: outcomes. */

static void reason_counted(struct applying *a, const struct outcome_input *o, const struct action_decl *decl,
			   struct slice reason)
{
	const struct slice dims[REASON_DIMS] = {
		[REASON_DIM_ACTION] = o->action,
		[REASON_DIM_OUTCOME] = slice_of(outcome_name((enum outcome_kind)o->kind)),
		[REASON_DIM_REASON] = reason,
		[REASON_DIM_AGENT] = o->agent,
		[REASON_DIM_GOAL] = str_slice(decl->goal),
		[REASON_DIM_GROUP] = str_slice(decl->group),
	};
	count_add(a, LEDGER_REASONS, o->time_ms, dims, REASONS_SAID, 1);
}

void action_counted(struct applying *a, const struct outcome_input *o, const struct outcome_details *details)
{
	const struct pack *p = a->m->pack;
	const struct str *name = strpool_find(a->m->pool, o->action);
	int index = name ? pack_action(p, name) : -1;
	if (index < 0)
		return;
	const struct action_decl *decl = &p->actions[index];
	const struct slice dims[ACTION_DIMS] = {
		[ACTION_DIM_ACTION] = o->action,
		[ACTION_DIM_ARM] = customer_in_control(p, subject_id(&a->record->subject)) ? SLICE(ARM_TEXT_CONTROL) : SLICE(""),
		[ACTION_DIM_CHANNEL] = o->channel,
		[ACTION_DIM_AGENT] = o->agent,
		[ACTION_DIM_GOAL] = str_slice(decl->goal),
		[ACTION_DIM_GROUP] = str_slice(decl->group),
	};
	count_add(a, LEDGER_ACTIONS, o->time_ms, dims, ACTIONS_OUTCOMES + (unsigned)o->kind - OUTCOME_SHOWN, 1);
	if (o->kind == OUTCOME_ACCEPTED) {
		count_add(a, LEDGER_ACTIONS, o->time_ms, dims, ACTIONS_REVENUE, details->revenue);
		count_add(a, LEDGER_ACTIONS, o->time_ms, dims, ACTIONS_COST, details->cost);
	}
	if (o->kind == OUTCOME_OVERRULED || details->reason.len)
		reason_counted(a, o, decl, details->reason);
}
