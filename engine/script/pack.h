/* script/pack.h: an active pack as plain C: what its Lua declared when it was loaded. Read-only afterwards, but for
 * the counters. One a shard (each shard has its own VM and string pool). lua.h stays behind script/vm.h. */
#ifndef NUDGED_SCRIPT_PACK_H
#define NUDGED_SCRIPT_PACK_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/metrics.h"
#include "script/bundle.h"
#include "script/segments.h"
#include "script/contacts_decl.h"
#include "script/contract_decl.h"
#include "script/term.h"
#include "script/search.h"
#include "state/record.h"
#include "state/window.h"

enum about { ABOUT_CUSTOMER, ABOUT_MEMBER, ABOUT_AGENT, ABOUT_AREA };

/* What the author says of an event type: event "type" { … }. Nothing at run time looks at it. */
enum schema_type { SCHEMA_ANY, SCHEMA_BOOLEAN, SCHEMA_NUMBER, SCHEMA_STRING, SCHEMA_TIME }; /* time: UTC milliseconds */
enum presence { PRESENCE_OPTIONAL, PRESENCE_REQUIRED, PRESENCE_NEVER };
struct schema_attr {
	struct str *name;
	uint8_t type;           /* enum schema_type */
	bool required;
	bool money;             /* a number of the currency's smallest units */
	double low, high;       /* of numbers; infinite where not said */
	struct value *one_of; unsigned one_of_count; /* none: not closed */
};
struct event_decl {
	struct str *type, *why;
	uint8_t member, agent, contact; /* enum presence */
	struct str **channels; unsigned channel_count; /* none: any */
	struct schema_attr *attrs; unsigned attr_count;
	const char *file; int line;
};

#define SERIES_BY_MAX 8 /* a key is at most limit_key_bytes long: more names than that would not fit */
struct series_decl {
	struct str *name;       /* as its local was named by `name =`, else "TYPE#n"; for people */
	uint32_t id;            /* 32 bits of the hash of the definition (what it counts; not how long) */
	uint8_t about;          /* whose record keeps it */
	bool tally;             /* fed by rules only */
	struct str **on;        /* event types; none for a tally */
	unsigned on_count;
	struct str **by;        /* attribute names that split it; NULL-terminated, or NULL. "member", "agent", "channel" … are fields */
	unsigned by_count;
	unsigned *by_reads, value_read; /* indexes into pack->reads */
	struct str *value;      /* attribute counted; NULL: only counts. Text values count for `distinct` (by hash) */
	struct term *where;     /* event terms only; NULL: all */
	struct window_spec window;
	unsigned starts, ends;  /* of spells: so many of `on` begin one, then so many end one, the rest are breaks; 0: it has none */
	int64_t gap_ms;         /* of spells: so long without one is a break, too */
	bool looked_past;       /* some term looks past what the entry being applied adds: before = "this" */
	const char *file; int line;
};

struct case_decl {
	struct str *name;
	uint32_t id;
	uint8_t about;          /* customer or member */
	struct str **opens, **closes; /* event types, NULL-terminated */
	struct str *key;        /* attribute that tells one from another; NULL: one at a time */
	uint8_t meaning;        /* enum case_meaning: what reports count it as */
	unsigned key_read;      /* index into pack->reads */
	int64_t due_ms;         /* 0: none */
	struct str *opened_type, *closed_type, *missed_type; /* "case.NAME.opened" … : what rules are `on` */
	const char *file; int line;
};

struct fact_decl {
	struct str *name;
	struct term *term;
};

/* Words with {name} and {name:format} parts; format: money, percent, date, time, duration, number of decimals. */
struct words_part {
	struct slice text;      /* literal, where term is NULL */
	struct term *term;
	struct str *name;       /* as written, for explanations */
	enum { FORMAT_PLAIN, FORMAT_MONEY, FORMAT_PERCENT, FORMAT_DATE, FORMAT_TIME, FORMAT_DURATION, FORMAT_AGO, FORMAT_SPELLED,
	       FORMAT_DECIMALS } format;
	int decimals;
	const struct spell_decl *spell; /* FORMAT_SPELLED: script/guidance.h */
};
struct words {
	struct words_part *parts;
	unsigned count;
};
/* Of {member.first_name}: "first_name". NULL of every other part. */
struct slice words_of_member(const struct words_part *part);
/* One text in several languages; the pack's first language is the fallback. */
struct phrase {
	struct words *by_language; /* one a pack->languages; count 0 where missing */
};

struct assignment { /* set = { name = term } */
	struct str *name;
	struct term *value;
	uint8_t scope;          /* SCOPE_CUSTOMER or SCOPE_MEMBER; agents' and areas' rules: SCOPE_SUBJECT */
};

struct tally_add {
	unsigned series;        /* a tally */
	struct term *amount;    /* literal 1 where not given */
};

extern const char *const alert_severities[]; /* NULL-terminated */

struct rule_decl {
	struct str *name, *why;
	uint32_t id;            /* 32 bits of the hash of the name: once_per marks */
	uint8_t about;
	struct str **on;        /* event types */
	unsigned on_count;
	struct term *when;      /* NULL: always */
	int when_function;      /* or a Lua function(c) -> boolean; TERM_NO_FUNCTION */
	bool once;
	struct span once_per;   /* at most once in it, per subject and member; calendar: once a day / month */
	bool has_alert;
	struct {
		struct str *severity;
		struct words to;
		struct phrase say;
		int64_t expires_ms;
		struct str **closes; unsigned close_count; /* event types that close this rule's open alerts … */
		struct term *closes_when; /* … where this holds of the event and whom the alert is about; NULL: always */
	} alert;
	bool has_nudge;
	/* goal, action NULL: any; to_attr: to the member whose attribute has that value; NULL: whom it is about */
	struct { struct str *channel, *goal, *action, *to_attr, *to_value; } nudge;
	struct assignment *sets; unsigned set_count;
	struct tally_add *adds; unsigned add_count;
	int run;                /* Lua function(c): may call c:alert, c:set, c:add, c:nudge; TERM_NO_FUNCTION */
	const char *file; int line;
	/* counters of this shard */
	counter matched, fired, failed, unknown, time_ns; /* unknown: the condition could not be told */
	unsigned failed_in_a_row;
	bool aside;
	char last_error[256];
};

/* What a policy is beside its conditions and counts: made by channel "…" and ladder "…". */
enum policy_kind { POLICY_PLAIN, POLICY_CONSENT, POLICY_PREFERENCE, POLICY_QUIET, POLICY_LADDER, POLICY_BUDGET };
enum policy_per { PER_ACTION, PER_GROUP, PER_GOAL, PER_CHANNEL, PER_ALL };
struct policy_decl {
	struct str *goal, *group, *action, *channel; /* what it covers; NULL: all */
	struct term *unless;    /* suppress while this is true (or unknown: no) */
	struct term *except;    /* … but not where this is true */
	uint8_t kind;           /* enum policy_kind */
	bool outbound;          /* of a channel: holds for requests on it too, not only for nudges */
	bool hard;              /* only actions that are hard to bring across */
	bool of_member;         /* only the asking member's outcomes count, not the household's */
	uint16_t quiet_from, quiet_to;     /* POLICY_QUIET: minutes of the day in the pack's zone */
	struct str *before;     /* POLICY_LADDER: the step before, which must have been rejected; NULL: the first */
	struct span ladder_within;
	int64_t budget_money;   /* POLICY_BUDGET: minor units a month; -1: not bounded */
	int64_t budget_offers;  /* … and offers that were made and not refused; -1 */
	uint8_t per;            /* whose outcomes count together */
	unsigned after_kind, after_count;  /* after N outcomes of a kind within a span … */
	struct span after_within;
	int64_t pause_ms;                  /* … pause so long since the newest of them */
	unsigned at_most_kind, at_most;    /* at most N outcomes of a kind within a span; 0: not that sort of policy */
	struct span at_most_within;
	struct phrase say;      /* the caution shown to the agent while it holds; may be empty */
	struct slice text;      /* as an explanation: "after 2 rejected in 180 days pause 90 days per group" */
	const char *file; int line;
};

struct context_weight { struct term *when; double weight; };

struct gates { struct term *eligible, *applicable, *suitable; }; /* NULL: open */

/* What stands above actions: a group of them, or a goal. Its gates are asked before an action's own, once a decision. */
struct level_decl {
	struct str *name, *goal; /* goal: of a group; NULL where its actions say it, and of a goal itself */
	bool group;
	bool per_action;         /* a gate asks whether the action was asked for: asked with each action anew */
	struct gates gates;
	double lever;
	int64_t ignored_after_ms;  /* of actions that do not say; 0: nor does it */
	const char *file; int line;
};

/* How the conversation goes on after an outcome. */
struct next_step {
	uint8_t kind;       /* enum outcome_kind */
	struct phrase say;  /* empty: the words of the action that it goes on with */
	struct str *action; /* NULL: only words */
};
#define NEXT_STEPS_MAX 8u
#define OFFER_TERMS_MAX 8u
struct offer_term { struct str *name; struct term *value; };

/* How hard an action is on the agent who has to bring it across. */
enum effort { EFFORT_USUAL, EFFORT_EASY, EFFORT_HARD };

struct action_decl {
	struct str *name, *goal, *group;
	struct str **channels;  /* NULL: any */
	unsigned channel_count;
	struct str **asks;      /* intents or topics that ask for it; a prefix "bill" covers "bill/why-higher". Its group counts too */
	unsigned ask_count;
	struct term *eligible, *applicable, *suitable; /* NULL: open */
	uint16_t above[2]; unsigned above_count;       /* its goal and its group, where they are declared: indexes of levels */
	struct next_step *next; unsigned next_count;
	int64_t offer_holds_ms;    /* what was offered holds for so long; 0: it is no offer */
	struct offer_term *terms; unsigned term_count; /* of the offer; read the customer only */
	int64_t ignored_after_ms;  /* an offer without an answer is ignored by then; 0: it stays open */
	struct term *customer_value, *business_value;  /* literal or term or call; unknown counts as 0 and is said */
	struct model_prior propensity;
	double explore;         /* share of decisions in which its propensity is drawn */
	double holdout;         /* share of customers who are never recommended it, unless they ask; NAN while loading: the pack's */
	struct term *cost;      /* what it gives away, where an outcome does not say; reads the customer only. NULL: nothing */
	bool budgeted;          /* what is spent on it is counted */
	struct str **by; unsigned by_count; /* names of facts, or of attributes of the customer: segments are made of their values */
	int *by_facts;          /* which fact each is; -1: an attribute */
	struct context_weight *contexts; unsigned context_count; /* weights of all that hold multiply */
	double goal_setting, group_setting; /* what settings.conf says instead of theirs; NAN: nothing */
	uint8_t effort;         /* enum effort */
	double lever, levers;   /* its own; with its goal's and its group's */
	uint16_t *policies; unsigned policy_count; /* indexes of those that cover it, on some channel */
	struct phrase say;
	int order;              /* of declaration: breaks ties */
	const char *file; int line;
};

struct answer_decl {
	struct str *topic;
	struct slice question;
	struct phrase text;
	const char *file; int line;
};

/* What happens on one event type: the index that keeps an event's cost to what matches it. */
struct type_index {
	struct str *type;
	unsigned *series; unsigned series_count;  /* of customers and members */
	unsigned *opens, *closes; unsigned open_count, close_count; /* cases */
	unsigned *rules; unsigned rule_count;     /* about customers and members */
	unsigned *agent_series, *agent_rules; unsigned agent_series_count, agent_rule_count; /* run on the agent's record, by effect */
	unsigned *area_series, *area_rules; unsigned area_series_count, area_rule_count;
	unsigned *alert_closers; unsigned alert_closer_count; /* rules whose open alerts it closes */
	uint64_t segments, campaigns;  /* bits: segments that are looked at after it; campaigns that it is the success of */
	uint8_t contact;                          /* enum contact_role */
	uint16_t lasting;                         /* enum lasting: of contracts and who leaves */
	uint16_t asks, answers;                   /* bits of the pack's surveys: it asks, it brings an answer */
	bool sampled;                             /* the relationship is looked at after it */
	bool timeline;
};
_Static_assert(LIMIT_SURVEYS <= 16, "a bit each");

struct goal_lever { struct str *goal; double lever; };

struct vm;

struct pack {
	struct str *name, *currency;
	struct hash128 hash;       /* of the bundle */
	char hash_text[33];
	struct zone *zone;
	struct str *zone_name;     /* NULL: UTC */
	struct str **languages; unsigned language_count; /* the first is the fallback */
	struct str **topics; unsigned topic_count;
	struct term *balance;      /* the customer's share of the value, 0 to 1; default literal 0.5 */
	struct goal_lever *levers; unsigned lever_count;
	double explore, control;   /* shares of decisions that try, and of customers who are decided about without what was learned */
	bool explores;             /* some action does */
	double holdout;            /* of actions that do not say */
	bool holds_out;            /* some action does: exposures to it are kept */
	unsigned budget_count;     /* of the policies */
	struct str **fallback; unsigned fallback_count; /* actions recommended when the deadline passed; gates are not asked */
	struct str **timeline_types; unsigned timeline_type_count; /* none: all */
	struct str **timeline_fields; unsigned timeline_field_count;
	unsigned timeline_keep;
	struct str **mask; unsigned mask_count; /* kept out of logs: mask.h */
	struct search search;      /* by which attributes customers are found */
	struct str **searched; unsigned searched_count; /* the same as the pack declares them; none: it does not */
	struct event_decl *events; unsigned event_count;
	struct series_decl *series; unsigned series_count;
	struct case_decl *cases; unsigned case_count;
	struct contacts_decl *contacts; /* arena; NULL: not declared */
	struct contract_decl *contract; struct churn_decl *churn; /* arena; NULL: not declared */
	struct fact_decl *facts; unsigned fact_count;
	struct rule_decl *rules; unsigned rule_count;
	unsigned *rule_slots; unsigned rule_slot_count; /* rule_index.c: by id */
	struct policy_decl *policies; unsigned policy_count;
	struct level_decl *above; unsigned above_count; /* goals and groups that are declared */
	struct action_decl *actions; unsigned action_count;
	unsigned offer_count;      /* actions that are offers */
	struct answer_decl *answers; unsigned answer_count;
	struct segment_decl *segments; unsigned segment_count;
	struct campaign_decl *campaigns; unsigned campaign_count;
	struct share_decl *shares; unsigned share_count;
	struct guidance *guidance; /* script/guidance.h: what else the agent is told; NULL: nothing is declared */
	struct relations *relations; /* script/relations.h: surveys, the relationship, what is expected; never NULL */
	struct str **reads; unsigned read_count;     /* names that it reads from events and requests, each once */
	const char *timeline_file; int timeline_line; /* where it is declared; NULL: nowhere */
	struct strpool *pool;      /* lent */
	struct vm *vm;
	/* what only script/ touches */
	struct arena arena;        /* terms, words, lists */
	struct str **strings; unsigned string_count; /* references taken in the pool */
	struct type_index *types; unsigned type_count;
	struct type_index *other_type;               /* of types that no declaration names; NULL: they concern nobody */
	uint32_t *type_table; uint32_t type_mask;    /* open addressing by str->hash: index into types + 1 */
};

/* Loads, runs and checks a pack. ERR_RULE with "FILE:LINE: what is wrong; what to do". Names are interned in `pool`,
 * which must outlive it. */
int pack_load(struct pack **out, const struct bundle *bundle, struct strpool *pool);
void pack_destroy(struct pack *p); /* NULL-safe */
/* Loads a pack only to find out what is wrong with it: goes on after a mistake, notes every one. What it declared can be
 * looked at, never run: where something was refused it is not whole, and what was refused is missing or a hole. */
struct pack_checked {
	struct pack *pack;
	bool *loaded;   /* one a file of the bundle: it was required */
	bool whole;     /* nothing was refused */
	bool complete;  /* every file ran to its end */
	int place_line; /* of pack { } in pack.lua; 0: there is none */
};
struct findings;
void pack_check(struct pack_checked *out, const struct bundle *bundle, struct strpool *pool, struct findings *findings);
void pack_checked_finish(struct pack_checked *c);
void pack_check_syntax(const struct bundle_file *file, struct findings *findings); /* is it Lua? */
/* NULL where nothing in the pack cares about the type (rules on every type: "*" — are merged into each index, and
 * into this default). */
const struct type_index *pack_type(const struct pack *p, const struct str *type);
const struct event_decl *pack_event(const struct pack *p, const struct str *type); /* NULL: not declared */
const struct schema_attr *event_decl_attr(const struct event_decl *e, const struct str *name); /* NULL: it has no such */
const char *schema_kind(const struct schema_attr *a); /* "number", "time", "money" … */
int pack_fact(const struct pack *p, const struct str *name);     /* index or -1 */
int pack_action(const struct pack *p, const struct str *name);   /* index or -1 */
/* One of its topics, or what such begin with ("bill" of "bill/why-higher"). Any is, where it declares none. */
bool pack_has_topic(const struct pack *p, struct slice topic);
int pack_rule(const struct pack *p, const struct str *name);     /* index or -1 */
int pack_language(const struct pack *p, struct slice language);  /* index; "vi-VN" finds "vi"; the first where unknown */
/* Makes it one that only keeps these: no rules, no timeline, no other series and cases. For filling them from history. */
void pack_keep_only(struct pack *p, const struct id_list *series, const struct id_list *cases);
const struct series_decl *pack_series_by_id(const struct pack *p, uint32_t id);
const struct case_decl *pack_case_by_id(const struct pack *p, uint32_t id);

#endif
