/* nudgectl/cmd_journal_dump.c: a data directory's journal as JSON lines, one an entry. Offline; changes nothing. */
#include "ask.h"
#include "report.h"

#include "base/error.h"
#include "decide/decision.h"
#include "disk/journal.h"
#include "history/entry.h"
#include "wire/json.h"

static struct {
	uint64_t from, to;
	const char *customer;
} v = { .to = UINT64_MAX };

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
					     "learn", "forget", "count" };
	return names[kind < sizeof(names) / sizeof(*names) ? kind : 0];
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
	default:
		break;
	}
}

static json_t *entry_json(const struct journal_entry *head, const struct entry *e, struct arena *arena)
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

static bool is_wanted(const struct entry *e)
{
	if (!v.customer)
		return true;
	struct slice id = slice_of(v.customer);
	if (!e)
		return false;
	return (e->subject.kind == SUBJECT_CUSTOMER && slice_equal(subject_id(&e->subject), id)) ||
	       (e->kind == ENTRY_EFFECT && slice_equal(e->effect.customer, id));
}

static int dump_entry(const struct journal_entry *head, struct arena *arena)
{
	struct entry e;
	arena_reset(arena);
	bool decoded = !head->blanked;
	if (decoded && entry_body_decode(&e, head->kind, head->body, arena) != ERR_OK)
		return report_failed("entry %llu: %s", (unsigned long long)head->seq, error_last()->text);
	if (!is_wanted(decoded ? &e : NULL))
		return EXIT_DONE;
	return print_json_line(entry_json(head, decoded ? &e : NULL, arena));
}

/* The next entry. Where a daemon lets go what we are reading, the first one that is left, and says so. */
static int next_kept(struct journal *journal, struct journal_reader *reader, uint64_t next, struct journal_entry *head)
{
	int got;
	while ((got = journal_next(reader, head)) == ERR_MISSING && journal_first(journal) > next) {
		uint64_t first = journal_first(journal);
		report_note("entries %llu to %llu were let go while they were read", (unsigned long long)next,
			    (unsigned long long)first - 1);
		journal_seek(reader, first);
		next = first;
	}
	return got;
}

static int dump(struct journal *journal)
{
	struct journal_reader *reader;
	struct journal_entry head;
	struct arena arena;
	if (journal_reader_open(&reader, journal, v.from) != ERR_OK)
		return report_failed("%s", error_last()->text);
	arena_init(&arena, 0);
	int got = 0, code = EXIT_DONE;
	uint64_t next = v.from > journal_first(journal) ? v.from : journal_first(journal);
	while (code == EXIT_DONE && (got = next_kept(journal, reader, next, &head)) > 0 && head.seq <= v.to) {
		code = dump_entry(&head, &arena);
		next = head.seq + 1;
	}
	if (code == EXIT_DONE && got < 0)
		code = report_failed("%s", error_last()->text);
	arena_finish(&arena);
	journal_reader_close(reader);
	return code;
}

static int run(struct context *c, int argc, char **argv)
{
	struct journal_options options = { .read_only = true };
	struct journal_found found;
	struct journal *journal;
	if (journal_open(&journal, argv[0], &options, NULL, NULL, &found) != ERR_OK)
		return report_failed("%s: %s", argv[0], error_last()->text);
	int code = dump(journal);
	journal_close(journal);
	return code;
}

static const struct option_spec options_dump[] = {
	{ "from", OPTION_COUNT, &v.from, "SEQ", "begin with this entry" },
	{ "to", OPTION_COUNT, &v.to, "SEQ", "end with this entry" },
	{ "customer", OPTION_TEXT, &v.customer, "ID", "only what is about this customer" },
	{ 0 },
};

const struct command cmd_journal_dump = {
	.name = "journal dump",
	.args = "DIR",
	.summary = "a data directory's journal as JSON lines",
	.min_args = 1,
	.max_args = 1,
	.options = options_dump,
	.run = run,
	.details = "DIR is what nudged has as --data. Nothing is changed. What was erased shows as \"blanked\".",
};
