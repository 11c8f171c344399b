/* nudgectl/commands.c: the table of commands. One file each; this is the order in which help shows them. */
#include "command.h"

#include <stddef.h>

const struct command *const commands[] = {
	&cmd_send,       &cmd_import, &cmd_load, &cmd_simulate,       &cmd_recommend, &cmd_explain,      &cmd_outcome,    &cmd_customer_show, &cmd_customer_find,
	&cmd_agent_show, &cmd_alerts, &cmd_alert_ack, &cmd_outbox_list, &cmd_outbox_take,      &cmd_rules_new, &cmd_rules_activate, &cmd_rules_rollback, &cmd_rules_history, &cmd_rules_series, &cmd_rules_list, &cmd_rules_stats,
	&cmd_model_show, &cmd_model_export, &cmd_model_reset, &cmd_report, &cmd_replay,
	&cmd_rules_check, &cmd_rules_test, &cmd_rules_bench, &cmd_status, &cmd_digest, &cmd_backup, &cmd_verify, &cmd_customer_export, &cmd_customer_erase,         &cmd_journal_verify, &cmd_journal_dump, &cmd_token_new, &cmd_token_list, &cmd_token_revoke, &cmd_help,
	NULL,
};
