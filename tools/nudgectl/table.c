/* nudgectl/table.c: see table.h. */
#include "table.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void table_init(struct table *t, const char *heads)
{
	memset(t, 0, sizeof(*t));
	for (const char *at = heads; *at;) {
		size_t len = strcspn(at, "|");
		CHECK(t->columns < TABLE_COLUMNS_MAX);
		bool right = *at == '>';
		t->right[t->columns] = right;
		t->heads[t->columns++] = must_strndup(at + right, len - right);
		at += len + (at[len] == '|');
	}
}

void table_finish(struct table *t)
{
	for (int i = 0; i < t->columns; i++)
		free((char *)t->heads[i]);
	for (size_t i = 0; i < t->used; i++)
		free(t->cells[i].text);
	free(t->cells);
	memset(t, 0, sizeof(*t));
}

static void add(struct table *t, enum style style, const char *format, va_list args)
{
	if (t->used == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->cells = must_realloc(t->cells, t->cap * sizeof(*t->cells));
	}
	char *text;
	CHECK(vasprintf(&text, format, args) >= 0);
	t->cells[t->used++] = (struct cell){ text, style };
}

void table_add(struct table *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add(t, STYLE_PLAIN, format, args);
	va_end(args);
}

void table_add_styled(struct table *t, enum style style, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add(t, style, format, args);
	va_end(args);
}

static void put_cell(const char *text, enum style style, int width, bool right, bool last)
{
	int blanks = width - text_width(text);
	if (right && blanks > 0)
		printf("%*s", blanks, "");
	if (style != STYLE_PLAIN)
		fputs(style_on(stdout, style), stdout);
	text_put(stdout, text, width);
	if (style != STYLE_PLAIN)
		fputs(style_off(stdout), stdout);
	if (!last)
		printf("%*s", (!right && blanks > 0 ? blanks : 0) + 2, "");
}

void table_print(const struct table *t, int indent)
{
	if (!t->used)
		return;
	int widths[TABLE_COLUMNS_MAX], before = indent;
	for (int i = 0; i < t->columns; i++)
		widths[i] = text_width(t->heads[i]);
	for (size_t i = 0; i < t->used; i++) {
		int w = text_width(t->cells[i].text), *column = &widths[i % (size_t)t->columns];
		if (w > *column)
			*column = w;
	}
	for (int i = 0; i < t->columns - 1; i++)
		before += widths[i] + 2;
	int left = report_width(stdout) - before, *last = &widths[t->columns - 1];
	if (report_is_terminal(stdout) && *last > left)
		*last = left > 10 ? left : 10;
	printf("%*s", indent, "");
	for (int i = 0; i < t->columns; i++)
		put_cell(t->heads[i], STYLE_DIM, widths[i], t->right[i], i == t->columns - 1);
	for (size_t i = 0; i < t->used; i++) {
		int column = (int)(i % (size_t)t->columns);
		if (column == 0)
			printf("\n%*s", indent, "");
		put_cell(t->cells[i].text, t->cells[i].style, widths[column], t->right[column],
			 column == t->columns - 1);
	}
	fputc('\n', stdout);
}
