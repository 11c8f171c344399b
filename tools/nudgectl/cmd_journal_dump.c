/* nudgectl/cmd_journal_dump.c: a data directory's journal as JSON lines, one an entry. Offline; changes nothing. */
#include "ask.h"
#include "entry_json.h"
#include "report.h"

#include "base/error.h"
#include "disk/journal.h"

static struct {
	uint64_t from, to;
	const char *customer;
} v = { .to = UINT64_MAX };

static bool is_wanted(const struct entry *e)
{
	if (!v.customer)
		return true;
	struct slice id = slice_of(v.customer);
	if (!e)
		return false;
	return (e->subject.kind == SUBJECT_CUSTOMER && slice_equal(subject_id(&e->subject), id)) ||
	       (e->kind == ENTRY_EFFECT && slice_equal(e->effect.customer, id));
}

static int dump_entry(const struct journal_entry *head, struct arena *arena)
{
	struct entry e;
	arena_reset(arena);
	bool decoded = !head->blanked;
	if (decoded && entry_body_decode(&e, head->kind, head->body, arena) != ERR_OK)
		return report_failed("entry %llu: %s", (unsigned long long)head->seq, error_last()->text);
	if (!is_wanted(decoded ? &e : NULL))
		return EXIT_DONE;
	return print_json_line(entry_json(head, decoded ? &e : NULL, arena));
}

/* The next entry. Where a daemon lets go what we are reading, the first one that is left, and says so. */
static int next_kept(struct journal *journal, struct journal_reader *reader, uint64_t next, struct journal_entry *head)
{
	int got;
	while ((got = journal_next(reader, head)) == ERR_MISSING && journal_first(journal) > next) {
		uint64_t first = journal_first(journal);
		report_note("entries %llu to %llu were let go while they were read", (unsigned long long)next,
			    (unsigned long long)first - 1);
		journal_seek(reader, first);
		next = first;
	}
	return got;
}

static int dump(struct journal *journal)
{
	struct journal_reader *reader;
	struct journal_entry head;
	struct arena arena;
	if (journal_reader_open(&reader, journal, v.from) != ERR_OK)
		return report_failed("%s", error_last()->text);
	arena_init(&arena, 0);
	int got = 0, code = EXIT_DONE;
	uint64_t next = v.from > journal_first(journal) ? v.from : journal_first(journal);
	while (code == EXIT_DONE && (got = next_kept(journal, reader, next, &head)) > 0 && head.seq <= v.to) {
		code = dump_entry(&head, &arena);
		next = head.seq + 1;
	}
	if (code == EXIT_DONE && got < 0)
		code = report_failed("%s", error_last()->text);
	arena_finish(&arena);
	journal_reader_close(reader);
	return code;
}

static int run(struct context *c, int argc, char **argv)
{
	struct journal_options options = { .read_only = true };
	struct journal_found found;
	struct journal *journal;
	if (journal_open(&journal, argv[0], &options, NULL, NULL, &found) != ERR_OK)
		return report_failed("%s: %s", argv[0], error_last()->text);
	int code = dump(journal);
	journal_close(journal);
	return code;
}

static const struct option_spec options_dump[] = {
	{ "from", OPTION_COUNT, &v.from, "SEQ", "begin with this entry" },
	{ "to", OPTION_COUNT, &v.to, "SEQ", "end with this entry" },
	{ "customer", OPTION_TEXT, &v.customer, "ID", "only what is about this customer" },
	{ 0 },
};

const struct command cmd_journal_dump = {
	.name = "journal dump",
	.args = "DIR",
	.summary = "a data directory's journal as JSON lines",
	.min_args = 1,
	.max_args = 1,
	.options = options_dump,
	.run = run,
	.details = "DIR is what nudged has as --data. Nothing is changed. What was erased shows as \"blanked\".",
};
