/* main.c: start, signals, stop. Everything else is a layer below. */
#include "config.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define PROGRESS_EVERY_NS 1000000000u

static int complain(const char *what, int code)
{
	log_error("%s%s%s", what, *what ? ": " : "", error_last()->text);
	return code;
}

/* Progress of what takes long: one line a second, rewritten in place on a terminal. */
struct progress {
	uint64_t began_ns, said_ns;
	const char *stage;
	bool terminal, open_line;
};

static void say_progress(void *arg, const char *stage, uint64_t done, uint64_t all)
{
	struct progress *p = arg;
	uint64_t now = clock_mono_ns();
	if (!p->stage || strcmp(p->stage, stage) != 0) {
		p->stage = stage;
		p->began_ns = p->said_ns = now;
	}
	if (now - p->said_ns < PROGRESS_EVERY_NS || !all)
		return;
	p->said_ns = now;
	double part = (double)done / (double)all, seconds = (double)(now - p->began_ns) / 1e9;
	if (!p->terminal) {
		log_info("%s: %.0f%%, about %.0f s left", stage, 100 * part, seconds / part - seconds);
		return;
	}
	fprintf(stderr, "\r\033[K%s: %3.0f%% [%-30.*s] about %.0f s left", stage, 100 * part, (int)(30 * part),
		"##############################", seconds / part - seconds);
	p->open_line = true;
}

static void end_progress(struct progress *p)
{
	if (p->open_line)
		fputc('\n', stderr);
	p->open_line = false;
}

static struct engine_config engine_config_of(const struct config *c)
{
	return (struct engine_config){
		.data = c->data,
		.shards = (unsigned)c->shards,
		.cache_bytes = c->cache_mb * MIB,
		.segment_bytes = c->segment_mb * MIB,
		.reserve_bytes = c->reserve_mb * MIB,
		.journal_keep_bytes = c->journal_keep_mb * MIB,
		.sweep_ms = (uint32_t)c->sweep_ms,
		.simulated_clock = strcmp(c->clock, "events") == 0,
		.version = NUDGED_VERSION,
	};
}

static int replay(const struct config *c)
{
	struct engine_config ec = engine_config_of(c);
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	struct replay_report r = { 0 };
	int result = engine_replay(&ec, say_progress, &p, &r);
	end_progress(&p);
	if (result != ERR_OK)
		return complain("replay", EXIT_FAILURE);
	char digest[33];
	hash128_hex(r.digest, digest);
	bool same = r.outcome_mismatches == 0 && r.decision_mismatches == 0;
	printf("{\"digest\":\"%s\",\"records\":%llu,\"entries\":%llu,\"first_seq\":%llu,\"last_seq\":%llu,\"events\":%"
	       "llu,\"effects\":%llu,"
	       "\"timers\":%llu,\"decisions\":%llu,\"outcomes\":%llu,\"acknowledgements\":%llu,\"activations\":%llu,"
	       "\"blanked\":%llu,"
	       "\"outcome_mismatches\":%llu,\"decision_mismatches\":%llu,\"first_mismatch_seq\":%llu,\"shards\":%u}\n",
	       digest, (unsigned long long)r.records, (unsigned long long)r.entries, (unsigned long long)r.first_seq,
	       (unsigned long long)r.last_seq, (unsigned long long)r.events, (unsigned long long)r.effects,
	       (unsigned long long)r.timers, (unsigned long long)r.decisions, (unsigned long long)r.outcomes,
	       (unsigned long long)r.acknowledgements, (unsigned long long)r.activations, (unsigned long long)r.blanked,
	       (unsigned long long)r.outcome_mismatches, (unsigned long long)r.decision_mismatches,
	       (unsigned long long)r.first_mismatch_seq, ec.shards);
	return same ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Until a signal says stop. SIGHUP reads the pack again; a refused one leaves the old one active. */
static void serve(const struct config *c, struct engine *e, const sigset_t *signals)
{
	for (;;) {
		int which;
		bool changed;
		if (sigwait(signals, &which) != 0 || which == SIGTERM || which == SIGINT) {
			log_info("stopping");
			return;
		}
		if (!c->rules)
			log_warn("SIGHUP: no --rules were given, so there is nothing to read again");
		else if (engine_activate_folder(e, c->rules, &changed) != ERR_OK)
			log_error("SIGHUP: the pack is refused, the old one stays: %s", error_last()->text);
		else if (!changed)
			log_info("SIGHUP: the pack has not changed");
	}
}

static int open_engine(const struct config *c, struct engine **out)
{
	struct engine_config ec = engine_config_of(c);
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	int result = engine_open(out, &ec, say_progress, &p);
	end_progress(&p);
	return result;
}

static int run(const struct config *c, const sigset_t *signals)
{
	struct server *server = NULL;
	struct engine *e = NULL;
	bool changed;
	int code = EXIT_FAILURE;
	if (server_create(&server, (const char *const *)c->listen, c->listen_count) != ERR_OK)
		return complain("", EXIT_FAILURE);
	if (open_engine(c, &e) != ERR_OK || engine_run(e) != ERR_OK) {
		complain("cannot start", EXIT_FAILURE);
		goto out;
	}
	if (c->rules && engine_activate_folder(e, c->rules, &changed) != ERR_OK) {
		complain("the pack is refused", EXIT_FAILURE);
		goto out;
	}
	if (server_start(server, e) != ERR_OK) {
		complain("cannot start", EXIT_FAILURE);
		goto out;
	}
	for (unsigned i = 0; i < c->listen_count; i++)
		log_info("ready on %s", server_address(server, i));
	serve(c, e, signals);
	engine_stop_changes(e);
	server_stop(server);
	code = EXIT_SUCCESS;
out:
	engine_close(e);
	server_destroy(server);
	return code;
}

static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Each connection is a file: as many as the system lets us have. */
static void raise_file_limit(void)
{
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

static void set_log_level(const char *name)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	for (int i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			log_set_level((enum log_level)i);
}

static int act(const struct config *c, const sigset_t *signals)
{
	if (c->help) {
		config_help(stdout);
		return EXIT_SUCCESS;
	}
	if (c->version) {
		printf("nudged %s\n", NUDGED_VERSION);
		return EXIT_SUCCESS;
	}
	if (c->list_faults) {
		for (int i = 0; i < FAULT_COUNT; i++)
			puts(fault_name((enum fault_point)i));
		return EXIT_SUCCESS;
	}
	if (c->check_only) {
		config_print(c, stdout);
		return EXIT_SUCCESS;
	}
	set_log_level(c->log_level);
	return c->replay ? replay(c) : run(c, signals);
}

int main(int argc, char **argv)
{
	struct config config;
	sigset_t signals;
	int code = EXIT_USAGE;
	fault_init();
	block_signals(&signals);
	raise_file_limit();
	config_init(&config);
	if (config_parse(&config, argc, argv) == ERR_OK)
		code = act(&config, &signals);
	else
		fprintf(stderr, "nudged: %s\n", error_last()->text);
	config_finish(&config);
	return code;
}
