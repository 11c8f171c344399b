/* tests/unit/test_memory.c: what a customer takes in memory, with the state of the benchmark's W1 (bench/packs/terms):
 * four members, counts per type, an hour of texts per member, calls by intent, a mood, 20 moments, ids seen.
 *
 *     test_memory CUSTOMERS     only prints, over so many customers */
#include "base/error.h"
#include "base/limits.h"
#include "state/record.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define T0 935280000000LL
#define HOUR 3600000LL
#define DAY (24 * HOUR)

static const char *const types[] = { "sms.sent", "call.ended", "bill.paid", "web.visit" };
static const char *const channels[] = { "sms", "call", "app", "web" };
static const char *const intents[] = { "billing", "network", "roaming", "device",
				       "cancel",  "upgrade", "payment", "other" };
static const struct window_spec counts = { WINDOW_GRAIN, 30 * DAY, 3600 * DAY, false };
static const struct window_spec texts = { WINDOW_GRAIN, HOUR / 12, HOUR, false };
static const struct window_spec about = { WINDOW_GRAIN, HOUR, 7 * DAY, false };

static uint64_t random_state;

static unsigned draw(unsigned below)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(random_state >> 33) % below;
}

static void count(struct record *r, struct strpool *pool, uint32_t series, uint8_t member, const char *key,
		  const struct window_spec *spec, int64_t time_ms)
{
	window_add(record_window(r, pool, series, member, slice_of(key), spec), spec, NULL, time_ms, 0, NULL);
}

static void happen(struct record *r, struct strpool *pool, uint64_t id, int64_t time_ms)
{
	static const unsigned char kinds[] = { 0, 0, 0, 0, 1, 1, 1, 1, 2, 3 };
	unsigned kind = kinds[draw(10)];
	const char *intent = intents[draw(8)];
	char member_id[2] = { (char)('0' + draw(4)), 0 };
	const struct slice field = SLICE("intent");
	const struct event_attr attr = { SLICE("intent"), value_string(slice_of(intent)) };
	struct event e = { .type = slice_of(types[kind]), .channel = slice_of(channels[kind]), .time_ms = time_ms,
			   .attrs = &attr, .attr_count = 1 };
	uint8_t member = (uint8_t)record_member(r, pool, slice_of(member_id), true, time_ms);
	count(r, pool, 0x1000 + kind, 0, "", &counts, time_ms);
	if (kind == 0)
		count(r, pool, 0x2000, member, "", &texts, time_ms);
	if (kind == 1)
		count(r, pool, 0x3000, 0, intent, &about, time_ms);
	record_set(r, pool, 0, SLICE("mood_average"), value_number(draw(200) / 100.0 - 1), time_ms);
	record_set(r, pool, 0, SLICE("last_intent"), value_string(slice_of(intent)), time_ms);
	if (kind == 1 && draw(3) == 0)
		record_set(r, pool, 0, SLICE("repeated_intent"), value_string(slice_of(intent)), time_ms);
	timeline_add(r, pool, &e, member, &field, 1, 20);
	seen_add(r, id, id, time_ms);
}

/* What malloc gave for the record's blocks, and 8 bytes that it keeps before each. */
static size_t blocks_of(const struct record *r)
{
	size_t bytes = malloc_usable_size((void *)r) + 8 + malloc_usable_size(r->body) + (r->body ? 8 : 0);
	for (unsigned i = 0; i < r->window_count; i++) {
		const struct window *w = &record_windows(r)[i];
		bytes += w->apart ? malloc_usable_size(w->block) + 8 : 0;
	}
	return bytes;
}

/* Customers in turns, as events come, one every pace_ms each. Their bytes each: as malloc counts, and as records do. */
static void measure(unsigned customers, unsigned events, int64_t pace_ms, double *taken, double *told)
{
	struct strpool *pool = strpool_create();
	struct record **all = calloc(customers + 1, sizeof(*all)), *shared;
	struct subject subject = subject_of(SUBJECT_CUSTOMER, SLICE("c0000000000"));
	random_state = 1;
	shared = all[customers] = record_create(&subject); /* so that the strings all share are there before */
	for (unsigned i = 0; i < 2000; i++)
		happen(shared, pool, i, T0 + i);
	size_t bytes = 0, blocks = 0;
	for (unsigned i = 0; i < customers; i++)
		all[i] = record_create(&subject);
	for (unsigned k = 0; k < events; k++)
		for (unsigned i = 0; i < customers; i++)
			happen(all[i], pool, (uint64_t)i << 32 | k, T0 + DAY + (int64_t)k * pace_ms + i % 1000);
	for (unsigned i = 0; i < customers; i++) {
		bytes += record_bytes(all[i]);
		blocks += blocks_of(all[i]);
	}
	*taken = (double)blocks / customers;
	*told = (double)bytes / customers;
	for (unsigned i = 0; i <= customers; i++)
		record_destroy(all[i], pool);
	assert_int_equal(strpool_count(pool), 0);
	strpool_destroy(pool);
	free(all);
}

static void print(unsigned customers)
{
	static const unsigned events[] = { 0, 2, 8, 20, 40, 100 };
	static const int64_t paces[] = { 400, 6 * HOUR, 4 * DAY };
	double taken, told;
	for (unsigned p = 0; p < 3; p++) {
		for (unsigned i = 0; i < 6; i++) {
			measure(customers, events[i], paces[p], &taken, &told);
			printf("one event in %10.1f s, after %3u: %4.0f bytes, told %4.0f\n", (double)paces[p] / 1000,
			       events[i], taken, told);
		}
	}
}

static void a_customer_is_small_and_knows_its_size(void **state)
{
	static const struct { unsigned events; double most; } steps[] = { { 2, 400 }, { 8, 720 }, { 20, 1320 } };
	for (unsigned i = 0; i < 3; i++) {
		double taken, told;
		measure(5000, steps[i].events, 6 * HOUR, &taken, &told);
		assert_true(told <= steps[i].most);
#ifndef __SANITIZE_ADDRESS__ /* its malloc has sizes of its own */
		assert_true(taken < told * 1.1 && told < taken * 1.1);
#endif
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_customer_is_small_and_knows_its_size) };
	if (argc > 1) {
		print((unsigned)strtoul(argv[1], NULL, 10));
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
