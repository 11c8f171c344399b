/* shard/frame.c: one frame from a client: decoded, checked, turned into works or answered. The only place that knows
 * all requests. */
#include "shard/asked.h"
#include "shard/call.h"
#include "shard/commit.h"
#include "shard/control.h"
#include "shard/effects.h"
#include "shard/eraser.h"
#include "shard/explainer.h"
#include "shard/figures.h"
#include "shard/find.h"
#include "shard/parts.h"
#include "shard/reports.h"
#include "shard/timers.h"
#include "shard/told.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define PROTOCOL_VERSION 1u
#define LIST_MAX 1000u

/* Events first find room in the journal, all of the frame's together: without it the session pauses (back-pressure),
 * or, when the disk is full, each is refused. */
static bool reserve_frame(struct shard *s, const struct request *r, size_t *count, size_t *bytes)
{
	*count = r->publish.count;
	*bytes = 0;
	for (size_t i = 0; i < r->publish.count; i++)
		*bytes += r->publish.events[i].len + ENTRY_SLACK_BYTES;
	return journal_reserve(s->engine->journal, *count, *bytes) == ERR_OK;
}

static void refuse_all(struct shard *s, struct call *c)
{
	const struct error *e = error_last();
	struct slice field = arena_slice(&c->arena, slice_of(e->field)),
		     text = arena_slice(&c->arena, slice_of(e->text));
	for (unsigned i = 0; i < c->ack_count; i++)
		c->acks[i] = (struct wire_ack){
			.result = ACK_REFUSED, .error_code = e->code, .error_field = field, .error_text = text
		};
	counter_add(&s->counts.refused, c->ack_count);
}

static void advance_simulated(struct shard *s, int64_t time_ms)
{
	struct engine *e = s->engine;
	int64_t now = atomic_load(&e->clock_ms);
	while (time_ms > now && !atomic_compare_exchange_weak(&e->clock_ms, &now, time_ms))
		;
	for (unsigned i = 0; time_ms > now && i < e->shard_count; i++)
		if (e->shards[i] != s)
			shard_poke(e->shards[i]);
	shard_look_at_clock(s);
	timers_fire(s, s->now_ms);
}

static void publish_one(struct shard *s, struct call *c, const struct request *r, unsigned i)
{
	struct event event;
	struct slice raw = r->publish.events[i];
	struct work w;
	work_init(&w, WORK_EVENT, s, c);
	w.part = i;
	w.raw = raw;
	w.reserved = raw.len + ENTRY_SLACK_BYTES;
	bool simulated = s->engine->config.simulated_clock;
	arena_reset(&s->arena_event);
	if (event_decode(&event, raw, &s->arena_event, simulated ? -1 : s->now_ms) != ERR_OK) {
		work_refuse_last(s, &w);
		return;
	}
	if (simulated)
		advance_simulated(s, event.time_ms);
	stages_lap(&s->machine.stages, STAGE_DECODE, 1);
	w.event = &event;
	w.customer = event.customer;
	w.alias = event.alias;
	w.time_ms = event.time_ms;
	work_run(s, &w);
	inbox_run(s);
	stages_lap(&s->machine.stages, STAGE_ANSWER, 0);
	if (s->machine.stages.on)
		c->held_ns = s->machine.stages.last_ns;
}

/* Each event of the frame has its own turn of being measured; the first one's is the frame's. */
static void publish_all(struct shard *s, struct call *c, const struct request *r)
{
	for (unsigned i = 0; i < c->ack_count; i++) {
		if (i) {
			stages_end(&s->machine.stages);
			stages_begin(&s->machine.stages, TURN_REQUEST);
		}
		publish_one(s, c, r, i);
	}
}

static enum shard_take take_publish(struct shard *s, struct session *session, const struct request *r)
{
	size_t count, bytes;
	if (s->tail_full)
		return SHARD_PAUSE; /* recovery would take too long: the store catches up first */
	bool room = reserve_frame(s, r, &count, &bytes);
	session->weight = (uint32_t)count;
	int why = room ? ERR_OK : error_last()->code;
	if (why == ERR_BUSY)
		return SHARD_PAUSE;
	struct call *c = call_create(s, session, r);
	c->ack_count = (unsigned)count;
	c->acks = arena_calloc(&c->arena, count, sizeof(c->acks[0]));
	if (!room)
		refuse_all(s, c);
	c->waiting += room ? (unsigned)count : 0;
	stages_lap(&s->machine.stages, STAGE_FRAME, count);
	if (room)
		publish_all(s, c, r);
	c->waiting--;
	call_part_done(s, c);
	return SHARD_TOOK;
}

static void start(struct shard *s, struct session *session, const struct request *r, struct work *w)
{
	struct call *c = call_create(s, session, r);
	w->home = s;
	w->call = c;
	work_run(s, w);
}

/* Room for one entry before anything else, as for events: true, the disk is behind and the frame waits. Another failure is
 * told when the work asks again. */
static bool must_wait(struct shard *s, size_t payload_bytes, uint64_t *reserved)
{
	size_t bytes = payload_bytes + ENTRY_SLACK_BYTES;
	int result = journal_reserve(s->engine->journal, 1, bytes);
	*reserved = result == ERR_OK ? bytes : 0;
	return result == ERR_BUSY;
}

static enum shard_take take_outcome(struct shard *s, struct session *session, const struct request *r)
{
	struct request_outcome checked;
	bool simulated = s->engine->config.simulated_clock;
	if (outcome_decode(&checked, r->body, &s->arena, simulated ? -1 : s->now_ms) != ERR_OK ||
	    asked_outcome(s, &checked) != ERR_OK) {
		call_error(s, session, r->id);
		return SHARD_TOOK;
	}
	struct work w = { .kind = WORK_OUTCOME,
			  .raw = r->body,
			  .customer = r->outcome.customer,
			  .alias = r->outcome.alias,
			  .time_ms = r->outcome.time_ms,
			  .home = s };
	if (must_wait(s, r->body.len, &w.reserved))
		return SHARD_PAUSE;
	w.call = call_create(s, session, r);
	w.call->acks = arena_calloc(&w.call->arena, 1, sizeof(w.call->acks[0]));
	w.call->ack_count = 1;
	if (simulated)
		advance_simulated(s, r->outcome.time_ms);
	work_run(s, &w);
	inbox_run(s);
	return SHARD_TOOK;
}

static void take_recommend(struct shard *s, struct session *session, const struct request *r)
{
	const struct request_recommend *q = &r->recommend;
	struct work w = { .kind = WORK_RECOMMEND,
			  .customer = q->customer,
			  .alias = q->alias,
			  .member = q->member,
			  .time_ms = q->time_ms };
	w.recommend.ask = (struct ask){
		.member = q->member,
		.agent = q->agent,
		.channel = q->channel.len ? q->channel : SLICE("call"),
		.intent = q->intent,
		.topic = q->topic,
		.language = q->language,
		.mood = q->mood,
		.has_mood = q->has_mood,
		.explain = q->explain,
		.limit = q->limit,
		.now_ms = q->time_ms,
		.attrs = q->attrs,
		.attr_count = q->attr_count,
	};
	w.recommend.started_ns = clock_mono_ns();
	w.recommend.deadline_ms = q->deadline_ms;
	w.recommend.request_id = r->id;
	start(s, session, r, &w);
}

static enum shard_take take_acknowledge(struct shard *s, struct session *session, const struct request *r)
{
	struct work w = { .kind = WORK_ACKNOWLEDGE };
	w.acknowledge.seq = r->acknowledge.seq;
	w.acknowledge.index = r->acknowledge.index;
	w.acknowledge.by = r->acknowledge.by;
	w.acknowledge.request_id = r->id;
	if (!feed_subject(s->engine->feed, r->acknowledge.seq, r->acknowledge.index, &w.acknowledge.subject)) {
		error_set(ERR_MISSING, "seq", "no alert %llu-%u is known; `nudgectl alerts` lists the open ones",
			  (unsigned long long)r->acknowledge.seq, r->acknowledge.index);
		call_error(s, session, r->id);
		return SHARD_TOOK;
	}
	if (must_wait(s, 0, &w.reserved))
		return SHARD_PAUSE;
	start(s, session, r, &w);
	return SHARD_TOOK;
}

/* As free as an activation, and as that recorded with who asked. */
static enum shard_take take_reset(struct shard *s, struct session *session, const struct request *r)
{
	struct work w = { .kind = WORK_MODEL_RESET };
	w.model.action = subject_of(SUBJECT_MODEL, r->model.action);
	w.model.by = r->model.by;
	w.model.uid = session->peer_uid;
	w.model.request_id = r->id;
	if (must_wait(s, LIMIT_BY_BYTES, &w.reserved))
		return SHARD_PAUSE;
	start(s, session, r, &w);
	return SHARD_TOOK;
}

static void take_list(struct shard *s, struct session *session, const struct request *r)
{
	struct slice *alerts;
	bool more;
	unsigned limit = r->list.limit && r->list.limit < LIST_MAX ? r->list.limit : LIST_MAX, count = 0;
	bytes_clear(&s->encoded);
	feed_list(s->engine->feed, (struct feed_place){ r->list.after_seq, r->list.after_index, 0 },
		  journal_durable(s->engine->journal), r->list.to, s->now_ms, limit, &s->encoded, &more);
	alerts = arena_alloc(&s->arena, (limit + 1) * sizeof(alerts[0]));
	struct reader reader = reader_of(bytes_slice(&s->encoded));
	while (reader_left(&reader)) {
		uint32_t len = reader_u32(&reader);
		alerts[count++] = reader_take(&reader, len);
	}
	response_alert_list(&session->out, r->id, alerts, count, more);
	session_output(s, session);
}

static void take_activate(struct shard *s, struct session *session, const struct request *r)
{
	struct activation *a = must_calloc(1, sizeof(*a));
	for (size_t i = 0; i < r->activate.count; i++) {
		if (bundle_add(&a->bundle, r->activate.files[i].path, r->activate.files[i].content) != ERR_OK) {
			activation_destroy(a);
			call_error(s, session, r->id);
			return;
		}
	}
	snprintf(a->name, sizeof(a->name), "%.*s", SLICE_ARG(r->activate.name));
	snprintf(a->by, sizeof(a->by), "%.*s", SLICE_ARG(r->activate.by));
	snprintf(a->to, sizeof(a->to), "%.*s", SLICE_ARG(r->activate.to));
	a->uid = session->peer_uid;
	a->backfill = r->activate.backfill;
	a->origin = r->activate.rollback ? PAST_ROLLBACK : PAST_CLIENT;
	struct work w = { .kind = WORK_ACTIVATED, .home = s, .call = call_create(s, session, r), .activation = a };
	a->request_id = r->id;
	a->reply_to = work_to_heap(&w);
	if (!control_submit(s->engine, a)) {
		struct work *reply = a->reply_to;
		activation_destroy(a);
		work_refuse(s, reply, ERR_BUSY, NULL, "other activations are waiting; try again when they are done");
	}
}

/* Another thread reads the past; the answer comes when it has. */
static void take_explain(struct shard *s, struct session *session, const struct request *r)
{
	struct work w = { .kind = WORK_EXPLAINED, .home = s, .call = call_create(s, session, r), .raw = r->body };
	w.explain.request_id = r->id;
	struct work *h = work_to_heap(&w);
	if (!explainer_submit(s->engine, h))
		work_refuse(s, h, ERR_BUSY, NULL, "other explanations are being made; try again when they are done");
}

/* A thread of its own does it; the answer comes when it has. */
static enum shard_take take_erase(struct shard *s, struct session *session, const struct request *r)
{
	struct work w = { .kind = WORK_ERASED, .home = s, .call = call_create(s, session, r) };
	w.explain.request_id = r->id;
	struct work *h = work_to_heap(&w);
	if (eraser_begin(s->engine, r->erase.customer, r->erase.by, session->peer_uid, h) != ERR_OK)
		work_refuse_last(s, h);
	return SHARD_TOOK;
}

static void take_models(struct shard *s, struct session *session, const struct request *r)
{
	if (models_answer(s, r->id, r->model.action, &session->out) != ERR_OK)
		call_error(s, session, r->id);
	else
		session_output(s, session);
}

static enum shard_take take_hello(struct shard *s, struct session *session, const struct request *r)
{
	struct engine *e = s->engine;
	if (r->hello.version != PROTOCOL_VERSION) {
		error_set(ERR_VERSION, "hello.version", "version %u is not spoken here; this server speaks version %u",
			  r->hello.version, PROTOCOL_VERSION);
		call_error(s, session, r->id);
		return SHARD_HANG_UP;
	}
	if (e->config.access && !session->inner &&
	    access_admit(e->config.access, &session->grant, r->hello.token, "hello.token") != ERR_OK) {
		session->denied = r->hello.token.len > 0;
		call_error(s, session, r->id);
		return SHARD_HANG_UP;
	}
	if (session->admit && session->admit(session) != ERR_OK) {
		call_error(s, session, r->id);
		return SHARD_HANG_UP;
	}
	session->welcomed = true;
	char server[64];
	snprintf(server, sizeof(server), "nudged %s", e->config.version);
	pthread_mutex_lock(&e->lock);
	response_welcome(&session->out, r->id, slice_of(server), e->boot_id, slice_of(e->pack_name),
			 slice_of(e->pack_hash));
	pthread_mutex_unlock(&e->lock);
	session_output(s, session);
	return SHARD_TOOK;
}

static void take_plain(struct shard *s, struct session *session, const struct request *r)
{
	struct work w = { 0 };
	switch (r->kind) {
	case REQUEST_READ_CUSTOMER:
		w = (struct work){ .kind = WORK_READ, .customer = r->read.customer, .alias = r->read.alias };
		w.read.agent = r->read.agent;
		w.read.known_seq = r->read.known_seq;
		w.read.request_id = r->id;
		break;
	case REQUEST_RESOLVE_ALIAS:
		w = (struct work){ .kind = WORK_RESOLVE, .alias = r->resolve.alias, .time_ms = r->resolve.time_ms };
		w.resolve.request_id = r->id;
		break;
	case REQUEST_DIGEST:
		w.kind = WORK_DIGEST;
		w.digest.request_id = r->id;
		break;
	default:
		w.kind = WORK_RULES;
		w.rules.request_id = r->id;
	}
	start(s, session, r, &w);
}

static void take_report(struct shard *s, struct session *session, const struct request *r)
{
	struct work w = { .kind = WORK_REPORT };
	w.report.request_id = r->id;
	if (reporting_create(&w.report.making, &r->report, s->now_ms, s->machine.pack) != ERR_OK) {
		call_error(s, session, r->id);
		return;
	}
	struct call *c = call_create(s, session, r);
	w.home = s;
	w.call = c;
	if (s->index == 0)
		work_run(s, work_to_heap(&w));
	else
		work_send(s, s->engine->shards[0], work_to_heap(&w)); /* the round begins there */
}

static void take_find(struct shard *s, struct session *session, const struct request *r)
{
	struct work w = { .kind = WORK_FIND };
	w.find.request_id = r->id;
	if (finding_create(&w.find.finding, &r->find) != ERR_OK) {
		call_error(s, session, r->id);
		return;
	}
	w.home = s;
	w.call = call_create(s, session, r);
	if (s->index == 0)
		work_run(s, work_to_heap(&w));
	else
		work_send(s, s->engine->shards[0], work_to_heap(&w)); /* the round begins there */
}

static enum shard_take take(struct shard *s, struct session *session, const struct request *r)
{
	switch (r->kind) {
	case REQUEST_PUBLISH:
		return take_publish(s, session, r);
	case REQUEST_OUTCOME:
		return take_outcome(s, session, r);
	case REQUEST_RECOMMEND:
		take_recommend(s, session, r);
		break;
	case REQUEST_ACKNOWLEDGE:
		return take_acknowledge(s, session, r);
	case REQUEST_FOLLOW:
		shard_follow(s, session, r);
		break;
	case REQUEST_UNFOLLOW:
		shard_unfollow(s, session, r);
		break;
	case REQUEST_LIST_ALERTS:
		take_list(s, session, r);
		break;
	case REQUEST_RULES:
		if (!r->rules.history && !r->rules.series && !r->rules.words) {
			take_plain(s, session, r);
			break;
		}
		if (r->rules.words)
			told_words(s, r->id, &session->out);
		else
			told_history(s, r, &session->out);
		session_output(s, session);
		break;
	case REQUEST_ACTIVATE:
		take_activate(s, session, r);
		return SHARD_TOOK;
	case REQUEST_ERASE:
		return take_erase(s, session, r);
	case REQUEST_EXPLAIN:
		take_explain(s, session, r);
		break;
	case REQUEST_MODELS:
		take_models(s, session, r);
		break;
	case REQUEST_RESET_MODEL:
		return take_reset(s, session, r);
	case REQUEST_REPORT:
		take_report(s, session, r);
		break;
	case REQUEST_FIND:
		take_find(s, session, r);
		break;
	case REQUEST_STATUS:
		shard_measure(s);
		engine_status(s->engine, r->id, s->now_ms, &session->out);
		session_output(s, session);
		break;
	case REQUEST_FIGURES:
		if (engine_history(s->engine, r->id, r->figures.since_ms, r->figures.step_ms, &session->out) != ERR_OK)
			call_error(s, session, r->id);
		else
			session_output(s, session);
		break;
	case REQUEST_HELLO:
		return take_hello(s, session, r);
	default:
		take_plain(s, session, r);
	}
	counter_add(&s->counts.queries, 1); /* what changes something has returned */
	return SHARD_TOOK;
}

static enum shard_take pause(struct shard *s, struct session *session)
{
	if (!session->paused) {
		session->paused = true;
		session->next_paused = s->paused;
		s->paused = session;
	}
	return SHARD_PAUSE;
}

void shard_ahead(struct shard *s, const struct slice *frames, unsigned count)
{
	struct slice customers[CACHE_AHEAD_MAX];
	uint64_t hashes[CACHE_AHEAD_MAX];
	unsigned found = 0;
	for (unsigned i = 0; i < count; i++)
		found += request_glance(frames[i], customers + found, CACHE_AHEAD_MAX - found);
	for (unsigned i = 0; i < found; i++)
		hashes[i] = hash64(customers[i], SUBJECT_CUSTOMER);
	cache_ahead(&s->cache, hashes, found);
}

/* The gateway has asked already who it asks for. */
static bool may(struct shard *s, struct session *session, enum request_kind kind)
{
	struct access *a = s->engine->config.access;
	return !a || session->inner || kind == REQUEST_HELLO ||
	       access_check(a, &session->grant, role_of_kind(kind), kind_name(kind)) == ERR_OK;
}

static enum shard_take take_frame(struct shard *s, struct session *session, struct slice frame)
{
	struct request r = { 0 };
	session->weight = 1;
	arena_reset(&s->arena);
	s->arena.budget = LIMIT_FRAME_BYTES * LIMIT_FRAME_ARENA_FACTOR;
	int result = request_decode(&r, frame, &s->arena);
	s->arena.budget = 0;
	if (result != ERR_OK) {
		call_error(s, session, r.id);
		return SHARD_TOOK;
	}
	if (!session->welcomed && r.kind != REQUEST_HELLO) {
		error_set(ERR_VERSION, "hello",
			  "the first request on a connection is Hello with the protocol's version");
		call_error(s, session, r.id);
		return SHARD_HANG_UP;
	}
	if (!may(s, session, r.kind)) {
		call_error(s, session, r.id);
		return session->grant.revoked ? SHARD_HANG_UP : SHARD_TOOK;
	}
	if (asked_times(s, &r) != ERR_OK) {
		call_error(s, session, r.id);
		return SHARD_TOOK;
	}
	enum shard_take took = take(s, session, &r);
	return took == SHARD_PAUSE ? pause(s, session) : took;
}

enum shard_take shard_frame(struct shard *s, struct session *session, struct slice frame)
{
	/* Overload shows as pressure back first: what cannot be handled now is not even looked at. */
	if (session->in_flight >= LIMIT_IN_FLIGHT || s->outbound || s->inbox_busy)
		return pause(s, session);
	stages_begin(&s->machine.stages, TURN_REQUEST);
	enum shard_take took = take_frame(s, session, frame);
	stages_end(&s->machine.stages);
	return took;
}

void shard_reject(struct shard *s, struct session *session)
{
	call_error(s, session, 0);
}
