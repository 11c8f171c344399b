/* nudgectl/replay_json.c: a comparison's report as one JSON document; its fields are told by `nudgectl help replay`. */
#include "replay.h"

#include "ask.h"

#include <string.h>

static const char *const total_names[TOTAL_COUNT] = {
	[TOTAL_ENTRIES] = "entries",
	[TOTAL_EVENTS] = "events",
	[TOTAL_EFFECTS] = "effects",
	[TOTAL_TIMERS] = "timers",
	[TOTAL_OUTCOMES] = "outcomes",
	[TOTAL_ACKNOWLEDGEMENTS] = "acknowledgements",
	[TOTAL_RECOMMENDATIONS] = "recommendations",
	[TOTAL_ERASED] = "erased",
	[TOTAL_ALERTS_BEFORE] = "alerts_before",
	[TOTAL_ALERTS_AFTER] = "alerts_after",
	[TOTAL_ALERTS_LOST] = "alerts_lost",
	[TOTAL_ALERTS_GAINED] = "alerts_gained",
	[TOTAL_ALERTS_CHANGED] = "alerts_changed",
	[TOTAL_ALERTS_RENAMED] = "alerts_renamed",
	[TOTAL_ALERTS_HISTORICAL] = "alerts_historical",
	[TOTAL_CLOSED_OTHERWISE] = "closed_otherwise",
	[TOTAL_NUDGES_BEFORE] = "nudges_before",
	[TOTAL_NUDGES_AFTER] = "nudges_after",
	[TOTAL_NUDGES_LOST] = "nudges_lost",
	[TOTAL_NUDGES_GAINED] = "nudges_gained",
	[TOTAL_NUDGES_CHANGED] = "nudges_changed",
	[TOTAL_FIRED_LOST] = "fired_lost",
	[TOTAL_FIRED_GAINED] = "fired_gained",
	[TOTAL_FIRST_CHANGED] = "first_changed",
	[TOTAL_LIST_CHANGED] = "list_changed",
	[TOTAL_SCORES_CHANGED] = "scores_changed",
	[TOTAL_WORDS_CHANGED] = "words_changed",
	[TOTAL_FALLBACKS] = "fallbacks",
	[TOTAL_OUTCOMES_UNKNOWN] = "outcomes_unknown",
	[TOTAL_SHOWN_UNKNOWN] = "shown_unknown",
	[TOTAL_ACKNOWLEDGEMENTS_LEFT_OUT] = "acknowledgements_left_out",
	[TOTAL_CUSTOMERS] = "customers",
	[TOTAL_CUSTOMERS_TOUCHED] = "customers_touched",
	[TOTAL_AGENTS_TOUCHED] = "agents_touched",
	[TOTAL_AREAS_TOUCHED] = "areas_touched",
};

static void set_count(json_t *o, const char *name, uint64_t n)
{
	json_object_set_new(o, name, json_integer((json_int_t)n));
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *example_json(const struct compare_example *x)
{
	char id[48];
	json_t *o = json_object();
	set_count(o, "seq", x->seq);
	json_object_set_new(o, "time_ms", json_integer(x->time_ms));
	json_object_set_new(o, "subject_kind", json_string(subject_kind_name(x->subject_kind)));
	json_object_set_new(o, "subject", text_json(x->subject));
	if (x->member)
		json_object_set_new(o, "member", text_json(x->member));
	if (x->boot || x->count) {
		snprintf(id, sizeof(id), "%llu-%llu", (unsigned long long)x->boot, (unsigned long long)x->count);
		json_object_set_new(o, "decision", json_string(id));
	}
	json_object_set_new(o, "before", text_json(x->before));
	json_object_set_new(o, "after", text_json(x->after));
	return o;
}

static void set_examples(json_t *o, const char *name, const struct compare_examples *e)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < e->count; i++)
		json_array_append_new(list, example_json(&e->items[i]));
	json_object_set_new(o, name, list);
}

static const struct {
	const char *name;
	enum compare_count count;
} rule_counts[] = {
	{ "fired_before", COUNT_FIRED_BEFORE },     { "fired_after", COUNT_FIRED_AFTER },
	{ "fired_lost", COUNT_FIRED_LOST },         { "fired_gained", COUNT_FIRED_GAINED },
	{ "alerts_before", COUNT_ALERTS_BEFORE },   { "alerts_after", COUNT_ALERTS_AFTER },
	{ "alerts_lost", COUNT_ALERTS_LOST },       { "alerts_gained", COUNT_ALERTS_GAINED },
	{ "alerts_changed", COUNT_ALERTS_CHANGED },
	{ "closed_otherwise", COUNT_CLOSED_OTHERWISE }, { "nudges_before", COUNT_NUDGES_BEFORE },
	{ "nudges_after", COUNT_NUDGES_AFTER },     { "nudges_lost", COUNT_NUDGES_LOST },
	{ "nudges_gained", COUNT_NUDGES_GAINED },   { "nudges_changed", COUNT_NUDGES_CHANGED },
}, action_counts[] = {
	{ "first_before", COUNT_FIRST_BEFORE },   { "first_after", COUNT_FIRST_AFTER },
	{ "shown_before", COUNT_SHOWN_BEFORE },   { "shown_after", COUNT_SHOWN_AFTER },
	{ "shown_lost", COUNT_SHOWN_LOST },       { "shown_gained", COUNT_SHOWN_GAINED },
	{ "nudges_before", COUNT_NUDGES_BEFORE }, { "nudges_after", COUNT_NUDGES_AFTER },
	{ "nudges_lost", COUNT_NUDGES_LOST },     { "nudges_gained", COUNT_NUDGES_GAINED },
	{ "outcomes", COUNT_OUTCOMES },           { "outcomes_unknown", COUNT_OUTCOMES_UNKNOWN },
};

static json_t *rule_json(const struct compare_row *row)
{
	json_t *o = json_pack("{ss sb sb}", "rule", row->name, "in_history", row->in_before, "in_candidate", row->in_after);
	for (size_t i = 0; i < sizeof(rule_counts) / sizeof(rule_counts[0]); i++)
		set_count(o, rule_counts[i].name, row->counts[rule_counts[i].count]);
	set_examples(o, "lost", &row->examples[EXAMPLE_LOST]);
	set_examples(o, "gained", &row->examples[EXAMPLE_GAINED]);
	set_examples(o, "changed", &row->examples[EXAMPLE_CHANGED]);
	return o;
}

static json_t *action_json(const struct compare_row *row)
{
	json_t *o = json_pack("{ss sb sb}", "action", row->name, "in_history", row->in_before, "in_candidate",
			      row->in_after),
	       *unknown = json_object();
	for (size_t i = 0; i < sizeof(action_counts) / sizeof(action_counts[0]); i++)
		set_count(o, action_counts[i].name, row->counts[action_counts[i].count]);
	for (int kind = OUTCOME_SHOWN; kind <= OUTCOME_LAST; kind++)
		if (row->counts[COUNT_UNKNOWN_KIND + kind])
			set_count(unknown, outcome_name((enum outcome_kind)kind), row->counts[COUNT_UNKNOWN_KIND + kind]);
	json_object_set_new(o, "unknown_by_kind", unknown);
	set_examples(o, "lost", &row->examples[EXAMPLE_LOST]);
	set_examples(o, "gained", &row->examples[EXAMPLE_GAINED]);
	set_examples(o, "unknown", &row->examples[EXAMPLE_UNKNOWN]);
	return o;
}

static json_t *recipient_json(const struct compare_row *row)
{
	const char *channel = strncmp(row->name, "channel:", 8) == 0 ? row->name + 8 : NULL;
	json_t *o = json_pack("{ss}", channel ? "channel" : "to", channel ? channel : row->name);
	set_count(o, "before", row->counts[channel ? COUNT_NUDGES_BEFORE : COUNT_ALERTS_BEFORE]);
	set_count(o, "after", row->counts[channel ? COUNT_NUDGES_AFTER : COUNT_ALERTS_AFTER]);
	return o;
}

static json_t *renamed_json(const struct compare_row *row)
{
	size_t len = strcspn(row->name, "\n");
	json_t *o = json_object();
	json_object_set_new(o, "rule", json_stringn(row->name, len));
	json_object_set_new(o, "now", json_string(row->name + len + (row->name[len] == '\n')));
	set_count(o, "alerts", row->counts[COUNT_ALERTS_CHANGED]);
	return o;
}

static void set_rows(json_t *o, const char *name, const struct compare_report *r, enum compare_row_kind kind,
		     json_t *(*make)(const struct compare_row *row))
{
	json_t *list = json_array();
	for (size_t i = 0; i < r->row_count; i++)
		if (r->rows[i].kind == kind)
			json_array_append_new(list, make(&r->rows[i]));
	json_object_set_new(o, name, list);
}

static json_t *pack_json(const struct compare_pack *p)
{
	json_t *o = json_pack("{ss ss}", "name", p->name, "hash", p->hash);
	if (p->seq) {
		set_count(o, "activated_by", p->seq);
		json_object_set_new(o, "time_ms", json_integer(p->time_ms));
	}
	return o;
}

static json_t *baseline_json(const struct compare_report *r)
{
	const uint64_t *t = r->totals;
	json_t *o = json_object();
	json_object_set_new(o, "reproduced",
			    json_boolean(!t[TOTAL_NOT_REPRODUCED] && !t[TOTAL_DECISIONS_NOT_REPRODUCED]));
	set_count(o, "entries", t[TOTAL_CHECKED]);
	set_count(o, "decisions", t[TOTAL_DECISIONS_CHECKED]);
	set_count(o, "entries_differing", t[TOTAL_NOT_REPRODUCED]);
	set_count(o, "decisions_differing", t[TOTAL_DECISIONS_NOT_REPRODUCED]);
	set_count(o, "first_seq", r->not_reproduced_seq);
	return o;
}

int replay_print_json(const struct compare_report *r)
{
	static const char *const changes[] = { "first", "list", "scores", "words" };
	json_t *o = json_pack("{sb so}", "different", r->different, "candidate", pack_json(&r->candidate));
	json_t *packs = json_array(), *totals = json_object(), *decisions = json_object(), *failures = json_object();
	for (unsigned i = 0; i < r->pack_count; i++)
		json_array_append_new(packs, pack_json(&r->packs[i]));
	json_object_set_new(o, "packs", packs);
	set_count(o, "first_seq", r->first_seq);
	set_count(o, "last_seq", r->last_seq);
	json_object_set_new(o, "first_ms", json_integer(r->first_ms));
	json_object_set_new(o, "last_ms", json_integer(r->last_ms));
	set_count(o, "took_over_seq", r->took_over_seq);
	for (unsigned i = 0; i < TOTAL_COUNT; i++)
		if (total_names[i])
			set_count(totals, total_names[i], r->totals[i]);
	json_object_set_new(o, "totals", totals);
	set_rows(o, "rules", r, ROW_RULE, rule_json);
	set_rows(o, "renamed", r, ROW_RENAMED, renamed_json);
	set_rows(o, "actions", r, ROW_ACTION, action_json);
	set_rows(o, "recipients", r, ROW_RECIPIENT, recipient_json);
	for (unsigned i = 0; i < CHANGE_KINDS; i++)
		set_examples(decisions, changes[i], &r->decisions[i]);
	json_object_set_new(o, "decisions", decisions);
	json_object_set_new(o, "baseline", baseline_json(r));
	set_count(o, "dropped_bytes", r->dropped_bytes);
	set_count(failures, "calls", r->totals[TOTAL_FAILED_CALLS]);
	set_count(failures, "first_seq", r->failed_seq);
	json_object_set_new(failures, "text", json_string(r->failure));
	json_object_set_new(o, "failures", failures);
	return print_json(o);
}
