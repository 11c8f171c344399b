/* tests/unit/test_span.c: spans, subjects and events: the small words of the state. */
#include "base/error.h"
#include "state/event.h"
#include "state/span.h"
#include "state/subject.h"

#include "tzif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define HOUR 3600000LL
#define DAY (24 * HOUR)

static void assert_span(const char *text, enum span_kind kind, int64_t ms, const char *words)
{
	struct span s;
	char buffer[32];
	assert_int_equal(span_parse(slice_of(text), &s), ERR_OK);
	assert_int_equal(s.kind, kind);
	assert_int_equal(s.ms, ms);
	assert_true(slice_equal(span_text(s, buffer), slice_of(words)));
}

static void spans_are_read_and_said(void **state)
{
	assert_span("1s", SPAN_EXACT, 1000, "1 second");
	assert_span("90s", SPAN_EXACT, 90000, "90 seconds");
	assert_span("5m", SPAN_EXACT, 300000, "5 minutes");
	assert_span("24h", SPAN_EXACT, DAY, "24 hours");
	assert_span("7d", SPAN_EXACT, 7 * DAY, "7 days");
	assert_span("2w", SPAN_EXACT, 14 * DAY, "14 days");
	assert_span("36h", SPAN_EXACT, 36 * HOUR, "36 hours");
	assert_span("36525d", SPAN_EXACT, 36525 * DAY, "36525 days");
	assert_span("today", SPAN_TODAY, 0, "today");
	assert_span("day", SPAN_TODAY, 0, "today");
	assert_span("month", SPAN_MONTH, 0, "this month");
	assert_span("ever", SPAN_EVER, 0, "ever");
}

static void what_is_no_span_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "d", "7", "0d", "-1d", "+1d", "1.5h", "7 d", "d7", "7D", "36526d", "99999999999s",
		"9999999999999999999d", "yesterday", "TODAY",
	};
	struct span s;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(span_parse(slice_of(bad[i]), &s), ERR_INVALID);
}

static void spans_start_where_they_should(void **state)
{
	struct zone *z = tzif_rule("<+07>-7");
	int64_t now = 935258400000 + 5; /* 22 August 1999, 01:00 in the zone */
	assert_int_equal(span_from((struct span){ SPAN_EXACT, DAY }, z, now), now - DAY);
	assert_int_equal(span_from((struct span){ .kind = SPAN_TODAY }, z, now), 935258400000 - HOUR - 1);
	assert_int_equal(span_from((struct span){ .kind = SPAN_MONTH }, z, now), 935258400000 - HOUR - 21 * DAY - 1);
	assert_int_equal(span_from((struct span){ .kind = SPAN_EVER }, z, now), INT64_MIN);
	assert_int_equal(span_keep_ms((struct span){ SPAN_EXACT, DAY }), DAY);
	assert_int_equal(span_keep_ms((struct span){ .kind = SPAN_TODAY }), 26 * HOUR);
	assert_int_equal(span_keep_ms((struct span){ .kind = SPAN_MONTH }), 31 * DAY + 2 * HOUR);
	assert_true(span_keep_ms((struct span){ .kind = SPAN_EVER }) == INT64_MAX);
	zone_destroy(z);
}

static void subjects_have_keys_that_lead_back(void **state)
{
	char id[LIMIT_ALIAS_BYTES];
	memset(id, 'x', sizeof(id));
	for (unsigned kind = SUBJECT_CUSTOMER; kind <= SUBJECT_MODEL; kind++) {
		size_t longest = kind == SUBJECT_ALIAS ? LIMIT_ALIAS_BYTES : LIMIT_ID_BYTES;
		for (size_t len = 1; len <= longest; len++) {
			struct subject s = subject_of(kind, (struct slice){ id, len }), back;
			struct bytes key = { 0 };
			subject_key(&s, &key);
			assert_int_equal(key.len, len + 2);
			assert_int_equal((uint8_t)key.data[0], subject_slot(&s));
			assert_int_equal(subject_from_key(bytes_slice(&key), &back), ERR_OK);
			assert_true(subject_equal(&s, &back));
			key.data[0]++;
			assert_int_equal(subject_from_key(bytes_slice(&key), &back), ERR_CORRUPT);
			bytes_finish(&key);
		}
	}
	struct subject out;
	assert_int_equal(subject_from_key(SLICE(""), &out), ERR_CORRUPT);
	assert_int_equal(subject_from_key(SLICE("\0\1"), &out), ERR_CORRUPT);
	assert_int_equal(subject_from_key(SLICE("\0\0a"), &out), ERR_CORRUPT);
	assert_int_equal(subject_from_key(SLICE("\0\6a"), &out), ERR_CORRUPT);
	assert_string_equal(subject_kind_name(SUBJECT_AREA), "area");
}

/* On disk: a change of the hash or of the slot's bits would orphan every store. */
static void slots_never_change(void **state)
{
	struct subject customer = subject_of(SUBJECT_CUSTOMER, SLICE("c-1001"));
	struct subject agent = subject_of(SUBJECT_AGENT, SLICE("c-1001"));
	assert_int_equal(subject_slot(&customer), 1);
	assert_int_equal(subject_slot(&agent), 236);
	assert_false(subject_equal(&customer, &agent));
	unsigned used = 0;
	bool seen[HASH_SLOTS] = { false };
	for (int i = 0; i < 4000; i++) {
		char id[16];
		snprintf(id, sizeof(id), "c-%d", i);
		struct subject s = subject_of(SUBJECT_CUSTOMER, slice_of(id));
		used += !seen[subject_slot(&s)];
		seen[subject_slot(&s)] = true;
	}
	assert_int_equal(used, HASH_SLOTS);
	for (unsigned shards = 1; shards <= LIMIT_SHARDS; shards++) {
		assert_int_equal(subject_shard(0, shards), 0);
		assert_int_equal(subject_shard(255, shards), shards - 1);
	}
}

static void attributes_of_an_event_are_found(void **state)
{
	const struct event_attr attrs[] = {
		{ SLICE("mood"), value_number(-1) }, { SLICE("topic"), value_string(SLICE("bill")) },
	};
	struct event e = { .attrs = attrs, .attr_count = 2 };
	assert_ptr_equal(event_attr(&e, SLICE("topic")), &attrs[1]);
	assert_null(event_attr(&e, SLICE("top")));
	assert_null(event_attr(&e, SLICE("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_read_and_said),
		cmocka_unit_test(what_is_no_span_is_refused),
		cmocka_unit_test(spans_start_where_they_should),
		cmocka_unit_test(subjects_have_keys_that_lead_back),
		cmocka_unit_test(slots_never_change),
		cmocka_unit_test(attributes_of_an_event_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
