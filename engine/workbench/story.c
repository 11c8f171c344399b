/* workbench/story.c: looks on while the world works, and tells of it. */
#include "workbench/story.h"

#include "base/check.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES_TOLD 2000u /* of a story that got out of hand */

static void *room(void *items, unsigned count, size_t size)
{
	if (count & (count - 1))
		return items;
	return must_realloc(items, (count ? 2 * (size_t)count : 1) * size);
}

static struct slice keep(struct story *s, struct slice text)
{
	return text.len ? arena_slice(&s->arena, text) : SLICE("");
}

static void add_line(struct story *s, bool consequence, struct slice text)
{
	s->lines = room(s->lines, s->line_count, sizeof(*s->lines));
	s->lines[s->line_count++] =
		(struct story_line){ s->steps, s->world->now_ms, consequence, false, keep(s, text) };
}

unsigned story_step(struct story *s, struct slice text)
{
	s->steps++;
	add_line(s, false, text);
	return s->steps;
}

void story_last_is_quiet(struct story *s)
{
	s->lines[s->line_count - 1].quiet = true;
}

void story_add(struct story *s, struct slice text)
{
	add_line(s, true, text);
}

struct slice story_time(struct story *s, int64_t ms)
{
	struct zone_civil c = zone_civil(s->world->m.pack->zone, ms);
	if (c.second)
		return arena_printf(&s->arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
				    c.minute, c.second);
	return arena_printf(&s->arena, "%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

static struct slice member_name(const struct record *r, uint8_t member)
{
	return member && member <= r->member_count ? record_member_id(r, member) : SLICE("");
}

/* Looking on: conditions. */

static void rule_asked(void *arg, const struct rule_decl *rule, uint8_t member, struct value held)
{
	struct story *s = arg;
	struct eval *e = s->world->m.eval;
	struct asked_rule *a = &s->asked[rule - s->world->m.pack->rules];
	if (s->coverage)
		coverage_rule(s->coverage, rule, member, held);
	s->running = room(s->running, s->running_count, sizeof(*s->running));
	s->running[s->running_count].rule = rule;
	s->running[s->running_count++].failed = counter_get(&rule->failed);
	a->count++;
	a->subject = record_subject(e->subject);
	a->time_ms = e->now_ms;
	a->kind = held.kind;
	a->held = eval_is_true(held);
	bytes_clear(&a->missing);
	if (a->held || e->aborted)
		return;
	vm_trace_pause(s->world->m.pack->vm, true);
	rule_explain_missing(e, rule, member, &a->missing);
	vm_trace_pause(s->world->m.pack->vm, false);
}

static void rule_done(void *arg, const struct rule_decl *rule, uint8_t member, enum rule_came came,
		      const struct rule_told *told)
{
	struct story *s = arg;
	if (s->coverage && (came == CAME_FIRED || came == CAME_ONCE))
		coverage_once(s->coverage, rule, came == CAME_FIRED);
}

static void level_gate_asked(void *arg, const struct level_decl *level, const struct term *gate, uint8_t member,
			     struct value held)
{
	struct story *s = arg;
	if (s->coverage)
		coverage_level(s->coverage, level, gate, member, held);
}

static void gate_asked(void *arg, const struct action_decl *action, const struct term *gate, uint8_t member,
		       struct value held)
{
	struct story *s = arg;
	if (s->coverage)
		coverage_gate(s->coverage, action, gate, member, held);
}

static void policy_asked(void *arg, const struct policy_decl *policy, const struct term *condition, uint8_t member,
			 struct value held)
{
	struct story *s = arg;
	if (s->coverage)
		coverage_policy(s->coverage, policy, condition, member, held);
}

/* Looking on: entries. */

static struct happened_now *add_happened(struct story *s, enum happening_kind kind, const struct record *r,
					 const struct rule_decl *rule)
{
	s->happened = room(s->happened, s->happened_count, sizeof(*s->happened));
	struct happened_now *h = &s->happened[s->happened_count++];
	*h = (struct happened_now){ .kind = kind, .step = s->steps, .subject = record_subject(r), .rule = rule };
	return h;
}

static const struct rule_decl *rule_named(const struct pack *p, const struct str *name)
{
	int rule = pack_rule(p, name);
	return rule < 0 ? NULL : &p->rules[rule];
}

static void tell_alert(struct story *s, const struct record *r, const struct applied_alert *applied)
{
	const struct alert *a = applied->alert;
	const struct rule_decl *rule = rule_named(s->world->m.pack, a->rule);
	struct happened_now *h = add_happened(s, HAPPENED_ALERT, r, rule);
	h->to = keep(s, str_slice(a->to));
	h->severity = keep(s, str_slice(a->severity));
	h->say = keep(s, slice_of(a->text));
	h->member = keep(s, member_name(r, a->member));
	h->seq = a->seq;
	h->index = applied->index;
	story_add(s, arena_printf(&s->arena, "%salert %s to %.*s (%.*s): \"%.*s\"", a->historical ? "historical " : "",
				  a->rule->data, SLICE_ARG(h->to), SLICE_ARG(h->severity), SLICE_ARG(h->say)));
}

static void check_running(struct story *s)
{
	for (unsigned i = 0; i < s->running_count; i++) {
		const struct rule_decl *rule = s->running[i].rule;
		if (counter_get(&rule->failed) > s->running[i].failed && !s->broken[0])
			snprintf(s->broken, sizeof(s->broken), "rule \"%s\" failed: %.300s", rule->name->data,
				 rule->last_error);
	}
	s->running_count = 0;
}

static void entry_told(void *arg, enum world_kind kind, const struct record *r, const struct event *source,
		       const struct timer *timer, const struct applied *out)
{
	struct story *s = arg;
	struct subject who = record_subject(r);
	if (kind == WORLD_TIMER && timer->decl == TIMER_UNANSWERED) {
		story_add(s, arena_printf(&s->arena, "%.*s  customer %.*s: %s was offered and has no answer: ignored",
					  SLICE_ARG(story_time(s, timer->due_ms)), SLICE_ARG(subject_id(&who)),
					  timer->key ? timer->key->data : "?"));
	} else if (kind == WORLD_TIMER && (timer->decl == TIMER_SEGMENT || timer->decl == TIMER_CAMPAIGN)) {
		story_add(s, arena_printf(&s->arena, "%.*s  customer %.*s: %s %s is looked at again",
					  SLICE_ARG(story_time(s, timer->due_ms)), SLICE_ARG(subject_id(&who)),
					  timer->decl == TIMER_SEGMENT ? "segment" : "campaign", timer->key->data));
	} else if (kind == WORLD_TIMER) {
		const struct case_decl *c = pack_case_by_id(s->world->m.pack, timer->decl);
		story_add(s, arena_printf(&s->arena, "%.*s  customer %.*s: case %s%s%s is past its time",
					  SLICE_ARG(story_time(s, timer->due_ms)), SLICE_ARG(subject_id(&who)),
					  c ? c->name->data : "?", timer->key ? " " : "",
					  timer->key ? timer->key->data : ""));
	}
	if (kind == WORLD_EFFECT && (out->alert_count || out->fired_count || out->closed_count))
		story_add(s, arena_printf(&s->arena, "at %s %.*s:", subject_kind_name((enum subject_kind)who.kind),
					  SLICE_ARG(subject_id(&who))));
	for (unsigned i = 0; i < out->closed_count; i++)
		story_add(s, arena_printf(&s->arena, "alert %s closed", out->closed[i].rule->data));
	for (unsigned i = 0; i < out->fired_count; i++) {
		const struct rule_decl *rule = rule_named(s->world->m.pack, out->fired[i]);
		add_happened(s, HAPPENED_FIRED, r, rule);
		if (s->coverage)
			coverage_line(s->coverage, rule->file, rule->line);
		story_add(s, arena_printf(&s->arena, "rule %s fired", out->fired[i]->data));
	}
	for (unsigned i = 0; i < out->alert_count; i++)
		tell_alert(s, r, &out->alerts[i]);
	check_running(s);
}

static struct slice nothing_suits(struct story *s, const struct decision *d)
{
	struct bytes b = { 0 };
	for (unsigned i = 0; i < d->left_out_count; i++) {
		const struct left_out *l = &d->left_out[i];
		if (strcmp(l->gate, "goal") == 0 || strcmp(l->gate, "channel") == 0)
			continue;
		bytes_printf(&b, "%s%s: %s: %.*s", b.len ? "; " : "", l->action->name->data, l->gate,
			     SLICE_ARG(l->reason));
	}
	if (d->choice_count && d->choices[0].say.len)
		bytes_printf(&b, "%s waits for their turn", d->choices[0].action->name->data);
	else if (d->choice_count)
		bytes_printf(&b, "the words of %s cannot be filled in", d->choices[0].action->name->data);
	struct slice text = keep(s, b.len ? bytes_slice(&b) : SLICE("no action is for this channel and goal"));
	bytes_finish(&b);
	return text;
}

static void nudge_told(void *arg, const struct record *r, const struct nudge_request *n,
		       const struct decision *decision, const struct choice *what)
{
	struct story *s = arg;
	struct happened_now *h = add_happened(s, HAPPENED_NUDGE, r, rule_named(s->world->m.pack, n->rule));
	h->of = n->rule;
	h->to = keep(s, str_slice(n->channel));
	if (what && s->coverage) {
		coverage_line(s->coverage, what->action->file, what->action->line);
		coverage_let_through(s->coverage, what->action, str_slice(n->channel));
	}
	if (what) {
		h->action = keep(s, str_slice(what->action->name));
		h->say = keep(s, what->say);
		h->member = keep(s, member_name(r, nudge_addressee(s->world->m.pack, str_slice(n->rule), what->member, n->member)));
		story_add(s, arena_printf(&s->arena, "nudge by %.*s: %.*s: \"%.*s\"", SLICE_ARG(h->to),
					  SLICE_ARG(h->action), SLICE_ARG(h->say)));
		return;
	}
	h->why = nothing_suits(s, decision);
	story_add(s, arena_printf(&s->arena, "no nudge by %.*s: %.*s", SLICE_ARG(h->to), SLICE_ARG(h->why)));
}

/* Life. */

void story_start(struct story *s, struct world *world, struct coverage *coverage)
{
	*s = (struct story){ .world = world, .coverage = coverage };
	arena_init(&s->arena, 0);
	s->asked = must_calloc(world->m.pack->rule_count + 1, sizeof(*s->asked));
	s->world_watch = (struct world_watch){ s, entry_told, nudge_told };
	s->machine_watch = (struct watch){ s, rule_asked, gate_asked, policy_asked, rule_done, level_gate_asked };
	world->watch = &s->world_watch;
	world->m.eval->watch = &s->machine_watch;
}

void story_end(struct story *s)
{
	for (unsigned i = 0; i < s->world->m.pack->rule_count; i++)
		bytes_finish(&s->asked[i].missing);
	s->world->watch = NULL;
	s->world->m.eval->watch = NULL;
	free(s->asked);
	free(s->lines);
	free(s->happened);
	free(s->told);
	free(s->running);
	bytes_finish(&s->wanted);
	bytes_finish(&s->came);
	bytes_finish(&s->why);
	arena_finish(&s->arena);
}

void story_begin(struct story *s, int64_t now_ms)
{
	world_clear(s->world, now_ms);
	arena_reset(&s->arena);
	for (unsigned i = 0; i < s->world->m.pack->rule_count; i++) {
		struct bytes kept = s->asked[i].missing;
		bytes_clear(&kept);
		s->asked[i] = (struct asked_rule){ .missing = kept };
	}
	s->line_count = s->happened_count = s->told_count = s->steps = s->running_count = 0;
	s->broken[0] = '\0';
	bytes_clear(&s->wanted);
	bytes_clear(&s->came);
	bytes_clear(&s->why);
}

int story_check(struct story *s)
{
	if (!s->broken[0] && s->world->failure[0])
		snprintf(s->broken, sizeof(s->broken), "a function of the pack failed: %s", s->world->failure);
	s->world->failure[0] = '\0';
	if (!s->broken[0])
		return ERR_OK;
	int rc = error_set(ERR_ABORTED, NULL, "%s", s->broken);
	s->broken[0] = '\0';
	return rc;
}

/* Answers. */

/* "smaller-plan: That one may fit better." */
static struct slice keep_next(struct story *s, const struct next_words *n)
{
	if (!n->action)
		return keep(s, n->say);
	return arena_printf(&s->arena, "%s%s%.*s", n->action->name->data, n->say.len ? ": " : "", SLICE_ARG(n->say));
}

static void keep_choice(struct story *s, const struct record *r, const struct choice *c, unsigned place,
			struct told_action *out)
{
	*out = (struct told_action){
		.name = keep(s, str_slice(c->action->name)),
		.say = keep(s, c->say),
		.score = c->score,
		.place = place,
		.member = keep(s, member_name(r, c->member)),
	};
	out->reasons = arena_alloc(&s->arena, (c->reason_count + 1u) * sizeof(*out->reasons));
	for (unsigned i = 0; i < c->reason_count; i++)
		out->reasons[out->reason_count++] = keep(s, c->reasons[i]);
	for (unsigned i = 0; i < c->next_count; i++)
		if (c->next[i].kind >= OUTCOME_ACCEPTED && c->next[i].kind <= OUTCOME_LATER)
			out->next[c->next[i].kind - OUTCOME_ACCEPTED] = keep_next(s, &c->next[i]);
}

static void tell_answer(struct story *s, const struct told *t)
{
	struct bytes b = { 0 };
	if (s->world->decision.fallback)
		story_add(s, arena_printf(&s->arena, "fallback: %s", s->world->decision.fallback_reason));
	for (unsigned i = 0; i < t->chosen_count; i++)
		bytes_printf(&b, "%s%u. %.*s (%.3f)", i ? ", " : "", i + 1, SLICE_ARG(t->actions[i].name),
			     t->actions[i].score);
	story_add(s, b.len ? bytes_slice(&b) : SLICE("nothing to recommend"));
	for (unsigned i = 0; i < t->caution_count; i++)
		story_add(s, arena_printf(&s->arena, "caution: %.*s", SLICE_ARG(t->cautions[i])));
	bytes_finish(&b);
}

static void cover_answer(struct story *s, const struct decision *d, struct slice channel)
{
	for (unsigned i = 0; i < d->choice_count; i++) {
		const struct action_decl *a = d->choices[i].action;
		coverage_line(s->coverage, a->file, a->line);
		if (!d->fallback)
			coverage_let_through(s->coverage, a, channel);
	}
	for (unsigned i = 0; i < d->left_out_count; i++)
		if (strcmp(d->left_out[i].gate, "rank") == 0)
			coverage_let_through(s->coverage, d->left_out[i].action, channel);
}

static struct slice *keep_all(struct story *s, const struct slice *texts, unsigned count)
{
	struct slice *out = arena_calloc(&s->arena, count + 1, sizeof(*out));
	for (unsigned i = 0; i < count; i++)
		out[i] = keep(s, texts[i]);
	return out;
}

static const struct told_strain *keep_strain(struct story *s, const struct told_strain *from)
{
	if (!from)
		return NULL;
	struct told_strain *out = arena_alloc(&s->arena, sizeof(*out));
	*out = *from;
	out->level = keep(s, from->level);
	out->say = keep(s, from->say);
	out->parts = arena_calloc(&s->arena, from->part_count + 1, sizeof(*out->parts));
	for (unsigned i = 0; i < from->part_count; i++)
		out->parts[i] = (struct told_strain_part){ keep(s, from->parts[i].name), keep(s, from->parts[i].say),
							   from->parts[i].points };
	return out;
}

/* What the agent is told beside actions. */
static void keep_guidance(struct story *s, const struct decision *d, struct told *t)
{
	t->opening = keep(s, d->opening);
	t->told = arena_calloc(&s->arena, d->told_count + 1, sizeof(*t->told));
	for (unsigned i = 0; i < d->told_count; i++)
		t->told[t->told_count++] = keep(s, d->told[i].text);
	t->guidelines = keep_all(s, d->guidelines, d->guideline_count);
	t->guideline_count = d->guideline_count;
	t->avoid = keep_all(s, d->avoid, d->avoid_count);
	t->avoid_count = d->avoid_count;
	t->strain = keep_strain(s, d->strain);
}

unsigned story_told(struct story *s, struct slice customer, struct slice channel)
{
	const struct decision *d = &s->world->decision;
	struct subject who = subject_of(SUBJECT_CUSTOMER, customer);
	const struct record *r = world_record(s->world, &who, true);
	struct told *t = arena_calloc(&s->arena, 1, sizeof(*t));
	t->customer = keep(s, customer);
	t->time_ms = s->world->now_ms;
	t->chosen_count = d->choice_count;
	t->actions = arena_calloc(&s->arena, d->choice_count + d->left_out_count + 1, sizeof(*t->actions));
	t->answers = arena_calloc(&s->arena, d->answer_count + 1, sizeof(*t->answers));
	t->cautions = arena_calloc(&s->arena, d->caution_count + 1, sizeof(*t->cautions));
	for (unsigned i = 0; i < d->choice_count; i++)
		keep_choice(s, r, &d->choices[i], i + 1, &t->actions[t->action_count++]);
	if (s->coverage)
		cover_answer(s, d, channel.len ? channel : SLICE("call"));
	for (unsigned i = 0; i < d->left_out_count; i++)
		t->actions[t->action_count++] = (struct told_action){
			.name = keep(s, str_slice(d->left_out[i].action->name)),
			.gate = slice_of(d->left_out[i].gate),
			.reason = keep(s, d->left_out[i].reason),
			.score = d->left_out[i].score,
			.until_ms = d->left_out[i].until_ms,
		};
	for (unsigned i = 0; i < d->answer_count; i++)
		t->answers[t->answer_count++] =
			(struct told_answer){ keep(s, d->answers[i].question), keep(s, d->answers[i].text) };
	for (unsigned i = 0; i < d->caution_count; i++)
		t->cautions[t->caution_count++] = keep(s, d->cautions[i]);
	keep_guidance(s, d, t);
	s->told = room(s->told, s->told_count, sizeof(*s->told));
	s->told[s->told_count++] = t;
	tell_answer(s, t);
	return s->told_count;
}

/* In words. */

void story_why_not(struct story *s, const struct rule_decl *rule, struct bytes *out)
{
	const struct asked_rule *a = &s->asked[rule - s->world->m.pack->rules];
	char span[32];
	if (!a->count) {
		bytes_printf(out, "rule %s was never asked: it is on", rule->name->data);
		for (unsigned i = 0; i < rule->on_count; i++)
			bytes_printf(out, "%s %s", i ? "," : "", rule->on[i]->data);
		bytes_printf(out, rule->about == ABOUT_MEMBER ? " of a member, and no such event came"
							      : ", and no such "
								"event came");
		return;
	}
	bytes_printf(out, "rule %s, asked last %.*s for %s %.*s: ", rule->name->data,
		     SLICE_ARG(story_time(s, a->time_ms)), subject_kind_name((enum subject_kind)a->subject.kind),
		     SLICE_ARG(subject_id(&a->subject)));
	if (!a->held)
		bytes_printf(out, "%.*s", SLICE_ARG(bytes_slice(&a->missing)));
	else if (rule->once)
		bytes_printf(out, "its condition held; once_per allows it once in %.*s",
			     SLICE_ARG(span_text(rule->once_per, span)));
	else
		bytes_printf(out, "its condition held");
}

static bool has_consequence(const struct story *s, unsigned i)
{
	return i + 1 < s->line_count && s->lines[i + 1].consequence;
}

/* How many lines from i on say the same and nothing came of them, time that passes between them aside: *times how often
 * it is said, *last where it is said last. Returns the lines. */
static unsigned alike(const struct story *s, unsigned i, unsigned *times, unsigned *last)
{
	unsigned next = i + 1;
	*times = 1;
	*last = i;
	if (s->lines[i].consequence || s->lines[i].quiet || has_consequence(s, i))
		return 1;
	for (unsigned k = i + 1; k < s->line_count && !s->lines[k].consequence && !has_consequence(s, k); k++) {
		if (s->lines[k].quiet)
			continue;
		if (!slice_equal(s->lines[i].text, s->lines[k].text))
			break;
		++*times;
		*last = k;
		next = k + 1;
	}
	if (*times < 3) { /* two lines say it as shortly */
		*times = 1;
		return 1;
	}
	return next - i;
}

static void write_line(struct story *s, unsigned i, unsigned times, unsigned last, struct bytes *out)
{
	const struct story_line *l = &s->lines[i];
	if (l->consequence) {
		bytes_printf(out, "%20s%.*s\n", "", SLICE_ARG(l->text));
		return;
	}
	bytes_printf(out, "%-16.*s  %.*s", SLICE_ARG(story_time(s, l->time_ms)), SLICE_ARG(l->text));
	if (times > 1)
		bytes_printf(out, ", %u times until %.*s", times, SLICE_ARG(story_time(s, s->lines[last].time_ms)));
	bytes_put_u8(out, '\n');
}

void story_write(struct story *s, struct bytes *out)
{
	unsigned from = s->line_count > LINES_TOLD ? s->line_count - LINES_TOLD : 0;
	if (from)
		bytes_printf(out, "… %u lines before\n", from);
	for (unsigned i = from, n, times, last; i < s->line_count; i += n) {
		n = alike(s, i, &times, &last);
		if (!s->lines[i].quiet || has_consequence(s, i))
			write_line(s, i, times, last, out);
	}
}
