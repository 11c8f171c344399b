/* decide/apply_survey.c: who was asked, who answered, and whom that speaks for. Of each contact one answer counts, the
 * newest; it is credited to the contact's agent and topic. What is counted of a question follows from its item
 * (state/surveys.h): whoever changes one counts it out before and in after. */
#include "decide/counting.h"
#include "decide/relationship.h"
#include "decide/text.h"
#include "state/contacts.h"
#include "state/surveys.h"

#include <math.h>

#define POPULATION_DECL(id) ((id) ^ 0x706f7075u) /* so that questions do not push it out */

static void sum(struct applying *a, const struct item *s, const struct slice *dims, enum survey_sum measure, int64_t n)
{
	count_add(a, LEDGER_SURVEYS, s->time_ms, dims, measure, n);
}

static void count_question(struct applying *a, const struct survey_decl *decl, const struct item *s, int64_t sign)
{
	const struct slice dims[SURVEYS_DIMS] = {
		[SURVEYS_SURVEY] = str_slice(decl->name), [SURVEYS_SEGMENT] = item_text(s, SURVEY_SEGMENT),
		[SURVEYS_AGENT] = item_text(s, SURVEY_AGENT), [SURVEYS_TOPIC] = item_text(s, SURVEY_TOPIC),
		[SURVEYS_CHANNEL] = item_text(s, SURVEY_CHANNEL),
		[SURVEYS_KIND] = slice_of(survey_kind_name((enum survey_kind)decl->kind)),
	};
	double score = (double)s->numbers[SURVEY_SCORE] / 1e6;
	sum(a, s, dims, SURVEYS_ASKED, s->state == SURVEY_UNASKED ? 0 : sign);
	if (s->state == SURVEY_ASKED)
		return;
	sum(a, s, dims, SURVEYS_ANSWERED, sign);
	sum(a, s, dims, SURVEYS_UNASKED, s->state == SURVEY_UNASKED ? sign : 0);
	sum(a, s, dims, SURVEYS_TOP, score >= decl->top ? sign : 0);
	sum(a, s, dims, SURVEYS_BOTTOM, score <= decl->bottom ? sign : 0);
	sum(a, s, dims, SURVEYS_SUM, sign * s->numbers[SURVEY_SCORE]);
	sum(a, s, dims, SURVEYS_SQUARES, sign * in_millionths(score * score));
	sum(a, s, dims, SURVEYS_CORRECTED, sign * s->numbers[SURVEY_CORRECTIONS]);
}

static struct slice text_attr(const struct event *e, struct slice name)
{
	const struct event_attr *attr = event_attr(e, name);
	return attr && attr->value.kind == VALUE_STRING ? attr->value.string : (struct slice){ NULL, 0 };
}

/* Which contact it is about: as the event's own field, or as an attribute. */
static struct slice contact_of(const struct event *e)
{
	return e->contact.len ? e->contact : text_attr(e, SLICE("contact"));
}

static struct slice cut(struct slice s, size_t most)
{
	return (struct slice){ s.data, s.len < most ? s.len : most };
}

static void say(struct applying *a, struct item *s, enum survey_text which, struct slice text)
{
	if (!item_text(s, which).len && text.len)
		item_set_text(s, a->m->pool, which, cut(text, LIMIT_ID_BYTES));
}

/* Who and what it is about: what is known of the contact, else what the event says. What is known already stays. */
static void credit(struct applying *a, struct item *s)
{
	const struct event *e = a->event;
	const struct item *c = items_find(a->record, ITEM_CONTACT, 0, item_key(s));
	if (c) {
		say(a, s, SURVEY_AGENT, item_text(c, CONTACT_AGENT));
		say(a, s, SURVEY_TOPIC, item_text(c, CONTACT_TOPIC));
		say(a, s, SURVEY_CHANNEL, item_text(c, CONTACT_CHANNEL));
	}
	say(a, s, SURVEY_AGENT, e->agent);
	say(a, s, SURVEY_TOPIC, text_attr(e, SLICE("topic")));
	say(a, s, SURVEY_CHANNEL, e->channel);
}

static struct item *question_new(struct applying *a, const struct survey_decl *decl, struct slice key,
				 enum survey_state state)
{
	char buffer[LIMIT_KEY_BYTES];
	struct slice segment = segment_text(a->e, decl->by.names, decl->by.facts, decl->by.count, buffer);
	struct item *s = items_add(a->record, a->m->pool, ITEM_SURVEY, decl->id, key, a->member, a->now_ms, LIMIT_ASKED);
	if (!s)
		return NULL;
	s->state = (uint8_t)state;
	item_set_text(s, a->m->pool, SURVEY_SEGMENT, segment);
	credit(a, s);
	return s;
}

/* Asked twice about one contact is asked once. */
static void ask(struct applying *a, const struct survey_decl *decl)
{
	struct slice contact = contact_of(a->event), key = contact.len ? contact : a->event->id;
	struct item *s = items_find(a->record, ITEM_SURVEY, decl->id, key);
	if (s && s->state != SURVEY_UNASKED)
		return;
	if (s) { /* the answer came before the question did */
		count_question(a, decl, s, -1);
		s->state = SURVEY_ANSWERED;
	} else {
		s = question_new(a, decl, key, SURVEY_ASKED);
	}
	if (s)
		count_question(a, decl, s, 1);
}

/* An answer that names no contact is to the newest question that has none yet. */
static struct item *question_of(struct applying *a, const struct survey_decl *decl)
{
	struct slice contact = contact_of(a->event);
	if (contact.len)
		return items_find(a->record, ITEM_SURVEY, decl->id, contact);
	struct items all = items_of(a->record, ITEM_SURVEY, decl->id);
	while (all.count-- > 0) {
		struct item *s = &all.items[all.count];
		if (s->state == SURVEY_ASKED && s->time_ms <= a->now_ms && s->time_ms > a->now_ms - decl->within_ms)
			return s;
	}
	return NULL;
}

/* NULL: it counts for nothing. */
static struct item *answered(struct applying *a, const struct survey_decl *decl)
{
	struct item *s = question_of(a, decl);
	if (!s) {
		struct slice contact = contact_of(a->event);
		return question_new(a, decl, contact.len ? contact : a->event->id, SURVEY_UNASKED);
	}
	bool again = s->state != SURVEY_ASKED;
	if (again && s->numbers[SURVEY_ANSWERED_MS] > a->now_ms)
		return NULL; /* what was said later stands */
	count_question(a, decl, s, -1);
	s->numbers[SURVEY_CORRECTIONS] += again;
	s->state = s->state == SURVEY_ASKED ? SURVEY_ANSWERED : s->state;
	credit(a, s);
	return s;
}

static void answer(struct applying *a, const struct survey_decl *decl)
{
	if (decl->where && eval_truth(a->e, decl->where) != TERNARY_TRUE)
		return;
	const struct value *score = eval_event_read(a->e, decl->score_read);
	if (score->kind != VALUE_NUMBER || score->number < decl->low || score->number > decl->high)
		return; /* no answer to this question, or none that the scale has */
	int64_t given = in_millionths(score->number);
	struct item *s = answered(a, decl);
	if (!s)
		return;
	s->numbers[SURVEY_SCORE] = given;
	s->numbers[SURVEY_ANSWERED_MS] = a->now_ms;
	count_question(a, decl, s, 1);
}

static void count_person(struct applying *a, const struct survey_decl *decl, struct slice segment, int64_t sign)
{
	const struct slice dims[] = { str_slice(decl->name), segment };
	count_add(a, LEDGER_SURVEYED, a->now_ms, dims, SURVEYED_CUSTOMERS, sign);
}

static void population_of(struct applying *a, const struct survey_decl *decl)
{
	char buffer[LIMIT_KEY_BYTES];
	struct slice none = { NULL, 0 };
	struct items have = items_of(a->record, ITEM_SURVEY, POPULATION_DECL(decl->id));
	struct slice segment = segment_text(a->e, decl->by.names, decl->by.facts, decl->by.count, buffer);
	struct item *s = have.count ? &have.items[0] : NULL;
	if (s && slice_equal(item_text(s, SURVEY_SEGMENT), segment))
		return;
	if (s)
		count_person(a, decl, item_text(s, SURVEY_SEGMENT), -1);
	else
		s = items_add(a->record, a->m->pool, ITEM_SURVEY, POPULATION_DECL(decl->id), none, 0, a->now_ms, 1);
	if (!s)
		return;
	s->state = SURVEY_POPULATION;
	item_set_text(s, a->m->pool, SURVEY_SEGMENT, segment);
	count_person(a, decl, segment, 1);
}

static void population(struct applying *a)
{
	const struct relations *r = a->m->pack->relations;
	for (unsigned i = 0; i < r->survey_count; i++)
		if (!r->surveys[i].asked_count)
			population_of(a, &r->surveys[i]);
}

void apply_surveys(struct applying *a)
{
	const struct relations *r = a->m->pack->relations;
	applying_occasion(a, a->event, 0);
	for (unsigned i = 0; a->index && i < r->survey_count; i++) {
		if (a->index->asks & 1u << i)
			ask(a, &r->surveys[i]);
		if (a->index->answers & 1u << i)
			answer(a, &r->surveys[i]);
	}
	if (r->population)
		population(a);
}

void relations_leave(struct applying *a)
{
	const struct relations *r = a->m->pack->relations;
	for (unsigned i = 0; i < r->survey_count; i++) {
		struct items have = items_of(a->record, ITEM_SURVEY, POPULATION_DECL(r->surveys[i].id));
		if (!have.count)
			continue;
		count_person(a, &r->surveys[i], item_text(&have.items[0], SURVEY_SEGMENT), -1);
		items_remove(a->record, a->m->pool, &have.items[0]);
	}
	score_leave(a);
}

void relations_joined(struct applying *a)
{
	eval_fresh(a->e);
	if (a->m->pack->relations->population)
		population(a);
	score_joined(a);
}
