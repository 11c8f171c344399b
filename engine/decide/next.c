/* decide/next.c: how the conversation goes on: what to say and to do when an action is accepted, rejected, put off. Told
 * with the recommendation, so that the agent has it when the answer comes, and again when the outcome is recorded, from
 * what is known by then. Reads, records nothing, decides nothing. */
#include "decide/deciding.h"

#include "decide/offer.h"
#include "decide/text.h"

/* Words with an unknown part are left out whole, as everywhere. */
static struct slice words_of(struct deciding *d, const struct action_decl *a, const struct phrase *say)
{
	struct eval *e = d->e;
	bool unknown = false;
	e->action = a;
	if (a->offer_holds_ms)
		e->offer = offer_of(e, a);
	struct slice text = phrase_fill(e, say, d->language, &unknown);
	e->offer = NULL;
	return unknown ? SLICE("") : text;
}

static void step_fill(struct deciding *d, const struct action_decl *a, const struct next_step *step, struct next_words *out)
{
	int to = step->action ? pack_action(d->m->pack, step->action) : -1;
	*out = (struct next_words){ .kind = step->kind, .action = to >= 0 ? &d->m->pack->actions[to] : NULL };
	out->say = words_of(d, a, &step->say);
	if (!out->say.len && out->action)
		out->say = words_of(d, out->action, &out->action->say);
}

void next_fill(struct deciding *d)
{
	for (unsigned i = 0; i < d->out->choice_count; i++) {
		struct choice *c = &d->out->choices[i];
		const struct action_decl *a = c->action;
		if (!a->next_count)
			continue;
		c->next = arena_alloc(&d->m->arena, a->next_count * sizeof(*c->next));
		d->e->member = member_is_private(d, c->member) ? d->member : c->member;
		for (unsigned k = 0; k < a->next_count; k++) {
			step_fill(d, a, &a->next[k], &c->next[c->next_count]);
			c->next_count += c->next[c->next_count].say.len || c->next[c->next_count].action;
		}
	}
	d->e->action = NULL;
	d->e->member = d->member;
}

/* An action that the customer may not have is not gone on with. What cannot be told here, of an agent or an area, is told
 * by the next recommendation. */
static bool shut(struct deciding *d, const struct action_decl *a)
{
	struct verdict v;
	gates_ask(d, a, &v);
	return v.gate != GATE_OPEN && !v.unknown;
}

bool machine_next(struct machine *m, const struct record *customer, const struct outcome_input *o, struct next_words *out)
{
	const struct pack *p = m->pack;
	const struct str *name = strpool_find(m->pool, o->action);
	int action = name ? pack_action(p, name) : -1;
	const struct next_step *step = NULL;
	if (action < 0 || customer->subject.kind != SUBJECT_CUSTOMER)
		return false;
	for (unsigned i = 0; i < p->actions[action].next_count && !step; i++)
		if (p->actions[action].next[i].kind == o->kind)
			step = &p->actions[action].next[i];
	if (!step)
		return false;
	struct ask ask = { .member = o->member, .agent = o->agent, .channel = o->channel, .language = o->language,
			   .now_ms = o->time_ms > customer->newest_ms ? o->time_ms : customer->newest_ms };
	struct decide_subjects subjects = { .customer = customer };
	struct deciding d;
	struct decision *scratch = arena_alloc(&m->arena, sizeof(*scratch));
	deciding_start(&d, m, &subjects, &ask, NULL, scratch);
	step_fill(&d, &p->actions[action], step, out);
	d.e->member = d.member;
	if (out->action && shut(&d, out->action)) {
		out->action = NULL;
		if (!phrase_is_there(&step->say, p))
			out->say = SLICE("");
	}
	deciding_finish(&d);
	return out->say.len || out->action;
}
