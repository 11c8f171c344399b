/* shard/replay.c: one journal entry applied to the state, for recovery and for --replay: the same functions as live,
 * told which Lua calls were aborted, and its outcome compared with the one that was recorded. Replay never validates:
 * that was done before. */
#include "shard/commit.h"
#include "shard/control.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "history/read_ahead.h"
#include "shard/recovery.h"
#include "shard/sweep.h"
#include "shard/wipe.h"
#include "shard/work.h"

#include "base/log.h"
#include "history/entry.h"

#include <stdio.h>
#include <stdlib.h>

static int differs(struct replay_checks *checks, const struct journal_entry *je, const struct applied *applied)
{
	if (applied->outcome == je->outcome)
		return ERR_OK;
	struct replay_report *r = &checks->report;
	if (checks->behind_gap) { /* it knew more then: what was erased since */
		r->unproven++;
		return ERR_OK;
	}
	r->outcome_mismatches++;
	if (!r->first_mismatch_seq)
		r->first_mismatch_seq = je->seq;
	if (!checks->strict)
		return ERR_OK;
	return error_set(ERR_CORRUPT, NULL,
			 "entry %llu (%s) does not come out as it did when it was accepted: this build or pack decides "
			 "differently. "
			 "Start the version that wrote the journal, and report this as a bug",
			 (unsigned long long)je->seq, entry_kind_name(je->kind));
}

static void commit(struct shard *s, struct slot *slot, struct entry *entry, struct applied *applied,
		   const struct journal_entry *je, struct slice raw, struct slice member, struct slice nudge)
{
	struct commit c = { .slot = slot,
			    .entry = entry,
			    .applied = applied,
			    .received_at_ms = je->received_at_ms,
			    .raw = raw,
			    .member = member,
			    .changes_record = entry->kind != ENTRY_EFFECT || effect_changes(slot, entry->effect.kind),
			    .nudge = nudge };
	commit_replayed(s, &c, je->seq);
}

static int replay_event(struct shard *s, struct slot *slot, struct ahead_item *item, struct replay_checks *checks)
{
	const struct journal_entry *je = &item->je;
	struct entry *entry = &item->entry;
	struct apply_input in = { .received_at_ms = je->received_at_ms, .replay = true, .aborted = entry->aborted };
	machine_apply_event(&s->machine, slot->record, &item->event, &in, &s->applied);
	checks->report.events++;
	int result = differs(checks, je, &s->applied);
	struct commit c = { .slot = slot,
			    .entry = entry,
			    .applied = &s->applied,
			    .received_at_ms = je->received_at_ms,
			    .raw = entry->event.raw,
			    .member = entry->event.member,
			    .untimed = item->untimed,
			    .changes_record = true };
	commit_replayed(s, &c, je->seq);
	return result;
}

static int replay_outcome(struct shard *s, struct slot *slot, struct entry *entry, const struct journal_entry *je,
			  struct replay_checks *checks)
{
	struct outcome_input input;
	int result = outcome_input_decode(&input, entry, je->received_at_ms, &s->machine.arena);
	if (result != ERR_OK)
		return error_prefix("entry %llu", (unsigned long long)je->seq);
	struct apply_input in = { .received_at_ms = je->received_at_ms, .replay = true, .aborted = entry->aborted };
	machine_apply_outcome(&s->machine, slot->record, &input, &in, &s->applied);
	checks->report.outcomes++;
	result = differs(checks, je, &s->applied);
	commit(s, slot, entry, &s->applied, je, entry->outcome.raw, entry->outcome.member, (struct slice){ 0 });
	return result;
}

static int replay_timer(struct shard *s, struct slot *slot, struct entry *entry, const struct journal_entry *je,
			struct replay_checks *checks)
{
	struct apply_input in = { .received_at_ms = je->received_at_ms, .replay = true, .aborted = entry->aborted };
	timer_apply(&s->machine, slot->record, entry, &in, &s->applied);
	checks->report.timers++;
	int result = differs(checks, je, &s->applied);
	commit(s, slot, entry, &s->applied, je, (struct slice){ 0 }, entry->timer.member, (struct slice){ 0 });
	return result;
}

/* An effect or nudge that the journal shows: its source need not wait for it any more. */
static void seen_effect(struct engine *e, uint64_t source_seq, uint32_t index, uint64_t seq)
{
	struct work *w = expected_take(e->expected, source_seq, index);
	if (!w)
		return; /* its source was in the store already */
	w->kind = WORK_EFFECT_DONE;
	w->hold_seq = seq;
	effect_done_work(engine_owner(e, &w->effect.source), w);
}

static int replay_effect(struct shard *s, struct slot *slot, struct entry *entry, const struct journal_entry *je,
			 struct replay_checks *checks)
{
	struct apply_input in = { .received_at_ms = je->received_at_ms, .replay = true, .aborted = entry->aborted };
	int result = effect_apply(&s->machine, slot->record, entry, &in, &s->applied);
	if (result != ERR_OK)
		return error_prefix("entry %llu", (unsigned long long)je->seq);
	checks->report.effects++;
	result = differs(checks, je, &s->applied);
	commit(s, slot, entry, &s->applied, je, entry->effect.body, entry->effect.member, (struct slice){ 0 });
	if (entry->effect.kind == EFFECT_WIPE)
		wipe_told(s, &entry->subject, entry->effect.body);
	return result;
}

static void nudge_message(struct shard *s, const struct record *r, const struct decision_record *d, struct bytes *out)
{
	struct wire_choice choice = { 0 };
	struct wire_recommendation wire = {
		.decision_boot = d->head.boot,
		.decision_count = d->head.count,
		.customer = subject_id(&r->subject),
		.channel = d->ask.channel,
		.pack_hash = slice_of(s->machine.pack->hash_text),
		.as_of_seq = d->head.customer_seq,
		.time_ms = d->ask.now_ms,
		.choices = &choice,
		.choice_count = d->chosen_count ? 1 : 0,
	};
	if (d->chosen_count) {
		const struct decision_chosen *c = &d->chosen[0];
		struct str *name = strpool_find(s->machine.pool, c->action);
		int index = name ? pack_action(s->machine.pack, name) : -1;
		choice = (struct wire_choice){ .action = c->action,
					       .say = c->say,
					       .score = c->score,
					       .propensity = c->propensity,
					       .value = c->value,
					       .context = c->context,
					       .lever = c->lever };
		if (index >= 0) {
			choice.goal = str_slice(s->machine.pack->actions[index].goal);
			choice.group = str_slice(s->machine.pack->actions[index].group);
		}
	}
	recommendation_encode(&wire, out);
}

static int replay_decision(struct shard *s, struct slot *slot, struct entry *entry, const struct journal_entry *je,
			   bool current, struct replay_checks *checks)
{
	struct decision_record d;
	int result = decision_decode(&d, entry->decision.bytes, &s->arena);
	if (result != ERR_OK)
		return error_prefix("entry %llu", (unsigned long long)je->seq);
	checks->report.decisions++;
	bool differs_now = checks->decisions && !current && !decision_verify(&s->machine, slot->record, &d);
	if (differs_now && checks->behind_gap) {
		checks->report.unproven++;
	} else if (differs_now) {
		checks->report.decision_mismatches++;
		if (!checks->report.first_mismatch_seq)
			checks->report.first_mismatch_seq = je->seq;
	}
	if (!decision_changes(&d))
		return ERR_OK;
	if (!current) {
		struct bytes nudge = { 0 };
		struct apply_input in = { .received_at_ms = je->received_at_ms, .replay = true };
		if (d.head.nudge)
			nudge_message(s, slot->record, &d, &nudge);
		decision_apply(&s->machine, slot->record, &d, &in, &s->applied);
		result = differs(checks, je, &s->applied);
		commit(s, slot, entry, &s->applied, je, (struct slice){ 0 }, (struct slice){ 0 }, bytes_slice(&nudge));
		bytes_finish(&nudge);
	}
	if (d.head.nudge)
		seen_effect(s->engine, d.head.source_seq, d.head.source_index, je->seq);
	return result;
}

static int replay_acknowledge(struct shard *s, struct slot *slot, struct entry *entry, const struct journal_entry *je,
			      struct replay_checks *checks)
{
	struct alert *alert;
	checks->report.acknowledgements++;
	if (machine_apply_acknowledge(&s->machine, slot->record, entry->acknowledge.seq, entry->acknowledge.index,
				      entry->acknowledge.time_ms, &alert) != ERR_OK)
		return error_prefix("entry %llu", (unsigned long long)je->seq);
	feed_close(s->engine->feed, entry->acknowledge.seq, entry->acknowledge.index, "acknowledged");
	commit(s, slot, entry, NULL, je, (struct slice){ 0 }, (struct slice){ 0 }, (struct slice){ 0 });
	return ERR_OK;
}

/* A crash may have come between a global entry and its note in the store; once the mark is past the entry, the note is all
 * that is left of it. */
static void note_again(struct engine *e, int result, uint64_t seq)
{
	uint64_t none = 0;
	if (result == ERR_OK)
		return;
	log_warn("the store did not take the note of entry %llu (%s): the journal keeps it", (unsigned long long)seq,
		 error_last()->text);
	atomic_compare_exchange_strong(&e->note_pending, &none, seq);
}

static int replay_activation(struct engine *e, const struct entry *entry, const struct journal_entry *je)
{
	struct bundle bundle = { 0 };
	struct past line = { 0 };
	struct reader about = reader_of(entry->activate.about);
	int result = bundle_decode(&bundle, entry->activate.bundle);
	for (unsigned i = 0; i < e->shard_count && result == ERR_OK; i++)
		result = shard_install_pack(e->shards[i], &bundle);
	bundle_finish(&bundle);
	if (result != ERR_OK)
		return error_prefix("entry %llu activates a pack that does not load", (unsigned long long)je->seq);
	past_about_decode(&line, &about);
	line.seq = je->seq;
	line.time_ms = je->received_at_ms;
	snprintf(line.hash, sizeof(line.hash), "%s", e->shards[0]->machine.pack->hash_text);
	snprintf(line.name, sizeof(line.name), "%.*s", SLICE_ARG(entry->activate.name));
	engine_set_pack_text(e, line.name, line.hash, je->received_at_ms);
	atomic_store(&e->asides_in_force, 0);
	result = engine_load_warms(e, &line, &e->warms);
	if (result == ERR_OK && e->store)
		note_again(e, storer_note_activation(e, &line, entry->activate.bundle, (struct slice){ 0 }), je->seq);
	return result;
}

static int replay_global(struct engine *e, struct entry *entry, const struct journal_entry *je,
			 struct replay_checks *checks)
{
	if (entry->kind == ENTRY_ASIDE) {
		for (unsigned i = 0; i < e->shard_count; i++)
			machine_set_aside(&e->shards[i]->machine, entry->aside.rule);
		atomic_fetch_add(&e->asides_in_force, 1);
		if (e->store)
			note_again(e, storer_note_aside(e, je->seq, entry->aside.rule), je->seq);
	}
	if (entry->kind != ENTRY_ACTIVATE)
		return ERR_OK;
	checks->report.activations++;
	return replay_activation(e, entry, je);
}

static int replay_subject(struct engine *e, struct ahead_item *item, struct replay_checks *checks)
{
	const struct journal_entry *je = &item->je;
	struct entry *entry = &item->entry;
	struct shard *s = engine_owner(e, &entry->subject);
	struct slot *slot;
	int result = cache_get(&s->cache, &entry->subject, true, &slot);
	if (result != ERR_OK)
		return result;
	if (je->received_at_ms > s->now_ms)
		s->now_ms = je->received_at_ms;
	/* A record stored after this entry has it already, and its effects are in the journal: a record is not stored
	 * before them. */
	bool current = slot->record->seq >= je->seq;
	checks->behind_gap = gaps_behind(checks->gaps, slot->hash, je->prev_seq);
	arena_reset(&s->machine.arena);
	arena_reset(&s->arena);
	checks->skipped += current;
	checks->applied += !current;
	if (entry->kind == ENTRY_DECISION)
		return replay_decision(s, slot, entry, je, current, checks);
	if (!current && entry->kind == ENTRY_EVENT)
		result = replay_event(s, slot, item, checks);
	else if (!current && entry->kind == ENTRY_OUTCOME)
		result = replay_outcome(s, slot, entry, je, checks);
	else if (!current && entry->kind == ENTRY_TIMER)
		result = replay_timer(s, slot, entry, je, checks);
	else if (!current && entry->kind == ENTRY_EFFECT)
		result = replay_effect(s, slot, entry, je, checks);
	else if (!current && entry->kind == ENTRY_ACKNOWLEDGE)
		result = replay_acknowledge(s, slot, entry, je, checks);
	if (result == ERR_OK && entry->kind == ENTRY_EFFECT)
		seen_effect(e, entry->effect.source_seq, entry->effect.index, je->seq);
	return result;
}

int replay_entry(struct engine *e, struct ahead_item *item, struct replay_checks *checks)
{
	const struct journal_entry *je = &item->je;
	checks->report.entries++;
	if (!checks->report.first_seq)
		checks->report.first_seq = je->seq;
	checks->report.last_seq = je->seq;
	if (je->blanked) {
		checks->report.blanked++;
		gaps_erased(&checks->gaps, je->seq);
		return ERR_OK;
	}
	return item->entry.subject.kind == SUBJECT_NONE ? replay_global(e, &item->entry, je, checks)
							: replay_subject(e, item, checks);
}
