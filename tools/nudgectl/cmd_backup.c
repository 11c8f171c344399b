/* nudgectl/cmd_backup.c: a copy of a data directory, beside the living daemon or without one; looked at whole before it
 * counts. The work is disk/backup.c's and history/verify.c's. */
#include "ask.h"
#include "offline.h"
#include "progress.h"
#include "report.h"
#include "verified.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "disk/backup.h"

#include <stdlib.h>

#define RATE_MIB 64u

static struct {
	const char *data;
	uint64_t rate;
} v = { .rate = RATE_MIB };

static void show(void *arg, uint64_t done, uint64_t all)
{
	progress_show(arg, done, all ? (double)done / (double)all : -1);
}

static struct pace pace_of(struct progress *bar, const char *what)
{
	progress_init(bar, what, "bytes");
	return (struct pace){ .bytes_per_second = v.rate * MIB, .progress = show, .arg = bar };
}

/* Copied, looked at whole, and only then made a backup. */
static int make(struct backup *b, const char *data, const char *dir, struct verify_found *found)
{
	struct progress bar;
	struct pace pace = pace_of(&bar, "copying");
	int result = backup_copy(b, data, dir, &pace);
	progress_finish(&bar);
	if (result != ERR_OK)
		return report_failed("no backup was made: %s", error_last()->text);
	int code = verified_run(dir, found, NULL);
	if (code != EXIT_DONE)
		return report_failed("%s is no backup: what was copied has %llu problems", dir, (unsigned long long)found->problems);
	pace = pace_of(&bar, "reading it back");
	pace.all = b->bytes;
	result = backup_seal(b, dir, clock_wall_ms(), &pace);
	progress_finish(&bar);
	return result == ERR_OK ? EXIT_DONE : report_failed("no backup was made: %s", error_last()->text);
}

static int show_backup(struct context *c, const struct backup *b, const char *dir, const struct verify_found *found)
{
	if (c->json)
		return print_json(json_pack("{ss sI sI sI sI sI sI sI}", "dir", dir, "first_seq", (json_int_t)b->first_seq,
					    "last_seq", (json_int_t)b->last_seq, "mark", (json_int_t)b->mark, "base_mark",
					    (json_int_t)b->base_mark, "records", (json_int_t)found->records, "files",
					    (json_int_t)b->count, "bytes", (json_int_t)b->bytes));
	printf("%s: %s, %s, as of entry %s; verified\n", dir, plural_text(b->count, "file", "files"), size_text((double)b->bytes),
	       count_text(b->last_seq));
	printf("To restore it: nudged --restore %s --data AN-EMPTY-FOLDER\n", dir);
	return EXIT_DONE;
}

static int run(struct context *c, int argc, char **argv)
{
	struct backup b = { 0 };
	struct verify_found found = { 0 };
	char *data;
	int code = offline_folder(c, v.data, &data);
	if (code == EXIT_DONE)
		code = make(&b, data, argv[0], &found);
	if (code == EXIT_DONE)
		code = show_backup(c, &b, argv[0], &found);
	backup_finish(&b);
	free(data);
	return code;
}

static const struct option_spec options[] = {
	{ "data", OPTION_TEXT, &v.data, "DIR", "the data directory; default: the one of the daemon, which says so" },
	{ "rate", OPTION_COUNT, &v.rate, "MIB", "copy so many MiB a second at most (64); 0: as fast as it goes" },
	{ 0 },
};

const struct command cmd_backup = {
	.name = "backup",
	.args = "DIR",
	.summary = "copy the data directory while the daemon goes on, as of one entry",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "DIR must not be there yet, or be empty, and the folder above it must be there; the daemon is asked only where its data is, "
		   "which takes the role read where it wants tokens (with --data it is not asked at all, nor is a daemon needed); its files are read from here, so run it where the data is, as who may "
		   "read it. The journal, the store and the base store are copied so that they fit: all that was acknowledged "
		   "before the command began is in it. Then everything is looked at as `nudgectl verify` does; a folder without the "
		   "file BACKUP is no backup. It holds customers' data as the data directory does, and what `nudgectl customer "
		   "erase` erases later stays in it.",
	.examples = "nudgectl backup /var/backups/nudged/2026-07-01\nnudged --restore /var/backups/nudged/2026-07-01 --data "
		    "/var/lib/nudged-restored\n",
};
