/* nudgectl/offline.c: see offline.h. Nothing is written, and no lock is taken. */
#include "offline.h"

#include "ask.h"
#include "progress.h"
#include "report.h"

#include "base/check.h"
#include "base/error.h"

int offline_folder(struct context *c, const char *named, char **out)
{
	const Nudge__V1__GetStatus ask = NUDGE__V1__GET_STATUS__INIT;
	Nudge__V1__Response *answer;
	*out = named ? must_strdup(named) : NULL;
	if (named)
		return EXIT_DONE;
	int code = context_ask(c, NUDGE_GET_STATUS, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	if (*answer->status->data)
		*out = must_strdup(answer->status->data);
	else
		code = report_failed("the daemon does not say where its data is: name it with --data DIR");
	nudge_free(answer);
	return code;
}

static void show(void *arg, uint64_t done, uint64_t all)
{
	progress_show(arg, done, all ? (double)done / (double)all : -1);
}

static int open_store(struct store **out, const char *dir, const char *name)
{
	int result = store_open_named(out, dir, name, 0, true);
	return result == ERR_MISSING ? ERR_OK : result;
}

int offline_open(struct offline *o, const char *dir)
{
	struct journal_options options = { .read_only = true };
	struct progress p;
	*o = (struct offline){ 0 };
	progress_init(&p, "reading the journal", "bytes");
	int result = journal_open(&o->journal, dir, &options, show, &p, &o->found);
	progress_finish(&p);
	if (result == ERR_OK)
		result = open_store(&o->store, dir, "state");
	if (result == ERR_OK)
		result = open_store(&o->base, dir, "base");
	if (result == ERR_OK)
		result = history_open(&o->history, o->journal, o->store, o->base);
	if (result == ERR_OK)
		return EXIT_DONE;
	int code = report_failed("%s: %s", dir, error_last()->text);
	offline_close(o);
	return code;
}

void offline_close(struct offline *o)
{
	history_finish(&o->history);
	store_close(o->base);
	store_close(o->store);
	if (o->journal)
		journal_close(o->journal);
	*o = (struct offline){ 0 };
}
