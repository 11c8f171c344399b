/* bench/synced.c: what the disk itself can do: a loop of one 4 KiB write and fdatasync into a pre-zeroed file, the
 * least that a durable acknowledgement costs here. Prints one JSON object of latencies. */
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

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
	static struct histogram h;
	static char block[BLOCK] __attribute__((aligned(BLOCK)));
	if (argc != 3)
		errx(2, "usage: synced FILE SECONDS");
	double seconds = strtod(argv[2], NULL);
	int fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		err(1, "%s", argv[1]);
	for (unsigned i = 0; i < BLOCKS; i++)
		if (write(fd, block, BLOCK) != BLOCK)
			err(1, "%s", argv[1]);
	fsync(fd);
	memset(block, 'x', sizeof(block));
	uint64_t begin = now_ns(), end = begin + (uint64_t)(seconds * 1e9), now = begin;
	for (unsigned i = 0; now < end; i++) {
		uint64_t from = now;
		if (pwrite(fd, block, BLOCK, (off_t)(i % BLOCKS) * BLOCK) != BLOCK || fdatasync(fd) != 0)
			err(1, "%s", argv[1]);
		now = now_ns();
		histogram_add(&h, now - from);
	}
	printf("{\"per_s\": %.0f, \"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, "
	       "\"max_us\": %.1f}\n",
	       (double)h.count * 1e9 / (double)(now - begin), (double)histogram_at(&h, 0.5) / 1e3,
	       (double)histogram_at(&h, 0.9) / 1e3, (double)histogram_at(&h, 0.99) / 1e3,
	       (double)histogram_at(&h, 0.999) / 1e3, (double)h.max_ns / 1e3);
	close(fd);
	unlink(argv[1]);
	return 0;
}
