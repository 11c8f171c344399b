/* nudgectl/progress.c: see progress.h. */
#include "progress.h"

#include "report.h"

#include "base/clock.h"

#include <stdio.h>

#define QUIET_NS 2000000000ull /* shorter work shows nothing */
#define REDRAW_NS 100000000ull
#define PLAIN_LINE_NS 10000000000ull
#define PLAIN_LINE_EAGER_NS 2000000000ull
#define BAR_COLUMNS 30

void progress_init(struct progress *p, const char *what, const char *unit)
{
	*p = (struct progress){ .what = what, .unit = unit, .started_ns = clock_mono_ns() };
}

double progress_seconds(const struct progress *p)
{
	return (double)(clock_mono_ns() - p->started_ns) / 1e9;
}

static void put_bar(double part)
{
	int full = (int)(part * BAR_COLUMNS);
	fputs(style_on(stderr, STYLE_BLUE), stderr);
	for (int i = 0; i < BAR_COLUMNS; i++)
		fputs(i < full ? "━" : "─", stderr);
	fprintf(stderr, "%s %3.0f%%  ", style_off(stderr), part * 100);
}

static void put_figures(const struct progress *p, uint64_t done, double part)
{
	double seconds = progress_seconds(p);
	fprintf(stderr, "%s %s, %s/s", count_text(done), p->unit, count_text((uint64_t)((double)done / seconds)));
	if (part > 0.005)
		fprintf(stderr, ", %s left", duration_text(seconds / part - seconds));
}

void progress_show(struct progress *p, uint64_t done, double part)
{
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
	if (terminal) {
		fprintf(stderr, "\r\033[K%s ", p->what);
		if (part >= 0)
			put_bar(part);
		p->shown = true;
	} else {
		fprintf(stderr, "%s: ", p->what);
		if (part >= 0)
			fprintf(stderr, "%.0f%%, ", part * 100);
	}
	put_figures(p, done, part);
	fputs(terminal ? "" : "\n", stderr);
	fflush(stderr);
}

void progress_finish(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	fflush(stderr);
	p->shown = false;
}
