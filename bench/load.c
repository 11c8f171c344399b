/* bench/load.c: the load generator: reads flags, runs the loop, prints one JSON object.
 *
 *     load --address unix:/tmp/s --pid 17 --stream ingest,connections=16,depth=32 --seconds 4
 *     load --protocol redis --address /tmp/s --stream ingest,rate=20000 --stream recommend,rate=5000,connections=4
 */
#include "loop.h"
#include "process.h"

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: load --address ADDR --stream KIND[,KEY=VALUE...]... [options]\n"
	"  --stream KIND     ingest or recommend, with connections=16 depth=1 rate=0 (items a second; 0: as fast as\n"
	"                    depth allows) batch=1 (events a request); may be given up to 4 times\n"
	"  --protocol NAME   nudge (default; ADDR as of libnudge), http (ADDR: HOST:PORT), redis, tarantool,\n"
	"                    postgres (ADDR: a Unix socket's path), tls (nudge over TLS; ADDR: HOST:PORT, and\n"
	"                    $NUDGE_TLS_CA names the daemon's certificate)\n"
	"  --customers N     default 100000\n"
	"  --seed N          of customers and events; default 1\n"
	"  --first-id N      of events; default 1: a second run on the same daemon needs another, or all are\n"
	"                    duplicates\n"
	"  --seconds S       measured; default 4\n"
	"  --warm S          before; default 1\n"
	"  --events N        stop after N items of the first stream instead, and count from the first to the last\n"
	"  --pid PID         the server's: its CPU, memory and writes are reported\n";

struct edges {
	int pid;
	struct process_use server[2], self[2];
};

static void at_begin(void *arg)
{
	struct edges *e = arg;
	process_use(&e->server[0], e->pid);
	process_use(&e->self[0], getpid());
}

static void at_end(void *arg)
{
	struct edges *e = arg;
	process_use(&e->server[1], e->pid);
	process_use(&e->self[1], getpid());
}

static double number_of(const char *key, const char *text)
{
	char *end;
	double v = strtod(text, &end);
	if (end == text || *end || v < 0)
		errx(2, "%s: \"%s\" is not a number of 0 or more", key, text);
	return v;
}

static void set_stream(struct stream *s, const char *key, const char *value)
{
	double v = number_of(key, value);
	if (!strcmp(key, "connections") && v >= 1)
		s->connections = (unsigned)v;
	else if (!strcmp(key, "depth") && v >= 1 && v <= 4096)
		s->depth = (unsigned)v;
	else if (!strcmp(key, "batch") && v >= 1 && v <= 1024)
		s->batch = (unsigned)v;
	else if (!strcmp(key, "rate"))
		s->rate = v;
	else
		errx(2, "stream: %s=%s is not known or out of range\n%s", key, value, usage);
}

static void add_stream(struct run *r, char *text)
{
	if (r->stream_count == STREAMS_MAX)
		errx(2, "more than %d streams", STREAMS_MAX);
	struct stream *s = &r->streams[r->stream_count++];
	char *save, *kind = strtok_r(text, ",", &save);
	*s = (struct stream){ .connections = 16, .depth = 1, .batch = 1 };
	if (kind && !strcmp(kind, "recommend"))
		s->kind = WORK_RECOMMEND;
	else if (!kind || strcmp(kind, "ingest"))
		errx(2, "stream: %s is neither ingest nor recommend", kind ? kind : "nothing");
	for (char *part = strtok_r(NULL, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *value = strchr(part, '=');
		if (!value)
			errx(2, "stream: %s has no value", part);
		*value++ = 0;
		set_stream(s, part, value);
	}
}

static const struct protocol *protocol_of(const char *name)
{
	static const struct protocol *const all[] = { &protocol_nudge, &protocol_http, &protocol_redis,
						    &protocol_tarantool, &protocol_postgres, &protocol_tls };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(name, all[i]->name))
			return all[i];
	errx(2, "protocol %s is not known", name);
}

static void check(const struct run *r)
{
	if (!r->address || !r->stream_count) {
		fputs(usage, stderr);
		exit(2);
	}
	for (unsigned i = 0; i < r->stream_count; i++)
		if (r->streams[i].batch > r->protocol->batch_max ||
		    (r->streams[i].kind == WORK_RECOMMEND && r->streams[i].batch > 1))
			errx(2, "batch=%u: at most %u here", r->streams[i].batch, r->protocol->batch_max);
}

static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if ((unsigned char)*text >= 32 && *text != '"' && *text != '\\')
			putchar(*text);
	putchar('"');
}

static void print_stream(const struct stream *s, double seconds)
{
	static const struct { const char *name; double at; } points[] = {
		{ "p50_us", 0.5 }, { "p90_us", 0.9 }, { "p99_us", 0.99 }, { "p999_us", 0.999 },
	};
	printf("{\"kind\": \"%s\", \"connections\": %u, \"depth\": %u, \"batch\": %u, \"rate\": %.0f, \"items\": %llu, "
	       "\"per_s\": %.0f, \"fired\": %llu, \"errors\": %llu",
	       s->kind == WORK_INGEST ? "ingest" : "recommend", s->connections, s->depth, s->batch, s->rate,
	       (unsigned long long)s->items, (double)s->items / seconds, (unsigned long long)s->fired,
	       (unsigned long long)s->errors);
	for (size_t i = 0; i < 4; i++)
		printf(", \"%s\": %.1f", points[i].name, (double)histogram_at(&s->latency, points[i].at) / 1e3);
	printf(", \"max_us\": %.1f", (double)s->latency.max_ns / 1e3);
	if (s->errors) {
		printf(", \"first_error\": ");
		print_text(s->first_error);
	}
	putchar('}');
}

static void print_server(const struct edges *e, uint64_t items)
{
	const struct process_use *a = &e->server[0], *b = &e->server[1];
	double per = items ? 1e6 / (double)items : 0;
	printf("\"server\": {\"cpu_us_per_item\": %.3f, \"rss_bytes\": %llu, \"peak_bytes\": %llu, "
	       "\"written_bytes\": %llu, \"wake_ups\": %llu, \"threads\": {",
	       (b->cpu_s - a->cpu_s) * per, (unsigned long long)b->rss_bytes, (unsigned long long)b->peak_bytes,
	       (unsigned long long)(b->written_bytes - a->written_bytes),
	       (unsigned long long)(b->wake_ups - a->wake_ups));
	for (unsigned i = 0; i < b->threads; i++) {
		bool same = i < a->threads && !strcmp(a->thread[i].name, b->thread[i].name);
		double before = same ? a->thread[i].cpu_s : 0;
		printf("%s", i ? ", " : "");
		print_text(b->thread[i].name);
		printf(": %.3f", (b->thread[i].cpu_s - before) * per);
	}
	printf("}}");
}

static void print(const struct run *r, const struct edges *e)
{
	uint64_t items = 0;
	printf("{\"protocol\": \"%s\", \"seconds\": %.3f, \"streams\": [", r->protocol->name, r->measured_s);
	for (unsigned i = 0; i < r->stream_count; i++) {
		printf("%s", i ? ", " : "");
		print_stream(&r->streams[i], r->measured_s);
		items += r->streams[i].items;
	}
	double per = items ? 1e6 / (double)items : 0;
	printf("], \"generator\": {\"cpu_us_per_item\": %.3f, \"cores\": %.2f}, ",
	       (e->self[1].cpu_s - e->self[0].cpu_s) * per, (e->self[1].cpu_s - e->self[0].cpu_s) / r->measured_s);
	print_server(e, items);
	printf("}\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "address", 1, 0, 'a' },   { "stream", 1, 0, 's' }, { "protocol", 1, 0, 'P' },
		{ "customers", 1, 0, 'c' }, { "seed", 1, 0, 'S' },   { "first-id", 1, 0, 'i' },
		{ "seconds", 1, 0, 't' },   { "warm", 1, 0, 'w' },   { "events", 1, 0, 'n' },
		{ "pid", 1, 0, 'p' },       { "help", 0, 0, 'h' },   { 0 },
	};
	static struct run r = {
		.protocol = &protocol_nudge, .warm_s = 1, .seconds = 4, .begin = at_begin, .end = at_end
	};
	static struct edges edges;
	uint64_t customers = 100000, seed = 1, first_id = 1;
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (o) {
		case 'a': r.address = optarg; break;
		case 's': add_stream(&r, optarg); break;
		case 'P': r.protocol = protocol_of(optarg); break;
		case 'c': customers = (uint64_t)number_of("customers", optarg); break;
		case 'S': seed = (uint64_t)number_of("seed", optarg); break;
		case 'i': first_id = (uint64_t)number_of("first-id", optarg); break;
		case 't': r.seconds = number_of("seconds", optarg); break;
		case 'w': r.warm_s = number_of("warm", optarg); break;
		case 'n': r.stop_after = (uint64_t)number_of("events", optarg); break;
		case 'p': edges.pid = (int)number_of("pid", optarg); break;
		case 'h': fputs(usage, stdout); return 0;
		default: fputs(usage, stderr); return 2;
		}
	}
	check(&r);
	if (r.stop_after)
		r.warm_s = 0;
	for (unsigned i = 0; i < r.stream_count; i++)
		workload_init(&r.streams[i].workload, seed + i, customers ? customers : 1, first_id);
	r.arg = &edges;
	run_load(&r);
	print(&r, &edges);
	return 0;
}
