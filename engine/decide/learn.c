/* decide/learn.c: see learn.h. An effect's body: flags u8 (1 accepted, 2 of the control group), time zigzag, identity of
 * the segment's names u32, segment string. */
#include "decide/learn.h"

#include "base/check.h"
#include "decide/draw.h"
#include "decide/text.h"

enum { LEARN_ACCEPTED = 1, LEARN_CONTROL = 2 };
enum { SEED_CONTROL = 0x636f6e74, SEED_EXPLORE = 0x6578706c, SEED_MODEL = 0x6d6f6465 }; /* never change: who is in the group */

bool customer_in_control(const struct pack *p, struct slice customer)
{
	return p->control > 0 && draw_share(hash64(customer, SEED_CONTROL)) < p->control;
}

struct slice segment_text(struct eval *e, struct str *const *names, const int *facts, unsigned count,
			  char buffer[LIMIT_KEY_BYTES])
{
	size_t len = 0;
	uint8_t member = e->member;
	e->member = 0;
	for (unsigned i = 0; i < count; i++) {
		char text[32];
		struct value v = facts[i] >= 0 ? eval_fact(e, (unsigned)facts[i]) : eval_attr(e, SCOPE_CUSTOMER, names[i]);
		struct slice s = v.kind == VALUE_UNKNOWN ? SLICE("unknown") : value_key_text(v, text);
		struct slice between = i ? SLICE(" / ") : SLICE("");
		size_t room = LIMIT_KEY_BYTES - len, need = between.len + s.len;
		if (need > room) { /* too long to be spelled out: cut, and all that are cut alike are one */
			s.len = room > between.len ? room - between.len : 0;
			between.len = room > between.len ? between.len : 0;
		}
		memcpy(buffer + len, between.data, between.len);
		if (s.len)
			memcpy(buffer + len + between.len, s.data, s.len);
		len += between.len + s.len;
	}
	e->member = member;
	return (struct slice){ buffer, len };
}

static struct slice segment_of(struct eval *e, const struct action_decl *a, char buffer[LIMIT_KEY_BYTES])
{
	return segment_text(e, a->by, a->by_facts, a->by_count, buffer);
}

static bool closes_trial(unsigned kind)
{
	return kind == OUTCOME_ACCEPTED || kind == OUTCOME_REJECTED || kind == OUTCOME_IGNORED;
}

/* The trial of this decision has ended before. */
static bool ended(const struct record *r, const struct str *action, uint64_t boot, uint64_t count)
{
	for (unsigned i = 0; (boot || count) && i < r->rare->outcome_count; i++) {
		const struct outcome *o = &r->rare->outcomes[i];
		if (o->action == action && o->decision_boot == boot && o->decision_count == count && closes_trial(o->kind))
			return true;
	}
	return false;
}

void learn_outcome(struct applying *a, enum outcome_kind kind, struct slice action, uint64_t boot, uint64_t count)
{
	char buffer[LIMIT_KEY_BYTES];
	const struct str *name = strpool_find(a->m->pool, action);
	int index = name && closes_trial(kind) ? pack_action(a->m->pack, name) : -1;
	if (index < 0 || ended(a->record, name, boot, count))
		return;
	const struct action_decl *decl = &a->m->pack->actions[index];
	bool control = customer_in_control(a->m->pack, subject_id(&a->record->subject));
	struct slice segment = decl->by_count ? segment_of(a->e, decl, buffer) : (struct slice){ NULL, 0 };
	struct subject target = subject_of(SUBJECT_MODEL, action);
	struct bytes body = { 0 };
	bytes_put_u8(&body, (uint8_t)((kind == OUTCOME_ACCEPTED ? LEARN_ACCEPTED : 0) | (control ? LEARN_CONTROL : 0)));
	bytes_put_zigzag(&body, a->now_ms);
	bytes_put_u32(&body, decl->propensity.by);
	bytes_put_string(&body, segment);
	(void)applying_effect(a, EFFECT_LEARN, &target, bytes_slice(&body)); /* the first of the entry: there is room */
	bytes_finish(&body);
	eval_fresh(a->e); /* the outcome is about to change what facts read */
}

static const struct action_decl *action_of(const struct pack *p, struct strpool *pool, struct slice name)
{
	const struct str *s = strpool_find(pool, name);
	int index = s ? pack_action(p, s) : -1;
	return index >= 0 ? &p->actions[index] : NULL;
}

void machine_learn(struct machine *m, struct record *model, struct slice body)
{
	struct reader r = reader_of(body);
	uint8_t flags = reader_u8(&r);
	struct model_outcome o = { .accepted = flags & LEARN_ACCEPTED, .control = flags & LEARN_CONTROL };
	o.time_ms = reader_zigzag(&r);
	o.by = reader_u32(&r);
	o.segment = reader_string(&r);
	const struct action_decl *decl = action_of(m->pack, m->pool, subject_id(&model->subject));
	CHECK(!r.bad); /* our own bytes */
	if (decl) /* else the pack has given the action up since */
		model_learn(model, m->pool, &decl->propensity, &o);
}

void machine_forget(struct machine *m, struct record *model, struct slice body)
{
	struct reader r = reader_of(body);
	int64_t time_ms = reader_zigzag(&r);
	CHECK(!r.bad); /* our own bytes */
	model_forget(model, m->pool, time_ms);
}

void learning_start(struct deciding *d, const struct decide_subjects *subjects)
{
	const struct pack *p = d->m->pack;
	const struct ask *ask = d->ask;
	struct foreign_reads *f = d->e->foreign;
	bool numbered = ask->boot || ask->count;
	struct slice customer = subject_id(&subjects->customer->subject);
	d->models = subjects->models;
	d->learned = subjects->models != NULL || (f && f->models);
	d->lot = 1;
	d->out->control = false;
	if (p->control > 0 && numbered && customer_in_control(p, customer)) {
		d->out->control = true;
		d->learned = false;
	} else if (p->explores && numbered) {
		const uint64_t number[2] = { ask->boot, ask->count };
		d->draw_key = hash64(customer, hash64((struct slice){ (const char *)number, sizeof(number) }, SEED_EXPLORE));
		d->lot = draw_share(d->draw_key);
	}
	if (f && d->learned)
		f->models = true;
}

/* What is known of the action for this customer: read now, or as it was recorded, as up to three numbers. False: nothing. */
static bool believe(struct deciding *d, const struct action_decl *a, struct slice segment, struct model_belief *out)
{
	const struct model *m = d->models ? record_model(d->models[a->order]) : NULL;
	uint64_t what = hash64(str_slice(a->name), SEED_MODEL);
	double *const parts[] = { &out->alpha, &out->beta, &out->trials };
	bool known = m && m->own.all_trials;
	if (known)
		model_believe(m, &a->propensity, segment, d->ask->now_ms, out);
	for (unsigned i = 0; i < 3; i++) {
		struct value v = eval_foreign(d->e, what + i, known ? value_number(*parts[i]) : value_unknown());
		if (v.kind != VALUE_NUMBER)
			return false;
		*parts[i] = v.number;
	}
	return true;
}

void propensity_learned(struct deciding *d, const struct action_decl *a, struct score *out)
{
	char buffer[LIMIT_KEY_BYTES];
	struct model_belief b;
	out->expected = out->propensity;
	out->drawn = d->lot < a->explore;
	struct slice segment = d->learned && a->by_count ? segment_of(d->e, a, buffer) : (struct slice){ NULL, 0 };
	if (d->learned && believe(d, a, segment, &b))
		out->propensity = out->expected = belief_mean(&b);
	else
		model_believe(NULL, &a->propensity, (struct slice){ NULL, 0 }, 0, &b);
	out->trials = b.trials;
	if (out->drawn)
		out->propensity = draw_beta(hash64(str_slice(a->name), d->draw_key), b.alpha, b.beta);
}

struct slice propensity_reason(struct deciding *d, const struct action_decl *a, const struct score *s)
{
	struct arena *arena = &d->m->arena;
	if (d->out->control)
		return arena_printf(arena, "propensity as the pack states it: this customer is in the control group");
	if (s->drawn)
		return arena_printf(arena, "propensity %.3f drawn to try it: %.3f is expected (%.0f outcomes)", s->propensity,
				    s->expected, s->trials);
	if (s->trials > 0)
		return arena_printf(arena, "propensity %.3f learned from %.1f outcomes, which began at %.3f", s->propensity,
				    s->trials, a->propensity.start);
	return (struct slice){ NULL, 0 };
}
