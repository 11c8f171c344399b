/* watch.c: see watch.h. What a reload found is written by watch_show.c. */
#include "watch.h"

#include "watch_show.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "disk/tree_watch.h"

#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define QUIET_MS 100 /* editors save in several steps, and tools several files */

struct watch {
	struct engine *e;
	char *folder;
	struct tree_watch *tree;
	pthread_t thread;
	int stop_fd;
};

static int read_folder(const char *folder, struct bundle *pack, struct bundle *tests)
{
	int result = bundle_read(pack, folder);
	return result == ERR_OK ? bundle_read_tests(tests, folder) : result;
}

/* What the check and the tests have to say. False: it is not worth activating. */
static bool judge(struct reload *r)
{
	check_pack_folder(&r->findings, &r->pack, &r->tests);
	if (findings_count(&r->findings, FINDING_ERROR))
		return false;
	if (!r->tests.count)
		return true;
	const struct test_options all = { .instructions_max = LIMIT_ACTIVATION_INSTRUCTIONS };
	r->tested = tests_run(&r->run, &r->pack, &r->tests, &all) == ERR_OK;
	if (!r->tested)
		findings_add_text(&r->findings, "tests", "tests", error_last()->text);
	return r->tested && !r->run.failed;
}

static void reload(struct watch *w)
{
	struct reload r = { .folder = w->folder };
	uint64_t from_ns = clock_mono_ns();
	if (read_folder(w->folder, &r.pack, &r.tests) != ERR_OK)
		findings_add_text(&r.findings, "folder", "pack.lua", error_last()->text);
	else if (judge(&r) && engine_activate_folder(w->e, w->folder, &r.changed) == ERR_OK)
		r.active = true;
	else if (!findings_count(&r.findings, FINDING_ERROR) && !r.run.failed)
		findings_add_text(&r.findings, "activation", "pack.lua", error_last()->text);
	engine_pack_text(w->e, r.name, r.hash);
	r.took_ms = (double)(clock_mono_ns() - from_ns) / 1e6;
	reload_show(&r);
	if (r.tested)
		tests_finish(&r.run);
	findings_finish(&r.findings);
	bundle_finish(&r.pack);
	bundle_finish(&r.tests);
}

static void *run(void *arg)
{
	struct watch *w = arg;
	int news = TREE_CHANGED;
	while (news > TREE_STOPPED) {
		if (news == TREE_CHANGED)
			reload(w);
		else
			watch_say_gone(w->folder);
		news = tree_watch_wait(w->tree, w->stop_fd, QUIET_MS);
	}
	if (news < 0)
		watch_say_ended(error_last()->text);
	return NULL;
}

static void destroy(struct watch *w)
{
	tree_watch_close(w->tree);
	if (w->stop_fd >= 0)
		close(w->stop_fd);
	free(w->folder);
	free(w);
}

int watch_start(struct watch **out, struct engine *e, const char *folder)
{
	struct watch *w = must_calloc(1, sizeof(*w));
	w->e = e;
	w->folder = must_strdup(folder);
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	int result = w->stop_fd < 0 ? error_errno("cannot watch %s", folder) : tree_watch_open(&w->tree, folder);
	if (result == ERR_OK && pthread_create(&w->thread, NULL, run, w) != 0)
		result = error_errno("cannot start the watching thread");
	if (result != ERR_OK) {
		destroy(w);
		return result;
	}
	pthread_setname_np(w->thread, "watch");
	*out = w;
	return ERR_OK;
}

void watch_stop(struct watch *w)
{
	uint64_t one = 1;
	if (!w)
		return;
	if (write(w->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(w->thread, NULL);
	destroy(w);
}

char *watch_scratch_create(void)
{
	const char *base = getenv("TMPDIR");
	char path[256];
	snprintf(path, sizeof(path), "%s/nudged-watch-XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(path)) {
		error_errno("cannot make a folder %s", path);
		return NULL;
	}
	return must_strdup(path);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path) != 0 && errno != ENOENT;
}

void watch_scratch_remove(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
