/* bench/micro.c: runs stages (micro.h) and prints nanoseconds an operation: CPU of all threads, and elapsed (the best
 * of the repetitions).
 *
 *     bench-micro [--pack DIR] [--count N] [--repeat N] [--list] [STAGE...]
 *
 * Under `valgrind --tool=callgrind` with --count, two runs of different counts differ by exactly the operations between
 * them: tests/bench counts instructions that way. */
#include "micro.h"

#include "base/error.h"
#include "protocol.h"
#include "script/bundle.h"
#include "wire/frame.h"
#include "wire/request.h"

#include <err.h>
#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_EACH 40u
#define START_MS 1800000000000ll
#define FRAME_ROOM 400u

static const clockid_t clocks[2] = { CLOCK_PROCESS_CPUTIME_ID, CLOCK_MONOTONIC };
static uint64_t began[2], elapsed[2];

static uint64_t clock_ns(clockid_t which)
{
	struct timespec t;
	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void micro_begin(void)
{
	for (int i = 0; i < 2; i++)
		began[i] = clock_ns(clocks[i]);
}

void micro_end(void)
{
	for (int i = 0; i < 2; i++)
		elapsed[i] = clock_ns(clocks[i]) - began[i];
}

static void fail(const char *what)
{
	errx(1, "%s: %s", what, error_last()->text);
}

static void load_pack(struct micro *m)
{
	struct bundle b;
	struct pack *p;
	machine_init(&m->machine);
	if (bundle_read(&b, m->pack) != ERR_OK || pack_load(&p, &b, m->machine.pool) != ERR_OK)
		fail(m->pack);
	bundle_finish(&b);
	machine_set_pack(&m->machine, p);
}

/* Events and requests as frames, one after the other in one block. */
static void make_frames(struct micro *m)
{
	struct workload w;
	struct item item;
	workload_init(&w, 1, MICRO_CUSTOMERS, 1000000);
	w.now_ms = START_MS + 3600000;
	m->bytes = malloc(2 * MICRO_FRAMES * FRAME_ROOM);
	if (!m->bytes)
		err(1, "memory");
	char *at = m->bytes;
	for (unsigned i = 0; i < MICRO_FRAMES; i++) {
		workload_draw(&w, &item);
		m->events[i] = (struct slice){ at, protocol_nudge.encode((uint8_t *)at, WORK_INGEST, i, &item, 1) };
		at += FRAME_ROOM;
		size_t len = protocol_nudge.encode((uint8_t *)at, WORK_RECOMMEND, i, &item, 1);
		m->requests[i] = (struct slice){ at, len };
		at += FRAME_ROOM;
	}
}

static void make_records(struct micro *m)
{
	static struct applied applied;
	struct workload w;
	struct item item;
	struct arena arena;
	struct request r;
	struct event e;
	size_t used, need;
	char bytes[FRAME_ROOM];
	arena_init(&arena, 0);
	workload_init(&w, 2, MICRO_CUSTOMERS, 1);
	for (unsigned i = 0; i < MICRO_CUSTOMERS; i++) {
		struct subject s = subject_of(SUBJECT_CUSTOMER, slice_of("customer"));
		m->records[i] = record_create(&s);
	}
	for (unsigned i = 0; i < EVENTS_EACH * MICRO_CUSTOMERS; i++) {
		struct apply_input in = { .received_at_ms = w.now_ms = START_MS + i };
		struct slice frame;
		workload_draw(&w, &item);
		item.customer = i % MICRO_CUSTOMERS;
		struct slice all = { bytes, protocol_nudge.encode((uint8_t *)bytes, WORK_INGEST, 0, &item, 1) };
		arena_reset(&arena);
		arena_reset(&m->machine.arena);
		if (frame_next(all, &frame, &used, &need) != FRAME_READY ||
		    request_decode(&r, frame, &arena) != ERR_OK ||
		    event_decode(&e, r.publish.events[0], &arena, -1) != ERR_OK)
			fail("an event of the workload");
		machine_apply_event(&m->machine, m->records[item.customer], &e, &in, &applied);
		applied_set_seq(&applied, i + 1);
		m->records[item.customer]->seq = i + 1;
	}
	arena_finish(&arena);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

static void run_stage(struct micro *m, const struct stage_decl *s, unsigned count, unsigned repeat)
{
	double best[2] = { 0 };
	count = count ? count : s->count;
	for (unsigned i = 0; i < repeat; i++) {
		s->run(m, count);
		for (int j = 0; j < 2; j++) {
			double ns = (double)elapsed[j] / count;
			best[j] = i == 0 || ns < best[j] ? ns : best[j];
		}
		nftw(m->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	printf("%-12s %10.0f ns CPU %10.0f ns   %s\n", s->name, best[0], best[1], s->what);
	fflush(stdout);
}

static bool wanted(const char *name, int argc, char **argv)
{
	if (optind == argc)
		return true;
	for (int i = optind; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pack", 1, 0, 'p' },    { "count", 1, 0, 'c' }, { "repeat", 1, 0, 'r' },
		{ "scratch", 1, 0, 's' }, { "list", 0, 0, 'l' },  { 0 },
	};
	static const char usage[] =
		"usage: bench-micro [--pack DIR] [--count N] [--repeat N] [--scratch DIR] [--list] [STAGE...]";
	static const struct stage_decl *const groups[] = { stages_path, stages_disk };
	static struct micro m = { .pack = MICRO_PACK };
	static char scratch[] = "bench-micro-XXXXXX";
	unsigned count = 0, repeat = 3;
	bool list = false;
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (o) {
		case 'p': m.pack = optarg; break;
		case 'c': count = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'r': repeat = (unsigned)strtoul(optarg, NULL, 10); break;
		case 's': m.scratch = optarg; break;
		case 'l': list = true; break;
		default: errx(2, "%s", usage);
		}
	}
	if (!m.scratch && !(m.scratch = mkdtemp(scratch)))
		err(1, "a scratch folder");
	protocol_nudge.prepare();
	load_pack(&m);
	make_frames(&m);
	make_records(&m);
	for (unsigned g = 0; g < 2; g++)
		for (const struct stage_decl *s = groups[g]; s->name; s++) {
			if (list)
				printf("%-16s %s\n", s->name, s->what);
			else if (wanted(s->name, argc, argv))
				run_stage(&m, s, count, repeat);
		}
	for (unsigned i = 0; i < MICRO_CUSTOMERS; i++)
		record_destroy(m.records[i], m.machine.pool);
	machine_finish(&m.machine);
	free(m.bytes);
	nftw(m.scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
