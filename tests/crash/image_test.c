/* tests/crash/image_test.c: the journal against power cuts.
 *
 *     image_test [rounds] [seed]
 *
 * A round is one life of a data directory: a few sessions of the real journal over a disk in memory, each ended by a
 * stop, a kill (the page cache stays) or a power cut (an image is all that is left), each time at any operation,
 * recovery included. Then, for every operation of it, images of what a power cut right there could leave are opened
 * anew:
 *
 * - the journal opens: no power cut looks like damage;
 * - what was said to be durable before the cut is there, with its bytes, and nothing that was never appended;
 * - no gap, and nothing retired that was not to be.
 *
 * And done on purpose: a flipped bit, a lost sector or a lost batch with valid ones behind it is refused. */
#include "image_disk.h"

#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "disk/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DIR "/d"
#define SEGMENT_BYTES 16384u
#define BODY_BYTES_MAX 1500u
#define ENTRIES_MAX 100u
#define SESSIONS_MAX 4u

enum event_kind { APPENDED, TRUNCATED, DURABLE, RETIRED };

/* What the driver knows, in order of time; `op`: the operations issued by then. */
struct event {
	enum event_kind kind;
	size_t op;
	uint64_t value; /* an entry's seed, or a sequence */
};

struct history {
	pthread_mutex_t lock;
	struct disk *disk;
	struct event *events;
	size_t count, cap;
};

/* The history up to one moment. */
struct truth {
	uint64_t *seeds; /* of sequence i + 1 */
	size_t count, cap;
	uint64_t durable, retired;
};

static struct {
	size_t images, refused, dropped, reopened;
} tally;

static _Noreturn void broken(const char *what, uint64_t a, uint64_t b)
{
	fprintf(stderr, "not ok: %s (%llu, %llu); last error: %s\n", what, (unsigned long long)a, (unsigned long long)b,
		error_last()->text);
	exit(1);
}

static void note(struct history *h, enum event_kind kind, uint64_t value)
{
	pthread_mutex_lock(&h->lock);
	if (h->count == h->cap) {
		h->cap = h->cap ? h->cap * 2 : 256;
		h->events = must_realloc(h->events, h->cap * sizeof(*h->events));
	}
	h->events[h->count++] = (struct event){ kind, disk_ops(h->disk), value };
	pthread_mutex_unlock(&h->lock);
}

static void truth_add(struct truth *t, const struct event *e)
{
	switch (e->kind) {
	case APPENDED:
		if (t->count == t->cap) {
			t->cap = t->cap ? t->cap * 2 : 256;
			t->seeds = must_realloc(t->seeds, t->cap * sizeof(*t->seeds));
		}
		t->seeds[t->count++] = e->value;
		break;
	case TRUNCATED:
		if (e->value > t->count)
			broken("more entries than were ever appended", e->value, t->count);
		t->count = e->value;
		break;
	case DURABLE:
		if (e->value > t->durable)
			t->durable = e->value;
		break;
	case RETIRED:
		if (e->value > t->retired)
			t->retired = e->value;
		break;
	}
}

static struct truth truth_now(const struct history *h)
{
	struct truth t = { 0 };
	for (size_t i = 0; i < h->count; i++)
		truth_add(&t, &h->events[i]);
	return t;
}

static void entry_of(uint64_t seed, struct journal_entry *e, char *body)
{
	uint64_t s = seed;
	size_t len = image_random(&s) % 5 ? image_random(&s) % 200 : image_random(&s) % BODY_BYTES_MAX;
	for (size_t i = 0; i < len; i++)
		body[i] = (char)image_random(&s);
	*e = (struct journal_entry){ .prev_seq = image_random(&s), .received_at_ms = (int64_t)image_random(&s),
				     .outcome = image_random(&s), .kind = (uint8_t)seed, .slot = (uint8_t)(seed >> 8),
				     .body = { body, len } };
}

static struct journal_options options_on(struct disk *d)
{
	return (struct journal_options){ .files = disk_layer(d), .segment_bytes = SEGMENT_BYTES, .reserve_bytes = 1 };
}

/* All entries of an open journal are the true ones. */
static void check_entries(struct journal *j, const struct journal_found *found, const struct truth *t)
{
	static char body[BODY_BYTES_MAX];
	struct journal_reader *r;
	struct journal_entry e, expected;
	uint64_t seq = found->first_seq;
	CHECK(journal_reader_open(&r, j, 0) == ERR_OK);
	for (int got; (got = journal_next(r, &e)) != 0; seq++) {
		if (got < 0 || e.seq != seq || seq > t->count)
			broken("reading failed at", seq, t->count);
		entry_of(t->seeds[seq - 1], &expected, body);
		if (e.prev_seq != expected.prev_seq || e.received_at_ms != expected.received_at_ms || e.blanked ||
		    e.outcome != expected.outcome || e.kind != expected.kind || e.slot != expected.slot ||
		    !slice_equal(e.body, expected.body))
			broken("an entry has other bytes", seq, t->count);
	}
	if (found->last_seq && seq != found->last_seq + 1)
		broken("a gap before", seq, found->last_seq);
	journal_reader_close(r);
}

static void check_found(struct journal *j, const struct journal_found *found, const struct truth *t)
{
	if (found->last_seq < t->durable)
		broken("a durable entry is lost", found->last_seq, t->durable);
	if (found->last_seq > t->count)
		broken("an entry that was never appended", found->last_seq, t->count);
	if (found->last_seq && found->first_seq > t->retired + 1)
		broken("more was retired than allowed", found->first_seq, t->retired);
	check_entries(j, found, t);
}

static void check_image(struct disk *image, const struct truth *t)
{
	struct journal *j;
	struct journal_found found;
	struct journal_options options = options_on(image);
	if (journal_open(&j, DIR, &options, NULL, NULL, &found) != ERR_OK)
		broken("an image does not open", t->durable, t->count);
	check_found(j, &found, t);
	journal_close(j);
	tally.images++;
	tally.dropped += found.dropped_bytes > 0;
}

/* --- sessions --- */

static void on_durable(void *arg, uint64_t seq)
{
	note(arg, DURABLE, seq);
}

static void on_fatal(void *arg)
{
}

static void append_burst(struct history *h, struct journal *j, uint64_t *random, size_t *count)
{
	static char body[BODY_BYTES_MAX];
	for (size_t n = 1 + image_random(random) % 8; n > 0; n--) {
		struct journal_entry e;
		uint64_t seed = image_random(random);
		entry_of(seed, &e, body);
		int r = journal_reserve(j, 1, e.body.len);
		if (r == ERR_BUSY) { /* the next segment is on its way */
			usleep(50);
			break;
		}
		if (r != ERR_OK) { /* killed */
			*count = ENTRIES_MAX;
			return;
		}
		note(h, APPENDED, seed); /* before: it may be on disk before append returns */
		journal_append(j, &e, NULL, NULL);
		(*count)++;
	}
	if (image_random(random) % 3)
		journal_wait(j, journal_last(j));
	else
		journal_kick(j);
	if (image_random(random) % 12 == 0 && journal_durable(j) > 20) {
		uint64_t mark = journal_durable(j) - image_random(random) % 20;
		note(h, RETIRED, mark);
		journal_retire(j, mark, 0);
	}
}

/* One run of the journal. It may be killed anywhere, while it opens too; not if `clean`. */
static void session(struct history *h, uint64_t *random, bool clean)
{
	struct journal *j;
	struct journal_found found;
	struct journal_options options = options_on(h->disk);
	options.on_durable = on_durable;
	options.on_fatal = on_fatal;
	options.arg = h;
	bool killed = !clean && image_random(random) % 4 != 0;
	size_t within = image_random(random) % 2 ? 200 : 30; /* the first steps are the delicate ones */
	disk_kill_at(h->disk, killed ? disk_ops(h->disk) + image_random(random) % within : SIZE_MAX);
	int r = journal_open(&j, DIR, &options, NULL, NULL, &found);
	if (r != ERR_OK) {
		if (r != ERR_IO || !killed)
			broken("a disk does not open again", (uint64_t)-r, killed);
		disk_kill_at(h->disk, SIZE_MAX);
		return;
	}
	struct truth t = truth_now(h);
	if (found.last_seq < t.durable || found.last_seq > t.count)
		broken("a session found the wrong entries", found.last_seq, t.durable);
	free(t.seeds);
	note(h, TRUNCATED, found.last_seq);
	note(h, DURABLE, found.last_seq); /* from here on, things depend on it */
	CHECK(journal_start(j) == ERR_OK);
	size_t count = 0;
	for (int tries = 0; count < ENTRIES_MAX && tries < 1000; tries++)
		append_burst(h, j, random, &count);
	journal_close(j);
	disk_kill_at(h->disk, SIZE_MAX);
	tally.reopened++;
}

/* The disk is what a power cut at the end leaves of it, the history what is known of that. */
static void cut_power(struct history *h, uint64_t *random)
{
	enum image_loss loss = (enum image_loss)(image_random(random) % IMAGE_LOSSES);
	struct disk *image = disk_image(h->disk, disk_ops(h->disk), loss, image_random(random));
	struct truth t = truth_now(h);
	disk_destroy(h->disk);
	h->disk = image;
	h->count = 0;
	for (size_t i = 0; i < t.count; i++)
		note(h, APPENDED, t.seeds[i]);
	note(h, DURABLE, t.durable);
	note(h, RETIRED, t.retired);
	free(t.seeds);
}

static void check_all_cuts(struct history *h, uint64_t *random)
{
	struct truth t = { 0 };
	size_t next = 0, ops = disk_ops(h->disk);
	for (size_t cut = 0; cut <= ops; cut++) {
		for (; next < h->count && h->events[next].op <= cut; next++)
			truth_add(&t, &h->events[next]);
		for (int loss = 0; loss < IMAGE_LOSSES; loss++) {
			struct disk *image = disk_image(h->disk, cut, (enum image_loss)loss, image_random(random));
			check_image(image, &t);
			disk_destroy(image);
		}
	}
	free(t.seeds);
}

/* --- damage --- */

static void harm(struct disk *d, const struct disk_batch *b, uint64_t *random)
{
	char *at = disk_bytes(d, b->path, b->offset);
	uint64_t how = image_random(random) % 4;
	if (how == 0)
		memset(at, 0, b->len);
	else if (how == 1)
		memset(at + image_random(random) % (b->len / 512) * 512, 0x5a, 512);
	else
		at[image_random(random) % b->len] ^= (char)(1 << image_random(random) % 8);
}

static void check_damage(struct history *h, uint64_t *random)
{
	struct disk_batch batches[512];
	struct truth t = truth_now(h);
	for (int i = 0; i < 20; i++) {
		struct disk *image = disk_image(h->disk, disk_ops(h->disk), LOSE_NOTHING, 0);
		size_t count = disk_batches(image, batches, 512), last = 0;
		struct journal *j = NULL;
		struct journal_found found;
		struct journal_options options = options_on(image);
		for (size_t n = 0; n < count; n++)
			if (batches[n].first_seq > batches[last].first_seq)
				last = n;
		size_t victim = count ? image_random(random) % count : 0;
		if (count)
			harm(image, &batches[victim], random);
		int r = count < 2 ? ERR_OK : journal_open(&j, DIR, &options, NULL, NULL, &found);
		if (count >= 2 && victim != last && r != ERR_CORRUPT)
			broken("damage before a valid batch was not refused", batches[victim].first_seq, (uint64_t)-r);
		if (count >= 2 && victim == last) {
			if (r != ERR_OK || found.last_seq != batches[last].first_seq - 1)
				broken("a damaged last batch was not dropped whole", found.last_seq, batches[last].first_seq);
			check_entries(j, &found, &t);
		}
		tally.refused += r == ERR_CORRUPT;
		journal_close(j);
		disk_destroy(image);
	}
	free(t.seeds);
}

static void play_round(uint64_t seed)
{
	uint64_t random = seed;
	struct history h = { .disk = disk_create() };
	pthread_mutex_init(&h.lock, NULL);
	for (size_t n = 1 + image_random(&random) % SESSIONS_MAX; n > 0; n--) {
		session(&h, &random, false);
		if (n > 1 && image_random(&random) % 3 == 0) {
			check_all_cuts(&h, &random);
			cut_power(&h, &random);
		}
	}
	check_all_cuts(&h, &random);
	/* a clean last session, so that there is something to damage */
	session(&h, &random, true);
	check_damage(&h, &random);
	disk_destroy(h.disk);
	pthread_mutex_destroy(&h.lock);
	free(h.events);
}

int main(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? strtoull(argv[1], NULL, 10) : 60;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	log_set_level((enum log_level)-1); /* each kill ends in an error that is wanted */
	for (uint64_t i = 0; i < rounds; i++) {
		fprintf(stderr, "round %llu of %llu, seed %llu\r", (unsigned long long)i + 1, (unsigned long long)rounds,
			(unsigned long long)(seed + i));
		play_round(seed + i);
	}
	printf("\nok: %zu images opened, %zu of them after dropping an incomplete batch; %zu sessions; "
	       "%zu damaged disks refused\n",
	       tally.images, tally.dropped, tally.reopened, tally.refused);
	return 0;
}
