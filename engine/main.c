/* main.c: start, signals, stop. Everything else is a layer below. */
#include "config.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/printable.h"
#include "disk/backup.h"
#include "doors.h"
#include "net/http.h"
#include "net/server.h"
#include "notify.h"
#include "watch.h"
#include "watch_show.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define EXIT_STOPPED 130 /* as of a command that Ctrl-C ends */
#define PROGRESS_EVERY_NS 1000000000u
#define WATCHDOG_PARTS 4u /* signs of life within the time that systemd waits for one */
#define WATCHDOG_NONE_US 3600000000ull
#define TOKENS_LOOK_NS 500000000u /* whether the file of tokens has changed */

static int complain(const char *what, int code)
{
	log_field(LOG_ERROR_FIELD, "%s", error_last()->field);
	log_error("%s%s%s", what, *what ? ": " : "", error_last()->text);
	return code;
}

/* Progress of what takes long: one line a second, rewritten in place on a terminal. */
struct progress {
	uint64_t began_ns, said_ns;
	const char *stage;
	bool terminal, open_line;
	struct starting *starting; /* is told too; may be NULL */
};

/* Whoever asks for a stop while the disk is read has it at once, as safe as a kill. code: what that is called. */
static void stop_if_asked(int code)
{
	sigset_t pending;
	if (sigpending(&pending) != 0 || !(sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT)))
		return;
	fputs(isatty(STDERR_FILENO) ? "\n" : "", stderr);
	log_info("stopped before it was done: the next start begins it anew");
	notify_stopping();
	_exit(code);
}

static void say_progress(void *arg, const char *stage, uint64_t done, uint64_t all)
{
	struct progress *p = arg;
	uint64_t now = clock_mono_ns();
	if (p->starting)
		starting_say(p->starting, stage, done, all);
	stop_if_asked(p->starting ? EXIT_SUCCESS : EXIT_STOPPED);
	if (!p->stage || strcmp(p->stage, stage) != 0) {
		p->stage = stage;
		p->began_ns = p->said_ns = now;
	}
	if (now - p->said_ns < PROGRESS_EVERY_NS || !all)
		return;
	p->said_ns = now;
	double part = (double)done / (double)all, seconds = (double)(now - p->began_ns) / 1e9;
	notify_progress(stage, part);
	if (!p->terminal) {
		log_info("%s: %.0f%%, about %.0f s left", stage, 100 * part, seconds / part - seconds);
		return;
	}
	fprintf(stderr, "\r\033[K%s: %3.0f%% [%-30.*s] about %.0f s left", stage, 100 * part, (int)(30 * part),
		"##############################", seconds / part - seconds);
	p->open_line = true;
}

static void say_restored(void *arg, uint64_t done, uint64_t all)
{
	say_progress(arg, "restoring", done, all);
}

static void end_progress(struct progress *p)
{
	if (p->open_line)
		fputc('\n', stderr);
	p->open_line = false;
}

static struct engine_config engine_config_of(const struct config *c, struct access *rights)
{
	return (struct engine_config){
		.data = c->data,
		.shards = (unsigned)c->shards,
		.cache_bytes = c->cache_mb * MIB,
		.segment_bytes = c->segment_mb * MIB,
		.reserve_bytes = c->reserve_mb * MIB,
		.journal_keep_bytes = c->journal_keep_mb * MIB,
		.sweep_ms = (uint32_t)c->sweep_ms,
		.tail_bytes = c->tail_mb * MIB,
		.base = strcmp(c->base, "on") == 0,
		.simulated_clock = strcmp(c->clock, "events") == 0,
		.decision_log = c->decision_log,
		.decision_log_bytes = c->decision_log_mb * MIB,
		.decision_log_keep = (unsigned)c->decision_log_keep,
		.version = NUDGED_VERSION,
		.access = rights,
	};
}

struct figure {
	const char *name;
	uint64_t value;
};

static void print_replay_json(const struct figure *figures, size_t count, const char *digest)
{
	printf("{\"digest\":\"%s\"", digest);
	for (size_t i = 0; i < count; i++)
		printf(",\"%s\":%llu", figures[i].name, (unsigned long long)figures[i].value);
	puts("}");
}

static void print_replay_text(const struct figure *figures, size_t count, const char *digest, bool same)
{
	printf("%s\n  %-20s %s\n",
	       same ? "every outcome and decision came out as it was recorded"
		    : "not as recorded: this build or pack decides differently",
	       "digest", digest);
	for (size_t i = 0; i < count; i++)
		printf("  %-20s %llu\n", figures[i].name, (unsigned long long)figures[i].value);
}

static int replay(const struct config *c)
{
	struct engine_config ec = engine_config_of(c, NULL);
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	struct replay_report r = { 0 };
	int result = engine_replay(&ec, say_progress, &p, &r);
	end_progress(&p);
	if (result != ERR_OK)
		return complain("replay", EXIT_FAILURE);
	char digest[33];
	hash128_hex(r.digest, digest);
	bool same = r.outcome_mismatches == 0 && r.decision_mismatches == 0;
	const struct figure figures[] = {
		{ "records", r.records },
		{ "entries", r.entries },
		{ "first_seq", r.first_seq },
		{ "last_seq", r.last_seq },
		{ "events", r.events },
		{ "effects", r.effects },
		{ "timers", r.timers },
		{ "decisions", r.decisions },
		{ "outcomes", r.outcomes },
		{ "acknowledgements", r.acknowledgements },
		{ "activations", r.activations },
		{ "blanked", r.blanked },
		{ "gaps", r.gaps },
		{ "unproven", r.unproven },
		{ "outcome_mismatches", r.outcome_mismatches },
		{ "decision_mismatches", r.decision_mismatches },
		{ "first_mismatch_seq", r.first_mismatch_seq },
		{ "shards", ec.shards },
	};
	if (isatty(STDOUT_FILENO))
		print_replay_text(figures, sizeof(figures) / sizeof(figures[0]), digest, same);
	else
		print_replay_json(figures, sizeof(figures) / sizeof(figures[0]), digest);
	return same ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A backup into an empty data directory; the daemon is started afterwards, as ever. */
static int restore(const struct config *c)
{
	struct progress p = { .terminal = isatty(STDERR_FILENO) };
	struct pace pace = { .progress = say_restored, .arg = &p };
	struct backup b;
	int result = backup_restore(&b, c->restore, c->data, &pace);
	end_progress(&p);
	if (result != ERR_OK)
		return complain("not restored", EXIT_FAILURE);
	log_info("restored into %s: %zu %s, %llu bytes, as of entry %llu; start nudged with --data %s", c->data, b.count,
		 word_of(b.count, "file", "files"), (unsigned long long)b.bytes, (unsigned long long)b.last_seq, c->data);
	backup_finish(&b);
	return EXIT_SUCCESS;
}

/* What would keep the daemon from starting, as far as that can be told without touching anything. */
static int check(const struct config *c)
{
	struct doors doors;
	struct stat st;
	if (doors_open(&doors, c) != ERR_OK)
		return complain(error_last()->field, EXIT_USAGE);
	doors_close(&doors);
	if (c->rules && engine_check_folder(c->rules) != ERR_OK)
		return complain("the pack would be refused", EXIT_USAGE);
	if (stat(c->data, &st) == 0 && (!S_ISDIR(st.st_mode) || access(c->data, R_OK | W_OK | X_OK) != 0)) {
		error_set(ERR_IO, "data", "%s is not a folder that may be written to", c->data);
		return complain("data", EXIT_USAGE);
	}
	config_print(c, stdout);
	return EXIT_SUCCESS;
}

static void set_log_level(const char *name)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	for (int i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			log_set_level((enum log_level)i);
}

static void tell_changed(const char *key, const char *value)
{
	if (value)
		log_info("SIGHUP: %s is %s from now on", key, value);
	else
		log_warn("SIGHUP: %s has changed: that is in force after the next start", key);
}

/* What may change while it runs. */
static void apply_settings(const struct config *c, struct engine *e, struct doors *doors)
{
	set_log_level(c->log_level);
	log_set_json(strcmp(c->log, "json") == 0);
	doors_set_limits(doors, c);
	engine_set_slow(e, c->slow_request_ms * 1000000u, c->slow_rule_us * 1000u);
}

static bool is_silent(const char *log_level)
{
	return strcmp(log_level, "error") == 0 || strcmp(log_level, "warn") == 0;
}

static void read_again(struct config *c, struct engine *e, struct doors *doors)
{
	bool was_silent = is_silent(c->log_level);
	if (config_reload(c, c->argc, c->argv, tell_changed) != ERR_OK) {
		log_error("SIGHUP: the configuration is refused, the old one stays: %s", error_last()->text);
		return;
	}
	apply_settings(c, e, doors);
	if (was_silent && !is_silent(c->log_level)) /* it went unsaid under the old one */
		tell_changed("log_level", c->log_level);
}

/* SIGHUP reads the configuration and the pack again; what is refused leaves the old one in force. */
static void hang_up(struct config *c, struct engine *e, struct doors *doors)
{
	bool changed;
	doors_reload(doors);
	engine_reopen_logs(e);
	if (c->file && !c->watch)
		read_again(c, e, doors);
	if (c->rules && engine_activate_folder(e, c->rules, &changed) != ERR_OK)
		log_error("SIGHUP: the pack is refused, the old one stays: %s", error_last()->text);
	else if (c->rules && !changed)
		log_info("SIGHUP: the pack has not changed");
	else if (!c->rules && !c->decision_log && !c->watch && !c->file && !doors->access && !doors->tls)
		log_warn("SIGHUP: no --config and no --rules were given, so there is nothing to read again");
}

/* Until a signal says stop. */
static void serve(struct config *c, struct engine *e, struct doors *doors, const sigset_t *signals)
{
	uint64_t watched_us = notify_watchdog_us();
	uint64_t every_ns = (watched_us ? watched_us : WATCHDOG_NONE_US) * 1000u / WATCHDOG_PARTS;
	uint64_t wait_ns = doors->access && every_ns > TOKENS_LOOK_NS ? TOKENS_LOOK_NS : every_ns; /* an hour at most */
	const struct timespec every = { (time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u) };
	notify_ready();
	for (;;) {
		if (watched_us && engine_is_alive(e, (uint32_t)(every_ns / 1000000u)))
			notify_alive();
		int which = sigtimedwait(signals, NULL, &every);
		doors_look(doors);
		if (which == SIGTERM || which == SIGINT) {
			log_info("stopping");
			notify_stopping();
			return;
		}
		if (which != SIGHUP)
			continue; /* time to look again, or a debugger */
		notify_reloading();
		hang_up(c, e, doors);
		notify_ready();
	}
}

/* It listens at once, so that who waits for us can ask how long. */
static int open_gateway(const struct config *c, const struct doors *d, const struct starting *starting, struct http **out)
{
	if (!c->http.count)
		return ERR_OK;
	int result = http_create(out, (const char *const *)c->http.at, c->http.count, NUDGED_VERSION, d->access, d->tls, d->clients, starting);
	return result == ERR_OK ? http_start(*out) : result;
}

static int open_engine(const struct config *c, struct starting *starting, struct access *rights, struct server *server,
		       struct engine **out)
{
	struct engine_config ec = engine_config_of(c, rights);
	ec.outer = server_gauges;
	ec.outer_arg = server;
	struct progress p = { .terminal = isatty(STDERR_FILENO), .starting = starting };
	int result = engine_open(out, &ec, say_progress, &p);
	end_progress(&p);
	return result;
}

static int open_pack(const struct config *c, struct engine *e, struct starting *starting)
{
	bool changed;
	if (!c->rules)
		return ERR_OK;
	starting_say(starting, "testing the pack", 0, 0);
	return engine_activate_folder(e, c->rules, &changed);
}

/* Memory goes with the process: freeing millions of records one by one would only make a stop longer. Who looks for leaks
 * wants to see it done. */
static void end_engine(struct engine *e)
{
#ifdef __SANITIZE_ADDRESS__
	engine_close(e);
#else
	engine_stop(e);
#endif
}

static int run(struct config *c, const sigset_t *signals)
{
	struct server *server = NULL;
	struct http *http = NULL;
	struct engine *e = NULL;
	struct doors doors;
	struct watch *watch = NULL;
	struct starting starting = { 0 };
	int code = EXIT_FAILURE;
	log_info("nudged %s, process %d, data in %s, %llu shard%s", NUDGED_VERSION, (int)getpid(), c->data,
		 (unsigned long long)c->shards, c->shards == 1 ? "" : "s");
	if (c->rules && engine_check_folder(c->rules) != ERR_OK)
		return complain("the pack is refused", EXIT_FAILURE); /* before anything is made */
	if (doors_open(&doors, c) != ERR_OK)
		return complain(error_last()->field, EXIT_FAILURE);
	if (server_create(&server, (const char *const *)c->listen.at, c->listen.count, doors.tls, doors.clients) != ERR_OK) {
		complain("", EXIT_FAILURE);
		goto out;
	}
	if (open_gateway(c, &doors, &starting, &http) != ERR_OK) {
		complain("http", EXIT_FAILURE);
		goto out;
	}
	if (server_wait(server, &starting) != ERR_OK || open_engine(c, &starting, doors.access, server, &e) != ERR_OK ||
	    engine_run(e) != ERR_OK) {
		complain("cannot start", EXIT_FAILURE);
		goto out;
	}
	if (open_pack(c, e, &starting) != ERR_OK) {
		complain("the pack is refused", EXIT_FAILURE);
		goto out;
	}
	if (server_start(server, e) != ERR_OK) {
		complain("cannot start", EXIT_FAILURE);
		goto out;
	}
	if (http) {
		http_serve(http, server, e);
		for (unsigned i = 0; i < c->http.count; i++)
			log_info("HTTP on %s", http_address(http, i));
	}
	for (unsigned i = 0; i < c->listen.count; i++) {
		log_id(LOG_ID_READY);
		log_info("ready on %s", server_address(server, i));
	}
	if (c->watch) {
		watch_say_begin(c->watch, server_address(server, 0), c->scratch);
		if (watch_start(&watch, e, c->watch) != ERR_OK) {
			complain("cannot watch", EXIT_FAILURE);
			goto stop;
		}
	}
	apply_settings(c, e, &doors);
	serve(c, e, &doors, signals);
	code = EXIT_SUCCESS;
stop:
	watch_stop(watch);
	http_stop(http);
	engine_stop_changes(e);
	server_stop(server);
out:
	http_destroy(http);
	end_engine(e);
	server_destroy(server);
	doors_close(&doors);
	if (code == EXIT_SUCCESS)
		log_info("stopped");
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

static int act(struct config *c, const sigset_t *signals)
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
	set_log_level(c->log_level);
	log_set_json(strcmp(c->log, "json") == 0);
	if (c->check_only)
		return check(c);
	if (c->restore)
		return restore(c);
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
	config.argc = argc;
	config.argv = argv;
	if (config_parse(&config, argc, argv) == ERR_OK)
		code = act(&config, &signals);
	else
		fprintf(stderr, "nudged: %s\n", error_last()->text);
	if (config.scratch)
		watch_scratch_remove(config.scratch);
	config_finish(&config);
	return code;
}
