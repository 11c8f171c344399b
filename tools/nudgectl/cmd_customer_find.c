/* nudgectl/cmd_customer_find.c: customers by what people remember of them. */
#include "ask.h"
#include "table.h"

#include "base/limits.h"

#include <string.h>

static uint64_t limit;

/* "name Nguyễn Thị Lan", "member daughter: +84 901 …" */
static void place_cell(struct table *t, const Nudge__V1__Matched *m)
{
	const char *what = *m->name ? m->name : m->by;
	if (*m->member && strcmp(m->member, m->value) != 0)
		table_add(t, "%s %s (%s)", what, m->value, m->member);
	else
		table_add(t, "%s %s", what, m->value);
}

static void show_one(struct table *t, const Nudge__V1__FoundCustomer *f)
{
	table_add_styled(t, STYLE_BOLD, "%s", f->customer);
	table_add(t, "%s", f->label);
	table_add_styled(t, STYLE_DIM, "%s", f->match);
	table_add(t, "%s", f->newest_ms ? time_short(f->newest_ms) : "");
	if (*f->merged_from)
		table_add(t, "was %s", f->merged_from);
	else if (f->n_matched)
		place_cell(t, f->matched[0]);
	else
		table_add(t, "%s", "");
	for (size_t i = 1; i < f->n_matched && !*f->merged_from; i++) {
		for (unsigned k = 0; k < 4; k++)
			table_add(t, "%s", "");
		place_cell(t, f->matched[i]);
	}
}

static void show(const Nudge__V1__CustomersFound *found)
{
	struct table t;
	table_init(&t, "customer|name|match|heard of|found by");
	for (size_t i = 0; i < found->n_customers; i++)
		show_one(&t, found->customers[i]);
	table_print(&t, 0);
	table_finish(&t);
	if (!found->n_customers && !found->more)
		printf("nobody is called so\n");
	if (found->more)
		printf("there %s: type more, or give --limit\n", found->n_customers ? "are others" : "may be some");
	if (found->indexed < 100)
		printf("%u%% of the customers can be found: the index is being made\n", found->indexed);
}

static int run(struct context *c, int argc, char **argv)
{
	Nudge__V1__FindCustomers ask = NUDGE__V1__FIND_CUSTOMERS__INIT;
	Nudge__V1__Response *answer;
	char text[LIMIT_FRAME_BYTES / 64] = "";
	size_t used = 0;
	for (int i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]);
		if (used + len + 2 > sizeof(text))
			return report_usage("that is too long to be a name");
		if (i)
			text[used++] = ' ';
		memcpy(text + used, argv[i], len + 1);
		used += len;
	}
	ask.text = text;
	ask.limit = (uint32_t)(limit > UINT32_MAX ? UINT32_MAX : limit);
	int code = context_ask(c, NUDGE_FIND_CUSTOMERS, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (c->json)
		code = print_whole(answer->customers_found);
	else
		show(answer->customers_found);
	nudge_free(answer);
	return code;
}

static const struct option_spec options[] = {
	{ "limit", OPTION_COUNT, &limit, "N", "at most so many (20)" },
	{ 0 },
};

const struct command cmd_customer_find = {
	.name = "customer find",
	.args = "TEXT...",
	.summary = "customers by a part of a name, an id or a phone number",
	.options = options,
	.min_args = 1,
	.max_args = 16,
	.run = run,
	.details = "Each word of the TEXT is the beginning of one of the customer's words, in any order; all must be found. Case and "
		   "diacritics do not matter: \"nguyen lan\" finds Nguyễn Thị Lan. Searched are ids, aliases, and the attributes "
		   "that the pack declares for it (pack { search = … }; else \"name\"), of customers and of members. A phone number may "
		   "be written in any usual way, with the country's code or without; its beginning is enough, or its last four "
		   "digits or more. Exact matches come first, then whole words, then beginnings; of these who was heard of last.\n\n"
		   "Attributes that the pack masks are found only by the whole of their value, and shown as ***.",
	.examples = "nudgectl customer find nguyen lan\n"
		    "nudgectl customer find 4567 --limit 5\n"
		    "nudgectl customer find '+84 901 234 567' --json",
};
