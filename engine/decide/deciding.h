/* decide/deciding.h: a decision while it is being made, as decide.c, gates.c, policy.c, score.c, explain.c and missing.c
 * share it.
 *
 * It is made in two parts. First what is chosen: gates, policies, scores, ranking, words. All that this part reads of
 * other subjects is recorded, and it is all that decision_verify recomputes. Then why: reasons and explanations, which
 * read again and record nothing. */
#ifndef NUDGED_DECIDE_DECIDING_H
#define NUDGED_DECIDE_DECIDING_H

#include "decide/eval.h"

enum gate { GATE_OPEN, GATE_CHANNEL, GATE_GOAL, GATE_ELIGIBLE, GATE_APPLICABLE, GATE_SUITABLE, GATE_POLICY, GATE_RANK,
	    GATE_HOLDOUT };

/* decision.h says what its parts are. */
struct score {
	double total, propensity, value, context, lever;
	double customer, business; /* of which the value is made */
	double expected, trials;   /* of a propensity that was learned or drawn: its mean, and the outcomes behind it */
	bool drawn;
	bool customer_unknown, business_unknown; /* a value that counted as 0 */
};

/* What became of one action. */
struct verdict {
	uint8_t gate;       /* enum gate */
	uint8_t member;     /* bound when the gate was asked */
	bool unknown;
	uint16_t policy;    /* GATE_POLICY: which */
	uint16_t above;     /* the gate is not the action's own but its goal's or group's: index of levels + 1 */
	struct score score; /* only of what passed every gate: GATE_OPEN, GATE_RANK, GATE_HOLDOUT */
};

/* What became of a goal's or group's gates: asked once a decision for each member that was bound before. */
struct level_verdict {
	bool asked, unknown;
	uint8_t gate, from, asked_with, bound; /* from: bound before; asked_with: at the gate; bound: after all of them */
};

/* What a budget's month came to so far. */
struct spent {
	bool read, unknown; /* unknown: of a decision of the past, which did not ask */
	double money, offers;
};

struct deciding {
	struct machine *m;
	struct eval *e;
	const struct ask *ask;
	struct decision *out;
	struct slice channel;
	uint8_t member;        /* whom the request is about; 0: nobody in particular */
	unsigned limit;
	unsigned language;     /* of the words: an index into the pack's */
	double balance;
	const struct record *const *models; /* one an action; NULL: none is at hand */
	bool learned;          /* what was learned counts */
	double lot;            /* of actions whose share to be tried is above it, the propensity is drawn; 1: of none */
	uint64_t draw_key;
	struct verdict *verdicts; /* one an action */
	struct level_verdict *above; /* one a goal or group that is declared */
	uint16_t best[LIMIT_RECOMMENDATIONS]; /* indexes of actions, in order */
	unsigned best_count;
	bool *held;            /* one a policy: it held something back */
	const struct record *spent_record; /* NULL: nothing was, or it is not at hand */
	struct spent *spent;   /* one a policy; NULL: none was asked for */
};

const char *gate_name(enum gate g);
static inline const struct term *gate_term(const struct action_decl *a, enum gate g)
{
	if (g == GATE_ELIGIBLE)
		return a->eligible;
	if (g == GATE_APPLICABLE)
		return a->applicable;
	return g == GATE_SUITABLE ? a->suitable : NULL;
}
static inline const struct term *level_term(const struct level_decl *l, enum gate g)
{
	if (g == GATE_ELIGIBLE)
		return l->gates.eligible;
	return g == GATE_APPLICABLE ? l->gates.applicable : g == GATE_SUITABLE ? l->gates.suitable : NULL;
}
/* The gate that the verdict fell at; NULL: none, or one without a condition. */
static inline const struct term *verdict_term(const struct deciding *d, const struct action_decl *a,
					      const struct verdict *v)
{
	return v->above ? level_term(&d->m->pack->above[v->above - 1], (enum gate)v->gate)
			: gate_term(a, (enum gate)v->gate);
}
/* decide.c: a context for what concerns one request; whatever came of it, deciding_finish takes it down. */
void deciding_start(struct deciding *d, struct machine *m, const struct decide_subjects *subjects,
		    const struct ask *ask, struct foreign_reads *foreign, struct decision *out);
void deciding_finish(struct deciding *d);
/* next.c */
void next_fill(struct deciding *d);
/* gates.c: the first gate that is not true; binds e->member. */
void gates_ask(struct deciding *d, const struct action_decl *a, struct verdict *v);
/* In line: asked of every action. */
static inline bool gate_on_channel(const struct action_decl *a, struct slice channel)
{
	if (!a->channels || a->channel_count == 0)
		return true;
	for (unsigned i = 0; i < a->channel_count; i++)
		if (slice_equal(str_slice(a->channels[i]), channel))
			return true;
	return false;
}

static inline bool gate_wanted(const struct ask *ask, const struct action_decl *a)
{
	if (ask->goal.len && !slice_equal(ask->goal, str_slice(a->goal)))
		return false;
	return ask->action.len == 0 || slice_equal(ask->action, str_slice(a->name));
}

/* policy.c: -1, or the first policy that holds the action back. */
int policies_ask(struct deciding *d, const struct action_decl *a);
void cautions_fill(struct deciding *d);
bool policy_names_channel(const struct deciding *d, const struct policy_decl *p); /* it is about this request at all */
/* The outcomes of a kind within a span that count together with the action. */
struct tally {
	unsigned count;
	int64_t newest_ms;
	int64_t until_ms; /* of the newest: when it said that it may come back; 0: it did not say */
	int64_t nth_ms;   /* time of the nth, from the oldest, where one is asked for */
};
struct tally outcomes_tally(const struct deciding *d, const struct policy_decl *p, const struct action_decl *a,
			    unsigned kind, struct span within, unsigned nth);
static inline int64_t tally_end(const struct policy_decl *p, const struct tally *t) /* of the pause */
{
	return t->until_ms ? t->until_ms : t->newest_ms + p->pause_ms;
}
/* guidance.c: strain_ask comes before actions are chosen: it may bound how many */
void strain_ask(struct deciding *d);
void guidance_fill(struct deciding *d);
/* conversation.c */
void conversation_fill(struct deciding *d);
/* restraint.c */
bool restraint_holds(struct deciding *d, const struct policy_decl *p, const struct action_decl *a);
int64_t action_until(struct deciding *d, const struct action_decl *a); /* of one that a policy holds back; 0: cannot be told */
bool phrase_is_there(const struct phrase *p, const struct pack *pack);
struct explained_condition;
void policy_explain(struct deciding *d, const struct policy_decl *p, const struct action_decl *a,
		    struct explained_condition *out);
/* score.c */
double balance_of(struct deciding *d);
void score_action(struct deciding *d, const struct action_decl *a, struct score *out);
/* explain.c */
void explain_choices(struct deciding *d);
void explain_left_out(struct deciding *d);
/* explain_action.c */
void explain_actions(struct deciding *d);
/* explain_condition.c: t NULL: there is none. Leaves bound whom the condition bound. */
void explain_condition(struct deciding *d, const struct term *t, struct explained_condition *out);
void explain_values(struct deciding *d, const struct term *t, struct explained_condition *out); /* adds them */
/* A term_leaf; arg is the eval: the value behind each leaf that was read. */
void explain_leaf(void *arg, const struct term *leaf, struct bytes *out);
/* missing.c: why the gate `t`, which is not true, did not open. e->member is the one the gate was asked with. */
void explain_missing(struct deciding *d, const struct term *t, struct bytes *out);
/* Words about somebody else than who asks tell nothing of theirs. */
bool member_is_private(const struct deciding *d, uint8_t member);

#endif
