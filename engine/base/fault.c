/* base/fault.c: see fault.h. One point can be armed at a time; any thread may hit it. */
#include "base/fault.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool fault_any_armed;

static const char *const names[FAULT_COUNT] = {
#define X(name) #name,
	FAULT_LIST(X)
#undef X
};

static struct {
	enum fault_point point;
	unsigned long count; /* the hit at which it strikes */
	bool fail;           /* else kill */
	atomic_ulong hits;
} armed;

const char *fault_name(enum fault_point point)
{
	return point < FAULT_COUNT ? names[point] : "";
}

static _Noreturn void refuse(const char *value, const char *why)
{
	fprintf(stderr, "NUDGED_FAULT=%s: %s; it is name[:count][:kill|fail], names: nudged --list-faults\n", value, why);
	exit(2);
}

void fault_init(void)
{
	fault_any_armed = false;
	const char *value = getenv("NUDGED_FAULT");
	if (!value || !*value)
		return;
	size_t len = strcspn(value, ":");
	enum fault_point point = 0;
	while (point < FAULT_COUNT && (strlen(names[point]) != len || memcmp(names[point], value, len) != 0))
		point++;
	if (point == FAULT_COUNT)
		refuse(value, "no such fault point");
	armed.point = point;
	armed.count = 1;
	armed.fail = false;
	atomic_store(&armed.hits, 0);
	const char *rest = value + len;
	if (*rest == ':' && rest[1] >= '0' && rest[1] <= '9') {
		char *end;
		armed.count = strtoul(rest + 1, &end, 10);
		if (armed.count == 0)
			refuse(value, "the count starts at 1");
		rest = end;
	}
	if (strcmp(rest, ":fail") == 0)
		armed.fail = true;
	else if (*rest && strcmp(rest, ":kill") != 0)
		refuse(value, "what follows is neither a count nor an action");
	fault_any_armed = true;
}

bool fault_strike(enum fault_point point)
{
	if (point != armed.point || atomic_fetch_add(&armed.hits, 1) + 1 != armed.count)
		return false;
	if (!armed.fail)
		kill(getpid(), SIGKILL);
	return true;
}
