/* shard/erase.c: see erase.h. The engine is opened with one shard, which is driven here, and does what it does in a daemon
 * (eraser.h): so the same goes, the same stays, and the same is counted. */
#include "shard/erase.h"
#include "shard/eraser.h"
#include "shard/parts.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "disk/folder.h"
#include "history/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUND_NS 200000

/* That it was asked for, by whom and when; not of whom: that is what is to be forgotten. */
uint64_t engine_journal_erased(struct engine *e, struct slice by, int64_t uid)
{
	struct bytes body = { 0 };
	struct entry entry = { .kind = ENTRY_ERASED };
	entry.erased.by = by;
	entry.erased.uid = uid;
	entry.erased.time_ms = engine_now_ms(e);
	entry_body_encode(&entry, &body);
	struct journal_entry je = { .kind = ENTRY_ERASED, .received_at_ms = entry.erased.time_ms, .body = bytes_slice(&body) };
	journal_take(e->journal, 1, body.len); /* a full disk does not keep anybody from erasing */
	journal_append(e->journal, &je, NULL, NULL);
	journal_kick(e->journal);
	journal_wait(e->journal, je.seq);
	bytes_finish(&body);
	return je.seq;
}

/* With the journal's lock, as the daemon has it. */
static int carry_out_locked(const char *data, struct erase_report *out)
{
	const struct file_layer *files = file_system();
	struct file *lock = NULL;
	struct hash128 id;
	bool created;
	int result = folder_open(files, data, "journal", false, &id, &lock, &created);
	if (result == ERR_OK)
		result = erase_carry_out(data, NULL, out);
	files->close(files->self, lock);
	return result;
}

int engine_finish_erasing(const char *data, bool *finished, struct erase_report *out)
{
	const struct file_layer *files = file_system();
	struct erase_asked asked;
	char *path = folder_path(data, ERASING_FILE);
	struct file *f = NULL;
	*finished = false;
	int there = files->open(files->self, path, false, &f);
	files->close(files->self, f);
	free(path);
	if (there != ERR_OK || erase_asked(data, &asked) == ERR_OK)
		return ERR_OK;
	log_info("an erasure was interrupted: it is finished first");
	*finished = true;
	return carry_out_locked(data, out);
}

/* The shard's loop, until it is done. */
static int drive(struct engine *e, struct erase_report *out)
{
	struct shard *s = engine_shard(e, 0);
	while (eraser_runs(e)) {
		shard_look_at_clock(s);
		shard_wake(s);
		shard_tick(s);
		shard_settle(s);
		nanosleep(&(struct timespec){ .tv_nsec = ROUND_NS }, NULL);
	}
	return eraser_ended(e, out);
}

/* Who was to be erased when the daemon stopped goes first: the file has room for one. */
static int erase_asked_for(struct engine *e, struct slice customer, struct erase_report *out, bool *same)
{
	struct erase_asked asked;
	*same = false;
	if (erase_asked(e->data, &asked) != ERR_OK)
		return ERR_OK;
	*same = slice_equal(customer, slice_of(asked.customer));
	eraser_resume(e);
	int result = drive(e, out);
	*same &= result == ERR_OK;
	return result == ERR_MISSING ? ERR_OK : result;
}

static int erase_now(struct engine *e, struct slice customer, struct slice by, int64_t uid, struct erase_report *out)
{
	struct erase_asked asked = { .uid = uid, .since = journal_last(e->journal) };
	snprintf(asked.customer, sizeof(asked.customer), "%.*s", SLICE_ARG(customer));
	snprintf(asked.by, sizeof(asked.by), "%.*s", SLICE_ARG(by));
	int result = erase_ask(e->data, &asked);
	if (result != ERR_OK)
		return result;
	eraser_resume(e);
	return drive(e, out);
}

int engine_erase(const struct engine_config *config, struct slice customer, struct slice by, int64_t uid,
		 struct erase_report *out)
{
	struct engine *e;
	struct erase_report report;
	bool done;
	*out = (struct erase_report){ 0 };
	int result = engine_open(&e, config, NULL, NULL);
	if (result != ERR_OK)
		return result;
	result = engine_run(e);
	if (result == ERR_OK)
		result = erase_asked_for(e, customer, out, &done);
	if (result == ERR_OK) {
		result = erase_now(e, customer, by, uid, &report);
		if (result == ERR_MISSING && done)
			result = ERR_OK; /* it was this one, and nobody has come again */
		else
			*out = report;
	}
	struct error why = *error_last();
	engine_stop_changes(e);
	engine_close(e);
	return result == ERR_OK ? ERR_OK : error_set(result, why.field, "%s", why.text);
}
