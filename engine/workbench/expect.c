/* workbench/expect.c: does the story hold what a test expects of customers, agents, areas and steps? Where not: what
 * was expected, what came, and why. What is expected of answers is in expect_answer.c. */
#include "workbench/story.h"

#include "base/error.h"
#include "base/nearest.h"

#include <stdio.h>
#include <stdlib.h>

const struct match *expectation_field(const struct expectation *x, const char *name)
{
	for (unsigned i = 0; i < x->field_count; i++)
		if (slice_equal(x->fields[i].name, slice_of(name)))
			return &x->fields[i].match;
	return NULL;
}

/* A table cannot say `say = nil`: "" is how it says that nothing is there. */
static bool wants_nothing(const struct match *m)
{
	return m->kind == MATCH_EQUAL && m->value.kind == VALUE_STRING && m->value.string.len == 0;
}

bool field_met(struct story *s, const struct expectation *x, const char *name, struct value v)
{
	const struct match *m = expectation_field(x, name);
	if (!m || match_holds(m, v) || (v.kind == VALUE_UNKNOWN && wants_nothing(m)))
		return true;
	bytes_clear(&s->came);
	bytes_printf(&s->came, "%s ", name);
	value_text(v, &s->came);
	return false;
}

int story_fail(struct story *s, const struct expectation *x)
{
	for (unsigned i = 0; i < x->field_count; i++) {
		bytes_printf(&s->wanted, "%s%.*s ", i ? ", " : ", ", SLICE_ARG(x->fields[i].name));
		match_text(&x->fields[i].match, &s->wanted);
	}
	return error_set(ERR_INVALID, NULL, "expected %.*s; came: %.*s", s->wanted.len > 300 ? 300 : (int)s->wanted.len,
			 s->wanted.data ? s->wanted.data : "", s->came.len > 300 ? 300 : (int)s->came.len,
			 s->came.data ? s->came.data : "");
}

int story_unknown(const char *what, struct slice name, const char *nearest)
{
	return error_set(ERR_MISSING, NULL, "the pack has no %s \"%.*s\"%s%s%s", what, SLICE_ARG(name),
			 nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
}

static const struct rule_decl *rule_of(struct story *s, struct slice name)
{
	const struct pack *p = s->world->m.pack;
	const char **names = arena_alloc(&s->arena, (p->rule_count + 1) * sizeof(*names));
	for (unsigned i = 0; i < p->rule_count; i++) {
		if (slice_equal(str_slice(p->rules[i].name), name))
			return &p->rules[i];
		names[i] = p->rules[i].name->data;
	}
	names[p->rule_count] = NULL;
	story_unknown("rule", name, nearest_name(arena_slice(&s->arena, name).data, names));
	return NULL;
}

/* Also by the name of a customer who was merged into the other since. */
static bool same_subject(struct story *s, const struct subject *a, const struct subject *b)
{
	return subject_equal(a, b) || world_record(s->world, a, true) == world_record(s->world, b, true);
}

static bool concerns(struct story *s, const struct expectation *x, const struct happened_now *h,
		     enum happening_kind kind, const struct rule_decl *rule)
{
	return h->kind == kind && h->rule == rule && (!x->step || h->step == x->step) &&
	       (!x->subject || same_subject(s, x->subject, &h->subject));
}

static struct value text_or_nothing(struct slice s)
{
	return s.len ? value_string(s) : value_unknown();
}

/* "for customer nam", or "by that step" */
static void put_whom(const struct expectation *x, struct bytes *out)
{
	if (x->subject)
		bytes_printf(out, " for %s %.*s", subject_kind_name((enum subject_kind)x->subject->kind),
			     SLICE_ARG(subject_id(x->subject)));
	else
		bytes_printf(out, " by that step");
}

/* Alerts. */

static const char *alert_state(struct story *s, const struct happened_now *h)
{
	struct record *r = world_record(s->world, &h->subject, true);
	const struct alert *a = alerts_find(r, h->seq, h->index);
	if (!a)
		return "gone";
	if (a->historical)
		return "historical";
	if (a->state != ALERT_OPEN)
		return a->state == ALERT_CLOSED ? "closed" : "acknowledged";
	return alert_is_open(a, s->world->now_ms) ? "open" : "expired";
}

/* The first field that is not met is in s->came. Of a subject it is expected to be open still, unless a state is named.
 */
static bool alert_meets(struct story *s, const struct expectation *x, const struct happened_now *h)
{
	const char *state = alert_state(s, h);
	if (!field_met(s, x, "to", value_string(h->to)) || !field_met(s, x, "severity", value_string(h->severity)) ||
	    !field_met(s, x, "say", value_string(h->say)) || !field_met(s, x, "member", text_or_nothing(h->member)) ||
	    !field_met(s, x, "state", value_string(slice_of(state))))
		return false;
	if (x->subject && !expectation_field(x, "state") && !expectation_field(x, "count") &&
	    strcmp(state, "open") != 0) {
		bytes_clear(&s->came);
		bytes_printf(&s->came, "it is %s", state);
		return false;
	}
	return true;
}

static int expect_alert(struct story *s, const struct expectation *x, const struct rule_decl *rule)
{
	unsigned count = 0, raised = 0;
	for (unsigned i = 0; i < s->happened_count; i++)
		if (concerns(s, x, &s->happened[i], HAPPENED_ALERT, rule)) {
			raised++;
			count += alert_meets(s, x, &s->happened[i]);
		}
	const struct match *wanted = expectation_field(x, "count");
	if (wanted ? match_holds(wanted, value_number(count)) : count > 0)
		return ERR_OK;
	bytes_printf(&s->wanted, "an alert of rule %s", rule->name->data);
	put_whom(x, &s->wanted);
	if (wanted) {
		bytes_clear(&s->came);
		bytes_printf(&s->came, "%u such alerts", count);
	} else if (!raised) {
		bytes_clear(&s->came);
		bytes_printf(&s->came, "none was raised");
	}
	story_why_not(s, rule, &s->why);
	return story_fail(s, x);
}

static int expect_no_alert(struct story *s, const struct expectation *x, const struct rule_decl *rule)
{
	for (unsigned i = 0; i < s->happened_count; i++) {
		const struct happened_now *h = &s->happened[i];
		if (!concerns(s, x, h, HAPPENED_ALERT, rule) || !field_met(s, x, "member", text_or_nothing(h->member)))
			continue;
		if (x->subject && strcmp(alert_state(s, h), "open") != 0)
			continue;
		bytes_printf(&s->wanted, "no %salert of rule %s", x->subject ? "open " : "", rule->name->data);
		put_whom(x, &s->wanted);
		bytes_clear(&s->came);
		bytes_printf(&s->came, "to %.*s (%.*s): \"%.*s\"", SLICE_ARG(h->to), SLICE_ARG(h->severity),
			     SLICE_ARG(h->say));
		return story_fail(s, x);
	}
	return ERR_OK;
}

/* Rules. */

static int expect_fired(struct story *s, const struct expectation *x, const struct rule_decl *rule)
{
	const struct match *wanted = expectation_field(x, "count");
	unsigned count = 0;
	for (unsigned i = 0; i < s->happened_count; i++)
		count += concerns(s, x, &s->happened[i], HAPPENED_FIRED, rule);
	bool met = x->what == EXPECT_NOT_FIRED ? count == 0
		   : wanted                    ? match_holds(wanted, value_number(count))
					       : count > 0;
	if (met)
		return ERR_OK;
	bytes_printf(&s->wanted, "rule %s %s", rule->name->data,
		     x->what == EXPECT_NOT_FIRED ? "not to fire" : "to fire");
	put_whom(x, &s->wanted);
	if (count)
		bytes_printf(&s->came, "it fired %u time%s", count, count == 1 ? "" : "s");
	else
		bytes_printf(&s->came, "it did not fire");
	if (x->what == EXPECT_FIRED)
		story_why_not(s, rule, &s->why);
	return story_fail(s, x);
}

/* Nudges. */

static bool nudge_meets(struct story *s, const struct expectation *x, const struct happened_now *h)
{
	return field_met(s, x, "action", value_string(h->action)) && field_met(s, x, "channel", value_string(h->to)) &&
	       field_met(s, x, "say", value_string(h->say)) && field_met(s, x, "member", text_or_nothing(h->member));
}

static int expect_nudge(struct story *s, const struct expectation *x, const struct rule_decl *rule)
{
	bool wanted = x->what == EXPECT_NUDGE;
	const struct happened_now *asked = NULL, *sent = NULL;
	for (unsigned i = 0; i < s->happened_count; i++) {
		const struct happened_now *h = &s->happened[i];
		if (!concerns(s, x, h, HAPPENED_NUDGE, rule))
			continue;
		asked = h;
		if (!h->action.len)
			continue;
		sent = h;
		if (wanted && nudge_meets(s, x, h))
			return ERR_OK;
	}
	if (!wanted && !sent)
		return ERR_OK;
	bytes_printf(&s->wanted, "%s nudge of rule %s", wanted ? "a" : "no", rule->name->data);
	put_whom(x, &s->wanted);
	if (!wanted) {
		bytes_printf(&s->came, "%.*s: \"%.*s\"", SLICE_ARG(sent->action), SLICE_ARG(sent->say));
	} else if (!sent) {
		bytes_clear(&s->came);
		bytes_printf(&s->came, asked ? "the rule asked for one, and nothing suited" : "none was asked for");
		if (asked)
			bytes_printf(&s->why, "%.*s", SLICE_ARG(asked->why));
		else
			story_why_not(s, rule, &s->why);
	}
	return story_fail(s, x);
}

/* State. */

static struct slice member_wanted(const struct expectation *x)
{
	const struct match *m = expectation_field(x, "member");
	return m && m->value.kind == VALUE_STRING ? m->value.string : SLICE("");
}

/* "contacts_week is count of contacts in 7 days" */
static void put_fact(struct story *s, struct slice name, struct bytes *out)
{
	const struct pack *p = s->world->m.pack;
	const struct str *known = strpool_find(s->world->m.pool, name);
	int fact = known ? pack_fact(p, known) : -1;
	if (fact < 0)
		return;
	bytes_printf(out, "%.*s is ", SLICE_ARG(name));
	term_text(p->facts[fact].term, p, out);
}

static int expect_read(struct story *s, const struct expectation *x)
{
	struct value v = value_unknown();
	bool fact = x->what == EXPECT_FACT;
	int rc = fact ? world_fact(s->world, x->subject, member_wanted(x), x->name, &v)
		      : world_attr(s->world, x->subject, member_wanted(x), x->name, &v);
	if (rc != ERR_OK || match_holds(&x->value, v))
		return rc;
	bytes_printf(&s->wanted, "%s %.*s", fact ? "fact" : "attribute", SLICE_ARG(x->name));
	put_whom(x, &s->wanted);
	bytes_printf(&s->wanted, " to be ");
	match_text(&x->value, &s->wanted);
	value_text(v, &s->came);
	if (fact)
		put_fact(s, x->name, &s->why);
	return story_fail(s, x);
}

static const struct case_decl *case_of(struct story *s, struct slice name)
{
	const struct pack *p = s->world->m.pack;
	const char **names = arena_alloc(&s->arena, (p->case_count + 1) * sizeof(*names));
	for (unsigned i = 0; i < p->case_count; i++) {
		if (slice_equal(str_slice(p->cases[i].name), name))
			return &p->cases[i];
		names[i] = p->cases[i].name->data;
	}
	names[p->case_count] = NULL;
	story_unknown("case", name, nearest_name(arena_slice(&s->arena, name).data, names));
	return NULL;
}

/* Of the newest one that is meant. */
static const char *case_state(struct story *s, const struct expectation *x, const struct case_decl *decl)
{
	const struct record *r = world_record(s->world, x->subject, true);
	const struct match *key = expectation_field(x, "key"), *member = expectation_field(x, "member");
	const char *state = "none";
	for (unsigned i = 0; i < r->rare->case_count; i++) {
		const struct open_case *c = &r->rare->cases[i];
		struct slice who = c->member ? record_member_id(r, c->member) : SLICE("");
		if (c->decl != decl->id || (key && !match_holds(key, text_or_nothing(str_slice(c->key)))) ||
		    (member && !match_holds(member, text_or_nothing(who))))
			continue;
		bool missed = c->missed || (c->due_ms && c->due_ms <= s->world->now_ms);
		state = c->state == CASE_CLOSED ? "closed" : missed ? "missed" : "open";
	}
	return state;
}

static int expect_case(struct story *s, const struct expectation *x)
{
	const struct case_decl *decl = case_of(s, x->name);
	if (!decl)
		return ERR_MISSING;
	const char *state = case_state(s, x, decl);
	if (match_holds(&x->value, value_string(slice_of(state))))
		return ERR_OK;
	bytes_printf(&s->wanted, "case %.*s", SLICE_ARG(x->name));
	put_whom(x, &s->wanted);
	bytes_printf(&s->wanted, " to be ");
	match_text(&x->value, &s->wanted);
	bytes_printf(&s->came, "%s", state);
	return story_fail(s, x);
}

int story_expect(struct story *s, const struct expectation *x)
{
	const struct rule_decl *rule = NULL;
	bytes_clear(&s->wanted);
	bytes_clear(&s->came);
	bytes_clear(&s->why);
	if (x->request)
		return story_expect_answer(s, x);
	if (x->what == EXPECT_SEGMENT || x->what == EXPECT_NO_SEGMENT)
		return story_expect_segment(s, x);
	if ((x->what == EXPECT_NUDGE || x->what == EXPECT_NO_NUDGE) && story_is_campaign(s, x->name))
		return story_expect_campaign(s, x);
	if (x->what <= EXPECT_NO_NUDGE && !(rule = rule_of(s, x->name)))
		return ERR_MISSING;
	switch (x->what) {
	case EXPECT_ALERT:
		return expect_alert(s, x, rule);
	case EXPECT_NO_ALERT:
		return expect_no_alert(s, x, rule);
	case EXPECT_FIRED:
	case EXPECT_NOT_FIRED:
		return expect_fired(s, x, rule);
	case EXPECT_NUDGE:
	case EXPECT_NO_NUDGE:
		return expect_nudge(s, x, rule);
	case EXPECT_CASE:
		return expect_case(s, x);
	case EXPECT_RELATIONSHIP:
		return story_expect_relationship(s, x);
	default:
		return expect_read(s, x);
	}
}
