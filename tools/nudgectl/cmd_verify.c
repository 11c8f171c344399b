/* nudgectl/cmd_verify.c: everything a data directory or a backup holds, looked at. Nothing is changed. */
#include "ask.h"
#include "progress.h"
#include "report.h"
#include "verified.h"

#include "base/error.h"
#include "disk/backup.h"

#include <string.h>

struct look {
	struct progress bar;
	const char *what;
	json_t *list;
};

static void say(void *arg, const char *text)
{
	struct look *l = arg;
	bool note = strncmp(text, "note: ", 6) == 0;
	progress_finish(&l->bar);
	if (l->list)
		json_array_append_new(l->list, json_string(text));
	else if (note)
		fprintf(stderr, "%snote%s     %s\n", style_on(stderr, STYLE_YELLOW), style_off(stderr), text + 6);
	else
		fprintf(stderr, "%sdamaged%s  %s\n", style_on(stderr, STYLE_RED), style_off(stderr), text);
}

static void show(void *arg, const char *what, uint64_t done)
{
	struct look *l = arg;
	if (l->what != what) {
		progress_finish(&l->bar);
		progress_init(&l->bar, what, "rows");
		l->what = what;
	}
	progress_show(&l->bar, done, -1);
}

static void show_bytes(void *arg, uint64_t done, uint64_t all)
{
	progress_show(arg, done, all ? (double)done / (double)all : -1);
}

int verified_run(const char *dir, struct verify_found *found, json_t *list)
{
	struct look l = { .list = list };
	const struct verify_options options = { say, show, &l };
	progress_init(&l.bar, "looking", "rows");
	int result = verify_data(dir, &options, found);
	progress_finish(&l.bar);
	if (result != ERR_OK)
		return report_failed("%s cannot be checked: %s", dir, error_last()->text);
	return found->problems ? EXIT_FAILED : EXIT_DONE;
}

/* A backup is also as it was written. *files: how many; 0 where DIR is no backup. */
static int check_sums(const char *dir, json_t *list, uint64_t *files, uint64_t *problems)
{
	struct look l = { .list = list };
	struct backup b;
	*files = 0;
	int result = backup_read(&b, dir);
	if (result == ERR_MISSING && backup_is_unfinished(dir))
		return report_failed("%s is a backup that is not finished: its making was interrupted, or goes on", dir);
	if (result == ERR_MISSING)
		return EXIT_DONE;
	if (result != ERR_OK) {
		++*problems;
		say(&l, error_last()->text);
		return EXIT_DONE;
	}
	struct pace pace = { .all = b.bytes, .progress = show_bytes, .arg = &l.bar };
	progress_init(&l.bar, "reading it", "bytes");
	int count = backup_check(&b, dir, &pace, say, &l);
	progress_finish(&l.bar);
	*files = b.count;
	backup_finish(&b);
	if (count < 0)
		return report_failed("%s cannot be checked: %s", dir, error_last()->text);
	*problems += (uint64_t)count;
	return EXIT_DONE;
}

static void show_found(const char *dir, const struct verify_found *f, uint64_t files)
{
	const struct journal_check *j = &f->journal;
	printf("%s%s\n", dir, files ? ", a backup" : "");
	printf("  journal  %s entries (%s to %s) in %s, %s", count_text(j->entries), count_text(j->first_seq),
	       count_text(j->last_seq), plural_text(j->segments, "segment", "segments"), size_text((double)j->bytes));
	printf(j->blanked ? ", %s erased\n" : "\n", count_text(j->blanked));
	printf("  state    %s, %s, %s, as of entry %s\n", plural_text(f->records, "record", "records"),
	       plural_text(f->due, "due time", "due times"), plural_text(f->outbox, "open alert", "open alerts"),
	       count_text(f->mark));
	if (f->names)
		printf("  names    %s, found by %s\n", plural_text(f->names, "customer", "customers"),
		       plural_text(f->words, "row of words", "rows of words"));
	if (f->has_base)
		printf("  base     %s, as of entry %s\n", plural_text(f->base_records, "record", "records"), count_text(f->base_mark));
	printf("  packs    %s\n", count_text(f->packs));
	if (files)
		printf("  files    %s compared with their sums\n", count_text(files));
	printf("%s%s%s\n", style_on(stdout, f->problems ? STYLE_RED : STYLE_GREEN), f->problems ? "damaged" : "good",
	       style_off(stdout));
}

static int run(struct context *c, int argc, char **argv)
{
	struct verify_found f = { 0 };
	uint64_t files = 0, of_files = 0;
	json_t *list = c->json ? json_array() : NULL;
	int code = check_sums(argv[0], list, &files, &of_files);
	if (code == EXIT_DONE)
		code = verified_run(argv[0], &f, list);
	if (code == EXIT_FAILED && !f.problems) { /* it could not be looked at, and that was said */
		json_decref(list);
		return code;
	}
	f.problems += of_files;
	const struct journal_check *j = &f.journal;
	if (c->json)
		print_json(json_pack("{sI so sb sI sI sI sI sI sI sI sI sI sI sI sI sI}", "problems", (json_int_t)f.problems, "found",
				     list, "backup", files != 0, "entries", (json_int_t)j->entries, "first_seq",
				     (json_int_t)j->first_seq, "last_seq", (json_int_t)j->last_seq, "blanked",
				     (json_int_t)j->blanked, "mark", (json_int_t)f.mark, "records", (json_int_t)f.records, "due",
				     (json_int_t)f.due, "outbox", (json_int_t)f.outbox, "base_mark", (json_int_t)f.base_mark,
				     "base_records", (json_int_t)f.base_records, "packs", (json_int_t)f.packs, "names",
				     (json_int_t)f.names, "words", (json_int_t)f.words));
	else
		show_found(argv[0], &f, files);
	return f.problems ? EXIT_FAILED : EXIT_DONE;
}

const struct command cmd_verify = {
	.name = "verify",
	.args = "DIR",
	.summary = "check a data directory or a backup whole: journal, stores, packs, and that they fit",
	.min_args = 1,
	.max_args = 1,
	.run = run,
	.details = "DIR is what nudged has as --data, also while it runs, or a backup, whose files are compared with their sums too. "
		   "Nothing is changed. Looked at: the journal's checksums, chain and gaps; every row of the store and the base "
		   "store; that due times and open alerts are those of their records; that the stores are this journal's and meet "
		   "it; that each pack loads and is what its hash says. Exit code 1 where anything is damaged, or where it cannot be "
		   "checked.",
};
