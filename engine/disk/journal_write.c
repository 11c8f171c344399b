/* disk/journal_write.c: the journal thread. It takes the buffer that was filled while it synced the one before, seals
 * it (the hash is computed here, outside the appenders' lock), writes it, syncs it, and only then says that it is
 * durable.
 *
 *     appenders --> filling |  swap  | writing --> seal, write, fdatasync --> durable sequence, on_durable
 *
 * There is no timer: the batch is what came while the disk was busy. */
#include "disk/journal_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/thread.h"

#include <inttypes.h>
#include <unistd.h>

#define ASK_FREE_EVERY_NS 250000000u
#define EXIT_JOURNAL 70 /* EX_SOFTWARE: supervisors restart, recovery replays */

/* Memory already holds what the disk may not, and a second fdatasync could falsely succeed: end here, without
 * replies. */
static void fatal(struct journal *j)
{
	log_error("journal_fatal: %s; the process ends, restart replays the journal", error_last()->text);
	if (!j->options.on_fatal)
		_exit(EXIT_JOURNAL);
	pthread_mutex_lock(&j->lock);
	atomic_store(&j->dead, true);
	pthread_cond_broadcast(&j->synced);
	pthread_mutex_unlock(&j->lock);
	j->options.on_fatal(j->options.arg);
}

/* The next segment becomes the current one. Waits where it is not ready yet: reserving kept room for what is in flight,
 * so this is a disk that is full or very slow, and nobody has been answered. */
static int next_segment(struct journal *j)
{
	if (fault_hit(journal_new_segment))
		return error_set(ERR_IO, NULL, "fault point journal_new_segment");
	pthread_mutex_lock(&j->prepare_lock);
	bool closing = false;
	while (!j->next && !(closing && j->prepare_failed)) {
		pthread_cond_wait(&j->prepared, &j->prepare_lock);
		pthread_mutex_unlock(&j->prepare_lock);
		pthread_mutex_lock(&j->lock);
		closing = j->stop;
		pthread_mutex_unlock(&j->lock);
		pthread_mutex_lock(&j->prepare_lock);
	}
	int r = ERR_OK;
	if (j->next) {
		j->files->close(j->files->self, j->current);
		j->current = j->next;
		j->current_index = j->next_index;
		j->current_bytes = j->segment_bytes;
		j->offset = SEGMENT_HEAD_BYTES;
		j->next = NULL;
		j->room_left = j->current_bytes - j->offset;
		pthread_cond_signal(&j->prepare);
		journal_room_update(j);
	} else {
		r = error_set(ERR_STORAGE, NULL, "no space for another journal segment, and we were asked to stop");
	}
	pthread_mutex_unlock(&j->prepare_lock);
	return r;
}

static int sync_timed(struct journal *j)
{
	if (fault_hit(journal_before_sync))
		return error_set(ERR_IO, NULL, "fault point journal_before_sync");
	uint64_t from_ns = clock_mono_ns();
	int r = j->files->sync(j->files->self, j->current);
	uint64_t took_ns = clock_mono_ns() - from_ns;
	counter_add(&j->syncs, 1);
	counter_add(&j->sync_ns, took_ns);
	histogram_add(&j->sync_times, took_ns);
	if (took_ns > counter_get(&j->sync_ns_max))
		atomic_store_explicit(&j->sync_ns_max, took_ns, memory_order_relaxed);
	if (r == ERR_OK && fault_hit(journal_after_sync))
		return error_set(ERR_IO, NULL, "fault point journal_after_sync");
	return r;
}

/* Others fill the disk too: while batches are written, the preparing thread looks now and then. */
static void ask_free_space(struct journal *j)
{
	uint64_t now_ns = clock_mono_ns();
	if (now_ns - j->asked_ns < ASK_FREE_EVERY_NS)
		return;
	j->asked_ns = now_ns;
	pthread_cond_signal(&j->prepare);
}

static int write_batch(struct journal *j, struct buffer *b)
{
	uint64_t padded = batch_padded(b->len);
	int r = ERR_OK;
	if (j->offset + padded > j->current_bytes)
		r = next_segment(j);
	if (r < 0)
		return r;
	CHECK(j->offset + padded <= j->current_bytes);
	uint64_t from_ns = clock_mono_ns();
	struct batch_head head = { .segment = j->current_index, .first_seq = b->first_seq, .count = b->count,
				   .length = (uint32_t)b->len, .prev = j->chain };
	batch_seal(b->data, &head, j->id, &j->scratch);
	memset(b->data + b->len, 0, padded - b->len);
	if (fault_hit(journal_before_write))
		return error_set(ERR_IO, NULL, "fault point journal_before_write");
	r = j->files->write(j->files->self, j->current, j->offset, b->data, padded);
	if (r == ERR_OK && fault_hit(journal_after_write))
		r = error_set(ERR_IO, NULL, "fault point journal_after_write");
	counter_add(&j->write_ns, clock_mono_ns() - from_ns);
	if (r == ERR_OK)
		r = sync_timed(j);
	if (r < 0)
		return r;

	pthread_mutex_lock(&j->list_lock);
	segment_list_add(&j->list, j->current_index, &head, j->offset);
	pthread_mutex_unlock(&j->list_lock);
	j->chain = head.hash;
	j->offset += padded;
	pthread_mutex_lock(&j->prepare_lock);
	j->room_left = j->current_bytes - j->offset;
	journal_room_update(j);
	ask_free_space(j);
	pthread_mutex_unlock(&j->prepare_lock);
	counter_add(&j->batches, 1);
	counter_add(&j->entries, b->count);
	counter_add(&j->bytes, padded);
	histogram_add(&j->batch_entries, b->count);
	histogram_add(&j->batch_sizes, padded);
	return ERR_OK;
}

/* The buffer to write, the other one being filled from now on. NULL: stopped and nothing left. `lock` is held. */
static struct buffer *take_buffer(struct journal *j)
{
	for (;;) {
		while (!j->kicked && !j->stop)
			pthread_cond_wait(&j->wake, &j->lock);
		j->kicked = false;
		struct buffer *b = j->filling;
		if (b->count) {
			j->filling = b == &j->buffers[0] ? &j->buffers[1] : &j->buffers[0];
			atomic_fetch_sub(&j->used, b->len - BATCH_HEAD_BYTES);
			return b;
		}
		if (j->stop)
			return NULL;
	}
}

void *journal_write_run(void *arg)
{
	struct journal *j = arg;
	struct buffer *b;
	pthread_setname_np(pthread_self(), "journal");
	thread_prompt();
	pthread_mutex_lock(&j->lock);
	while ((b = take_buffer(j)) != NULL) {
		uint64_t newest = b->first_seq + b->count - 1;
		pthread_mutex_unlock(&j->lock);
		if (write_batch(j, b) < 0) {
			fatal(j);
			return NULL;
		}
		pthread_mutex_lock(&j->lock);
		b->len = BATCH_HEAD_BYTES;
		b->count = 0;
		atomic_store_explicit(&j->durable_seq, newest, memory_order_release);
		pthread_cond_broadcast(&j->synced);
		if (j->options.on_durable) {
			pthread_mutex_unlock(&j->lock);
			j->options.on_durable(j->options.arg, newest);
			pthread_mutex_lock(&j->lock);
		}
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}
