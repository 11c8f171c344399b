/* report/table.c: what makers of reports build with: groups of rows, columns, cells. */
#include "report/report.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct slice date_text(const struct report_making *m, int32_t day, bool whole)
{
	int year, month, of_month;
	day_to_date(day, &year, &month, &of_month);
	return whole ? arena_printf(m->arena, "%04d-%02d-%02d", year, month, of_month)
		     : arena_printf(m->arena, "%04d-%02d", year, month);
}

/* -1: the ledger has no such dimension. */
static int dim_of(enum ledger_id id, struct slice name)
{
	for (unsigned i = 0; i < LEDGER_DIMS && ledgers[id].dims[i]; i++)
		if (slice_equal(name, slice_of(ledgers[id].dims[i])))
			return (int)i;
	return -1;
}

bool report_where(const struct report_making *m, unsigned ledger, const struct ledger_row *row)
{
	for (unsigned i = 0; i < m->ask->where_count; i++) {
		int dim = dim_of(m->decl->ledgers[ledger], m->ask->where[i].dim);
		if (dim >= 0 && !slice_equal(row->dims[dim], m->ask->where[i].value))
			return false;
	}
	return true;
}

void report_key(const struct report_making *m, unsigned ledger, const struct ledger_row *row, struct slice by[REPORT_BY])
{
	enum ledger_id id = m->decl->ledgers[ledger];
	for (unsigned i = 0; i < m->ask->by_count; i++) {
		struct slice name = m->ask->by[i];
		int dim = dim_of(id, name);
		by[i] = (struct slice){ "", 0 };
		if (dim >= 0)
			by[i] = row->dims[dim];
		else if (!ledgers[id].stock && slice_equal(name, SLICE("day")))
			by[i] = date_text(m, row->day, true);
		else if (!ledgers[id].stock && slice_equal(name, SLICE("month")))
			by[i] = date_text(m, row->day, false);
	}
}

static int by_key(const void *a, const void *b)
{
	const struct report_group *x = a, *y = b;
	for (unsigned i = 0; i < REPORT_BY; i++) {
		int order = slice_compare(x->by[i], y->by[i]);
		if (order)
			return order;
	}
	return 0;
}

/* Adjacent groups of one key become one. */
static size_t join_equal(struct report_group *groups, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept && by_key(&groups[kept - 1], &groups[i]) == 0) {
			for (unsigned k = 0; k < LEDGER_MEASURES; k++)
				groups[kept - 1].sums[k] = ledger_plus(groups[kept - 1].sums[k], groups[i].sums[k]);
		} else {
			groups[kept++] = groups[i];
		}
	}
	return kept;
}

struct report_group *report_groups(struct report_making *m, unsigned ledger,
				   bool (*also)(const struct report_making *m, const struct ledger_row *row), size_t *count)
{
	CHECK(ledger < m->decl->ledger_count);
	const struct ledger_rows *rows = &m->ledgers[ledger];
	size_t cap = 256, used = 0;
	struct report_group *groups = must_malloc(cap * sizeof(*groups));
	for (size_t i = 0; i < rows->count; i++) {
		const struct ledger_row *row = &rows->rows[i];
		if (!report_where(m, ledger, row) || (also && !also(m, row)))
			continue;
		if (used == cap) {
			qsort(groups, used, sizeof(*groups), by_key);
			used = join_equal(groups, used);
			cap = used * 2 > cap ? cap * 2 : cap;
			groups = must_realloc(groups, cap * sizeof(*groups));
		}
		struct slice by[REPORT_BY];
		for (unsigned k = 0; k < REPORT_BY; k++)
			by[k] = (struct slice){ "", 0 };
		report_key(m, ledger, row, by);
		memcpy(groups[used].by, by, sizeof(by));
		memcpy(groups[used++].sums, row->sums, sizeof(groups[0].sums));
	}
	qsort(groups, used, sizeof(*groups), by_key);
	*count = join_equal(groups, used);
	struct report_group *out = arena_alloc(m->arena, (*count + 1) * sizeof(*out));
	memcpy(out, groups, *count * sizeof(*out));
	free(groups);
	return out;
}

void report_column(struct report_making *m, const char *name, const char *unit, const char *help)
{
	CHECK(m->out->column_count < REPORT_COLUMNS && m->out->row_count == 0);
	m->out->columns[m->out->column_count++] = (struct report_column){ slice_of(name), slice_of(unit), slice_of(help) };
}

void report_key_columns(struct report_making *m)
{
	for (unsigned i = 0; i < m->ask->by_count; i++) {
		struct slice name = m->decl->named ? m->decl->named(m->pack, m->ask->by[i], true) : m->ask->by[i];
		m->out->columns[m->out->column_count++] = (struct report_column){ name, SLICE(""), SLICE("what the row is about") };
	}
	m->out->key_count = m->out->column_count;
}

void report_put(struct report_making *m, struct value v)
{
	struct report_table *t = m->out;
	if (t->cell_count == t->cell_cap) {
		size_t cap = t->cell_cap ? t->cell_cap * 2 : 256;
		struct value *cells = arena_alloc(m->arena, cap * sizeof(*cells));
		if (t->cell_count)
			memcpy(cells, t->cells, t->cell_count * sizeof(*cells));
		t->cells = cells;
		t->cell_cap = cap;
	}
	t->cells[t->cell_count++] = v;
}

void report_row(struct report_making *m, const struct slice *by)
{
	struct report_table *t = m->out;
	CHECK(t->cell_count == t->row_count * t->column_count); /* the row before is whole */
	t->row_count++;
	for (unsigned i = 0; i < t->key_count; i++) {
		bool total = slice_equal(m->ask->by[i], SLICE("total"));
		struct slice text = total ? SLICE("all") : by[i].len ? by[i] : SLICE("-");
		report_put(m, value_string(text));
	}
}

void report_put_count(struct report_making *m, int64_t n)
{
	report_put(m, value_number((double)n));
}

void report_put_ratio(struct report_making *m, int64_t part, int64_t whole)
{
	report_put(m, whole ? value_number((double)part / (double)whole) : value_unknown());
}

struct sorted {
	double value;
	bool known;
	size_t place;
};

static int by_value(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	if (x->known != y->known)
		return x->known ? -1 : 1;
	if (x->known && x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

void report_sort(struct report_making *m, const char *column)
{
	struct report_table *t = m->out;
	unsigned at = 0;
	while (at < t->column_count && !slice_equal(t->columns[at].name, slice_of(column)))
		at++;
	CHECK(at < t->column_count && t->cell_count == t->row_count * t->column_count);
	struct sorted *order = arena_alloc(m->arena, (t->row_count + 1) * sizeof(*order));
	struct value *cells = arena_alloc(m->arena, (t->cell_count + 1) * sizeof(*cells));
	for (size_t i = 0; i < t->row_count; i++) {
		struct value v = t->cells[i * t->column_count + at];
		order[i] = (struct sorted){ v.kind == VALUE_NUMBER ? v.number : 0, v.kind == VALUE_NUMBER, i };
	}
	qsort(order, t->row_count, sizeof(*order), by_value);
	for (size_t i = 0; i < t->row_count; i++)
		memcpy(&cells[i * t->column_count], &t->cells[order[i].place * t->column_count], t->column_count * sizeof(*cells));
	t->cells = cells;
	t->cell_cap = t->cell_count;
}

void report_remark(struct report_making *m, const char *format, ...)
{
	char text[512];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (m->out->note_count < REPORT_NOTES)
		m->out->notes[m->out->note_count++] = arena_slice(m->arena, slice_of(text));
}
