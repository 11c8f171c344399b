/* bench/process.h: what a process used, read from /proc: CPU of the whole and of each thread by name (and of the
 * processes it started), memory, writes. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdint.h>

#define PROCESS_THREADS 64

struct thread_use {
	char name[32];
	double cpu_s;
};

struct process_use {
	double cpu_s;               /* user and system; of the threads that run now */
	uint64_t rss_bytes, peak_bytes;
	uint64_t written_bytes;     /* as the kernel accounts it to the process */
	uint64_t wake_ups;          /* voluntary context switches of all threads */
	unsigned threads;
	struct thread_use thread[PROCESS_THREADS];
};

/* Zeros where the process is not there (pid 0 too). */
void process_use(struct process_use *out, int pid);

#endif
