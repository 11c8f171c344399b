/* nudgectl/cmd_rules_check.c: what is wrong with a pack, found without running it and without a daemon. Lines of the
 * form that editors and compilers share: FILE:LINE: severity: what [code] */
#include "ask.h"
#include "luacheck.h"
#include "report.h"

#include "base/error.h"
#include "base/limits.h"
#include "workbench/check.h"

#include <stdio.h>
#include <string.h>

static bool strict, no_luacheck, errors_only;

static bool shown(const struct finding *f)
{
	return !errors_only || f->severity == FINDING_ERROR;
}

static void show_finding(const char *folder, const struct finding *f)
{
	static const enum style styles[] = { STYLE_BLUE, STYLE_YELLOW, STYLE_RED };
	size_t len = strlen(folder);
	bool slash = len && folder[len - 1] == '/';
	printf("%s%s%s%s:%d:%s %s%s:%s ", style_on(stdout, STYLE_BOLD), folder, slash ? "" : "/", f->file,
	       f->line > 0 ? f->line : 1, style_off(stdout), style_on(stdout, styles[f->severity]),
	       severity_name(f->severity), style_off(stdout));
	text_put(stdout, f->what, strlen(f->what));
	printf(" %s[%s]%s\n", style_on(stdout, STYLE_DIM), f->code, style_off(stdout));
	if (*f->mend) {
		fputs("    ", stdout);
		text_flow(stdout, 4, 4, f->mend);
	}
}

static const char *const luacheck_words[] = {
	[LUACHECK_RAN] = "ran",
	[LUACHECK_MISSING] = "missing",
	[LUACHECK_FAILED] = "failed",
};

static void show(const char *folder, const struct findings *all)
{
	unsigned errors = findings_count(all, FINDING_ERROR), warnings = findings_count(all, FINDING_WARNING),
		 hints = findings_count(all, FINDING_HINT);
	const char *file = NULL;
	for (unsigned i = 0; i < all->count; i++) {
		const struct finding *f = &all->list[i];
		if (!shown(f))
			continue;
		if (file && strcmp(file, f->file) != 0)
			printf("\n");
		file = f->file;
		show_finding(folder, f);
	}
	if (all->cut)
		printf("… and more: at most %u are told at once (limit_findings)\n", LIMIT_FINDINGS);
	if (file)
		printf("\n");
	printf("%s%s%s, %s, %s\n", errors ? style_on(stdout, STYLE_RED) : "", plural_text(errors, "error", "errors"),
	       errors ? style_off(stdout) : "", plural_text(warnings, "warning", "warnings"),
	       plural_text(hints, "hint", "hints"));
}

static int print(const struct findings *all, const char *luacheck)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < all->count; i++) {
		const struct finding *f = &all->list[i];
		if (!shown(f))
			continue;
		json_t *o = json_pack("{ss ss ss si ss}", "severity", severity_name(f->severity), "code", f->code,
				      "file", f->file, "line", f->line, "what", f->what);
		if (*f->mend)
			json_object_set_new(o, "mend", json_string(f->mend));
		json_array_append_new(list, o);
	}
	return print_json(json_pack("{si si si ss sb so}", "errors", (int)findings_count(all, FINDING_ERROR),
				    "warnings", (int)findings_count(all, FINDING_WARNING), "hints",
				    (int)findings_count(all, FINDING_HINT), "luacheck", luacheck, "cut", all->cut,
				    "findings", list));
}

/* Says where it could not run; a check without it is a check all the same. */
static const char *lint(struct context *c, struct findings *all, const char *folder, const struct bundle *pack,
			const struct bundle *tests)
{
	if (no_luacheck)
		return "off";
	enum luacheck result = luacheck_run(all, folder, pack, tests);
	if (result == LUACHECK_MISSING && !c->json)
		report_note("luacheck is not installed (Debian package lua-check): unused locals, shadowed and "
			    "undefined names "
			    "within functions were not looked for.");
	else if (result == LUACHECK_FAILED)
		report_failed("%s", error_last()->text);
	findings_sort(all);
	return luacheck_words[result];
}

static int check(struct context *c, const char *folder, struct bundle *pack, const struct bundle *tests)
{
	struct findings all = { 0 };
	check_pack_folder(&all, pack, tests);
	const char *luacheck = lint(c, &all, folder, pack, tests);
	int code = EXIT_DONE;
	if (c->json)
		code = print(&all, luacheck);
	else
		show(folder, &all);
	if (findings_count(&all, FINDING_ERROR) || (strict && findings_count(&all, FINDING_WARNING)))
		code = EXIT_FAILED;
	findings_finish(&all);
	return code;
}

/* A folder that cannot be read whole, with a file of a name that no pack may have. */
static int unreadable(struct context *c)
{
	struct findings all = { 0 };
	report_failed("%s", error_last()->text);
	if (c->json) {
		findings_add_text(&all, "refused", ".", error_last()->text);
		print(&all, "off");
	}
	findings_finish(&all);
	return EXIT_FAILED;
}

static int run(struct context *c, int argc, char **argv)
{
	struct bundle pack = { 0 }, tests = { 0 };
	int code;
	if (bundle_read_any(&pack, argv[0]) != ERR_OK || bundle_read_tests(&tests, argv[0]) != ERR_OK)
		code = unreadable(c);
	else if (!pack.count)
		code = report_failed("there are no .lua files in %s; a pack is a folder with a pack.lua", argv[0]);
	else
		code = check(c, argv[0], &pack, &tests);
	bundle_finish(&pack);
	bundle_finish(&tests);
	return code;
}

static const struct option_spec options[] = {
	{ "strict", OPTION_FLAG, &strict, NULL, "warnings count as errors" },
	{ "errors", OPTION_FLAG, &errors_only, NULL, "show only errors" },
	{ "no-luacheck", OPTION_FLAG, &no_luacheck, NULL, "do not run luacheck, also where it is installed" },
	{ 0 },
};

const struct command cmd_rules_check = {
	.name = "rules check",
	.examples = "nudgectl rules check rules/welcome\n"
		    "nudgectl rules check rules/telecom --strict --json",
	.args = "DIR",
	.summary = "find a pack's mistakes, here and without a daemon",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "Everything that activation would refuse, all of it at once, and what loads but can hardly be "
		   "meant: event "
		   "types and attributes that are misspelt (held against the pack's own event \"…\" declarations, or "
		   "where it has "
		   "none against their other uses), comparisons with values that never come, conditions that can never "
		   "hold or "
		   "always do, words that nothing fills, languages and tests that are missing, declarations that "
		   "nothing uses. "
		   "Tests are looked at for their syntax. Where luacheck (Debian package lua-check) is installed it "
		   "runs too, with "
		   "the folder's .luacheckrc or the one that comes with this nudgectl.\n"
		   "A finding is a line \"FILE:LINE: severity: what [code]\" and how to mend it; rules/README.md "
		   "(\"Check\") lists the "
		   "codes. An error is refused on activation or can never do what it says; a warning is very likely a "
		   "mistake; a "
		   "hint is not one. The exit code is 1 where there is an error, or with --strict a warning. With "
		   "--json: errors, "
		   "warnings, hints, luacheck (ran, missing, failed or off), cut (there were more than are told at "
		   "once) and findings "
		   "(severity, code, file, line, what, mend).",
};
