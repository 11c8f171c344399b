/* One Event: what is taken, what is refused and in which words. Packed by protobuf-c, so that our own encoder proves
 * nothing to itself. */
#include "wire_help.h"

#include "base/hash.h"
#include "state/event.h"
#include "wire/request.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
	struct arena arena;
	struct bytes packed;
	struct event e;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	arena_init(&f->arena, LIMIT_FRAME_BYTES * LIMIT_FRAME_ARENA_FACTOR);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	arena_finish(&f->arena);
	bytes_finish(&f->packed);
	free(f);
	return 0;
}

static Nudge__V1__Event valid(void)
{
	Nudge__V1__Event e = NUDGE__V1__EVENT__INIT;
	e.id = "1";
	e.source = "pbx";
	e.customer = "c-1";
	e.type = "call.ended";
	e.time_ms = NOW_MS - 1000;
	return e;
}

static int decode(struct fixture *f, const Nudge__V1__Event *e)
{
	bytes_clear(&f->packed);
	return event_decode(&f->e, wire_pack(&e->base, &f->packed), &f->arena, NOW_MS);
}

/* With one attribute. */
static int decode_attr(struct fixture *f, Nudge__V1__Attribute *a)
{
	Nudge__V1__Event e = valid();
	e.n_attributes = 1;
	e.attributes = &a;
	return decode(f, &e);
}

static Nudge__V1__Attribute text_attr(const char *name, const char *text)
{
	Nudge__V1__Attribute a = NUDGE__V1__ATTRIBUTE__INIT;
	a.name = (char *)(uintptr_t)name;
	a.value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
	a.text = (char *)(uintptr_t)text;
	return a;
}

static Nudge__V1__Attribute number_attr(const char *name, double number)
{
	Nudge__V1__Attribute a = NUDGE__V1__ATTRIBUTE__INIT;
	a.name = (char *)(uintptr_t)name;
	a.value_case = NUDGE__V1__ATTRIBUTE__VALUE_NUMBER;
	a.number = number;
	return a;
}

static void every_field(void **state)
{
	struct fixture *f = *state;
	Nudge__V1__Event e = valid();
	Nudge__V1__Attribute mood = number_attr("mood", -0.5), topic = text_attr("topic", "bill\n\tZürich ☎"),
			     flag = number_attr("vip", 0);
	flag.value_case = NUDGE__V1__ATTRIBUTE__VALUE_FLAG;
	flag.flag = 1;
	Nudge__V1__Attribute *attrs[] = { &mood, &topic, &flag };
	e.member = "line-2";
	e.agent = "anna";
	e.contact = "k-9";
	e.channel = "call";
	e.attributes = attrs;
	e.n_attributes = 3;
	assert_int_equal(decode(f, &e), ERR_OK);
	assert_slice(f->e.id, "1");
	assert_slice(f->e.source, "pbx");
	assert_slice(f->e.customer, "c-1");
	assert_slice(f->e.alias, "");
	assert_slice(f->e.member, "line-2");
	assert_slice(f->e.agent, "anna");
	assert_slice(f->e.contact, "k-9");
	assert_slice(f->e.type, "call.ended");
	assert_slice(f->e.channel, "call");
	assert_int_equal(f->e.time_ms, NOW_MS - 1000);
	assert_int_equal(f->e.attr_count, 3);
	assert_true(f->e.attrs[0].value.kind == VALUE_NUMBER && f->e.attrs[0].value.number == -0.5);
	assert_slice(f->e.attrs[1].value.string, "bill\n\tZürich ☎");
	assert_true(f->e.attrs[2].value.kind == VALUE_BOOL && f->e.attrs[2].value.boolean);
	assert_int_equal(f->e.id_hash, hash64((struct slice){ "pbx\0001", 5 }, 0));
	assert_int_equal(f->e.content_hash, hash64(bytes_slice(&f->packed), 0));
}

static void our_encoder_agrees(void **state)
{
	struct fixture *f = *state;
	struct bytes ours = { 0 };
	Nudge__V1__Event e = valid();
	Nudge__V1__Attribute a = text_attr("note", ""), b = number_attr("n", 0);
	char *longer = malloc(1001);
	memset(longer, 'x', 1000);
	longer[1000] = '\0';
	Nudge__V1__Attribute c = text_attr("long", longer);
	Nudge__V1__Attribute *attrs[] = { &a, &b, &c };
	e.attributes = attrs;
	e.n_attributes = 3;
	assert_int_equal(decode(f, &e), ERR_OK);
	event_encode(&f->e, &ours);
	assert_int_equal(ours.len, f->packed.len);
	assert_memory_equal(ours.data, f->packed.data, ours.len);
	bytes_finish(&ours);
	free(longer);
}

static void any_order_last_wins_unknown_skipped(void **state)
{
	struct fixture *f = *state;
	struct bytes b = { 0 };
	/* unknown 99 (bytes), unknown 98 (fixed32), type, source twice, customer, id; attribute: text, number */
	bytes_put(&b, "\x9a\x06\x03zzz", 6);
	bytes_put(&b, "\x95\x06" "abcd", 6);
	bytes_put(&b, "\x42\x01t\x12\x01" "a\x12\x01" "b\x1a\x01" "c\x0a\x01i", 15);
	bytes_put(&b, "\x5a\x0f\x12\x01x\x19\0\0\0\0\0\0\xf0\x3f\x0a\x01n", 17);
	assert_int_equal(event_decode(&f->e, bytes_slice(&b), &f->arena, NOW_MS), ERR_OK);
	assert_slice(f->e.source, "b");
	assert_int_equal(f->e.attr_count, 1);
	assert_slice(f->e.attrs[0].name, "n");
	assert_true(f->e.attrs[0].value.kind == VALUE_NUMBER && f->e.attrs[0].value.number == 1.0);
	assert_int_equal(f->e.time_ms, NOW_MS);
	bytes_finish(&b);
}

static void required_fields(void **state)
{
	struct fixture *f = *state;
	Nudge__V1__Event e = valid();
	e.id = "";
	assert_refused(decode(f, &e), ERR_INVALID, "id", "missing");
	e = valid();
	e.source = "";
	assert_refused(decode(f, &e), ERR_INVALID, "source", "missing");
	e = valid();
	e.type = "";
	assert_refused(decode(f, &e), ERR_INVALID, "type", "missing");
	e = valid();
	e.customer = "";
	assert_refused(decode(f, &e), ERR_INVALID, "customer", "exactly one");
	e = valid();
	e.alias = "+4912345678";
	assert_refused(decode(f, &e), ERR_INVALID, "alias", "exactly one");
	assert_refused(event_decode(&f->e, SLICE(""), &f->arena, NOW_MS), ERR_INVALID, "id", "missing");
}

static void text_is_judged(void **state)
{
	struct fixture *f = *state;
	static const char *const broken[] = {
		"\xff", "a\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "12345678\xe2\x82", "\x80"
	};
	static const char *const control[] = { "a\nb", "12345678\x01", "\x7f", "\xc2\x85", "a\tb", "\x1f" };
	Nudge__V1__Event e = valid();
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		e.member = (char *)(uintptr_t)broken[i];
		assert_refused(decode(f, &e), ERR_INVALID, "member", "UTF-8");
	}
	for (size_t i = 0; i < sizeof(control) / sizeof(control[0]); i++) {
		e.member = (char *)(uintptr_t)control[i];
		assert_refused(decode(f, &e), ERR_INVALID, "member", "control character");
	}
	struct slice nul = { "\x0a\x03" "a\0b\x12\x01s\x1a\x01" "c\x42\x01t", 14 };
	assert_refused(event_decode(&f->e, nul, &f->arena, NOW_MS), ERR_INVALID, "id", "control character");
	Nudge__V1__Attribute a = text_attr("note", "\x1b[2J");
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0].text", "control character");
	a = text_attr("a\nb", "x");
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0].name", "control character");
}

static void limits_are_named(void **state)
{
	struct fixture *f = *state;
	char longer[LIMIT_ATTRIBUTE_TEXT_BYTES + 2];
	memset(longer, 'x', sizeof(longer));
	longer[LIMIT_ID_BYTES + 1] = '\0';
	Nudge__V1__Event e = valid();
	e.agent = longer;
	assert_refused(decode(f, &e), ERR_LIMIT, "agent", "limit_id_bytes (64)");
	longer[LIMIT_ID_BYTES] = '\0';
	assert_int_equal(decode(f, &e), ERR_OK);
	Nudge__V1__Attribute a = text_attr("area", "");
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0].text", "empty");
	longer[LIMIT_ID_BYTES] = 'x';
	a.text = longer;
	assert_refused(decode_attr(f, &a), ERR_LIMIT, "attributes[0].text", "limit_id_bytes");
	longer[LIMIT_ID_BYTES + 1] = 'x';
	longer[LIMIT_ATTRIBUTE_TEXT_BYTES + 1] = '\0';
	a = text_attr("note", longer);
	assert_refused(decode_attr(f, &a), ERR_LIMIT, "attributes[0].text", "limit_attribute_text_bytes (1024)");
	Nudge__V1__Attribute many[LIMIT_ATTRIBUTES + 1], *attrs[LIMIT_ATTRIBUTES + 1];
	char names[LIMIT_ATTRIBUTES + 1][8];
	for (unsigned i = 0; i <= LIMIT_ATTRIBUTES; i++) {
		snprintf(names[i], sizeof(names[i]), "a%u", i);
		many[i] = number_attr(names[i], i);
		attrs[i] = &many[i];
	}
	e = valid();
	e.attributes = attrs;
	e.n_attributes = LIMIT_ATTRIBUTES + 1;
	assert_refused(decode(f, &e), ERR_LIMIT, "attributes", "limit_attributes");
	e.n_attributes = LIMIT_ATTRIBUTES;
	assert_int_equal(decode(f, &e), ERR_OK);
	strcpy(names[5], "a2");
	assert_refused(decode(f, &e), ERR_INVALID, "attributes[5].name", "attributes[2]");
	struct bytes big = { 0 };
	memset(bytes_grow(&big, LIMIT_EVENT_BYTES + 1), 0, LIMIT_EVENT_BYTES + 1);
	assert_refused(event_decode(&f->e, bytes_slice(&big), &f->arena, NOW_MS), ERR_LIMIT, "", "limit_event_bytes");
	bytes_finish(&big);
}

static void meanings(void **state)
{
	struct fixture *f = *state;
	Nudge__V1__Attribute a = number_attr("mood", 1.5);
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes.mood", "attributes.mood is 1.5");
	a = text_attr("mood", "bad");
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes.mood", "must be a number");
	a = number_attr("n", NAN);
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0].number", "finite");
	a = number_attr("n", INFINITY);
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0].number", "finite");
	a = number_attr("topic", 3);
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0].text", "topic must be text");
	a = text_attr("", "x");
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0].name", "missing");
	a = text_attr("x", "x");
	a.value_case = NUDGE__V1__ATTRIBUTE__VALUE__NOT_SET;
	assert_refused(decode_attr(f, &a), ERR_INVALID, "attributes[0]", "no value");
}

static void types(void **state)
{
	struct fixture *f = *state;
	Nudge__V1__Event e = valid();
	e.type = "case.complaint.opened";
	assert_refused(decode(f, &e), ERR_INVALID, "type", "made by the engine");
	e.type = "outcome.shown";
	assert_refused(decode(f, &e), ERR_INVALID, "type", "made by the engine");
	e.type = "casework";
	assert_int_equal(decode(f, &e), ERR_OK);
	e.type = "alias.added";
	assert_refused(decode(f, &e), ERR_INVALID, "attributes", "needs the attribute alias");
	e.type = "identity.merged";
	assert_refused(decode(f, &e), ERR_INVALID, "attributes", "needs the attribute into");
	e.type = "member.joined";
	assert_refused(decode(f, &e), ERR_INVALID, "member",
		       "`member.joined` is the engine's: a line or person within a customer; name it in member, or use "
		       "another type");
}

static void times(void **state)
{
	struct fixture *f = *state;
	Nudge__V1__Event e = valid();
	e.time_ms = -1;
	assert_refused(decode(f, &e), ERR_INVALID, "time_ms", "before 1970");
	e.time_ms = NOW_MS + LIMIT_SKEW_MS;
	assert_int_equal(decode(f, &e), ERR_OK);
	e.time_ms++;
	assert_refused(decode(f, &e), ERR_LIMIT, "time_ms", "limit_skew_ms");
	assert_int_equal(event_decode(&f->e, bytes_slice(&f->packed), &f->arena, -1), ERR_OK);
	e.time_ms = 2077000000000; /* NOW_MS is in 2026 */
	assert_refused(decode(f, &e), ERR_LIMIT, "time_ms", "years in the future (2035-10-26T");
	e.time_ms = INT64_MAX;
	assert_refused(decode(f, &e), ERR_LIMIT, "time_ms", "limit_skew_ms");
	e.time_ms = 0;
	assert_int_equal(decode(f, &e), ERR_OK);
	assert_int_equal(f->e.time_ms, NOW_MS);
	assert_int_equal(event_decode(&f->e, bytes_slice(&f->packed), &f->arena, -1), ERR_OK);
	assert_int_equal(f->e.time_ms, 0);
}

/* An alias is compared in one form; a profile's attribute of that name is only text. */
static void aliases_are_said_in_one_form(void **state)
{
	struct fixture *f = *state;
	Nudge__V1__Attribute a = NUDGE__V1__ATTRIBUTE__INIT, *attrs[] = { &a };
	Nudge__V1__Event e = valid();
	a.name = "alias";
	a.value_case = NUDGE__V1__ATTRIBUTE__VALUE_TEXT;
	a.text = "0084 (901) 000-003";
	e.n_attributes = 1;
	e.attributes = attrs;
	e.type = "alias.added";
	assert_int_equal(decode(f, &e), ERR_OK);
	assert_true(slice_equal(event_attr(&f->e, SLICE("alias"))->value.string, SLICE("+84901000003")));
	e.type = "profile.updated";
	assert_int_equal(decode(f, &e), ERR_OK);
	assert_true(slice_equal(event_attr(&f->e, SLICE("alias"))->value.string, SLICE("0084 (901) 000-003")));
	e.type = "alias.removed";
	a.text = " -.- ";
	assert_int_equal(decode(f, &e), ERR_INVALID);
}

static void wrong_wire_types(void **state)
{
	struct fixture *f = *state;
	assert_refused(event_decode(&f->e, SLICE("\x08\x01"), &f->arena, NOW_MS), ERR_INVALID, "id", "wire type 0");
	assert_refused(event_decode(&f->e,
				    SLICE("\x52\x01"
					  "a"),
				    &f->arena, NOW_MS),
		       ERR_INVALID, "time_ms", "wire type 2");
	assert_refused(event_decode(&f->e, SLICE("\x5a\x02\x18\x01"), &f->arena, NOW_MS), ERR_INVALID,
		       "attributes[0].number", "wire type");
	static const char *const malformed[] = { "\x0b",
						 "\x0c",
						 "\x0e",
						 "\x0f",
						 "\x0a",
						 "\x0a\x05"
						 "ab",
						 "\x80",
						 "\x50\xff",
						 "\x50\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
						 "\x59zz",
						 "\xff\xff\xff\xff\xff\xff",
						 "\x0a\xff\xff\xff\xff\x0f",
						 "\x02\x01z",
						 "\x82\x80\x80\x80\x80\x01z" };
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		assert_refused(event_decode(&f->e, slice_of(malformed[i]), &f->arena, NOW_MS), ERR_INVALID, "",
			       "not a valid protobuf message");
	assert_refused(event_decode(&f->e, SLICE("\x5a\x01\x0a"), &f->arena, NOW_MS), ERR_INVALID, "attributes[0]",
		       "not a valid protobuf message");
}

/* A tag may be spelled longer than it need be: the field is the same. */
static void long_tags(void **state)
{
	static const char attribute[] = "\x8a\x00\x01" "a" "\x92\x80\x00\x02" "vv" "\xba\x00\x01" "x";
	struct fixture *f = *state;
	Nudge__V1__Event e = valid();
	assert_int_equal(decode(f, &e), ERR_OK);
	bytes_put(&f->packed, "\x92\x00\x03" "crm", 6);
	bytes_put(&f->packed, "\xda\x80\x80\x00", 4);
	bytes_put_u8(&f->packed, sizeof(attribute) - 1);
	bytes_put(&f->packed, attribute, sizeof(attribute) - 1);
	bytes_put(&f->packed, "\x82\x01\x01z", 4); /* 16: beyond the table */
	assert_int_equal(event_decode(&f->e, bytes_slice(&f->packed), &f->arena, NOW_MS), ERR_OK);
	assert_slice(f->e.source, "crm");
	assert_int_equal(f->e.attr_count, 1);
	assert_slice(f->e.attrs[0].name, "a");
	assert_slice(f->e.attrs[0].value.string, "vv");
	bytes_put(&f->packed, "\xd2\x00\x01z", 4);
	assert_refused(event_decode(&f->e, bytes_slice(&f->packed), &f->arena, NOW_MS), ERR_INVALID, "time_ms", "wire type 2");
}

/* An attribute of a profile may have a time of its own, or be removed; nobody else's may. */
static void times_of_attributes(void **state)
{
	struct fixture *f = *state;
	struct bytes again = { 0 };
	Nudge__V1__Attribute plan = text_attr("plan", "basic"), city = NUDGE__V1__ATTRIBUTE__INIT, n = number_attr("n", 1);
	Nudge__V1__Attribute *attributes[] = { &plan, &city, &n };
	Nudge__V1__Event e = valid();
	e.type = "profile.updated";
	e.attributes = attributes;
	e.n_attributes = 3;
	plan.time_ms = NOW_MS - 5;
	city.name = "city";
	city.value_case = NUDGE__V1__ATTRIBUTE__VALUE_REMOVED;
	city.removed = true;
	assert_int_equal(decode(f, &e), ERR_OK);
	assert_int_equal(f->e.attr_times[0], NOW_MS - 5);
	assert_true(f->e.attr_times[1] == 0 && f->e.attr_times[2] == 0);
	assert_int_equal(f->e.attrs[1].value.kind, VALUE_UNKNOWN);
	event_encode(&f->e, &again);
	assert_int_equal(again.len, f->packed.len);
	assert_int_equal(event_decode(&f->e, bytes_slice(&again), &f->arena, NOW_MS), ERR_OK);
	assert_int_equal(f->e.attr_times[0], NOW_MS - 5);
	bytes_finish(&again);
	plan.time_ms = NOW_MS + LIMIT_SKEW_MS + 1;
	assert_refused(decode(f, &e), ERR_LIMIT, "attributes[0].time_ms", "in the future");
	plan.time_ms = -1;
	assert_refused(decode(f, &e), ERR_INVALID, "attributes[0].time_ms", "no time");
	plan.time_ms = 0;
	city.removed = false;
	assert_refused(decode(f, &e), ERR_INVALID, "attributes[1]", "has no value");
	city.removed = true;
	e.type = "call.ended";
	assert_refused(decode(f, &e), ERR_INVALID, "attributes", "only profile.updated may");
	e.n_attributes = 1;
	assert_int_equal(decode(f, &e), ERR_OK);
	assert_null(f->e.attr_times);
	plan.time_ms = 1;
	assert_refused(decode(f, &e), ERR_INVALID, "attributes", "only profile.updated may");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_field), T(our_encoder_agrees), T(any_order_last_wins_unknown_skipped), T(required_fields),
		T(text_is_judged), T(limits_are_named), T(meanings), T(types), T(times), T(aliases_are_said_in_one_form), T(wrong_wire_types),
		T(long_tags), T(times_of_attributes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
