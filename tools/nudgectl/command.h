/* nudgectl/command.h: what a command is. Each lives in a file of its own (cmd_*.c) and is one row of the table in
 * commands.c; parsing of options and the help text both come from the same row, so that help cannot lie.
 *
 * Options' values are static variables of the command's file: a process runs one command. */
#ifndef NUDGECTL_COMMAND_H
#define NUDGECTL_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct nudge;

struct context {
	const char *address; /* of the daemon, as nudge_connect takes it */
	const char *token_file; /* NULL: from the environment, or none */
	const char *tls_ca, *tls_cert, *tls_key; /* the same */
	bool json;
	int patience_ms; /* for an answer, and for a daemon that recovers; 0: a minute */
	bool at_once;    /* a daemon that recovers is not waited for */
	struct nudge *nudge; /* NULL until context_connect */
};

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_COUNT,  /* uint64_t, not negative */
	OPTION_NUMBER, /* double, finite */
	OPTION_TIME,   /* int64_t UTC milliseconds; given as RFC 3339, as a date (00:00 UTC) or as such a number */
	OPTION_POINT,  /* struct point: SEQ-INDEX */
};

struct point {
	uint64_t seq;
	uint32_t index;
};

struct option_spec {
	const char *name; /* without "--"; NULL ends the list */
	enum option_kind kind;
	void *value;
	const char *arg; /* what the value is called in help; NULL for flags */
	const char *help;
};

struct command {
	const char *name;                  /* one or two words */
	const char *args;                  /* as usage shows them; "" for none */
	const char *summary;               /* half a line for the list */
	const char *details;               /* paragraphs for `help COMMAND`; may be NULL */
	const char *examples;              /* lines for a shell, shown as they stand; a test runs them. May be NULL */
	const struct option_spec *options; /* may be NULL */
	int min_args, max_args;
	int (*run)(struct context *c, int argc, char **argv);
};

#define COMMANDS_MAX 64
extern const struct command cmd_send, cmd_import, cmd_simulate, cmd_recommend, cmd_outcome, cmd_customer_show,
	cmd_agent_show, cmd_alerts, cmd_alert_ack, cmd_outbox_list, cmd_outbox_take, cmd_rules_activate, cmd_rules_rollback, cmd_rules_history, cmd_rules_series, cmd_rules_list, cmd_rules_stats, cmd_rules_check, cmd_rules_test, cmd_status,
	cmd_rules_new, cmd_rules_bench, cmd_digest, cmd_journal_verify, cmd_journal_dump, cmd_help;
extern const struct command cmd_load;
extern const struct command cmd_replay;
extern const struct command cmd_explain, cmd_report;
extern const struct command cmd_model_show, cmd_model_export, cmd_model_reset;
extern const struct command cmd_customer_find;
extern const struct command cmd_backup, cmd_verify, cmd_customer_export, cmd_customer_erase;
extern const struct command cmd_token_new, cmd_token_list, cmd_token_revoke;
extern const struct command *const commands[]; /* NULL-terminated, in the order of help */

/* Takes options out of argv (also the global ones), leaves what else there is in front; returns its count, or -1 after
 * having said what is wrong. */
int options_parse(struct context *c, const struct command *command, int argc, char **argv);
/* One option's value from text. False, after having said what is wrong. */
bool option_read(const struct option_spec *o, const char *text);

void help_overview(void);
/* On standard error: how to learn more of the command that help_about named, else which commands there are. */
void help_hint(void);
void help_about(const struct command *c);
void help_briefly(void); /* help_hint then lists no commands: what was meant has been said */
int help_command(const char *first, const char *second); /* second may be NULL; an exit code */

#endif
