/* shard/shard.c: a shard's life, and what its loop calls: frames in, woken, ticked. */
#include "shard/call.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/reports.h"
#include "shard/sweep.h"
#include "shard/timers.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define QUEUE_CAPACITY 65536u
#define EVICT_SLOTS 4096u /* looked at in one tick */
#define POP_MAX 256u
#define ASK_SWEEP_NS 1000000u /* asking costs a lock and a walk over the journal's segments: not at each settling */
#define UNHURRIED_MS 5 /* that a decision may be on its way to disk, where nothing else is */
#define RETRY_MS 20 /* after no room was found in the journal or a queue */

struct shard *shard_create(struct engine *e, unsigned index)
{
	struct shard *s = must_calloc(1, sizeof(*s));
	s->engine = e;
	s->index = index;
	s->swept_ns = clock_mono_ns();
	if (queue_create(&s->queue, QUEUE_CAPACITY) != ERR_OK) {
		free(s);
		return NULL;
	}
	machine_init(&s->machine);
	cache_init(&s->cache, s->machine.pool, e->store, e->config.cache_bytes / e->shard_count);
	arena_init(&s->arena, 0);
	arena_init(&s->arena_event, 0);
	s->machine.now_ns = clock_mono_ns;
	stages_init(&s->machine.stages, clock_mono_ns);
	return s;
}

static void destroy_list(struct work *w)
{
	while (w) {
		struct work *next = w->next;
		work_abandon(w);
		w = next;
	}
}

static void destroy_calls(struct call *c)
{
	while (c) {
		struct call *next = c->next;
		call_destroy(c);
		c = next;
	}
}

static void destroy_queued(struct shard *s)
{
	void *items[POP_MAX];
	size_t n;
	while ((n = queue_pop_all(s->queue, items, POP_MAX))) {
		for (size_t i = 0; i < n; i++) {
			struct work *w = items[i];
			if (w == NULL)
				continue;
			if (w->kind == WORK_STORED)
				chunk_destroy(w->chunk);
			work_abandon(w);
		}
	}
}

void shard_destroy(struct shard *s)
{
	if (!s)
		return;
	destroy_queued(s);
	queue_destroy(s->queue);
	destroy_list(s->inbox);
	destroy_list(s->outbound);
	destroy_list(s->slow);
	destroy_list(s->parked);
	destroy_calls(s->hold);
	destroy_calls(s->free_calls);
	timers_finish(s);
	free(s->sources);
	sweep_finish(&s->sweep);
	pack_destroy(s->next_pack);
	reports_keep_pack(s, NULL);
	free(s->old_packs);
	cache_finish(&s->cache);
	recent_finish(&s->recent);
	models_finish(&s->models, s->machine.pool);
	models_finish(&s->next_models, s->machine.pool);
	machine_finish(&s->machine);
	arena_finish(&s->arena);
	arena_finish(&s->arena_event);
	bytes_finish(&s->scratch);
	bytes_finish(&s->encoded);
	free(s);
}

unsigned shard_index(const struct shard *s)
{
	return s->index;
}

int shard_fd(const struct shard *s)
{
	return queue_fd(s->queue);
}

uint64_t shard_look_at_clock(struct shard *s)
{
	int64_t now = engine_now_ms(s->engine);
	if (now > s->now_ms)
		s->now_ms = now;
	return s->now_ns = clock_mono_ns();
}

static void flush_sessions(struct shard *s)
{
	while (s->dirty) {
		struct session *session = s->dirty;
		s->dirty = session->next_dirty;
		session->dirty = false;
		if (!session->closed)
			session->flush(session);
	}
}

static void push_outbound(struct shard *s)
{
	while (s->outbound) {
		struct work *w = s->outbound, *next = w->next; /* once pushed it is the target's */
		if (!queue_push(w->target->queue, w))
			return;
		s->outbound = next;
		if (!next)
			s->outbound_tail = NULL;
	}
}

static void resume_paused(struct shard *s)
{
	if (!s->paused || s->outbound || s->inbox_busy)
		return;
	struct session *list = s->paused;
	s->paused = NULL;
	while (list) {
		struct session *session = list;
		list = session->next_paused;
		session->paused = false;
		session->resume(session);
	}
}

static void unfollow(struct shard *s, struct session *session)
{
	struct session **at = &s->followers;
	while (*at && *at != session)
		at = &(*at)->next_follower;
	if (*at) {
		*at = session->next_follower;
		atomic_fetch_sub(&s->engine->follower_count, 1);
	}
	session->follow_id = 0;
}

/* Whoever may not read any more is told so, and nothing else. */
static bool may_follow(struct shard *s, struct session *f)
{
	struct access *a = s->engine->config.access;
	if (!a || f->inner || access_check(a, &f->grant, role_of_kind(REQUEST_FOLLOW), "follow") == ERR_OK)
		return true;
	call_error(s, f, f->follow_id);
	unfollow(s, f);
	return false;
}

/* Alerts for those who follow: each as far as its place and its output allow. */
static void feed_followers(struct shard *s)
{
	uint64_t durable = s->durable_seen;
	struct session *next;
	for (struct session *f = s->followers; f; f = next) {
		next = f->next_follower;
		if (!may_follow(s, f))
			continue;
		if (f->backlog + f->out.len >= LIMIT_FOLLOWER_BYTES)
			continue;
		bytes_clear(&s->encoded);
		uint64_t missed = feed_read(s->engine->feed, &f->place, durable, slice_of(f->follow_to),
					    LIMIT_FOLLOWER_BYTES - f->backlog - f->out.len, &s->encoded);
		if (missed)
			response_missed(&f->out, f->follow_id, missed, f->place.seq, f->place.index);
		struct reader r = reader_of(bytes_slice(&s->encoded));
		while (reader_left(&r)) {
			uint32_t len = reader_u32(&r);
			response_alert(&f->out, f->follow_id, reader_take(&r, len));
		}
		if (missed || s->encoded.len)
			session_output(s, f);
	}
}

/* A sync costs more than the decisions it brings to disk, and nobody waits for those: they go with the next entry that
 * somebody waits for, or after a moment. */
static void tell_journal(struct shard *s)
{
	bool late = s->unhurried_ns && s->now_ns - s->unhurried_ns >= UNHURRIED_MS * 1000000u;
	if (!s->hurry && !late)
		return;
	s->hurry = false;
	s->unhurried_ns = 0;
	journal_kick(s->engine->journal);
}

void shard_settle(struct shard *s)
{
	inbox_run(s);
	tell_journal(s);
	hold_release(s);
	if (s->followers)
		feed_followers(s);
	stages_begin(&s->machine.stages, TURN_BURST);
	flush_sessions(s);
	stages_lap(&s->machine.stages, STAGE_SEND, s->unsent);
	stages_end(&s->machine.stages);
	s->unsent = 0;
}

void shard_wake(struct shard *s)
{
	void *items[POP_MAX];
	size_t n;
	shard_awake(s);
	atomic_store(&s->poked, false);
	shard_look_at_clock(s);
	if (s->engine->config.simulated_clock)
		timers_fire(s, s->now_ms); /* another shard's event may have moved the clock */
	while ((n = queue_pop_all(s->queue, items, POP_MAX))) {
		for (size_t i = 0; i < n; i++) {
			arena_reset(&s->arena);
			work_run(s, items[i]);
			inbox_run(s);
		}
	}
	push_outbound(s);
	if (s->slow)
		reports_go_on(s);
	shard_settle(s);
	resume_paused(s);
}

/* Whoever has something for the shard leaves it first and then looks whether the shard rests; the shard says that it
 * rests first and then looks whether there is something. So one of them sees the other. */
bool shard_rest(struct shard *s)
{
	bool waits = s->hold || s->followers || s->paused || s->inbox || s->outbound;
	atomic_store(&s->waits, waits);
	bool empty = queue_rest(s->queue) && !reports_can_go_on(s);
	atomic_thread_fence(memory_order_seq_cst);
	if (empty && !atomic_load(&s->poked) &&
	    !(waits && journal_durable(s->engine->journal) != s->durable_seen))
		return true;
	shard_awake(s);
	return false;
}

void shard_awake(struct shard *s)
{
	atomic_store_explicit(&s->waits, false, memory_order_relaxed);
	queue_awake(s->queue);
}

void shard_durable(struct shard *s)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load_explicit(&s->waits, memory_order_relaxed))
		shard_poke(s);
}

void shard_poke(struct shard *s)
{
	atomic_store(&s->poked, true);
	queue_tell(s->queue);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < 0 ? b : b < 0 ? a : a < b ? a : b;
}

int64_t shard_wants(struct shard *s)
{
	if (s->sweep_wait_ms < 0 || s->now_ns - s->sweep_asked_ns > ASK_SWEEP_NS) {
		s->sweep_wait_ms = sweep_wants(s);
		s->sweep_asked_ns = s->now_ns;
	}
	int64_t wait = s->sweep_wait_ms;
	if (s->due_count && !s->engine->config.simulated_clock)
		wait = sooner(wait, s->due[0]->fire_ms > s->now_ms ? s->due[0]->fire_ms - s->now_ms : 1);
	if (s->inbox || s->outbound || s->paused)
		wait = sooner(wait, RETRY_MS);
	if (s->slow)
		wait = sooner(wait, 1);
	if (s->unhurried_ns)
		wait = sooner(wait, UNHURRIED_MS);
	if (s->cache.store && s->cache.bytes > s->cache.limit_bytes && s->cache.dirty_count < s->cache.count)
		wait = sooner(wait, RETRY_MS);
	return wait;
}

int64_t shard_tick(struct shard *s)
{
	shard_look_at_clock(s);
	timers_fire(s, s->now_ms);
	sweep_tick(s);
	cache_evict(&s->cache, EVICT_SLOTS);
	if (s->old_pack_count)
		reports_keep_pack(s, NULL);
	push_outbound(s);
	if (s->slow)
		reports_go_on(s);
	shard_settle(s);
	shard_measure(s);
	resume_paused(s);
	s->sweep_wait_ms = -1; /* it may have begun, or have come further */
	return shard_wants(s);
}

void shard_measure(struct shard *s)
{
	struct shard_counts *c = &s->counts;
	atomic_store_explicit(&c->cached, s->cache.count, memory_order_relaxed);
	atomic_store_explicit(&c->cache_bytes, s->cache.bytes, memory_order_relaxed);
	atomic_store_explicit(&c->dirty, s->cache.dirty_count, memory_order_relaxed);
	atomic_store_explicit(&c->timers, s->due_count, memory_order_relaxed);
	atomic_store_explicit(&c->effects_pending, s->source_count, memory_order_relaxed);
}

void shard_session_open(struct shard *s, struct session *session)
{
	engine_count_connections(s->engine, !session->inner);
}

static void unlink_from(struct session **at, struct session *session, bool paused)
{
	while (*at && *at != session)
		at = paused ? &(*at)->next_paused : &(*at)->next_dirty;
	if (*at)
		*at = paused ? session->next_paused : session->next_dirty;
}

void shard_session_close(struct shard *s, struct session *session)
{
	session->closed = true;
	engine_count_connections(s->engine, session->inner ? 0 : -1);
	unfollow(s, session);
	if (session->dirty)
		unlink_from(&s->dirty, session, false);
	if (session->paused)
		unlink_from(&s->paused, session, true);
	session->dirty = session->paused = false;
	if (session->in_flight == 0)
		session->release(session);
}

void shard_follow(struct shard *s, struct session *session, const struct request *r)
{
	if (session->follow_id)
		unfollow(s, session);
	session->follow_id = r->id;
	session->place = r->follow.from_now ? feed_end(s->engine->feed)
					    : (struct feed_place){ r->follow.after_seq, r->follow.after_index, 0 };
	snprintf(session->follow_to, sizeof(session->follow_to), "%.*s", SLICE_ARG(r->follow.to));
	session->next_follower = s->followers;
	s->followers = session;
	atomic_fetch_add(&s->engine->follower_count, 1);
	response_following(&session->out, r->id, session->place.seq);
	session_output(s, session);
}

void shard_unfollow(struct shard *s, struct session *session, const struct request *r)
{
	unfollow(s, session);
	response_unfollowed(&session->out, r->id);
	session_output(s, session);
}
