/* nudgectl/table.c: see table.h. */
#include "table.h"

#include "base/check.h"

#include <limits.h>
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

/* How a table is laid out. Nothing is ever cut. Where it is too wide for the terminal, columns without anything in them
 * are left out first. */
enum layout {
	LAYOUT_ROWS,    /* a row a line; the last column wraps under itself */
	LAYOUT_BENEATH, /* the last column gets lines of its own, beneath its row */
	LAYOUT_PAIRS,   /* "head value" one after the other, as many a line as fit */
};

#define GAP 2
#define LAST_COLUMNS_LEAST 24 /* of a column that wraps; with fewer it goes beneath */

struct plan {
	enum layout layout;
	int widths[TABLE_COLUMNS_MAX];
	bool shown[TABLE_COLUMNS_MAX];
	int last, before; /* the last column shown, and the columns of the terminal that are used before it */
	int screen;
};

static const struct cell *cell_at(const struct table *t, size_t row, int column)
{
	return &t->cells[row * (size_t)t->columns + (size_t)column];
}

static void measure(const struct table *t, struct plan *p)
{
	for (int i = 0; i < t->columns; i++) {
		p->shown[i] = true;
		p->widths[i] = text_width(t->heads[i]);
		for (size_t row = 0; row < t->used / (size_t)t->columns; row++) {
			int w = text_width(cell_at(t, row, i)->text);
			if (w > p->widths[i])
				p->widths[i] = w;
		}
	}
}

static void add_up(const struct table *t, struct plan *p, int indent)
{
	p->before = indent;
	for (int i = 0; i < t->columns; i++)
		if (p->shown[i])
			p->last = i;
	for (int i = 0; i < p->last; i++)
		p->before += p->shown[i] ? p->widths[i] + GAP : 0;
}

static void hide_empty(const struct table *t, struct plan *p)
{
	for (int i = 0; i < t->columns; i++) {
		p->shown[i] = false;
		for (size_t row = 0; row < t->used / (size_t)t->columns; row++)
			p->shown[i] |= *cell_at(t, row, i)->text != '\0';
	}
}

static void plan_layout(const struct table *t, struct plan *p, int indent)
{
	*p = (struct plan){ .layout = LAYOUT_ROWS, .screen = report_is_terminal(stdout) ? report_width(stdout) : INT_MAX };
	measure(t, p);
	add_up(t, p, indent);
	if (p->before + p->widths[p->last] <= p->screen)
		return;
	hide_empty(t, p);
	add_up(t, p, indent);
	int room = p->screen - p->before;
	if (room >= LAST_COLUMNS_LEAST || room >= p->widths[p->last])
		return;
	bool is_text = p->widths[p->last] > LAST_COLUMNS_LEAST;
	p->layout = is_text && p->before - GAP <= p->screen ? LAYOUT_BENEATH : LAYOUT_PAIRS;
}

static void put_styled(const char *text, size_t len, enum style style)
{
	if (style != STYLE_PLAIN)
		fputs(style_on(stdout, style), stdout);
	text_put(stdout, text, len);
	if (style != STYLE_PLAIN)
		fputs(style_off(stdout), stdout);
}

/* Wrapped under itself; the cursor stands at column `at`. */
static void put_wrapped(const char *text, enum style style, int at, int screen)
{
	int room = screen - at;
	for (;;) {
		size_t len = screen == INT_MAX ? strlen(text) : text_line(text, room);
		put_styled(text, len, style);
		fputc('\n', stdout);
		text = text_next_line(text + len);
		if (!*text)
			return;
		printf("%*s", at, "");
	}
}

static void put_row(const struct table *t, const struct plan *p, int indent, const struct cell *cells)
{
	int owed = indent; /* blanks that stand before what comes next, if anything does */
	for (int i = 0; i <= p->last; i++) {
		if (!p->shown[i])
			continue;
		int blanks = p->widths[i] - text_width(cells[i].text);
		if (i == p->last && p->layout == LAYOUT_BENEATH) {
			fputc('\n', stdout);
			if (!*cells[i].text)
				return;
			printf("%*s", indent + 2 * GAP, "");
			put_wrapped(cells[i].text, cells[i].style, indent + 2 * GAP, p->screen);
			return;
		}
		if (t->right[i])
			owed += blanks;
		if (*cells[i].text) {
			printf("%*s", owed, "");
			owed = 0;
		}
		if (i == p->last) {
			put_wrapped(cells[i].text, cells[i].style, p->before, p->screen);
			return;
		}
		put_styled(cells[i].text, strlen(cells[i].text), cells[i].style);
		owed += (t->right[i] ? 0 : blanks) + GAP;
	}
}

static void put_pairs(const struct table *t, const struct plan *p, int indent, const struct cell *cells)
{
	int column = printf("%*s", indent, "");
	bool first = true;
	for (int i = 0; i <= p->last; i++) {
		if (!p->shown[i] || !*cells[i].text)
			continue;
		int head = first ? 0 : text_width(t->heads[i]) + 1, wide = head + text_width(cells[i].text);
		if (!first && (!column || column + GAP + wide > p->screen)) {
			fputs(column ? "\n" : "", stdout);
			column = printf("%*s", indent + 2 * GAP, "");
		} else if (!first) {
			column += printf("%*s", GAP, "");
		}
		if (!first) {
			put_styled(t->heads[i], strlen(t->heads[i]), STYLE_DIM);
			fputc(' ', stdout);
		}
		column += head;
		if (column + wide - head > p->screen) {
			put_wrapped(cells[i].text, cells[i].style, column, p->screen);
			column = 0; /* the line is over */
		} else {
			put_styled(cells[i].text, strlen(cells[i].text), cells[i].style);
			column += wide - head;
		}
		first = false;
	}
	if (column)
		fputc('\n', stdout);
}

void table_print(const struct table *t, int indent)
{
	struct plan p;
	struct cell heads[TABLE_COLUMNS_MAX];
	if (!t->used)
		return;
	plan_layout(t, &p, indent);
	for (int i = 0; i < t->columns; i++)
		heads[i] = (struct cell){ (char *)t->heads[i], STYLE_DIM };
	if (p.layout != LAYOUT_PAIRS)
		put_row(t, &p, indent, heads);
	for (size_t row = 0; row < t->used / (size_t)t->columns; row++) {
		if (p.layout == LAYOUT_PAIRS)
			put_pairs(t, &p, indent, cell_at(t, row, 0));
		else
			put_row(t, &p, indent, cell_at(t, row, 0));
	}
}
