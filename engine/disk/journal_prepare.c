/* disk/journal_prepare.c: the preparing thread. It has the next segment zeroed, synced and named before the current one
 * is full, so that the write path only ever overwrites blocks that exist (appending costs 105 us a flush, overwriting
 * 76), and it asks for the free space: while batches are being written, at most four times a second, so that an idle
 * daemon does not wake up. Zeroing goes slowly, a little at a time: it shares the disk with the batches, whose syncs would
 * wait for it; only when the current segment is half full does it hurry. The pieces are pushed out, not synced: as the file
 * grows, each sync of it would be a commit of the file system's own journal, which the batches' syncs stand in line with.
 *
 * A failure here harms nobody yet: the unfinished file goes, events are refused with `storage` once the current segment
 * runs short, and it tries again. That is how the daemon recovers by itself when space returns. */
#include "disk/journal_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "disk/folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ZERO_CHUNK_BYTES (64u * KIB) /* on their way to the disk at once: what a batch's sync may have to wait for … */
#define ZERO_HURRY_BYTES (1u * MIB)  /* … and while the next segment is wanted soon */
#define ZERO_REST_MS 2               /* 32 MB/s: a segment in two seconds */
#define RETRY_MS 250                 /* while there is no space: it may return without a sign */
#define SAY_EVERY_NS 60000000000ull  /* that there is none */

/* The next segment is wanted soon (or it is the first one: then nothing is current yet). */
static bool in_hurry(struct journal *j)
{
	pthread_mutex_lock(&j->prepare_lock);
	bool hurry = !j->current || j->prepare_stop || j->room_left < j->segment_bytes / 2 ||
		     atomic_load(&j->room) != ROOM_THERE;
	pthread_mutex_unlock(&j->prepare_lock);
	return hurry;
}

struct zeroing {
	uint64_t pushed;  /* so far it is on the disk */
	uint64_t batches; /* that were written before the piece at hand */
};

/* What was written up to `to` goes to the disk; then a rest, unless there is a hurry, or nobody writes batches. */
static int push_gently(struct journal *j, struct file *f, struct zeroing *z, uint64_t to)
{
	bool hurry = in_hurry(j);
	if (hurry && to - z->pushed < ZERO_HURRY_BYTES)
		return ERR_OK;
	int r = j->files->push ? j->files->push(j->files->self, f, z->pushed, to - z->pushed) : ERR_OK;
	uint64_t batches = counter_get(&j->batches);
	if (!hurry && batches != z->batches)
		nanosleep(&(struct timespec){ .tv_nsec = ZERO_REST_MS * 1000000l }, NULL);
	*z = (struct zeroing){ to, batches };
	return r;
}

static int fill_zero(struct journal *j, struct file *f, uint64_t index)
{
	char *zero = must_calloc(1, ZERO_CHUNK_BYTES);
	struct zeroing z = { 0 };
	int r = ERR_OK;
	for (uint64_t at = 0; r == ERR_OK && at < j->segment_bytes; at += ZERO_CHUNK_BYTES) {
		uint64_t left = j->segment_bytes - at;
		size_t len = left < ZERO_CHUNK_BYTES ? left : ZERO_CHUNK_BYTES;
		r = j->files->write(j->files->self, f, at, zero, len);
		if (r == ERR_OK)
			r = push_gently(j, f, &z, at + len);
	}
	if (r == ERR_OK) {
		segment_head_encode(zero, j->id, index, j->segment_bytes);
		r = j->files->write(j->files->self, f, 0, zero, SEGMENT_HEAD_BYTES);
	}
	free(zero);
	return r;
}

int segment_create(struct journal *j, uint64_t index, struct file **out)
{
	const struct file_layer *files = j->files;
	char *path = segment_path(j->folder, index), early[40];
	snprintf(early, sizeof(early), "%016" PRIx64 ".tmp", index);
	char *early_path = folder_path(j->folder, early);
	struct file *f = NULL;
	int r = files->open(files->self, early_path, true, &f);
	if (r == ERR_OK)
		r = fill_zero(j, f, index);
	if (r == ERR_OK)
		r = files->sync(files->self, f);
	if (r == ERR_OK)
		r = files->rename(files->self, early_path, path);
	if (r == ERR_OK)
		r = files->sync_folder(files->self, j->folder);
	if (r == ERR_OK) {
		*out = f;
	} else if (f) {
		struct error why = *error_last();
		files->close(files->self, f);
		files->remove(files->self, early_path);
		error_set(why.code, NULL, "%s", why.text);
	}
	free(path);
	free(early_path);
	return r;
}

void journal_ask_free(struct journal *j)
{
	uint64_t bytes = 0;
	if (j->files->free_bytes(j->files->self, j->folder, &bytes) == ERR_OK)
		atomic_store(&j->free_bytes, bytes);
	pthread_mutex_lock(&j->prepare_lock);
	journal_room_update(j);
	pthread_mutex_unlock(&j->prepare_lock);
}

/* At most once a minute: on the border it may come and go. */
static void say_room(struct journal *j, bool full)
{
	uint64_t now_ns = clock_mono_ns();
	if (full && !j->full_said && (!j->full_said_ns || now_ns - j->full_said_ns >= SAY_EVERY_NS)) {
		log_error("disk space is short: %" PRIu64 " MiB are free in %s and reserve_mb is %" PRIu64 ". Events are refused (storage), "
			  "queries are answered; make room, and events are taken again", atomic_load(&j->free_bytes) / MIB, j->folder,
			  j->options.reserve_bytes / MIB);
		j->full_said_ns = now_ns;
		j->full_said = true;
	} else if (!full && j->full_said) {
		log_info("there is disk space again, %" PRIu64 " MiB: events are taken", atomic_load(&j->free_bytes) / MIB);
		j->full_said = false;
	}
}

void journal_room_update(struct journal *j)
{
	/* one batch in flight, one being filled */
	bool short_of_room = !j->next && j->room_left < 2 * (uint64_t)(j->buffer_bytes + SECTOR_BYTES);
	enum room room = ROOM_THERE;
	if (atomic_load(&j->free_bytes) < j->options.reserve_bytes || (short_of_room && j->prepare_failed))
		room = ROOM_NONE;
	else if (short_of_room)
		room = ROOM_SOON;
	atomic_store(&j->room, room);
	if (room == ROOM_NONE || j->full_said)
		say_room(j, room == ROOM_NONE);
}

/* prepare_lock is held, and let go while the disk works. */
static void prepare_next(struct journal *j)
{
	uint64_t index = j->current_index + 1;
	struct file *f = NULL;
	pthread_mutex_unlock(&j->prepare_lock);
	int r = segment_create(j, index, &f);
	pthread_mutex_lock(&j->prepare_lock);
	if (r == ERR_OK) {
		j->next = f;
		j->next_index = index;
	} else if (!j->prepare_failed) {
		log_warn("cannot prepare the next journal segment: %s", error_last()->text);
	}
	if (r == ERR_OK && j->prepare_failed)
		log_info("the next journal segment is prepared again");
	j->prepare_failed = r != ERR_OK;
	journal_room_update(j);
	pthread_cond_broadcast(&j->prepared);
}

void *journal_prepare_run(void *arg)
{
	struct journal *j = arg;
	pthread_setname_np(pthread_self(), "segments");
	pthread_mutex_lock(&j->prepare_lock);
	while (!j->prepare_stop) {
		if (!j->next)
			prepare_next(j);
		pthread_mutex_unlock(&j->prepare_lock);
		journal_ask_free(j);
		pthread_mutex_lock(&j->prepare_lock);
		if (j->prepare_stop || (!j->next && !j->prepare_failed))
			continue;
		if (atomic_load(&j->room) == ROOM_THERE) {
			pthread_cond_wait(&j->prepare, &j->prepare_lock); /* a batch was written */
			continue;
		}
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += RETRY_MS * 1000000l;
		until.tv_sec += until.tv_nsec / 1000000000l;
		until.tv_nsec %= 1000000000l;
		pthread_cond_timedwait(&j->prepare, &j->prepare_lock, &until);
	}
	pthread_mutex_unlock(&j->prepare_lock);
	return NULL;
}
