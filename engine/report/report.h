/* report/report.h: reports: tables made from ledgers. Pure: no clock, no files; the shard and the pack tests bring the
 * rows. */
#ifndef NUDGED_REPORT_REPORT_H
#define NUDGED_REPORT_REPORT_H

#include "base/arena.h"
#include "script/pack.h"
#include "state/ledgers.h"
#include "state/value.h"

#define REPORT_BY 3u       /* dimensions that rows are made of, at most */
#define REPORT_WHERE 4u
#define REPORT_LEDGERS 4u  /* that one report is made from, at most */
#define REPORT_COLUMNS 40u
#define REPORT_NOTES 16u

/* What a ledger holds of one day and cell; cells that differ only in dimensions which the report does not need are one. */
struct ledger_row {
	int32_t day;           /* days since 1970-01-01; of a stock 0 */
	struct slice dims[LEDGER_DIMS];
	const int64_t *sums;   /* LEDGER_MEASURES of them */
};
struct ledger_rows {
	const struct ledger_row *rows; /* by day, then key */
	size_t count;
};

struct report_ask {
	struct slice name;
	int64_t since_ms, until_ms;     /* days that begin from and before these; until_ms 0: now */
	int64_t now_ms;
	struct slice by[REPORT_BY];     /* none: the report's own choice; "total": one row of all */
	unsigned by_count;
	struct { struct slice dim, value; } where[REPORT_WHERE]; /* only such cells */
	unsigned where_count;
};

struct report_column {
	struct slice name;    /* as JSON and CSV have it: fcr_provisional */
	struct slice unit;    /* "", "share", "h", "s", "VND", "points", "count" … */
	struct slice help;    /* the number's definition: one sentence */
};
struct report_table {
	struct report_column columns[REPORT_COLUMNS];
	unsigned column_count, key_count; /* the first key_count columns are what rows are by */
	struct value *cells;  /* row by row, in the arena; unknown: not enough is known to tell */
	size_t cell_count, cell_cap, row_count;
	struct slice notes[REPORT_NOTES];
	unsigned note_count;
};

/* A report while it is made. */
struct report_making {
	const struct report_ask *ask;
	const struct pack *pack;
	struct arena *arena;
	const struct report_decl *decl;
	const struct ledger_rows *ledgers; /* in the order of report_decl.ledgers */
	struct report_table *out;
	int32_t today;                     /* local day of now */
};

struct report_decl {
	const char *name;
	const char *help;      /* one line */
	enum ledger_id ledgers[REPORT_LEDGERS];
	unsigned ledger_count;
	const char *by[10];    /* what rows may be by, "total" beside them; NULL: no more */
	const char *picks[4];  /* of its own columns: what `where` may name besides; the maker looks at it */
	const char *default_by; /* names with commas between */
	bool where_later;      /* the maker needs rows that `where` leaves out too, and asks report_where itself */
	const char *keep[4];   /* dimensions that its rows keep, whatever the report is by */
	bool to_now;           /* the maker needs the days after those asked for, too: it asks each row's day itself */
	/* What the pack calls a dimension, as the ledgers know it; `shown`: the other way round. NULL: ledgers' names only. */
	struct slice (*named)(const struct pack *p, struct slice name, bool shown);
	void (*make)(struct report_making *m);
};
extern const struct report_decl *const reports[]; /* NULL-terminated, in the order of help */
const struct report_decl *report_find(struct slice name); /* NULL: none */
/* ERR_INVALID or ERR_MISSING with what would do: no such report, or a `by` or `where` that it has not. */
int report_check(const struct report_ask *ask, const struct pack *pack, const struct report_decl **out);
/* The days that a report is about: first to last. */
void report_days(const struct report_ask *ask, const struct pack *pack, int32_t *first, int32_t *last);
/* ask->by is filled in with the default where it is empty. */
void report_make(const struct report_decl *decl, struct report_making *m);
bool report_where(const struct report_making *m, unsigned ledger, const struct ledger_row *row);

/* What the report is by, of a ledger's row. */
void report_key(const struct report_making *m, unsigned ledger, const struct ledger_row *row, struct slice by[REPORT_BY]);

/* For makers. A group: rows with equal values of what the report is `by`, sums added up. */
struct report_group {
	struct slice by[REPORT_BY];
	int64_t sums[LEDGER_MEASURES];
};
/* Groups of a ledger's rows within since..until (all of a stock) that pass `where`, in the order of their values. What a
 * ledger has not as a dimension is empty. "day" and "month" are dimensions of every daily ledger. `also` (may be NULL):
 * further condition on a row. */
struct report_group *report_groups(struct report_making *m, unsigned ledger,
				   bool (*also)(const struct report_making *m, const struct ledger_row *row), size_t *count);
/* The columns that rows are by; then the report adds its own. */
void report_key_columns(struct report_making *m);
void report_column(struct report_making *m, const char *name, const char *unit, const char *help);
/* A new row, with its key filled in; then one report_put a column. */
void report_row(struct report_making *m, const struct slice *by);
void report_put(struct report_making *m, struct value v);
void report_put_count(struct report_making *m, int64_t n);
void report_put_ratio(struct report_making *m, int64_t part, int64_t whole); /* unknown where whole is 0 */
/* In the table's order: the rows are sorted by that column, the largest first; what is unknown comes last. */
void report_sort(struct report_making *m, const char *column);
void report_remark(struct report_making *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
