/* shard/models.c: what actions have learned, and what was given away (decide/spending.h), at hand on every shard.
 *
 * The record of an action's model lives on the shard of its hash slot, as any record does, and effects bring it up to
 * date there; so does the one ledger of what was given away. A decision needs the models of all candidates, and what is left
 * of budgets, so each shard keeps copies of those that its pack asks for. A copy follows by the same effects, told from shard to shard after they were applied: in their order, and each once, since
 * it carries the sequence of the entry it is current to. What a decision read is recorded with it, so that a copy which
 * lags by what is in flight changes no replay.
 *
 * Copies are taken whole when all shards stand: after recovery, and when a pack is activated. */
#include "shard/models.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "state/ledgers.h"
#include "shard/parts.h"
#include "shard/work.h"

#include <stdlib.h>

void models_finish(struct models *m, struct strpool *pool)
{
	for (unsigned i = 0; i < m->count; i++)
		record_destroy(m->copies[i], pool);
	free(m->copies);
	record_destroy(m->spent, pool);
	*m = (struct models){ 0 };
}

const struct record *const *models_at_hand(const struct models *m)
{
	return m->known ? (const struct record *const *)m->copies : NULL;
}

static int copy_from(struct shard *owner, struct shard *to, const struct subject *subject, struct record **out)
{
	struct slot *slot;
	struct bytes encoded = { 0 };
	int result = cache_get(&owner->cache, subject, false, &slot);
	*out = NULL;
	if (result != ERR_OK || !slot)
		return result;
	record_encode(slot->record, &encoded);
	result = record_decode(out, to->machine.pool, bytes_slice(&encoded));
	bytes_finish(&encoded);
	return result;
}

static struct models load(struct engine *e, struct shard *s, const struct pack *p)
{
	struct models m = { .copies = must_calloc(p->action_count + 1, sizeof(m.copies[0])), .count = p->action_count };
	for (unsigned i = 0; i < m.count; i++) {
		struct subject subject = subject_of(SUBJECT_MODEL, str_slice(p->actions[i].name));
		if (copy_from(engine_owner(e, &subject), s, &subject, &m.copies[i]) != ERR_OK)
			log_error("what action %.*s has learned cannot be read (%s): decisions begin at its start",
				  SLICE_ARG(subject_id(&subject)), error_last()->text);
		m.known += m.copies[i] != NULL;
	}
	struct subject spent = ledger_subject(LEDGER_SPENT, 0);
	if (p->budget_count && copy_from(engine_owner(e, &spent), s, &spent, &m.spent) != ERR_OK)
		log_error("what was given away cannot be read (%s): budgets begin anew", error_last()->text);
	return m;
}

void models_load(struct engine *e)
{
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct shard *s = e->shards[i];
		models_finish(&s->models, s->machine.pool);
		s->models = load(e, s, s->machine.pack);
	}
}

void models_prepare(struct engine *e)
{
	for (unsigned i = 0; i < e->shard_count; i++) {
		struct shard *s = e->shards[i];
		models_finish(&s->next_models, s->machine.pool);
		if (s->next_pack)
			s->next_models = load(e, s, s->next_pack);
	}
}

void models_swap(struct shard *s)
{
	models_finish(&s->models, s->machine.pool);
	s->models = s->next_models;
	s->next_models = (struct models){ 0 };
}

/* The copy that the effect concerns; NULL: the pack wants none. */
static struct record **copy_of(struct shard *s, const struct work *w)
{
	if (w->effect.kind == EFFECT_COUNT)
		return s->machine.pack->budget_count ? &s->models.spent : NULL;
	const struct str *name = strpool_find(s->machine.pool, subject_id(&w->effect.target));
	int index = name ? pack_action(s->machine.pack, name) : -1;
	return index < 0 || (unsigned)index >= s->models.count ? NULL : &s->models.copies[index];
}

static void follow(struct shard *s, const struct work *w)
{
	struct record **copy = copy_of(s, w);
	if (!copy)
		return;
	if (!*copy) {
		*copy = record_create(&w->effect.target);
		s->models.known += w->effect.kind != EFFECT_COUNT;
	}
	if ((*copy)->seq >= w->effect.source_seq)
		return; /* it was taken whole since */
	if (w->effect.kind == EFFECT_FORGET)
		machine_forget(&s->machine, *copy, w->effect.body);
	else if (w->effect.kind == EFFECT_COUNT)
		machine_count(&s->machine, *copy, w->effect.body);
	else
		machine_learn(&s->machine, *copy, w->effect.body);
	(*copy)->seq = w->effect.source_seq;
}

void models_tell(struct shard *s, const struct subject *subject, uint8_t kind, struct slice body, uint64_t seq)
{
	struct work w = { .kind = WORK_MODEL, .home = s };
	w.effect.target = *subject;
	w.effect.kind = kind;
	w.effect.body = body;
	w.effect.source_seq = seq;
	w.effect.told_ns = clock_mono_ns();
	for (unsigned i = 0; i < s->engine->shard_count; i++)
		if (s->engine->shards[i] != s)
			work_send(s, s->engine->shards[i], work_to_heap(&w));
	follow(s, &w);
}

void model_work(struct shard *s, struct work *w)
{
	follow(s, w);
	histogram_add(&s->counts.model_ns, clock_mono_ns() - w->effect.told_ns);
	work_destroy(w);
}

bool models_follow(const struct shard *s, uint8_t kind, const struct subject *subject)
{
	if (kind == EFFECT_LEARN)
		return true;
	if (kind != EFFECT_COUNT || !s->machine.pack->budget_count)
		return false;
	struct subject spent = ledger_subject(LEDGER_SPENT, 0);
	return subject_equal(&spent, subject);
}
