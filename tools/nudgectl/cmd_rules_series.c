/* nudgectl/cmd_rules_series.c: what the active pack keeps of customers, and since when each has its data. */
#include "ask.h"
#include "table.h"

#include "base/limits.h"

#include <string.h>

static const char *keep_text(const Nudge__V1__Declared *d)
{
	if (!d->keep_ms)
		return "-";
	return d->keep_ms >= LIMIT_SPAN_MS ? "ever" : duration_text((double)d->keep_ms / 1000);
}

/* A span is warm once the data are older than it. */
static void state_text(const Nudge__V1__Declared *d, int64_t now_ms, char *out, size_t size)
{
	int64_t left_ms = d->since_ms + d->keep_ms - now_ms;
	const char *filled = d->filled ? "filled from the journal" : "";
	if (d->filling)
		snprintf(out, size, "being filled from the journal");
	else if (!d->keep_ms || d->keep_ms >= LIMIT_SPAN_MS)
		snprintf(out, size, "%s", filled);
	else if (left_ms <= 0)
		snprintf(out, size, "warm%s%s", *filled ? ", " : "", filled);
	else
		snprintf(out, size, "warm in %s%s%s", duration_text((double)left_ms / 1000), *filled ? ", " : "", filled);
}

static json_t *json_of(const Nudge__V1__Declared *d, int64_t now_ms)
{
	bool bounded = d->keep_ms && d->keep_ms < LIMIT_SPAN_MS;
	json_t *j = json_pack("{ss ss ss sI sI sb sb sb}", "name", d->name, "kind", d->kind, "about", d->about, "since_ms",
			      (json_int_t)d->since_ms, "since_seq", (json_int_t)d->since_seq, "new", d->is_new, "filled",
			      d->filled, "filling", d->filling);
	json_object_set_new(j, "keep_ms", bounded ? json_integer(d->keep_ms) : json_null());
	json_object_set_new(j, "warm", bounded ? json_boolean(!d->filling && d->since_ms + d->keep_ms <= now_ms) : json_null());
	return j;
}

static int print_list(const Nudge__V1__Rules *r, int64_t now_ms)
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->n_declared; i++)
		json_array_append_new(list, json_of(r->declared[i], now_ms));
	return print_json(list);
}

static void show(const Nudge__V1__Rules *r, int64_t now_ms)
{
	struct table t;
	char state[128];
	printf("pack %s%s%s %.12s keeps %s\n", style_on(stdout, STYLE_BOLD), r->pack, style_off(stdout), r->hash,
	       plural_text(r->n_declared, "thing", "things"));
	table_init(&t, "name|kind|about|has its data since|looks back|state");
	for (size_t i = 0; i < r->n_declared; i++) {
		const Nudge__V1__Declared *d = r->declared[i];
		state_text(d, now_ms, state, sizeof(state));
		table_add_styled(&t, STYLE_BOLD, "%s", d->name);
		table_add(&t, "%s", d->kind);
		table_add(&t, "%s", d->about);
		table_add(&t, "%s", time_text(d->since_ms));
		table_add(&t, "%s", keep_text(d));
		table_add_styled(&t, d->filling ? STYLE_YELLOW : STYLE_PLAIN, "%s", state);
	}
	table_print(&t, 0);
	table_finish(&t);
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__GetRules ask = NUDGE__V1__GET_RULES__INIT;
	Nudge__V1__Response *answer;
	ask.series = true;
	int code = context_ask(c, NUDGE_GET_RULES, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	int64_t now_ms = context_clock(c); /* 0: one that follows the events, before the first */
	if (c->json)
		code = print_list(answer->rules, now_ms);
	else
		show(answer->rules, now_ms);
	nudge_free(answer);
	return code;
}

const struct command cmd_rules_series = {
	.name = "rules series",
	.args = "",
	.summary = "what the active pack keeps, and since when each is warm",
	.run = run,
	.details = "A series, tally or case, and the contacts, contracts, losses, surveys and the relationship's trends where the "
		   "pack declares them, has its data since the activation that first declared it so, packs in between all "
		   "having it too; or, where it was filled from the journal (nudgectl rules activate --backfill), since the oldest "
		   "entry that was kept (series and cases; nothing fills the others). It is warm once that is longer ago than "
		   "the longest span that the pack asks of it: until "
		   "then counts are too low. With --json: a list of objects with name, kind, about, since_ms, since_seq, new, "
		   "filled, filling, keep_ms and warm (null where it looks back for ever).",
	.examples = "nudgectl rules series",
};
