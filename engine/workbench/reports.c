/* workbench/reports.c: a report in the middle of a test's story. */
#include "workbench/story.h"

#include "base/error.h"
#include "report/gather.h"

#define DAYS_BACK 4000 /* of a report that does not say since when: further than tests reach */

static int ask_of(const struct story *s, const struct test_report *asked, struct report_ask *ask)
{
	struct slice by = asked->by;
	*ask = (struct report_ask){ .name = asked->name, .since_ms = asked->since_ms, .until_ms = asked->until_ms,
				    .now_ms = s->world->now_ms };
	while (by.len) {
		const char *comma = memchr(by.data, ',', by.len);
		size_t len = comma ? (size_t)(comma - by.data) : by.len;
		if (ask->by_count == REPORT_BY)
			return error_set(ERR_LIMIT, "by", "rows may be by %u names at most", REPORT_BY);
		ask->by[ask->by_count++] = (struct slice){ by.data, len };
		by = (struct slice){ by.data + len + (comma != NULL), by.len - len - (comma != NULL) };
	}
	for (unsigned i = 0; i < asked->where_count; i++) {
		ask->where[i].dim = asked->where[i].name;
		ask->where[i].value = asked->where[i].value;
	}
	ask->where_count = asked->where_count;
	return ERR_OK;
}

static int gather_all(struct story *s, struct gather *g)
{
	int32_t oldest = g->last - DAYS_BACK, first = g->first > oldest ? g->first : oldest;
	for (unsigned i = 0; i < g->decl->ledger_count; i++) {
		enum ledger_id id = g->decl->ledgers[i];
		for (int32_t day = first; day <= (ledgers[id].stock ? first : g->last); day++) {
			struct subject subject = ledger_subject(id, day);
			int result = gather_add(g, i, day, record_ledger(world_record(s->world, &subject, false)));
			if (result != ERR_OK)
				return result;
		}
	}
	return ERR_OK;
}

/* The arena of the story keeps what the table lends. */
static void keep_table(struct story *s, const struct report_table *t, struct test_table *out)
{
	struct slice *columns = arena_alloc(&s->arena, (t->column_count + 1) * sizeof(*columns));
	struct value *cells = arena_alloc(&s->arena, (t->cell_count + 1) * sizeof(*cells));
	for (unsigned i = 0; i < t->column_count; i++)
		columns[i] = arena_slice(&s->arena, t->columns[i].name);
	for (size_t i = 0; i < t->cell_count; i++) {
		cells[i] = t->cells[i];
		if (cells[i].kind == VALUE_STRING)
			cells[i].string = arena_slice(&s->arena, cells[i].string);
	}
	*out = (struct test_table){ columns, t->column_count, cells, t->row_count };
}

int story_report(struct story *s, const struct test_report *asked, struct test_table *out)
{
	struct report_ask ask;
	struct gather g;
	struct report_table table;
	int result = ask_of(s, asked, &ask);
	if (result == ERR_OK)
		result = gather_init(&g, &ask, s->world->m.pack);
	if (result != ERR_OK)
		return result;
	result = gather_all(s, &g);
	if (result == ERR_OK) {
		gather_make(&g, s->world->m.pack, &table);
		keep_table(s, &table, out);
	}
	gather_finish(&g);
	return result;
}
