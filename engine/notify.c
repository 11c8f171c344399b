/* notify.c: see notify.h. */
#include "notify.h"

#ifdef HAVE_SYSTEMD
#include "base/clock.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#define EXTEND_US 60000000u /* a start that has told of progress may go on so long until it tells again */

void notify_ready(void)
{
	sd_notify(0, "READY=1\nSTATUS=serving");
}

void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_mono_ns() / 1000);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=storing what has changed");
}

void notify_progress(const char *what, double part)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%u\nSTATUS=%s: %.0f%%", EXTEND_US, what, 100 * part);
}

uint64_t notify_watchdog_us(void)
{
	uint64_t us = 0;
	return sd_watchdog_enabled(0, &us) > 0 ? us : 0;
}

void notify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
#else
void notify_ready(void)
{
}

void notify_reloading(void)
{
}

void notify_stopping(void)
{
}

void notify_progress(const char *what, double part)
{
}

uint64_t notify_watchdog_us(void)
{
	return 0;
}

void notify_alive(void)
{
}
#endif
