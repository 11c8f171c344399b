/* config.h: what the daemon is told: flags and a configuration file (KEY = VALUE lines, # comments), checked whole
 * before anything starts. The table of settings in config.c is the one list: the file, the flags, --help and
 * --check-config are made from it. */
#ifndef NUDGED_CONFIG_H
#define NUDGED_CONFIG_H

#include "shard/engine.h"

#include <stdio.h>

#define CONFIG_LISTEN_MAX 8 /* LIMIT_HTTP_ADDRESSES of the gateway's */

struct config {
	char *data, *rules, *watch, *file, *decision_log, *restore, *tokens, *tls_cert, *tls_key, *tls_client_ca, *tls_client_crl, *listen_mode, *listen_users,
		*listen_groups;
	char *scratch; /* the data directory, where it goes with the process */
	struct addresses {
		char *at[CONFIG_LISTEN_MAX];
		unsigned count;
	} listen, http;
	uint64_t shards, cache_mb, journal_keep_mb, reserve_mb, segment_mb, sweep_ms, tail_mb,
		decision_log_mb, decision_log_keep;
	char *clock, *base, *log_level, *log;
	uint64_t slow_request_ms, slow_rule_us, client_rate, client_burst, client_connections;
	int argc; /* as it was first given, to be read again */
	char **argv;
	bool check_only, replay, help, version, list_faults;
};

void config_init(struct config *c); /* the defaults */
void config_finish(struct config *c);
/* Flags win over the file named by --config. ERR_INVALID says which key, where, and what is allowed. */
int config_parse(struct config *c, int argc, char **argv);
/* Reads it all again as it was first given. What may change while it runs is taken over into `c`. What has changed is told
 * through `say`, with its value; NULL: it is in force after the next start. An error leaves `c` as it is. */
int config_reload(struct config *c, int argc, char **argv, void (*say)(const char *key, const char *value));
void config_help(FILE *to);
void config_print(const struct config *c, FILE *to); /* as a configuration file */

#endif
