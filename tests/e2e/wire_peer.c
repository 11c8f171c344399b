/* The C side of python_wire.py: writes a frame of every Response that the daemon can send, and says in plain lines what
 * it reads from frames of Requests that others wrote.
 *
 *     wire_peer write FILE        wire_peer read FILE */
#include "base/error.h"
#include "base/limits.h"
#include "state/record.h"
#include "wire/frame.h"
#include "wire/history.h"
#include "wire/found.h"
#include "wire/request.h"
#include "wire/models.h"
#include "wire/report.h"
#include "wire/put.h"
#include "wire/response.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW_MS 1767225600000ll
#define LARGE 300000 /* entries of the large answers */

static void write_recommendation(struct bytes *out, struct bytes *alert)
{
	struct slice reasons[] = { SLICE("texts_today 140 > 3 x texts_habit 21"), SLICE("Zürich ☎") };
	struct wire_choice choice = { .action = SLICE("family-plan"),
				      .goal = SLICE("serve"),
				      .group = SLICE("messages"),
				      .say = SLICE("Shall I cap it?"),
				      .score = 0.06,
				      .propensity = 0.2,
				      .value = 0.3,
				      .context = 1,
				      .lever = -0.5,
				      .reasons = reasons,
				      .reason_count = 2 };
	struct wire_answer answer = { SLICE("why is it higher?"), SLICE("usually 12") };
	struct wire_left_out left = {
		.action = SLICE("roaming"), .gate = SLICE("policy"), .reason = SLICE("r"), .unknown = true, .score = 1.5
	};
	struct slice caution = SLICE("open complaint");
	struct wire_recommendation r = {
		.decision_boot = UINT64_MAX,
		.decision_count = 3,
		.customer = SLICE("c-1"),
		.pack_hash = SLICE("ab"),
		.choices = &choice,
		.choice_count = 1,
		.answers = &answer,
		.answer_count = 1,
		.left_out = &left,
		.left_out_count = 1,
		.cautions = &caution,
		.caution_count = 1,
		.as_of_seq = 1ull << 40,
		.time_ms = NOW_MS,
		.channel = SLICE("call"),
		.fallback = true,
		.fallback_reason = SLICE("deadline"),
	};
	struct bytes nudge = { 0 };
	response_recommendation(out, 4, &r);
	recommendation_encode(&r, &nudge);
	struct wire_alert a = { .seq = 300, .index = 1, .rule = SLICE("message-abuse"), .severity = SLICE("high"),
				.to = SLICE("care"), .subject = SLICE("c-1"), .subject_kind = SLICE("customer"),
				.member = SLICE("daughter"), .text = SLICE("140 texts"), .state = SLICE("open"),
				.kind = SLICE("nudge"), .time_ms = NOW_MS, .expires_ms = NOW_MS + 1, .historical = true,
				.nudge = bytes_slice(&nudge) };
	alert_encode(&a, alert);
	struct slice rule = SLICE("message-abuse");
	struct wire_ack acks[] = {
		{ .result = ACK_ACCEPTED, .seq = 9, .alerts = &a, .alert_count = 1, .rules = &rule, .rule_count = 1 },
		{ .result = ACK_DUPLICATE },
		{ .result = ACK_REFUSED,
		  .error_code = ERR_LIMIT,
		  .error_field = SLICE("type"),
		  .error_text = SLICE("too long") },
	};
	response_published(out, 3, acks, 3);
	response_outcome(out, 5, &acks[2]);
	bytes_finish(&nudge);
}

static void write_customer(struct bytes *out)
{
	struct strpool *pool = strpool_create();
	struct subject subject = subject_of(SUBJECT_CUSTOMER, SLICE("c-1"));
	struct record *r = record_create(&subject);
	record_set(r, pool, 0, SLICE("lines"), value_number(2), NOW_MS);
	record_set(r, pool, 0, SLICE("vip"), value_bool(false), NOW_MS);
	record_member(r, pool, SLICE("daughter"), true, NOW_MS);
	links_add(r, pool, SLICE("+49301234567"), SLICE("daughter"), NOW_MS);
	r->seq = 77;
	response_customer(out, 6, r, NULL, NULL, 0, SLICE(""), NOW_MS);
	record_destroy(r, pool);
	strpool_destroy(pool);
}

static void write_large(struct bytes *out)
{
	struct wire_ack *acks = calloc(LARGE, sizeof(*acks));
	for (unsigned i = 0; i < LARGE; i++)
		acks[i] = (struct wire_ack){ .result = ACK_ACCEPTED, .seq = i };
	response_published(out, 99, acks, LARGE);
	free(acks);
}

static void write_explanation(struct bytes *out)
{
	struct bytes told = { 0 };
	struct wire_fact value = { .name = SLICE("lines"), .value = value_number(3) };
	struct wire_condition gate = { .name = SLICE("eligible"),
				       .state = SLICE("held"),
				       .text = SLICE("lines 3 at least 4"),
				       .missing = SLICE("lines is 3, needs at least 4"),
				       .values = &value,
				       .value_count = 1 };
	struct wire_explained action = { .action = SLICE("family"),
					 .gate = SLICE("eligible"),
					 .gates = &gate,
					 .gate_count = 1,
					 .score = 0.25,
					 .customer_unknown = true,
					 .to_win = SLICE("eligible: lines is 3, needs at least 4") };
	struct wire_recommendation r = { .customer = SLICE("c"), .actions = &action, .action_count = 1, .balance = 0.5 };
	put_text(&told, 1, SLICE("moment"));
	size_t mark = put_begin(&told, 13);
	recommendation_encode(&r, &told);
	put_end(&told, mark);
	response_explanation(out, 17, bytes_slice(&told));
	bytes_finish(&told);
}

static void write_models(struct bytes *out)
{
	struct slice by = SLICE("segment");
	struct wire_cell gold = { SLICE("gold"), 12, 9, 10.5, 8.25, 0.75, 0.125, 32 };
	struct wire_model model = { .action = SLICE("family-plan"),
				    .goal = SLICE("serve"),
				    .start = 0.2,
				    .evidence = 50,
				    .half_life_ms = 90LL * 86400000,
				    .by = &by,
				    .by_count = 1,
				    .since_ms = NOW_MS,
				    .seq = 300,
				    .own = gold,
				    .segments = &gold,
				    .segment_count = 1,
				    .control_trials = 2,
				    .bins = { [7] = { 4, 3, 3000000 } } };
	struct wire_models models = { .pack = SLICE("telecom"), .control = 0.02, .time_ms = NOW_MS, .models = &model, .count = 1 };
	response_models(out, 18, &models);
	response_model_reset(out, 19, &model, 301);
}

static void write_report(struct bytes *out)
{
	struct wire_column columns[] = { { SLICE("agent"), SLICE(""), SLICE("who"), true },
					 { SLICE("fcr"), SLICE("share"), SLICE("resolved at once"), false } };
	struct value cells[] = { value_string(SLICE("linh")), value_number(0.5), value_string(SLICE("an")), value_unknown() };
	struct slice note = SLICE("few contacts");
	struct wire_report report = { .name = SLICE("agents"), .since_ms = NOW_MS, .columns = columns, .column_count = 2,
				      .cells = cells, .row_count = 2, .more = 7, .notes = &note, .note_count = 1 };
	response_report(out, 20, &report);
}

static void write_history(struct bytes *out)
{
	struct wire_figure figures[] = { { "events", "events", "count", "taken", -1 },
					 { "shard_busy", "percent", "mean", "at work", 3 } };
	struct wire_history h = { .step_ms = 5000, .sampled = true, .ends_ms = (int64_t[]){ NOW_MS, NOW_MS + 5000 },
				  .spans_ms = (uint32_t[]){ 5000, 300 }, .values = (double[]){ 7, 0, 1e12, 99.5 },
				  .count = 2, .figures = figures, .figure_count = 2 };
	response_history_of_figures(out, 21, &h);
	struct wire_erased erased = { 9, 2, 3, 4, 5, 6, 7, 302 };
	response_erased(out, 22, &erased);
	struct wire_found_customer hit = { .customer = SLICE("lan"), .label = SLICE("Lan"), .match = SLICE("exact") };
	response_found(out, 23, &(struct wire_found){ .customers = &hit, .count = 1, .indexed = 100 });
}

static void write_all(struct bytes *out)
{
	struct bytes alert = { 0 };
	struct wire_gauge gauge = { "p99", "us", 0.7 };
	struct wire_stage stage = { "decode", "event", "shard", "checked", 12, 0.25 };
	struct wire_status status = { .version = SLICE("0.1.0"),
				      .shards = 4,
				      .boot_id = UINT64_MAX,
				      .now_ms = NOW_MS,
				      .storage_refusing = true,
				      .gauges = &gauge,
				      .gauge_count = 1,
				      .stages = &stage,
				      .stage_count = 1,
				      .clock = SLICE("system"),
				      .each_shard = (struct wire_shard[]){ { .events = 1, .timers = 8 } },
				      .each_count = 1,
				      .recovery = { .took_ms = 12, .last_seq = 7, .dropped_bytes = 9 },
				      .open_critical = 5 };
	struct slice on = SLICE("sms.sent");
	struct wire_rule rule = {
		.name = SLICE("message-abuse"), .on = &on, .on_count = 1, .fired = 10333, .aside = true
	};
	error_set(ERR_INVALID, "events[3].type", "what is wrong");
	response_error(out, 1, error_last());
	response_welcome(out, 2, SLICE("nudged 0.1.0"), UINT64_MAX, SLICE("bank"), SLICE("ab"));
	write_recommendation(out, &alert);
	write_customer(out);
	response_resolved(out, 7, SLICE("c-1"), SLICE("daughter"), true);
	response_following(out, 8, UINT64_MAX);
	response_alert(out, 8, bytes_slice(&alert));
	response_acknowledged(out, 9, bytes_slice(&alert));
	response_status(out, 10, &status);
	response_activated(out, 11, &(struct wire_activated){ .name = SLICE("bank"), .hash = SLICE("ab"), .seq = 1, .rules = 2,
			.actions = 3, .series_kept = 4, .series_new = 5 });
	response_rules(out, 12, SLICE("bank"), SLICE("ab"), NOW_MS, &rule, 1);
	response_digest(out, 13, (struct hash128){ 1, 2 }, 4167, 15544);
	struct slice list[] = { bytes_slice(&alert), bytes_slice(&alert) };
	response_alert_list(out, 14, list, 2, true);
	response_missed(out, 15, 1, 2, 3);
	response_unfollowed(out, 16);
	write_explanation(out);
	write_models(out);
	write_report(out);
	write_history(out);
	write_large(out);
	bytes_finish(&alert);
}

#define TEXT(name, s) printf(" %s=%.*s", name, SLICE_ARG(s))
#define NUMBER(name, n) printf(" %s=%lld", name, (long long)(n))

static void print_attrs(const struct event_attr *attrs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		printf(" %.*s:", SLICE_ARG(attrs[i].name));
		if (attrs[i].value.kind == VALUE_STRING)
			printf("%.*s", SLICE_ARG(attrs[i].value.string));
		else if (attrs[i].value.kind == VALUE_NUMBER)
			printf("%.17g", attrs[i].value.number);
		else
			printf("%s", attrs[i].value.boolean ? "true" : "false");
	}
}

static void print_events(const struct request_publish *p, struct arena *arena)
{
	for (size_t i = 0; i < p->count; i++) {
		struct event e;
		if (event_decode(&e, p->events[i], arena, NOW_MS) != ERR_OK) {
			printf(" [%s: %s]", error_name(error_last()->code), error_last()->field);
			continue;
		}
		printf(" [%.*s/%.*s %.*s%.*s %.*s %.*s %.*s %.*s %.*s %" PRId64, SLICE_ARG(e.source), SLICE_ARG(e.id),
		       SLICE_ARG(e.customer), SLICE_ARG(e.alias), SLICE_ARG(e.member), SLICE_ARG(e.agent),
		       SLICE_ARG(e.contact), SLICE_ARG(e.type), SLICE_ARG(e.channel), e.time_ms);
		print_attrs(e.attrs, e.attr_count);
		printf("]");
	}
}

static void print_recommend(const struct request_recommend *q)
{
	printf(" %.*s%.*s %.*s %.*s %.*s %.*s %.*s %.*s %.17g %d %u %u %" PRId64 " %d", SLICE_ARG(q->customer),
	       SLICE_ARG(q->alias), SLICE_ARG(q->member), SLICE_ARG(q->agent), SLICE_ARG(q->channel),
	       SLICE_ARG(q->intent), SLICE_ARG(q->topic), SLICE_ARG(q->language), q->mood, q->has_mood, q->limit,
	       q->deadline_ms, q->time_ms, q->explain);
	print_attrs(q->attrs, q->attr_count);
}

static void print_outcome(const struct request_outcome *o)
{
	printf(" %.*s/%.*s %.*s%.*s %.*s %.*s %.*s %s %" PRIu64 "-%" PRIu64 " %" PRId64, SLICE_ARG(o->source),
	       SLICE_ARG(o->id), SLICE_ARG(o->customer), SLICE_ARG(o->alias), SLICE_ARG(o->agent), SLICE_ARG(o->action),
	       SLICE_ARG(o->channel), outcome_name((enum outcome_kind)o->kind), o->decision_boot, o->decision_count,
	       o->time_ms);
}

static void print_files(const struct request *r)
{
	TEXT("name", r->activate.name);
	for (size_t i = 0; i < r->activate.count; i++)
		printf(" %.*s:%zu", SLICE_ARG(r->activate.files[i].path), r->activate.files[i].content.len);
}

static void print_operations(const struct request *r)
{
	if (r->kind == REQUEST_FIGURES) {
		NUMBER("since", r->figures.since_ms);
		NUMBER("step", r->figures.step_ms);
	} else if (r->kind == REQUEST_ERASE) {
		TEXT("customer", r->erase.customer);
		TEXT("by", r->erase.by);
	} else if (r->kind == REQUEST_FIND) {
		TEXT("text", r->find.text);
		NUMBER("limit", r->find.limit);
	}
}

static void print_body(const struct request *r, struct arena *arena)
{
	switch (r->kind) {
	case REQUEST_HELLO:
		NUMBER("version", r->hello.version);
		TEXT("client", r->hello.client);
		break;
	case REQUEST_PUBLISH:
		print_events(&r->publish, arena);
		break;
	case REQUEST_RECOMMEND:
		print_recommend(&r->recommend);
		break;
	case REQUEST_OUTCOME:
		print_outcome(&r->outcome);
		break;
	case REQUEST_READ_CUSTOMER:
		printf(" %.*s|%.*s|%.*s", SLICE_ARG(r->read.customer), SLICE_ARG(r->read.alias),
		       SLICE_ARG(r->read.agent));
		break;
	case REQUEST_RESOLVE_ALIAS:
		TEXT("alias", r->resolve.alias);
		break;
	case REQUEST_FOLLOW:
		printf(" %" PRIu64 " %u %d %.*s", r->follow.after_seq, r->follow.after_index, r->follow.from_now,
		       SLICE_ARG(r->follow.to));
		break;
	case REQUEST_ACKNOWLEDGE:
		printf(" %" PRIu64 " %u %.*s", r->acknowledge.seq, r->acknowledge.index, SLICE_ARG(r->acknowledge.by));
		break;
	case REQUEST_ACTIVATE:
		print_files(r);
		break;
	case REQUEST_RULES:
		NUMBER("stats", r->rules.stats);
		break;
	case REQUEST_LIST_ALERTS:
		printf(" %u %" PRIu64, r->list.limit, r->list.after_seq);
		break;
	case REQUEST_UNFOLLOW:
		NUMBER("follow", r->unfollow.follow_id);
		break;
	case REQUEST_EXPLAIN:
		TEXT("customer", r->explain.ask.customer);
		TEXT("event", r->explain.event);
		TEXT("decision", r->explain.decision);
		NUMBER("count", r->explain.decision_count);
		break;
	case REQUEST_MODELS:
	case REQUEST_RESET_MODEL:
		TEXT("action", r->model.action);
		TEXT("by", r->model.by);
		break;
	case REQUEST_REPORT:
		TEXT("name", r->report.name);
		TEXT("by", r->report.by);
		NUMBER("since", r->report.since_ms);
		NUMBER("limit", r->report.limit);
		for (size_t i = 0; i < r->report.where_count; i++)
			printf(" %.*s:%.*s", SLICE_ARG(r->report.where[i].name), SLICE_ARG(r->report.where[i].value.string));
		break;
	default:
		print_operations(r);
	}
}

static int read_all(struct slice in)
{
	while (in.len) {
		struct slice body;
		struct request r;
		struct arena arena;
		size_t used, need;
		if (frame_next(in, &body, &used, &need) != FRAME_READY)
			return 1;
		arena_init(&arena, LIMIT_FRAME_BYTES * LIMIT_FRAME_ARENA_FACTOR);
		if (request_decode(&r, body, &arena) != ERR_OK) {
			printf("%" PRIu64 " refused %s: %s\n", r.id, error_name(error_last()->code),
			       error_last()->field);
		} else {
			printf("%" PRIu64 " %d", r.id, (int)r.kind);
			print_body(&r, &arena);
			printf("\n");
		}
		arena_finish(&arena);
		in = (struct slice){ in.data + used, in.len - used };
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct bytes b = { 0 };
	int rc = 2;
	if (argc != 3)
		return rc;
	if (strcmp(argv[1], "write") == 0) {
		write_all(&b);
		FILE *f = fopen(argv[2], "wb");
		rc = !f || fwrite(b.data, 1, b.len, f) != b.len || fclose(f) ? 1 : 0;
	} else {
		FILE *f = fopen(argv[2], "rb");
		char chunk[65536];
		for (size_t n; f && (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
			bytes_put(&b, chunk, n);
		rc = f ? read_all(bytes_slice(&b)) : 1;
		if (f)
			fclose(f);
	}
	bytes_finish(&b);
	return rc;
}
