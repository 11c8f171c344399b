/* base/log.h: one line a message on standard error: time, level, text; with a "<N>" priority prefix and no time under
 * systemd (JOURNAL_STREAM set). Thread-safe. What is not printable is written out (base/printable.h). Never logs attributes of customers. */
#ifndef NUDGED_BASE_LOG_H
#define NUDGED_BASE_LOG_H

#include <stdbool.h>

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
