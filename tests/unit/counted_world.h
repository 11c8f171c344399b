/* tests/unit/counted_world.h: what a customer's entries count for reports: their effects, added up in ledgers of the test.
 */
#ifndef TESTS_COUNTED_WORLD_H
#define TESTS_COUNTED_WORLD_H

#include "decide_world.h"
#include "state/ledgers.h"

#define COUNTED_DAYS 512

struct counted_world {
	struct world w;
	struct record *days[COUNTED_DAYS];
	unsigned day_count;
};

static inline void counted_init(struct counted_world *cw, const char *lua)
{
	memset(cw, 0, sizeof(*cw));
	world_init(&cw->w, lua);
}

static inline void counted_finish(struct counted_world *cw)
{
	for (unsigned i = 0; i < cw->day_count; i++)
		record_destroy(cw->days[i], cw->w.m.pool);
	world_finish(&cw->w);
}

static inline struct record *counted_day(struct counted_world *cw, const struct subject *s)
{
	for (unsigned i = 0; i < cw->day_count; i++)
		if (subject_equal(&cw->days[i]->subject, s))
			return cw->days[i];
	CHECK(cw->day_count < COUNTED_DAYS);
	return cw->days[cw->day_count++] = record_create(s);
}

/* What the last entry counted reaches the ledgers. */
static inline void counted_take(struct counted_world *cw)
{
	struct applied got = cw->w.out, none;
	for (unsigned i = 0; i < got.effect_count; i++)
		if (got.effects[i].kind == EFFECT_COUNT)
			machine_apply_effect(&cw->w.m, counted_day(cw, &got.effects[i].target), EFFECT_COUNT,
					     got.effects[i].body, NULL, &cw->w.in, &none);
}

static inline void counted_event(struct counted_world *cw, const char *type, int64_t time_ms, const char *spec)
{
	world_event(&cw->w, type, time_ms, spec);
	counted_take(cw);
}

/* Everything that is due by then falls due, oldest first. */
static inline void counted_wait(struct counted_world *cw, int64_t until_ms)
{
	while (cw->w.r->rare->timer_count && cw->w.r->rare->timers[0].due_ms <= until_ms) {
		arena_reset(&cw->w.m.arena);
		if (cw->w.r->rare->timers[0].due_ms > cw->w.in.received_at_ms)
			cw->w.in.received_at_ms = cw->w.r->rare->timers[0].due_ms;
		machine_apply_timer(&cw->w.m, cw->w.r, &cw->w.r->rare->timers[0], &cw->w.in, &cw->w.out);
		world_settle(&cw->w);
		counted_take(cw);
	}
}

/* A measure over all days; with a key of the dimensions' values ("linh/bill", later ones left away) of that cell alone. */
static inline int64_t counted(const struct counted_world *cw, enum ledger_id ledger, unsigned measure, const char *key)
{
	int64_t sum = 0;
	for (unsigned i = 0; i < cw->day_count; i++) {
		enum ledger_id id;
		int32_t day;
		const struct ledger *l = record_ledger(cw->days[i]);
		CHECK(ledger_of_subject(subject_id(&cw->days[i]->subject), &id, &day));
		for (uint32_t k = 0; l && id == ledger && k < l->cell_count; k++) {
			char text[LIMIT_KEY_BYTES + 1];
			snprintf(text, sizeof(text), "%.*s", SLICE_ARG(str_slice(l->cells[k].key)));
			for (char *c = text; *c; c++)
				*c = *c == LEDGER_BETWEEN ? '/' : *c;
			if (!key || strcmp(text, key) == 0)
				sum += ledger_sum_of(&l->cells[k], measure);
		}
	}
	return sum;
}

/* All that was counted, whatever the order. */
static inline struct hash128 counted_digest(const struct counted_world *cw)
{
	struct hash128 sum = { 0, 0 };
	for (unsigned i = 0; i < cw->day_count; i++)
		sum = digest_add(sum, record_digest(cw->days[i]));
	return sum;
}

#endif
