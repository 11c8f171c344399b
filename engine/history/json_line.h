/* history/json_line.h: JSON put straight into bytes, a line at a time: for logs, which are written at the pace of
 * decisions and read by others. (Tools and the gateway build trees with jansson: wire/json.h.)
 *
 * A key is NULL within a list, and of the outermost value. Commas come by themselves. Text is escaped, and always
 * UTF-8: what is not becomes U+FFFD. Numbers read back as the same double; JSON has no infinity, so that is null. */
#ifndef NUDGED_HISTORY_JSON_LINE_H
#define NUDGED_HISTORY_JSON_LINE_H

#include "base/bytes.h"
#include "state/value.h"

void json_open(struct bytes *b, const char *key, char bracket); /* '{' or '[' */
void json_close(struct bytes *b, char bracket);                 /* '}' or ']' */
void json_end_line(struct bytes *b);
void json_key(struct bytes *b, struct slice key); /* then a value without one */
void json_text(struct bytes *b, const char *key, struct slice text);
void json_number(struct bytes *b, const char *key, double n);
void json_whole(struct bytes *b, const char *key, uint64_t n);
void json_flag(struct bytes *b, const char *key, bool flag);
void json_value(struct bytes *b, const char *key, struct value v); /* unknown is null */
void json_time(struct bytes *b, const char *key, int64_t ms);      /* "2026-01-31T10:00:00.250Z" */

#endif
