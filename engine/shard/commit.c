/* shard/commit.c: from applied to published. An entry was applied in memory; now it goes to the journal with its
 * trailer, and what it caused is handed on: alerts to the feed (in the journal's order), effects and nudges to their
 * subjects, timers to the heap.
 *
 * Order matters: the sequence is claimed after applying, so an entry that would crash the process is never in the
 * journal. */
#include "shard/commit.h"
#include "shard/control.h"
#include "shard/effects.h"
#include "shard/parts.h"
#include "shard/recovery.h"
#include "shard/timers.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/fault.h"
#include "history/entry.h"

static struct slice alert_state_name(const struct alert *a)
{
	static const char *const names[] = { "open", "acknowledged", "closed" };
	return slice_of(names[a->state]);
}

void alert_to_wire(const struct record *r, const struct alert *a, struct wire_alert *out)
{
	*out = (struct wire_alert){
		.seq = a->seq,
		.index = a->index,
		.rule = str_slice(a->rule),
		.severity = str_slice(a->severity),
		.to = str_slice(a->to),
		.subject = subject_id(&r->subject),
		.subject_kind = slice_of(subject_kind_name(r->subject.kind)),
		.member = a->member ? record_member_id(r, a->member) : SLICE(""),
		.text = slice_of(a->text),
		.state = alert_state_name(a),
		.time_ms = a->time_ms,
		.expires_ms = a->expires_ms,
		.historical = a->historical,
		.kind = alert_is_nudge(a) ? SLICE("nudge") : SLICE("alert"),
	};
}

static void feed_alerts(struct shard *s, struct commit *c)
{
	for (unsigned i = 0; c->applied && i < c->applied->alert_count; i++) {
		const struct alert *a = c->applied->alerts[i].alert;
		struct wire_alert wire;
		if (a->historical) {
			counter_add(&s->counts.historical, 1);
			continue;
		}
		alert_to_wire(c->slot->record, a, &wire);
		wire.nudge = c->nudge;
		struct subject subject = record_subject(c->slot->record);
		feed_add(s->engine->feed, &wire, &subject);
		counter_add(&s->counts.alerts, 1);
	}
}

struct then {
	struct shard *shard;
	struct commit *commit;
};

/* Under the journal's lock: alerts reach the feed in the order of their sequence. */
static void claimed(void *arg, const struct journal_entry *je)
{
	struct then *then = arg;
	applied_set_seq(then->commit->applied, je->seq);
	feed_alerts(then->shard, then->commit);
}

static void close_alerts(struct shard *s, struct commit *c)
{
	for (unsigned i = 0; i < c->applied->closed_count; i++) {
		const struct alert *a = &c->applied->closed[i];
		feed_close(s->engine->feed, a->seq, a->index,
			   a->state == ALERT_ACKNOWLEDGED ? "acknowledged" : "closed");
	}
}

/* What the entry caused on other subjects, each as a work of its own. */
static void hand_on(struct shard *s, struct commit *c, uint64_t seq, void (*give)(struct shard *s, struct work *w))
{
	const struct applied *a = c->applied;
	unsigned caused = a->effect_count + a->nudge_count;
	struct bytes timed = { 0 };
	if (!caused)
		return;
	if (a->effect_count) {
		bytes_put(&timed, c->raw.data, c->raw.len);
		if (c->untimed) /* there it happened when it did here, however much later the effect arrives */
			event_put_time(&timed, c->received_at_ms);
	}
	for (unsigned i = 0; i < a->effect_count; i++) {
		const struct effect *f = &a->effects[i];
		bool event = f->kind == EFFECT_EVENT;
		struct work w = { .kind = WORK_EFFECT, .home = s, .member = c->member };
		w.effect.source = record_subject(c->slot->record);
		w.effect.target = f->target;
		w.effect.source_seq = seq;
		w.effect.index = f->index;
		w.effect.kind = f->kind;
		w.effect.body = event ? bytes_slice(&timed) : f->body;
		w.effect.customer = event ? subject_id(&c->slot->record->subject) : (struct slice){ 0 };
		give(s, work_to_heap(&w));
	}
	bytes_finish(&timed);
	for (unsigned i = 0; i < a->nudge_count; i++) {
		const struct nudge_request *n = &a->nudges[i];
		struct work w = { .kind = WORK_NUDGE, .home = s };
		w.effect.source = w.effect.target = record_subject(c->slot->record);
		w.effect.source_seq = seq;
		w.effect.index = n->index;
		w.effect.rule = str_slice(n->rule);
		w.effect.channel = str_slice(n->channel);
		w.effect.goal = str_slice(n->goal);
		w.effect.action = str_slice(n->action);
		w.effect.nudge_ms = n->time_ms;
		if (n->member)
			w.member = record_member_id(c->slot->record, n->member);
		give(s, work_to_heap(&w));
	}
	slot_more(c->slot)->pending += caused;
	sources_add(s, seq, caused);
}

static void ask_to_set_aside(struct shard *s, const struct applied *a)
{
	struct activation *aside = must_calloc(1, sizeof(*aside));
	struct slice name = str_slice(s->machine.pack->rules[a->failing_rule - 1].name);
	aside->is_aside = true;
	aside->aside = (struct slice){ must_strndup(name.data, name.len), name.len };
	if (!control_submit(s->engine, aside))
		activation_destroy(aside); /* it keeps failing, so it will be asked again */
}

static void record_changed(struct shard *s, struct commit *c, uint64_t seq)
{
	if (!c->changes_record)
		return;
	c->slot->record->seq = seq;
	cache_dirty(&s->cache, c->slot);
	timers_schedule(s, c->slot);
}

/* The reservation was an estimate; the trailer of aborted calls may have made the body longer. Then the journal's own
 * slack bears it. */
static void settle_reservation(struct shard *s, uint64_t reserved, size_t used)
{
	if (reserved > used)
		journal_release(s->engine->journal, 0, reserved - used);
	else if (used > reserved)
		journal_take(s->engine->journal, 0, used - reserved);
}

uint64_t commit_entry(struct shard *s, struct commit *c)
{
	struct engine *e = s->engine;
	bytes_clear(&s->scratch);
	entry_body_encode_about(c->entry, &c->slot->record->subject, &s->scratch);
	settle_reservation(s, c->reserved_bytes, s->scratch.len);
	(void)fault_hit(apply_before_publish);
	struct journal_entry je = {
		.prev_seq = c->slot->record->seq,
		.received_at_ms = c->received_at_ms,
		.outcome = c->applied ? c->applied->outcome : 0,
		.kind = c->entry->kind,
		.slot = slot_hash_slot(c->slot),
		.body = bytes_slice(&s->scratch),
	};
	struct then then = { s, c };
	journal_append(e->journal, &je, c->applied && c->applied->alert_count ? claimed : NULL, &then);
	if (!c->unhurried)
		s->hurry = true;
	else if (!s->unhurried_ns)
		s->unhurried_ns = s->now_ns;
	record_changed(s, c, je.seq);
	if (c->applied) {
		close_alerts(s, c);
		hand_on(s, c, je.seq, inbox_add);
		if (c->applied->failing_rule)
			ask_to_set_aside(s, c->applied);
	}
	return je.seq;
}

static void expect(struct shard *s, struct work *w)
{
	expected_add(s->engine->expected, w);
}

void commit_replayed(struct shard *s, struct commit *c, uint64_t seq)
{
	if (c->applied) {
		applied_set_seq(c->applied, seq);
		feed_alerts(s, c);
	}
	record_changed(s, c, seq);
	if (c->applied) {
		close_alerts(s, c);
		hand_on(s, c, seq, expect);
	}
}

int reserve_one(struct shard *s, size_t body_bytes)
{
	return journal_reserve(s->engine->journal, 1, body_bytes + ENTRY_SLACK_BYTES);
}
