/* bench/workload.h: what is sent, whoever it is sent to: W1's events and W2's requests, drawn from a seed. The same
 * seed gives the same sequence, so that nudged and its peers are asked the same.
 *
 * W1: customers at random of N, members 0 to 3, types sms.sent 40%, call.ended 40%, bill.paid 10%, web.visit 10%, each
 * with a channel, a time and the attributes duration, intent (8 kinds) and mood. W2: a customer, an intent, a mood. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdint.h>

#define WORKLOAD_TYPES 4
#define WORKLOAD_INTENTS 8
#define WORKLOAD_MEMBERS 4

extern const char *const workload_types[WORKLOAD_TYPES];
extern const char *const workload_channels[WORKLOAD_TYPES];
extern const char *const workload_intents[WORKLOAD_INTENTS];

struct workload {
	uint64_t state; /* of the generator; never 0 */
	uint64_t customers;
	uint64_t next_id;
	int64_t now_ms; /* set by the loop; the time of what is drawn next */
};

struct item {
	uint64_t id, customer;
	unsigned member, type, intent, duration;
	double mood; /* -1 to 1 in steps of 0.01 */
	int64_t time_ms;
};

void workload_init(struct workload *w, uint64_t seed, uint64_t customers, uint64_t first_id);
void workload_draw(struct workload *w, struct item *out);

#endif
