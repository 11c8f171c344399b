/* nudgectl/cmd_rules_history.c: which packs were active, since when, and who made them so. */
#include "ask.h"
#include "table.h"

#include <pwd.h>
#include <string.h>

static uint64_t limit;

static const char *origin_text(const Nudge__V1__Activation *a)
{
	return strcmp(a->origin, "folder") == 0 ? "nudged --rules" : *a->origin ? "not told" : "-";
}

/* The client's word, and behind it the system's, where it says something else. */
static void who_text(const Nudge__V1__Activation *a, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "%s", *a->by ? a->by : origin_text(a));
	if (!a->uid_plus_one || len >= size)
		return;
	const struct passwd *user = getpwuid((uid_t)(a->uid_plus_one - 1));
	size_t name_len = user ? strlen(user->pw_name) : 0;
	bool same = user && strncmp(a->by, user->pw_name, name_len) == 0 && (a->by[name_len] == '@' || !a->by[name_len]);
	if (same)
		return;
	if (user)
		snprintf(out + len, size - len, " (of user %s)", user->pw_name);
	else
		snprintf(out + len, size - len, " (of uid %llu)", (unsigned long long)(a->uid_plus_one - 1));
}

static void state_text(const Nudge__V1__Activation *a, char *out, size_t size)
{
	size_t len = (size_t)snprintf(out, size, "%s", a->active ? "active" : a->undone ? "rolled back" : "");
	if (a->back_to && len < size)
		len += (size_t)snprintf(out + len, size - len, "%sback to %llu", len ? ", " : "",
					(unsigned long long)a->back_to);
	if (a->backfill && len < size)
		len += (size_t)snprintf(out + len, size - len, "%sbackfilled", len ? ", " : "");
	if (!a->kept && len < size)
		snprintf(out + len, size - len, "%snot kept", len ? ", " : "");
}

static void tests_text(const Nudge__V1__Activation *a, char *out, size_t size)
{
	if (a->untested)
		snprintf(out, size, "not run");
	else if (!*a->origin)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%u", a->tests);
}

static void show_backfill(const Nudge__V1__Backfill *b)
{
	if (!b)
		return;
	printf("\nbackfill of entry %llu: %s", (unsigned long long)b->seq, b->state);
	if (strcmp(b->state, "reading") == 0)
		printf(", at entry %s of %s", count_text(b->done), count_text(b->all));
	else if (strcmp(b->state, "failed") == 0)
		printf(": %s", b->error);
	else
		printf(", %s", plural_text(b->subjects, "customer, agent or area", "customers, agents and areas"));
	printf("\n");
}

static void show(const Nudge__V1__Rules *r)
{
	struct table t;
	char who[320], state[128], tests[16];
	if (!r->n_activations) {
		printf("No pack was activated yet: `nudgectl rules activate DIR`\n");
		return;
	}
	table_init(&t, ">entry|pack|hash|since|by|>rules|>actions|>kept|>new|>tests|state");
	for (size_t i = 0; i < r->n_activations; i++) {
		const Nudge__V1__Activation *a = r->activations[i];
		who_text(a, who, sizeof(who));
		state_text(a, state, sizeof(state));
		tests_text(a, tests, sizeof(tests));
		table_add(&t, "%llu", (unsigned long long)a->seq);
		table_add_styled(&t, STYLE_BOLD, "%s", a->name);
		table_add(&t, "%.12s", a->hash);
		table_add(&t, "%s", report_width(stdout) < 140 ? time_short(a->time_ms) : time_text(a->time_ms));
		table_add(&t, "%s", who);
		table_add(&t, "%u", a->rules);
		table_add(&t, "%u", a->actions);
		table_add(&t, "%u", a->series_kept);
		table_add(&t, "%u", a->series_new);
		table_add(&t, "%s", tests);
		table_add_styled(&t, a->active ? STYLE_GREEN : STYLE_PLAIN, "%s", state);
	}
	table_print(&t, 0);
	table_finish(&t);
	show_backfill(r->backfill);
}

static json_t *line_json(const Nudge__V1__Activation *a)
{
	json_t *j = json_pack("{sI ss ss sI ss ss sI}", "seq", (json_int_t)a->seq, "name", a->name, "hash", a->hash, "time_ms",
			      (json_int_t)a->time_ms, "by", a->by, "origin", a->origin, "back_to", (json_int_t)a->back_to);
	json_object_set_new(j, "uid", a->uid_plus_one ? json_integer((json_int_t)a->uid_plus_one - 1) : json_null());
	json_object_set_new(j, "rules", json_integer(a->rules));
	json_object_set_new(j, "actions", json_integer(a->actions));
	json_object_set_new(j, "series_kept", json_integer(a->series_kept));
	json_object_set_new(j, "series_new", json_integer(a->series_new));
	json_object_set_new(j, "tests", a->untested || !*a->origin ? json_null() : json_integer(a->tests));
	json_object_set_new(j, "active", json_boolean(a->active));
	json_object_set_new(j, "rolled_back", json_boolean(a->undone));
	json_object_set_new(j, "backfill", json_boolean(a->backfill));
	json_object_set_new(j, "kept", json_boolean(a->kept));
	return j;
}

static int print_list(const Nudge__V1__Rules *r)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_activations; i++)
		json_array_append_new(list, line_json(r->activations[i]));
	return print_json(list);
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__GetRules ask = NUDGE__V1__GET_RULES__INIT;
	Nudge__V1__Response *answer;
	ask.history = true;
	ask.limit = (uint32_t)(limit < UINT32_MAX ? limit : UINT32_MAX);
	int code = context_ask(c, NUDGE_GET_RULES, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_list(answer->rules);
	else
		show(answer->rules);
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "limit", OPTION_COUNT, &limit, "N", "so many, newest first (100)" },
	{ 0 },
};

const struct command cmd_rules_history = {
	.name = "rules history",
	.args = "",
	.summary = "which packs were active, since when, and who made them so",
	.options = options,
	.run = run,
	.details = "by is what the client said of itself (--by, else user@host); where the connection is a Unix socket, the daemon "
		   "knows whose process it was, and that is added where it differs. kept and new count series against the pack "
		   "just before. tests: how many of the pack's own passed first. A pack that is not kept cannot be gone back to "
		   "(nudgectl rules rollback). With --json: a list of objects with seq, name, hash, time_ms, by, origin (client, "
		   "folder: --rules or SIGHUP, rollback), back_to, uid, rules, actions, series_kept, series_new, tests, active, "
		   "rolled_back, backfill and kept.",
	.examples = "nudgectl rules history --limit 5",
};
