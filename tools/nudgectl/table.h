/* nudgectl/table.h: rows of text in columns as wide as they need to be. On a terminal that is too narrow the last column
 * wraps under itself, then goes beneath its row, then all go one after the other: nothing is cut. A pipe gets every row
 * on one line. */
#ifndef NUDGECTL_TABLE_H
#define NUDGECTL_TABLE_H

#include "report.h"

#define TABLE_COLUMNS_MAX 12

struct cell {
	char *text;
	enum style style;
};

struct table {
	const char *heads[TABLE_COLUMNS_MAX];
	bool right[TABLE_COLUMNS_MAX];
	int columns;
	struct cell *cells;
	size_t used, cap;
};

/* heads: "name|>matched|>fired|why"; '>' for right-aligned columns. */
void table_init(struct table *t, const char *heads);
void table_finish(struct table *t);
/* The next cell, row after row. */
void table_add(struct table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_add_styled(struct table *t, enum style style, const char *format, ...) __attribute__((format(printf, 3, 4)));
void table_print(const struct table *t, int indent); /* nothing where there are no rows */

#endif
