/* shard/erase.c: see erase.h. The engine is opened, run without loops and stopped first: a clean stop stores every record, so
 * that nothing has to be recovered from entries which are about to be blanked. */
#include "shard/erase.h"
#include "shard/parts.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "disk/folder.h"
#include "history/entry.h"

#include <stdlib.h>

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

static int settle(const struct engine_config *config, struct slice by, int64_t uid)
{
	struct engine *e;
	int result = engine_open(&e, config, NULL, NULL);
	if (result != ERR_OK)
		return result;
	result = engine_run(e);
	if (result == ERR_OK)
		(void)engine_journal_erased(e, by, uid);
	engine_close(e);
	return result;
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

static int erase_one(const struct engine_config *config, struct slice customer, struct slice by, int64_t uid,
		     struct erase_report *out)
{
	struct erase_report planned;
	int result = settle(config, by, uid);
	if (result == ERR_OK)
		result = erase_plan(config->data, customer, config->decision_log, &planned);
	*out = planned;
	if (result == ERR_OK)
		result = carry_out_locked(config->data, out);
	return result;
}

/* Who was to be erased when the daemon stopped goes first: the file has room for one. */
int engine_erase(const struct engine_config *config, struct slice customer, struct slice by, int64_t uid,
		 struct erase_report *out)
{
	struct erase_asked asked;
	int result = ERR_OK;
	if (erase_asked(config->data, &asked) == ERR_OK && !slice_equal(customer, slice_of(asked.customer)))
		result = erase_one(config, slice_of(asked.customer), slice_of(asked.by), asked.uid, out);
	return result == ERR_OK || result == ERR_MISSING ? erase_one(config, customer, by, uid, out) : result;
}
