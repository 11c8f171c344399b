/* nudgectl/cmd_customer_erase.c: all that is held of one customer is made unreadable, with the daemon stopped. The work is
 * history/erase.c's. */
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
	       plural_text(r->alerts, "alert", "alerts"));
	printf(", %s of the decision log\n", plural_text(r->log_lines, "line", "lines"));
	if (r->customers > 1)
		printf("with %s merged into it\n", plural_text(r->customers - 1, "customer that was", "customers that were"));
	if (r->mentions)
		printf("%s of others name it and stay as they are\n", plural_text(r->mentions, "record or entry", "records or entries"));
	printf("Backups that were made before still hold it.\n");
	return EXIT_DONE;
}

static int check(const char *customer)
{
	char path[4096];
	struct stat st;
	if (!v.data)
		return report_usage("usage: nudgectl customer erase %s --data DIR: DIR is what nudged has as --data; stop it first",
				    customer);
	snprintf(path, sizeof(path), "%s/journal", v.data);
	if (stat(path, &st) != 0)
		return report_failed("%s is no data directory", v.data);
	if (!v.sure)
		return report_usage("what is erased cannot be brought back: say --yes if %s is to go", customer);
	return EXIT_DONE;
}

static int run(struct context *c, int argc, char **argv)
{
	char path[4096];
	struct stat st;
	struct erase_report report;
	int code = check(argv[0]);
	if (code != EXIT_DONE)
		return code;
	fault_init();
	log_set_level(LOG_LEVEL_ERROR);
	snprintf(path, sizeof(path), "%s/base", v.data);
	struct engine_config config = { .data = v.data, .shards = 1, .base = stat(path, &st) == 0, .decision_log = v.log };
	if (engine_erase(&config, slice_of(argv[0]), slice_of(activation_by(v.by)), (int64_t)getuid(), &report) == ERR_OK)
		return show(c, argv[0], &report);
	const struct error *e = error_last();
	code = report_failed("%s", e->text);
	if (e->code == ERR_CONFLICT && strstr(e->text, "in use"))
		report_note("Stop the daemon first; erasing takes about as long as it takes to start.");
	return code;
}

static const struct option_spec options[] = {
	{ "data", OPTION_TEXT, &v.data, "DIR", "the data directory, which no daemon has open" },
	{ "decision-log", OPTION_TEXT, &v.log, "PATH", "nudged's decision log: its lines go too, also in files put aside" },
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
	.details = "With the daemon stopped. The customer's record, timers, alerts and aliases leave the store and the base store, with "
		   "those of customers and prospects who were merged into them; the bodies of their journal entries become zeroes, "
		   "and so do the copies that agents' entries have of their events; alerts that these raised on agents go, and those on agents "
		   "that are older than the journal; lines of the decision log are overwritten; the "
		   "stores are put into new files, row by row. The journal's chain still verifies, since it covers salted digests. "
		   "Replaying and explaining say that entries were erased. Sums stay: what agents' series, reports and actions' "
		   "models have counted. The journal notes that an erasure was asked for and by whom, not of whom. If it is "
		   "interrupted, the next start of the daemon finishes it. An event that comes later begins a new customer.",
	.examples = NULL,
};
