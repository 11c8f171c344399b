/* decide/decide.c: a decision from the catalogue to the ranked answer. */
#include "decide/exposure.h"
#include "decide/learn.h"

#include "decide/offer.h"
#include "decide/sharing.h"
#include "decide/relationship.h"
#include "decide/text.h"

const char *const fallback_reasons[2] = {
	[FALLBACK_STATE_LATE] = "the deadline passed before the customer's state was at hand",
	[FALLBACK_ACTIONS_LATE] = "the deadline passed before every action was looked at",
};

static void decision_clear(struct decision *out)
{
	out->choice_count = out->answer_count = out->caution_count = out->left_out_count = out->fell_count = 0;
	out->left_out = NULL;
	out->offer_count = 0;
	out->opening = (struct slice){ NULL, 0 };
	out->told_count = out->guideline_count = out->avoid_count = 0;
	out->strain = NULL;
	out->relationship = NULL;
	out->expected_count = 0;
	out->explained = NULL;
	out->explained_count = 0;
	out->fallback = out->control = false;
	out->exposed_count = 0;
	out->fallback_reason = NULL;
}

static uint8_t asked_member(struct machine *m, const struct record *customer, const struct ask *ask)
{
	if (ask->bound_member)
		return ask->bound_member <= customer->member_count ? ask->bound_member : 0;
	/* Without `add`, record_member changes nothing. */
	int member = record_member((struct record *)customer, m->pool, ask->member, false, 0);
	return member > 0 ? (uint8_t)member : 0;
}

/* The one asked for, else the member's or the customer's own (attribute `language`), else the pack's first. */
static unsigned language_of(struct eval *e, const struct ask *ask)
{
	struct slice language = ask->language;
	if (e->m->pack->language_count <= 1) /* nothing to choose from */
		return 0;
	if (!language.len) {
		struct value own = eval_attr_text(e, SCOPE_SUBJECT, SLICE("language"));
		language = own.kind == VALUE_STRING ? own.string : language;
	}
	return (unsigned)pack_language(e->m->pack, language);
}

void deciding_start(struct deciding *d, struct machine *m, const struct decide_subjects *subjects,
		    const struct ask *ask, struct foreign_reads *foreign, struct decision *out)
{
	struct eval *e = m->eval;
	struct apply_input in = { .replay = foreign && foreign->play };
	if (in.replay)
		in.aborted = foreign->aborted;
	*d = (struct deciding){ .m = m, .e = e, .ask = ask, .out = out };
	decision_clear(out);
	eval_start(e, &in);
	e->subject = e->customer = subjects->customer;
	e->agent = subjects->agent;
	e->area = subjects->area;
	e->ask = ask;
	e->foreign = foreign;
	e->now_ms = ask->now_ms;
	d->channel = ask->channel.len ? ask->channel : SLICE("call");
	d->member = e->member = asked_member(m, subjects->customer, ask);
	e->asking = ask->member.len ? d->member : 0;
	d->limit = ask->limit ? ask->limit : RECOMMENDATIONS_DEFAULT;
	if (d->limit > LIMIT_RECOMMENDATIONS)
		d->limit = LIMIT_RECOMMENDATIONS;
	d->language = language_of(e, ask);
	d->spent_record = subjects->spent;
	d->verdicts = arena_alloc(&m->arena, (m->pack->action_count + 1) * sizeof(*d->verdicts));
	if (m->pack->above_count)
		d->above = arena_calloc(&m->arena, m->pack->above_count, sizeof(*d->above));
	d->held = arena_calloc(&m->arena, m->pack->policy_count + 1, sizeof(*d->held));
	learning_start(d, subjects);
}

static double total_of(const struct deciding *d, unsigned action)
{
	return d->verdicts[action].score.total;
}

/* Keeps the best, in order of score; of equal ones the first declared. */
static void rank(struct deciding *d, unsigned action)
{
	double total = total_of(d, action);
	unsigned at = d->best_count;
	if (at < d->limit)
		d->best_count++;
	else if (total_of(d, d->best[--at]) >= total)
		return;
	for (; at > 0 && total_of(d, d->best[at - 1]) < total; at--)
		d->best[at] = d->best[at - 1];
	d->best[at] = (uint16_t)action;
}

static void choices_fill(struct deciding *d)
{
	for (unsigned i = 0; i < d->best_count; i++) {
		struct verdict *v = &d->verdicts[d->best[i]];
		v->gate = GATE_OPEN;
		d->out->choices[i] = (struct choice){ .action = &d->m->pack->actions[d->best[i]],
						      .member = v->member,
						      .score = v->score.total,
						      .propensity = v->score.propensity,
						      .drawn = v->score.drawn,
						      .value = v->score.value,
						      .context = v->score.context,
						      .lever = v->score.lever };
	}
	d->out->choice_count = d->best_count;
}

static void fell_fill(struct deciding *d)
{
	unsigned count = d->m->pack->action_count;
	struct fell *fell = arena_alloc(&d->m->arena, (count + 1) * sizeof(*fell));
	for (unsigned i = 0; i < count; i++) {
		const struct verdict *v = &d->verdicts[i];
		fell[i] = (struct fell){ v->gate, v->unknown, v->gate == GATE_POLICY ? v->policy : 0 };
	}
	d->out->fell = fell;
	d->out->fell_count = count;
}

/* False: the deadline passed between two actions. */
static bool choose(struct deciding *d)
{
	const struct pack *p = d->m->pack;
	const struct ask *ask = d->ask;
	struct stages *measured = d->m->stages.on ? &d->m->stages : NULL;
	d->balance = balance_of(d);
	strain_ask(d);
	for (unsigned i = 0; i < p->action_count; i++) {
		struct verdict *v = &d->verdicts[i];
		if (ask->expired && ask->expired(ask->arg))
			return false;
		gates_ask(d, &p->actions[i], v);
		if (v->gate != GATE_OPEN)
			continue;
		if (measured)
			stages_take(measured, STAGE_GATES, 0);
		score_action(d, &p->actions[i], &v->score);
		v->gate = held_out(d, &p->actions[i]) ? GATE_HOLDOUT : GATE_RANK;
		if (v->gate == GATE_RANK)
			rank(d, i);
		if (measured)
			stages_take(measured, STAGE_SCORES, 0);
	}
	stages_lap(&d->m->stages, STAGE_GATES, 1);
	stages_lap(&d->m->stages, STAGE_SCORES, 1); /* counted once, whatever passed */
	choices_fill(d);
	exposures_fill(d);
	if (d->m->keep_gates || ask->gates)
		fell_fill(d);
	return true;
}

bool member_is_private(const struct deciding *d, uint8_t member)
{
	return d->ask->member.len > 0 && member != 0 && member != d->member;
}

/* Words to say to the customer are whole or not there: nobody can read out an unknown. */
static void fill_words(struct deciding *d)
{
	for (unsigned i = 0; i < d->out->choice_count; i++) {
		struct choice *c = &d->out->choices[i];
		bool unknown = false;
		d->e->action = c->action;
		bool private = member_is_private(d, c->member);
		d->e->sharing = private && shares_anything(d->e);
		d->e->member = private && !d->e->sharing ? d->member : c->member;
		if (c->action->offer_holds_ms)
			d->e->offer = c->offer = offer_of(d->e, c->action);
		struct slice say = phrase_fill(d->e, &c->action->say, d->language, &unknown);
		c->say = unknown ? SLICE("") : say;
		d->e->offer = NULL;
		d->e->sharing = false;
	}
	d->e->action = NULL;
}

static void fill_answers(struct deciding *d)
{
	const struct pack *p = d->m->pack;
	struct slice topic = ask_topic(d->ask);
	d->e->action = NULL;
	for (unsigned i = 0; i < p->answer_count && d->out->answer_count < LIMIT_ANSWERS; i++) {
		const struct answer_decl *a = &p->answers[i];
		bool unknown = false;
		if (!topic_covers(str_slice(a->topic), topic) && !topic_covers(str_slice(a->topic), d->ask->intent))
			continue;
		d->e->member = d->member;
		struct slice text = phrase_fill(d->e, &a->text, d->language, &unknown);
		if (unknown || !text.len)
			continue;
		d->out->answers[d->out->answer_count].question = a->question;
		d->out->answers[d->out->answer_count++].text = text;
	}
	d->e->member = d->member;
}

/* The part that is recorded and recomputed. False: the deadline passed. */
static bool decide(struct deciding *d)
{
	if (!choose(d))
		return false;
	fill_words(d);
	fill_answers(d);
	cautions_fill(d);
	guidance_fill(d);
	stages_lap(&d->m->stages, STAGE_WORDS, 1);
	return true;
}

void deciding_finish(struct deciding *d)
{
	struct eval *e = d->e;
	e->subject = e->customer = e->agent = e->area = NULL;
	e->ask = NULL;
	e->action = NULL;
	e->foreign = NULL;
	e->asking = 0;
}

static struct aborted_calls aborted_of(const struct eval *e)
{
	return (struct aborted_calls){ (uint16_t)e->aborted_count, e->aborted_calls };
}

void machine_decide(struct machine *m, const struct decide_subjects *subjects, const struct ask *ask,
		    struct foreign_reads *foreign, struct decision *out)
{
	struct deciding d;
	deciding_start(&d, m, subjects, ask, foreign, out);
	bool in_time = decide(&d);
	if (foreign && !foreign->play)
		foreign->aborted = aborted_of(d.e);
	/* What is read from here on explains, and decides nothing; of what is played back, who looks on may know it. */
	if (!foreign || !foreign->play || !foreign->look)
		d.e->foreign = NULL;
	if (in_time) {
		explain_choices(&d);
		relationship_tell(d.e, d.language, out);
		next_fill(&d);
		offers_fill(&d);
		if (ask->explain) {
			explain_left_out(&d);
			explain_actions(&d);
		}
		stages_lap(&m->stages, STAGE_REASONS, 1);
	}
	deciding_finish(&d);
	if (!in_time)
		machine_fallback(m, ask, FALLBACK_ACTIONS_LATE, out);
}

void machine_choose(struct machine *m, const struct decide_subjects *subjects, const struct ask *ask,
		    struct foreign_reads *foreign, struct decision *out)
{
	struct ask timeless = *ask;
	struct deciding d;
	timeless.expired = NULL;
	deciding_start(&d, m, subjects, &timeless, foreign, out);
	(void)decide(&d);
	if (!foreign->play)
		foreign->aborted = aborted_of(d.e);
	deciding_finish(&d);
}

void machine_fallback(struct machine *m, const struct ask *ask, enum fallback_cause cause, struct decision *out)
{
	const struct pack *p = m->pack;
	unsigned limit = ask->limit && ask->limit < LIMIT_RECOMMENDATIONS ? ask->limit : LIMIT_RECOMMENDATIONS;
	unsigned language = (unsigned)pack_language(p, ask->language);
	decision_clear(out);
	out->fallback = true;
	out->fallback_reason = fallback_reasons[cause];
	eval_start(m->eval, NULL);
	m->eval->ask = ask;
	m->eval->now_ms = ask->now_ms;
	for (unsigned i = 0; i < p->fallback_count && out->choice_count < limit; i++) {
		int action = pack_action(p, p->fallback[i]);
		bool unknown = false;
		if (action < 0)
			continue;
		struct choice *c = &out->choices[out->choice_count++];
		*c = (struct choice){ .action = &p->actions[action], .context = 1, .lever = 1 };
		struct slice say = phrase_fill(m->eval, &c->action->say, language, &unknown);
		c->say = unknown ? SLICE("") : say;
	}
	m->eval->ask = NULL;
}

static bool same_choice(const struct choice *c, const struct decision_chosen *r, bool words)
{
	return slice_equal(str_slice(c->action->name), r->action) &&
	       memcmp(&c->score, &r->score, sizeof(double)) == 0 &&
	       memcmp(&c->propensity, &r->propensity, sizeof(double)) == 0 &&
	       memcmp(&c->value, &r->value, sizeof(double)) == 0 &&
	       memcmp(&c->context, &r->context, sizeof(double)) == 0 &&
	       memcmp(&c->lever, &r->lever, sizeof(double)) == 0 && c->member == r->member && c->drawn == r->drawn &&
	       (!words || slice_equal(c->say, r->say));
}

/* What every action fell at, where it was recorded. */
static bool same_gates(const struct deciding *d, const struct decision_record *r)
{
	bool same = !r->fell_count || r->fell_count == d->m->pack->action_count;
	for (unsigned i = 0; same && i < r->fell_count; i++) {
		const struct verdict *v = &d->verdicts[i];
		const struct fell *f = &r->fell[i];
		same = v->gate == f->gate && v->unknown == f->unknown &&
		       (v->gate != GATE_POLICY || v->policy == f->policy);
	}
	return same;
}

static bool same_exposures(const struct decision *d, const struct decision_record *r)
{
	bool same = d->exposed_count == r->exposed_count;
	for (unsigned i = 0; same && i < r->exposed_count; i++)
		same = slice_equal(d->exposed[i].action, r->exposed[i].action) &&
		       d->exposed[i].withheld == r->exposed[i].withheld;
	return same;
}

bool decision_verify(struct machine *m, const struct record *customer, const struct decision_record *r)
{
	struct decide_subjects subjects = { .customer = customer };
	struct foreign_reads foreign = r->foreign;
	struct decision *out;
	struct deciding d;
	if (r->fallback)
		return true;
	foreign.play = true;
	foreign.next = 0;
	out = arena_alloc(&m->arena, sizeof(*out));
	deciding_start(&d, m, &subjects, &r->ask, &foreign, out);
	bool same = decide(&d) && out->choice_count == r->chosen_count && foreign.next == foreign.count &&
		    out->control == r->control;
	deciding_finish(&d);
	same = same && same_gates(&d, r) && same_exposures(out, r);
	for (unsigned i = 0; same && i < out->choice_count; i++)
		same = same_choice(&out->choices[i], &r->chosen[i], r->head.nudge);
	return same;
}
