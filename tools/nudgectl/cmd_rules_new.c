/* nudgectl/cmd_rules_new.c: a new pack that loads, whose tests pass, and which an editor understands: rules/new-pack,
 * copied under another name. */
#include "ask.h"
#include "report.h"
#include "rules_home.h"

#include "base/bytes.h"
#include "base/check.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_MAX_BYTES 64
#define STUBS_BYTES (2 * PATH_MAX)

static const char *dir;

/* What becomes what: paths below rules/ and below the new folder. */
static const struct {
	const char *from, *to, *what;
} files[] = {
	{ "new-pack/pack.lua", "pack.lua", "the pack: where to begin" },
	{ "new-pack/tests/stories.lua", "tests/stories.lua", "its tests" },
	{ "new-pack/.luarc.json", ".luarc.json", "for editors with the Lua language server" },
	{ "stubs/luacheckrc", ".luacheckrc", "for luacheck" },
};
#define FILES (sizeof(files) / sizeof(files[0]))

static bool name_ok(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
	return len > 0 && !name[len] && len <= NAME_MAX_BYTES && name[0] != '.' && name[0] != '-';
}

/* A folder that has nothing in it but a repository's own files is empty enough. */
static int refuse_occupied(const char *folder)
{
	DIR *d = opendir(folder);
	const char *found = NULL;
	char name[256];
	if (!d && errno == ENOENT)
		return EXIT_DONE;
	if (!d)
		return report_failed("cannot put a pack into %s: %s", folder, strerror(errno));
	for (struct dirent *e; !found && (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && strncmp(e->d_name, ".git", 4) != 0) {
			snprintf(name, sizeof(name), "%s", e->d_name);
			found = name;
		}
	closedir(d);
	if (!found)
		return EXIT_DONE;
	report_failed("%s is there already, and not empty (%s)", folder, found);
	report_note("Nothing was written. Choose another NAME, or another place with --dir.");
	return EXIT_FAILED;
}

static void replace(struct bytes *text, const char *old, const char *with)
{
	struct bytes out = { 0 };
	const char *at = text->data, *end = text->data + text->len, *next;
	while (at < end && (next = memmem(at, (size_t)(end - at), old, strlen(old))) != NULL) {
		bytes_put(&out, at, (size_t)(next - at));
		bytes_put(&out, with, strlen(with));
		at = next + strlen(old);
	}
	if (at < end)
		bytes_put(&out, at, (size_t)(end - at));
	bytes_finish(text);
	*text = out;
}

static bool read_whole(const char *path, struct bytes *out)
{
	FILE *f = fopen(path, "r");
	size_t n;
	if (!f)
		return false;
	do {
		char *to = bytes_grow(out, 8192);
		n = fread(to, 1, 8192, f);
		out->len -= 8192 - n;
	} while (n > 0);
	bool good = !ferror(f);
	fclose(f);
	return good;
}

static int write_whole(const char *path, const struct bytes *text)
{
	FILE *f = fopen(path, "wx");
	bool good = f && fwrite(text->data, 1, text->len, f) == text->len;
	if (f && fclose(f) != 0)
		good = false;
	return good ? EXIT_DONE : report_failed("cannot write %s: %s", path, strerror(errno));
}

/* "TEXT" in JSON, quotes included. */
static char *json_quoted(const char *text)
{
	json_t *j = json_string(text);
	char *quoted = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;
	json_decref(j);
	return quoted;
}

/* Where editors find the stubs, from the pack. A pack in the same tree says it relatively, so that both can be moved
 * together; any other has nothing but the whole path. */
static void stubs_from(const char *home, const char *folder, char out[STUBS_BYTES])
{
	char root[PATH_MAX], tree[PATH_MAX], real[PATH_MAX];
	snprintf(out, STUBS_BYTES, "%s/stubs", home);
	if (!realpath(home, root) || !realpath(folder, real))
		return;
	snprintf(tree, sizeof(tree), "%s", root);
	*strrchr(tree, '/') = '\0';
	size_t len = strlen(tree), used = 0;
	if (!len || strncmp(real, tree, len) != 0 || real[len] != '/')
		return;
	for (const char *at = real + len; (at = strchr(at, '/')) != NULL && used + 4 < STUBS_BYTES; at++)
		used += (size_t)snprintf(out + used, STUBS_BYTES - used, "../");
	snprintf(out + used, STUBS_BYTES - used, "%s/stubs", root + len + 1);
}

static int copy_file(const char *home, size_t i, const char *folder, const char *name)
{
	char from[2 * PATH_MAX], to[2 * PATH_MAX], stubs[STUBS_BYTES];
	struct bytes text = { 0 };
	snprintf(from, sizeof(from), "%s/%s", home, files[i].from);
	snprintf(to, sizeof(to), "%s/%s", folder, files[i].to);
	stubs_from(home, folder, stubs);
	int code = EXIT_DONE;
	if (!read_whole(from, &text)) {
		code = report_failed("cannot read %s: %s", from, strerror(errno));
	} else {
		char *quoted = json_quoted(stubs);
		replace(&text, "new-pack", name);
		replace(&text, "\"../stubs\"", quoted ? quoted : "\"../stubs\"");
		free(quoted);
		code = write_whole(to, &text);
	}
	bytes_finish(&text);
	return code;
}

static int make_folder(const char *folder)
{
	if (mkdir(folder, 0777) == 0 || errno == EEXIST)
		return EXIT_DONE;
	return report_failed("cannot make the folder %s: %s", folder, strerror(errno));
}

static int make_pack(const char *home, const char *folder, const char *name)
{
	char tests[PATH_MAX + 8];
	snprintf(tests, sizeof(tests), "%s/tests", folder);
	int code = refuse_occupied(folder);
	if (code == EXIT_DONE)
		code = make_folder(folder);
	if (code == EXIT_DONE)
		code = make_folder(tests);
	for (size_t i = 0; i < FILES && code == EXIT_DONE; i++)
		code = copy_file(home, i, folder, name);
	return code;
}

static void show_next(const char *home, const char *folder)
{
	for (size_t i = 0; i < FILES; i++) {
		char path[PATH_MAX + 64];
		snprintf(path, sizeof(path), "%s/%s", folder, files[i].to);
		printf("  %-28s %s%s%s\n", path, style_on(stdout, STYLE_DIM), files[i].what, style_off(stdout));
	}
	printf("Next:\n"
	       "  nudgectl rules check %s\n"
	       "  nudgectl rules test %s --coverage\n"
	       "  nudged --data DATA --rules %s --listen unix:/tmp/nudged.sock   (or `nudgectl rules activate %s` where one runs already)\n",
	       folder, folder, folder, folder);
	char stubs[STUBS_BYTES];
	stubs_from(home, folder, stubs);
	printf("The guide: %s/README.md. Editors are pointed to %s%s.\n", home, stubs,
	       *stubs == '/' ? ": .luarc.json names it whole, so change it there should nudged move" : ", seen from the pack");
}

static int print_made(const char *home, const char *folder, const char *name)
{
	char stubs[STUBS_BYTES];
	json_t *list = json_array();
	stubs_from(home, folder, stubs);
	for (size_t i = 0; i < FILES; i++)
		json_array_append_new(list, json_string(files[i].to));
	return print_json(json_pack("{ss ss so ss}", "name", name, "folder", folder, "files", list, "stubs", stubs));
}

static int run(struct context *c, int argc, char **argv)
{
	char home[PATH_MAX];
	const char *name = argv[0], *folder = dir ? dir : name;
	if (!name_ok(name))
		return report_usage(
			"\"%s\" cannot be a pack's name: letters, digits, '-', '_' and '.', at most %d, and "
			"not '.' or '-' first; --dir says where it goes",
			name, NAME_MAX_BYTES);
	if (!*folder || strlen(folder) >= PATH_MAX - 64)
		return report_usage("--dir needs the path of a folder");
	if (!rules_home(home))
		return report_failed(
			"cannot find the rules/ that belong to this nudgectl, neither beside it nor in " NUDGED_RULES
			"; install nudged whole");
	int code = make_pack(home, folder, name);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		return print_made(home, folder, name);
	show_next(home, folder);
	return EXIT_DONE;
}

static const struct option_spec options[] = {
	{ "dir", OPTION_TEXT, &dir, "DIR", "the pack's folder (NAME, below the current one)" },
	{ 0 },
};

const struct command cmd_rules_new = {
	.name = "rules new",
	.examples = "nudgectl rules new shop",
	.args = "NAME",
	.summary = "make a new pack that passes its tests, to begin from",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "A folder with pack.lua, tests/stories.lua, .luarc.json for editors with the Lua language server, and "
		   ".luacheckrc for luacheck. The editor's stubs (the whole API with types, units and help) are not "
		   "copied: .luarc.json points to those that came with this nudgectl, in share/nudged/rules/stubs or in "
		   "the source tree, so that they always fit it: by a relative path where the pack lies in the same tree, "
		   "else by a whole one. A folder that is not empty is refused. With --json: "
		   "name, folder, files and stubs.",
};
