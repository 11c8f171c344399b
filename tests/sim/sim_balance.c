/* tests/sim/sim_balance.c: the balance moves the ranking as it is documented. Random catalogues; of every pair of actions
 *
 *     s1 (b c1 + (1 - b) v1)  and  s2 (b c2 + (1 - b) v2)          s = propensity x context x lever
 *
 * are lines in b, which cross once at most: just before that balance the engine ranks them one way, just after it the
 * other, and nowhere else does their order change. And as a relationship worsens (complaints, angry contacts), the
 * balance rises, and no action falls behind one that is worth less to the customer.
 *
 *     sim_balance [CATALOGUES] [SEED]
 *     sim_balance --csv FILE              the engine's scores over the balance, of one catalogue: for bench/balance.py */
#include "base/check.h"
#include "base/error.h"
#include "decide/decision.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define ACTIONS 8
#define STEPS 200
#define TROUBLES 9
#define AN_HOUR 3600000LL
#define T0 1767225600000LL

struct action {
	double propensity, customer, business, lever, context, rest; /* rest: all but the value */
};
struct sim {
	struct machine m;
	struct record *record;
	struct applied out;
	struct action actions[ACTIONS];
	uint64_t random, ids, rankings, crossings, raises;
	int64_t now_ms;
};

static double share(struct sim *s)
{
	s->random = s->random * 6364136223846793005ull + 1442695040888963407ull;
	return (double)(s->random >> 33) / 2147483648.0;
}

/* A catalogue whose balance is the customer's attribute b, or follows from what happened to them. */
static void load(struct sim *s, bool of_trouble)
{
	struct bundle b = { 0 };
	struct bytes text = { 0 };
	struct pack *p;
	bytes_printf(&text, "pack { name = 't' }\n");
	if (of_trouble)
		bytes_printf(&text, "local complaint = case { opens = 'complaint.opened', closes = 'complaint.closed', key = 'k' }\n"
				    "local angry = series { on = 'contact.ended', where = event.mood:at_most(-0.4), name = 'angry' }\n"
				    "balance((0.2 + 0.12 * complaint:count_open() + 0.07 * angry:count '30d'):min(0.95))\n");
	else
		bytes_printf(&text, "balance(attr('b', 'customer'))\n");
	for (unsigned i = 0; i < ACTIONS; i++) {
		const struct action *a = &s->actions[i];
		bytes_printf(&text,
			     "action 'a%u' { goal = 'g', value = { customer = %.17g, business = %.17g }, lever = %.17g,\n"
			     "  propensity = { start = %.17g }, context = { { when = attr('on', 'customer'):is(true), weight = %.17g } },\n"
			     "  say = 'x' }\n",
			     i, a->customer, a->business, a->lever, a->propensity, a->context);
	}
	CHECK(bundle_add(&b, SLICE("pack.lua"), bytes_slice(&text)) == ERR_OK);
	if (pack_load(&p, &b, s->m.pool) != ERR_OK) {
		fprintf(stderr, "%s\n", error_last()->text);
		exit(1);
	}
	bundle_finish(&b);
	bytes_finish(&text);
	machine_set_pack(&s->m, p);
}

static void decide(struct sim *s, struct decision *d)
{
	struct ask ask = { .channel = SLICE("call"), .limit = ACTIONS, .now_ms = s->now_ms, .explain = true };
	struct decide_subjects subjects = { .customer = s->record };
	struct foreign_reads foreign = { 0 };
	arena_reset(&s->m.arena);
	machine_decide(&s->m, &subjects, &ask, &foreign, d);
	CHECK(d->choice_count == ACTIONS);
	s->rankings++;
}

static unsigned place(const struct sim *s, const struct decision *d, unsigned action)
{
	for (unsigned i = 0; i < d->choice_count; i++)
		if (d->choices[i].action == &s->m.pack->actions[action])
			return i;
	return UINT32_MAX;
}

static double worth(const struct action *a, double b)
{
	return a->rest * (b * a->customer + (1 - b) * a->business);
}

/* The engine's whole ranking at a balance is the formula's, wherever two actions are not as good as equal. */
static void rank_at(struct sim *s, double b)
{
	struct decision d;
	(void)record_set(s->record, s->m.pool, 0, SLICE("b"), value_number(b), s->now_ms);
	decide(s, &d);
	CHECK(d.balance == b);
	for (unsigned i = 0; i < ACTIONS; i++)
		for (unsigned k = i + 1; k < ACTIONS; k++) {
			double x = worth(&s->actions[i], b), y = worth(&s->actions[k], b);
			if (fabs(x - y) > 1e-12)
				CHECK((x > y) == (place(s, &d, i) < place(s, &d, k)));
		}
}

/* The balance at which two actions change places; NAN: at none. */
static double crossing(const struct action *x, const struct action *y)
{
	double slope = x->rest * (x->customer - x->business) - y->rest * (y->customer - y->business);
	double b = (y->rest * y->business - x->rest * x->business) / slope;
	return b > 1e-6 && b < 1 - 1e-6 ? b : NAN;
}

static bool before(struct sim *s, unsigned i, unsigned k, double b)
{
	struct decision d;
	(void)record_set(s->record, s->m.pool, 0, SLICE("b"), value_number(b), s->now_ms);
	decide(s, &d);
	return place(s, &d, i) < place(s, &d, k);
}

static void crossings(struct sim *s)
{
	for (unsigned i = 0; i < ACTIONS; i++)
		for (unsigned k = i + 1; k < ACTIONS; k++) {
			double b = crossing(&s->actions[i], &s->actions[k]);
			bool first = before(s, i, k, 0);
			if (isnan(b)) {
				CHECK(before(s, i, k, 1) == first || fabs(worth(&s->actions[i], 1) - worth(&s->actions[k], 1)) < 1e-9);
				continue;
			}
			CHECK(before(s, i, k, b - 1e-7) == first && before(s, i, k, b + 1e-7) != first);
			CHECK(before(s, i, k, 1) != first);
			s->crossings++;
		}
}

static void happens(struct sim *s, bool complaint)
{
	struct event_attr attr = complaint ? (struct event_attr){ SLICE("k"), value_number((double)s->ids) }
					   : (struct event_attr){ SLICE("mood"), value_number(-0.8) };
	struct event e = { .id = SLICE("e"), .source = SLICE("s"), .customer = SLICE("c"), .time_ms = s->now_ms,
			   .type = complaint ? SLICE("complaint.opened") : SLICE("contact.ended"), .attrs = &attr, .attr_count = 1 };
	struct apply_input in = { .received_at_ms = s->now_ms };
	e.id_hash = e.content_hash = ++s->ids;
	arena_reset(&s->m.arena);
	machine_apply_event(&s->m, s->record, &e, &in, &s->out);
}

/* Of two actions alike in all but what they are worth, the one that is worth more to the customer never falls behind. */
static void worsens(struct sim *s)
{
	struct decision d;
	unsigned places[ACTIONS];
	decide(s, &d);
	double balance = d.balance;
	for (unsigned i = 0; i < ACTIONS; i++)
		places[i] = place(s, &d, i);
	for (unsigned n = 0; n < TROUBLES; n++) {
		s->now_ms += AN_HOUR;
		happens(s, share(s) < 0.5);
		decide(s, &d);
		CHECK(d.balance >= balance && d.balance <= 0.95 && (d.balance > balance || balance == 0.95));
		s->raises += d.balance > balance;
		balance = d.balance;
		for (unsigned i = 0; i < ACTIONS; i++)
			for (unsigned k = 0; k < ACTIONS; k++) {
				const struct action *x = &s->actions[i], *y = &s->actions[k];
				if (x->rest * (x->customer - x->business) > y->rest * (y->customer - y->business) && places[i] < places[k])
					CHECK(place(s, &d, i) < place(s, &d, k)); /* it only gains on the other */
			}
		for (unsigned i = 0; i < ACTIONS; i++)
			places[i] = place(s, &d, i);
	}
}

static void anew(struct sim *s)
{
	struct subject c = subject_of(SUBJECT_CUSTOMER, SLICE("c"));
	record_destroy(s->record, s->m.pool);
	s->record = record_create(&c);
	(void)record_set(s->record, s->m.pool, 0, SLICE("on"), value_bool(true), T0);
	s->now_ms = T0 + AN_HOUR;
}

static void catalogue(struct sim *s)
{
	for (unsigned i = 0; i < ACTIONS; i++) {
		struct action *a = &s->actions[i];
		*a = (struct action){ 0.01 + share(s), share(s) - 0.2, share(s) - 0.1, 0.2 + share(s), 0.5 + share(s), 0 };
		a->propensity = fmin(a->propensity, 1);
		a->rest = a->propensity * a->context * a->lever;
	}
	load(s, false);
	anew(s);
	for (unsigned i = 0; i <= STEPS; i++)
		rank_at(s, (double)i / STEPS);
	crossings(s);
	load(s, true);
	anew(s);
	worsens(s);
}

/* Four actions as people know them. */
static int write_csv(struct sim *s, const char *path)
{
	static const struct action four[4] = { { 0.30, 0.9, 0.1, 1, 1, 0 }, { 0.25, 0.6, 0.5, 1, 1, 0 },
					       { 0.20, 0.3, 0.9, 1, 1, 0 }, { 0.45, 0.2, 0.25, 1, 1, 0 } };
	FILE *f = fopen(path, "w");
	struct decision d;
	if (!f)
		return 1;
	for (unsigned i = 0; i < ACTIONS; i++)
		s->actions[i] = i < 4 ? four[i] : (struct action){ 0.001, 0.1, 0.1, 1, 1, 0 };
	load(s, false);
	anew(s);
	fprintf(f, "balance,action,score,place\n");
	for (unsigned i = 0; i <= 50; i++) {
		(void)record_set(s->record, s->m.pool, 0, SLICE("b"), value_number(i / 50.0), s->now_ms);
		decide(s, &d);
		for (unsigned k = 0; k < 4; k++)
			fprintf(f, "%.2f,%u,%.6f,%u\n", i / 50.0, k, d.choices[place(s, &d, k)].score, place(s, &d, k) + 1);
	}
	return fclose(f);
}

int main(int argc, char **argv)
{
	unsigned catalogues = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
	struct sim *s = must_calloc(1, sizeof(*s));
	s->random = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	machine_init(&s->m);
	if (argc > 2 && strcmp(argv[1], "--csv") == 0)
		return write_csv(s, argv[2]);
	for (unsigned i = 0; i < catalogues; i++)
		catalogue(s);
	printf("%u catalogues: %llu rankings as the formula says, %llu pairs changed places where their lines cross, %llu times a "
	       "worse relationship raised the balance, and nobody fell behind who is worth more to the customer\n",
	       catalogues, (unsigned long long)s->rankings, (unsigned long long)s->crossings, (unsigned long long)s->raises);
	CHECK(s->crossings > catalogues && s->raises > catalogues);
	record_destroy(s->record, s->m.pool);
	machine_finish(&s->m);
	free(s);
	return 0;
}
