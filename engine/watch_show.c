/* watch_show.c: see watch_show.h. */
#include "watch_show.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum colour { PLAIN, DIM, RED, GREEN, YELLOW };

static const char *in(enum colour c)
{
	static const char *const codes[] = { "\033[0m", "\033[2m", "\033[31m", "\033[32m", "\033[33m" };
	const char *no_colour = getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && (!no_colour || !*no_colour) ? codes[c] : "";
}

/* A pack's text may hold anything: a terminal is not told what to do by it. */
static void put(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 && *text != '\t' ? ' ' : *text);
}

static void put_indented(unsigned indent, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		printf("%*s", (int)indent, "");
		for (size_t i = 0; i < len; i++)
			putchar((unsigned char)text[i] < 0x20 && text[i] != '\t' ? ' ' : text[i]);
		putchar('\n');
		text += len + (text[len] == '\n');
	}
}

static void show_finding(const struct finding *f)
{
	static const enum colour colours[] = {
		[FINDING_HINT] = DIM, [FINDING_WARNING] = YELLOW, [FINDING_ERROR] = RED
	};
	put(f->file);
	if (f->line)
		printf(":%d", f->line);
	printf(": %s%s%s: ", in(colours[f->severity]), severity_name(f->severity), in(PLAIN));
	put(f->what);
	putchar('\n');
	if (f->mend && *f->mend)
		put_indented(4, f->mend);
}

static void show_part(const char *head, const char *text)
{
	if (!text || !*text)
		return;
	printf("    %-10s", head);
	put(text);
	putchar('\n');
}

static void show_failure(const struct test_result *t)
{
	printf("%sFAILED%s  ", in(RED), in(PLAIN));
	put(t->name);
	printf("  %s%s:%d%s\n", in(DIM), t->file, t->line, in(PLAIN));
	if (t->wanted && *t->wanted) {
		show_part("expected", t->wanted);
		show_part("came", t->came);
		show_part("why", t->why);
	} else {
		show_part("because", t->message);
	}
	if (t->story && *t->story) {
		printf("    the story so far\n");
		put_indented(6, t->story);
	}
}

static void show_time(void)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;
	char text[16];
	if (localtime_r(&now, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm))
		printf("%s%s%s  ", in(DIM), text, in(PLAIN));
}

static void show_tests(const struct reload *r)
{
	if (!r->tests.count)
		printf(", no tests");
	else if (r->tested)
		printf(", %u test%s passed", r->run.passed, r->run.passed == 1 ? "" : "s");
	if (r->tested && r->run.todo)
		printf(", %u todo", r->run.todo);
}

static void show_refusal(const struct reload *r)
{
	unsigned errors = findings_count(&r->findings, FINDING_ERROR);
	printf("%snot activated%s: ", in(RED), in(PLAIN));
	if (errors)
		printf("%u error%s", errors, errors == 1 ? "" : "s");
	if (r->tested && r->run.failed)
		printf("%s%u of %u tests failed", errors ? ", " : "", r->run.failed, r->run.failed + r->run.passed);
	if (*r->name)
		printf("; %s %.8s stays", r->name, r->hash);
}

void reload_show(const struct reload *r)
{
	for (unsigned i = 0; i < r->findings.count; i++)
		show_finding(&r->findings.list[i]);
	for (unsigned i = 0; r->tested && i < r->run.count; i++)
		if (r->run.results[i].state == TEST_FAILED)
			show_failure(&r->run.results[i]);
	show_time();
	if (r->active) {
		printf("%s%s %.8s%s is active%s", in(GREEN), r->name, r->hash, in(PLAIN), r->changed ? "" : " already");
		show_tests(r);
	} else {
		show_refusal(r);
	}
	printf(" (%.0f ms)\n", r->took_ms);
	fflush(stdout);
}

void watch_say_begin(const char *folder, const char *address, const char *scratch)
{
	printf("watching %s; the daemon is ready on %s\n", folder, address);
	printf("  export NUDGE_SOCKET=%s\n", address);
	if (scratch)
		printf("  nothing is kept: its data is in %s and goes when it stops\n", scratch);
	fflush(stdout);
}

void watch_say_gone(const char *folder)
{
	show_time();
	printf("%sthere is no folder %s%s: waiting for it to come back\n", in(YELLOW), folder, in(PLAIN));
	fflush(stdout);
}

void watch_say_ended(const char *why)
{
	show_time();
	printf("%sno longer watching%s: %s\n", in(RED), in(PLAIN), why);
	fflush(stdout);
}
