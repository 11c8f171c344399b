/* shard/fill.c: a backfill's subjects are handed over, a few at a time, and what their owners do with them. */
#include "shard/backfill.h"
#include "shard/backfill_parts.h"
#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/log.h"
#include "history/apply.h"

#include <stdlib.h>
#include <time.h>

#define BATCH_SUBJECTS 64u          /* handed over before they are waited for */
#define BATCH_BYTES (256u * KIB)    /* so that events find room in the journal's buffer beside them */
#define TRIES_MAX 6u                /* then its shard stands for it */
#define FILL_INDEX UINT32_MAX       /* as an effect of the entry it began at: no other effect has this index */

static void answer(struct work *w, enum asked_state state)
{
	struct backfill *b = w->fill.backfill;
	pthread_mutex_lock(&b->lock);
	atomic_store(&w->fill.asked->state, state);
	b->out--;
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
	work_destroy(w);
}

/* The shard stands until the thread has this subject's last entry too. */
static void stand(struct shard *s, struct backfill *b, uint64_t seq, struct slice *body)
{
	journal_kick(s->engine->journal);
	pthread_mutex_lock(&b->lock);
	b->served = false;
	b->needs_seq = seq;
	pthread_cond_broadcast(&b->moved);
	while (!b->served)
		pthread_cond_wait(&b->moved, &b->lock);
	*body = bytes_slice(&b->body);
	pthread_mutex_unlock(&b->lock);
}

void fill_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	struct subject subject = w->fill.asked->subject;
	struct slice body = w->fill.body;
	if (cache_get(&s->cache, &subject, true, &slot) != ERR_OK) {
		answer(w, ASKED_FAILED);
		return;
	}
	if (slot->record->rare->redirect) { /* all it had went to another */
		answer(w, ASKED_DONE);
		return;
	}
	if (slot->record->seq > w->fill.as_of && !w->fill.insist) {
		answer(w, ASKED_AGAIN);
		return;
	}
	if (slot->record->seq > w->fill.as_of)
		stand(s, w->fill.backfill, slot->record->seq, &body);
	if (!body.len || reserve_one(s, body.len) != ERR_OK) {
		answer(w, body.len ? ASKED_AGAIN : ASKED_DONE);
		return;
	}
	struct entry entry = { .kind = ENTRY_EFFECT };
	entry.effect.source_seq = w->fill.backfill->derive_to;
	entry.effect.index = FILL_INDEX;
	entry.effect.kind = EFFECT_FILL;
	entry.effect.body = body;
	arena_reset(&s->machine.arena);
	struct apply_input in = { .received_at_ms = s->now_ms };
	CHECK(effect_apply(&s->machine, slot->record, &entry, &in, &s->applied) == ERR_OK);
	entry.aborted = s->applied.aborted;
	(void)fault_hit(backfill_before_publish);
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .applied = &s->applied,
			    .received_at_ms = s->now_ms,
			    .changes_record = true,
			    .reserved_bytes = body.len + ENTRY_SLACK_BYTES };
	(void)commit_entry(s, &c);
	answer(w, ASKED_DONE);
}

static void ask(struct backfill *b, const struct subject *subject, unsigned tries)
{
	if (b->asked_count == b->asked_cap) {
		b->asked_cap = b->asked_cap ? b->asked_cap * 2 : BATCH_SUBJECTS;
		b->asked = must_realloc(b->asked, b->asked_cap * sizeof(b->asked[0]));
	}
	b->asked[b->asked_count++] = (struct asked){ .subject = *subject, .state = ASKED, .tries = tries };
}

static void ask_merged(struct backfill *b)
{
	struct subject *merged;
	size_t count = shadow_take_merged(b->shadow, &merged);
	for (size_t i = 0; i < count; i++)
		ask(b, &merged[i], 0);
}

static int send(struct backfill *b, struct asked *a, size_t *bytes)
{
	struct shard *owner = engine_owner(b->engine, &a->subject);
	int result = shadow_body(b->shadow, &a->subject, &b->fill, &b->body);
	if (result != ERR_OK || !b->body.len || b->body.len > LIMIT_ENTRY_BYTES - 2 * ENTRY_SLACK_BYTES) {
		if (b->body.len)
			log_warn("backfill: a record of %zu bytes does not fit an entry and is left as it is", b->body.len);
		atomic_store(&a->state, ASKED_DONE);
		return result;
	}
	struct work w = { .kind = WORK_FILL, .home = owner };
	w.fill.backfill = b;
	w.fill.asked = a;
	w.fill.as_of = b->at;
	w.fill.insist = a->tries >= TRIES_MAX;
	w.fill.body = bytes_slice(&b->body);
	*bytes += b->body.len;
	atomic_store(&a->state, ASKED);
	struct work *h = work_to_heap(&w);
	pthread_mutex_lock(&b->lock);
	b->out++;
	pthread_mutex_unlock(&b->lock);
	while (!queue_push(owner->queue, h))
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return ERR_OK;
}

/* A shard stands: its subject's entries up to the one that it named. An error leaves the record as it is. */
static int serve(struct backfill *b, const struct subject *subject, uint64_t seq)
{
	int result = ERR_OK;
	journal_wait(b->engine->journal, seq);
	while (b->at < seq && result == ERR_OK && !atomic_load(&b->stop))
		result = backfill_catch_up(b);
	bytes_clear(&b->body);
	if (result == ERR_OK && b->at >= seq)
		result = shadow_body(b->shadow, subject, &b->fill, &b->body);
	if (result != ERR_OK)
		bytes_clear(&b->body);
	return result;
}

/* Until all that were handed over are answered. */
static int await(struct backfill *b, const struct subject *insisted)
{
	int result = ERR_OK;
	pthread_mutex_lock(&b->lock);
	while (b->out) {
		if (b->needs_seq) {
			uint64_t seq = b->needs_seq;
			pthread_mutex_unlock(&b->lock);
			result = serve(b, insisted, seq);
			pthread_mutex_lock(&b->lock);
			b->needs_seq = 0;
			b->served = true;
			pthread_cond_broadcast(&b->moved);
		}
		if (b->out && !b->needs_seq)
			pthread_cond_wait(&b->moved, &b->lock);
	}
	pthread_mutex_unlock(&b->lock);
	return result;
}

/* Answered ones leave the list. */
static int gather(struct backfill *b, size_t sent)
{
	size_t kept = 0;
	int result = ERR_OK;
	for (size_t i = 0; i < b->asked_count; i++) {
		int state = i < sent ? atomic_load(&b->asked[i].state) : ASKED_AGAIN;
		if (state == ASKED_FAILED)
			result = error_set(ERR_IO, NULL, "a record could not be read");
		if (state == ASKED_DONE) {
			counter_add(&b->subjects, 1);
			continue;
		}
		b->asked[i].tries += i < sent;
		struct asked again = { .subject = b->asked[i].subject, .state = ASKED, .tries = b->asked[i].tries };
		b->asked[kept++] = again;
	}
	b->asked_count = kept;
	return result;
}

/* Those that are asked for, or as many of them as fit a batch. One that is insisted on goes alone. */
static int batch(struct backfill *b)
{
	size_t sent = 0, bytes = 0;
	const struct subject *insisted = NULL;
	int result = backfill_catch_up(b);
	ask_merged(b);
	while (result == ERR_OK && sent < b->asked_count && bytes < BATCH_BYTES && sent < BATCH_SUBJECTS && !insisted) {
		bool alone = b->asked[sent].tries >= TRIES_MAX;
		if (alone && sent)
			break;
		insisted = alone ? &b->asked[sent].subject : NULL;
		result = send(b, &b->asked[sent++], &bytes);
	}
	int waited = await(b, insisted);
	int gathered = gather(b, sent);
	journal_kick(b->engine->journal);
	journal_wait(b->engine->journal, journal_last(b->engine->journal));
	return result != ERR_OK ? result : waited != ERR_OK ? waited : gathered;
}

/* Hash slots all of whose subjects are done. */
static int note_progress(struct backfill *b, unsigned slot)
{
	for (size_t i = 0; i < b->asked_count; i++)
		if (subject_slot(&b->asked[i].subject) < slot)
			slot = subject_slot(&b->asked[i].subject);
	counter_set(&b->slots, slot);
	if (slot <= b->next_slot)
		return ERR_OK;
	b->next_slot = slot;
	return backfill_note(b);
}

int backfill_hand_over(struct backfill *b, bool all)
{
	struct subject next[BATCH_SUBJECTS];
	struct bytes key = { 0 };
	bool more = all && b->next_slot < HASH_SLOTS;
	int result = ERR_OK;
	bytes_put_u8(&key, (uint8_t)b->next_slot);
	ask_merged(b);
	while (result == ERR_OK && (more || b->asked_count) && !atomic_load(&b->stop)) {
		unsigned room = b->asked_count < BATCH_SUBJECTS ? BATCH_SUBJECTS - (unsigned)b->asked_count : 0;
		int found = more && room ? shadow_next(b->shadow, &key, next, room) : 0;
		if (found < 0)
			result = found;
		more = more && !(room && found == 0);
		for (int i = 0; i < found; i++)
			ask(b, &next[i], 0);
		if (result == ERR_OK)
			result = batch(b);
		if (result == ERR_OK)
			result = note_progress(b, more ? (uint8_t)key.data[0] : HASH_SLOTS);
		if (result == ERR_OK)
			result = shadow_spill(b->shadow, false);
	}
	bytes_finish(&key);
	return result;
}
