/* shard/reports.c: reports, made from ledgers' records that lie on all shards.
 *
 * The work goes round the shards. Each adds the days it has, a slice at a time between other things (shard->slow), so
 * that nobody's call waits for somebody's year; the last one makes the table. What is counted meanwhile may or may not be
 * in it. Which days there are is known without looking for each: cache_get notes the oldest and newest of every ledger. */
#include "shard/reports.h"

#include "base/check.h"
#include "base/error.h"
#include "report/gather.h"
#include "shard/call.h"
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
};

void reporting_destroy(struct reporting *r)
{
	if (!r)
		return;
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

static void answer(struct shard *s, struct work *w)
{
	struct reporting *r = w->report.making;
	const struct pack *p = s->machine.pack;
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
	response_report(&w->answer, w->report.request_id, &wire);
	if (w->answer.len > LIMIT_FRAME_BYTES) {
		bytes_clear(&w->answer);
		error_set(ERR_LIMIT, "limit", "the report does not fit limit_frame_bytes (%u): ask for fewer rows (limit) or days",
			  LIMIT_FRAME_BYTES);
		work_refuse_last(s, w);
		return;
	}
	work_done(s, w);
}

void report_work(struct shard *s, struct work *w)
{
	struct reporting *r = w->report.making;
	w = w->heap ? w : work_to_heap(w);
	int more = gather_slice(s, r);
	if (more > 0) {
		w->next = s->slow;
		s->slow = w;
		return;
	}
	if (more == 0 && ++r->shard < s->engine->shard_count) {
		work_send(s, s->engine->shards[r->shard], w); /* both are that shard's from here on */
		return;
	}
	if (more < 0)
		work_refuse_last(s, w);
	else
		answer(s, w);
	reporting_destroy(r);
}

void reports_go_on(struct shard *s)
{
	struct work *list = s->slow;
	s->slow = NULL;
	while (list) {
		struct work *w = list;
		list = w->next;
		w->next = NULL;
		arena_reset(&s->arena);
		report_work(s, w);
	}
}
