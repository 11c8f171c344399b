/* decide/count_contacts.c: what reports count of a contact, and of a case that means something. */
#include "decide/contacts.h"
#include "decide/counting.h"

#define MILLION 1000000 /* moods are counted in millionths, so are their squares */

struct sums {
	struct applying *a;
	struct counted_cell *cell;
	int sign;
};

static void add(const struct sums *s, unsigned measure, int64_t amount)
{
	cell_add(s->cell, measure, s->sign * amount);
}

static void add_effort(const struct sums *s, const struct item *c)
{
	unsigned transfers = contact_transfers(c), holds = contact_holds(c);
	add(s, CONTACTS_REPEATS, contact_has(c, CONTACT_IS_REPEAT));
	add(s, CONTACTS_TRANSFERS, transfers);
	add(s, CONTACTS_TRANSFERRED, transfers > 0);
	add(s, CONTACTS_HOLDS, holds);
	add(s, CONTACTS_HELD, holds > 0);
	add(s, CONTACTS_HOLD_MS, c->numbers[CONTACT_HOLD_MS]);
}

static void add_times(const struct sums *s, const struct item *c)
{
	bool left = contact_is_abandoned(c);
	int64_t ms;
	if (contact_wait(c, &ms)) {
		add(s, left ? CONTACTS_LEFT_WAITS : CONTACTS_WAITS, 1);
		add(s, left ? CONTACTS_LEFT_WAIT_MS : CONTACTS_WAIT_MS, ms);
	}
	if (contact_is_served(c) && contact_handle(c, &ms)) {
		add(s, CONTACTS_HANDLES, 1);
		add(s, CONTACTS_HANDLE_MS_SUM, ms);
	}
}

static void add_moods(const struct sums *s, const struct item *c)
{
	bool start = contact_has(c, CONTACT_HAS_MOOD_START), end = contact_has(c, CONTACT_HAS_MOOD_END);
	int64_t from = c->numbers[CONTACT_MOOD_START], to = c->numbers[CONTACT_MOOD_END];
	add(s, CONTACTS_MOODS_START, start);
	add(s, CONTACTS_MOOD_START_SUM, start ? from : 0);
	add(s, CONTACTS_MOODS_END, end);
	add(s, CONTACTS_MOOD_END_SUM, end ? to : 0);
	add(s, CONTACTS_MOOD_CHANGES, start && end);
	add(s, CONTACTS_MOOD_CHANGE_SUM, start && end ? to - from : 0);
	add(s, CONTACTS_MOOD_CHANGE_SQUARES, start && end ? (to - from) * (to - from) / MILLION : 0);
}

void contact_count(struct applying *a, const struct item *c, int sign)
{
	struct slice dims[] = { item_text(c, CONTACT_AGENT), item_text(c, CONTACT_TOPIC), item_text(c, CONTACT_CHANNEL) };
	bool closed = contact_is_closed(c), served = contact_is_served(c);
	bool followed = contact_has(c, CONTACT_IS_FOLLOWED);
	struct sums s = { a, NULL, sign };
	s.cell = count_cell(a, LEDGER_CONTACTS, closed ? c->numbers[CONTACT_END_MS] : c->time_ms, dims);
	add(&s, CONTACTS_ALL, 1);
	add(&s, CONTACTS_OPEN, !closed);
	add(&s, CONTACTS_SERVED, served);
	add(&s, CONTACTS_ABANDONED, contact_is_abandoned(c));
	add(&s, CONTACTS_INFERRED, c->state == CONTACT_INFERRED);
	add(&s, CONTACTS_FOLLOWED, served && followed);
	add(&s, CONTACTS_CASE_OPEN, served && !followed && contact_has(c, CONTACT_HAS_CASE));
	add_effort(&s, c);
	add_times(&s, c);
	add_moods(&s, c);
}

void case_count(struct applying *a, const struct item *c, int sign)
{
	struct slice dims[] = { item_text(c, CASE_NAME), item_text(c, CASE_AGENT), item_text(c, CASE_TOPIC),
				slice_of(case_meaning_name(c->state)) };
	int64_t closed = c->numbers[CASE_CLOSED_MS], due = c->numbers[CASE_DUE_MS];
	bool late = closed && due && closed > due;
	struct sums s = { a, count_cell(a, LEDGER_CASES, c->time_ms, dims), sign };
	add(&s, CASES_OPENED, 1);
	add(&s, CASES_REOPENED, c->numbers[CASE_REOPENED]);
	add(&s, CASES_CLOSED, closed != 0);
	add(&s, CASES_TURNAROUND_MS, closed ? closed - c->time_ms : 0);
	add(&s, CASES_DUE, due != 0);
	add(&s, CASES_IN_TIME, closed && !late);
	add(&s, CASES_LATE, late);
	add(&s, CASES_BROKEN, !closed && c->numbers[CASE_MISSED]);
}
