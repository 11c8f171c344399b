/* tests/e2e/stopped.c: a machine that replays a data directory's whole journal from its first entry, in order, all subjects
 * at once, and stops where it is told: what explain says of one subject's past is held against it. It walks no history,
 * looks into no store, and takes the packs from the journal, as `nudged --replay` does.
 *
 *     stopped DIR < lines "SEQ CUSTOMER", by sequence      prints "SEQ CUSTOMER DIGEST" of each record after that entry */
#include "base/check.h"
#include "base/error.h"
#include "history/apply.h"
#include "history/packs.h"
#include "history/read_ahead.h"

#include <stdio.h>
#include <stdlib.h>

#define PLACES (1u << 16)

static struct machine m;
static struct record *places[PLACES];
static struct applied applied;

static struct record *record_of(const struct subject *s)
{
	size_t at = subject_hash(s) % PLACES;
	for (; places[at]; at = (at + 1) % PLACES) {
		struct subject have = record_subject(places[at]);
		if (subject_equal(&have, s))
			return places[at];
	}
	return places[at] = record_create(s);
}

static void activate(const struct entry *e)
{
	struct bundle bundle = { 0 };
	struct pack *pack;
	CHECK(bundle_decode(&bundle, e->activate.bundle) == ERR_OK);
	CHECK(pack_load(&pack, &bundle, m.pool) == ERR_OK);
	machine_set_pack(&m, pack);
	bundle_finish(&bundle);
}

static bool apply(struct ahead_item *item, struct record *r)
{
	const struct entry *e = &item->entry;
	struct apply_input in = { .received_at_ms = item->je.received_at_ms, .replay = true, .aborted = e->aborted };
	struct outcome_input outcome;
	struct decision_record d;
	struct alert *alert;
	applied = (struct applied){ 0 };
	switch (e->kind) {
	case ENTRY_EVENT:
		machine_apply_event(&m, r, &item->event, &in, &applied);
		return true;
	case ENTRY_OUTCOME:
		CHECK(outcome_input_decode(&outcome, e, item->je.received_at_ms, &m.arena) == ERR_OK);
		machine_apply_outcome(&m, r, &outcome, &in, &applied);
		return true;
	case ENTRY_TIMER:
		timer_apply(&m, r, e, &in, &applied);
		return true;
	case ENTRY_EFFECT:
		CHECK(effect_apply(&m, r, e, &in, &applied) == ERR_OK);
		return e->effect.kind != EFFECT_ABSORB || r->seq != 0;
	case ENTRY_DECISION:
		CHECK(decision_decode(&d, e->decision.bytes, &m.arena) == ERR_OK);
		if (decision_changes(&d))
			decision_apply(&m, r, &d, &in, &applied);
		return decision_changes(&d);
	case ENTRY_ACKNOWLEDGE:
		CHECK(machine_apply_acknowledge(&m, r, e->acknowledge.seq, e->acknowledge.index, e->acknowledge.time_ms,
						&alert) == ERR_OK);
		return true;
	default:
		return false;
	}
}

static void take(struct ahead_item *item)
{
	const struct entry *e = &item->entry;
	arena_reset(&m.arena);
	if (e->kind == ENTRY_ACTIVATE)
		activate(e);
	else if (e->kind == ENTRY_ASIDE)
		machine_set_aside(&m, e->aside.rule);
	if (e->subject.kind == SUBJECT_NONE)
		return;
	struct record *r = record_of(&e->subject);
	if (!apply(item, r))
		return;
	applied_set_seq(&applied, item->je.seq);
	r->seq = item->je.seq;
}

struct stop {
	unsigned long long seq;
	char customer[128];
	bool there;
};

static void next_stop(struct stop *s)
{
	s->there = scanf("%llu %127s", &s->seq, s->customer) == 2;
}

static void tell(const struct stop *s)
{
	struct subject subject = subject_of(SUBJECT_CUSTOMER, slice_of(s->customer));
	char hex[33];
	hash128_hex(record_digest(record_of(&subject)), hex);
	printf("%llu %s %s\n", s->seq, s->customer, hex);
}

int main(int argc, char **argv)
{
	struct journal_options options = { .read_only = true };
	struct journal *journal;
	struct read_ahead *ahead;
	struct ahead_item *items;
	struct pack *empty;
	struct stop stop;
	unsigned count;
	int got;
	if (argc != 2 || journal_open(&journal, argv[1], &options, NULL, NULL, NULL) != ERR_OK) {
		fprintf(stderr, "usage: stopped DIR: %s\n", argc == 2 ? error_last()->text : "");
		return 2;
	}
	machine_init(&m);
	CHECK(pack_load_empty(&empty, m.pool) == ERR_OK);
	machine_set_pack(&m, empty);
	CHECK(read_ahead_open(&ahead, journal, 1, 0) == ERR_OK);
	next_stop(&stop);
	while ((got = read_ahead_next(ahead, &items, &count)) == 1)
		for (unsigned i = 0; i < count; i++) {
			take(&items[i]);
			for (; stop.there && stop.seq == items[i].je.seq; next_stop(&stop))
				tell(&stop);
		}
	CHECK(got == 0 && !stop.there);
	read_ahead_close(ahead);
	for (size_t i = 0; i < PLACES; i++)
		record_destroy(places[i], m.pool);
	machine_finish(&m);
	journal_close(journal);
	return 0;
}
