/* decide/decision.h: a recommendation: gates, policies, score, words, reasons. Reads several records, changes none.
 *
 *     score = P x V x C x L       (DESIGN, "Deciding")
 *     P  propensity: the action's start, as outcomes have corrected it since, or a draw to try it (learn.h)
 *     V  = b x customer value + (1 - b) x business value, b the pack's balance (clamped to 0 … 1)
 *     C  product of the weights of the action's contexts that hold
 *     L  the action's lever x its goal's lever
 *
 * Ranking: score, then order of declaration. An action falls at the first gate that is not true, in this order:
 * channel, goal (a nudge's), eligible, applicable, suitable, policy, holdout (exposure.h), rank. What is unknown holds a gate shut and says
 * so. */
#ifndef NUDGED_DECIDE_DECISION_H
#define NUDGED_DECIDE_DECISION_H

#include "decide/machine.h"

struct ask {
	struct slice member, agent, channel, intent, topic, language;
	double mood;
	bool has_mood, explain;
	bool nudge;              /* nobody asked: the system reaches out */
	bool gates;              /* what every action fell at is recorded, whatever the machine keeps */
	unsigned limit;          /* 0: RECOMMENDATIONS_DEFAULT */
	int64_t now_ms;
	const struct event_attr *attrs;
	size_t attr_count;
	struct slice goal, action; /* a nudge's restriction; empty: none */
	uint8_t bound_member;      /* a nudge's member, already resolved; 0: none */
	uint64_t boot, count;      /* the decision's number: what is drawn follows from it; 0, 0: nothing is */
	uint8_t arm;               /* of every action with a holdout; 0: as the hash of the customer says. Tests of packs */
	/* Asked between actions: true when the deadline passed. Then the pack's fallback is the answer. NULL: no
	 * deadline. */
	bool (*expired)(void *arg);
	void *arg;
};

/* What was read from other subjects than the customer, in order: recorded with the decision, so that it can be
 * recomputed. */
struct foreign_reads {
	struct value *values;    /* strings in the arena (recording) or lent (playing back) */
	unsigned count, cap, next;
	bool play;
	bool models;             /* actions' models are among them */
	/* Looks on, where set, and may say what a read is to come to: *v is that so far. `what` tells what is read, also
	 * across packs: equal for the same thing of the same subject. own: what the record at hand says. */
	void (*look)(void *arg, uint64_t what, struct value own, struct value *v);
	void *arg;
	struct aborted_calls aborted; /* Lua calls of the decision that were aborted: skipped when it is played back */
};

/* How it goes on after an outcome. */
struct next_words {
	uint8_t kind;            /* enum outcome_kind */
	struct slice say;        /* arena; may be empty where there is an action */
	const struct action_decl *action; /* to go on with; NULL: only words */
};
/* Terms that hold until a time: those of an offer that was made, or of what would be offered now. */
struct offer {
	const struct action_decl *action;
	int64_t made_ms, until_ms; /* made_ms 0: not made yet */
	struct slice channel;      /* on which it was made */
	struct { struct slice name; struct value value; } terms[OFFER_TERMS_MAX];
	unsigned term_count;
};
struct choice {
	const struct action_decl *action;
	double score, propensity, value, context, lever;
	bool drawn;              /* the propensity, to try the action */
	uint8_t member;          /* bound by any_member */
	struct slice say;        /* arena */
	struct slice *reasons;   /* arena */
	unsigned reason_count;
	const struct offer *offer; /* arena; NULL: the action is none */
	struct next_words *next; /* arena */
	unsigned next_count;
};
struct left_out {
	const struct action_decl *action;
	const char *gate;        /* "channel" "goal" "eligible" "applicable" "suitable" "policy" "rank" "holdout" */
	struct slice reason;     /* arena; with explain */
	bool unknown;
	int64_t until_ms;        /* at "policy", with explain: nothing holds it back from then on; 0: that cannot be told */
	double score;
	double propensity, value, context, lever; /* of which the score is made, at "rank" */
};
/* Of one action: its gate (gate_text), and of the gate "policy" which one, as an index into the pack's. */
struct fell {
	uint8_t gate;
	bool unknown;
	uint16_t policy;
};
/* A sentence of the conversation so far. */
struct told_line {
	struct slice text, contact; /* arena; contact: which it tells of, empty: none */
	int64_t time_ms;
};
/* How strained the agent is, of 100, and why: parts that have points. */
struct told_strain_part {
	struct slice name, say;
	double points;
};
struct told_strain {
	double score;
	struct slice level, say; /* empty: below all levels; say: what to do */
	unsigned actions;        /* the answer holds at most so many; 0: as ever */
	struct told_strain_part *parts;
	unsigned part_count;
};
struct explained_action; /* decide/explained.h */
struct relationship_view; /* decide/relationship.h */
struct decision {
	struct choice choices[LIMIT_RECOMMENDATIONS];
	unsigned choice_count;
	struct left_out *left_out; /* arena; with explain, all others */
	unsigned left_out_count;
	struct explained_action *explained; /* arena; with explain, every action of the pack, in its order */
	unsigned explained_count;
	double balance; /* with explain: the customer's share of the value */
	struct { struct slice question, text; } answers[LIMIT_ANSWERS];
	unsigned answer_count;
	const struct offer **offers; /* arena; made before, and still to be kept, recommended or not */
	unsigned offer_count;
	struct slice cautions[LIMIT_ANSWERS];
	unsigned caution_count;
	struct slice opening;    /* empty: none */
	struct told_line told[LIMIT_TOLD]; /* newest first */
	unsigned told_count;
	struct slice guidelines[LIMIT_ANSWERS], avoid[LIMIT_ANSWERS];
	unsigned guideline_count, avoid_count;
	const struct told_strain *strain; /* arena; NULL: no agent, or nothing is known */
	const struct relationship_view *relationship; /* arena; NULL: the pack declares none, or nobody asked for reasons */
	struct slice expected[LIMIT_EXPECTED]; /* arena: what the customer values, in words */
	unsigned expected_count;
	bool fallback;
	bool control;            /* the customer is in the control group: nothing learned, nothing drawn */
	const char *fallback_reason; /* one of fallback_reasons */
	struct exposed *exposed; /* arena; actions with a holdout, with the arm that the customer is in from now on */
	unsigned exposed_count;
	/* What every action fell at, in order of declaration; where the machine keeps gates and no fallback answered. */
	struct fell *fell; /* arena */
	unsigned fell_count;
};

enum fallback_cause { FALLBACK_STATE_LATE, FALLBACK_ACTIONS_LATE };
extern const char *const fallback_reasons[2];
const char *gate_text(unsigned gate); /* "" is none: it was chosen */

struct decide_subjects {
	const struct record *customer; /* never NULL; may be an empty one */
	const struct record *agent, *area; /* NULL: unknown */
	/* What actions have learned, in order of declaration; an item is NULL where that is nothing. NULL: all of it is. */
	const struct record *const *models;
	const struct record *spent; /* what was given away; NULL: nothing */
};

/* A campaign's nudge that was decided, to its customer's record: an alert in out where something suits and can be said, and
 * all that follows. */
struct decided {
	struct slice rule, channel, action, say;
	bool chosen;
	uint8_t member;
	int64_t time_ms;
	uint64_t boot, count;
	const struct fell *fell; /* one an action; none: not known */
	unsigned fell_count;
};
void machine_apply_campaign(struct machine *m, struct record *record, const struct decided *d, const struct exposures *exposures,
			    const struct apply_input *in, struct applied *out);
/* Whom a nudge that was decided goes to: its addressee, where its rule names one; else whom the action is about. */
uint8_t nudge_addressee(const struct pack *p, struct slice rule, uint8_t chosen, uint8_t bound);
bool rule_is_campaign(struct slice rule, struct slice *name); /* what a nudge is of: "campaign:NAME" */
/* Would a look at the segments and campaigns change anything? Changes nothing itself; in the machine's arena. */
bool machine_look_wanted(struct machine *m, struct record *r, int64_t now_ms);

/* Results live in the machine's arena. Lua calls that abort make their value unknown and are counted. */
void machine_decide(struct machine *m, const struct decide_subjects *subjects, const struct ask *ask,
		    struct foreign_reads *foreign, struct decision *out);
/* The part of it that is recorded and recomputed: without reasons, and without a look at the deadline. */
void machine_choose(struct machine *m, const struct decide_subjects *subjects, const struct ask *ask,
		    struct foreign_reads *foreign, struct decision *out);
/* Only the fallback: the customer's record was not ready in time. */
void machine_fallback(struct machine *m, const struct ask *ask, enum fallback_cause cause, struct decision *out);

/* The next step after an outcome that was just applied to `customer`. False: the pack says nothing of it. Texts in the
 * machine's arena. */
bool machine_next(struct machine *m, const struct record *customer, const struct outcome_input *o,
		  struct next_words *out);

/* How strained an agent is, by their own record; in the pack's first language, in the arena. NULL: the pack does not measure
 * it. */
const struct told_strain *machine_strain(struct machine *m, const struct record *agent, int64_t now_ms);

/* Values of all facts for `customer show`: each per member where it is about members. Returns how many; names and
 * values in the arena. */
struct fact_value { struct slice name, member; struct value value; };
unsigned machine_facts(struct machine *m, const struct record *record, int64_t now_ms, struct fact_value **out);

/* The decision's journal body: id, ask, foreign reads, what was chosen with scores. About 100 bytes for three
 * choices. */
struct decision_head {
	uint64_t boot, count;
	uint64_t customer_seq;   /* what the customer's record was current to */
	bool nudge;
	uint64_t source_seq;     /* a nudge's: the entry that asked for it, and its index there */
	uint32_t source_index;
	struct slice rule;       /* a nudge's */
};
void decision_encode(const struct decision_head *head, const struct ask *ask, const struct foreign_reads *foreign,
		     const struct decision *d, struct bytes *out);
/* Lends from `in`; arrays in the arena. choices come back as names and score parts. */
struct decision_chosen {
	struct slice action;
	double score, propensity, value, context, lever;
	struct slice say;
	uint8_t member;
	bool drawn;
};
struct decision_record {
	struct decision_head head;
	struct ask ask;
	struct foreign_reads foreign;
	struct decision_chosen *chosen;
	unsigned chosen_count;
	bool fallback, control;
	enum fallback_cause cause; /* of a fallback */
	struct fell *fell;         /* one an action of the pack; none where the daemon did not keep them */
	unsigned fell_count;
	struct exposed *exposed;
	unsigned exposed_count;
};
/* Does the decision's entry change its customer's record? */
static inline bool decision_changes(const struct decision_record *r)
{
	return r->head.nudge || r->exposed_count;
}
int decision_decode(struct decision_record *out, struct slice in, struct arena *arena);
/* Recomputes with the recorded inputs against `customer` and says whether it comes out the same (bit by bit). A
 * fallback is not recomputed. */
bool decision_verify(struct machine *m, const struct record *customer, const struct decision_record *r);

#endif
