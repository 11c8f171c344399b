/* disk/journal.c: the journal's face to the threads that append; see journal.h for what it promises.
 *
 *     DIR/NUDGED                      marks the data directory as ours (folder.h)
 *     DIR/journal/NUDGED              the same for the journal; its random identity goes into every hash
 *     DIR/journal/lock                held by the one process that writes
 *     DIR/journal/0000000000000001.segment, ...2.segment, ...   no gaps; the oldest go first (journal_retire)
 *
 * A segment is a file of fixed size, zeroed, headed and synced before it gets its name, and its name is synced before
 * the first batch is written to it. So a `.segment` whose header is broken is damage, never an accident of a crash.
 *
 *     offset 0                512                       multiples of 512                        segment_bytes
 *     | segment header (512)  | batch | 0 | batch  | 0 | batch ................... | zeroes ...  |
 *
 *     segment header   "nudgejnl" | format u32 | 0 u32 | index u64 | segment_bytes u64 | identity 128 | 0.. | xxh3
 *
 *     batch            0        4         8            16             24         28          32         48         64
 *                      | magic  | format  | segment    | first seq    | count    | length    | previous | hash     |
 *                      | u32    | u32     | u64        | u64          | u32      | u32       | hash 128 | 128      |
 *                      then `count` entries, `length` bytes in all with this head, then zeroes up to a multiple of 512
 *
 *     entry            0          8               16          24         32        36     37     38
 *                      | prev seq | received at   | outcome   | digest   | length  | kind | slot | 0 u16 |   hashed
 *                      | u64      | i64 ms        | u64       | u64      | u32     | u8   | u8   |       |
 *                      40         48         52         56
 *                      | salt u64 | BODY|BLNK| 0 u32    | body ...      |                                   not hashed
 *
 *     hash    = xxh3-128(identity | bytes 0..48 of the batch | bytes 0..40 of each entry)
 *     digest  = xxh3-64(body, seed = salt)
 *
 * An entry's sequence is its place: first seq + index. To erase a body, its bytes and salt become zeroes and its state
 * BLNK: the hashes still hold, and without the salt the digest tells nothing about what was there. So salts come from
 * the kernel: from a generator, an erased one could be computed from its neighbours.
 *
 * Why 512: no two batches share a sector, so a torn write cannot harm a batch that was durable before it.
 *
 * Invariants
 * - A batch is written only after the fdatasync of the one before returned: at most one batch can be torn, the last.
 *   Anything valid behind something broken is damage to what was durable, and the journal refuses to open.
 * - The identity in the hash keeps a body that looks like a batch from being taken for one.
 * - `used` <= batch_bytes: what is appended to or reserved in the filling buffer. A reservation made in one buffer
 *   may be used in the next, which is then emptier. So journal_append never waits for room. */
#include "disk/journal_parts.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "disk/folder.h"

#include <stdlib.h>
#include <unistd.h>

#define SEGMENT_BYTES_MIN 8192u
#define SALTS 256u /* drawn from the kernel at a time: a system call each would be dear */

static void init_locks(struct journal *j)
{
	/* It is held for less time than a wait in the kernel takes: who finds it taken spins first. */
	pthread_mutexattr_t spins;
	pthread_mutexattr_init(&spins);
	pthread_mutexattr_settype(&spins, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(&j->lock, &spins);
	pthread_mutexattr_destroy(&spins);
	pthread_mutex_init(&j->prepare_lock, NULL);
	pthread_mutex_init(&j->list_lock, NULL);
	pthread_cond_init(&j->wake, NULL);
	pthread_cond_init(&j->synced, NULL);
	pthread_cond_init(&j->prepared, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&j->prepare, &attr);
	pthread_condattr_destroy(&attr);
}

static struct journal *create(const char *dir, const struct journal_options *options)
{
	struct journal *j = must_calloc(1, sizeof(*j));
	if (options)
		j->options = *options;
	j->files = j->options.files ? j->options.files : file_system();
	j->segment_bytes = batch_padded(j->options.segment_bytes ? j->options.segment_bytes : JOURNAL_SEGMENT_BYTES);
	if (j->segment_bytes < SEGMENT_BYTES_MIN)
		j->segment_bytes = SEGMENT_BYTES_MIN;
	if (!j->options.reserve_bytes)
		j->options.reserve_bytes = STORAGE_RESERVE_BYTES;
	/* Two buffers' batches fit into a segment, and a fifth of a buffer is for what journal_take takes. */
	j->buffer_bytes = ((j->segment_bytes - SEGMENT_HEAD_BYTES) / 2 - SECTOR_BYTES) / SECTOR_BYTES * SECTOR_BYTES;
	if (j->buffer_bytes > LIMIT_BATCH_BYTES / 4 * 5)
		j->buffer_bytes = LIMIT_BATCH_BYTES / 4 * 5;
	j->batch_bytes = j->buffer_bytes / 5 * 4 / SECTOR_BYTES * SECTOR_BYTES;
	j->folder = folder_path(dir, "journal");
	init_locks(j);
	return j;
}

int journal_open(struct journal **out, const char *dir, const struct journal_options *options,
		 void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg, struct journal_found *found)
{
	struct journal_found ignored;
	found = found ? found : &ignored;
	*found = (struct journal_found){ 0 };
	struct journal *j = create(dir, options);
	int r = folder_open(j->files, dir, "journal", j->options.read_only, &j->id, &j->lock_file, &found->created);
	if (r == ERR_OK)
		r = journal_recover(j, progress, arg, found);
	if (r < 0) {
		journal_close(j);
		*out = NULL;
		return r;
	}
	atomic_store(&j->last_seq, found->last_seq);
	atomic_store(&j->durable_seq, found->last_seq);
	journal_ask_free(j);
	*out = j;
	return ERR_OK;
}

int journal_start(struct journal *j)
{
	CHECK(!j->options.read_only && !j->started);
	for (size_t i = 0; i < 2; i++) {
		j->buffers[i].data = aligned_alloc(4096, (j->buffer_bytes + SECTOR_BYTES + 4095) / 4096 * 4096);
		CHECK(j->buffers[i].data != NULL);
		j->buffers[i].len = BATCH_HEAD_BYTES;
	}
	j->filling = &j->buffers[0];
	atomic_store(&j->used, BATCH_HEAD_BYTES);
	if (pthread_create(&j->writer, NULL, journal_write_run, j) != 0)
		return error_errno("cannot start the journal thread");
	CHECK(pthread_create(&j->preparer, NULL, journal_prepare_run, j) == 0);
	j->started = true;
	return ERR_OK;
}

static void stop_threads(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
	pthread_mutex_lock(&j->prepare_lock);
	pthread_cond_broadcast(&j->prepared);
	pthread_mutex_unlock(&j->prepare_lock);
	pthread_join(j->writer, NULL);
	pthread_mutex_lock(&j->prepare_lock);
	j->prepare_stop = true;
	pthread_cond_signal(&j->prepare);
	pthread_mutex_unlock(&j->prepare_lock);
	pthread_join(j->preparer, NULL);
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	if (j->started)
		stop_threads(j);
	struct file *open[] = { j->current, j->next, j->lock_file };
	for (size_t i = 0; i < 3; i++)
		if (open[i])
			j->files->close(j->files->self, open[i]);
	pthread_mutex_destroy(&j->lock);
	pthread_mutex_destroy(&j->prepare_lock);
	pthread_mutex_destroy(&j->list_lock);
	pthread_cond_destroy(&j->wake);
	pthread_cond_destroy(&j->synced);
	pthread_cond_destroy(&j->prepare);
	pthread_cond_destroy(&j->prepared);
	segment_list_finish(&j->list);
	bytes_finish(&j->scratch);
	free(j->buffers[0].data);
	free(j->buffers[1].data);
	free(j->folder);
	free(j);
}

int journal_reserve(struct journal *j, size_t entries, size_t bytes)
{
	size_t need = entries * ENTRY_HEAD_BYTES + bytes;
	if (entries > j->batch_bytes || bytes > j->batch_bytes || need > j->batch_bytes - BATCH_HEAD_BYTES)
		return error_set(ERR_LIMIT, NULL, "%zu entries of %zu bytes are over limit_batch_bytes %zu", entries, bytes,
				 j->batch_bytes);
	if (atomic_load_explicit(&j->dead, memory_order_relaxed))
		return error_set(ERR_IO, NULL, "the journal stopped after an error of write or sync");
	int room = atomic_load_explicit(&j->room, memory_order_relaxed);
	if (room == ROOM_NONE)
		return error_set(ERR_STORAGE, NULL, "disk space is short: %llu MiB are free and reserve_mb is %llu; make room, and it is "
				 "taken again", (unsigned long long)(atomic_load(&j->free_bytes) / MIB),
				 (unsigned long long)(j->options.reserve_bytes / MIB));
	if (room == ROOM_SOON)
		return error_set(ERR_BUSY, NULL, "the next journal segment is being prepared: try again");
	size_t used = atomic_load_explicit(&j->used, memory_order_relaxed);
	do {
		if (used > j->batch_bytes || need > j->batch_bytes - used) /* what was taken may be over it */
			return error_set(ERR_BUSY, NULL, "the disk is behind: limit_batch_bytes %zu wait to be written",
					 j->batch_bytes);
	} while (!atomic_compare_exchange_weak(&j->used, &used, used + need));
	return ERR_OK;
}

bool journal_is_full(const struct journal *j)
{
	return atomic_load(&j->room) == ROOM_NONE;
}

void journal_take(struct journal *j, size_t entries, size_t bytes)
{
	atomic_fetch_add(&j->used, entries * ENTRY_HEAD_BYTES + bytes);
}

/* Reservations alone never pass batch_bytes, four fifths of a buffer: what is beyond has been appended, so that writing it
 * makes room, whatever others have reserved and not used yet. */
void journal_take_waiting(struct journal *j, size_t entries, size_t bytes)
{
	size_t need = entries * ENTRY_HEAD_BYTES + bytes, most = j->buffer_bytes - j->buffer_bytes / 20;
	if (atomic_load(&j->used) + need > most) {
		pthread_mutex_lock(&j->lock);
		while (atomic_load(&j->used) + need > most && !atomic_load(&j->dead)) {
			j->kicked = true;
			pthread_cond_signal(&j->wake);
			pthread_cond_wait(&j->synced, &j->lock);
		}
		pthread_mutex_unlock(&j->lock);
	}
	atomic_fetch_add(&j->used, need);
}

void journal_release(struct journal *j, size_t entries, size_t bytes)
{
	atomic_fetch_sub(&j->used, entries * ENTRY_HEAD_BYTES + bytes);
}

static uint64_t draw_salt(void)
{
	static _Thread_local uint64_t salts[SALTS];
	static _Thread_local unsigned left;
	if (left == 0) {
		clock_random_fill(salts, sizeof(salts));
		left = SALTS;
	}
	uint64_t salt = salts[--left];
	salts[left] = 0; /* it is on disk only, so that erasing it there erases it */
	return salt;
}

void journal_append(struct journal *j, struct journal_entry *e, void (*then)(void *arg, const struct journal_entry *e),
		    void *arg)
{
	/* all that is dear happens before the lock: the digest and the head, which does not hold the sequence */
	char head[ENTRY_HEAD_BYTES];
	CHECK(e->body.len <= LIMIT_ENTRY_BYTES);
	entry_head_encode(head, e, draw_salt());

	pthread_mutex_lock(&j->lock);
	struct buffer *b = j->filling;
	CHECK(b->len + ENTRY_HEAD_BYTES + e->body.len <= j->buffer_bytes); /* else it was not reserved */
	e->seq = atomic_load_explicit(&j->last_seq, memory_order_relaxed) + 1;
	if (b->count++ == 0)
		b->first_seq = e->seq;
	memcpy(b->data + b->len, head, sizeof(head));
	if (e->body.len)
		memcpy(b->data + b->len + sizeof(head), e->body.data, e->body.len);
	b->len += sizeof(head) + e->body.len;
	atomic_store_explicit(&j->last_seq, e->seq, memory_order_release);
	if (then)
		then(arg, e);
	if (b->len > j->batch_bytes / 2 && !j->kicked) { /* a burst this long need not be waited for */
		j->kicked = true;
		pthread_cond_signal(&j->wake);
	}
	pthread_mutex_unlock(&j->lock);
}

void journal_kick(struct journal *j)
{
	if (journal_last(j) == journal_durable(j))
		return;
	pthread_mutex_lock(&j->lock);
	bool told = j->kicked;
	j->kicked = true;
	pthread_mutex_unlock(&j->lock);
	if (!told)
		pthread_cond_signal(&j->wake); /* without the lock, or the journal thread would wake up to wait for it */
}

void journal_wait(struct journal *j, uint64_t seq)
{
	pthread_mutex_lock(&j->lock);
	CHECK(seq <= atomic_load(&j->last_seq));
	j->kicked = true;
	pthread_cond_signal(&j->wake);
	while (atomic_load(&j->durable_seq) < seq && !atomic_load(&j->dead))
		pthread_cond_wait(&j->synced, &j->lock);
	pthread_mutex_unlock(&j->lock);
}

struct hash128 journal_id(const struct journal *j)
{
	return j->id;
}

uint64_t journal_last(const struct journal *j)
{
	return atomic_load_explicit(&j->last_seq, memory_order_acquire);
}

uint64_t journal_durable(const struct journal *j)
{
	return atomic_load_explicit(&j->durable_seq, memory_order_acquire);
}

/* The list's lock, also through a const journal: asking does not change what can be seen of it. */
static pthread_mutex_t *list_lock(const struct journal *j)
{
	return &((struct journal *)(uintptr_t)j)->list_lock;
}

uint64_t journal_first(const struct journal *j)
{
	pthread_mutex_lock(list_lock(j));
	uint64_t first = j->list.count ? j->list.items[0].first_seq : journal_durable(j) + 1;
	pthread_mutex_unlock(list_lock(j));
	return first;
}

uint64_t journal_tail_bytes(const struct journal *j, uint64_t seq)
{
	uint64_t bytes = 0, offset = 0;
	pthread_mutex_lock(list_lock(j));
	for (size_t i = j->list.count; i > 0 && j->list.items[i - 1].last_seq > seq; i--) {
		const struct segment *s = &j->list.items[i - 1];
		if (s->first_seq > seq + 1)
			offset = SEGMENT_HEAD_BYTES;
		else
			CHECK(segment_list_find(&j->list, seq + 1, &offset) == s);
		bytes += s->end - offset;
	}
	pthread_mutex_unlock(list_lock(j));
	return bytes;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value < most ? value : most;
}

void journal_stats(const struct journal *j, struct journal_stats *out)
{
	uint64_t longest_ns = counter_get(&j->sync_ns_max); /* a percentile is its bucket's end, which lies beyond it */
	*out = (struct journal_stats){
		.batches = counter_get(&j->batches),
		.entries = counter_get(&j->entries),
		.bytes = counter_get(&j->bytes),
		.syncs = counter_get(&j->syncs),
		.sync_ns = counter_get(&j->sync_ns),
		.free_bytes = atomic_load_explicit(&j->free_bytes, memory_order_relaxed),
		.sync_ns_p50 = at_most(histogram_percentile(&j->sync_times, 50), longest_ns),
		.sync_ns_p99 = at_most(histogram_percentile(&j->sync_times, 99), longest_ns),
		.batch_entries_p50 = histogram_percentile(&j->batch_entries, 50),
		.batch_entries_p99 = histogram_percentile(&j->batch_entries, 99),
		.write_ns = counter_get(&j->write_ns),
		.sync_ns_max = longest_ns,
		.batch_bytes_p50 = histogram_percentile(&j->batch_sizes, 50),
		.batch_bytes_p99 = histogram_percentile(&j->batch_sizes, 99),
	};
	pthread_mutex_lock(list_lock(j));
	out->segments = j->list.count;
	pthread_mutex_unlock(list_lock(j));
}

void journal_sync_times(const struct journal *j, struct histogram *into)
{
	histogram_merge(into, &j->sync_times);
}
