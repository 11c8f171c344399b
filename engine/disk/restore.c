/* disk/restore.c: from a backup to a data directory. The directory is marked as half made first, its own mark is written
 * last and the other one removed: so a daemon never starts on a part of it, and a restore that was interrupted is begun
 * anew by doing it again. Segments are written whole, zeroes too: a journal is not written into holes. */
#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "disk/backup.h"
#include "disk/folder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FORMAT 1u
#define LIST_BYTES_MAX (64u * MIB)

static int broken(const char *path)
{
	return error_set(ERR_CORRUPT, NULL, "%s: damaged (it does not say what a backup's list says)", path);
}

/* No file of a list may lie elsewhere than in the folder. */
static bool name_is_safe(const char *name)
{
	return name[0] != '/' && name[0] != '.' && !strstr(name, "..");
}

static int parse_head(struct backup *b, const char *text, const char *path, int *used)
{
	unsigned format = 0;
	*used = 0;
	if (sscanf(text, "nudged backup\nformat %u\n", &format) != 1)
		return error_set(ERR_FOREIGN, NULL, "%s is not the list of a nudged backup", path);
	if (format > FORMAT)
		return error_set(ERR_VERSION, NULL, "%s: format %u, but this build knows up to %u: use a newer nudged", path,
				 format, FORMAT);
	int fields = sscanf(text,
			    "nudged backup\nformat %u\njournal %16" SCNx64 "%16" SCNx64 "\nentries %" SCNu64 " %" SCNu64
			    "\nmarks %" SCNu64 " %" SCNu64 "\nmade_ms %" SCNd64 "\n%n",
			    &format, &b->journal.high, &b->journal.low, &b->first_seq, &b->last_seq, &b->mark,
			    &b->base_mark, &b->made_ms, used);
	return fields == 8 && *used ? ERR_OK : broken(path);
}

static int parse(struct backup *b, const char *text, size_t len, const char *path)
{
	const char *sum_line = len > 21 ? text + len - 21 : text; /* "sum " and 16 digits and a newline */
	uint64_t sum;
	int used, r = parse_head(b, text, path, &used);
	if (r != ERR_OK)
		return r;
	if (sscanf(sum_line, "sum %16" SCNx64, &sum) != 1 || sum != hash64((struct slice){ text, len - 21 }, 0))
		return broken(path);
	for (const char *at = text + used; at < sum_line; at = strchr(at, '\n') + 1) {
		struct backup_file f = { 0 };
		if (sscanf(at, "file %" SCNu64 " %16" SCNx64 " %63s\n", &f.bytes, &f.sum, f.name) != 3 || !name_is_safe(f.name))
			return broken(path);
		b->files = must_realloc(b->files, (b->count + 1) * sizeof(*b->files));
		b->files[b->count++] = f;
		b->bytes += f.bytes;
	}
	return ERR_OK;
}

static bool has_file(const char *dir, const char *name)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, name);
	struct file *f = NULL;
	bool has = files->open(files->self, path, false, &f) == ERR_OK;
	files->close(files->self, f);
	free(path);
	return has;
}

bool backup_is_unfinished(const char *dir)
{
	return has_file(dir, UNFINISHED_FILE) && !has_file(dir, BACKUP_FILE);
}

int backup_read(struct backup *out, const char *dir)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(dir, BACKUP_FILE), *text = NULL;
	struct file *f = NULL;
	uint64_t size = 0;
	size_t got = 0;
	*out = (struct backup){ 0 };
	int r = files->open(files->self, path, false, &f);
	if (r == ERR_MISSING)
		r = error_set(ERR_MISSING, NULL, "%s is %s: it has no file %s", dir,
			      backup_is_unfinished(dir) ? "a backup that is not finished: its making was interrupted, or goes on"
							: "not a backup, or one that was not finished", BACKUP_FILE);
	if (r == ERR_OK)
		r = files->size(files->self, f, &size);
	if (r == ERR_OK && size > LIST_BYTES_MAX)
		r = broken(path);
	if (r == ERR_OK) {
		text = must_calloc(1, size + 1);
		r = files->read(files->self, f, 0, text, size, &got);
	}
	if (r == ERR_OK)
		r = parse(out, text, got, path);
	if (r != ERR_OK)
		backup_finish(out);
	files->close(files->self, f);
	free(text);
	free(path);
	return r;
}

int backup_check(const struct backup *b, const char *dir, struct pace *pace, void (*say)(void *arg, const char *text),
		 void *arg)
{
	int problems = 0;
	for (size_t i = 0; i < b->count; i++) {
		const struct backup_file *f = &b->files[i];
		uint64_t bytes, sum;
		char text[256];
		int r = backup_sum(dir, f->name, pace, &bytes, &sum);
		if (r != ERR_OK && r != ERR_MISSING)
			return r;
		if (r == ERR_OK && bytes == f->bytes && sum == f->sum)
			continue;
		if (r == ERR_MISSING)
			snprintf(text, sizeof(text), "%s: missing", f->name);
		else if (bytes != f->bytes)
			snprintf(text, sizeof(text), "%s: %" PRIu64 " bytes, %" PRIu64 " were written", f->name, bytes, f->bytes);
		else
			snprintf(text, sizeof(text), "%s: not as it was written (its sum differs)", f->name);
		problems++;
		say(arg, text);
	}
	return problems;
}

static int copy_pieces(const struct backup_file *f, struct file *from, struct file *to, struct pace *pace)
{
	const struct file_layer *files = file_system();
	char *piece = must_malloc(BACKUP_PIECE_BYTES);
	uint64_t at = 0, sum = 0;
	size_t got = BACKUP_PIECE_BYTES;
	int r = ERR_OK;
	while (r == ERR_OK && got == BACKUP_PIECE_BYTES) {
		r = files->read(files->self, from, at, piece, BACKUP_PIECE_BYTES, &got);
		if (r != ERR_OK || !got)
			break;
		sum = backup_sum_piece(sum, piece, got);
		r = files->write(files->self, to, at, piece, got);
		at += got;
		pace_took(pace, got);
	}
	free(piece);
	if (r == ERR_OK && (at != f->bytes || sum != f->sum))
		r = error_set(ERR_CORRUPT, NULL, "%s is not as it was written: the backup is damaged", f->name);
	return r == ERR_OK ? files->sync(files->self, to) : r;
}

static int copy_file(const struct backup_file *f, const char *from, const char *data, struct pace *pace)
{
	const struct file_layer *files = file_system();
	char *source = folder_path(from, f->name), *target = folder_path(data, f->name);
	struct file *in = NULL, *out = NULL;
	(void)fault_hit(restore_step);
	int r = files->open(files->self, source, false, &in);
	if (r == ERR_OK)
		r = files->open(files->self, target, true, &out);
	if (r == ERR_OK)
		r = copy_pieces(f, in, out, pace);
	files->close(files->self, in);
	files->close(files->self, out);
	free(source);
	free(target);
	return r;
}

static int note_name(void *arg, const char *name)
{
	snprintf(arg, 64, "%s", name);
	return 1;
}

static int remove_name(void *arg, const char *name)
{
	const struct file_layer *files = file_system();
	char *path = folder_path(arg, name);
	int r = files->remove(files->self, path);
	free(path);
	return r;
}

static const char *const parts[] = { "base", "journal", "state" };
#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* What an interrupted restore left there. */
static int sweep_away(const char *data)
{
	const struct file_layer *files = file_system();
	int r = ERR_OK;
	for (size_t i = 0; i < PARTS && r == ERR_OK; i++) {
		char *folder = folder_path(data, parts[i]);
		r = files->list(files->self, folder, remove_name, folder);
		free(folder);
		r = r == ERR_MISSING ? ERR_OK : r;
	}
	return r;
}

static int claim(const char *data)
{
	const struct file_layer *files = file_system();
	char *flag = folder_path(data, RESTORING_FILE), name[64] = "";
	struct file *f = NULL;
	int r = files->make_folder(files->self, data);
	if (r == ERR_OK)
		r = files->open(files->self, flag, false, &f);
	if (r == ERR_OK)
		r = sweep_away(data);
	else if (r == ERR_MISSING) {
		r = files->list(files->self, data, note_name, name);
		if (r == 1)
			r = error_set(ERR_CONFLICT, "data", "%s is not empty (it holds %s): a backup is restored into an empty "
				      "folder, nothing is overwritten", data, name);
		if (r == ERR_OK)
			r = files->open(files->self, flag, true, &f);
	}
	files->close(files->self, f);
	for (size_t i = 0; i < PARTS && r == ERR_OK; i++) {
		char *folder = folder_path(data, parts[i]);
		r = strcmp(parts[i], "base") == 0 ? ERR_OK : files->make_folder(files->self, folder);
		free(folder);
	}
	if (r == ERR_OK)
		r = files->sync_folder(files->self, data);
	free(flag);
	return r;
}

static int check_room(const struct backup *b, const char *data)
{
	const struct file_layer *files = file_system();
	uint64_t free_bytes;
	int r = files->free_bytes(files->self, data, &free_bytes);
	if (r == ERR_OK && free_bytes < b->bytes)
		r = error_set(ERR_STORAGE, NULL, "%s: %" PRIu64 " bytes are free, the backup has %" PRIu64, data, free_bytes,
			      b->bytes);
	return r;
}

static int copy_all(const struct backup *b, const char *from, const char *data, struct pace *pace)
{
	const struct file_layer *files = file_system();
	int r = ERR_OK;
	for (size_t i = 0; i < b->count && r == ERR_OK; i++) {
		char *base = folder_path(data, "base");
		if (strncmp(b->files[i].name, "base/", 5) == 0)
			r = files->make_folder(files->self, base);
		free(base);
		if (r == ERR_OK && strcmp(b->files[i].name, FOLDER_MARK) != 0)
			r = copy_file(&b->files[i], from, data, pace);
	}
	for (size_t i = 0; i < PARTS && r == ERR_OK; i++) {
		char *folder = folder_path(data, parts[i]);
		r = files->sync_folder(files->self, folder);
		free(folder);
		r = r == ERR_MISSING ? ERR_OK : r;
	}
	return r;
}

/* The last step: whole, and nobody's half. */
static int finish(const struct backup *b, const char *from, const char *data, struct pace *pace)
{
	const struct file_layer *files = file_system();
	char *flag = folder_path(data, RESTORING_FILE);
	int r = error_set(ERR_CORRUPT, NULL, "%s: its list does not name %s", from, FOLDER_MARK);
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->files[i].name, FOLDER_MARK) == 0)
			r = copy_file(&b->files[i], from, data, pace);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, data);
	(void)fault_hit(restore_step);
	if (r == ERR_OK)
		r = files->remove(files->self, flag);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, data);
	free(flag);
	return r;
}

int backup_restore(struct backup *out, const char *from, const char *data, struct pace *pace)
{
	int r = backup_read(out, from);
	if (r != ERR_OK)
		return r;
	pace->all += out->bytes;
	r = claim(data);
	if (r == ERR_OK)
		r = check_room(out, data);
	if (r == ERR_OK)
		r = copy_all(out, from, data, pace);
	if (r == ERR_OK)
		r = finish(out, from, data, pace);
	if (r != ERR_OK)
		backup_finish(out);
	return r;
}
