/* shard/timer.c: due timers become entries of their own subject. A heap holds when each subject's earliest timer fires;
 * items are not taken back when a timer is cancelled, but found stale when they come up (the record says what is really
 * due).
 *
 * Nothing ticks: the loop sleeps until the earliest one. Timers are issued in bounded batches. */
#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/timers.h"

#include "base/check.h"
#include "base/fault.h"
#include "history/entry.h"

#include <stdlib.h>

static void sift_up(struct shard *s, size_t i)
{
	struct due *item = s->due[i];
	while (i && s->due[(i - 1) / 2]->fire_ms > item->fire_ms) {
		s->due[i] = s->due[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->due[i] = item;
}

static void sift_down(struct shard *s, size_t i)
{
	struct due *item = s->due[i];
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= s->due_count)
			break;
		if (child + 1 < s->due_count && s->due[child + 1]->fire_ms < s->due[child]->fire_ms)
			child++;
		if (s->due[child]->fire_ms >= item->fire_ms)
			break;
		s->due[i] = s->due[child];
		i = child;
	}
	s->due[i] = item;
}

void timers_load(struct shard *s, int64_t fire_ms, const struct subject *subject)
{
	struct due *d = must_malloc(sizeof(*d) + subject->len);
	*d = (struct due){ .fire_ms = fire_ms, .kind = subject->kind, .len = subject->len };
	memcpy(d->id, subject->id, subject->len);
	if (s->due_count == s->due_cap) {
		s->due_cap = s->due_cap ? s->due_cap * 2 : 64;
		s->due = must_realloc(s->due, s->due_cap * sizeof(s->due[0]));
	}
	s->due[s->due_count++] = d;
	sift_up(s, s->due_count - 1);
}

void timers_schedule(struct shard *s, struct slot *slot)
{
	int64_t next = timers_next_fire(slot->record);
	if (next >= slot->more->scheduled_ms || next == INT64_MAX)
		return;
	slot_more(slot)->scheduled_ms = next;
	timers_load(s, next, &slot->record->subject);
}

static struct due *pop(struct shard *s)
{
	struct due *top = s->due[0];
	s->due[0] = s->due[--s->due_count];
	if (s->due_count)
		sift_down(s, 0);
	return top;
}

/* One timer of the record as an entry. Its space must be reserved. */
static void fire(struct shard *s, struct slot *slot, const struct timer *t)
{
	struct record *r = slot->record;
	struct entry entry = { .kind = ENTRY_TIMER };
	arena_reset(&s->machine.arena);
	entry.timer.due_ms = t->due_ms;
	entry.timer.decl = t->decl;
	entry.timer.member = t->member ? record_member_id(r, t->member) : SLICE("");
	entry.timer.key = arena_slice(&s->machine.arena, str_slice(t->key));
	struct timer copy = *t;
	str_ref(copy.key);
	struct applied *applied = &s->applied;
	struct apply_input in = { .received_at_ms = s->now_ms };
	machine_apply_timer(&s->machine, r, &copy, &in, applied);
	entry.aborted = applied->aborted;
	(void)fault_hit(timer_before_publish);
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .applied = applied,
			    .received_at_ms = s->now_ms,
			    .changes_record = true,
			    .reserved_bytes = 2 * ENTRY_SLACK_BYTES };
	commit_entry(s, &c);
	strpool_drop(s->machine.pool, copy.key);
	counter_add(&s->counts.timers_fired, 1);
}

int timers_fire_before(struct shard *s, struct slot *slot, int64_t time_ms)
{
	const struct timer *t;
	while ((t = timers_before_event(slot->record, time_ms)) != NULL) {
		int result = reserve_one(s, ENTRY_SLACK_BYTES);
		if (result == ERR_BUSY) /* its event has its room: it is not sent away for what must come before it */
			journal_take_waiting(s->engine->journal, 1, 2 * ENTRY_SLACK_BYTES);
		else if (result != ERR_OK)
			return result;
		fire(s, slot, t);
	}
	return ERR_OK;
}

static const struct timer *ripe(const struct record *r, int64_t now_ms)
{
	for (unsigned i = 0; i < r->rare->timer_count; i++)
		if (r->rare->timers[i].fire_ms <= now_ms)
			return &r->rare->timers[i];
	return NULL;
}

int64_t timers_fire(struct shard *s, int64_t now_ms)
{
	unsigned fired = 0;
	while (s->due_count && s->due[0]->fire_ms <= now_ms && fired < LIMIT_TIMER_BATCH) {
		struct due *d = s->due[0];
		struct subject subject = subject_of(d->kind, (struct slice){ d->id, d->len });
		struct slot *slot;
		if (cache_get(&s->cache, &subject, false, &slot) != ERR_OK)
			return now_ms + 1000; /* the store does not answer; said where it failed */
		const struct timer *t = slot ? ripe(slot->record, now_ms) : NULL;
		if (t) {
			if (reserve_one(s, ENTRY_SLACK_BYTES) != ERR_OK)
				return now_ms + 100; /* the disk is behind, or full */
			fire(s, slot, t);
			fired++;
			continue;
		}
		free(pop(s));
		if (slot) {
			slot_more(slot)->scheduled_ms = INT64_MAX;
			timers_schedule(s, slot);
		}
	}
	if (fired)
		inbox_run(s);
	return s->due_count ? s->due[0]->fire_ms : INT64_MAX;
}

void timers_finish(struct shard *s)
{
	for (size_t i = 0; i < s->due_count; i++)
		free(s->due[i]);
	free(s->due);
}
