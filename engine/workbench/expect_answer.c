/* workbench/expect_answer.c: does the answer to a request hold what a test expects: actions and their order, words,
 * reasons, who fell at which gate, quick answers, cautions, and what else the agent is told? */
#include "workbench/story.h"

#include "base/error.h"
#include "base/nearest.h"

static const struct told_action *action_of(struct story *s, const struct told *t, struct slice name)
{
	const char **names = arena_alloc(&s->arena, (t->action_count + 1) * sizeof(*names));
	for (unsigned i = 0; i < t->action_count; i++) {
		if (slice_equal(t->actions[i].name, name))
			return &t->actions[i];
		names[i] = t->actions[i].name.data;
	}
	names[t->action_count] = NULL;
	story_unknown("action", name, nearest_name(arena_slice(&s->arena, name).data, names));
	return NULL;
}

static void put_chosen(const struct told *t, struct bytes *out)
{
	for (unsigned i = 0; i < t->chosen_count; i++)
		bytes_printf(out, "%s%.*s (%.3f)", i ? ", " : "", SLICE_ARG(t->actions[i].name), t->actions[i].score);
	if (!t->chosen_count)
		bytes_printf(out, "nothing");
}

/* Why it is where it is: the gate it fell at, or what it stands on. */
static void put_why(const struct told_action *a, struct bytes *out)
{
	if (!a->place) {
		bytes_printf(out, "%.*s fell at %.*s: %.*s", SLICE_ARG(a->name), SLICE_ARG(a->gate),
			     SLICE_ARG(a->reason));
		return;
	}
	bytes_printf(out, "%.*s, score %.3f", SLICE_ARG(a->name), a->score);
	for (unsigned i = 0; i < a->reason_count; i++)
		bytes_printf(out, "%s%.*s", i ? "; " : ": ", SLICE_ARG(a->reasons[i]));
}

/* `reason` is met where one of an action's reasons is. */
static bool reason_met(struct story *s, const struct expectation *x, const struct told_action *a)
{
	const struct match *m = expectation_field(x, "reason");
	if (!m)
		return true;
	for (unsigned i = 0; i < a->reason_count; i++)
		if (match_holds(m, value_string(a->reasons[i])))
			return true;
	bytes_clear(&s->came);
	put_why(a, &s->came);
	return false;
}

static struct value text_or_nothing(struct slice s)
{
	return s.len ? value_string(s) : value_unknown();
}

/* Words for what comes next, and the action's name where it goes on with one. */
static bool next_met(struct story *s, const struct expectation *x, const struct told_action *a)
{
	static const char *const fields[] = { "if_accepted", "if_rejected", "if_later" };
	for (unsigned i = 0; i < 3; i++)
		if (!field_met(s, x, fields[i], text_or_nothing(a->next[i])))
			return false;
	return true;
}

static int expect_action(struct story *s, const struct expectation *x, const struct told *t)
{
	const struct told_action *a = action_of(s, t, x->name);
	bool first = x->what == EXPECT_FIRST;
	if (!a)
		return ERR_MISSING;
	bool there = first ? a->place == 1 : a->place > 0;
	if (there && field_met(s, x, "say", text_or_nothing(a->say)) && reason_met(s, x, a) &&
	    field_met(s, x, "score", value_number(a->score)) && field_met(s, x, "place", value_number(a->place)) &&
	    field_met(s, x, "member", text_or_nothing(a->member)) && next_met(s, x, a))
		return ERR_OK;
	bytes_printf(&s->wanted, "action %.*s%s", SLICE_ARG(x->name), first ? " first" : "");
	if (!there)
		put_chosen(t, &s->came);
	put_why(a, &s->why);
	return story_fail(s, x);
}

static int expect_no_action(struct story *s, const struct expectation *x, const struct told *t)
{
	const struct told_action *a = action_of(s, t, x->name);
	if (!a)
		return ERR_MISSING;
	if (!a->place && field_met(s, x, "gate", value_string(a->gate)) &&
	    field_met(s, x, "reason", value_string(a->reason)) &&
	    field_met(s, x, "until_ms", a->until_ms ? value_number((double)a->until_ms) : value_unknown()))
		return ERR_OK;
	bytes_printf(&s->wanted, "no action %.*s", SLICE_ARG(x->name));
	if (a->place)
		put_chosen(t, &s->came);
	put_why(a, &s->why);
	return story_fail(s, x);
}

static int expect_order(struct story *s, const struct expectation *x, const struct told *t)
{
	bool same = x->order_count == t->chosen_count;
	for (unsigned i = 0; i < x->order_count; i++) {
		const struct told_action *a = action_of(s, t, x->order[i]);
		if (!a)
			return ERR_MISSING;
		if (a->place == i + 1)
			continue;
		same = false;
		bytes_printf(&s->why, "%s", s->why.len ? "; " : "");
		put_why(a, &s->why);
	}
	if (same)
		return ERR_OK;
	bytes_printf(&s->wanted, "the answer");
	for (unsigned i = 0; i < x->order_count; i++)
		bytes_printf(&s->wanted, "%s %.*s", i ? "," : "", SLICE_ARG(x->order[i]));
	put_chosen(t, &s->came);
	return story_fail(s, x);
}

static int expect_answer(struct story *s, const struct expectation *x, const struct told *t)
{
	bool wanted = x->what == EXPECT_ANSWER;
	const struct told_answer *found = NULL;
	for (unsigned i = 0; i < t->answer_count && !found; i++)
		if (slice_equal(t->answers[i].question, x->name))
			found = &t->answers[i];
	if (wanted ? found && match_holds(&x->value, value_string(found->text)) : !found)
		return ERR_OK;
	bytes_printf(&s->wanted, "%s quick answer to \"%.*s\"", wanted ? "a" : "no", SLICE_ARG(x->name));
	if (wanted) {
		bytes_printf(&s->wanted, ": ");
		match_text(&x->value, &s->wanted);
	}
	if (found)
		bytes_printf(&s->came, "\"%.*s\"", SLICE_ARG(found->text));
	for (unsigned i = 0; !found && i < t->answer_count; i++)
		bytes_printf(&s->came, "%s\"%.*s\"", i ? ", " : "only ", SLICE_ARG(t->answers[i].question));
	if (!found && !t->answer_count)
		bytes_printf(&s->came, "no quick answer");
	if (!found)
		bytes_printf(&s->why,
			     "an answer is shown for the topic or intent it is declared for, and where all of its "
			     "words are known");
	return story_fail(s, x);
}

/* Texts of one sort that an answer has. */
static int expect_text(struct story *s, const struct expectation *x, bool wanted, const char *what, const struct slice *texts,
		       unsigned count)
{
	bool any = x->value.kind == MATCH_EQUAL && x->value.value.kind == VALUE_UNKNOWN;
	bool found = false;
	for (unsigned i = 0; i < count; i++)
		found |= any || match_holds(&x->value, value_string(texts[i]));
	if (found == wanted)
		return ERR_OK;
	bytes_printf(&s->wanted, wanted ? "%s" : "not %s", what);
	if (!any) {
		bytes_printf(&s->wanted, ": ");
		match_text(&x->value, &s->wanted);
	}
	for (unsigned i = 0; i < count; i++)
		bytes_printf(&s->came, "%s\"%.*s\"", i ? ", " : "", SLICE_ARG(texts[i]));
	if (!count)
		bytes_printf(&s->came, "none");
	return story_fail(s, x);
}

/* `part` is met where a part that has points is of that name. */
static bool part_met(struct story *s, const struct expectation *x, const struct told_strain *strain)
{
	const struct match *m = expectation_field(x, "part");
	for (unsigned i = 0; m && i < strain->part_count; i++)
		if (match_holds(m, value_string(strain->parts[i].name)))
			return true;
	for (unsigned i = 0; m && i < strain->part_count; i++)
		bytes_printf(&s->came, "%s%.*s %.0f", i ? ", " : "parts ", SLICE_ARG(strain->parts[i].name), strain->parts[i].points);
	if (m && !strain->part_count)
		bytes_printf(&s->came, "no part has points");
	return !m;
}

static int expect_strain(struct story *s, const struct expectation *x, const struct told *t)
{
	static const struct told_strain none;
	const struct told_strain *strain = t->strain ? t->strain : &none;
	if (t->strain && field_met(s, x, "score", value_number(strain->score)) &&
	    field_met(s, x, "level", text_or_nothing(strain->level)) && field_met(s, x, "say", text_or_nothing(strain->say)) &&
	    field_met(s, x, "actions", value_number(strain->actions)) && part_met(s, x, strain))
		return ERR_OK;
	bytes_printf(&s->wanted, "the agent's strain");
	if (!t->strain)
		bytes_printf(&s->came, "nothing is told of it: the request names no agent, or the pack has no strain { }");
	return story_fail(s, x);
}

int story_expect_answer(struct story *s, const struct expectation *x)
{
	const struct told *t = s->told[x->request - 1];
	switch (x->what) {
	case EXPECT_ACTION:
	case EXPECT_FIRST:
		return expect_action(s, x, t);
	case EXPECT_NO_ACTION:
		return expect_no_action(s, x, t);
	case EXPECT_ORDER:
		return expect_order(s, x, t);
	case EXPECT_ANSWER:
	case EXPECT_NO_ANSWER:
		return expect_answer(s, x, t);
	case EXPECT_CAUTION:
	case EXPECT_NO_CAUTION:
		return expect_text(s, x, x->what == EXPECT_CAUTION, "a caution", t->cautions, t->caution_count);
	case EXPECT_OPENING:
	case EXPECT_NO_OPENING:
		return expect_text(s, x, x->what == EXPECT_OPENING, "an opening line", &t->opening, t->opening.len != 0);
	case EXPECT_TOLD:
	case EXPECT_NOT_TOLD:
		return expect_text(s, x, x->what == EXPECT_TOLD, "a sentence of what was before", t->told, t->told_count);
	case EXPECT_GUIDELINE:
	case EXPECT_NO_GUIDELINE:
		return expect_text(s, x, x->what == EXPECT_GUIDELINE, "a guideline", t->guidelines, t->guideline_count);
	case EXPECT_AVOID:
	case EXPECT_NO_AVOID:
		return expect_text(s, x, x->what == EXPECT_AVOID, "something to avoid", t->avoid, t->avoid_count);
	default:
		return expect_strain(s, x, t);
	}
}
