/* nudgectl/cmd_customer_erase.c: all that is held of one customer is made unreadable: by the daemon that runs, or with --data
 * in a directory that none has open. The work is history/erase.c's. */
#include "activation.h"
#include "ask.h"
#include "report.h"

#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "shard/erase.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS (24 * 3600 * 1000) /* as long as reading a journal may take */

static struct {
	const char *data, *log, *by;
	bool sure;
} v;

static int show(struct context *c, const char *customer, const struct erase_report *r)
{
	if (c->json)
		return print_json(json_pack("{ss sI sI sI sI sI sI sI}", "customer", customer, "entries", (json_int_t)r->entries,
					    "customers", (json_int_t)r->customers, "aliases", (json_int_t)r->aliases, "records",
					    (json_int_t)r->records, "alerts", (json_int_t)r->alerts, "log_lines",
					    (json_int_t)r->log_lines, "mentions", (json_int_t)r->mentions));
	printf("erased: %s, %s, %s, %s", plural_text(r->entries, "journal entry", "journal entries"),
	       plural_text(r->records, "record", "records"), plural_text(r->aliases, "alias", "aliases"),
	       plural_text(r->alerts, "alert on agents", "alerts on agents"));
	printf(", %s of the decision log\n", plural_text(r->log_lines, "line", "lines"));
	if (r->customers > 1)
		printf("with %s merged into it\n", plural_text(r->customers - 1, "customer that was", "customers that were"));
	if (r->mentions)
		printf("%s of others name it and stay as they are\n", plural_text(r->mentions, "record or entry", "records or entries"));
	printf("Backups that were made before still hold it.\n");
	return EXIT_DONE;
}

static int check_folder(void)
{
	char path[4096];
	struct stat st;
	snprintf(path, sizeof(path), "%s/journal", v.data);
	return stat(path, &st) == 0 ? EXIT_DONE : report_failed("%s is no data directory", v.data);
}

/* No daemon has the directory open. */
static int erase_here(struct context *c, const char *customer)
{
	char path[4096];
	struct stat st;
	struct erase_report report;
	int code = check_folder();
	if (code != EXIT_DONE)
		return code;
	fault_init();
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(path, sizeof(path), "%s/base", v.data);
	struct engine_config config = { .data = v.data, .shards = 1, .base = stat(path, &st) == 0, .decision_log = v.log };
	if (engine_erase(&config, slice_of(customer), slice_of(activation_by(v.by)), (int64_t)getuid(), &report) == ERR_OK)
		return show(c, customer, &report);
	const struct error *e = error_last();
	code = report_failed("%s", e->text);
	if (e->code == ERR_CONFLICT && strstr(e->text, "in use"))
		report_note("A daemon has it open: leave out --data, and it does it while it runs.");
	return code;
}

static int ask_daemon(struct context *c, char *customer)
{
	Nudge__V1__EraseCustomer ask = NUDGE__V1__ERASE_CUSTOMER__INIT;
	Nudge__V1__Response *answer;
	c->patience_ms = PATIENCE_MS;
	ask.customer = customer;
	ask.by = (char *)(uintptr_t)activation_by(v.by);
	int code = context_ask(c, NUDGE_ERASE_CUSTOMER, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__CustomerErased *e = answer->customer_erased;
	struct erase_report report = { e->entries, e->customers, e->aliases, e->records, e->alerts, e->log_lines, e->mentions };
	code = show(c, customer, &report);
	nudge_free(answer);
	return code;
}

static int run(struct context *c, int argc, char **argv)
{
	if (!v.sure)
		return report_usage("what is erased cannot be brought back: say --yes if %s is to go", argv[0]);
	if (v.log && !v.data)
		return report_usage("--decision-log goes with --data: the daemon knows its own");
	return v.data ? erase_here(c, argv[0]) : ask_daemon(c, argv[0]);
}

static const struct option_spec options[] = {
	{ "data", OPTION_TEXT, &v.data, "DIR", "a data directory that no daemon has open, instead of asking one" },
	{ "decision-log", OPTION_TEXT, &v.log, "PATH", "with --data: nudged's decision log; its lines go too, also in files put aside" },
	{ "by", OPTION_TEXT, &v.by, "WHO", "who asks for it, for the journal (your user's name and host)" },
	{ "yes", OPTION_FLAG, &v.sure, NULL, "it cannot be undone, and you mean it" },
	{ 0 },
};

const struct command cmd_customer_erase = {
	.name = "customer erase",
	.args = "CUSTOMER",
	.summary = "make all that is held of a customer unreadable",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "Done by the daemon while it runs (role operate), which takes as long as reading its journal does; once begun it goes on "
		   "without this tool, and after a crash. The customer's record, timers, alerts and aliases leave the store and the base store, with "
		   "those of customers and prospects who were merged into them; the bodies of their journal entries become zeroes, "
		   "and so do the copies that agents' entries have of their events; alerts that these raised on agents go, and those on agents "
		   "that are older than the journal; lines of the decision log are overwritten; the "
		   "stores are put into new files, row by row. The journal's chain still verifies, since it covers salted digests. "
		   "Replaying and explaining say that entries were erased. Sums stay: what agents' series, reports and actions' "
		   "models have counted; reasons in their own words are counted as \"(erased)\" from then on (those of outcomes that the "
		   "journal does not hold any more stay in the report). The journal notes that an erasure was asked for and by whom, not of whom. If it is "
		   "interrupted, the next start of the daemon finishes it. A backup that is being made meanwhile is given up. An event that comes later begins a new customer.",
	.examples = NULL,
};
