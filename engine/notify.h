/* notify.h: what systemd is told of the daemon (sd_notify), where it asks for it and this build has libsystemd. Else nothing
 * happens. */
#ifndef NUDGED_NOTIFY_H
#define NUDGED_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);
/* Something long is under way, and has come so far: a start may take as long as that goes on. */
void notify_progress(const char *what, double part);
uint64_t notify_watchdog_us(void); /* how long it waits for a sign of life; 0: it does not */
void notify_alive(void);

#endif
