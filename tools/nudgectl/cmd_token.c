/* nudgectl/cmd_token.c: who may ask the daemon for what: tokens made, listed, revoked in its file (nudged --tokens). No
 * daemon is asked: it reads the file again by itself. */
#include "ask.h"
#include "report.h"
#include "table.h"

#include "access/roles.h"
#include "access/tokens.h"
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_DEFAULT "/etc/nudged/tokens"

static struct {
	const char *file, *role, *out;
} v = { .file = FILE_DEFAULT };

static int failed(void)
{
	return report_failed("%s", error_last()->text);
}

/* To nobody but us, and before the token is made: it is said once. */
static int open_out(FILE **to)
{
	int fd = open(v.out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	*to = fd < 0 ? NULL : fdopen(fd, "w");
	return *to ? EXIT_DONE : report_failed("cannot make %s for the token: %s", v.out, strerror(errno));
}

static int say(const struct context *c, FILE *to, const char *name, uint32_t roles, const char *text)
{
	char which[ROLES_TEXT_BYTES];
	roles_text(roles, which);
	if (to) {
		bool bad = fprintf(to, "%s\n", text) < 0;
		bad |= fclose(to) != 0;
		if (bad)
			return report_failed("cannot write %s; revoke %s, and make another", v.out, name);
	}
	if (c->json)
		return print_json(json_pack("{ss ss ss ss*}", "name", name, "roles", which, "file", v.file, "token",
					    to ? NULL : text));
	if (!to)
		printf("%s\n", text);
	fprintf(stderr, "The token %s may %s. %s keeps its hash only: %s%s.\n", name, which, v.file,
		to ? "the token is in " : "what stands above is not said again", to ? v.out : "");
	return EXIT_DONE;
}

static int run_new(struct context *c, int argc, char **argv)
{
	char text[TOKEN_TEXT_BYTES];
	uint32_t roles;
	FILE *to = NULL;
	if (!v.role)
		return report_usage("--role is missing: what may it do? There are " ROLES_TEXT);
	if (roles_parse(v.role, &roles) != ERR_OK)
		return report_usage("%s", error_last()->text);
	if (v.out && open_out(&to) != EXIT_DONE)
		return EXIT_FAILED;
	if (tokens_add(v.file, argv[0], roles, clock_wall_ms(), text) != ERR_OK) {
		if (to) {
			fclose(to);
			unlink(v.out);
		}
		return failed();
	}
	int code = say(c, to, argv[0], roles, text);
	explicit_bzero(text, sizeof(text));
	return code;
}

static int run_list(struct context *c, int argc, char **argv)
{
	struct tokens t;
	struct table table;
	char roles[ROLES_TEXT_BYTES];
	if (tokens_read(&t, v.file, NULL) != ERR_OK)
		return failed();
	json_t *all = json_array();
	table_init(&table, "name|roles|made");
	for (size_t i = 0; i < t.count; i++) {
		roles_text(t.items[i].roles, roles);
		json_array_append_new(all, json_pack("{ss ss ss}", "name", t.items[i].name, "roles", roles, "made", t.items[i].made));
		table_add_styled(&table, STYLE_BOLD, "%s", t.items[i].name);
		table_add(&table, "%s", roles);
		table_add(&table, "%s", t.items[i].made);
	}
	int code = c->json ? print_json(json_incref(all)) : EXIT_DONE;
	if (!c->json)
		table_print(&table, 0);
	if (!c->json && !t.count)
		printf("There is no token in %s; `nudgectl token new` makes one.\n", v.file);
	table_finish(&table);
	json_decref(all);
	tokens_finish(&t);
	return code;
}

static int run_revoke(struct context *c, int argc, char **argv)
{
	if (tokens_remove(v.file, argv[0]) != ERR_OK)
		return failed();
	if (c->json)
		return print_json(json_pack("{ss}", "revoked", argv[0]));
	printf("The token %s is revoked: the daemon sees it within a second, also on connections that are open.\n", argv[0]);
	return EXIT_DONE;
}

#define FILE_OPTION { "tokens", OPTION_TEXT, &v.file, "FILE", "the daemon's file of tokens; default " FILE_DEFAULT }

static const struct option_spec new_options[] = {
	{ "role", OPTION_TEXT, &v.role, "ROLES", "what it may do, commas between: " ROLES_TEXT },
	{ "out", OPTION_TEXT, &v.out, "FILE", "write the token to this new file (mode 0600), instead of showing it" },
	FILE_OPTION,
	{ 0 },
};

static const struct option_spec options[] = { FILE_OPTION, { 0 } };

const struct command cmd_token_new = {
	.name = "token new",
	.args = "NAME",
	.summary = "make a token for a client of a daemon that wants them",
	.min_args = 1,
	.max_args = 1,
	.options = new_options,
	.run = run_new,
	.details = "publish: events. recommend: recommendations, outcomes, acknowledging alerts. read: customers, alerts, rules, "
		   "explanations, reports, status. author: activating packs, resetting models. operate: the digest, /metrics. A role "
		   "does not hold another one. NAME says in logs who it is. The token is shown once; the file keeps its SHA-256. Run "
		   "it as the user that the daemon runs as: the file is that user's alone (mode 0600), and is made where it is not "
		   "there. The daemon reads it again within a second.",
	.examples = "nudgectl token new crm-bridge --role publish,recommend --out crm-bridge.token\n"
		    "nudgectl --token-file crm-bridge.token recommend c-17\n",
};

const struct command cmd_token_list = {
	.name = "token list",
	.args = "",
	.summary = "which tokens there are, what they may, and since when",
	.options = options,
	.run = run_list,
};

const struct command cmd_token_revoke = {
	.name = "token revoke",
	.args = "NAME",
	.summary = "a token is none any more, also on connections that are open",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run_revoke,
};
