/* nudgectl/entry_json.c: see entry_json.h. */
#include "entry_json.h"

#include "ask.h"

#include "base/error.h"
#include "decide/decision.h"
#include "wire/json.h"

static json_t *text_json(struct slice s)
{
	return json_stringn(s.data ? s.data : "", s.len);
}

static void set_text(json_t *j, const char *name, struct slice s)
{
	if (s.len)
		json_object_set_new(j, name, text_json(s));
}

static void set_count(json_t *j, const char *name, uint64_t n)
{
	json_object_set_new(j, name, json_integer((json_int_t)n));
}

/* A message of the protocol, as it was received. */
static void set_message(json_t *j, const char *name, const ProtobufCMessageDescriptor *d, struct slice raw)
{
	ProtobufCMessage *m = protobuf_c_message_unpack(d, NULL, raw.len, (const uint8_t *)(raw.data ? raw.data : ""));
	json_object_set_new(j, name, m ? json_from_message(m) : json_string("not readable"));
	if (m)
		protobuf_c_message_free_unpacked(m, NULL);
}

static const char *effect_name(uint8_t kind)
{
	static const char *const names[] = { "?", "event", "tally", "link", "unlink", "merge", "absorb", "fill",
					     "learn", "forget", "count", [EFFECT_LOOK] = "look",
					     [EFFECT_TICKET] = "ticket", [EFFECT_TURN] = "turn", [EFFECT_WIPE] = "wipe" };
	return kind < sizeof(names) / sizeof(*names) && names[kind] ? names[kind] : names[0];
}

static void set_decision(json_t *j, struct slice bytes, struct arena *arena)
{
	struct decision_record d;
	char id[48];
	if (decision_decode(&d, bytes, arena) != ERR_OK) {
		json_object_set_new(j, "decision", json_string("not readable"));
		return;
	}
	json_t *chosen = json_array();
	for (unsigned i = 0; i < d.chosen_count; i++) {
		json_t *one = json_object();
		set_text(one, "action", d.chosen[i].action);
		json_object_set_new(one, "score", json_real(d.chosen[i].score));
		set_text(one, "say", d.chosen[i].say);
		json_array_append_new(chosen, one);
	}
	json_t *out = json_object();
	snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)d.head.boot, (unsigned long long)d.head.count);
	json_object_set_new(out, "id", json_string(id));
	set_text(out, "rule", d.head.rule);
	if (d.head.nudge)
		set_count(out, "source_seq", d.head.source_seq);
	set_text(out, "agent", d.ask.agent);
	set_text(out, "channel", d.ask.channel);
	set_text(out, "intent", d.ask.intent);
	set_text(out, "topic", d.ask.topic);
	json_object_set_new(out, "time_ms", json_integer(d.ask.now_ms));
	json_object_set_new(out, "fallback", json_boolean(d.fallback));
	json_object_set_new(out, "chosen", chosen);
	json_object_set_new(j, d.head.nudge ? "nudge" : "decision", out);
}

static void set_effect(json_t *j, const struct entry *e)
{
	json_object_set_new(j, "effect", json_string(effect_name(e->effect.kind)));
	set_count(j, "source_seq", e->effect.source_seq);
	set_count(j, "index", e->effect.index);
	set_text(j, "of_customer", e->effect.customer);
	if (e->effect.kind == EFFECT_EVENT)
		set_message(j, "event", &nudge__v1__event__descriptor, e->effect.body);
}

static void set_payload(json_t *j, const struct entry *e, struct arena *arena)
{
	switch (e->kind) {
	case ENTRY_EVENT:
		set_text(j, "member", e->event.member);
		set_message(j, "event", &nudge__v1__event__descriptor, e->event.raw);
		break;
	case ENTRY_EFFECT:
		set_effect(j, e);
		break;
	case ENTRY_TIMER:
		json_object_set_new(j, "due_ms", json_integer(e->timer.due_ms));
		set_text(j, "member", e->timer.member);
		set_text(j, "key", e->timer.key);
		break;
	case ENTRY_DECISION:
		set_decision(j, e->decision.bytes, arena);
		break;
	case ENTRY_OUTCOME:
		set_message(j, "outcome_of", &nudge__v1__outcome__descriptor, e->outcome.raw);
		break;
	case ENTRY_ACKNOWLEDGE:
		set_count(j, "alert_seq", e->acknowledge.seq);
		set_count(j, "alert_index", e->acknowledge.index);
		set_text(j, "by", e->acknowledge.by);
		break;
	case ENTRY_ACTIVATE:
		set_text(j, "pack", e->activate.name);
		set_count(j, "pack_bytes", e->activate.bundle.len);
		break;
	case ENTRY_ASIDE:
		set_text(j, "rule", e->aside.rule);
		break;
	case ENTRY_ERASED:
		set_text(j, "by", e->erased.by);
		json_object_set_new(j, "uid", json_integer(e->erased.uid));
		break;
	default:
		break;
	}
}

json_t *entry_json(const struct journal_entry *head, const struct entry *e, struct arena *arena)
{
	char outcome[20];
	snprintf(outcome, sizeof(outcome), "%016llx", (unsigned long long)head->outcome);
	json_t *j = json_pack("{sI sI ss si sI ss}", "seq", (json_int_t)head->seq, "prev_seq",
			      (json_int_t)head->prev_seq, "kind", entry_kind_name(head->kind), "slot", head->slot,
			      "received_at_ms", (json_int_t)head->received_at_ms, "outcome", outcome);
	if (head->blanked)
		json_object_set_new(j, "blanked", json_true());
	if (!e)
		return j;
	if (e->subject.kind != SUBJECT_NONE)
		set_text(j, subject_kind_name(e->subject.kind), subject_id(&e->subject));
	if (e->aborted.count) {
		json_t *calls = json_array();
		for (unsigned i = 0; i < e->aborted.count; i++)
			json_array_append_new(calls, json_integer(e->aborted.calls[i]));
		json_object_set_new(j, "aborted_calls", calls);
	}
	set_payload(j, e, arena);
	return j;
}
