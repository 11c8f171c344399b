/* decide/machine.h: one shard's deterministic machine: a pack applied to records. It reads no clock, no file and no
 * other record than the one it is given; what it needs of the world comes with the entry.
 *
 * How an entry is applied (decide/apply_event.c): the record changes in place; what must leave the record (alerts to
 * push, effects on other subjects, nudges to decide) is put into `struct applied`, which the shard publishes. The
 * entry's sequence is not known yet: alerts raised have seq 0 until applied_set_seq. */
#ifndef NUDGED_DECIDE_MACHINE_H
#define NUDGED_DECIDE_MACHINE_H

#include "base/arena.h"
#include "base/stages.h"
#include "script/pack.h"
#include "state/record.h"

#include <stdatomic.h>

struct machine {
	struct strpool *pool; /* owned */
	struct pack *pack;    /* owned; never NULL after machine_set_pack */
	struct arena arena;   /* of the entry being applied; reset by the caller between entries */
	struct eval *eval;    /* owned scratch: decide/eval.h */
	/* For rules' time_ns: this layer reads no clock itself. NULL: not measured (replay, tests). */
	uint64_t (*now_ns)(void);
	_Atomic uint64_t slow_rule_ns; /* a rule's call that takes longer is logged, where it is measured; 0: none is */
	uint64_t slow_logged_ns;       /* when one was logged last: one a second tells it */
	bool keep_gates;      /* decisions say, and record, what every action fell at */
	struct stages stages; /* begun by the caller, with a clock of the caller's; off otherwise */
	counter unheard;      /* events of types that mean nothing to the pack, nor to the engine itself */
	counter items_lost;   /* contacts, contracts, memberships … for which their record had no room (limit_items) */
};

void machine_init(struct machine *m);
void machine_finish(struct machine *m);
/* Takes ownership; the old pack is destroyed. Counters start anew. */
void machine_set_pack(struct machine *m, struct pack *pack);
struct pack *machine_swap_pack(struct machine *m, struct pack *pack); /* the same, but the old pack is the caller's */

enum effect_kind { /* on disk */
	EFFECT_EVENT = 1,  /* a customer's event, for the agent's or area's record: body = the event as received */
	EFFECT_TALLY = 2,  /* a rule's addition to another subject's tally */
	EFFECT_LINK = 3,   /* an alias record: this customer (and member) owns it from a time on */
	EFFECT_UNLINK = 4, /* … and no longer */
	EFFECT_MERGE = 5,  /* a whole record joins this one */
	EFFECT_ABSORB = 6, /* a prospect's alias has an owner now: the prospect's record goes there */
	EFFECT_FILL = 7,   /* series and cases as they would be, had they been declared from the beginning (fill.c) */
	EFFECT_LEARN = 8,  /* an action's model: a customer's answer to an offer (learn.c) */
	EFFECT_FORGET = 9, /* … and all of it is forgotten, since somebody asked; no entry's effect */
	EFFECT_COUNT = 10, /* a ledger's day: amounts by cell (counting.h) */
	EFFECT_LOOK = 16,   /* segments and campaigns are looked at, by the walk after an activation (apply_segments.c) */
	EFFECT_TICKET = 17, /* a customer asks a paced campaign for their turn (apply_pace.c) */
	EFFECT_TURN = 18,   /* … and learns when it is */
	EFFECT_WIPE = 19,   /* somebody is erased: what the record knows of them goes (wipe.h); no entry's effect */
};

struct effect {
	uint32_t index;        /* within the source entry */
	uint8_t kind;
	struct subject target;
	struct slice body; /* in the machine's arena; EFFECT_EVENT: empty, the shard appends the source event's bytes */
};

struct nudge_request {
	uint32_t index;        /* counted with the effects: (source sequence, index) names it */
	struct str *rule, *channel, *goal, *action; /* goal, action may be NULL */
	uint8_t member;
	int64_t time_ms;
};

struct applied_alert {
	struct alert *alert;   /* in the record; valid until the next entry */
	uint32_t index;
};

/* An entry's trailer: Lua calls that were aborted, by their number within the entry. Replay skips those. */
struct aborted_calls {
	uint16_t count;
	uint16_t *calls;       /* ascending */
};

/* Actions that a decision was to recommend to a customer for the first time in a while: exposure.h. */
struct exposed {
	struct slice action;
	bool withheld;
};
struct exposures {
	const struct exposed *list;
	unsigned count;
	struct slice channel, agent;
	double mood; /* of the request */
	bool has_mood;
	int64_t time_ms;
};

struct apply_input {
	int64_t received_at_ms;
	bool replay;                   /* then `aborted` rules: exactly those calls are skipped, none else may abort */
	struct aborted_calls aborted;
};

struct applied {
	struct applied_alert alerts[LIMIT_ENTRY_ALERTS]; /* raised, historical ones too: see alert->historical */
	struct alert closed[LIMIT_ALERTS];               /* copies of (seq, index) of alerts that are no longer open */
	struct effect effects[LIMIT_ENTRY_EFFECTS + LIMIT_ENTRY_COUNTS];
	struct nudge_request nudges[LIMIT_ENTRY_ALERTS];
	struct str *fired[LIMIT_ENTRY_ALERTS];           /* names of rules that fired */
	unsigned alert_count, closed_count, effect_count, nudge_count, fired_count;
	struct aborted_calls aborted;                    /* in the machine's arena */
	unsigned failing_rule; /* index + 1 of a rule that just passed RULE_FAILURES_ASIDE; 0: none */
	uint64_t outcome;      /* hash of alerts, effects, nudges and aborted calls: replay checks it */
};

/* A customer's event. `record` is the customer's (never redirected). The caller has asked seen_ask; applying remembers
 * the id. e->customer is filled in. In alias.added and alias.removed the attribute `alias` is in its normal form. The
 * caller sets record->seq and calls applied_set_seq before the next entry.
 *
 * A case that falls due sets a timer. Where its due time is historical already, the timer fires by the wall clock only
 * ALERT_HORIZON_MS later: an imported history must not fire it before the history's own later events arrive. (By a
 * historical event's time, the shard fires what is due before it applies that event.) */
void machine_apply_event(struct machine *m, struct record *record, const struct event *e, const struct apply_input *in,
			 struct applied *out);
/* It says what is true of the customer since when (a profile, an alias, a member, a contract), so the newest stands in whatever order
 * and however often such events come. Where it is older than the ids that the record remembers (SEEN_TOO_OLD) it can be
 * applied all the same: what it says is kept, and nothing that would count twice is done (series, timeline, rules). */
bool event_is_dated(const struct machine *m, const struct event *e);
/* An effect on `record` (agent, area, alias, customer). For EFFECT_EVENT `e` is the source event, decoded. */
void machine_apply_effect(struct machine *m, struct record *record, uint8_t kind, struct slice body,
			  const struct event *e, const struct apply_input *in, struct applied *out);
/* A due timer of the record. due_ms is what rules see as now. A timer that is no longer there changes nothing. */
void machine_apply_timer(struct machine *m, struct record *record, const struct timer *t, const struct apply_input *in,
			 struct applied *out);

struct outcome_input {
	struct slice id, source, member, agent, action, channel, language;
	int kind;
	struct outcome_details details;
	uint64_t decision_boot, decision_count, id_hash, content_hash;
	int64_t time_ms;
};
void machine_apply_outcome(struct machine *m, struct record *record, const struct outcome_input *o,
			   const struct apply_input *in, struct applied *out);
/* An alert is acknowledged. ERR_MISSING where it is not (or no longer) there. Sets *out to it. */
int machine_apply_acknowledge(struct machine *m, struct record *record, uint64_t seq, uint32_t index, int64_t now_ms,
			      struct alert **out);
/* A nudge that was decided: an alert of kind nudge in the record (its severity says so, `to` is the channel). `text`
 * are the words of the action chosen. seq and index are the caller's to set. */
struct alert *machine_apply_nudge(struct machine *m, struct record *record, struct slice rule, struct slice channel,
				  struct slice text, uint8_t member, int64_t time_ms, const struct apply_input *in);
/* A decision that exposed its customer to actions. Sets out->effects. */
void machine_apply_exposures(struct machine *m, struct record *record, const struct exposures *all,
			     const struct apply_input *in, struct applied *out);
/* What EFFECT_LEARN does to the record of an action's model; for copies of it, too. */
void machine_learn(struct machine *m, struct record *model, struct slice body);
void machine_count(struct machine *m, struct record *ledger, struct slice body); /* EFFECT_COUNT, alike */
void machine_forget(struct machine *m, struct record *model, struct slice body);
/* Alerts raised by the entry learn its sequence. */
void applied_set_seq(struct applied *out, uint64_t seq);

/* What the effect's body says of EFFECT_FILL: what is filled, and a record of the subject that has it. */
void machine_fill_body(const struct fill *fill, const struct record *only, struct bytes *out);

/* A rule set aside by a global entry. -1: no such rule. */
int machine_set_aside(struct machine *m, struct slice rule);

#endif
