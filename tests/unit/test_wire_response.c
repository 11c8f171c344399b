/* Answers: what we write is what protobuf-c reads. */
#include "wire_help.h"

#include "wire/frame.h"
#include "wire/response.h"

#include <stdlib.h>

static struct bytes out;

static int stop(void **state)
{
	bytes_finish(&out);
	return 0;
}

/* The one frame in `out`, unpacked; `out` is empty again. */
static Nudge__V1__Response *unpack(Nudge__V1__Response__BodyCase body_case)
{
	struct slice body;
	size_t used, need;
	assert_int_equal(frame_next(bytes_slice(&out), &body, &used, &need), FRAME_READY);
	assert_int_equal(used, out.len);
	Nudge__V1__Response *r = nudge__v1__response__unpack(NULL, body.len, (const uint8_t *)body.data);
	assert_non_null(r);
	assert_int_equal(r->base.n_unknown_fields, 0);
	assert_int_equal(r->request_id, 9);
	assert_int_equal(r->body_case, body_case);
	bytes_clear(&out);
	return r;
}
#define UNPACK(name) unpack(NUDGE__V1__RESPONSE__BODY_##name)

static void done(Nudge__V1__Response *r)
{
	nudge__v1__response__free_unpacked(r, NULL);
}

static void small_ones(void **state)
{
	error_set(ERR_LIMIT, "events[3].type", "too long");
	response_error(&out, 9, error_last());
	Nudge__V1__Response *r = UNPACK(ERROR);
	assert_string_equal(r->error->code, "limit");
	assert_string_equal(r->error->field, "events[3].type");
	assert_string_equal(r->error->reason, "too long");
	done(r);
	response_welcome(&out, 9, SLICE("nudged 0.1.0"), UINT64_MAX, SLICE("bank"), SLICE("ab12"));
	r = UNPACK(WELCOME);
	assert_true(r->welcome->version == 1 && r->welcome->boot_id == UINT64_MAX);
	assert_int_equal(r->welcome->max_frame_bytes, LIMIT_FRAME_BYTES);
	assert_int_equal(r->welcome->max_batch_events, LIMIT_BATCH_EVENTS);
	assert_string_equal(r->welcome->pack, "bank");
	done(r);
	response_resolved(&out, 9, SLICE("c"), SLICE("m"), true);
	r = UNPACK(RESOLVED);
	assert_true(r->resolved->provisional && strcmp(r->resolved->member, "m") == 0);
	done(r);
	response_following(&out, 9, 12);
	r = UNPACK(FOLLOWING);
	assert_int_equal(r->following->seq, 12);
	done(r);
	response_missed(&out, 9, 5, 6, 7);
	r = UNPACK(MISSED);
	assert_true(r->missed->count == 5 && r->missed->resume_seq == 6 && r->missed->resume_index == 7);
	done(r);
	response_unfollowed(&out, 9);
	done(UNPACK(UNFOLLOWED));
	response_digest(&out, 9, (struct hash128){ 1, 2 }, 3, 4);
	r = UNPACK(DIGEST);
	assert_int_equal(strlen(r->digest->digest), 32);
	assert_true(r->digest->records == 3 && r->digest->seq == 4);
	done(r);
	response_activated(&out, 9, &(struct wire_activated){ .name = SLICE("bank"), .hash = SLICE("h"), .seq = 1, .rules = 2,
			.actions = 3, .series_kept = 4, .series_new = 5 });
	r = UNPACK(PACK_ACTIVATED);
	assert_true(r->pack_activated->actions == 3 && r->pack_activated->series_new == 5);
	done(r);
}

static struct wire_alert sample_alert(void)
{
	return (struct wire_alert){
		.seq = 300,
		.index = 1,
		.rule = SLICE("r"),
		.severity = SLICE("high"),
		.to = SLICE("care"),
		.subject = SLICE("c"),
		.subject_kind = SLICE("customer"),
		.member = SLICE("m"),
		.text = SLICE("line one\nline two"),
		.state = SLICE("open"),
		.kind = SLICE("alert"),
		.time_ms = 5,
		.expires_ms = 6,
		.historical = true,
	};
}

static void alerts(void **state)
{
	struct wire_alert a = sample_alert(), back;
	struct bytes encoded = { 0 };
	alert_encode(&a, &encoded);
	assert_int_equal(alert_decode(&back, bytes_slice(&encoded)), ERR_OK);
	assert_true(back.seq == 300 && back.index == 1 && back.historical && back.time_ms == 5 && back.expires_ms == 6);
	assert_slice(back.text, "line one\nline two");
	assert_slice(back.subject_kind, "customer");
	assert_slice(back.kind, "alert");
	response_alert(&out, 9, bytes_slice(&encoded));
	Nudge__V1__Response *r = UNPACK(ALERT);
	assert_string_equal(r->alert->text, "line one\nline two");
	assert_string_equal(r->alert->customer, "c");
	done(r);
	struct slice list[] = { bytes_slice(&encoded), { NULL, 0 } };
	response_alert_list(&out, 9, list, 2, true);
	r = UNPACK(ALERT_LIST);
	assert_true(r->alert_list->n_alerts == 2 && r->alert_list->more);
	done(r);
	response_acknowledged(&out, 9, bytes_slice(&encoded));
	r = UNPACK(ACKNOWLEDGED);
	assert_int_equal(r->acknowledged->alert->seq, 300);
	done(r);
	assert_int_equal(alert_decode(&back, SLICE("\x1a\x09")), ERR_INVALID);
	bytes_finish(&encoded);
}

static void acks(void **state)
{
	struct wire_alert a = sample_alert();
	struct slice rules[] = { SLICE("one"), SLICE("two") };
	struct wire_ack list[LIMIT_BATCH_EVENTS] = {
		[0] = { .result = ACK_ACCEPTED,
			.seq = 10,
			.alerts = &a,
			.alert_count = 1,
			.rules = rules,
			.rule_count = 2 },
		[1] = { .result = ACK_DUPLICATE, .seq = 11 },
		[2] = { .result = ACK_REFUSED,
			.error_code = ERR_INVALID,
			.error_field = SLICE("type"),
			.error_text = SLICE("why") },
		[3] = { .result = ACK_REFUSED, .error_code = ERR_STORAGE, .error_text = SLICE("full") },
	};
	for (unsigned i = 4; i < LIMIT_BATCH_EVENTS; i++)
		list[i] = (struct wire_ack){ .result = ACK_ACCEPTED, .seq = 1000 + i };
	response_published(&out, 9, list, LIMIT_BATCH_EVENTS);
	Nudge__V1__Response *r = UNPACK(PUBLISHED);
	Nudge__V1__Ack **got = r->published->acks;
	assert_int_equal(r->published->n_acks, LIMIT_BATCH_EVENTS);
	assert_true(got[0]->result == NUDGE__V1__ACK__RESULT__ACCEPTED && got[0]->n_alerts == 1 &&
		    got[0]->n_rules == 2);
	assert_string_equal(got[0]->rules[1], "two");
	assert_string_equal(got[2]->error->code, "invalid");
	assert_string_equal(got[2]->error->field, "events[2].type");
	assert_string_equal(got[3]->error->field, "events[3]");
	assert_string_equal(got[3]->error->code, "storage");
	assert_int_equal(got[LIMIT_BATCH_EVENTS - 1]->seq, 1000 + LIMIT_BATCH_EVENTS - 1);
	done(r);
	response_outcome(&out, 9, &list[2]);
	r = UNPACK(OUTCOME_RECORDED);
	assert_string_equal(r->outcome_recorded->ack->error->field, "type");
	done(r);
}

static void recommendation(void **state)
{
	struct slice reasons[] = { SLICE("texts_today 140 > 63") };
	struct wire_choice choices[] = { { .action = SLICE("family-plan"),
					   .say = SLICE("Shall I?"),
					   .score = 0.5,
					   .lever = 1,
					   .reasons = reasons,
					   .reason_count = 1 },
					 { .action = SLICE("b") } };
	struct wire_answer answers[] = { { SLICE("why?"), SLICE("because") } };
	struct wire_left_out left[] = {
		{ .action = SLICE("x"), .gate = SLICE("policy"), .unknown = true, .score = 0.1 }
	};
	struct slice cautions[] = { SLICE("open complaint") };
	struct wire_recommendation w = {
		.decision_boot = 77,
		.decision_count = 5,
		.customer = SLICE("c"),
		.pack_hash = SLICE("h"),
		.choices = choices,
		.choice_count = 2,
		.answers = answers,
		.answer_count = 1,
		.left_out = left,
		.left_out_count = 1,
		.cautions = cautions,
		.caution_count = 1,
		.fallback = true,
		.fallback_reason = SLICE("late"),
		.as_of_seq = 8,
		.time_ms = NOW_MS,
		.channel = SLICE("sms"),
	};
	response_recommendation(&out, 9, &w);
	Nudge__V1__Response *r = UNPACK(RECOMMENDATION);
	const Nudge__V1__Recommendation *got = r->recommendation;
	assert_string_equal(got->decision, "77-5");
	assert_true(got->n_choices == 2 && got->n_answers == 1 && got->n_left_out == 1 && got->n_cautions == 1);
	assert_true(got->choices[0]->score == 0.5 && got->choices[0]->lever == 1 && got->left_out[0]->unknown);
	assert_string_equal(got->choices[0]->reasons[0], "texts_today 140 > 63");
	assert_true(got->fallback && got->as_of_seq == 8 && got->time_ms == NOW_MS);
	assert_string_equal(got->channel, "sms");
	done(r);
	struct bytes nudge = { 0 };
	recommendation_encode(&w, &nudge);
	struct wire_alert a = sample_alert();
	a.nudge = bytes_slice(&nudge);
	struct wire_ack ack = { .result = ACK_ACCEPTED, .seq = 1, .alerts = &a, .alert_count = 1 };
	response_published(&out, 9, &ack, 1);
	r = UNPACK(PUBLISHED);
	assert_string_equal(r->published->acks[0]->alerts[0]->nudge->choices[0]->say, "Shall I?");
	done(r);
	bytes_finish(&nudge);
}

static void status_and_rules(void **state)
{
	struct wire_gauge gauges[] = { { "p99", "us", 700 } };
	struct wire_stage stages[] = { { "decode", "event", "shard", "checked", 12, 0.25 },
				       { "hold", "event", "", "waits", 0, 0 } };
	struct wire_status s = { .version = SLICE("0.1.0"),
				 .clock = SLICE("system"),
				 .shards = 4,
				 .timers = 28,
				 .free_bytes = 24,
				 .storage_refusing = true,
				 .now_ms = NOW_MS,
				 .gauges = gauges,
				 .gauge_count = 1,
				 .stages = stages,
				 .stage_count = 2,
				 .uptime_ms = 2 };
	response_status(&out, 9, &s);
	Nudge__V1__Response *r = UNPACK(STATUS);
	assert_true(r->status->shards == 4 && r->status->timers == 28 && r->status->free_bytes == 24);
	assert_true(r->status->storage_refusing && r->status->now_ms == NOW_MS && r->status->gauges[0]->value == 700);
	assert_string_equal(r->status->gauges[0]->unit, "us");
	assert_int_equal(r->status->n_stages, 2);
	const Nudge__V1__Stage *decode = r->status->stages[0];
	assert_string_equal(decode->name, "decode");
	assert_string_equal(decode->item, "event");
	assert_string_equal(decode->thread, "shard");
	assert_string_equal(decode->about, "checked");
	assert_true(decode->items == 12 && decode->us == 0.25);
	assert_string_equal(r->status->stages[1]->thread, "");
	done(r);
	struct slice on[] = { SLICE("a"), SLICE("b") };
	struct wire_rule rule = { .name = SLICE("repeat-call"),
				  .on = on,
				  .on_count = 2,
				  .matched = 3,
				  .fired = 2,
				  .failed = 1,
				  .time_ns = 4,
				  .aside = true,
				  .about = SLICE("customer"),
				  .last_error = SLICE("nil") };
	response_rules(&out, 9, SLICE("bank"), SLICE("h"), 12, &rule, 1);
	r = UNPACK(RULES);
	assert_true(r->rules->since_ms == 12 && r->rules->rules[0]->fired == 2 && r->rules->rules[0]->aside);
	assert_string_equal(r->rules->rules[0]->on[1], "b");
	done(r);
}

static struct slice series_name(void *arg, uint32_t id)
{
	return id == 1 ? SLICE("contacts") : (struct slice){ NULL, 0 };
}

static void build_record(struct record *r, struct strpool *pool)
{
	struct window_spec spec = { .keeping = WINDOW_EXACT, .keep_ms = 1000000, .has_value = true };
	struct window_undo undo;
	struct open_case *c;
	r->seq = 99;
	record_set(r, pool, 0, SLICE("lines"), value_number(2), 5);
	assert_int_equal(record_member(r, pool, SLICE("line-1"), true, 5), 1);
	record_set(r, pool, 1, SLICE("plan"), value_string(SLICE("basic")), 6);
	window_add(record_window(r, pool, 1, 1, SLICE("bill"), &spec), &spec, NULL, 1000, 2.5, &undo);
	window_add(record_window(r, pool, 1, 1, SLICE("bill"), &spec), &spec, NULL, 2000, 3.5, &undo);
	record_window(r, pool, 0xabc, 0, SLICE(""), &spec);
	cases_open(r, pool, 7, 0, SLICE("k"), SLICE("anna"), 1000, 5000, &c);
	timers_add(r, pool, 5000, 5000, 7, 0, SLICE("k"));
	struct alert a = { .seq = 98, .index = 2, .member = 1, .time_ms = 1000, .expires_ms = 3000 };
	alerts_add(r, pool, &a, SLICE("rule"), SLICE("low"), SLICE("care"), SLICE("words"));
	struct outcome o = { .decision_boot = 1, .decision_count = 2, .kind = OUTCOME_LATER, .time_ms = 7 };
	outcomes_add(r, pool, &o, SLICE("act"), SLICE("call"), SLICE("anna"));
	links_add(r, pool, SLICE("+491234567"), SLICE("line-1"), 3);
	struct event_attr attr = { SLICE("topic"), value_string(SLICE("bill")) };
	struct event e = { .type = SLICE("call.ended"), .channel = SLICE("call"), .agent = SLICE("anna"), .time_ms = 8,
			   .attrs = &attr, .attr_count = 1 };
	struct slice fields[] = { SLICE("topic") };
	timeline_add(r, pool, &e, 1, fields, 1, 10);
}

static void customer(void **state)
{
	struct strpool *pool = strpool_create();
	struct subject subject = subject_of(SUBJECT_CUSTOMER, SLICE("c-1"));
	struct record *record = record_create(&subject);
	build_record(record, pool);
	struct wire_names names = { .series = series_name };
	struct wire_fact facts[] = { { SLICE("texts_today"), SLICE("line-1"), value_number(140) },
				     { SLICE("habit"), SLICE(""), value_unknown() } };
	response_customer(&out, 9, record, &names, facts, 2, SLICE("old"), 3001);
	Nudge__V1__Response *r = UNPACK(CUSTOMER);
	const Nudge__V1__Customer *c = r->customer;
	assert_string_equal(c->id, "c-1");
	assert_string_equal(c->kind, "customer");
	assert_string_equal(c->merged_from, "old");
	assert_int_equal(c->seq, 99);
	assert_string_equal(c->attributes[0]->attribute->name, "lines");
	assert_string_equal(c->members[0]->attributes[0]->attribute->text, "basic");
	assert_int_equal(c->n_series, 2);
	for (size_t i = 0; i < 2; i++)
		if (strcmp(c->series[i]->name, "contacts") == 0)
			assert_true(c->series[i]->count == 2 && c->series[i]->sum == 6 && c->series[i]->min == 2.5 &&
				    c->series[i]->max == 3.5 && c->series[i]->first_ms == 1000 &&
				    c->series[i]->last_ms == 2000);
		else
			assert_string_equal(c->series[i]->name, "#00000abc");
	assert_string_equal(c->cases[0]->name, "#00000007");
	assert_string_equal(c->cases[0]->state, "open");
	assert_string_equal(c->timers[0]->key, "k");
	assert_string_equal(c->alerts[0]->state, "expired");
	assert_string_equal(c->alerts[0]->member, "line-1");
	assert_string_equal(c->outcomes[0]->decision, "1-2");
	assert_string_equal(c->outcomes[0]->kind, "later");
	assert_string_equal(c->aliases[0]->alias, "+491234567");
	assert_string_equal(c->timeline[0]->fields[0]->text, "bill");
	assert_true(c->facts[0]->value->number == 140);
	assert_int_equal(c->facts[1]->value->value_case, NUDGE__V1__ATTRIBUTE__VALUE__NOT_SET);
	done(r);
	record_destroy(record, pool);
	strpool_destroy(pool);
}

/* Lengths around each step of a varint, on both levels of nesting. */
static void lengths(void **state)
{
	static const size_t sizes[] = { 0,   1,   100,   120,   121,   122,   123,   124,   125,     126,     127,
					128, 129, 16370, 16375, 16380, 16384, 16390, 70000, 2097140, 2097152, 3000000 };
	char *text = malloc(3000001);
	memset(text, 'x', 3000001);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		response_resolved(&out, 9, (struct slice){ text, sizes[i] }, SLICE(""), false);
		struct reader in = reader_of(bytes_slice(&out));
		uint64_t len = reader_varint(&in);
		assert_int_equal(len, reader_left(&in));
		Nudge__V1__Response *r = nudge__v1__response__unpack(NULL, len, (const uint8_t *)in.at);
		assert_non_null(r);
		assert_int_equal(strlen(r->resolved->customer), sizes[i]);
		done(r);
		bytes_clear(&out);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_ones),     cmocka_unit_test(alerts),           cmocka_unit_test(acks),
		cmocka_unit_test(recommendation), cmocka_unit_test(status_and_rules), cmocka_unit_test(customer),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
