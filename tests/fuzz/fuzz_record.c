/* tests/fuzz/fuzz_record.c: bytes as a record. What is accepted must encode to the same bytes, answer questions without
 * harm, and still be a record after joining with itself and with an empty one. */
#include "base/check.h"
#include "state/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct record *r)
{
	static struct zone *utc;
	const struct window_spec spec = { .keeping = WINDOW_EXACT, .keep_ms = INT64_MAX };
	struct window_sums sums;
	double mean;
	unsigned count;
	if (!utc)
		utc = zone_create_utc();
	for (unsigned i = 0; i < r->window_count; i++) {
		const struct window *w = &record_windows(r)[i];
		int64_t newest_ms = window_newest_ms(w);
		window_sum(w, &spec, INT64_MIN, INT64_MAX, NULL, &sums);
		window_sum(w, &spec, newest_ms - 1000, newest_ms, NULL, &sums);
		window_run(w, 0, 10, newest_ms, NULL);
		window_distinct(w, INT64_MIN, newest_ms, NULL);
		window_daily_mean(w, &spec, utc, newest_ms, 28, true, 1, true, &mean);
	}
	for (unsigned i = 0; i < r->rare->alert_count; i++)
		alert_is_open(&r->rare->alerts[i], r->newest_ms);
	links_at(r, r->newest_ms, &count);
	timers_next_fire(r);
	seen_ask(r, 1, 2, r->newest_ms);
	record_bytes(r);
	record_is_empty(r);
}

static void require_sound(const struct record *r, struct strpool *pool)
{
	struct bytes a = { 0 }, b = { 0 };
	struct record *copy;
	record_encode(r, &a);
	CHECK(record_decode(&copy, pool, bytes_slice(&a)) == 0);
	record_encode(copy, &b);
	CHECK(slice_equal(bytes_slice(&a), bytes_slice(&b)));
	struct hash128 one = record_digest(r), two = record_digest(copy);
	CHECK(one.low == two.low && one.high == two.high);
	record_destroy(copy, pool);
	bytes_finish(&a);
	bytes_finish(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct strpool *pool = strpool_create();
	struct record *r, *again;
	struct bytes out = { 0 };
	if (record_decode(&r, pool, in) == 0) {
		record_encode(r, &out);
		CHECK(slice_equal(bytes_slice(&out), in));
		ask(r);
		CHECK(record_decode(&again, pool, in) == 0);
		record_merge(again, pool, r);
		require_sound(again, pool);
		struct record *empty = record_create(&r->subject);
		record_merge(empty, pool, r);
		require_sound(empty, pool);
		record_destroy(empty, pool);
		record_destroy(again, pool);
		record_destroy(r, pool);
	}
	CHECK(strpool_count(pool) == 0); /* every reference was given back, also on refusal */
	bytes_finish(&out);
	strpool_destroy(pool);
	return 0;
}
