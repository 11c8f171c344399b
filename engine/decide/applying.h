/* decide/applying.h: an entry while it is being applied, as the files apply_*.c share it.
 *
 * Order of an event: what the engine itself understands (apply_own.c), members, timeline, series (apply_series.c),
 * cases (apply_cases.c), closing of alerts, rules in order of declaration (apply_rules.c, commit.c), then the rules of
 * what cases made happen, then effects on others (apply_effect.c). */
#ifndef NUDGED_DECIDE_APPLYING_H
#define NUDGED_DECIDE_APPLYING_H

#include "decide/eval.h"
#include "decide/stage.h"

/* Something that happened because of the entry: case.NAME.opened, .closed, .missed. */
struct happened {
	struct event event;
	const struct type_index *index;
	uint8_t member;
};

struct applying {
	struct machine *m;
	struct record *record;
	const struct apply_input *in;
	struct applied *out;
	struct eval *e;
	const struct event *event;       /* the source event */
	const struct type_index *index;  /* of its type; NULL: it concerns nobody */
	uint8_t member;                  /* the event's; 0: none */
	bool historical;
	bool fresh; /* nothing was known of the record's subject before: new, or erased in this moment (shard/eraser.h) */
	int64_t now_ms;
	uint32_t next_index;             /* alerts, effects and nudges are counted together */
	struct happened *happened;       /* arena */
	unsigned happened_count, happened_cap;
	struct counted *counted;         /* for ledgers, arena: counting.c */
	uint64_t look;                   /* bits: segments that are looked at when the entry's rules have run */
	bool spell_open, merged;         /* apply_churn.c: what was counted of the customer is taken back; records joined */
};

/* applying.c */
void applying_start(struct applying *a, struct machine *m, struct record *record, const struct event *event,
		    int64_t now_ms, const struct apply_input *in, struct applied *out);
void applying_finish(struct applying *a); /* alerts found again, outcome hashed */
const struct type_index *type_of(const struct machine *m, struct slice type);
/* The occasion of what follows: evaluations see this event and member. */
void applying_occasion(struct applying *a, const struct event *event, uint8_t member);
/* False where the entry has too many already. The body is copied into the arena. */
bool applying_effect(struct applying *a, uint8_t kind, const struct subject *target, struct slice body);

/* apply_own.c: true where the event is done with (a merge leaves nothing to run rules on) */
bool apply_own(struct applying *a);
/* The record becomes an empty one that only redirects to `into` (empty: not even that). */
void empty_record(struct applying *a, struct slice into);

/* An attribute was just set: where it came from is kept, where the pack wants that. `by`: an agent, or "rule NAME". */
void attribute_told(struct applying *a, uint8_t member, struct slice name, struct value v, struct slice by);

/* apply_series.c */
void apply_series(struct applying *a, const unsigned *series, unsigned count);
void apply_tally(struct applying *a, unsigned series, double amount);
/* True: the tally is another subject's. Of kind SUBJECT_NONE where the event names none. */
bool tally_has_target(const struct applying *a, unsigned series, struct subject *target);
void apply_tally_effect(struct applying *a, struct slice body);

/* apply_cases.c */
void apply_cases(struct applying *a);
/* Something falls due. Where that is history already it fires later: the history's own later events come first. */
void due_add(struct applying *a, int64_t due_ms, uint32_t decl, uint8_t member, struct slice key);
void apply_case_missed(struct applying *a, const struct case_decl *decl, const struct open_case *c);

/* apply_rules.c */
void apply_rules(struct applying *a, const unsigned *rules, unsigned count);
void apply_closers(struct applying *a, const struct type_index *index, uint8_t member);
/* Series, closing of alerts and rules of everything that happened. */
void apply_happened(struct applying *a);
uint8_t mark_member(const struct applying *a, const struct rule_decl *rule); /* once_per: for whom it is once */
/* commit.c: what the stage holds takes effect. False, and nothing done, where it passes what one entry may cause. */
bool stage_commit(struct applying *a, struct rule_decl *rule);

/* apply_fill.c */
void apply_fill_effect(struct applying *a, struct slice body);

/* apply_wipe.c */
void apply_wipe_effect(struct applying *a, struct slice body);

/* apply_outcome.c: the offer's time for an answer is over. */
void apply_unanswered(struct applying *a, struct slice action, uint8_t member);

/* apply_effect.c: bodies of effects */
struct slice link_body(struct machine *m, struct slice customer, struct slice member, int64_t time_ms);
void apply_passed_on(struct applying *a); /* the event concerns its agent and area too */

#endif
