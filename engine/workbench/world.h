/* workbench/world.h: a pack at work in memory: one machine, the records of everybody whom events concern, and a clock
 * that only moves when it is told to. What an entry does to other subjects is applied at once, due timers fire as time
 * passes, nudges are decided: what a shard does, without journal, store and threads. Like the layers below, it reads no
 * clock and no chance. */
#ifndef NUDGED_WORKBENCH_WORLD_H
#define NUDGED_WORKBENCH_WORLD_H

#include "decide/decision.h"
#include "decide/eval.h"

enum world_kind { WORLD_EVENT, WORLD_OUTCOME, WORLD_TIMER, WORLD_DECISION, WORLD_EFFECT };

/* What the world tells of each entry once it is applied, and of each nudge once it is decided. */
struct world_watch {
	void *arg;
	/* source: the event behind it; NULL for timers. timer: lent, NULL for all else. */
	void (*entry)(void *arg, enum world_kind kind, const struct record *r, const struct event *source,
		      const struct timer *timer, const struct applied *out);
	/* what: NULL where it was decided that nothing suits; then `decision` explains. */
	void (*nudge)(void *arg, const struct record *r, const struct nudge_request *n, const struct decision *decision,
		      const struct choice *what);
};

/* Who measures: told around the machine's own work, apart from what else is done for whoever looks on. */
struct world_meter {
	void *arg;
	void (*begin)(void *arg);   /* an event is about to be applied, or a decision made … */
	void (*applied)(void *arg); /* … and was */
	void (*decided)(void *arg);
	/* Once it is explained too: its parts may be evaluated. */
	void (*decision)(void *arg, const struct decide_subjects *subjects, const struct ask *ask,
			 const struct decision *decision);
};

struct world {
	struct machine m;
	struct record **records; /* open addressing by the subject's hash */
	unsigned record_count, slots;
	int64_t now_ms, due_ms;  /* nothing falls due before due_ms */
	uint64_t seq, ids;
	struct apply_input in;
	struct applied out;
	struct decision decision;
	bool learned;            /* some action has, from an outcome */
	char failure[256];       /* of a function of the pack, the first since somebody emptied it; else empty */
	bool covered;            /* functions are traced: what only explains a decision must not count as run */
	const struct world_watch *watch; /* NULL: nobody */
	const struct world_meter *meter; /* NULL: nobody */
};

struct world *world_create(void);
void world_destroy(struct world *w); /* NULL-safe */
/* ERR_RULE. Once. */
int world_load(struct world *w, const struct bundle *pack);
/* Nobody is known any more, and it is now_ms. */
void world_clear(struct world *w, int64_t now_ms);
/* NULL where there is none and not `create`. Follows a merge to the customer that stands for both. */
struct record *world_record(struct world *w, const struct subject *s, bool create);
/* Time passes; what falls due on the way fires when it is due. Never back. */
void world_pass(struct world *w, int64_t to_ms);
/* Whose this alias is now, in its normal form: a customer and perhaps a member, or the prospect that stands for one whom
 * nobody owns. ERR_AMBIGUOUS. *member is lent until the next entry. */
int world_resolve(struct world *w, struct slice alias, struct subject *customer, struct slice *member);
/* One event of a customer, now: its id and hashes are filled in where it has none. ERR_INVALID, ERR_LIMIT, ERR_CONFLICT
 * as a daemon refuses it; an event seen already is no error and changes nothing: *applied is false then. */
int world_event(struct world *w, struct event *e, bool *applied);
void world_outcome(struct world *w, struct outcome_input *o, struct slice customer);
/* Into w->decision, which lives in the machine's arena: until the next entry. */
void world_decide(struct world *w, struct slice customer, struct ask *ask);
/* A fact or attribute as a request would read it now. ERR_MISSING: no such fact. */
int world_fact(struct world *w, const struct subject *s, struct slice member, struct slice name, struct value *out);
int world_attr(struct world *w, const struct subject *s, struct slice member, struct slice name, struct value *out);

#endif
