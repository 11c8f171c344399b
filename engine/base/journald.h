/* base/journald.h: messages with fields to systemd's journal, by its native protocol: a datagram of KEY=value lines to
 * /run/systemd/journal/socket. Only where standard error is the journal's own stream (JOURNAL_STREAM names it): a daemon whose
 * output was led elsewhere logs there. */
#ifndef NUDGED_BASE_JOURNALD_H
#define NUDGED_BASE_JOURNALD_H

#include <stdbool.h>
#include <stddef.h>

bool journald_is_here(void);
/* False: it could not be sent, and is to be written as a line instead. The text has no line breaks. */
bool journald_send(const char *lines, size_t len);

#endif
