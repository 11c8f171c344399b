/* shard/reports.c: reports, made from ledgers' records that lie on all shards.
 *
 * The work goes round the shards. Each adds the days it has, a slice at a time between other things (shard->slow), so
 * that nobody's call waits for somebody's year; the explaining thread makes the table. However many are asked for, one slice is
 * added between two looks at the queue, and LIMIT_REPORTS are in the making: the others wait at the first shard. What is counted meanwhile may or may not be
 * in it. Which days there are is known without looking for each: cache_get notes the oldest and newest of every ledger. */
#include "shard/reports.h"

#include "base/check.h"
#include "base/error.h"
#include "report/gather.h"
#include "shard/call.h"
#include "shard/explainer.h"
#include "shard/parts.h"
#include "shard/work.h"
#include "wire/report.h"

#include <stdlib.h>

#define SLICE_CELLS 2048u /* about 0.3 ms */
#define SLICE_DAYS 64u
#define ROWS_DEFAULT 1000u

struct reporting {
	struct gather gather;
	unsigned shard, ledger; /* where it is */
	int32_t day;
	bool in_ledger;
	uint32_t limit;
	_Atomic unsigned *making; /* the engine's; NULL: it waits for its turn */
	struct hash128 pack_hash; /* of when it was asked for */
	const struct pack *pack;  /* the last shard's, of which it is one that `lent` counts; NULL: not there yet */
	_Atomic unsigned *lent;
};

void reporting_destroy(struct reporting *r)
{
	if (!r)
		return;
	if (r->making)
		atomic_fetch_sub(r->making, 1);
	if (r->lent)
		atomic_fetch_sub(r->lent, 1);
	gather_finish(&r->gather);
	free(r);
}

int reporting_create(struct reporting **out, const struct request_report *asked, int64_t now_ms, const struct pack *pack)
{
	struct report_ask ask = { .name = asked->name, .since_ms = asked->since_ms, .until_ms = asked->until_ms, .now_ms = now_ms };
	struct slice by = asked->by;
	while (by.len) {
		const char *comma = memchr(by.data, ',', by.len);
		size_t len = comma ? (size_t)(comma - by.data) : by.len;
		if (ask.by_count == REPORT_BY)
			return error_set(ERR_LIMIT, "by", "rows may be by %u names at most", REPORT_BY);
		ask.by[ask.by_count++] = (struct slice){ by.data, len };
		by = (struct slice){ by.data + len + (comma != NULL), by.len - len - (comma != NULL) };
	}
	for (size_t i = 0; i < asked->where_count; i++) {
		if (ask.where_count == REPORT_WHERE)
			return error_set(ERR_LIMIT, "where", "%u conditions at most", REPORT_WHERE);
		ask.where[ask.where_count].dim = asked->where[i].name;
		if (asked->where[i].value.kind != VALUE_STRING)
			return error_set(ERR_INVALID, "where", "the value of %.*s must be a text", SLICE_ARG(asked->where[i].name));
		ask.where[ask.where_count++].value = asked->where[i].value.string;
	}
	struct reporting *r = must_calloc(1, sizeof(*r));
	int result = gather_init(&r->gather, &ask, pack);
	if (result != ERR_OK) {
		free(r);
		return result;
	}
	r->pack_hash = pack->hash;
	r->limit = asked->limit ? asked->limit : ROWS_DEFAULT;
	*out = r;
	return ERR_OK;
}

static int add_day(struct shard *s, struct reporting *r, enum ledger_id id, uint32_t *cells)
{
	struct slot *slot;
	struct subject subject = ledger_subject(id, r->day);
	if (engine_owner(s->engine, &subject) != s)
		return ERR_OK;
	int result = cache_get(&s->cache, &subject, false, &slot);
	const struct ledger *l = result == ERR_OK && slot ? record_ledger(slot->record) : NULL;
	if (!l)
		return result;
	*cells += l->cell_count;
	return gather_add(&r->gather, r->ledger, r->day, l);
}

/* Positive: there is more of this shard. */
static int gather_slice(struct shard *s, struct reporting *r)
{
	const struct report_decl *d = r->gather.decl;
	uint32_t cells = 0, days = 0;
	for (; r->ledger < d->ledger_count; r->ledger++, r->in_ledger = false) {
		enum ledger_id id = d->ledgers[r->ledger];
		const struct ledger_span *span = &s->cache.ledger_spans[id];
		int32_t first = r->gather.first > span->first || ledgers[id].stock ? r->gather.first : span->first;
		int32_t last = r->gather.last < span->last || ledgers[id].stock ? r->gather.last : span->last;
		if (!span->any)
			continue;
		if (!r->in_ledger)
			r->day = first;
		r->in_ledger = true;
		for (; r->day <= (ledgers[id].stock ? first : last); r->day++) {
			if (cells >= SLICE_CELLS || days++ >= SLICE_DAYS)
				return 1;
			int result = add_day(s, r, id, &cells);
			if (result != ERR_OK)
				return result;
		}
	}
	r->ledger = 0;
	r->in_ledger = false;
	return 0;
}

static void let_go(struct work *w)
{
	reporting_destroy(w->report.making);
	w->report.making = NULL;
}

int report_make_table(struct work *w)
{
	struct reporting *r = w->report.making;
	const struct pack *p = r->pack;
	struct report_table t;
	struct wire_column columns[REPORT_COLUMNS];
	gather_make(&r->gather, p, &t);
	for (unsigned i = 0; i < t.column_count; i++)
		columns[i] = (struct wire_column){ t.columns[i].name, t.columns[i].unit, t.columns[i].help, i < t.key_count };
	size_t rows = t.row_count < r->limit ? t.row_count : r->limit;
	struct wire_report wire = {
		.name = r->gather.ask.name, .about = slice_of(r->gather.decl->help), .pack = str_slice(p->name),
		.since_ms = r->gather.ask.since_ms,
		.until_ms = r->gather.ask.until_ms ? r->gather.ask.until_ms : r->gather.ask.now_ms,
		.columns = columns, .column_count = t.column_count, .cells = t.cells, .row_count = rows,
		.more = t.row_count - rows, .notes = t.notes, .note_count = t.note_count,
	};
	uint64_t id = w->report.request_id;
	response_report(&w->answer, id, &wire);
	let_go(w);
	if (w->answer.len <= LIMIT_FRAME_BYTES)
		return ERR_OK;
	bytes_clear(&w->answer);
	return error_set(ERR_LIMIT, "limit", "the report does not fit limit_frame_bytes (%u): ask for fewer rows (limit) or days",
			 LIMIT_FRAME_BYTES);
}

/* All is gathered. Sorting 200,000 rows takes a second: another thread does it. */
static void hand_over(struct shard *s, struct work *w)
{
	struct reporting *r = w->report.making;
	if (memcmp(&r->pack_hash, &s->machine.pack->hash, sizeof(r->pack_hash)) != 0) {
		let_go(w);
		work_refuse(s, w, ERR_BUSY, NULL, "another pack was activated while the report was made; ask again");
		return;
	}
	r->pack = s->machine.pack;
	r->lent = &s->pack_lent;
	atomic_fetch_add(r->lent, 1);
	if (explainer_submit(s->engine, w))
		return;
	let_go(w);
	work_refuse(s, w, ERR_BUSY, NULL, "other explanations and reports are being made; try again when they are done");
}

/* Shards after the first only have what has begun. */
static bool has_turn(struct shard *s, struct reporting *r)
{
	_Atomic unsigned *making = &s->engine->reports_making;
	unsigned count = atomic_load(making);
	while (!r->making && count < LIMIT_REPORTS)
		if (atomic_compare_exchange_weak(making, &count, count + 1))
			r->making = making;
	return r->making != NULL;
}

static void wait_here(struct shard *s, struct work *w)
{
	struct work **last = &s->slow;
	while (*last && (*last)->report.making->making) /* those whose turn it is, then the others: both in order */
		last = &(*last)->next;
	while (*last && !w->report.making->making)
		last = &(*last)->next;
	w->next = *last;
	*last = w;
}

static void go_on(struct shard *s, struct work *w)
{
	struct reporting *r = w->report.making;
	int more = gather_slice(s, r);
	if (more > 0) {
		wait_here(s, w);
		return;
	}
	if (more == 0 && ++r->shard < s->engine->shard_count) {
		work_send(s, s->engine->shards[r->shard], w); /* both are that shard's from here on */
		return;
	}
	if (more < 0) {
		let_go(w);
		work_refuse_last(s, w);
	} else {
		hand_over(s, w);
	}
}

/* A short one is answered at once, where none is before it. */
void report_work(struct shard *s, struct work *w)
{
	w = w->heap ? w : work_to_heap(w);
	if (!s->slow && has_turn(s, w->report.making))
		go_on(s, w);
	else
		wait_here(s, w);
}

bool reports_can_go_on(struct shard *s)
{
	return s->slow && has_turn(s, s->slow->report.making);
}

void reports_go_on(struct shard *s)
{
	struct work *w = s->slow;
	if (!w || !has_turn(s, w->report.making))
		return;
	s->slow = w->next;
	w->next = NULL;
	arena_reset(&s->arena);
	go_on(s, w);
}

void reports_keep_pack(struct shard *s, struct pack *pack)
{
	bool lent = atomic_load(&s->pack_lent) != 0;
	for (unsigned i = 0; i < s->old_pack_count && !lent; i++)
		pack_destroy(s->old_packs[i]);
	s->old_pack_count = lent ? s->old_pack_count : 0;
	if (pack && !lent) {
		pack_destroy(pack);
	} else if (pack) {
		s->old_packs = must_realloc(s->old_packs, (s->old_pack_count + 1) * sizeof(pack));
		s->old_packs[s->old_pack_count++] = pack;
	}
}
