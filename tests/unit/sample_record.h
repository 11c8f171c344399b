/* tests/unit/sample_record.h: a record with something in every part, for tests. */
#ifndef NUDGED_TESTS_SAMPLE_RECORD_H
#define NUDGED_TESTS_SAMPLE_RECORD_H

#include "state/record.h"

#include <stdio.h>

#define SAMPLE_MS 935280000000LL /* 22 August 1999 */

static inline void sample_windows(struct record *r, struct strpool *pool, const struct zone *z, int events)
{
	const struct window_spec specs[] = {
		{ WINDOW_EXACT, 0, 7 * 86400000LL, false }, { WINDOW_EXACT, 0, 7 * 86400000LL, true },
		{ WINDOW_GRAIN, 300000, 86400000LL, true }, { WINDOW_DAY, 0, 28 * 86400000LL, false },
	};
	for (int i = 0; i < events; i++) {
		for (unsigned k = 0; k < 4; k++) {
			char key[16];
			snprintf(key, sizeof(key), "bill\x1f%d", i % 3);
			struct slice by = k ? slice_of(key) : SLICE("");
			struct window *w = record_window(r, pool, 100 - k, (uint8_t)(i % 2), by, &specs[k]);
			window_add(w, &specs[k], z, SAMPLE_MS + i * 60000LL, i * 0.5, NULL);
		}
	}
}

static inline struct record *sample_record(struct strpool *pool, const char *id, uint64_t seq, int events)
{
	struct subject subject = subject_of(SUBJECT_CUSTOMER, slice_of(id));
	struct record *r = record_create(&subject);
	struct zone *z = zone_create_utc();
	struct open_case *c;
	const struct event_attr attrs[] = {
		{ SLICE("topic"), value_string(SLICE("bill")) }, { SLICE("mood"), value_number(-0.5) },
		{ SLICE("urgent"), value_bool(true) },
	};
	const struct slice fields[] = { SLICE("mood"), SLICE("absent"), SLICE("topic"), SLICE("urgent") };
	struct event e = { .type = SLICE("contact.ended"), .channel = SLICE("call"), .agent = SLICE("lan"),
			   .contact = SLICE("c-1"), .attrs = attrs, .attr_count = 3 };
	r->seq = seq;
	r->newest_ms = SAMPLE_MS + events * 60000LL;
	for (int i = 0; i < 3; i++)
		record_late(r);
	record_member(r, pool, SLICE("0901"), true, SAMPLE_MS);
	record_member(r, pool, SLICE("0902"), true, 0);
	record_set(r, pool, 0, SLICE("tenure"), value_number(12.5), SAMPLE_MS);
	record_set(r, pool, 0, SLICE("language"), value_string(SLICE("vi")), SAMPLE_MS + 1);
	record_set(r, pool, 1, SLICE("plan"), value_string(SLICE("")), SAMPLE_MS);
	record_set(r, pool, 2, SLICE("child"), value_bool(true), SAMPLE_MS);
	sample_windows(r, pool, z, events);
	for (int i = 0; i < 3; i++) {
		e.time_ms = SAMPLE_MS + i * 1000;
		timeline_add(r, pool, &e, (uint8_t)(i % 3), fields, 4, 8);
		seen_add(r, 1000 + (uint64_t)i + seq, 7, e.time_ms);
	}
	cases_open(r, pool, 5, 1, SLICE("promise-1"), SLICE("lan"), SAMPLE_MS, SAMPLE_MS + 86400000, &c);
	cases_open(r, pool, 6, 0, SLICE(""), SLICE(""), SAMPLE_MS + 5, 0, &c);
	cases_close(c, SAMPLE_MS + 9);
	timers_add(r, pool, SAMPLE_MS + 86400000, SAMPLE_MS + 90000000 + (int64_t)seq, 5, 1, SLICE("promise-1"));
	struct alert alert = { .seq = seq, .index = 1, .member = 1, .time_ms = SAMPLE_MS,
			       .expires_ms = SAMPLE_MS + 3600000 };
	alerts_add(r, pool, &alert, SLICE("message-abuse"), SLICE("high"), SLICE("care"), SLICE("140 texts today"));
	struct outcome outcome = { .decision_boot = 9, .decision_count = seq, .kind = OUTCOME_OFFERED,
				   .time_ms = SAMPLE_MS };
	outcomes_add(r, pool, &outcome, SLICE("family-plan"), SLICE("call"), SLICE("lan"));
	marks_set(r, 77, 1, SAMPLE_MS);
	links_add(r, pool, SLICE("+84901"), SLICE("0901"), SAMPLE_MS);
	zone_destroy(z);
	return r;
}

#endif
