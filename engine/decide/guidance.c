/* decide/guidance.c: what the agent is told beside actions: how strained they are and what follows from it, an opening
 * line, the rule that applies, what not to say. What was before is conversation.c's. Nobody is told anything where the
 * system reaches out by itself. */
#include "script/guidance.h"
#include "decide/deciding.h"
#include "decide/text.h"

static const struct strain_level *level_of(const struct strain_decl *s, double score)
{
	const struct strain_level *found = NULL;
	for (unsigned i = 0; i < s->level_count && score >= s->levels[i].at_least; i++)
		found = &s->levels[i];
	return found;
}

static struct slice words_for_agent(struct deciding *d, const struct phrase *say)
{
	bool unknown = false;
	d->e->action = NULL;
	d->e->member = d->member;
	struct slice text = phrase_fill(d->e, say, d->language, &unknown);
	return unknown ? SLICE("") : text;
}

/* Parts that have no points are no reason. */
static void strain_parts(struct deciding *d, const struct strain_decl *s, struct told_strain *out)
{
	out->parts = arena_calloc(&d->m->arena, s->part_count, sizeof(*out->parts));
	for (unsigned i = 0; i < s->part_count; i++) {
		struct number points = eval_number(d->e, s->parts[i].fact_term);
		if (!points.known || points.n <= 0)
			continue;
		out->parts[out->part_count++] = (struct told_strain_part){ .name = str_slice(s->parts[i].name),
									   .points = points.n,
									   .say = words_for_agent(d, &s->parts[i].say) };
	}
}

static const struct told_strain *strain_of(struct deciding *d, const struct strain_decl *s)
{
	struct number score = eval_number(d->e, s->fact_term);
	if (!score.known)
		return NULL;
	const struct strain_level *level = level_of(s, score.n);
	struct told_strain *out = arena_calloc(&d->m->arena, 1, sizeof(*out));
	out->score = score.n;
	if (level) {
		out->level = str_slice(level->name);
		out->say = words_for_agent(d, &level->say);
		out->actions = level->actions;
	}
	strain_parts(d, s, out);
	return out;
}

void strain_ask(struct deciding *d)
{
	const struct guidance *g = d->m->pack->guidance;
	if (!g || !g->strain.file || d->ask->nudge || !d->ask->agent.len)
		return;
	d->out->strain = strain_of(d, &g->strain);
	if (d->out->strain && d->out->strain->actions && d->limit > d->out->strain->actions)
		d->limit = d->out->strain->actions;
}

const struct told_strain *machine_strain(struct machine *m, const struct record *agent, int64_t now_ms)
{
	const struct guidance *g = m->pack->guidance;
	struct eval *e = m->eval;
	struct deciding d = { .m = m, .e = e };
	if (!g || !g->strain.file)
		return NULL;
	eval_start(e, NULL);
	e->subject = e->agent = agent;
	e->now_ms = now_ms;
	const struct told_strain *strain = strain_of(&d, &g->strain);
	e->subject = e->agent = NULL;
	return strain;
}

static bool is_about(const struct deciding *d, const struct said_decl *s)
{
	struct slice topic = ask_topic(d->ask);
	for (unsigned i = 0; i < s->topic_count; i++)
		if (topic_covers(str_slice(s->topics[i]), topic) || topic_covers(str_slice(s->topics[i]), d->ask->intent))
			return true;
	return s->topic_count == 0;
}

static void put_said(struct decision *out, const struct said_decl *s, struct slice text)
{
	if (s->kind == SAID_OPENING)
		out->opening = text;
	else if (s->kind == SAID_GUIDELINE && out->guideline_count < LIMIT_ANSWERS)
		out->guidelines[out->guideline_count++] = text;
	else if (s->kind == SAID_AVOID && out->avoid_count < LIMIT_ANSWERS)
		out->avoid[out->avoid_count++] = text;
}

void guidance_fill(struct deciding *d)
{
	const struct guidance *g = d->m->pack->guidance;
	if (!g || d->ask->nudge)
		return;
	for (unsigned i = 0; i < g->said_count; i++) {
		const struct said_decl *s = &g->said[i];
		if (s->kind == SAID_TELL || (s->kind == SAID_OPENING && d->out->opening.len) || !is_about(d, s))
			continue;
		d->e->action = NULL;
		d->e->member = d->member;
		if (s->when && !eval_is_true(eval_term(d->e, s->when)))
			continue;
		struct slice text = words_for_agent(d, &s->say);
		if (text.len)
			put_said(d->out, s, text);
	}
	conversation_fill(d);
	d->e->member = d->member;
}
