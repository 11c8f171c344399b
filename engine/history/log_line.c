/* history/log_line.c: see log_line.h. A line begins {"kind":…,"id":…,"seq":…: log_place_of reads that back. */
#include "history/log_line.h"

#include "base/error.h"
#include "history/json_line.h"
#include "script/mask.h"
#include "wire/decision.h"
#include "wire/request.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HIDDEN_MAX (LIMIT_ATTRIBUTES + 8u) /* and fields, a timer's key */
#define HIDDEN_BYTES_MIN 3 /* shorter ones would be found in anything */
#define HIDDEN_DIGITS_MIN 4

struct line {
	struct bytes *out;
	const struct log_entry *e;
	struct slice hidden[HIDDEN_MAX]; /* masked texts that this line's input brought */
	unsigned hidden_count;
};

/* What must not be shown. */

static bool masked(const struct line *l, const char *name)
{
	return pack_masks(l->e->pack, slice_of(name));
}

static void hide(struct line *l, struct slice text)
{
	if (text.len >= HIDDEN_BYTES_MIN && l->hidden_count < HIDDEN_MAX)
		l->hidden[l->hidden_count++] = text;
}

static void hide_field(struct line *l, const char *name, struct slice text)
{
	if (masked(l, name))
		hide(l, text);
}

/* As it stands in words, without a sign: a phone number that came as a number is in texts too. */
static struct slice digits_text(const struct line *l, double n)
{
	char text[32];
	return arena_slice(l->e->arena, slice_of(number_text(fabs(n), text)));
}

static unsigned digits_of(struct slice text)
{
	unsigned digits = 0;
	for (size_t i = 0; i < text.len; i++)
		digits += text.data[i] >= '0' && text.data[i] <= '9';
	return digits;
}

static void hide_value(struct line *l, struct slice name, struct value v)
{
	if (!pack_masks(l->e->pack, name))
		return;
	if (v.kind == VALUE_STRING)
		hide(l, v.string);
	if (v.kind != VALUE_NUMBER)
		return;
	struct slice text = digits_text(l, v.number);
	if (digits_of(text) >= HIDDEN_DIGITS_MIN)
		hide(l, text);
}

static void hide_attributes(struct line *l, const struct event_attr *attrs, size_t count)
{
	for (size_t i = 0; l->e->pack->mask_count && i < count; i++)
		hide_value(l, attrs[i].name, attrs[i].value);
}

/* A case's key is masked with the attribute that it is taken from. */
static bool key_masked(const struct line *l, const struct case_decl *c)
{
	return c && c->key && pack_masks(l->e->pack, str_slice(c->key));
}

static void hide_key(struct line *l, const struct entry *entry)
{
	if (entry && entry->kind == ENTRY_TIMER && key_masked(l, pack_case_by_id(l->e->pack, entry->timer.decl)))
		hide(l, entry->timer.key);
}

static bool shows_hidden(const struct line *l, struct slice text)
{
	for (unsigned i = 0; i < l->hidden_count; i++)
		if (text.len && memmem(text.data, text.len, l->hidden[i].data, l->hidden[i].len))
			return true;
	return false;
}

/* The end of the longest masked text that begins there; 0: none. */
static size_t hidden_end(const struct line *l, struct slice text, size_t at)
{
	size_t end = 0;
	for (unsigned i = 0; i < l->hidden_count; i++) {
		struct slice hidden = l->hidden[i];
		if (hidden.len <= text.len - at && memcmp(text.data + at, hidden.data, hidden.len) == 0 && at + hidden.len > end)
			end = at + hidden.len;
	}
	return end;
}

/* The text without any byte of a masked one: they may lie within each other, and overlap. */
static struct slice without(const struct line *l, struct slice text)
{
	struct bytes cut = { 0 };
	size_t covered = 0;
	if (!shows_hidden(l, text))
		return text;
	for (size_t at = 0; at < text.len; at++) {
		size_t end = hidden_end(l, text, at);
		if (end && at >= covered)
			bytes_put(&cut, MASKED, sizeof(MASKED) - 1);
		if (end > covered)
			covered = end;
		if (at >= covered)
			bytes_put(&cut, text.data + at, 1);
	}
	text = arena_slice(l->e->arena, bytes_slice(&cut));
	bytes_finish(&cut);
	return text;
}

/* A field; nothing where it is empty. */
static void put(struct line *l, const char *name, struct slice text)
{
	if (text.len)
		json_text(l->out, name, masked(l, name) ? SLICE(MASKED) : without(l, text));
}

static void put_attributes(struct line *l, const struct event_attr *attrs, size_t count)
{
	if (!count)
		return;
	json_open(l->out, "attributes", '{');
	for (size_t i = 0; i < count; i++) {
		struct value v = attrs[i].value;
		json_key(l->out, attrs[i].name);
		if (pack_masks(l->e->pack, attrs[i].name))
			v = value_string(SLICE(MASKED));
		else if (v.kind == VALUE_STRING)
			v.string = without(l, v.string);
		else if (v.kind == VALUE_NUMBER && l->hidden_count && shows_hidden(l, digits_text(l, v.number)))
			v = value_string(SLICE(MASKED));
		json_value(l->out, NULL, v);
	}
	json_close(l->out, '}');
}

/* Words as they were filled in, or as they may be shown. */
static void put_words(struct line *l, const char *name, const struct words *w, struct slice filled)
{
	struct bytes shown = { 0 };
	if (!w || !words_masked(l->e->pack, w)) {
		put(l, name, filled);
		return;
	}
	words_shown(l->e->pack, w, &shown);
	json_text(l->out, name, without(l, bytes_slice(&shown)));
	bytes_finish(&shown);
}

/* In the first language that it has: which one was used is not recorded. */
static const struct words *words_of(const struct pack *p, const struct phrase *phrase)
{
	for (unsigned i = 0; phrase->by_language && i < p->language_count; i++)
		if (phrase->by_language[i].count)
			return &phrase->by_language[i];
	return NULL;
}

/* What all lines have. */

static void begin(struct line *l, const char *kind, struct slice id, int64_t time_ms)
{
	const struct log_entry *e = l->e;
	json_open(l->out, NULL, '{');
	json_text(l->out, "kind", slice_of(kind));
	json_text(l->out, "id", id);
	json_whole(l->out, "seq", e->at->seq);
	json_time(l->out, "received", e->at->received_at_ms);
	json_time(l->out, "time", time_ms);
	json_open(l->out, "pack", '{');
	json_text(l->out, "name", e->pack_name);
	json_text(l->out, "hash", slice_of(e->pack->hash_text));
	json_close(l->out, '}');
}

static void end(struct line *l)
{
	json_close(l->out, '}');
	json_end_line(l->out);
}

/* Decisions. */

static const struct action_decl *action_named(const struct pack *p, struct slice name)
{
	for (unsigned i = 0; i < p->action_count; i++)
		if (slice_equal(str_slice(p->actions[i].name), name))
			return &p->actions[i];
	return NULL;
}

static void put_ask(struct line *l, const struct ask *ask)
{
	put(l, "member", ask->member);
	put(l, "agent", ask->agent);
	put(l, "channel", ask->channel);
	put(l, "intent", ask->intent);
	put(l, "topic", ask->topic);
	put(l, "language", ask->language);
	if (ask->has_mood && masked(l, "mood"))
		json_text(l->out, "mood", SLICE(MASKED));
	else if (ask->has_mood)
		json_number(l->out, "mood", ask->mood);
	put(l, "goal", ask->goal);
	put(l, "action", ask->action);
	put_attributes(l, ask->attrs, ask->attr_count);
	json_whole(l->out, "limit", ask->limit ? ask->limit : RECOMMENDATIONS_DEFAULT);
}

/* What was read of the agent and the area. What names they had the record does not say: where anything is masked, each may
 * be it. */
static void put_foreign(struct line *l, const struct foreign_reads *f)
{
	if (!f->count || l->e->pack->mask_count)
		return;
	json_open(l->out, "foreign", '[');
	for (unsigned i = 0; i < f->count; i++)
		json_value(l->out, NULL, f->values[i]);
	json_close(l->out, ']');
}

static void put_chosen(struct line *l, const struct decision_record *d)
{
	json_open(l->out, "chosen", '[');
	for (unsigned i = 0; i < d->chosen_count; i++) {
		const struct decision_chosen *c = &d->chosen[i];
		const struct action_decl *a = action_named(l->e->pack, c->action);
		json_open(l->out, NULL, '{');
		json_text(l->out, "action", c->action);
		json_whole(l->out, "rank", i + 1);
		json_number(l->out, "score", c->score);
		json_number(l->out, "propensity", c->propensity);
		json_number(l->out, "value", c->value);
		json_number(l->out, "context", c->context);
		json_number(l->out, "lever", c->lever);
		if (c->drawn)
			json_flag(l->out, "drawn", true);
		if (c->member)
			json_whole(l->out, "member_number", c->member);
		put_words(l, "say", a ? words_of(l->e->pack, &a->say) : NULL, c->say);
		json_close(l->out, '}');
	}
	json_close(l->out, ']');
}

static void put_refused(struct line *l, const struct decision_record *d)
{
	const struct pack *p = l->e->pack;
	if (!d->fell_count || d->fell_count != p->action_count)
		return;
	json_open(l->out, "refused", '[');
	for (unsigned i = 0; i < d->fell_count; i++) {
		const struct fell *f = &d->fell[i];
		const char *gate = gate_text(f->gate);
		if (!*gate)
			continue;
		json_open(l->out, NULL, '{');
		json_text(l->out, "action", str_slice(p->actions[i].name));
		json_text(l->out, "gate", slice_of(gate));
		if (f->unknown)
			json_flag(l->out, "unknown", true);
		if (strcmp(gate, "policy") == 0 && f->policy < p->policy_count)
			json_text(l->out, "policy", p->policies[f->policy].text);
		json_close(l->out, '}');
	}
	json_close(l->out, ']');
}

static void put_cause(struct line *l, const struct decision_record *d, const struct wire_alert *alert)
{
	json_text(l->out, "rule", d->head.rule);
	json_open(l->out, "cause", '{');
	json_whole(l->out, "seq", d->head.source_seq);
	json_whole(l->out, "index", d->head.source_index);
	json_close(l->out, '}');
	json_flag(l->out, "sent", alert != NULL);
	if (!alert)
		return;
	char id[48];
	snprintf(id, sizeof(id), "%" PRIu64 "-%" PRIu32, alert->seq, alert->index);
	json_text(l->out, "alert", slice_of(id));
}

void log_decision(struct bytes *out, const struct log_entry *e, const struct decision_record *d,
		  const struct wire_alert *alert)
{
	char id[DECISION_TEXT_BYTES];
	struct line l = { .out = out, .e = e };
	hide_attributes(&l, d->ask.attrs, d->ask.attr_count);
	hide_field(&l, "customer", subject_id(&e->entry->subject));
	hide_field(&l, "member", d->ask.member);
	hide_field(&l, "agent", d->ask.agent);
	begin(&l, d->head.nudge ? "nudge" : "decision", decision_format(d->head.boot, d->head.count, id), d->ask.now_ms);
	put(&l, "customer", subject_id(&e->entry->subject));
	put_ask(&l, &d->ask);
	if (d->head.nudge)
		put_cause(&l, d, alert);
	json_whole(out, "as_of", d->head.customer_seq);
	put_foreign(&l, &d->foreign);
	if (d->foreign.aborted.count)
		json_whole(out, "aborted", d->foreign.aborted.count);
	if (d->fallback)
		json_text(out, "fallback", slice_of(fallback_reasons[d->cause]));
	if (d->control)
		json_flag(out, "control", true);
	put_chosen(&l, d);
	put_refused(&l, d);
	end(&l);
}

/* Alerts. */

static const struct rule_decl *rule_named(const struct pack *p, struct slice name)
{
	for (unsigned i = 0; i < p->rule_count; i++)
		if (slice_equal(str_slice(p->rules[i].name), name))
			return &p->rules[i];
	return NULL;
}

static const char *subject_field(struct slice kind)
{
	static const char *const keys[] = { "customer", "agent", "area" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (slice_equal(kind, slice_of(keys[i])))
			return keys[i];
	return "subject";
}

static void put_event(struct line *l, const struct event *e, struct slice customer, struct slice member)
{
	json_open(l->out, "event", '{');
	put(l, "id", e->id);
	put(l, "source", e->source);
	put(l, "type", e->type);
	if (e->time_ms)
		json_time(l->out, "time", e->time_ms);
	put(l, "customer", customer);
	put(l, "member", e->member.len ? e->member : member);
	put(l, "agent", e->agent);
	put(l, "contact", e->contact);
	put(l, "channel", e->channel);
	put_attributes(l, e->attrs, e->attr_count);
	json_close(l->out, '}');
}

static void put_timer(struct line *l, const struct entry *entry)
{
	const struct case_decl *c = pack_case_by_id(l->e->pack, entry->timer.decl);
	json_open(l->out, "timer", '{');
	if (c)
		json_text(l->out, "case", str_slice(c->name));
	if (entry->timer.key.len)
		json_text(l->out, "key", key_masked(l, c) ? SLICE(MASKED) : without(l, entry->timer.key));
	put(l, "member", entry->timer.member);
	json_time(l->out, "due", entry->timer.due_ms);
	json_close(l->out, '}');
}

static void put_outcome(struct line *l, const struct request_outcome *o)
{
	json_open(l->out, "outcome", '{');
	put(l, "id", o->id);
	put(l, "source", o->source);
	json_text(l->out, "kind", slice_of(outcome_name((enum outcome_kind)o->kind)));
	put(l, "action", o->action);
	put(l, "channel", o->channel);
	put(l, "agent", o->agent);
	put(l, "decision", o->decision);
	put(l, "reason", o->reason);
	json_close(l->out, '}');
}

/* The event that an entry brought. False: none. */
static bool event_of(const struct log_entry *e, struct event *out, struct slice *customer, struct slice *member)
{
	const struct entry *entry = e->entry;
	struct slice raw = { 0 };
	if (entry && entry->kind == ENTRY_EVENT) {
		raw = entry->event.raw;
		*member = entry->event.member;
		*customer = (struct slice){ 0 };
	} else if (entry && entry->kind == ENTRY_EFFECT && entry->effect.kind == EFFECT_EVENT) {
		raw = entry->effect.body;
		*member = entry->effect.member;
		*customer = entry->effect.customer;
	}
	return raw.len && event_decode(out, raw, e->arena, -1) == ERR_OK;
}

/* A rule's function may say anything: where the pack masks something, that is not shown. */
static void put_alert_words(struct line *l, const struct wire_alert *a)
{
	const struct pack *p = l->e->pack;
	const struct rule_decl *rule = rule_named(p, a->rule);
	bool free_words = !rule || rule->run != TERM_NO_FUNCTION || !rule->has_alert;
	if (p->mask_count && free_words) {
		json_text(l->out, "to", SLICE(MASKED));
		json_text(l->out, "text", SLICE(MASKED));
		return;
	}
	put_words(l, "to", rule && rule->has_alert ? &rule->alert.to : NULL, a->to);
	put_words(l, "text", rule && rule->has_alert ? words_of(p, &rule->alert.say) : NULL, a->text);
}

void log_alert(struct bytes *out, const struct log_entry *e, const struct wire_alert *a)
{
	char id[48];
	struct event event;
	struct slice customer = { 0 }, member = { 0 };
	struct request_outcome outcome;
	struct line l = { .out = out, .e = e };
	bool by_event = event_of(e, &event, &customer, &member);
	if (by_event) {
		hide_attributes(&l, event.attrs, event.attr_count);
		hide_field(&l, "customer", customer);
		hide_field(&l, "agent", event.agent);
		hide_field(&l, "contact", event.contact);
	}
	hide_key(&l, e->entry);
	hide_field(&l, subject_field(a->subject_kind), a->subject);
	hide_field(&l, "member", a->member);
	snprintf(id, sizeof(id), "%" PRIu64 "-%" PRIu32, a->seq, a->index);
	begin(&l, "alert", slice_of(id), a->time_ms);
	put(&l, subject_field(a->subject_kind), a->subject);
	put(&l, "member", a->member);
	json_text(out, "rule", a->rule);
	json_text(out, "severity", a->severity);
	put_alert_words(&l, a);
	if (a->expires_ms && a->expires_ms != INT64_MAX)
		json_time(out, "expires", a->expires_ms);
	if (by_event)
		put_event(&l, &event, customer, member);
	else if (e->entry && e->entry->kind == ENTRY_TIMER)
		put_timer(&l, e->entry);
	else if (e->entry && e->entry->kind == ENTRY_OUTCOME &&
		 outcome_decode(&outcome, e->entry->outcome.raw, e->arena, -1) == ERR_OK)
		put_outcome(&l, &outcome);
	end(&l);
}

void log_missed(struct bytes *out, const char *what, uint64_t count, uint64_t seq)
{
	json_open(out, NULL, '{');
	json_text(out, "kind", SLICE("missed"));
	json_whole(out, what, count);
	json_whole(out, "goes_on_at", seq);
	json_close(out, '}');
	json_end_line(out);
}

bool log_place_of(struct slice line, struct log_place *out)
{
	char head[160];
	uint64_t seq, of_alert;
	uint32_t index;
	snprintf(head, sizeof(head), "%.*s", SLICE_ARG(line));
	const char *at = strstr(head, ",\"seq\":");
	if (strncmp(head, "{\"kind\":\"", 9) != 0 || !at || sscanf(at, ",\"seq\":%" SCNu64 ",", &seq) != 1)
		return false;
	*out = (struct log_place){ seq, UINT32_MAX };
	/* "SEQ-INDEX"; a log that older daemons began has "SEQ.INDEX" */
	if (sscanf(head, "{\"kind\":\"alert\",\"id\":\"%" SCNu64 "%*1[-.]%" SCNu32 "\"", &of_alert, &index) == 2)
		out->index = index;
	return true;
}
