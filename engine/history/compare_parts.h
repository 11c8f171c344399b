/* history/compare_parts.h: a comparison from inside, as the files compare*.c share it. */
#ifndef NUDGED_HISTORY_COMPARE_PARTS_H
#define NUDGED_HISTORY_COMPARE_PARTS_H

#include "base/error.h"
#include "decide/eval.h"
#include "history/compare.h"
#include "history/compare_rows.h"
#include "history/read_ahead.h"

#include <pthread.h>

enum { BEFORE, AFTER, SIDES };

/* One subject on both sides. */
struct pair {
	struct pair *next; /* in its bucket */
	uint64_t hash;
	struct record *sides[SIDES]; /* AFTER: NULL until the candidate has taken over */
	struct withheld *withheld;
	int64_t scheduled_ms; /* earliest time that the heap has for its candidate's timers; INT64_MAX: none */
	bool touched;
};

/* An action that a recorded decision showed, and the candidate would not have. */
struct withheld {
	struct withheld *next;
	uint64_t boot, count;
	bool newest; /* no later decision showed the action in both worlds */
	struct slice action;
	char text[];
};

struct due {
	int64_t fire_ms;
	struct pair *pair;
};

/* Caused by the candidate alone: applied at its place, before the entry behind it. */
struct caused {
	uint64_t seq;             /* its place: that of its source */
	uint32_t order;           /* among those of one place and source */
	int64_t received_at_ms;
	struct effect effect;     /* its body is owned */
	struct subject source;
	const struct event *event; /* EFFECT_EVENT; the step's */
};
struct caused_list {
	struct caused *items;
	size_t count, cap;
};

/* What is known of an effect or nudge that the journal will show, by its source and index: that the candidate did not
 * cause it, or what its body is for the candidate. */
struct foretold {
	uint64_t seq;
	uint32_t index;
	bool recorded_only;
	struct bytes body;
};
struct foretold_table {
	struct foretold *slots; /* open addressing; seq 0: free */
	size_t count, cap;
};

struct side {
	struct machine m;
	struct applied applied;
	struct decision decision;
};

/* One thread's part: the subjects of its hash slots. */
struct worker {
	struct compare *c;
	unsigned index;
	pthread_t thread;
	bool threaded;
	struct side sides[SIDES];
	struct applied decided; /* what a decision of the candidate's did to its record */
	struct pair **buckets;
	size_t bucket_count, pair_count;
	struct due *due;
	size_t due_count, due_cap;
	struct foretold_table nudges;   /* of its own customers */
	struct foretold_table foretold; /* found in this step: handed over when it ends */
	struct caused_list caused;      /* the same */
	struct arena arena;             /* of one entry */
	struct rows rows;
	struct compare_examples decisions[CHANGE_KINDS];
	uint64_t totals[TOTAL_COUNT];
	uint64_t not_reproduced_seq, failed_seq;
	char failure[256];
	int result;
	struct error error;
};

enum phase { PHASE_CUSTOMERS, PHASE_AGENTS, PHASE_AREAS, PHASE_MODELS, PHASES };

/* What a thread must know of an entry to pass it over: the entries themselves fill caches. */
struct brief {
	uint64_t hash; /* 0: not of a subject */
	uint8_t kind, owner;
};

struct compare {
	const struct compare_options *options;
	struct compare_report *report;
	struct journal *journal;
	struct worker *workers;
	unsigned worker_count;
	bool activated;   /* a pack has been, since the journal's beginning */
	bool live;        /* the candidate has records of its own */
	bool same;        /* the very pack that is active */
	bool reads[SIDES];/* decisions may read agents or areas */
	bool models;      /* some action has learned something */
	bool nudges_alone; /* the candidate's nudges may read areas: every entry is a step of its own */
	/* the step */
	const struct ahead_item *items;
	unsigned from, to;
	struct brief *briefs; /* of from … to */
	unsigned brief_cap;
	bool alone;        /* its entry may look at subjects of other threads: they stand still */
	bool needed[PHASES];
	struct foretold_table foretold;
	struct caused_list caused; /* sorted */
	/* threads take part in steps */
	pthread_mutex_t lock;
	pthread_cond_t go, done;
	uint64_t step;
	unsigned working;
	enum phase phase;
	bool stop;
};

/* An entry, or what stands for one, as it is compared. */
struct step {
	struct pair *pair;
	uint64_t seq, place; /* seq 0: the journal has no such entry */
	int64_t received_at_ms, time_ms;
	const struct event *event; /* of events and their effects */
	uint64_t recorded;   /* its outcome, as recorded */
	bool counts;         /* within the time asked for */
	bool echo;           /* an action's model, which each thread keeps for itself: another one tells of it */
	uint64_t boot, count;
};

/* compare_pairs.c */
struct pair *pair_get(struct worker *w, const struct subject *s, uint64_t hash, bool create);
void pairs_each(struct worker *w, void (*each)(struct worker *w, struct pair *p));
void pairs_finish(struct worker *w);
struct worker *owner_of(struct compare *c, const struct subject *s);
bool foretold_put(struct foretold_table *t, uint64_t seq, uint32_t index, bool recorded_only, struct slice body);
struct foretold *foretold_find(const struct foretold_table *t, uint64_t seq, uint32_t index);
void foretold_drop(struct foretold_table *t, struct foretold *f);
void foretold_finish(struct foretold_table *t);
void due_schedule(struct worker *w, struct pair *p);
/* Something of the candidate's alone that is due by then; NULL: nothing. */
struct pair *due_next(struct worker *w, int64_t now_ms, struct timer *out);

/* compare_entry.c */
int entry_compare(struct worker *w, const struct ahead_item *item);
void caused_compare(struct worker *w, const struct caused *f);
void due_compare(struct worker *w, uint64_t place, int64_t received_at_ms);
bool counts_at(const struct compare *c, int64_t received_at_ms);
struct slice member_name(const struct record *r, uint8_t member);
void count_in(struct worker *w, bool counts, enum compare_total total, uint64_t n);
void pair_touched(struct worker *w, struct pair *p);
void failures_note(struct worker *w, const struct step *s, unsigned calls);

/* The alert in another record that is the same one: of the same entry, rule and member. NULL: it has none. */
const struct alert *alert_alike(const struct record *of, const struct record *in, const struct alert *wanted);

/* compare_alerts.c: before, after: NULL where that side had no such entry. */
void applied_compare(struct worker *w, const struct step *s, const struct applied *before, const struct applied *after);

/* compare_decision.c. Chosen: into w->sides[AFTER].decision. */
struct reads; /* what the recorded decision read of other subjects */
int decision_compare(struct worker *w, struct step *s, const struct ahead_item *item);
void choose_again(struct worker *w, const struct step *s, struct ask *ask, const struct decision_record *d,
		  struct reads *reads);
void choose_alone(struct worker *w, const struct step *s, const struct ask *ask);
void withhold(struct pair *p, const struct decision_head *head, struct slice action, bool withheld);
static inline bool same_action(const struct choice *c, const struct decision_chosen *r)
{
	return slice_equal(str_slice(c->action->name), r->action);
}
/* Would the candidate have shown it? */
bool outcome_is_known(const struct pair *p, const struct outcome_input *o);
void withheld_finish(struct pair *p);

/* compare_nudge.c */
void nudge_only_after(struct worker *w, const struct step *s, const struct nudge_request *n);
void nudge_recorded(struct worker *w, const struct step *s, const struct decision_record *d, struct reads *reads);
void candidate_keep(struct worker *w, const struct step *s, const struct decision_head *head, const struct ask *ask);

/* compare_reads.c */
void pack_foreign_reads(const struct pack *p, bool *agent, bool *area);
bool pack_nudges(const struct pack *p);

/* compare_step.c: a run of entries, by all threads. */
int step_run(struct compare *c, const struct ahead_item *items, unsigned from, unsigned to, bool alone);
int threads_start(struct compare *c);
void threads_stop(struct compare *c);
void caused_finish(struct caused_list *l);

#endif
