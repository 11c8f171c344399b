/* base/log.h: one line a message on standard error: time, level, text; under systemd (JOURNAL_STREAM set) a message with fields
 * in its journal (base/journald.h), or a line with a "<N>" priority prefix and no time. Thread-safe. What is not printable is written out (base/printable.h). Never logs attributes of customers. */
#ifndef NUDGED_BASE_LOG_H
#define NUDGED_BASE_LOG_H

#include <stdbool.h>

/* What a message is about, beside its text: a field NUDGED_… of systemd's journal, or of the JSON line. Important ones have an
 * id by which the journal finds them (journalctl MESSAGE_ID=…), whatever their words are. */
enum log_field { LOG_RULE, LOG_PACK, LOG_REQUEST, LOG_ERROR_FIELD, LOG_SEQ, LOG_FIELDS };
#define LOG_ID_READY "5e31d39a6cbb4b3a9a0d4a3a0c1f6e01"
#define LOG_ID_RECOVERED "5e31d39a6cbb4b3a9a0d4a3a0c1f6e02"
#define LOG_ID_PACK_ACTIVE "5e31d39a6cbb4b3a9a0d4a3a0c1f6e03"
#define LOG_ID_RULE_ASIDE "5e31d39a6cbb4b3a9a0d4a3a0c1f6e04"
#define LOG_ID_ERASED "5e31d39a6cbb4b3a9a0d4a3a0c1f6e07"
#define LOG_ID_SLOW_REQUEST "5e31d39a6cbb4b3a9a0d4a3a0c1f6e08"
#define LOG_ID_SLOW_RULE "5e31d39a6cbb4b3a9a0d4a3a0c1f6e09"
/* For this thread's next message. Ids are lent (literals). */
void log_id(const char *id);
void log_field(enum log_field field, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
/* JSON lines instead: {"time", "level", "text"}; not on a terminal, which stays for people. */
void log_set_json(bool json);
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
