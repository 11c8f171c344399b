/* bench/synced.c: what the disk itself can do: a loop of one 4 KiB write and fdatasync into a pre-zeroed file, the
 * least that a durable acknowledgement costs here. With RATE it is a group commit of no cost but the disk's: so many
 * entries fall due each second, whoever is due goes into the next write, and each waits from when it was due until the
 * sync that has it. No daemon can answer sooner at that rate, and a disk that stalls for milliseconds shows in its tail
 * as it does in a daemon's: in a plain loop a stall is one write of thousands, however many would have waited for it.
 * Prints one JSON object of latencies. */
#include "histogram.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define BLOCKS 16384 /* 64 MiB, as a journal segment */
#define MOST 256 /* blocks of one write */

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#define ENTRY 200 /* bytes of an entry: what W1's take in nudged's journal */

struct disk {
	const char *name;
	int fd;
	off_t at;
};

static void disk_init(struct disk *d, const char *name)
{
	static const char zeroes[BLOCK];
	*d = (struct disk){ .name = name, .fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) };
	if (d->fd < 0)
		err(1, "%s", name);
	for (unsigned i = 0; i < BLOCKS; i++)
		if (write(d->fd, zeroes, BLOCK) != BLOCK)
			err(1, "%s", name);
	fsync(d->fd);
}

static void disk_finish(struct disk *d)
{
	close(d->fd);
	unlink(d->name);
}

static void disk_sync(struct disk *d, unsigned blocks)
{
	static char bytes[MOST * BLOCK] __attribute__((aligned(BLOCK)));
	memset(bytes, 'x', BLOCK);
	if (d->at + (off_t)blocks * BLOCK > (off_t)BLOCKS * BLOCK)
		d->at = 0;
	if (pwrite(d->fd, bytes, (size_t)blocks * BLOCK, d->at) != (ssize_t)blocks * BLOCK || fdatasync(d->fd) != 0)
		err(1, "%s", d->name);
	d->at += (off_t)blocks * BLOCK;
}

static uint64_t one_after_the_other(struct disk *d, struct histogram *h, uint64_t begin, uint64_t end)
{
	uint64_t now = begin;
	while (now < end) {
		uint64_t from = now;
		disk_sync(d, 1);
		now = now_ns();
		histogram_add(h, now - from);
	}
	return now;
}

/* Never sleeps: between two entries it looks at the clock, as nothing is to be added to the disk's own time. */
static uint64_t group_commit(struct disk *d, struct histogram *h, double rate, uint64_t begin, uint64_t end)
{
	uint64_t done = 0, now = begin;
	while (now < end) {
		uint64_t due = (uint64_t)((double)(now - begin) * rate / 1e9);
		if (due > done) {
			uint64_t blocks = ((due - done) * ENTRY + BLOCK - 1) / BLOCK;
			disk_sync(d, blocks < MOST ? (unsigned)blocks : MOST);
		}
		now = now_ns();
		for (; done < due; done++)
			histogram_add(h, now - begin - (uint64_t)((double)(done + 1) * 1e9 / rate));
	}
	return now;
}

int main(int argc, char **argv)
{
	static struct histogram h;
	struct disk disk;
	if (argc != 3 && argc != 4)
		errx(2, "usage: synced FILE SECONDS [RATE]");
	double seconds = strtod(argv[2], NULL), rate = argc == 4 ? strtod(argv[3], NULL) : 0;
	disk_init(&disk, argv[1]);
	uint64_t begin = now_ns(), end = begin + (uint64_t)(seconds * 1e9);
	uint64_t now = rate > 0 ? group_commit(&disk, &h, rate, begin, end)
				: one_after_the_other(&disk, &h, begin, end);
	disk_finish(&disk);
	printf("{\"per_s\": %.0f, \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	       "\"max_us\": %.1f}\n",
	       (double)h.count * 1e9 / (double)(now - begin), (double)histogram_at(&h, 0.5) / 1e3,
	       (double)histogram_at(&h, 0.9) / 1e3, (double)histogram_at(&h, 0.99) / 1e3,
	       (double)histogram_at(&h, 0.999) / 1e3, (double)h.max_ns / 1e3);
	return 0;
}
