/* base/seldom.c: see seldom.h. */
#include "base/seldom.h"

#include "base/clock.h"

#define EVERY_NS 1000000000u

bool seldom_told(struct seldom *s, uint64_t *others)
{
	uint64_t now_ns = clock_mono_ns(), said_ns = atomic_load(&s->said_ns);
	bool due = !said_ns || now_ns - said_ns >= EVERY_NS;
	if (due && atomic_compare_exchange_strong(&s->said_ns, &said_ns, now_ns)) {
		*others = atomic_exchange(&s->unsaid, 0);
		return true;
	}
	atomic_fetch_add(&s->unsaid, 1);
	return false;
}
