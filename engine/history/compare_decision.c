/* history/compare_decision.c: recommendations, made again by the candidate as they were asked for, and what became of
 * actions that it would not have shown. How reads of agents and areas are settled is told in compare.h. */
#include "history/compare_parts.h"

#include "base/check.h"
#include "history/apply.h"

#include <stdlib.h>

/* What the recorded decision read of other subjects: the value of then, and what the recorded side's record says now. */
struct read {
	uint64_t what;
	struct value then, now;
};
struct reads {
	struct arena *arena;
	struct read *items;
	unsigned count, cap;
};

static struct value value_kept(struct arena *arena, struct value v)
{
	if (v.kind == VALUE_STRING)
		v.string = arena_slice(arena, v.string);
	return v;
}

static void note_read(void *arg, uint64_t what, struct value own, struct value *v)
{
	struct reads *r = arg;
	if (r->count == r->cap) {
		unsigned cap = r->cap ? 2 * r->cap : 8;
		struct read *grown = arena_alloc(r->arena, cap * sizeof(*grown));
		if (r->count)
			memcpy(grown, r->items, r->count * sizeof(*grown));
		r->items = grown;
		r->cap = cap;
	}
	r->items[r->count++] = (struct read){ what, value_kept(r->arena, *v), value_kept(r->arena, own) };
}

/* Where both records say the same, what was recorded stands. */
static void settle_read(void *arg, uint64_t what, struct value own, struct value *v)
{
	const struct reads *r = arg;
	for (unsigned i = 0; i < r->count; i++)
		if (r->items[i].what == what && value_equal(r->items[i].now, own)) {
			*v = r->items[i].then;
			return;
		}
}

/* Records of agents and areas, lent where they live with the customer, else copied: their strings are another pool's. */
struct others {
	struct record *owned[2];
};

static const struct record *other_record(struct worker *w, const struct subject *s, unsigned side, struct record **owned)
{
	struct worker *at = owner_of(w->c, s);
	struct bytes encoded = { 0 };
	if (at != w && !w->c->alone)
		return NULL; /* neither pack reads it */
	struct pair *p = pair_get(at, s, subject_hash(s), false);
	if (!p || at == w)
		return p ? p->sides[side] : NULL;
	record_encode(p->sides[side], &encoded);
	if (record_decode(owned, w->sides[side].m.pool, bytes_slice(&encoded)) != ERR_OK)
		*owned = NULL;
	bytes_finish(&encoded);
	return *owned;
}

static void subjects_of(struct worker *w, const struct pair *p, const struct ask *ask, unsigned side,
			struct decide_subjects *out, struct others *others)
{
	*others = (struct others){ 0 };
	*out = (struct decide_subjects){ .customer = p->sides[side] };
	if (ask->agent.len) {
		struct subject agent = subject_of(SUBJECT_AGENT, ask->agent);
		out->agent = other_record(w, &agent, side, &others->owned[0]);
	}
	const struct attr *area = attrs_get_text(record_attrs(p->sides[side], 0), SLICE("area"));
	if (!area || area->kind != VALUE_STRING || !area->string->len || area->string->len > LIMIT_ID_BYTES)
		return;
	struct subject subject = subject_of(SUBJECT_AREA, str_slice(area->string));
	out->area = other_record(w, &subject, side, &others->owned[1]);
}

/* What the actions of that side's pack have learned; NULL: nothing. */
static const struct record *const *models_of(struct worker *w, unsigned side)
{
	const struct pack *p = w->sides[side].m.pack;
	const struct record **models = w->c->models ? arena_calloc(&w->arena, p->action_count + 1, sizeof(*models)) : NULL;
	bool any = false;
	for (unsigned i = 0; models && i < p->action_count; i++) {
		struct subject action = subject_of(SUBJECT_MODEL, str_slice(p->actions[i].name));
		const struct pair *pair = pair_get(w, &action, subject_hash(&action), false);
		models[i] = pair ? pair->sides[side] : NULL;
		any |= models[i] != NULL;
	}
	return any ? models : NULL;
}

static void choose(struct worker *w, const struct pair *p, unsigned side, const struct ask *ask,
		   struct foreign_reads *foreign)
{
	struct side *x = &w->sides[side];
	struct decide_subjects subjects;
	struct others others;
	arena_reset(&x->m.arena);
	subjects_of(w, p, ask, side, &subjects, &others);
	if (foreign->models) /* else the decision that was recorded had none at hand */
		subjects.models = models_of(w, side);
	machine_choose(&x->m, &subjects, ask, foreign, &x->decision);
	for (unsigned i = 0; i < 2; i++)
		record_destroy(others.owned[i], x->m.pool);
}

static bool same_score(const struct choice *c, const struct decision_chosen *r)
{
	return memcmp(&c->score, &r->score, sizeof(double)) == 0 &&
	       memcmp(&c->propensity, &r->propensity, sizeof(double)) == 0 &&
	       memcmp(&c->value, &r->value, sizeof(double)) == 0 &&
	       memcmp(&c->context, &r->context, sizeof(double)) == 0 &&
	       memcmp(&c->lever, &r->lever, sizeof(double)) == 0;
}

/* Recorded side: recomputed with what was recorded, noting what it read. */
static void replay_recorded(struct worker *w, const struct step *s, const struct decision_record *d,
			    struct reads *reads)
{
	struct side *before = &w->sides[BEFORE];
	struct foreign_reads foreign = d->foreign;
	if (d->fallback)
		return;
	foreign.play = true;
	foreign.next = 0;
	if (reads) {
		foreign.look = note_read;
		foreign.arg = reads;
	}
	choose(w, s->pair, BEFORE, &d->ask, &foreign);
	const struct decision *out = &before->decision;
	bool same = out->choice_count == d->chosen_count && foreign.next == foreign.count;
	for (unsigned i = 0; same && i < out->choice_count; i++)
		same = same_action(&out->choices[i], &d->chosen[i]) && same_score(&out->choices[i], &d->chosen[i]) &&
		       out->choices[i].member == d->chosen[i].member;
	w->totals[TOTAL_DECISIONS_CHECKED]++;
	w->totals[TOTAL_DECISIONS_NOT_REPRODUCED] += !same;
	if (!same && !w->not_reproduced_seq)
		w->not_reproduced_seq = s->seq;
}

/* The candidate's: the deadline that passed then passes again. ask: as recorded; a nudge's member becomes its own. */
void choose_again(struct worker *w, const struct step *s, struct ask *ask, const struct decision_record *d,
		  struct reads *reads)
{
	struct side *after = &w->sides[AFTER];
	struct foreign_reads foreign = { .look = settle_read, .arg = reads, .models = d->foreign.models };
	struct slice campaign;
	if (d->fallback) {
		arena_reset(&after->m.arena);
		machine_fallback(&after->m, ask, d->cause, &after->decision);
		return;
	}
	if (d->head.nudge) {
		int member = record_member(s->pair->sides[AFTER], after->m.pool, ask->member, false, 0);
		ask->bound_member = (uint8_t)(member > 0 ? member : 0);
		ask->gates = rule_is_campaign(d->head.rule, &campaign); /* for what holds it back */
	}
	choose(w, s->pair, AFTER, ask, &foreign);
	failures_note(w, s, foreign.aborted.count);
}

void choose_alone(struct worker *w, const struct step *s, const struct ask *ask)
{
	struct foreign_reads foreign = { .models = true };
	choose(w, s->pair, AFTER, ask, &foreign);
	failures_note(w, s, foreign.aborted.count);
}

static bool shows(const struct decision *d, struct slice action)
{
	for (unsigned i = 0; i < d->choice_count; i++)
		if (slice_equal(str_slice(d->choices[i].action->name), action))
			return true;
	return false;
}

static bool showed(const struct decision_record *d, struct slice action)
{
	for (unsigned i = 0; i < d->chosen_count; i++)
		if (slice_equal(d->chosen[i].action, action))
			return true;
	return false;
}

void withheld_finish(struct pair *p)
{
	for (struct withheld *x = p->withheld, *next; x; x = next) {
		next = x->next;
		free(x);
	}
}

bool outcome_is_known(const struct pair *p, const struct outcome_input *o)
{
	bool named = o->decision_boot || o->decision_count;
	for (const struct withheld *x = p->withheld; x; x = x->next)
		if (slice_equal(x->action, o->action) &&
		    (named ? x->boot == o->decision_boot && x->count == o->decision_count : x->newest))
			return false;
	return true;
}

void withhold(struct pair *p, const struct decision_head *head, struct slice action, bool withheld)
{
	for (struct withheld *x = p->withheld; x; x = x->next)
		x->newest = x->newest && !slice_equal(x->action, action);
	if (!withheld)
		return;
	struct withheld *x = must_malloc(sizeof(*x) + action.len);
	*x = (struct withheld){ .next = p->withheld, .boot = head->boot, .count = head->count, .newest = true };
	x->action = (struct slice){ memcpy(x->text, action.data, action.len), action.len };
	p->withheld = x;
}

/* "renewal 0.62, listen 0.11" */
static struct slice list_before(struct worker *w, const struct decision_record *d)
{
	struct bytes b = { 0 };
	for (unsigned i = 0; i < d->chosen_count; i++)
		bytes_printf(&b, "%s%.*s %.3g", i ? ", " : "", SLICE_ARG(d->chosen[i].action), d->chosen[i].score);
	struct slice text = arena_slice(&w->arena, d->chosen_count ? bytes_slice(&b) : SLICE("nothing"));
	bytes_finish(&b);
	return text;
}

static struct slice list_after(struct worker *w, const struct decision *d)
{
	struct bytes b = { 0 };
	for (unsigned i = 0; i < d->choice_count; i++)
		bytes_printf(&b, "%s%.*s %.3g", i ? ", " : "", SLICE_ARG(str_slice(d->choices[i].action->name)),
			     d->choices[i].score);
	struct slice text = arena_slice(&w->arena, d->choice_count ? bytes_slice(&b) : SLICE("nothing"));
	bytes_finish(&b);
	return text;
}

static struct met met_decision(struct worker *w, const struct step *s, const struct decision_record *d)
{
	return (struct met){ .seq = s->seq,
			     .order = s->place,
			     .boot = d->head.boot,
			     .count = d->head.count,
			     .time_ms = d->ask.now_ms,
			     .record = s->pair->sides[BEFORE],
			     .member = d->ask.member,
			     .before = list_before(w, d),
			     .after = list_after(w, &w->sides[AFTER].decision) };
}

static void count_actions(struct worker *w, const struct step *s, const struct decision_record *d,
			  const struct decision *after)
{
	struct met m = { 0 };
	for (unsigned i = 0; i < d->chosen_count; i++) {
		struct compare_row *row = rows_get(&w->rows, ROW_ACTION, d->chosen[i].action);
		row->counts[COUNT_FIRST_BEFORE] += i == 0;
		row->counts[COUNT_SHOWN_BEFORE]++;
		if (!after) {
			row->counts[COUNT_FIRST_AFTER] += i == 0;
			row->counts[COUNT_SHOWN_AFTER]++;
		} else if (!shows(after, d->chosen[i].action)) {
			m = m.record ? m : met_decision(w, s, d);
			row->counts[COUNT_SHOWN_LOST]++;
			examples_add(&row->examples[EXAMPLE_LOST], w->rows.examples, &m);
		}
	}
	for (unsigned i = 0; after && i < after->choice_count; i++) {
		struct slice name = str_slice(after->choices[i].action->name);
		struct compare_row *row = rows_get(&w->rows, ROW_ACTION, name);
		row->counts[COUNT_FIRST_AFTER] += i == 0;
		row->counts[COUNT_SHOWN_AFTER]++;
		if (showed(d, name))
			continue;
		m = m.record ? m : met_decision(w, s, d);
		row->counts[COUNT_SHOWN_GAINED]++;
		w->totals[TOTAL_SHOWN_UNKNOWN]++;
		examples_add(&row->examples[EXAMPLE_GAINED], w->rows.examples, &m);
	}
}

static bool same_texts(const struct slice *a, unsigned a_count, const struct slice *b, unsigned b_count)
{
	bool same = a_count == b_count;
	for (unsigned i = 0; same && i < a_count; i++)
		same = slice_equal(a[i], b[i]);
	return same;
}

static bool same_guidance(const struct decision *a, const struct decision *b)
{
	bool same = slice_equal(a->opening, b->opening) && a->told_count == b->told_count &&
		    same_texts(a->guidelines, a->guideline_count, b->guidelines, b->guideline_count) &&
		    same_texts(a->avoid, a->avoid_count, b->avoid, b->avoid_count);
	for (unsigned i = 0; same && i < a->told_count; i++)
		same = slice_equal(a->told[i].text, b->told[i].text);
	return same;
}

/* Words, to the customer and to the agent; of a fallback they are not recorded. */
static bool same_words(const struct pair *p, const struct decision *a, const struct decision *b)
{
	bool same = a->choice_count == b->choice_count && a->answer_count == b->answer_count &&
		    a->caution_count == b->caution_count;
	for (unsigned i = 0; same && i < a->choice_count; i++)
		same = slice_equal(a->choices[i].say, b->choices[i].say) &&
		       slice_equal(member_name(p->sides[BEFORE], a->choices[i].member),
				   member_name(p->sides[AFTER], b->choices[i].member));
	for (unsigned i = 0; same && i < a->answer_count; i++)
		same = slice_equal(a->answers[i].question, b->answers[i].question) &&
		       slice_equal(a->answers[i].text, b->answers[i].text);
	for (unsigned i = 0; same && i < a->caution_count; i++)
		same = slice_equal(a->cautions[i], b->cautions[i]);
	return same && same_guidance(a, b);
}

/* CHANGE_KINDS: nothing differs. */
static enum decision_change change_of(const struct worker *w, const struct pair *p, const struct decision_record *d)
{
	const struct decision *b = &w->sides[AFTER].decision;
	bool same_first = d->chosen_count && b->choice_count ? same_action(&b->choices[0], &d->chosen[0])
							      : d->chosen_count == b->choice_count;
	bool same_list = d->chosen_count == b->choice_count, same_scores = true;
	if (!same_first)
		return CHANGE_FIRST;
	for (unsigned i = 0; same_list && i < b->choice_count; i++) {
		same_list = same_action(&b->choices[i], &d->chosen[i]);
		same_scores = same_scores && same_score(&b->choices[i], &d->chosen[i]);
	}
	if (!same_list)
		return CHANGE_LIST;
	if (!same_scores)
		return CHANGE_SCORES;
	if (!d->fallback && !same_words(p, &w->sides[BEFORE].decision, b))
		return CHANGE_WORDS;
	return CHANGE_KINDS;
}

static struct slice first_words(const struct decision *d)
{
	return d->choice_count ? d->choices[0].say : (struct slice){ 0 };
}

static void recommendation_compare(struct worker *w, const struct step *s, const struct decision_record *d)
{
	static const enum compare_total totals[] = { TOTAL_FIRST_CHANGED, TOTAL_LIST_CHANGED, TOTAL_SCORES_CHANGED,
						     TOTAL_WORDS_CHANGED };
	const struct decision *after = &w->sides[AFTER].decision;
	for (unsigned i = 0; i < d->chosen_count; i++)
		withhold(s->pair, &d->head, d->chosen[i].action, !shows(after, d->chosen[i].action));
	if (!s->counts)
		return;
	enum decision_change change = change_of(w, s->pair, d);
	count_actions(w, s, d, after);
	if (change == CHANGE_KINDS)
		return;
	struct met m = met_decision(w, s, d);
	if (change == CHANGE_WORDS && !slice_equal(first_words(&w->sides[BEFORE].decision), first_words(after))) {
		m.before = first_words(&w->sides[BEFORE].decision);
		m.after = first_words(after);
	}
	w->totals[totals[change]]++;
	examples_add(&w->decisions[change], w->rows.examples, &m);
	pair_touched(w, s->pair);
}

static void exposures_recorded(struct worker *w, const struct step *s, const struct decision_record *d)
{
	struct side *before = &w->sides[BEFORE];
	struct apply_input in = { .received_at_ms = s->received_at_ms, .replay = true };
	decision_apply(&before->m, s->pair->sides[BEFORE], d, &in, &before->applied);
	s->pair->sides[BEFORE]->seq = s->seq;
}

int decision_compare(struct worker *w, struct step *s, const struct ahead_item *item)
{
	struct decision_record d;
	struct reads reads = { .arena = &w->arena };
	int result = decision_decode(&d, item->entry.decision.bytes, &w->arena);
	if (result != ERR_OK)
		return result;
	s->time_ms = d.ask.now_ms;
	replay_recorded(w, s, &d, w->c->alone ? &reads : NULL);
	if (!d.head.nudge && d.exposed_count)
		exposures_recorded(w, s, &d);
	if (d.head.nudge) {
		nudge_recorded(w, s, &d, &reads);
		return ERR_OK;
	}
	count_in(w, s->counts, TOTAL_RECOMMENDATIONS, 1);
	count_in(w, s->counts, TOTAL_FALLBACKS, d.fallback);
	if (w->c->live) {
		struct ask ask = d.ask;
		choose_again(w, s, &ask, &d, &reads);
		recommendation_compare(w, s, &d);
		if (w->sides[AFTER].decision.exposed_count)
			candidate_keep(w, s, &d.head, &ask);
	} else if (s->counts) {
		count_actions(w, s, &d, NULL);
	}
	return ERR_OK;
}
