/* base/fault.h: named points at which a test makes the daemon fail. They are compiled in always and cost one load and
 * one branch; nothing is armed unless the environment variable NUDGED_FAULT says so:
 *
 *     NUDGED_FAULT=name[:count][:action]   e.g. NUDGED_FAULT=journal_before_sync:3:kill
 *
 * count: the hit at which it strikes (1). action: kill (SIGKILL to itself, the default) or fail (fault_hit returns true
 * and the caller behaves as if the operation had failed). The list is sorted; tests/crash goes through all of it. */
#ifndef NUDGED_BASE_FAULT_H
#define NUDGED_BASE_FAULT_H

#include <stdbool.h>

#define FAULT_LIST(X) \
	X(activate_after_publish) \
	X(activate_before_publish) \
	X(apply_before_publish) \
	X(backfill_before_filling) \
	X(backfill_before_publish) \
	X(backfill_short_of_memory) \
	X(base_after_commit) \
	X(base_before_commit) \
	X(boot_after_id) \
	X(decision_log_write) \
	X(effect_before_publish) \
	X(erase_asked) \
	X(erase_before_publish) \
	X(erase_records) \
	X(erase_settled) \
	X(erase_step) \
	X(erase_wiped) \
	X(erase_withdrawn) \
	X(journal_after_sync) \
	X(journal_after_write) \
	X(journal_before_sync) \
	X(journal_before_write) \
	X(journal_new_segment) \
	X(journal_retire_segment) \
	X(recover_after_last_batch) \
	X(recover_before_effects) \
	X(reply_before_send) \
	X(restore_step) \
	X(store_after_commit) \
	X(store_before_commit) \
	X(store_before_mark) \
	X(timer_before_publish) \
	X(walk_before_publish)

enum fault_point {
#define X(name) FAULT_##name,
	FAULT_LIST(X)
#undef X
	FAULT_COUNT
};

extern bool fault_any_armed;

void fault_init(void);                    /* reads NUDGED_FAULT; ends the process on a name that is not in the list */
const char *fault_name(enum fault_point); /* for `nudged --list-faults` */
bool fault_strike(enum fault_point);

/* True when the caller must behave as if this had failed. */
#define fault_hit(name) (fault_any_armed && fault_strike(FAULT_##name))

#endif
