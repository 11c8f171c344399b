/* nudgectl/progress.c: see progress.h. */
#include "progress.h"

#include "report.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define QUIET_NS 2000000000ull /* shorter work shows nothing */
#define REDRAW_NS 100000000ull
#define PLAIN_LINE_NS 10000000000ull
#define PLAIN_LINE_EAGER_NS 2000000000ull
#define BAR_COLUMNS 30
#define FIGURES_BYTES 160
#define BAR_COLUMNS_LEAST 6 /* with fewer the figures alone say more */

void progress_init(struct progress *p, const char *what, const char *unit)
{
	*p = (struct progress){ .what = what, .unit = unit, .started_ns = clock_mono_ns() };
}

double progress_seconds(const struct progress *p)
{
	return (double)(clock_mono_ns() - p->started_ns) / 1e9;
}

static void put_bar(double part, int columns)
{
	int full = (int)(part * columns);
	fputs(style_on(stderr, STYLE_BLUE), stderr);
	for (int i = 0; i < columns; i++)
		fputs(i < full ? "━" : "─", stderr);
	fprintf(stderr, "%s ", style_off(stderr));
}

/* Behind what is there, where it fits whole. */
static void add_figure(char *out, int room, const char *before, const char *text, const char *after)
{
	size_t len = strlen(out);
	if ((int)(len + strlen(before) + strlen(text) + strlen(after)) <= room)
		snprintf(out + len, FIGURES_BYTES - len, "%s%s%s", before, text, after);
}

static void figures_text(const struct progress *p, uint64_t done, double part, char *out, int room)
{
	double seconds = progress_seconds(p);
	*out = '\0';
	room = room < FIGURES_BYTES ? room : FIGURES_BYTES - 1;
	add_figure(out, room, "", count_text(done), " ");
	add_figure(out, room, "", p->unit, "");
	if (p->refused)
		add_figure(out, room, ", ", count_text(p->refused), " refused");
	if (part > 0.005)
		add_figure(out, room, ", ", duration_text(seconds / part - seconds), " left");
	add_figure(out, room, ", ", count_text((uint64_t)((double)done / seconds)), "/s");
}

/* One line of the terminal, and never its last column: what wraps could not be taken back. */
static void put_line(const struct progress *p, uint64_t done, double part)
{
	char percent[16] = "", figures[FIGURES_BYTES];
	int room = report_width(stderr) - 1 - (int)strlen(p->what) - 1;
	if (part >= 0)
		snprintf(percent, sizeof(percent), "%3.0f%%  ", part * 100);
	figures_text(p, done, part, figures, room - (int)strlen(percent));
	int bar = room - (int)strlen(percent) - (int)strlen(figures) - 1;
	fprintf(stderr, "\r\033[K%s ", p->what);
	if (part >= 0 && bar >= BAR_COLUMNS_LEAST)
		put_bar(part, bar < BAR_COLUMNS ? bar : BAR_COLUMNS);
	fprintf(stderr, "%s%s", percent, figures);
}

void progress_show(struct progress *p, uint64_t done, double part)
{
	char figures[FIGURES_BYTES];
	uint64_t now = clock_mono_ns();
	bool terminal = report_is_terminal(stderr);
	uint64_t step = terminal ? REDRAW_NS : p->eager ? PLAIN_LINE_EAGER_NS : PLAIN_LINE_NS;
	uint64_t quiet = !terminal ? step : p->eager ? REDRAW_NS : QUIET_NS;
	if (now - p->started_ns < quiet || (p->shown_ns && now - p->shown_ns < step))
		return;
	p->shown_ns = now;
	if (part > 1)
		part = 1;
	fflush(stdout);
	figures_text(p, done, part, figures, FIGURES_BYTES);
	if (terminal) {
		put_line(p, done, part);
		p->shown = true;
	} else if (part >= 0) {
		fprintf(stderr, "%s: %.0f%%, %s\n", p->what, part * 100, figures);
	} else {
		fprintf(stderr, "%s: %s\n", p->what, figures);
	}
	fflush(stderr);
}

void progress_finish(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = false;
}
