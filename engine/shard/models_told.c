/* shard/models_told.c: what actions have learned, shown; and forgotten, where somebody asks for that.
 *
 * A reset is an effect on the action's model that no entry caused, journaled with who asked: time zigzag, user id zigzag
 * (-1: not known), by string. What comes after it is learned from the start. */
#include "shard/commit.h"
#include "shard/models.h"
#include "shard/parts.h"
#include "shard/work.h"

#include "base/error.h"
#include "wire/models.h"

#include <math.h>

static void cell_told(struct wire_cell *to, const struct model *m, const struct model_cell *c,
		      const struct model_prior *prior, struct slice segment, int64_t now_ms)
{
	struct model_belief b;
	model_believe(m, prior, segment, now_ms, &b);
	double sum = b.alpha + b.beta;
	*to = (struct wire_cell){ .segment = segment,
				  .trials = c ? c->all_trials : 0,
				  .accepted = c ? c->all_accepted : 0,
				  .propensity = belief_mean(&b),
				  .deviation = sum > 0 ? sqrt(b.alpha * b.beta / (sum * sum * (sum + 1))) : 0,
				  .evidence = sum };
	model_counts(m, c, now_ms, &to->recent_trials, &to->recent_accepted);
}

/* Lent by the pack, the record and the arena. */
static void model_told(struct wire_model *to, const struct pack *p, const struct action_decl *a, const struct record *r,
		       int64_t now_ms, struct arena *arena)
{
	const struct model *m = record_model(r);
	struct slice *by = arena_alloc(arena, (a->by_count + 1) * sizeof(by[0]));
	struct wire_cell *cells = arena_alloc(arena, ((m ? m->cell_count : 0) + 1) * sizeof(cells[0]));
	for (unsigned i = 0; i < a->by_count; i++)
		by[i] = str_slice(a->by[i]);
	*to = (struct wire_model){ .action = str_slice(a->name),
				   .goal = str_slice(a->goal),
				   .start = a->propensity.start,
				   .evidence = a->propensity.evidence,
				   .strength = a->propensity.strength,
				   .half_life_ms = a->propensity.half_life_ms,
				   .explore = a->explore,
				   .by = by,
				   .by_count = a->by_count,
				   .segments = cells };
	cell_told(&to->own, m, m ? &m->own : NULL, &a->propensity, SLICE(""), now_ms);
	if (!m)
		return;
	to->since_ms = m->since_ms;
	to->seq = r->seq;
	to->control_trials = m->control_trials;
	to->control_accepted = m->control_accepted;
	to->late = m->late;
	to->crowded = m->crowded;
	memcpy(to->bins, m->bins, sizeof(to->bins));
	for (unsigned i = 0; m->by == a->propensity.by && i < m->cell_count; i++) {
		struct slice segment = str_slice(m->cells[i].segment);
		cell_told(&cells[to->segment_count++], m, &m->cells[i], &a->propensity, segment, now_ms);
	}
}

static const struct action_decl *action_asked(struct shard *s, struct slice name, struct arena *arena)
{
	const struct str *known = strpool_find(s->machine.pool, name);
	int index = known ? pack_action(s->machine.pack, known) : -1;
	if (index < 0)
		no_such_action(s->machine.pack, ERR_MISSING, name, arena);
	return index < 0 ? NULL : &s->machine.pack->actions[index];
}

int models_answer(struct shard *s, uint64_t request_id, struct slice action, struct bytes *out)
{
	const struct pack *p = s->machine.pack;
	const struct action_decl *only = action.len ? action_asked(s, action, &s->arena) : NULL;
	if (action.len && !only)
		return error_last()->code;
	struct wire_model *models = arena_alloc(&s->arena, (p->action_count + 1) * sizeof(models[0]));
	struct wire_models m = { .pack = str_slice(p->name),
				 .hash = slice_of(p->hash_text),
				 .explore = p->explore,
				 .control = p->control,
				 .time_ms = s->now_ms,
				 .models = models };
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		if (!only || only == a)
			model_told(&models[m.count++], p, a, i < s->models.count ? s->models.copies[i] : NULL, s->now_ms,
				   &s->arena);
	}
	response_models(out, request_id, &m);
	return ERR_OK;
}

void model_reset_work(struct shard *s, struct work *w)
{
	struct slot *slot;
	struct arena *arena = work_arena(s, w);
	const struct action_decl *a = action_asked(s, subject_id(&w->model.action), arena);
	struct wire_model was;
	struct bytes body = { 0 };
	if (!a) {
		work_refuse_last(s, w);
		return;
	}
	if (!work_at(s, &w, &w->model.action))
		return;
	if (cache_get(&s->cache, &w->model.action, true, &slot) != ERR_OK || (!w->reserved && reserve_one(s, LIMIT_BY_BYTES) != ERR_OK)) {
		work_refuse_last(s, w);
		return;
	}
	arena = work_arena(s, w);
	model_told(&was, s->machine.pack, a, slot->record, s->now_ms, arena);
	was.action = arena_slice(arena, was.action); /* the record is about to forget what it lends */
	for (size_t i = 0; i < was.segment_count; i++)
		((struct wire_cell *)was.segments)[i].segment = arena_slice(arena, was.segments[i].segment);
	bytes_put_zigzag(&body, s->now_ms);
	bytes_put_zigzag(&body, w->model.uid);
	bytes_put_string(&body, w->model.by);
	struct entry entry = { .kind = ENTRY_EFFECT };
	entry.effect.kind = EFFECT_FORGET;
	entry.effect.body = bytes_slice(&body);
	struct apply_input in = { .received_at_ms = s->now_ms };
	arena_reset(&s->machine.arena);
	machine_apply_effect(&s->machine, slot->record, EFFECT_FORGET, entry.effect.body, NULL, &in, &s->applied);
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .applied = &s->applied,
			    .received_at_ms = s->now_ms,
			    .changes_record = true,
			    .reserved_bytes = w->reserved ? w->reserved : LIMIT_BY_BYTES + ENTRY_SLACK_BYTES };
	w->reserved = 0;
	w->hold_seq = commit_entry(s, &c);
	models_tell(s, &w->model.action, EFFECT_FORGET, entry.effect.body, w->hold_seq);
	response_model_reset(&w->answer, w->model.request_id, &was, w->hold_seq);
	bytes_finish(&body);
	work_done(s, w);
}
