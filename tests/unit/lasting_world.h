/* tests/unit/lasting_world.h: a customer, or two, and the ledgers that their entries count in. */
#ifndef TESTS_LASTING_WORLD_H
#define TESTS_LASTING_WORLD_H

#include "decide_world.h"
#include "state/contracts.h"
#include "state/customers.h"
#include "state/ledgers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define BOOKS 64

struct books {
	struct world *home; /* whose machine they are kept with */
	struct record *records[BOOKS];
	unsigned count;
};

static inline struct record *books_record(struct books *b, const struct subject *s)
{
	for (unsigned i = 0; i < b->count; i++)
		if (subject_equal(&b->records[i]->subject, s))
			return b->records[i];
	CHECK(b->count < BOOKS);
	return b->records[b->count++] = record_create(s);
}

/* Applies what the last entry counts. */
static inline void books_take(struct books *b, struct world *w)
{
	struct applied *out = malloc(sizeof(*out));
	struct effect effects[LIMIT_ENTRY_EFFECTS];
	unsigned count = w->out.effect_count;
	b->home = b->home ? b->home : w;
	memcpy(effects, w->out.effects, count * sizeof(*effects));
	for (unsigned i = 0; i < count; i++)
		if (effects[i].kind == EFFECT_COUNT)
			machine_apply_effect(&b->home->m, books_record(b, &effects[i].target), EFFECT_COUNT, effects[i].body,
					     NULL, &w->in, out);
	free(out);
}

static inline void books_event(struct books *b, struct world *w, const char *type, int64_t time_ms, const char *spec)
{
	world_event(w, type, time_ms, spec);
	books_take(b, w);
}

static inline void books_finish(struct books *b, struct world *w)
{
	for (unsigned i = 0; i < b->count; i++)
		record_destroy(b->records[i], w->m.pool);
	b->count = 0;
}

/* Of all days; dims: values joined by "|", "*" any, cut short: any from there on. */
static inline int64_t books_sum(const struct books *b, enum ledger_id ledger, const char *dims, unsigned measure)
{
	int64_t sum = 0;
	for (unsigned i = 0; i < b->count; i++) {
		enum ledger_id id;
		int32_t day;
		const struct ledger *l = record_ledger(b->records[i]);
		if (!ledger_of_subject(subject_id(&b->records[i]->subject), &id, &day) || id != ledger)
			continue;
		for (unsigned k = 0; l && k < l->cell_count; k++) {
			struct slice values[LEDGER_DIMS];
			ledger_key_parse(str_slice(l->cells[k].key), values, LEDGER_DIMS);
			const char *at = dims;
			bool same = true;
			for (unsigned d = 0; at && *at && same; d++) {
				const char *end = strchrnul(at, '|');
				struct slice want = { at, (size_t)(end - at) };
				same = slice_equal(want, SLICE("*")) || slice_equal(want, values[d]);
				at = *end ? end + 1 : NULL;
			}
			sum += same ? ledger_sum_of(&l->cells[k], measure) : 0;
		}
	}
	return sum;
}

/* One customer joins the other's record, as the daemon does it. */
static inline void books_merge(struct books *b, struct world *w, struct world *from)
{
	from->in.received_at_ms = w->in.received_at_ms;
	world_event(from, "identity.merged", w->in.received_at_ms, "into=c1");
	books_take(b, from);
	for (unsigned i = 0; i < from->out.effect_count; i++) {
		const struct effect *e = &from->out.effects[i];
		if (e->kind != EFFECT_MERGE)
			continue;
		arena_reset(&w->m.arena);
		machine_apply_effect(&w->m, w->r, EFFECT_MERGE, e->body, NULL, &w->in, &w->out);
	}
	books_take(b, w);
}

#endif
