/* shard/decision_log_place.c: see decision_log_place.h. DIR/decision_log.position is text:
 *
 *     nudged decision log\nentry N\n
 *
 * written under another name and renamed. It may be older than the log, never newer: the log is synced before. */
#include "shard/decision_log_place.h"

#include "base/check.h"
#include "disk/folder.h"
#include "history/json_line.h"
#include "shard/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_NAME "decision_log.position"

int log_place_save(const char *data, uint64_t seq)
{
	char *path = folder_path(data, FILE_NAME), *fresh = folder_path(data, FILE_NAME ".tmp");
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640), result = ERR_OK; /* as all of the data directory */
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	bool whole = f && fprintf(f, "nudged decision log\nentry %" PRIu64 "\n", seq) > 0;
	if (!f && fd >= 0)
		close(fd);
	if (f && fclose(f) != 0)
		whole = false;
	if (!whole || rename(fresh, path) != 0)
		result = error_errno("cannot write %s", path);
	free(path);
	free(fresh);
	return result;
}

/* 0 and ERR_MISSING where there is none. */
static int read_position(const char *data, uint64_t *out)
{
	char *path = folder_path(data, FILE_NAME);
	FILE *f = fopen(path, "re");
	int result = ERR_OK;
	*out = 0;
	if (!f && errno == ENOENT)
		result = ERR_MISSING;
	else if (!f)
		result = error_errno("cannot read %s", path);
	else if (fscanf(f, "nudged decision log\nentry %" SCNu64, out) != 1)
		result = error_set(ERR_CORRUPT, NULL, "%s says nothing; remove it, and the log begins with what is new", path);
	if (f)
		fclose(f);
	free(path);
	return result;
}

/* A line of this journal: its entry was received when the line says so. */
static bool line_is_ours(struct engine *e, struct slice line, uint64_t seq)
{
	struct journal_reader *r;
	struct journal_entry je;
	struct bytes received = { 0 };
	if (seq < journal_first(e->journal) || seq > journal_durable(e->journal))
		return false;
	journal_reader_open(&r, e->journal, seq);
	bool ours = journal_next(r, &je) == 1 && je.seq == seq;
	journal_reader_close(r);
	if (ours) {
		json_time(&received, "received", je.received_at_ms);
		ours = memmem(line.data, line.len, received.data, received.len) != NULL;
	}
	bytes_finish(&received);
	return ours;
}

int log_place_find(struct log_start *out, struct engine *e, struct slice last)
{
	uint64_t position;
	struct log_place line;
	int result = read_position(e->data, &position);
	if (result == ERR_MISSING)
		position = journal_durable(e->journal);
	else if (result != ERR_OK)
		return result;
	if (result == ERR_MISSING || position > journal_durable(e->journal)) { /* a data directory was put back */
		position = journal_durable(e->journal);
		result = log_place_save(e->data, position);
		if (result != ERR_OK)
			return result;
	}
	*out = (struct log_start){ .next = position + 1, .logged = { position, UINT32_MAX } };
	if (!log_place_of(last, &line) || line.seq <= position || !line_is_ours(e, last, line.seq))
		return ERR_OK;
	out->logged = line;
	out->next = line.index == UINT32_MAX ? line.seq + 1 : line.seq; /* other alerts of the entry may have been cut off */
	return ERR_OK;
}

int log_pack_load(struct log_pack *p, struct slice name, struct slice bytes)
{
	struct bundle bundle = { 0 };
	struct pack *pack;
	if (!p->pool)
		p->pool = strpool_create();
	int result = bundle_decode(&bundle, bytes);
	if (result == ERR_OK)
		result = pack_load(&pack, &bundle, p->pool);
	bundle_finish(&bundle);
	if (result != ERR_OK)
		return result;
	pack_destroy(p->pack);
	p->pack = pack;
	snprintf(p->name, sizeof(p->name), "%.*s", SLICE_ARG(name));
	return ERR_OK;
}

void log_pack_finish(struct log_pack *p)
{
	pack_destroy(p->pack);
	strpool_destroy(p->pool);
}

struct looking {
	uint64_t before;
	char name[LIMIT_ID_BYTES + 1], hash[33];
};

static int look_at_note(void *arg, struct slice key, struct slice value)
{
	struct looking *s = arg;
	uint64_t seq;
	char text[40];
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(key));
	if (sscanf(text, "activation:%" SCNu64, &seq) != 1 || seq >= s->before)
		return 1;
	struct reader r = reader_of(value);
	struct slice hash = reader_string(&r), name = reader_string(&r);
	snprintf(s->hash, sizeof(s->hash), "%.*s", SLICE_ARG(hash));
	snprintf(s->name, sizeof(s->name), "%.*s", SLICE_ARG(name));
	return 0;
}

int log_pack_find(struct log_pack *p, struct engine *e, uint64_t seq)
{
	struct looking s = { .before = seq };
	struct bytes key = { 0 }, value = { 0 };
	struct bundle empty = { 0 };
	int result = store_scan(e->store, STORE_META, SLICE("activation:"), look_at_note, &s);
	if (result >= 0 && s.hash[0]) {
		bytes_printf(&key, "bundle:%s", s.hash);
		result = store_get(e->store, STORE_META, bytes_slice(&key), &value);
	} else if (result >= 0) {
		result = bundle_add(&empty, SLICE("pack.lua"), SLICE("pack { name = \"empty\" }\n"));
		snprintf(s.name, sizeof(s.name), "empty");
		bundle_encode(&empty, &value);
	}
	if (result == ERR_OK)
		result = log_pack_load(p, slice_of(s.name), bytes_slice(&value));
	bytes_finish(&key);
	bytes_finish(&value);
	bundle_finish(&empty);
	return result;
}
