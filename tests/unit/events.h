/* tests/unit/events.h: events in a line of text, lengths of time, and what tests of values assert. */
#ifndef TESTS_EVENTS_H
#define TESTS_EVENTS_H

#include "base/hash.h"
#include "base/limits.h"
#include "state/event.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define T0 (1700000000000LL / DAY * DAY) /* a midnight, UTC */

/* "agent=anna mood=-0.5 vip=true": fields by their names, everything else an attribute. The text must live as long as
 * the event. */
struct world_event {
	struct event e;
	struct event_attr attrs[LIMIT_ATTRIBUTES];
	char id[24];
};

static inline bool world_field(struct event *e, struct slice name, struct slice v)
{
	static const char *const names[] = { "agent", "member", "channel", "contact", "id", "source" };
	struct slice *const fields[] = { &e->agent, &e->member, &e->channel, &e->contact, &e->id, &e->source };
	for (unsigned i = 0; i < 6; i++)
		if (slice_equal(name, slice_of(names[i]))) {
			*fields[i] = v;
			return true;
		}
	return false;
}

static inline struct value world_value(struct slice v)
{
	char *end;
	double n = strtod(v.data, &end);
	if (end == v.data + v.len && v.data[0] != '+') /* a phone number is no number */
		return value_number(n);
	if (slice_equal(v, SLICE("true")) || slice_equal(v, SLICE("false")))
		return value_bool(v.data[0] == 't');
	return value_string(v);
}

static inline void world_event_make(struct world_event *we, uint64_t number, const char *customer, const char *type,
				    int64_t time_ms, const char *spec)
{
	memset(we, 0, sizeof(*we));
	snprintf(we->id, sizeof(we->id), "e%llu", (unsigned long long)number);
	we->e.id = slice_of(we->id);
	we->e.source = SLICE("test");
	we->e.customer = slice_of(customer);
	we->e.type = slice_of(type);
	we->e.time_ms = time_ms;
	we->e.attrs = we->attrs;
	while (spec && *spec) {
		const char *eq = strchr(spec, '='), *end = strchrnul(spec, ' ');
		struct slice name = { spec, (size_t)(eq - spec) }, v = { eq + 1, (size_t)(end - eq) - 1 };
		if (!world_field(&we->e, name, v))
			we->attrs[we->e.attr_count++] = (struct event_attr){ name, world_value(v) };
		spec = *end ? end + 1 : end;
	}
	we->e.id_hash = hash64(we->e.id, 1);
	we->e.content_hash = hash64(we->e.type, 2);
}

#define assert_slice(s, text) \
	do { \
		char got_[4096]; \
		struct slice s_ = (s); \
		snprintf(got_, sizeof(got_), "%.*s", SLICE_ARG(s_)); \
		assert_string_equal(got_, text); \
	} while (0)
#define assert_number(v, n) \
	do { \
		struct value v_ = (v); \
		assert_int_equal(v_.kind, VALUE_NUMBER); \
		assert_true(v_.number > (n) - 1e-9 && v_.number < (n) + 1e-9); \
	} while (0)
#define assert_unknown(v) assert_int_equal((v).kind, VALUE_UNKNOWN)
#define assert_truth(v, b) \
	do { \
		struct value v_ = (v); \
		assert_int_equal(v_.kind, VALUE_BOOL); \
		assert_int_equal(v_.boolean, b); \
	} while (0)

#endif
