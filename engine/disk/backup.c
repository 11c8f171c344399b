/* disk/backup.c: see backup.h. In this order, and why:
 *
 * 1. The journal's segments are opened: whatever the daemon lets go from here on can still be read.
 * 2. The base store is copied, then the state: so the state covers what the base store has.
 * 3. The journal is copied, from the first entry that the base store does not have, to the last one that the stores know or
 *    that was there when all began, whichever is later.
 * 4. Every file is read back for its sum, and the list is written under another name, synced, renamed. */
#include "disk/backup.h"

#include "base/check.h"
#include "base/error.h"
#include "disk/folder.h"
#include "disk/journal_copy.h"
#include "disk/store.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT 1u

void backup_finish(struct backup *b)
{
	free(b->files);
	*b = (struct backup){ 0 };
}

static int is_in_the_way(void *arg, const char *name)
{
	if (backup_is_unfinished(arg))
		return error_set(ERR_CONFLICT, NULL, "%s holds a part of a backup, whose making was interrupted or goes on: name a folder "
				 "that is not there yet, and remove this one if nothing writes to it", (const char *)arg);
	return error_set(ERR_CONFLICT, NULL, "%s is not empty (it holds %s): name a folder that is not there yet",
			 (const char *)arg, name);
}

static int copy_small(const char *data, const char *dir, const char *name)
{
	const struct file_layer *files = file_system();
	char *from = folder_path(data, name), *to = folder_path(dir, name), text[4096];
	struct file *f = NULL, *out = NULL;
	size_t got = 0;
	int r = files->open(files->self, from, false, &f);
	if (r == ERR_OK)
		r = files->read(files->self, f, 0, text, sizeof(text), &got);
	if (r == ERR_OK)
		r = files->open(files->self, to, true, &out);
	if (r == ERR_OK)
		r = files->write(files->self, out, 0, text, got);
	if (r == ERR_OK)
		r = files->sync(files->self, out);
	files->close(files->self, f);
	files->close(files->self, out);
	free(from);
	free(to);
	return r;
}

/* Until it is sealed nobody takes it for a backup, nor for a data directory. */
static int flag_unfinished(const char *dir)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, UNFINISHED_FILE);
	struct file *f = NULL;
	int r = files->open(files->self, path, true, &f);
	files->close(files->self, f);
	free(path);
	return r == ERR_OK ? files->sync_folder(files->self, dir) : r;
}

static int unflag(const char *dir)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, UNFINISHED_FILE);
	int r = files->remove(files->self, path);
	free(path);
	return r == ERR_OK ? files->sync_folder(files->self, dir) : r;
}

/* DIR/name with its mark. */
static int make_part(const char *data, const char *dir, const char *name)
{
	const struct file_layer *files = file_system();
	char mark[64], *folder = folder_path(dir, name);
	snprintf(mark, sizeof(mark), "%s/" FOLDER_MARK, name);
	int r = files->make_folder(files->self, folder);
	if (r == ERR_OK)
		r = copy_small(data, dir, mark);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, folder);
	free(folder);
	return r;
}

static int read_number(struct store *s, struct slice key, uint64_t *out)
{
	struct bytes value = { 0 };
	int r = store_get(s, STORE_META, key, &value);
	struct reader reader = reader_of(bytes_slice(&value));
	*out = r == ERR_OK ? reader_u64(&reader) : 0;
	bytes_finish(&value);
	return r == ERR_MISSING ? ERR_OK : r;
}

/* What the copy knows, and not what the store knows by now. */
static int read_marks(const char *dir, const char *name, uint64_t *mark, uint64_t *newest)
{
	struct store *s;
	char *folder = folder_path(dir, name), *lock = folder_path(folder, "lock.mdb");
	int r = store_open_named(&s, dir, name, 0, true);
	if (r == ERR_OK)
		r = read_number(s, SLICE("mark"), mark);
	if (r == ERR_OK)
		r = read_number(s, SLICE("newest"), newest);
	store_close(s);
	unlink(lock); /* LMDB's, made by looking */
	free(folder);
	free(lock);
	return r;
}

static int copy_store(const char *data, const char *dir, const char *name, struct pace *pace, uint64_t *mark,
		      uint64_t *newest)
{
	struct store *s;
	char *folder = folder_path(dir, name), *path = folder_path(folder, "data.mdb");
	int r = store_open_named(&s, data, name, 0, true);
	if (r == ERR_OK)
		r = make_part(data, dir, name);
	if (r == ERR_OK)
		r = store_copy(s, path, pace);
	store_close(s);
	if (r == ERR_OK)
		r = read_marks(dir, name, mark, newest);
	free(folder);
	free(path);
	return r;
}

static void pin_new(void *arg)
{
	(void)journal_copy_pin(arg); /* what is missed is told when it is to be copied */
}

static int copy_all(struct backup *b, const char *data, const char *dir, struct journal_copy *journal, uint64_t need,
		    struct pace *pace)
{
	struct journal_found found;
	uint64_t newest, ignored;
	int r = copy_store(data, dir, "base", pace, &b->base_mark, &ignored);
	if (r == ERR_MISSING)
		r = ERR_OK; /* none is kept */
	if (r == ERR_OK)
		r = copy_store(data, dir, "state", pace, &b->mark, &newest);
	if (r != ERR_OK)
		return r;
	pace->step = NULL; /* what is needed now has been begun */
	need = newest > need ? newest : need;
	need = b->mark > need ? b->mark : need;
	r = journal_copy_pin(journal);
	if (r == ERR_OK)
		r = make_part(data, dir, "journal");
	if (r == ERR_OK)
		r = journal_copy_to(journal, dir, b->base_mark, need, pace, &found);
	if (r != ERR_OK)
		return r;
	b->first_seq = found.first_seq;
	b->last_seq = found.last_seq;
	return copy_small(data, dir, FOLDER_MARK);
}

/* An erasure ends with a new file of the state. */
static uint64_t state_file(const char *data)
{
	struct stat st;
	char *path = folder_path(data, "state/data.mdb");
	bool there = stat(path, &st) == 0;
	free(path);
	return there ? st.st_ino : 0;
}

/* What is copied while a customer is being erased, or was since, has them half, and fits no more. */
static int refuse_erasing(const char *data, uint64_t state_before)
{
	char *path = folder_path(data, FOLDER_ERASING);
	bool erasing = access(path, F_OK) == 0;
	free(path);
	if (!erasing && state_file(data) == state_before)
		return ERR_OK;
	return error_set(ERR_BUSY, NULL, "a customer is being erased in %s: make the backup when that is done", data);
}

/* DIR is made, the folders above it are not: a slip of the pen, or a disk that is not mounted, shows there. And within
 * the data it would be lost with them, and keep what is erased from them. */
static int check_place(const char *data, const char *dir)
{
	struct stat st;
	int r = ERR_OK;
	char *parent = folder_above(dir), *there = realpath(dir, NULL), *own = realpath(data, NULL);
	there = there ? there : realpath(parent, NULL);
	size_t len = own ? strlen(own) : 0;
	if (*parent && stat(parent, &st) != 0 && errno == ENOENT)
		r = error_set(ERR_MISSING, "dir", "%s is not there, in which %s is to be made: make it first (mkdir -p), where its disk is "
			      "mounted", parent, dir);
	else if (own && there && strncmp(there, own, len) == 0 && (there[len] == '/' || !there[len]))
		r = error_set(ERR_CONFLICT, "dir", "%s is the data directory, or lies in it: name a folder elsewhere, best on "
			      "another disk", dir);
	free(parent);
	free(there);
	free(own);
	return r;
}

int backup_copy(struct backup *out, const char *data, const char *dir, struct pace *pace)
{
	const struct file_layer *files = file_system();
	struct journal_copy *journal = NULL;
	uint64_t last, state = state_file(data);
	*out = (struct backup){ 0 };
	int r = journal_copy_open(&journal, data, &last);
	if (r == ERR_OK)
		r = refuse_erasing(data, state);
	if (r == ERR_OK)
		r = check_place(data, dir);
	if (r == ERR_OK)
		r = files->make_folder(files->self, dir);
	if (r == ERR_OK)
		r = files->list(files->self, dir, is_in_the_way, (void *)(uintptr_t)dir);
	if (r == ERR_OK)
		r = flag_unfinished(dir);
	if (r == ERR_OK) {
		out->journal = journal_copy_id(journal);
		pace->all += journal_copy_bytes(journal);
		pace->step = pin_new;
		pace->step_arg = journal;
		r = copy_all(out, data, dir, journal, last, pace);
		pace->step = NULL;
	}
	if (r == ERR_OK)
		r = refuse_erasing(data, state);
	journal_copy_close(journal);
	return r;
}

uint64_t backup_sum_piece(uint64_t sum, const void *piece, size_t len)
{
	return hash64((struct slice){ piece, len }, sum);
}

int backup_sum(const char *dir, const char *name, struct pace *pace, uint64_t *bytes, uint64_t *sum)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, name), *piece = must_malloc(BACKUP_PIECE_BYTES);
	struct file *f = NULL;
	size_t got = BACKUP_PIECE_BYTES;
	*bytes = *sum = 0;
	int r = files->open(files->self, path, false, &f);
	while (r == ERR_OK && got == BACKUP_PIECE_BYTES) {
		r = files->read(files->self, f, *bytes, piece, BACKUP_PIECE_BYTES, &got);
		if (r != ERR_OK || !got)
			break;
		*sum = backup_sum_piece(*sum, piece, got);
		*bytes += got;
		pace_took(pace, got);
	}
	files->close(files->self, f);
	free(piece);
	free(path);
	return r;
}

struct listing {
	struct backup *b;
	const char *part;
};

static void add_file(struct backup *b, const char *part, const char *name)
{
	b->files = must_realloc(b->files, (b->count + 1) * sizeof(*b->files));
	struct backup_file *f = &b->files[b->count++];
	*f = (struct backup_file){ 0 };
	snprintf(f->name, sizeof(f->name), "%s%s%s", part, *part ? "/" : "", name);
}

static int list_file(void *arg, const char *name)
{
	struct listing *l = arg;
	size_t len = strlen(name);
	bool ours = strcmp(name, FOLDER_MARK) == 0 || strcmp(name, "data.mdb") == 0 ||
		    (len > 8 && strcmp(name + len - 8, ".segment") == 0);
	if (ours)
		add_file(l->b, l->part, name);
	return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct backup_file *)a)->name, ((const struct backup_file *)b)->name);
}

static int list_all(struct backup *b, const char *dir)
{
	static const char *const parts[] = { "base", "journal", "state" };
	const struct file_layer *files = file_system();
	int r = ERR_OK;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && r == ERR_OK; i++) {
		struct listing l = { b, parts[i] };
		char *folder = folder_path(dir, parts[i]);
		if (access(folder, F_OK) == 0)
			r = files->list(files->self, folder, list_file, &l);
		free(folder);
	}
	add_file(b, "", FOLDER_MARK);
	qsort(b->files, b->count, sizeof(*b->files), by_name);
	return r;
}

static int write_list(const struct backup *b, const char *dir)
{
	char id[33];
	struct bytes text = { 0 };
	hash128_hex(b->journal, id);
	bytes_printf(&text, "nudged backup\nformat %u\njournal %s\nentries %" PRIu64 " %" PRIu64 "\nmarks %" PRIu64
		     " %" PRIu64 "\nmade_ms %" PRId64 "\n", FORMAT, id, b->first_seq, b->last_seq, b->mark, b->base_mark,
		     b->made_ms);
	for (size_t i = 0; i < b->count; i++)
		bytes_printf(&text, "file %" PRIu64 " %016" PRIx64 " %s\n", b->files[i].bytes, b->files[i].sum, b->files[i].name);
	bytes_printf(&text, "sum %016" PRIx64 "\n", hash64(bytes_slice(&text), 0));
	int r = folder_put(file_system(), dir, BACKUP_FILE, bytes_slice(&text));
	bytes_finish(&text);
	return r;
}

int backup_seal(struct backup *b, const char *dir, int64_t now_ms, struct pace *pace)
{
	int r = list_all(b, dir);
	b->made_ms = now_ms;
	b->bytes = 0;
	for (size_t i = 0; i < b->count && r == ERR_OK; i++) {
		r = backup_sum(dir, b->files[i].name, pace, &b->files[i].bytes, &b->files[i].sum);
		b->bytes += b->files[i].bytes;
	}
	if (r == ERR_OK)
		r = write_list(b, dir);
	return r == ERR_OK ? unflag(dir) : r;
}
