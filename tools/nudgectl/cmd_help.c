/* nudgectl/cmd_help.c: help, from the same rows that parsing uses. */
#include "command.h"
#include "report.h"

#include "base/nearest.h"

#include <string.h>

#define COMMAND_COLUMNS 34

static void put_option(const struct option_spec *o)
{
	char head[64];
	snprintf(head, sizeof(head), "--%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
	text_flow(stdout, printf("  %-24s ", head), 27, o->help);
}

static void put_globals(void)
{
	static const struct option_spec list[] = {
		{ .name = "socket",
		  .arg = "ADDR",
		  .help = "the daemon: unix:PATH, tcp:HOST:PORT, tls:HOST:PORT or a path; else $NUDGE_SOCKET, else "
			  "unix:/run/nudged/nudged.sock" },
		{ .name = "token-file",
		  .arg = "FILE",
		  .help = "has the token to show, where the daemon wants one; else $NUDGE_TOKEN, else the file that "
			  "$NUDGE_TOKEN_FILE names" },
		{ .name = "tls-ca",
		  .arg = "FILE",
		  .help = "of tls: addresses: certificates whose signatures are believed (PEM); else $NUDGE_TLS_CA, else the system's" },
		{ .name = "tls-cert",
		  .arg = "FILE",
		  .help = "a certificate of one's own, where the daemon wants one; else $NUDGE_TLS_CERT" },
		{ .name = "tls-key", .arg = "FILE", .help = "its key; else $NUDGE_TLS_KEY, else in the same file" },
		{ .name = "json", .help = "answers as JSON, for machines" },
		{ 0 },
	};
	for (const struct option_spec *o = list; o->name; o++)
		put_option(o);
}

void help_overview(void)
{
	printf("nudgectl talks to nudged, the real-time next-best-action daemon.\n\n"
	       "Usage: nudgectl [--socket ADDR] [--json] COMMAND …\n\nCommands:\n");
	for (const struct command *const *c = commands; *c; c++) {
		char head[64];
		snprintf(head, sizeof(head), "%s %s", (*c)->name, (*c)->args);
		int blanks = COMMAND_COLUMNS - text_width(head);
		printf("  %s%s%s%*s ", style_on(stdout, STYLE_BOLD), head, style_off(stdout), blanks > 0 ? blanks : 0, "");
		text_flow(stdout, COMMAND_COLUMNS + 3, COMMAND_COLUMNS + 3, (*c)->summary);
	}
	printf("\nOptions of all:\n");
	put_globals();
	printf("\n");
	text_wrap(stdout, 0,
		  "Times are shown in UTC, or in the zone that $TZ names; without year and seconds where the terminal "
		  "is narrow. Colour: on a terminal, unless $NO_COLOR is set.\n"
		  "`nudgectl help COMMAND` tells more. Exit codes: 0 done, 1 failed, 2 used wrongly.");
}

static const struct command *asked; /* the command being run; NULL: none is known yet */
static bool brief;                  /* what was meant has been said: no list of all */

void help_about(const struct command *c)
{
	asked = c;
}

void help_briefly(void)
{
	brief = true;
}

void help_hint(void)
{
	if (asked) {
		fprintf(stderr, "Try `nudgectl help %s`.\n", asked->name);
		return;
	}
	int column = brief ? 0 : fprintf(stderr, "Commands: "), indent = column;
	for (const struct command *const *c = commands; *c && !brief; c++) {
		int wide = (int)strlen((*c)->name) + 2;
		if (column + wide > report_width(stderr)) {
			fputc('\n', stderr);
			column = fprintf(stderr, "%*s", indent, "");
		}
		column += fprintf(stderr, "%s%s", (*c)->name, c[1] ? ", " : "\n");
	}
	fprintf(stderr, "Try `nudgectl help` or `nudgectl help COMMAND`.\n");
}

/* As they stand, never wrapped: they are to be copied. */
static void put_examples(const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");
		printf("  %.*s\n", (int)len, lines);
		lines += len + (lines[len] == '\n');
	}
}

static void help_one(const struct command *c)
{
	printf("Usage: nudgectl [--socket ADDR] [--json] %s%s%s%s\n\n", c->name, *c->args ? " " : "", c->args,
	       c->options ? " [OPTIONS]" : "");
	text_wrap(stdout, 0, c->summary);
	if (c->details) {
		printf("\n");
		text_wrap(stdout, 0, c->details);
	}
	if (c->examples) {
		printf("\nExamples:\n");
		put_examples(c->examples);
	}
	if (c->options) {
		printf("\nOptions:\n");
		for (const struct option_spec *o = c->options; o->name; o++)
			put_option(o);
	}
}

static int no_such_command(const char *first, const char *second)
{
	const char *names[COMMANDS_MAX + 1], *nearest;
	char both[128];
	size_t count = 0;
	for (const struct command *const *c = commands; *c && count < COMMANDS_MAX; c++)
		names[count++] = (*c)->name;
	names[count] = NULL;
	snprintf(both, sizeof(both), "%s%s%s", first, second ? " " : "", second ? second : "");
	nearest = nearest_name(both, names);
	return report_usage("there is no command \"%s\"%s%s%s", both, nearest ? "; did you mean " : "", nearest ? nearest : "",
			    nearest ? "?" : "");
}

int help_command(const char *first, const char *second)
{
	size_t len = strlen(first);
	bool found = false;
	for (const struct command *const *c = commands; *c; c++) {
		const char *name = (*c)->name;
		bool same = strncmp(name, first, len) == 0 && (name[len] == '\0' || name[len] == ' ');
		if (!same || (second && name[len] == ' ' && strcmp(name + len + 1, second) != 0))
			continue;
		printf("%s", found ? "\n" : "");
		help_one(*c);
		found = true;
	}
	return found ? EXIT_DONE : no_such_command(first, second);
}

static int run(struct context *c, int argc, char **argv)
{
	if (argc == 0) {
		help_overview();
		return EXIT_DONE;
	}
	return help_command(argv[0], argc > 1 ? argv[1] : NULL);
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "what a command does, and its options",
	.max_args = 2,
	.run = run,
};
