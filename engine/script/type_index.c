/* script/type_index.c: what happens on one event type, so that an event costs what matches it and not what the pack
 * holds. Lists are in order of declaration; "*" is in every list and in the one of types that nothing names. */
#include "script/declare.h"
#include "script/relations.h"

#include "base/check.h"

#include <stdlib.h>

static void add(struct arena *arena, unsigned **list, unsigned *count, unsigned value)
{
	if (*count && (*list)[*count - 1] == value)
		return; /* the type was given twice */
	if (!(*count & (*count - 1))) {
		unsigned *more = arena_alloc(arena, (*count ? 2 * *count : 1) * sizeof(*more));
		if (*count)
			memcpy(more, *list, *count * sizeof(*more));
		*list = more;
	}
	(*list)[(*count)++] = value;
}

static bool is_any(const struct str *type)
{
	return type->len == 1 && type->data[0] == '*';
}

static uint32_t slot_of(const struct pack *p, const struct str *type)
{
	uint32_t i = type->hash & p->type_mask;
	while (p->type_table[i] && p->types[p->type_table[i] - 1].type != type)
		i = (i + 1) & p->type_mask;
	return i;
}

const struct type_index *pack_type(const struct pack *p, const struct str *type)
{
	uint32_t found = p->type_table ? p->type_table[slot_of(p, type)] : 0;
	return found ? &p->types[found - 1] : p->other_type;
}

static void keep_only(unsigned *list, unsigned *count, const bool *wanted)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < *count; i++)
		if (wanted[list[i]])
			list[kept++] = list[i];
	*count = kept;
}

static void index_keep_only(struct type_index *t, const bool *series, const bool *cases)
{
	keep_only(t->series, &t->series_count, series);
	keep_only(t->agent_series, &t->agent_series_count, series);
	keep_only(t->area_series, &t->area_series_count, series);
	keep_only(t->opens, &t->open_count, cases);
	keep_only(t->closes, &t->close_count, cases);
	t->lasting = 0;
	t->rule_count = t->agent_rule_count = t->area_rule_count = t->alert_closer_count = 0;
	t->segments = t->campaigns = 0;
	t->contact = CONTACT_NO_ROLE;
	t->asks = t->answers = 0;
	t->sampled = t->timeline = false;
}

static bool is_among(const struct id_list *list, uint32_t id)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->ids[i] == id)
			return true;
	return false;
}

void pack_keep_only(struct pack *p, const struct id_list *series, const struct id_list *cases)
{
	bool *keep_series = must_calloc(p->series_count + 1, sizeof(*keep_series));
	bool *keep_cases = must_calloc(p->case_count + 1, sizeof(*keep_cases));
	for (unsigned i = 0; i < p->series_count; i++)
		keep_series[i] = is_among(series, p->series[i].id);
	for (unsigned i = 0; i < p->case_count; i++)
		keep_cases[i] = is_among(cases, p->cases[i].id);
	for (unsigned i = 0; i < p->type_count; i++)
		index_keep_only(&p->types[i], keep_series, keep_cases);
	if (p->other_type)
		index_keep_only(p->other_type, keep_series, keep_cases);
	p->contract = NULL;
	p->churn = NULL;
	p->relations = arena_calloc(&p->arena, 1, sizeof(*p->relations));
	p->contacts = NULL;
	p->segment_count = p->campaign_count = 0;
	free(keep_series);
	free(keep_cases);
}

static void note_types(struct pack *p, struct str **types, unsigned count, unsigned *known)
{
	for (unsigned i = 0; i < count; i++) {
		if (is_any(types[i]))
			continue;
		uint32_t slot = slot_of(p, types[i]);
		if (p->type_table[slot])
			continue;
		p->types[p->type_count].type = types[i];
		p->type_table[slot] = ++p->type_count;
		CHECK(p->type_count <= *known);
	}
}

static unsigned list_length(struct str **list)
{
	unsigned n = 0;
	while (list && list[n])
		n++;
	return n;
}

#define LASTING_LISTS (9 + LIMIT_OPINIONS)
struct lasting_list {
	struct str **types;
	uint16_t lasting;
};

static unsigned lasting_lists(const struct pack *p, struct lasting_list out[LASTING_LISTS])
{
	unsigned n = 0;
	if (p->contract) {
		out[n++] = (struct lasting_list){ p->contract->starts, LASTING_STARTS };
		out[n++] = (struct lasting_list){ p->contract->renews, LASTING_RENEWS };
		out[n++] = (struct lasting_list){ p->contract->ends, LASTING_ENDS };
		out[n++] = (struct lasting_list){ p->contract->complaints, LASTING_COMPLAINT };
		out[n++] = (struct lasting_list){ p->contract->contacts, LASTING_CONTACT };
		for (unsigned i = 0; i < p->contract->opinion_count; i++)
			out[n++] = (struct lasting_list){ p->contract->opinions[i].on, LASTING_OPINION };
	}
	if (p->churn) {
		out[n++] = (struct lasting_list){ p->churn->on, LASTING_LEAVES };
		out[n++] = (struct lasting_list){ p->churn->back, LASTING_RETURNS };
		out[n++] = (struct lasting_list){ p->churn->contacts, LASTING_TOUCH };
	}
	return n;
}

/* Calls note_types for every list of types in the pack; with a table of NULL it only counts. */
static unsigned each_type_list(struct pack *p, unsigned *known)
{
	unsigned count = 0;
#define LIST(types, n) \
	do { \
		count += (n); \
		if (known) \
			note_types(p, types, n, known); \
	} while (0)
	for (unsigned i = 0; i < p->series_count; i++)
		LIST(p->series[i].on, p->series[i].on_count);
	for (unsigned i = 0; i < p->case_count; i++) {
		LIST(p->cases[i].opens, list_length(p->cases[i].opens));
		LIST(p->cases[i].closes, list_length(p->cases[i].closes));
	}
	for (unsigned i = 0; i < p->rule_count; i++) {
		LIST(p->rules[i].on, p->rules[i].on_count);
		LIST(p->rules[i].alert.closes, p->rules[i].alert.close_count);
	}
	for (unsigned i = 0; i < p->segment_count; i++)
		LIST(p->segments[i].on, p->segments[i].on_count);
	for (unsigned i = 0; i < p->campaign_count; i++)
		LIST(p->campaigns[i].success, p->campaigns[i].success_count);
	LIST(p->timeline_types, p->timeline_type_count);
	struct lasting_list lists[LASTING_LISTS];
	unsigned lasting = lasting_lists(p, lists);
	for (unsigned i = 0; i < lasting; i++)
		LIST(lists[i].types, list_length(lists[i].types));
	LIST(p->relations->relationship.sample, p->relations->relationship.sample_count);
	for (unsigned i = 0; i < p->relations->survey_count; i++) {
		LIST(p->relations->surveys[i].on, p->relations->surveys[i].on_count);
		LIST(p->relations->surveys[i].asked, p->relations->surveys[i].asked_count);
	}
	for (unsigned i = 1; p->contacts && i < CONTACT_ROLES; i++)
		if (p->contacts->types[i])
			LIST(p->contacts->types[i], list_length(p->contacts->types[i]));
#undef LIST
	return count;
}

enum target { SERIES, RULES, OPENS, CLOSES, CLOSERS, SEGMENTS, CAMPAIGNS };

static void add_to_type(struct pack *p, struct type_index *t, enum target target, unsigned about, unsigned value)
{
	struct arena *a = &p->arena;
	if (target == SEGMENTS)
		t->segments |= 1ull << value;
	else if (target == CAMPAIGNS)
		t->campaigns |= 1ull << value;
	else if (target == OPENS)
		add(a, &t->opens, &t->open_count, value);
	else if (target == CLOSES)
		add(a, &t->closes, &t->close_count, value);
	else if (target == CLOSERS)
		add(a, &t->alert_closers, &t->alert_closer_count, value);
	else if (about == ABOUT_AGENT && target == SERIES)
		add(a, &t->agent_series, &t->agent_series_count, value);
	else if (about == ABOUT_AGENT)
		add(a, &t->agent_rules, &t->agent_rule_count, value);
	else if (about == ABOUT_AREA && target == SERIES)
		add(a, &t->area_series, &t->area_series_count, value);
	else if (about == ABOUT_AREA)
		add(a, &t->area_rules, &t->area_rule_count, value);
	else if (target == SERIES)
		add(a, &t->series, &t->series_count, value);
	else
		add(a, &t->rules, &t->rule_count, value);
}

static void add_to_types(struct pack *p, struct str **types, unsigned count, enum target target, unsigned about,
			 unsigned value)
{
	for (unsigned i = 0; i < count; i++) {
		if (!is_any(types[i])) {
			add_to_type(p, &p->types[p->type_table[slot_of(p, types[i])] - 1], target, about, value);
			continue;
		}
		for (unsigned k = 0; k < p->type_count; k++)
			add_to_type(p, &p->types[k], target, about, value);
		if (!p->other_type)
			p->other_type = arena_calloc(&p->arena, 1, sizeof(*p->other_type));
		add_to_type(p, p->other_type, target, about, value);
	}
}

static void mark_contacts(struct pack *p)
{
	for (unsigned i = 1; p->contacts && i < CONTACT_ROLES; i++)
		for (struct str **t = p->contacts->types[i]; t && *t; t++)
			p->types[p->type_table[slot_of(p, *t)] - 1].contact = (uint8_t)i;
}

static void mark_lasting(struct pack *p)
{
	struct lasting_list lists[LASTING_LISTS];
	unsigned count = lasting_lists(p, lists);
	for (unsigned i = 0; i < count; i++)
		for (struct str **t = lists[i].types; t && *t; t++)
			p->types[p->type_table[slot_of(p, *t)] - 1].lasting |= lists[i].lasting;
}

/* NULL: the type means any, or the pack has none such. */
static struct type_index *type_named(struct pack *p, const struct str *type)
{
	uint32_t found = is_any(type) ? 0 : p->type_table[slot_of(p, type)];
	return found ? &p->types[found - 1] : NULL;
}

static void mark_relations(struct pack *p)
{
	const struct relationship_decl *r = &p->relations->relationship;
	struct type_index *t;
	for (unsigned i = 0; i < r->sample_count; i++)
		if ((t = type_named(p, r->sample[i])) != NULL)
			t->sampled = true;
	for (unsigned i = 0; i < p->relations->survey_count; i++) {
		const struct survey_decl *s = &p->relations->surveys[i];
		for (unsigned k = 0; k < s->on_count; k++)
			if ((t = type_named(p, s->on[k])) != NULL)
				t->answers |= (uint16_t)(1u << i);
		for (unsigned k = 0; k < s->asked_count; k++)
			if ((t = type_named(p, s->asked[k])) != NULL)
				t->asks |= (uint16_t)(1u << i);
	}
}

static void mark_timeline(struct pack *p)
{
	if (p->timeline_keep == 0)
		return;
	for (unsigned i = 0; i < p->timeline_type_count; i++)
		if (!is_any(p->timeline_types[i]))
			p->types[p->type_table[slot_of(p, p->timeline_types[i])] - 1].timeline = true;
	if (p->timeline_type_count)
		return;
	for (unsigned i = 0; i < p->type_count; i++)
		p->types[i].timeline = true;
	if (!p->other_type)
		p->other_type = arena_calloc(&p->arena, 1, sizeof(*p->other_type));
	p->other_type->timeline = true;
}

void index_build(struct pack *p)
{
	unsigned known = each_type_list(p, NULL);
	uint32_t size = 8;
	while (size < 2 * (known + 1))
		size *= 2;
	p->type_table = arena_calloc(&p->arena, size, sizeof(*p->type_table));
	p->type_mask = size - 1;
	p->types = arena_calloc(&p->arena, known + 1, sizeof(*p->types));
	each_type_list(p, &known);
	for (unsigned i = 0; i < p->series_count; i++)
		add_to_types(p, p->series[i].on, p->series[i].on_count, SERIES, p->series[i].about, i);
	for (unsigned i = 0; i < p->case_count; i++) {
		add_to_types(p, p->cases[i].opens, list_length(p->cases[i].opens), OPENS, 0, i);
		add_to_types(p, p->cases[i].closes, list_length(p->cases[i].closes), CLOSES, 0, i);
	}
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		add_to_types(p, r->on, r->on_count, RULES, r->about, i);
		add_to_types(p, r->alert.closes, r->alert.close_count, CLOSERS, 0, i);
	}
	mark_contacts(p);
	mark_lasting(p);
	for (unsigned i = 0; i < p->segment_count; i++)
		add_to_types(p, p->segments[i].on, p->segments[i].on_count, SEGMENTS, 0, i);
	for (unsigned i = 0; i < p->campaign_count; i++)
		add_to_types(p, p->campaigns[i].success, p->campaigns[i].success_count, CAMPAIGNS, 0, i);
	mark_relations(p);
	mark_timeline(p);
}
