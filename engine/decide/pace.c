/* decide/pace.c: when a campaign may be at work: its dates, its hours, and, where it makes at most so many offers a day,
 * whose turn is when.
 *
 * A paced campaign has one number, when the next turn is (a sum of the ledger LEDGER_PACE). Who would be made an offer asks
 * it for a turn: an effect on that record, which moves the number on by (hours a day / offers a day) and answers by an
 * effect on the customer. So turns lie evenly over the open hours, at most that many in a day, whatever the shards do, and
 * a restart gives none twice. A turn that is not used (they left the segment meanwhile) is not given to another; one that
 * has gone by for an hour is asked for again. */
#include "decide/segments.h"

#include "decide/counting.h"

#define MINUTE_MS 60000LL
#define DAY_MINUTES (24 * 60)

static int64_t day_open_ms(const struct pack *p, const struct campaign_decl *c, int64_t day_start_ms)
{
	/* By the clock on the wall also on days when that changes: the time is looked at half a day further on. */
	int64_t ms = day_start_ms + c->open_from * MINUTE_MS;
	int off = zone_minute_of_day(p->zone, ms) - c->open_from;
	return off > -DAY_MINUTES / 2 && off < DAY_MINUTES / 2 ? ms - off * MINUTE_MS : ms;
}

int64_t campaign_open_ms(const struct pack *p, const struct campaign_decl *c, int64_t now_ms)
{
	int64_t at = c->from_ms > now_ms ? c->from_ms : now_ms;
	if (c->open_from != c->open_to) {
		int minute = zone_minute_of_day(p->zone, at);
		if (minute < c->open_from)
			at = day_open_ms(p, c, zone_day_start(p->zone, at));
		else if (minute >= c->open_to)
			at = day_open_ms(p, c, zone_day_shift(p->zone, at, 1));
	}
	return c->to_ms && at >= c->to_ms ? 0 : at;
}

void pace_ask(struct applying *a, const struct campaign_decl *c)
{
	struct bytes body = { 0 };
	struct subject pace = ledger_subject(LEDGER_PACE, 0);
	bytes_put_string(&body, str_slice(c->name));
	bytes_put_string(&body, subject_id(&a->record->subject));
	(void)applying_effect(a, EFFECT_TICKET, &pace, bytes_slice(&body));
	bytes_finish(&body);
}

static int64_t next_turn(const struct record *r, struct slice campaign)
{
	const struct ledger *l = record_ledger(r);
	for (uint32_t i = 0; l && i < l->cell_count; i++)
		if (slice_equal(str_slice(l->cells[i].key), campaign))
			return ledger_sum_of(&l->cells[i], 0);
	return 0;
}

/* 0: its dates are over. */
static int64_t take_turn(struct applying *a, const struct campaign_decl *c)
{
	struct slice name = str_slice(c->name);
	int minutes = c->open_from != c->open_to ? c->open_to - c->open_from : DAY_MINUTES;
	int64_t step_ms = (minutes * MINUTE_MS + c->per_day - 1) / c->per_day, was = next_turn(a->record, name);
	int64_t turn = campaign_open_ms(a->m->pack, c, was > a->in->received_at_ms ? was : a->in->received_at_ms);
	struct ledger_sum sum = { 0, turn ? turn + step_ms - was : 0 };
	if (sum.amount)
		ledger_add(a->record, a->m->pool, name, &sum, 1);
	return turn;
}

/* Its body: the campaign's name, the customer. The answer's: the name, the time (zigzag); 0: no turn any more. */
void apply_ticket_effect(struct applying *a, struct slice body)
{
	struct reader r = reader_of(body);
	struct slice name = reader_string(&r), customer = reader_string(&r);
	const struct str *known = strpool_find(a->m->pool, name);
	const struct campaign_decl *c = known ? pack_campaign(a->m->pack, known) : NULL;
	if (r.bad)
		return;
	int64_t turn = c && c->per_day ? take_turn(a, c) : a->in->received_at_ms; /* another pack may not pace it any more */
	struct bytes answer = { 0 };
	struct subject target = subject_of(SUBJECT_CUSTOMER, customer);
	bytes_put_string(&answer, name);
	bytes_put_zigzag(&answer, turn);
	(void)applying_effect(a, EFFECT_TURN, &target, bytes_slice(&answer));
	bytes_finish(&answer);
}
