/* nudgectl: the command-line tool of nudged. This file finds the command and hands over; what it does is in cmd_NAME.c.
 */
#include "command.h"
#include "report.h"

#include "base/nearest.h"

#include <nudge.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_DEFAULT "unix:/run/nudged/nudged.sock"

/* The command that argv begins with; *words is how many of them are its name. */
static const struct command *find_command(int argc, char **argv, int *words)
{
	for (const struct command *const *c = commands; *c; c++) {
		const char *name = (*c)->name, *space = strchr(name, ' ');
		size_t len = space ? (size_t)(space - name) : strlen(name);
		if (strlen(argv[0]) != len || memcmp(argv[0], name, len) != 0)
			continue;
		if (space && (argc < 2 || strcmp(argv[1], space + 1) != 0))
			continue;
		*words = space ? 2 : 1;
		return *c;
	}
	return NULL;
}

/* "customer" alone: which there are. */
static int half_a_command(const char *first)
{
	char all[300] = "";
	size_t used = 0, len = strlen(first);
	for (const struct command *const *c = commands; *c && used < sizeof(all); c++)
		if (strncmp((*c)->name, first, len) == 0 && (*c)->name[len] == ' ')
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "", (*c)->name);
	help_briefly();
	return report_usage("\"%s\" is half a command; there are: %s", first, all);
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int unknown_command(int argc, char **argv)
{
	const char *names[COMMANDS_MAX + 1], *nearest;
	char both[128];
	size_t count = 0;
	bool first_is_known = false;
	for (const struct command *const *c = commands; *c && count < COMMANDS_MAX; c++) {
		size_t len = strlen(argv[0]);
		names[count++] = (*c)->name;
		first_is_known |= strncmp((*c)->name, argv[0], len) == 0 && (*c)->name[len] == ' ';
	}
	names[count] = NULL;
	if (first_is_known && asks_for_help(argc - 1, argv + 1))
		return help_command(argv[0], NULL);
	if (first_is_known && argc == 1)
		return half_a_command(argv[0]);
	snprintf(both, sizeof(both), "%s %s", argv[0], argc > 1 ? argv[1] : "");
	nearest = nearest_name(both, names);
	if (!nearest)
		nearest = nearest_name(argv[0], names);
	if (nearest)
		help_briefly();
	return report_usage("there is no command \"%s\"%s%s%s", first_is_known && argc > 1 ? both : argv[0],
			    nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

static int run_command(struct context *c, int argc, char **argv)
{
	int words = 1;
	const struct command *command = find_command(argc, argv, &words);
	if (!command)
		return unknown_command(argc, argv);
	if (asks_for_help(argc - words, argv + words))
		return help_command(argv[0], words > 1 ? argv[1] : NULL);
	help_about(command);
	int args = options_parse(c, command, argc - words, argv + words);
	if (args < 0)
		return EXIT_USAGE;
	if (command->max_args == 0 && args > 0)
		return report_usage("%s takes no argument, and \"%s\" is one", command->name, argv[words]);
	if (args < command->min_args || args > command->max_args)
		return report_usage("usage: nudgectl %s %s", command->name, command->args);
	return command->run(c, args, argv + words);
}

int main(int argc, char **argv)
{
	report_init(help_hint);
	signal(SIGPIPE, SIG_IGN);
	const char *from_environment = getenv("NUDGE_SOCKET");
	struct context c = { .address = from_environment && *from_environment ? from_environment : ADDRESS_DEFAULT };
	argc--;
	argv++;
	if (argc > 0 && (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)) {
		help_overview();
		return EXIT_DONE;
	}
	if (argc > 0 && strcmp(argv[0], "--version") == 0) {
		printf("nudgectl %s\n", NUDGED_VERSION);
		return EXIT_DONE;
	}
	int left = options_parse(&c, NULL, argc, argv);
	if (left < 0)
		return EXIT_USAGE;
	if (left == 0) {
		help_overview();
		return EXIT_USAGE;
	}
	int code = run_command(&c, left, argv);
	nudge_close(c.nudge);
	if (fflush(stdout) != 0 && code == EXIT_DONE)
		code = EXIT_FAILED;
	return code;
}
