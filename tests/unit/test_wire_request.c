/* Frames, requests other than events, and aliases. */
#include "wire_help.h"

#include "base/hash.h"
#include "state/record.h"
#include "wire/frame.h"
#include "wire/request.h"
#include "wire/utf8.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static struct bytes packed;
static struct request r;

static int start(void **state)
{
	arena_init(&arena, LIMIT_FRAME_BYTES * LIMIT_FRAME_ARENA_FACTOR);
	return 0;
}

static int stop(void **state)
{
	arena_finish(&arena);
	bytes_finish(&packed);
	return 0;
}

static int decode(Nudge__V1__Request__BodyCase body_case, const void *body)
{
	Nudge__V1__Request q = NUDGE__V1__REQUEST__INIT;
	q.request_id = 7;
	q.body_case = body_case;
	q.hello = (Nudge__V1__Hello *)(uintptr_t)body;
	bytes_clear(&packed);
	arena_reset(&arena);
	return request_decode(&r, wire_pack(&q.base, &packed), &arena);
}
#define DECODE(name, body) decode(NUDGE__V1__REQUEST__BODY_##name, body)

static void frames(void **state)
{
	struct slice body;
	size_t used, need;
	struct bytes b = { 0 };
	frame_put_length(&b, 300);
	assert_int_equal(b.len, 2);
	memset(bytes_grow(&b, 301), 'x', 301);
	for (size_t have = 0; have < 302; have++) {
		need = 0;
		assert_int_equal(frame_next((struct slice){ b.data, have }, &body, &used, &need), FRAME_MORE);
		assert_int_equal(need, have < 2 ? have + 1 : 302);
	}
	assert_int_equal(frame_next(bytes_slice(&b), &body, &used, &need), FRAME_READY);
	assert_int_equal(used, 302);
	assert_int_equal(body.len, 300);
	assert_ptr_equal(body.data, b.data + 2);
	assert_int_equal(frame_next((struct slice){ "\0", 1 }, &body, &used, &need), FRAME_READY);
	assert_int_equal(body.len, 0);
	assert_int_equal(frame_next(SLICE("\xff\xff\xff\xff\xff"), &body, &used, &need), FRAME_BAD);
	assert_int_equal(frame_next(SLICE("\x80\x80\x80\x80"), &body, &used, &need), FRAME_MORE);
	/* refused by its length alone: 1 MiB + 1, and the largest there is */
	assert_int_equal(frame_next(SLICE("\x81\x80\x40"), &body, &used, &need), FRAME_BAD);
	assert_int_equal(error_last()->code, ERR_LIMIT);
	assert_non_null(strstr(error_last()->text, "limit_frame_bytes (1048576)"));
	assert_int_equal(frame_next(SLICE("\xff\xff\xff\xff\x7f"), &body, &used, &need), FRAME_BAD);
	assert_int_equal(frame_next((struct slice){ "\x80\x80\x40", 3 }, &body, &used, &need), FRAME_MORE);
	assert_int_equal(need, LIMIT_FRAME_BYTES + 3);
	bytes_finish(&b);
}

/* Against the definition, over every code point and every pair of bytes. */
static void utf8(void **state)
{
	for (unsigned a = 0; a < 256; a++)
		for (unsigned b = 0; b < 256; b++) {
			char text[16] = { (char)a, (char)b };
			struct slice s = { text, 2 };
			enum utf8_result want = UTF8_OK;
			bool control = a < 0x20 || a == 0x7f || b < 0x20 || b == 0x7f;
			if (a >= 0x80 || b >= 0x80)
				want = a >= 0xc2 && a < 0xe0 && b >= 0x80 && b < 0xc0 ? UTF8_OK : UTF8_BROKEN;
			else if (control)
				want = UTF8_CONTROL;
			if (want == UTF8_OK && a == 0xc2 && b < 0xa0)
				want = UTF8_CONTROL;
			assert_int_equal(utf8_check(s, false), want);
			/* the same at each place of a word of eight */
			for (unsigned k = 0; k < 7; k++) {
				char word[8] = "abcdefgh";
				memcpy(word + k, text, 2);
				assert_int_equal(utf8_check((struct slice){ word, 8 }, false), want);
			}
		}
	/* and of texts of every length up to some words of eight */
	for (unsigned a = 0; a < 256; a++)
		for (size_t len = 1; len < 26; len++)
			for (size_t at = 0; at < len; at++) {
				char text[26] = "abcdefghijklmnopqrstuvwxy";
				text[at] = (char)a;
				assert_int_equal(utf8_plain((struct slice){ text, len }), a >= 0x20 && a < 0x7f);
			}
	assert_int_equal(utf8_check(SLICE("a\n\r\t b"), true), UTF8_OK);
	assert_int_equal(utf8_check(SLICE("a\x0b"), true), UTF8_CONTROL);
	assert_int_equal(utf8_check(SLICE("Thời gian 😀 \xef\xbf\xbf"), false), UTF8_OK);
	assert_int_equal(utf8_check(SLICE("\xe0\x9f\xbf"), false), UTF8_BROKEN);
	assert_int_equal(utf8_check(SLICE("\xf0\x8f\xbf\xbf"), false), UTF8_BROKEN);
	assert_int_equal(utf8_check((struct slice){ NULL, 0 }, false), UTF8_OK);
}

static void envelopes(void **state)
{
	assert_refused(request_decode(&r, SLICE(""), &arena), ERR_INVALID, "request_id", "missing");
	assert_refused(request_decode(&r, SLICE("\x08\x05"), &arena), ERR_INVALID, "", "no body");
	assert_int_equal(r.id, 5);
	assert_refused(request_decode(&r, SLICE("\x52\x00"), &arena), ERR_INVALID, "request_id", "missing");
	/* the body is wrong, the id comes after it and is still known */
	assert_refused(request_decode(&r, SLICE("\x50\x01\x08\x06"), &arena), ERR_INVALID, "get_status", "wire type");
	assert_int_equal(r.id, 6);
	assert_refused(request_decode(&r, (struct slice){ "\x08\x06\x52\x00\x62\x00", 6 }, &arena), ERR_INVALID,
		       "get_rules", "one body");
	assert_refused(request_decode(&r, SLICE("\x08\x06\x52\x05"), &arena), ERR_INVALID, "", "not a valid protobuf");
	assert_int_equal(r.id, 6);
	/* a body of a newer version */
	assert_refused(request_decode(&r, (struct slice){ "\x08\x06\xa2\x06\x00", 5 }, &arena), ERR_INVALID, "",
		       "newer");
	assert_int_equal(request_decode(&r, (struct slice){ "\x52\x00\x08\x09\xa2\x06\x00", 7 }, &arena), ERR_OK);
	assert_int_equal(r.kind, REQUEST_STATUS);
	assert_int_equal(r.id, 9);
}

static void small_ones(void **state)
{
	Nudge__V1__Hello hello = NUDGE__V1__HELLO__INIT;
	hello.version = 1;
	hello.client = "crm/2";
	assert_int_equal(DECODE(HELLO, &hello), ERR_OK);
	assert_int_equal(r.kind, REQUEST_HELLO);
	assert_int_equal(r.id, 7);
	assert_int_equal(r.hello.version, 1);
	assert_slice(r.hello.client, "crm/2");

	Nudge__V1__ReadCustomer read = NUDGE__V1__READ_CUSTOMER__INIT;
	assert_refused(DECODE(READ_CUSTOMER, &read), ERR_INVALID, "customer", "exactly one");
	read.agent = "anna";
	assert_int_equal(DECODE(READ_CUSTOMER, &read), ERR_OK);
	assert_slice(r.read.agent, "anna");
	read.alias = "x";
	assert_refused(DECODE(READ_CUSTOMER, &read), ERR_INVALID, "customer", "exactly one");

	Nudge__V1__ResolveAlias resolve = NUDGE__V1__RESOLVE_ALIAS__INIT;
	assert_refused(DECODE(RESOLVE_ALIAS, &resolve), ERR_INVALID, "alias", "missing");
	resolve.alias = "+49 30 1234567";
	resolve.time_ms = 12;
	assert_int_equal(DECODE(RESOLVE_ALIAS, &resolve), ERR_OK);
	assert_slice(r.resolve.alias, "+49 30 1234567");
	assert_int_equal(r.resolve.time_ms, 12);

	Nudge__V1__Follow follow = NUDGE__V1__FOLLOW__INIT;
	follow.after_seq = UINT64_MAX;
	follow.after_index = UINT32_MAX;
	follow.from_now = 1;
	follow.to = "care";
	assert_int_equal(DECODE(FOLLOW, &follow), ERR_OK);
	assert_true(r.follow.after_seq == UINT64_MAX && r.follow.after_index == UINT32_MAX && r.follow.from_now);
	assert_slice(r.follow.to, "care");

	Nudge__V1__Acknowledge ack = NUDGE__V1__ACKNOWLEDGE__INIT;
	assert_refused(DECODE(ACKNOWLEDGE, &ack), ERR_INVALID, "seq", "missing");
	ack.seq = 3;
	ack.index = 1;
	ack.by = "bob";
	assert_int_equal(DECODE(ACKNOWLEDGE, &ack), ERR_OK);
	assert_true(r.acknowledge.seq == 3 && r.acknowledge.index == 1);
	assert_slice(r.acknowledge.by, "bob");
}

static void more_small_ones(void **state)
{
	Nudge__V1__GetStatus status = NUDGE__V1__GET_STATUS__INIT;
	assert_int_equal(DECODE(GET_STATUS, &status), ERR_OK);
	assert_int_equal(r.kind, REQUEST_STATUS);
	Nudge__V1__GetDigest digest = NUDGE__V1__GET_DIGEST__INIT;
	assert_int_equal(DECODE(GET_DIGEST, &digest), ERR_OK);
	assert_int_equal(r.kind, REQUEST_DIGEST);
	Nudge__V1__GetRules rules = NUDGE__V1__GET_RULES__INIT;
	rules.stats = 1;
	assert_int_equal(DECODE(GET_RULES, &rules), ERR_OK);
	assert_true(r.kind == REQUEST_RULES && r.rules.stats);
	Nudge__V1__ListAlerts list = NUDGE__V1__LIST_ALERTS__INIT;
	list.limit = 10;
	list.after_seq = 4;
	list.after_index = 2;
	list.to = "care";
	assert_int_equal(DECODE(LIST_ALERTS, &list), ERR_OK);
	assert_true(r.kind == REQUEST_LIST_ALERTS && r.list.limit == 10 && r.list.after_seq == 4 &&
		    r.list.after_index == 2);
	Nudge__V1__Unfollow unfollow = NUDGE__V1__UNFOLLOW__INIT;
	assert_refused(DECODE(UNFOLLOW, &unfollow), ERR_INVALID, "follow_id", "missing");
	unfollow.follow_id = 8;
	assert_int_equal(DECODE(UNFOLLOW, &unfollow), ERR_OK);
	assert_true(r.kind == REQUEST_UNFOLLOW && r.unfollow.follow_id == 8);
}

static void explain(void **state)
{
	Nudge__V1__Explain e = NUDGE__V1__EXPLAIN__INIT;
	Nudge__V1__Recommend ask = NUDGE__V1__RECOMMEND__INIT;
	assert_refused(DECODE(EXPLAIN, &e), ERR_INVALID, "ask", "exactly one");
	e.ask = &ask;
	ask.member = "m";
	assert_refused(DECODE(EXPLAIN, &e), ERR_INVALID, "customer", "exactly one");
	ask.customer = "c";
	ask.time_ms = 77;
	e.as_of_seq = 9;
	assert_int_equal(DECODE(EXPLAIN, &e), ERR_OK);
	assert_true(r.kind == REQUEST_EXPLAIN && r.explain.ask.time_ms == 77 && r.explain.as_of_seq == 9);
	assert_true(slice_equal(r.explain.ask.customer, SLICE("c")) && slice_equal(r.explain.ask.member, SLICE("m")));
	e.entry = 4;
	assert_refused(DECODE(EXPLAIN, &e), ERR_INVALID, "ask", "exactly one");
	e.ask = NULL;
	assert_int_equal(DECODE(EXPLAIN, &e), ERR_OK);
	assert_int_equal(r.explain.entry, 4);
	e.event = "e1";
	assert_refused(DECODE(EXPLAIN, &e), ERR_INVALID, "event", "customer");
	e.event = "";
	e.entry = 0;
	e.decision = "12-";
	assert_refused(DECODE(EXPLAIN, &e), ERR_INVALID, "decision", "BOOT-COUNT");
	e.decision = "12-34";
	assert_int_equal(DECODE(EXPLAIN, &e), ERR_OK);
	assert_true(r.explain.decision_boot == 12 && r.explain.decision_count == 34);
}

static void publish(void **state)
{
	Nudge__V1__Publish p = NUDGE__V1__PUBLISH__INIT;
	Nudge__V1__Event e = NUDGE__V1__EVENT__INIT, *events[LIMIT_BATCH_EVENTS + 1];
	e.id = "77";
	for (unsigned i = 0; i <= LIMIT_BATCH_EVENTS; i++)
		events[i] = &e;
	p.events = events;
	assert_int_equal(DECODE(PUBLISH, &p), ERR_OK);
	assert_int_equal(r.publish.count, 0);
	p.n_events = LIMIT_BATCH_EVENTS;
	assert_int_equal(DECODE(PUBLISH, &p), ERR_OK);
	assert_int_equal(r.publish.count, LIMIT_BATCH_EVENTS);
	assert_slice(r.publish.events[1023], "\x0a\x02" "77");
	p.n_events++;
	assert_refused(DECODE(PUBLISH, &p), ERR_LIMIT, "events", "1025 events in one request, over limit_batch_events (1024)");
	e.id = ""; /* an empty event takes two bytes */
	assert_refused(DECODE(PUBLISH, &p), ERR_LIMIT, "events", "1025 events in one request");
	p.n_events = 3;
	assert_int_equal(DECODE(PUBLISH, &p), ERR_OK);
	assert_true(r.publish.count == 3 && r.publish.events[2].len == 0);
	assert_int_equal(r.id, 7);
}

/* Whom it is about is seen before it is decoded; what is no request names nobody. */
static void a_glance(void **state)
{
	static const char frame[] = "\x08\x07\x1a\x10\x0a\x06\x0a\x01" "1" "\x1a\x01" "a" "\x0a\x06\x1a\x01" "b" "\x0a\x01" "2";
	struct slice named[3];
	assert_int_equal(request_glance((struct slice){ frame, sizeof(frame) - 1 }, named, 3), 2);
	assert_slice(named[0], "a");
	assert_slice(named[1], "b");
	assert_int_equal(request_glance((struct slice){ frame, sizeof(frame) - 1 }, named, 1), 1);
	assert_int_equal(request_glance((struct slice){ frame, 7 }, named, 3), 0);
	assert_int_equal(request_glance(SLICE("\x22\x04\x0a\x02xy"), named, 3), 1); /* Recommend */
	assert_slice(named[0], "xy");
	assert_int_equal(request_glance(SLICE(""), named, 3), 0);
}

static void recommend(void **state)
{
	Nudge__V1__Recommend q = NUDGE__V1__RECOMMEND__INIT;
	assert_refused(DECODE(RECOMMEND, &q), ERR_INVALID, "customer", "exactly one");
	q.customer = "c";
	assert_int_equal(DECODE(RECOMMEND, &q), ERR_OK);
	assert_slice(r.recommend.channel, "call");
	assert_int_equal(r.recommend.limit, RECOMMENDATIONS_DEFAULT);
	q.member = "m";
	q.agent = "a";
	q.channel = "web";
	q.intent = "bill/why-higher";
	q.topic = "bill";
	q.mood = -1;
	q.has_mood = 1;
	q.language = "vi";
	q.limit = 16;
	q.deadline_ms = 50;
	q.time_ms = NOW_MS;
	q.explain = 1;
	Nudge__V1__Attribute a = NUDGE__V1__ATTRIBUTE__INIT, *attrs[] = { &a };
	a.name = "n";
	a.value_case = NUDGE__V1__ATTRIBUTE__VALUE_NUMBER;
	a.number = 4;
	q.attributes = attrs;
	q.n_attributes = 1;
	assert_int_equal(DECODE(RECOMMEND, &q), ERR_OK);
	const struct request_recommend *c = &r.recommend;
	assert_slice(c->language, "vi");
	assert_slice(c->intent, "bill/why-higher");
	assert_true(c->mood == -1 && c->has_mood && c->explain && c->limit == 16 && c->deadline_ms == 50);
	assert_true(c->attr_count == 1 && c->attrs[0].value.number == 4 && c->time_ms == NOW_MS);
	q.mood = 1.01;
	assert_refused(DECODE(RECOMMEND, &q), ERR_INVALID, "mood", "-1");
	q.mood = 0;
	q.limit = 17;
	assert_refused(DECODE(RECOMMEND, &q), ERR_LIMIT, "limit", "limit_recommendations (16)");
	q.limit = 1;
	q.deadline_ms = 10001;
	assert_refused(DECODE(RECOMMEND, &q), ERR_LIMIT, "deadline_ms", "limit_deadline_ms");
}

static void outcome(void **state)
{
	Nudge__V1__Outcome o = NUDGE__V1__OUTCOME__INIT;
	o.id = "o1";
	o.source = "desk";
	o.customer = "c";
	o.action = "family-plan";
	o.channel = "call";
	o.kind = "accepted";
	o.decision = "18446744073709551615-42";
	o.time_ms = NOW_MS + LIMIT_SKEW_MS + 1;
	assert_int_equal(DECODE(OUTCOME, &o), ERR_OK);
	assert_int_equal(r.outcome.kind, OUTCOME_ACCEPTED);
	assert_true(r.outcome.decision_boot == UINT64_MAX && r.outcome.decision_count == 42);
	assert_int_equal(r.outcome.id_hash, hash64((struct slice){ "desk\0o1", 7 }, 0));
	assert_int_equal(r.outcome.content_hash, hash64(r.body, 0));
	assert_refused(outcome_decode(&r.outcome, r.body, &arena, NOW_MS), ERR_LIMIT, "time_ms", "limit_skew_ms");
	static const char *const bad[] = { "x", "1-", "-1", "1-2-3", "01-2", "18446744073709551616-1", "1 -2", "1-2 " };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		o.decision = (char *)(uintptr_t)bad[i];
		assert_refused(DECODE(OUTCOME, &o), ERR_INVALID, "decision", "BOOT-COUNT");
	}
	o.decision = "";
	assert_int_equal(DECODE(OUTCOME, &o), ERR_OK);
	o.kind = "liked";
	assert_refused(DECODE(OUTCOME, &o), ERR_INVALID, "kind", "shown, offered");
	o.kind = "";
	assert_refused(DECODE(OUTCOME, &o), ERR_INVALID, "kind", "missing");
	Nudge__V1__Money money = NUDGE__V1__MONEY__INIT;
	o.kind = "overruled";
	o.reason = "moved away";
	o.language = "vi";
	o.money = &money;
	assert_int_equal(DECODE(OUTCOME, &o), ERR_OK); /* nothing earned, nothing spent: no currency is wanted */
	money.revenue = 120000;
	assert_refused(DECODE(OUTCOME, &o), ERR_INVALID, "money.currency", "ISO");
	money.currency = "VND";
	money.cost = 7;
	assert_int_equal(DECODE(OUTCOME, &o), ERR_OK);
	assert_true(r.outcome.kind == OUTCOME_OVERRULED && slice_equal(r.outcome.reason, SLICE("moved away")));
	assert_true(r.outcome.revenue == 120000 && r.outcome.cost == 7 && slice_equal(r.outcome.currency, SLICE("VND")));
	money.revenue = LIMIT_MONEY + 1;
	assert_refused(DECODE(OUTCOME, &o), ERR_LIMIT, "money", "limit_money");
	o.money = NULL;
	o.until_ms = NOW_MS + 5;
	assert_refused(DECODE(OUTCOME, &o), ERR_INVALID, "until_ms", "only \"later\"");
	o.kind = "later";
	o.time_ms = NOW_MS;
	assert_int_equal(DECODE(OUTCOME, &o), ERR_OK);
	assert_int_equal(r.outcome.until_ms, NOW_MS + 5);
	o.until_ms = NOW_MS;
	assert_refused(DECODE(OUTCOME, &o), ERR_INVALID, "until_ms", "before");
	o.until_ms = 0;
	o.kind = "shown";
	o.action = "";
	assert_refused(DECODE(OUTCOME, &o), ERR_INVALID, "action", "missing");
}

static void activate(void **state)
{
	Nudge__V1__ActivatePack p = NUDGE__V1__ACTIVATE_PACK__INIT;
	assert_refused(DECODE(ACTIVATE_PACK, &p), ERR_INVALID, "files", "missing");
	Nudge__V1__File a = NUDGE__V1__FILE__INIT, b = NUDGE__V1__FILE__INIT, *files[LIMIT_PACK_FILES + 1];
	for (unsigned i = 0; i <= LIMIT_PACK_FILES; i++)
		files[i] = &a;
	files[1] = &b;
	a.path = "rules/pack.lua";
	a.content = (ProtobufCBinaryData){ 4, (uint8_t *)"\0\x01z\xff" };
	b.path = "README.md";
	p.name = "bank";
	p.files = files;
	p.n_files = 2;
	assert_int_equal(DECODE(ACTIVATE_PACK, &p), ERR_OK);
	assert_slice(r.activate.name, "bank");
	assert_int_equal(r.activate.count, 2);
	assert_slice(r.activate.files[0].path, "rules/pack.lua");
	assert_int_equal(r.activate.files[0].content.len, 4);
	static const char *const bad[] = { "", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "./a", "a\\b", "." };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		b.path = (char *)(uintptr_t)bad[i];
		assert_refused(DECODE(ACTIVATE_PACK, &p), ERR_INVALID, "files[1].path", "inside the pack's folder");
	}
	b.path = a.path;
	assert_refused(DECODE(ACTIVATE_PACK, &p), ERR_INVALID, "files[1].path", "files[0]");
	p.n_files = LIMIT_PACK_FILES + 1;
	assert_refused(DECODE(ACTIVATE_PACK, &p), ERR_LIMIT, "files", "limit_pack_files");
	p.n_files = 1;
	a.content.len = LIMIT_PACK_BYTES + 1;
	a.content.data = calloc(1, a.content.len);
	assert_refused(DECODE(ACTIVATE_PACK, &p), ERR_LIMIT, "files", "limit_pack_bytes");
	free(a.content.data);
}

static void aliases(void **state)
{
	static const char *const pairs[][2] = {
		{ "+49 (30) 123-45.67", "+49301234567" },
		{ "0049301234567", "+49301234567" },
		{ " 030 1234567 ", "0301234567" },
		{ "Anna.Lee@Example.COM", "anna.lee@example.com" },
		{ "CRM-0012", "CRM-0012" },
		{ "12-34", "12-34" },
		{ "00123", "00123" },
		{ "1234567890123456", "1234567890123456" },
		{ "+1+2345678", "+1+2345678" },
		{ "Ä@B", "Ä@b" },
	};
	struct slice out;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		assert_int_equal(alias_normalize(slice_of(pairs[i][0]), &arena, &out), ERR_OK);
		assert_slice(out, pairs[i][1]);
	}
	static const char *const nothing[] = { "", "  ", "+", "--", "( )" };
	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		assert_refused(alias_normalize(slice_of(nothing[i]), &arena, &out), ERR_INVALID, "alias",
			       "no letters or digits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),          cmocka_unit_test(utf8),
		cmocka_unit_test(envelopes),       cmocka_unit_test(small_ones),
		cmocka_unit_test(more_small_ones), cmocka_unit_test(explain), cmocka_unit_test(publish), cmocka_unit_test(a_glance),
		cmocka_unit_test(recommend),       cmocka_unit_test(outcome),
		cmocka_unit_test(activate),        cmocka_unit_test(aliases),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
