/* bench/workload.c: see workload.h. A xorshift generator: a draw costs a few nanoseconds, next to what is measured. */
#include "workload.h"

const char *const workload_types[WORKLOAD_TYPES] = { "sms.sent", "call.ended", "bill.paid", "web.visit" };
const char *const workload_channels[WORKLOAD_TYPES] = { "sms", "call", "app", "web" };
const char *const workload_intents[WORKLOAD_INTENTS] = { "billing", "network", "roaming", "device",
							 "cancel",  "upgrade", "payment", "other" };

static uint32_t random_of(struct workload *w)
{
	w->state ^= w->state << 13;
	w->state ^= w->state >> 7;
	w->state ^= w->state << 17;
	return (uint32_t)(w->state >> 16);
}

void workload_init(struct workload *w, uint64_t seed, uint64_t customers, uint64_t first_id)
{
	*w = (struct workload){ .state = 0x9e3779b97f4a7c15u ^ (seed * 0x2545f4914f6cdd1du), .customers = customers,
				.next_id = first_id };
	if (!w->state)
		w->state = 1;
	for (unsigned i = 0; i < 20; i++)
		random_of(w);
}

void workload_draw(struct workload *w, struct item *out)
{
	static const unsigned char types[10] = { 0, 0, 0, 0, 1, 1, 1, 1, 2, 3 };
	out->id = w->next_id++;
	out->customer = random_of(w) % w->customers;
	uint32_t r = random_of(w), m = random_of(w);
	out->member = r % WORKLOAD_MEMBERS;
	out->intent = (r >> 4) % WORKLOAD_INTENTS;
	out->type = types[(r >> 8) % 10];
	out->duration = m % 600;
	out->mood = ((int)((m >> 12) % 201) - 100) / 100.0;
	out->time_ms = w->now_ms;
}
