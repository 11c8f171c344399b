/* bench/process.c: see process.h. Times come from schedstat (nanoseconds), not from stat (ticks of 10 ms). */
#include "process.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return false;
	size_t n = fread(text, 1, size - 1, f);
	text[n] = 0;
	fclose(f);
	return n > 0;
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void read_thread(struct process_use *out, int pid, const char *tid)
{
	char path[320], text[4096];
	struct thread_use *t = &out->thread[out->threads];
	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", pid, tid);
	if (out->threads == PROCESS_THREADS || !read_text(path, text, sizeof(text)))
		return;
	t->cpu_s = (double)strtoull(text, NULL, 10) / 1e9;
	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/comm", pid, tid);
	if (!read_text(path, text, sizeof(text)))
		return;
	snprintf(t->name, sizeof(t->name), "%.*s", (int)strcspn(text, "\n"), text);
	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, tid);
	if (read_text(path, text, sizeof(text)))
		out->wake_ups += number_after(text, "\nvoluntary_ctxt_switches:");
	out->cpu_s += t->cpu_s;
	out->threads++;
}

static void read_threads(struct process_use *out, int pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		return;
	for (struct dirent *d = readdir(tasks); d; d = readdir(tasks))
		if (d->d_name[0] != '.')
			read_thread(out, pid, d->d_name);
	closedir(tasks);
}

/* A server of processes (PostgreSQL): those that its first one started. */
static void read_children(struct process_use *out, int pid)
{
	char path[64], text[4096];
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if (!read_text(path, text, sizeof(text)))
		return;
	char *end = text;
	for (long child = strtol(text, &end, 10); child > 0; child = strtol(end, &end, 10))
		read_threads(out, (int)child);
}

void process_use(struct process_use *out, int pid)
{
	char path[320], text[4096];
	memset(out, 0, sizeof(*out));
	if (!pid)
		return;
	read_threads(out, pid);
	read_children(out, pid);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (read_text(path, text, sizeof(text))) {
		out->rss_bytes = number_after(text, "\nVmRSS:") * 1024;
		out->peak_bytes = number_after(text, "\nVmHWM:") * 1024;
	}
	snprintf(path, sizeof(path), "/proc/%d/io", pid);
	if (read_text(path, text, sizeof(text)))
		out->written_bytes = number_after(text, "\nwrite_bytes:");
}
