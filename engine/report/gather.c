/* report/gather.c: see gather.h. Of a cell's dimensions only those are kept that the report is by, asks about or names:
 * years of a large call centre's cells come down to what is shown. */
#include "report/gather.h"

#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdlib.h>

struct gather_row {
	struct gather_row *next; /* in its bucket */
	uint64_t hash;
	struct ledger_row row;
	int64_t sums[LEDGER_MEASURES];
};

/* By the names of the ledgers. */
static void as_kept(struct report_ask *ask, const struct pack *pack)
{
	const struct report_decl *d = report_find(ask->name);
	if (!d || !d->named)
		return;
	for (unsigned i = 0; i < ask->by_count; i++)
		ask->by[i] = d->named(pack, ask->by[i], false);
	for (unsigned i = 0; i < ask->where_count; i++)
		ask->where[i].dim = d->named(pack, ask->where[i].dim, false);
}

int gather_init(struct gather *g, const struct report_ask *ask, const struct pack *pack)
{
	*g = (struct gather){ 0 };
	struct report_ask kept = *ask;
	as_kept(&kept, pack);
	int result = report_check(&kept, pack, &g->decl);
	if (result != ERR_OK)
		return result;
	arena_init(&g->arena, 0);
	g->ask = kept;
	for (const char *by = ask->by_count ? NULL : g->decl->default_by; by && g->ask.by_count < REPORT_BY;) {
		const char *comma = strchr(by, ',');
		g->ask.by[g->ask.by_count++] = comma ? (struct slice){ by, (size_t)(comma - by) } : slice_of(by);
		by = comma ? comma + 1 : NULL;
	}
	g->ask.name = arena_slice(&g->arena, ask->name);
	for (unsigned i = 0; i < g->ask.by_count; i++)
		g->ask.by[i] = arena_slice(&g->arena, g->ask.by[i]);
	for (unsigned i = 0; i < ask->where_count; i++) {
		g->ask.where[i].dim = arena_slice(&g->arena, kept.where[i].dim);
		g->ask.where[i].value = arena_slice(&g->arena, ask->where[i].value);
	}
	report_days(&g->ask, pack, &g->first, &g->last);
	int32_t today = (int32_t)zone_day_number(pack->zone, ask->now_ms);
	g->last = g->decl->to_now && g->last < today ? today : g->last;
	return ERR_OK;
}

void gather_finish(struct gather *g)
{
	for (unsigned i = 0; i < REPORT_LEDGERS; i++)
		free(g->buckets[i]);
	arena_finish(&g->arena);
	*g = (struct gather){ 0 };
}

static bool keeps(const struct gather *g, const char *dim)
{
	for (unsigned i = 0; i < g->ask.by_count; i++)
		if (slice_equal(g->ask.by[i], slice_of(dim)))
			return true;
	for (unsigned i = 0; i < g->ask.where_count; i++)
		if (slice_equal(g->ask.where[i].dim, slice_of(dim)))
			return true;
	for (unsigned i = 0; i < sizeof(g->decl->keep) / sizeof(g->decl->keep[0]) && g->decl->keep[i]; i++)
		if (slice_equal(slice_of(g->decl->keep[i]), slice_of(dim)))
			return true;
	return false;
}

static void grow(struct gather *g, unsigned ledger)
{
	size_t old = g->bucket_count[ledger], count = old ? old * 4 : 256;
	struct gather_row **buckets = must_calloc(count, sizeof(*buckets));
	for (size_t i = 0; i < old; i++) {
		for (struct gather_row *r = g->buckets[ledger][i], *next; r; r = next) {
			next = r->next;
			r->next = buckets[r->hash % count];
			buckets[r->hash % count] = r;
		}
	}
	free(g->buckets[ledger]);
	g->buckets[ledger] = buckets;
	g->bucket_count[ledger] = count;
}

static bool same_dims(const struct ledger_row *a, const struct ledger_row *b)
{
	if (a->day != b->day)
		return false;
	for (unsigned i = 0; i < LEDGER_DIMS; i++)
		if (!slice_equal(a->dims[i], b->dims[i]))
			return false;
	return true;
}

static struct gather_row *row_of(struct gather *g, unsigned ledger, const struct ledger_row *like)
{
	uint64_t hash = (uint64_t)like->day;
	for (unsigned i = 0; i < LEDGER_DIMS; i++)
		hash = hash64(like->dims[i], hash);
	if (g->count[ledger] * 2 >= g->bucket_count[ledger])
		grow(g, ledger);
	struct gather_row **at = &g->buckets[ledger][hash % g->bucket_count[ledger]];
	for (struct gather_row *r = *at; r; r = r->next)
		if (r->hash == hash && same_dims(&r->row, like))
			return r;
	struct gather_row *r = arena_calloc(&g->arena, 1, sizeof(*r));
	r->hash = hash;
	r->row.day = like->day;
	for (unsigned i = 0; i < LEDGER_DIMS; i++)
		r->row.dims[i] = like->dims[i].len ? arena_slice(&g->arena, like->dims[i]) : (struct slice){ "", 0 };
	r->row.sums = r->sums;
	r->next = *at;
	*at = r;
	g->count[ledger]++;
	return r;
}

int gather_add(struct gather *g, unsigned ledger, int32_t day, const struct ledger *l)
{
	enum ledger_id id = g->decl->ledgers[ledger];
	struct report_making asked = { .ask = &g->ask, .decl = g->decl };
	for (uint32_t i = 0; l && i < l->cell_count; i++) {
		const struct ledger_cell *c = &l->cells[i];
		struct ledger_row row = { .day = ledgers[id].stock ? 0 : day };
		ledger_key_parse(str_slice(c->key), row.dims, LEDGER_DIMS);
		if (!g->decl->where_later && !report_where(&asked, ledger, &row))
			continue;
		for (unsigned k = 0; k < LEDGER_DIMS; k++)
			if (!ledgers[id].dims[k] || !keeps(g, ledgers[id].dims[k]))
				row.dims[k] = (struct slice){ "", 0 };
		if (g->count[ledger] >= LIMIT_REPORT_ROWS)
			return error_set(ERR_LIMIT, "since_ms", "more than %u days and cells (limit_report_rows) are asked for: "
					 "name a shorter time, or fewer dimensions in `by`", LIMIT_REPORT_ROWS);
		struct gather_row *r = row_of(g, ledger, &row);
		for (unsigned k = 0; k < c->count; k++)
			r->sums[c->sums[k].measure] = ledger_plus(r->sums[c->sums[k].measure], c->sums[k].amount);
	}
	return ERR_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct ledger_row *x = a, *y = b;
	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	for (unsigned i = 0; i < LEDGER_DIMS; i++) {
		int order = slice_compare(x->dims[i], y->dims[i]);
		if (order)
			return order;
	}
	return 0;
}

static struct ledger_rows rows_of(struct gather *g, unsigned ledger)
{
	struct ledger_row *rows = arena_alloc(&g->arena, (g->count[ledger] + 1) * sizeof(*rows));
	size_t count = 0;
	for (size_t i = 0; i < g->bucket_count[ledger]; i++)
		for (const struct gather_row *r = g->buckets[ledger][i]; r; r = r->next)
			rows[count++] = r->row;
	qsort(rows, count, sizeof(*rows), by_place);
	return (struct ledger_rows){ rows, count };
}

void gather_make(struct gather *g, const struct pack *pack, struct report_table *out)
{
	struct ledger_rows rows[REPORT_LEDGERS] = { 0 };
	for (unsigned i = 0; i < g->decl->ledger_count; i++)
		rows[i] = rows_of(g, i);
	*out = (struct report_table){ .column_count = 0 };
	struct report_making m = {
		.ask = &g->ask, .pack = pack, .arena = &g->arena, .decl = g->decl, .ledgers = rows, .out = out,
		.today = (int32_t)zone_day_number(pack->zone, g->ask.now_ms),
	};
	report_make(g->decl, &m);
}
