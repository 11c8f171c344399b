/* decide/eval.h: what a term is worth, here and now.
 *
 * A context says who is looked at (records), for whom (a bound member), on what occasion (an event, or a request) and
 * when. Terms are walked in C; a Lua function is a leaf. Evaluation allocates from the machine's arena only and changes
 * no record.
 *
 * Facts are computed once a context: a slot per fact holds its value with the stamp of the context and the member it
 * was computed for, and who was bound by it (any_member). Whoever changes a record or the occasion calls eval_fresh.
 *
 * Lua calls are numbered within an entry (or decision). A call that was aborted is recorded by its number; replay skips
 * exactly those calls, so that a memory limit need not fall at the same place twice. */
#ifndef NUDGED_DECIDE_EVAL_H
#define NUDGED_DECIDE_EVAL_H

#include "decide/decision.h"
#include "script/vm.h"

/* What the entry being applied added to a window: before = "this" looks past it. A window is known by what it is of,
 * since others that come into being move it. */
struct touched {
	const struct record *record;
	const struct str *of;
	struct window_undo undo;
};

/* What a fact depends on, found once when the pack is set. */
#define FACT_BOUND 1u     /* on the bound member: cached per member */
#define FACT_OF_MEMBER 2u /* it is about members: shown once for each */
#define FACT_ASKED 4u     /* on the action under decision: cached per action */
#define FACT_CALLS 8u     /* on a Lua function */

struct fact_slot {
	uint32_t stamp;
	uint8_t member, bound, flags;
	bool aborted;
	const struct action_decl *action;
	struct value value;
};

/* A name that the pack reads from the occasion: what it is worth there, looked up when it is first asked for. */
struct read_slot {
	const struct field *field; /* eval_read.c; NULL: an attribute */
	uint32_t stamp;            /* of the occasion */
	struct value value;        /* a string is lent by the occasion */
};
struct read_slots {
	struct read_slot event, request;
};

struct stage;
struct watch;

struct eval {
	struct machine *m;
	const struct watch *watch;                    /* decide/watch.h; NULL: nobody looks on */
	/* the context */
	const struct record *subject;                 /* whom the rule or decision is about */
	const struct record *customer, *agent, *area; /* one of them is the subject; NULL: unknown */
	const struct event *event;                    /* NULL: no event */
	const struct ask *ask;                        /* NULL: no request */
	const struct action_decl *action;             /* under decision; NULL: none */
	const struct offer *offer;                    /* whose terms the words use; NULL: none */
	struct foreign_reads *foreign;                /* NULL: reads of other subjects are not recorded */
	int64_t now_ms;
	uint8_t member;                               /* bound; 0: none */
	uint8_t asking;                               /* the member who asks, in a decision: decide/sharing.h; 0: nobody by name */
	bool sharing;                                 /* words about `member`, who is not the one who asks: what is shared is theirs */
	/* the entry or decision */
	struct touched *touched;                      /* arena */
	unsigned touched_count, touched_cap;
	struct aborted_calls skip;                    /* replay: calls not to make */
	unsigned skip_next, call_count;
	uint16_t *aborted_calls;                      /* arena */
	unsigned aborted_count, aborted_cap;
	uint64_t aborted_total;                       /* since the machine began */
	bool replay;
	bool calling;                                 /* a Lua function(c) runs */
	bool aborted;                                 /* a call was aborted since the caller cleared this */
	char error[256];                              /* why */
	/* scratch */
	struct fact_slot *facts;
	struct read_slots *reads;                     /* as pack->reads */
	uint32_t occasion;                            /* stamp of what `reads` hold */
	unsigned *calling_facts, calling_fact_count;  /* those with FACT_CALLS */
	uint32_t stamp;
	struct bytes text;                            /* of words being filled in */
	struct bytes trail; /* what the entry caused, spelled out: the outcome hash is over it */
	struct stage *stage;
	/* Strings that the last entry applied lends to its caller: Lua may have made them, so nobody else may hold
	 * them. */
	struct str *held[3 * LIMIT_ENTRY_ALERTS];
	unsigned held_count;
};

struct eval *eval_create(struct machine *m);
void eval_destroy(struct eval *e); /* NULL-safe */
void eval_set_pack(struct eval *e, const struct pack *pack);
/* Begins an entry or decision: no context, calls numbered from 0. in NULL: live. */
void eval_start(struct eval *e, const struct apply_input *in);
/* What follows is on the occasion of this event. One event's address is another occasion in each entry only. */
void eval_occasion(struct eval *e, const struct event *event, uint8_t member);
void eval_fresh(struct eval *e);   /* the record or the occasion changed: facts are to be computed anew */

struct str *eval_hold(struct eval *e, struct slice text); /* interned until eval_let_go; NULL for an empty one */
void eval_let_go(struct eval *e);

/* eval_term.c. There is no bound to the walk but the pack's: a term's depth, the facts it stands on included, is bounded
 * when it is loaded. What is no number is an unknown one, what is no condition is unknown. */
struct number {
	double n;
	bool known;
};
enum ternary { TERNARY_FALSE, TERNARY_TRUE, TERNARY_UNKNOWN };
struct value eval_term(struct eval *e, const struct term *t); /* t NULL: unknown */
struct number eval_number(struct eval *e, const struct term *t);
enum ternary eval_truth(struct eval *e, const struct term *t);

void eval_fact_anew(struct eval *e, unsigned fact);

/* Leaves, by operation. */
struct value leaf_attr(struct eval *e, const struct term *t);
struct value leaf_event(struct eval *e, const struct term *t);
struct value leaf_request(struct eval *e, const struct term *t);
struct value leaf_name(struct eval *e, const struct term *t);
struct value leaf_series(struct eval *e, const struct term *t);
struct value leaf_case(struct eval *e, const struct term *t);
struct value leaf_contacts(struct eval *e, const struct term *t);
struct value leaf_open_alert(struct eval *e, const struct term *t);
struct value leaf_contract(struct eval *e, const struct term *t); /* eval_contract.c */
struct value leaf_outcomes(struct eval *e, const struct term *t);
struct value leaf_tenure(struct eval *e, const struct term *t);
struct value leaf_now(struct eval *e, const struct term *t);
struct value leaf_asked(struct eval *e, const struct term *t);
struct value leaf_in_segment(struct eval *e, const struct term *t);
struct value leaf_relationship(struct eval *e, const struct term *t); /* relationship.c */

/* eval_occasion.c: by name, or by index of a name that the pack reads */
void eval_set_reads(struct eval *e, const struct pack *pack);
void eval_event_look(struct eval *e, unsigned read);
void eval_request_look(struct eval *e, unsigned read);
struct value eval_attr(struct eval *e, enum term_scope scope, const struct str *name); /* NULL: nobody has it */
struct value eval_attr_text(struct eval *e, enum term_scope scope, struct slice name);
struct value eval_event(const struct eval *e, struct slice name);
struct value eval_request(const struct eval *e, struct slice name);
struct value eval_name(struct eval *e, struct slice name);
struct slice ask_topic(const struct ask *ask);      /* its topic, else its intent: both are of the pack's list */
bool topic_covers(struct slice general, struct slice topic); /* "bill" covers "bill/why-higher", and itself */
bool ask_asks_for(const struct ask *ask, const struct action_decl *a);
/* A decision's read of another subject: recorded, or played back. own: what that subject's record says now. */
struct value eval_foreign(struct eval *e, uint64_t what, struct value own);
int64_t record_first_ms(const struct record *r);    /* first event known of; INT64_MAX: none */

/* eval_series.c */
struct value eval_series(struct eval *e, const struct record *r, const struct term *t);
struct value eval_case(struct eval *e, const struct record *r, const struct term *t);
/* w: of the record */
void eval_touch(struct eval *e, const struct record *r, const struct window *w, const struct window_undo *undo);
/* A series' key from the event's or request's values. False where the pack splits it and none of the values is known.
 */
bool eval_split_key(struct eval *e, const struct series_decl *s, char buffer[LIMIT_KEY_BYTES], struct slice *out);
static inline bool eval_key(struct eval *e, const struct series_decl *s, char buffer[LIMIT_KEY_BYTES],
			    struct slice *out)
{
	*out = (struct slice){ NULL, 0 };
	return s->by_count == 0 || eval_split_key(e, s, buffer, out);
}

/* eval_call.c. The functions return false where the call was aborted (or is one that replay skips): e->aborted is set.
 */
struct value eval_call(struct eval *e, const struct term *t);
bool eval_condition(struct eval *e, int function, struct vm_host *host, struct value *out);
bool eval_run(struct eval *e, int function, struct vm_host *host);
struct value eval_host_read(void *arg, struct slice space, struct slice name); /* arg: the eval */

/* Lent until the occasion changes. */
static inline const struct value *eval_event_read(struct eval *e, unsigned read)
{
	if (e->reads[read].event.stamp != e->occasion)
		eval_event_look(e, read);
	return &e->reads[read].event.value;
}

static inline const struct value *eval_request_read(struct eval *e, unsigned read)
{
	if (e->reads[read].request.stamp != e->occasion)
		eval_request_look(e, read);
	return &e->reads[read].request.value;
}

/* The event's, where there is one, else the request's. */
static inline const struct value *eval_occasion_read(struct eval *e, unsigned read)
{
	return e->event ? eval_event_read(e, read) : eval_request_read(e, read);
}

/* Binds whom the fact bound. Lent until a fact is computed next. */
static inline const struct value *eval_fact_lent(struct eval *e, unsigned fact)
{
	struct fact_slot *slot = &e->facts[fact];
	bool bound = slot->flags & FACT_BOUND, asked = slot->flags & FACT_ASKED;
	if (slot->stamp != e->stamp || (bound && slot->member != e->member) || (asked && slot->action != e->action)) {
		eval_fact_anew(e, fact);
		return &slot->value;
	}
	if (bound)
		e->member = slot->bound;
	e->aborted |= slot->aborted;
	return &slot->value;
}

static inline struct value eval_fact(struct eval *e, unsigned fact)
{
	return *eval_fact_lent(e, fact);
}

static inline struct value value_of_ternary(enum ternary t)
{
	return t != TERNARY_UNKNOWN ? value_bool(t == TERNARY_TRUE) : value_unknown();
}

static inline bool eval_is_true(struct value v)
{
	return v.kind == VALUE_BOOL && v.boolean;
}

#endif
