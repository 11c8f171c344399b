/* shard/effect.c: what an entry caused on another subject, as an entry of that subject; and telling the source that it
 * is in the journal, since the source's record must not be stored before. */
#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/fault.h"
#include "history/entry.h"

static void tell_source(struct shard *s, struct work *w, uint64_t seq)
{
	struct shard *source = engine_owner(s->engine, &w->effect.source);
	w->kind = WORK_EFFECT_DONE;
	w->hold_seq = seq;
	counter_add(&s->counts.effects, 1);
	if (source == s)
		effect_done_work(s, w);
	else
		work_send(s, source, w);
}

void effect_done_work(struct shard *s, struct work *w)
{
	struct slot *slot = cache_peek(&s->cache, &w->effect.source);
	CHECK(slot && slot->more->pending); /* a slot with effects outstanding is never evicted */
	s->unpark |= --slot_more(slot)->pending == 0 && s->parked;
	if (w->hold_seq > slot->more->effects_seq)
		slot_more(slot)->effects_seq = w->hold_seq;
	sources_done(s, w->effect.source_seq);
	work_destroy(w);
}

void inbox_add(struct shard *s, struct work *w)
{
	w->next = NULL;
	if (s->inbox_tail)
		s->inbox_tail->next = w;
	else
		s->inbox = w;
	s->inbox_tail = w;
}

/* It waits at the head of the inbox, in order, and the last error says for what. While the disk is merely behind, so do
 * all frames; while it is full, queries are answered, and what needs room is refused for itself. */
void inbox_put_back(struct shard *s, struct work *w)
{
	s->inbox_stuck = true;
	s->inbox_busy = error_last()->code == ERR_BUSY;
	w->next = s->inbox;
	s->inbox = w;
	if (!s->inbox_tail)
		s->inbox_tail = w;
}

/* A prospect that never was stays unmade: the entry is there, so that the effect is known to be done, but no record. */
bool effect_changes(const struct slot *slot, uint8_t kind)
{
	return kind != EFFECT_ABSORB || slot->record->seq != 0;
}

/* A merge follows where the target was merged itself, but not back to where it came from: there the circle is cut. */
static bool goes_on(struct shard *s, struct work *w, const struct slot *slot)
{
	if (!slot->record->rare->redirect || w->effect.kind != EFFECT_MERGE)
		return false;
	struct subject next = subject_of(SUBJECT_CUSTOMER, str_slice(slot->record->rare->redirect));
	if (subject_equal(&next, &w->effect.source) || w->hops++ > HOPS_MAX)
		return false;
	w->effect.target = next;
	return true;
}

void effect_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	CHECK(w->heap);
	if (!work_at(s, &w, &w->effect.target))
		return;
	size_t reserved = w->effect.body.len + w->effect.customer.len;
	if (cache_get(&s->cache, &w->effect.target, true, &slot) != ERR_OK) {
		inbox_put_back(s, w);
		return;
	}
	if (goes_on(s, w, slot)) {
		effect_work(s, w);
		return;
	}
	if (reserve_one(s, reserved) != ERR_OK) {
		inbox_put_back(s, w);
		return;
	}
	struct entry entry = { .kind = ENTRY_EFFECT };
	entry.effect.source_seq = w->effect.source_seq;
	entry.effect.index = w->effect.index;
	entry.effect.kind = w->effect.kind;
	entry.effect.body = w->effect.body;
	entry.effect.customer = w->effect.customer;
	entry.effect.member = w->member;
	arena_reset(&s->machine.arena);
	struct applied *applied = &s->applied;
	struct apply_input in = { .received_at_ms = s->now_ms };
	int result = effect_apply(&s->machine, slot->record, &entry, &in, applied);
	CHECK(result == ERR_OK);
	entry.aborted = applied->aborted;
	(void)fault_hit(effect_before_publish);
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .applied = applied,
			    .received_at_ms = s->now_ms,
			    .raw = w->effect.body,
			    .member = w->member,
			    .changes_record = effect_changes(slot, w->effect.kind),
			    .reserved_bytes = reserved + ENTRY_SLACK_BYTES };
	uint64_t seq = commit_entry(s, &c);
	if (models_follow(s, w->effect.kind, &w->effect.target))
		models_tell(s, &w->effect.target, w->effect.kind, w->effect.body, seq);
	tell_source(s, w, seq);
}

static void run_parked(struct shard *s)
{
	struct work *list = s->parked;
	s->parked = NULL;
	s->unpark = false;
	while (list) {
		struct work *w = list;
		list = w->next;
		w->next = NULL;
		work_run(s, w);
	}
}

void inbox_run(struct shard *s)
{
	s->inbox_stuck = s->inbox_busy = false;
	for (;;) {
		while (s->inbox && !s->inbox_stuck) {
			struct work *w = s->inbox;
			s->inbox = w->next;
			if (!s->inbox)
				s->inbox_tail = NULL;
			w->next = NULL;
			work_run(s, w);
		}
		if (!s->unpark)
			return;
		run_parked(s);
	}
}
