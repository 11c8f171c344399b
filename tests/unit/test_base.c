/* tests/unit/test_base.c: the bottom layer: memory, bytes, errors, strings, numbers, queues. */
#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "base/queue.h"
#include "base/strpool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <cmocka.h>

static void arena_gives_aligned_memory_and_keeps_its_budget(void **state)
{
	struct arena a;
	arena_init(&a, 0);
	for (size_t size = 0; size < 3000; size += 7) {
		char *p = arena_alloc(&a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 0xab, size);
	}
	assert_true(arena_alloc(&a, 3u << 20) != NULL);
	arena_reset(&a);
	assert_int_equal(a.used, 0);
	char *zero = arena_calloc(&a, 100, 10);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(zero[i], 0);
	struct slice copy = arena_slice(&a, SLICE("abc"));
	assert_string_equal(copy.data, "abc");
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x").data, "7-x");
	arena_finish(&a);

	arena_init(&a, 1000);
	assert_non_null(arena_alloc(&a, 500));
	assert_null(arena_alloc(&a, 600));
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_calloc(&a, SIZE_MAX / 2, 3));
	assert_non_null(arena_alloc(&a, 400));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 900));
	arena_finish(&a);
}

static void bytes_come_back_as_written(void **state)
{
	struct bytes b = { 0 };
	const uint64_t varints[] = { 0, 1, 127, 128, 300, UINT32_MAX, (uint64_t)1 << 63, UINT64_MAX };
	const int64_t zigzags[] = { 0, -1, 1, INT64_MIN, INT64_MAX, -300 };
	bytes_put_u8(&b, 200);
	bytes_put_u16(&b, 0x1234);
	bytes_put_u32(&b, 0x12345678);
	bytes_put_u64(&b, 0x123456789abcdef0);
	bytes_put_f64(&b, -0.0);
	for (size_t i = 0; i < sizeof(varints) / sizeof(*varints); i++)
		bytes_put_varint(&b, varints[i]);
	for (size_t i = 0; i < sizeof(zigzags) / sizeof(*zigzags); i++)
		bytes_put_zigzag(&b, zigzags[i]);
	bytes_put_string(&b, SLICE("hello"));
	bytes_put_string(&b, (struct slice){ NULL, 0 });
	bytes_printf(&b, "%05d", 42);
	assert_int_equal((uint8_t)b.data[1], 0x34); /* little-endian */

	struct reader r = reader_of(bytes_slice(&b));
	assert_int_equal(reader_u8(&r), 200);
	assert_int_equal(reader_u16(&r), 0x1234);
	assert_int_equal(reader_u32(&r), 0x12345678);
	assert_true(reader_u64(&r) == 0x123456789abcdef0);
	assert_true(signbit(reader_f64(&r)));
	for (size_t i = 0; i < sizeof(varints) / sizeof(*varints); i++)
		assert_true(reader_varint(&r) == varints[i]);
	for (size_t i = 0; i < sizeof(zigzags) / sizeof(*zigzags); i++)
		assert_true(reader_zigzag(&r) == zigzags[i]);
	assert_true(slice_equal(reader_string(&r), SLICE("hello")));
	assert_int_equal(reader_string(&r).len, 0);
	assert_true(slice_equal(reader_take(&r, 5), SLICE("00042")));
	assert_false(r.bad);
	assert_int_equal(reader_left(&r), 0);
	bytes_finish(&b);
}

static void a_reader_turns_bad_and_stays_bad(void **state)
{
	struct reader r = reader_of(SLICE("\x05hell"));
	assert_int_equal(reader_string(&r).len, 0);
	assert_true(r.bad);
	assert_int_equal(reader_u8(&r), 0);
	r = reader_of(SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
	assert_true(reader_varint(&r) == 0 && r.bad);
	r = reader_of(SLICE("\x80"));
	assert_true(reader_varint(&r) == 0 && r.bad);
	r = reader_of(SLICE("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	assert_true(reader_string(&r).len == 0 && r.bad);
	r = reader_of((struct slice){ NULL, 0 });
	assert_true(reader_u64(&r) == 0 && r.bad);
}

static void errors_keep_code_field_and_text(void **state)
{
	assert_int_equal(error_set(ERR_LIMIT, "id", "at most %d bytes", 64), ERR_LIMIT);
	assert_string_equal(error_last()->field, "id");
	assert_int_equal(error_prefix("row %d", 3), ERR_LIMIT);
	assert_string_equal(error_last()->text, "row 3: at most 64 bytes");
	assert_int_equal(error_set(ERR_BUSY, error_last()->field, "again: %s", error_last()->text), ERR_BUSY);
	assert_string_equal(error_last()->text, "again: row 3: at most 64 bytes");
	for (int i = 0; i < 100; i++)
		error_prefix("a rather long prefix");
	assert_int_equal(strlen(error_last()->text), sizeof(error_last()->text) - 1);
	errno = ENOENT;
	assert_int_equal(error_errno("open %s", "x"), ERR_IO);
	assert_string_equal(error_last()->text, "open x: No such file or directory");
	for (int code = 0; code >= ERR_DENIED; code--)
		assert_string_not_equal(error_name(code), "unknown");
	assert_string_equal(error_name(ERR_STORAGE), "storage");
}

static void strings_are_held_once_and_go_with_their_last_reference(void **state)
{
	struct strpool *pool = strpool_create();
	struct str *held[2000];
	char text[32];
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "string %d", i);
		held[i] = strpool_take(pool, slice_of(text));
	}
	for (int i = 0; i < 2000; i += 2)
		strpool_drop(pool, held[i]);
	assert_int_equal(strpool_count(pool), 1000);
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "string %d", i);
		assert_ptr_equal(strpool_find(pool, slice_of(text)), i % 2 ? held[i] : NULL);
	}
	struct str *again = strpool_take(pool, SLICE("string 1"));
	assert_ptr_equal(again, held[1]);
	strpool_drop(pool, again);
	assert_non_null(strpool_find(pool, SLICE("string 1")));
	strpool_drop(pool, strpool_take(pool, (struct slice){ "", 0 }));
	strpool_drop(pool, NULL);
	assert_null(str_ref(NULL));
	strpool_destroy(pool);
}

/* Every length, and every byte of it: short strings are compared as words. */
static void strings_that_differ_in_a_byte_or_in_length_are_two(void **state)
{
	struct strpool *pool = strpool_create();
	const struct str *held[40][41];
	char text[40];
	for (size_t len = 0; len < 40; len++) {
		for (size_t at = 0; at <= len; at++) { /* at == len: none differs */
			memset(text, 'a', sizeof(text));
			text[at] = at < len ? 'b' : 'a';
			held[len][at] = strpool_take(pool, (struct slice){ text, len });
			assert_true(slice_equal(str_slice(held[len][at]), (struct slice){ text, len }));
		}
	}
	assert_int_equal(strpool_count(pool), 40 * 41 / 2);
	for (size_t len = 0; len < 40; len++) {
		for (size_t at = 0; at <= len; at++) {
			memset(text, 'a', sizeof(text));
			text[at] = at < len ? 'b' : 'a';
			assert_ptr_equal(strpool_find(pool, (struct slice){ text, len }), held[len][at]);
		}
	}
	strpool_destroy(pool);
}

static void percentiles_are_right_within_a_bucket(void **state)
{
	static struct histogram h, all;
	assert_int_equal(histogram_percentile(&h, 50), 0);
	for (uint64_t v = 1; v <= 100000; v++)
		histogram_add(&h, v);
	for (int p = 1; p <= 100; p++) {
		double exact = p * 1000.0, found = (double)histogram_percentile(&h, p);
		assert_true(found >= exact && found <= exact * 1.125 + 1);
	}
	histogram_add(&all, UINT64_MAX);
	histogram_add(&all, 0);
	histogram_merge(&all, &h);
	assert_int_equal(counter_get(&all.count), 100002);
	assert_true(histogram_percentile(&all, 100) == UINT64_MAX);
	histogram_subtract(&all, &h);
	assert_int_equal(counter_get(&all.count), 2);
	assert_int_equal(histogram_percentile(&all, 50), 0);
}

static void hashes_are_pinned(void **state)
{
	/* on disk: a library that hashes otherwise must not go unnoticed */
	char hex[33];
	hash128_hex(hash128(SLICE("nudged")), hex);
	assert_string_equal(hex, "2e42ad06c8fe9d516101e89f4965df81");
	assert_true(hash64(SLICE("nudged"), 1) == 0x798ce71b7ce298f4ull);
	assert_true(hash64(SLICE("nudged"), 2) != hash64(SLICE("nudged"), 1));
}

#define SENDERS 4
#define SENT 50000

static void *send_numbers(void *arg)
{
	void **args = arg;
	for (uintptr_t i = 1; i <= SENT; i++)
		while (!queue_push(args[0], (void *)((uintptr_t)args[1] << 32 | i)))
			sched_yield();
	return NULL;
}

static void a_queue_loses_nothing_and_wakes_its_receiver(void **state)
{
	struct queue *q;
	assert_int_equal(queue_create(&q, 100), ERR_OK);
	pthread_t threads[SENDERS];
	void *args[SENDERS][2];
	uintptr_t next[SENDERS];
	for (uintptr_t i = 0; i < SENDERS; i++) {
		args[i][0] = q;
		args[i][1] = (void *)i;
		next[i] = 1;
		assert_int_equal(pthread_create(&threads[i], NULL, send_numbers, args[i]), 0);
	}
	for (size_t got = 0; got < (size_t)SENDERS * SENT;) {
		void *items[7];
		struct pollfd p = { .fd = queue_fd(q), .events = POLLIN };
		assert_int_equal(poll(&p, 1, 10000), 1);
		queue_clear_fd(q);
		size_t n = queue_pop_all(q, items, 7);
		for (size_t i = 0; i < n; i++) {
			uintptr_t from = (uintptr_t)items[i] >> 32;
			assert_int_equal((uintptr_t)items[i] & UINT32_MAX, next[from]++);
		}
		got += n;
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 128; i++)
		assert_true(queue_push(q, q));
	assert_false(queue_push(q, q)); /* 100 rounded up to a power of two */
	queue_destroy(q);
	queue_destroy(NULL);
}

static bool readable(const struct queue *q)
{
	struct pollfd p = { .fd = queue_fd(q), .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

static void a_receiver_that_is_awake_is_not_told(void **state)
{
	struct queue *q;
	void *items[4];
	assert_int_equal(queue_create(&q, 8), ERR_OK);
	queue_awake(q);
	assert_true(queue_push(q, q));
	assert_false(readable(q)); /* no system call for it */
	assert_false(queue_rest(q)); /* it may not wait: there is something */
	assert_int_equal(queue_pop_all(q, items, 4), 1);
	assert_true(queue_rest(q));
	assert_true(queue_push(q, q)); /* now it waits, and is told */
	assert_true(readable(q));
	queue_destroy(q);
}

/* As a loop does it: waits for edges, never reads the fd, sleeps only when there is nothing. */
static void a_receiver_that_waits_for_edges_loses_nothing(void **state)
{
	struct queue *q;
	struct epoll_event edge = { .events = EPOLLIN | EPOLLET };
	pthread_t threads[SENDERS];
	void *args[SENDERS][2];
	assert_int_equal(queue_create(&q, 100), ERR_OK);
	int poller = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(epoll_ctl(poller, EPOLL_CTL_ADD, queue_fd(q), &edge), 0);
	for (uintptr_t i = 0; i < SENDERS; i++) {
		args[i][0] = q;
		args[i][1] = (void *)i;
		assert_int_equal(pthread_create(&threads[i], NULL, send_numbers, args[i]), 0);
	}
	for (size_t got = 0; got < (size_t)SENDERS * SENT;) {
		void *items[7];
		if (queue_rest(q))
			assert_int_equal(epoll_wait(poller, &edge, 1, 10000), 1);
		queue_awake(q);
		got += queue_pop_all(q, items, 7);
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	close(poller);
	queue_destroy(q);
}

static void what_steers_a_terminal_is_written_out(void **state)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "plain, C:\\dir", "plain, C:\\dir" },
		{ "xin ch\xc3\xa0o \xf0\x9f\x99\x82 \xd9\x85", "xin ch\xc3\xa0o \xf0\x9f\x99\x82 \xd9\x85" },
		{ "a\033[31m\a\x7f", "a\\x1B[31m\\x07\\x7F" },
		{ "one\ntwo\r\t", "one\\ntwo\\x0D\\x09" },
		{ "\xff\xc0\xaf\xed\xa0\x80\xe2\x82", "\\xFF\\xC0\\xAF\\xED\\xA0\\x80\\xE2\\x82" },
		{ "\xc2\x9b" "31m", "\\u{009B}31m" },
		{ "\xe2\x80\xa8\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9", "\\u{2028}\\u{202E}\\u{2066}\\u{2069}" },
		{ "", "" },
	};
	char once[100], twice[100];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(printable_copy(once, sizeof(once), cases[i].text), strlen(cases[i].shown));
		assert_string_equal(once, cases[i].shown);
		assert_in_range(strlen(once), 0, PRINTABLE_GROWTH * strlen(cases[i].text));
		printable_copy(twice, sizeof(twice), once);
		assert_string_equal(twice, once);
	}
	assert_int_equal(printable_copy(once, 6, "a\xc3\xa0\xf0\x9f\x99\x82"), 3); /* cut between characters */
	assert_int_equal(printable_copy(once, 6, "ab\033"), 2);
	assert_string_equal(once, "ab");
}

static void errors_are_printable_whoever_words_them(void **state)
{
	error_set(ERR_RULE, "na\nme", "rule \"%s\"", "a\033[31m\n\xff");
	assert_string_equal(error_last()->field, "na\\nme");
	assert_string_equal(error_last()->text, "rule \"a\\x1B[31m\\n\\xFF\"");
	error_prefix("%s", "x\033.lua");
	assert_string_equal(error_last()->text, "x\\x1B.lua: rule \"a\\x1B[31m\\n\\xFF\"");
	errno = ENOENT;
	error_errno("cannot open %s", "a\nb");
	assert_memory_equal(error_last()->text, "cannot open a\\nb: ", 18);
}

static void a_log_message_is_one_line_of_printable_text(void **state)
{
	int ends[2], kept = dup(STDERR_FILENO);
	char line[4096];
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_error("pack %s", "a\033[31m\n2026-01-01T00:00:00.000Z error forged\xff");
	char *longest = must_malloc(5000);
	memset(longest, '\n', 4999);
	longest[4999] = '\0';
	log_error("%s", longest);
	free(longest);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(ends[1]);
	ssize_t n = read(ends[0], line, sizeof(line) - 1);
	close(ends[0]);
	assert_true(n > 0);
	line[n] = '\0';
	char *second = strchr(line, '\n') + 1;
	assert_ptr_equal(strchr(second, '\n'), line + n - 1);
	assert_in_range(strlen(second), 1024, 2048);
	second[-1] = '\0';
	assert_string_equal(strstr(line, "pack "), "pack a\\x1B[31m\\n2026-01-01T00:00:00.000Z error forged\\xFF");
}

static void a_fault_point_strikes_at_its_count(void **state)
{
	assert_false(fault_hit(journal_after_sync));
	setenv("NUDGED_FAULT", "journal_after_sync:3:fail", 1);
	fault_init();
	assert_false(fault_hit(journal_before_sync));
	assert_false(fault_hit(journal_after_sync));
	assert_false(fault_hit(journal_after_sync));
	assert_true(fault_hit(journal_after_sync));
	assert_false(fault_hit(journal_after_sync));
	unsetenv("NUDGED_FAULT");
	fault_init();
	assert_false(fault_any_armed);
	for (int i = 1; i < FAULT_COUNT; i++)
		assert_true(strcmp(fault_name((enum fault_point)(i - 1)), fault_name((enum fault_point)i)) < 0);
}

static void clocks_run(void **state)
{
	uint64_t before = clock_mono_ns();
	assert_true(clock_mono_ns() >= before);
	assert_true(clock_wall_ms() > 1600000000000);
	assert_true(clock_random() != clock_random());
}

static void the_nearest_name_is_what_was_meant(void **state)
{
	const char *const names[] = { "id", "agent", "type", "channel", NULL };
	assert_string_equal(nearest_name("agnet", names), "agent");
	assert_string_equal(nearest_name("tpye", names), "type");
	assert_string_equal(nearest_name("chanel", names), "channel");
	assert_string_equal(nearest_name("channels", names), "channel");
	assert_null(nearest_name("customer", names));
	assert_null(nearest_name("a name of more than thirty bytes is not compared", names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_gives_aligned_memory_and_keeps_its_budget),
		cmocka_unit_test(bytes_come_back_as_written),
		cmocka_unit_test(a_reader_turns_bad_and_stays_bad),
		cmocka_unit_test(errors_keep_code_field_and_text),
		cmocka_unit_test(strings_are_held_once_and_go_with_their_last_reference),
		cmocka_unit_test(strings_that_differ_in_a_byte_or_in_length_are_two),
		cmocka_unit_test(percentiles_are_right_within_a_bucket),
		cmocka_unit_test(hashes_are_pinned),
		cmocka_unit_test(a_queue_loses_nothing_and_wakes_its_receiver),
		cmocka_unit_test(a_receiver_that_is_awake_is_not_told),
		cmocka_unit_test(a_receiver_that_waits_for_edges_loses_nothing),
		cmocka_unit_test(what_steers_a_terminal_is_written_out),
		cmocka_unit_test(errors_are_printable_whoever_words_them),
		cmocka_unit_test(a_log_message_is_one_line_of_printable_text),
		cmocka_unit_test(a_fault_point_strikes_at_its_count),
		cmocka_unit_test(clocks_run),
		cmocka_unit_test(the_nearest_name_is_what_was_meant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
