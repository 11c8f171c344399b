/* nudgectl/luacheck.c: see luacheck.h. A process of its own, whose output is bounded and read line by line:
 *
 *     pack.lua:12:7-9: (W211) unused variable 'big'
 */
#include "luacheck.h"
#include "rules_home.h"

#include "base/check.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/nearest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (256u * 1024u)
#define NOT_FOUND 127 /* the exit code of what could not be executed */

extern char **environ;

/* luacheck names it 'x'. A name that is unknown, or assigned nowhere, was told with its line and what it was meant to be;
 * that the name which was meant is then unused only follows from it. */
static bool told_already(const struct findings *told, const char *what)
{
	char name[128], wrong[128];
	const char *open = strchr(what, '\''), *close = open ? strchr(open + 1, '\'') : NULL;
	if (!close || close - open > (ptrdiff_t)sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(close - open) - 1, open + 1);
	for (unsigned i = 0; i < told->count; i++) {
		const struct finding *f = &told->list[i];
		const char *from = strcmp(f->code, "unknown-name") == 0 || strcmp(f->code, "global-assignment") == 0
					   ? strchr(f->what, '"') : NULL;
		const char *to = from ? strchr(from + 1, '"') : NULL;
		if (!to || to - from > (ptrdiff_t)sizeof(wrong))
			continue;
		snprintf(wrong, sizeof(wrong), "%.*s", (int)(to - from) - 1, from + 1);
		if (nearest_name(wrong, (const char *[]){ name, NULL }))
			return true;
	}
	return false;
}

/* A finding's line; false of any other. */
static bool take_line(struct findings *out, char *line)
{
	char *code, *file_end = strstr(line, ".lua:"), *end;
	if (!file_end)
		return false;
	long number = strtol(file_end + 5, &end, 10);
	code = strstr(end, ": (");
	if (number <= 0 || !code || (code[3] != 'W' && code[3] != 'E'))
		return false;
	bool error = code[3] == 'E';
	char *what = strstr(code, ") ");
	if (!what || what - code > 12)
		return false;
	*what = '\0';
	file_end[4] = '\0';
	struct bytes text = { 0 };
	bytes_printf(&text, "%s (%s)", what + 2, code + 3);
	bytes_put_u8(&text, 0);
	if (!error && !told_already(out, what + 2)) /* an error is one of syntax, which is told already */
		findings_add(out, FINDING_WARNING, "luacheck", strncmp(line, "./", 2) == 0 ? line + 2 : line,
			     (int)number, text.data, "");
	bytes_finish(&text);
	return true;
}

static void take_output(struct findings *out, struct bytes *text)
{
	bytes_put_u8(text, 0);
	for (char *line = text->data, *next; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		(void)take_line(out, line);
	}
}

/* At most so much; what comes after it is not waited for. */
static void read_output(int from, struct bytes *text)
{
	while (text->len < OUTPUT_MAX) {
		char *to = bytes_grow(text, 4096);
		ssize_t n = read(from, to, 4096);
		text->len -= 4096 - (size_t)(n > 0 ? n : 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
	}
}

static void add_files(char **argv, int *argc, const struct bundle *b)
{
	for (unsigned i = 0; i < b->count; i++)
		argv[(*argc)++] = b->files[i].path;
}

static int spawn(pid_t *pid, const char *folder, char **argv, int to)
{
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_adddup2(&actions, to, 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
	posix_spawn_file_actions_addchdir_np(&actions, folder);
	int failed = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed;
}

static enum luacheck run(struct findings *out, const char *folder, char **argv)
{
	int ends[2], status = 0;
	pid_t pid;
	struct bytes text = { 0 };
	if (pipe2(ends, O_CLOEXEC) != 0) {
		error_errno("cannot run luacheck");
		return LUACHECK_FAILED;
	}
	int failed = spawn(&pid, folder, argv, ends[1]);
	close(ends[1]);
	if (failed) {
		close(ends[0]);
		errno = failed;
		error_errno("cannot run luacheck");
		return failed == ENOENT ? LUACHECK_MISSING : LUACHECK_FAILED;
	}
	read_output(ends[0], &text);
	close(ends[0]);
	if (text.len >= OUTPUT_MAX)
		kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	take_output(out, &text);
	bytes_finish(&text);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		return LUACHECK_MISSING;
	if (WIFEXITED(status) && WEXITSTATUS(status) <= 2) /* 1: warnings, 2: errors; more: it could not begin */
		return LUACHECK_RAN;
	error_set(ERR_IO, NULL, "luacheck ended with %s %d", WIFEXITED(status) ? "exit code" : "signal",
		  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return LUACHECK_FAILED;
}

enum luacheck luacheck_run(struct findings *out, const char *folder, const struct bundle *pack,
			   const struct bundle *tests)
{
	char own[PATH_MAX], config[PATH_MAX + 32];
	snprintf(own, sizeof(own), "%s/.luacheckrc", folder);
	snprintf(config, sizeof(config), ".luacheckrc");
	if (access(own, R_OK) != 0) {
		char home[PATH_MAX];
		if (!rules_home(home)) {
			error_set(ERR_MISSING, NULL,
				  "the rules/ of this nudgectl, with luacheck's configuration, are not there");
			return LUACHECK_FAILED;
		}
		snprintf(config, sizeof(config), "%s/stubs/luacheckrc", home);
	}
	char *const options[] = { "luacheck", "--config", config,       "--formatter", "plain",
				  "--codes",  "--ranges", "--no-color", "--no-cache",  "--" };
	size_t count = sizeof(options) / sizeof(options[0]);
	char **argv = must_calloc(count + pack->count + tests->count + 1, sizeof(*argv));
	int argc = 0;
	for (size_t i = 0; i < count; i++)
		argv[argc++] = options[i];
	add_files(argv, &argc, pack);
	add_files(argv, &argc, tests);
	enum luacheck result = run(out, folder, argv);
	free(argv);
	return result;
}
