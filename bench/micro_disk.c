/* bench/micro_disk.c: the stages that need a disk, and the whole path of a shard without sockets. */
#include "micro.h"

#include "base/error.h"
#include "disk/journal.h"
#include "disk/store.h"
#include "shard/engine.h"
#include "shard/shard.h"
#include "wire/frame.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 32u
#define CHUNK 512u
#define FRAME_BYTES 1024u

static char *scratch_path(struct micro *m, const char *name)
{
	char *path;
	mkdir(m->scratch, 0700);
	if (asprintf(&path, "%s/%s", m->scratch, name) < 0)
		err(1, "memory");
	return path;
}

static void must(int result, const char *what)
{
	if (result != ERR_OK)
		errx(1, "%s: %s", what, error_last()->text);
}

static struct journal *fill_journal(struct micro *m, unsigned count, bool timed)
{
	struct journal *j;
	struct journal_options options = { .reserve_bytes = 1 };
	struct journal_found found;
	char *path = scratch_path(m, "data");
	must(journal_open(&j, path, &options, NULL, NULL, &found), "journal");
	must(journal_start(j), "journal");
	if (timed)
		micro_begin();
	for (unsigned i = 0; i < count; i++) {
		struct journal_entry e = { .kind = 1, .body = m->events[i % MICRO_FRAMES] };
		must(journal_reserve(j, 1, e.body.len), "journal");
		journal_append(j, &e, NULL, NULL);
		if (i % BATCH == BATCH - 1 || i + 1 == count) {
			journal_kick(j);
			journal_wait(j, journal_last(j));
		}
	}
	if (timed)
		micro_end();
	free(path);
	return j;
}

static void run_journal(struct micro *m, unsigned count)
{
	journal_close(fill_journal(m, count, true));
}

static void run_store(struct micro *m, unsigned count)
{
	struct store *s;
	struct store_write *w = NULL;
	struct bytes record = { 0 };
	char *path = scratch_path(m, "data");
	mkdir(path, 0700);
	must(store_open(&s, path, 8ull << 30, false), "store");
	record_encode(m->records[0], &record);
	micro_begin();
	for (unsigned i = 0; i < count; i++) {
		char key[24];
		int len = snprintf(key, sizeof(key), "c%08u", i);
		if (!w)
			must(store_begin(s, &w), "store");
		must(store_put(w, STORE_RECORDS, (struct slice){ key, (size_t)len }, bytes_slice(&record)), "store");
		if (i % CHUNK == CHUNK - 1 || i + 1 == count) {
			must(store_commit(w), "store");
			w = NULL;
		}
	}
	micro_end();
	store_close(s);
	bytes_finish(&record);
	free(path);
}

static void flush(struct session *s)
{
	bytes_clear(&s->out);
}

static void nothing(struct session *s)
{
}

struct path {
	struct engine *engine;
	struct shard *shard;
	struct session session;
	int poller; /* for the edges of the shard's fd */
	char *folder;
};

static struct engine *open_engine(struct path *p)
{
	struct engine_config config = { .data = p->folder, .shards = 1, .cache_bytes = 1ull << 30, .sweep_ms = 3600000,
					.reserve_bytes = 1, .journal_keep_bytes = 1ull << 34, .version = "bench" };
	must(engine_open(&p->engine, &config, NULL, NULL), "engine");
	must(engine_run(p->engine), "engine");
	return p->engine;
}

/* A daemon without sockets: its one shard is driven from here. */
static void path_open(struct path *p, struct micro *m)
{
	static const char hello[] = "\x08\x01\x12\x02\x08\x01"; /* Request { request_id: 1, hello { version: 1 } } */
	bool changed;
	*p = (struct path){ .folder = scratch_path(m, "data"),
			    .session = { .flush = flush, .resume = nothing, .release = nothing } };
	open_engine(p);
	must(engine_activate_folder(p->engine, m->pack, &changed), "pack");
	p->shard = engine_shard(p->engine, 0);
	struct epoll_event edge = { .events = EPOLLIN | EPOLLET };
	p->poller = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(p->poller, EPOLL_CTL_ADD, shard_fd(p->shard), &edge) != 0)
		err(1, "epoll");
	shard_session_open(p->shard, &p->session);
	if (shard_frame(p->shard, &p->session, (struct slice){ hello, sizeof(hello) - 1 }) != SHARD_TOOK)
		errx(1, "the shard does not greet");
}

static void path_close(struct path *p)
{
	engine_close(p->engine);
	close(p->poller);
	bytes_finish(&p->session.out);
	free(p->folder);
}

/* Requests in bursts of BATCH, as a loop hands them in. Making one costs about 100 ns. Not inlined: instructions.py
 * counts what runs below this name. */
__attribute__((noinline)) static void path_drive(struct path *p, struct workload *w, enum work_kind kind,
						 unsigned count)
{
	char frame[FRAME_BYTES];
	struct item item;
	struct epoll_event edge;
	for (unsigned i = 0; i < count;) {
		w->now_ms = engine_now_ms(p->engine);
		shard_look_at_clock(p->shard);
		for (unsigned j = 0; j < BATCH && i < count; j++, i++) {
			struct slice body;
			size_t used, need;
			workload_draw(w, &item);
			size_t len = protocol_nudge.encode((uint8_t *)frame, kind, i % (1u << 20), &item, 1);
			struct slice all = { frame, len };
			if (frame_next(all, &body, &used, &need) != FRAME_READY)
				errx(1, "a frame of the workload: %s", error_last()->text);
			while (shard_frame(p->shard, &p->session, body) == SHARD_PAUSE)
				shard_wake(p->shard);
		}
		shard_settle(p->shard);
		while (p->session.in_flight) { /* until it is durable */
			if (shard_rest(p->shard))
				epoll_wait(p->poller, &edge, 1, -1);
			shard_wake(p->shard);
		}
	}
}

static void run_path(struct micro *m, enum work_kind kind, unsigned count)
{
	struct path p;
	struct workload w;
	workload_init(&w, 3, MICRO_CUSTOMERS, 1);
	path_open(&p, m);
	path_drive(&p, &w, WORK_INGEST, MICRO_FRAMES);
	micro_begin();
	path_drive(&p, &w, kind, count);
	micro_end();
	path_close(&p);
}

static void run_w1(struct micro *m, unsigned count)
{
	run_path(m, WORK_INGEST, count);
}

static void run_w2(struct micro *m, unsigned count)
{
	run_path(m, WORK_RECOMMEND, count);
}

static void run_recovery(struct micro *m, unsigned count)
{
	struct path p;
	struct workload w;
	workload_init(&w, 3, MICRO_CUSTOMERS, 1);
	path_open(&p, m);
	path_drive(&p, &w, WORK_INGEST, count);
	engine_close(p.engine);
	/* Without its store it has all of the journal to apply again. */
	char *state = scratch_path(m, "data/state/data.mdb");
	unlink(state);
	free(state);
	micro_begin();
	open_engine(&p);
	micro_end();
	path_close(&p);
}

const struct stage_decl stages_disk[] = {
	{ "journal", "one event journaled, in batches of 32, each written and synced", run_journal, 20000 },
	{ "store", "one record stored in key order, 512 a transaction", run_store, 20000 },
	{ "w1", "the whole path of an event without sockets, batches of 32, synced", run_w1, 100000 },
	{ "w2", "the whole path of a recommendation without sockets", run_w2, 40000 },
	{ "recovery", "one journaled event applied again at start", run_recovery, 100000 },
	{ 0 },
};
