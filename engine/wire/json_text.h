/* wire/json_text.h: base64 and times, for json.c and json_read.c. */
#ifndef NUDGED_WIRE_JSON_TEXT_H
#define NUDGED_WIRE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

char *base64_encode(const uint8_t *data, size_t len);                 /* malloc'ed, NUL-terminated */
bool base64_decode(const char *text, uint8_t **out, size_t *out_len); /* *out malloc'ed */
/* RFC 3339 to UTC milliseconds; what is finer is cut off. */
bool rfc3339_parse(const char *text, int64_t *out_ms);

#endif
