/* nudgectl/load_progress.c: see load_progress.h. Written anew and renamed, so that it is whole at any time. */
#include "load_progress.h"

#include "report.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAVE_NS 1000000000ull

static void add_file(struct bytes *out, const char *path)
{
	struct stat st;
	char line[96], *whole = realpath(path, NULL);
	bytes_put(out, whole ? whole : path, strlen(whole ? whole : path));
	if (stat(path, &st) == 0) {
		snprintf(line, sizeof(line), " %lld %lld.%09ld", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
			 st.st_mtim.tv_nsec);
		bytes_put(out, line, strlen(line));
	}
	bytes_put_u8(out, '\n');
	free(whole);
}

/* Of the mapping what it says counts, not when it was written. */
static void add_content(struct bytes *out, const char *path)
{
	char buffer[65536], line[32];
	size_t n, len = 0;
	FILE *f = path ? fopen(path, "r") : NULL;
	uint64_t hash = 0;
	while (f && (n = fread(buffer, 1, sizeof(buffer), f)) > 0) {
		hash = hash64((struct slice){ buffer, n }, hash);
		len += n;
	}
	if (f)
		fclose(f);
	snprintf(line, sizeof(line), "%016llx\n", (unsigned long long)(hash + len));
	bytes_put(out, line, strlen(line));
}

static void read_back(struct load_progress *p)
{
	json_t *j = json_load_file(p->path, 0, NULL);
	const char *what = json_string_value(json_object_get(j, "what"));
	json_t *rows = json_object_get(j, "rows");
	if (what && strcmp(what, p->what) == 0 && json_is_integer(rows) && json_integer_value(rows) > 0)
		p->rows = (uint64_t)json_integer_value(rows);
	json_decref(j);
}

void load_progress_open(struct load_progress *p, const char *path, char *const *files, unsigned count, const char *map,
			int64_t as_of_ms, const char *address)
{
	char line[48];
	struct bytes what = { 0 };
	*p = (struct load_progress){ 0 };
	for (unsigned i = 0; i < count; i++)
		if (strcmp(files[i], "-") == 0)
			return; /* what has gone by cannot be stepped over */
	for (unsigned i = 0; i < count; i++)
		add_file(&what, files[i]);
	add_content(&what, map);
	snprintf(line, sizeof(line), "%lld\n", (long long)as_of_ms);
	bytes_put(&what, line, strlen(line));
	bytes_put(&what, address, strlen(address) + 1);
	p->what = what.data;
	size_t size = strlen(path ? path : files[0]) + 16;
	p->path = must_malloc(size);
	snprintf(p->path, size, "%s%s", path ? path : files[0], path ? "" : ".loading");
	read_back(p);
}

static bool write_whole(const char *path, const char *text)
{
	char other[4200];
	snprintf(other, sizeof(other), "%s.new", path);
	FILE *f = fopen(other, "w");
	if (!f)
		return false;
	bool good = fputs(text, f) >= 0;
	good = fclose(f) == 0 && good;
	return good && rename(other, path) == 0;
}

void load_progress_save(struct load_progress *p, uint64_t rows, bool now)
{
	uint64_t at = clock_mono_ns();
	if (!p->path || p->failed || rows <= p->rows || (!now && at - p->saved_ns < SAVE_NS))
		return;
	json_t *j = json_pack("{ss sI}", "what", p->what, "rows", (json_int_t)rows);
	char *text = json_dumps(j, JSON_INDENT(1));
	p->saved_ns = at;
	p->rows = rows;
	if (!write_whole(p->path, text)) {
		p->failed = true;
		report_note("cannot write %s (%s): if this load is stopped, it begins anew; --progress FILE names another place",
			    p->path, strerror(errno));
	}
	free(text);
	json_decref(j);
}

void load_progress_done(struct load_progress *p)
{
	if (p->path)
		unlink(p->path);
}

void load_progress_close(struct load_progress *p)
{
	free(p->path);
	free(p->what);
	*p = (struct load_progress){ 0 };
}
