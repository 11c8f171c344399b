/* script/declare.h: what the declare_*.c files share while a pack is loaded. Private to script/ (it includes lua.h).
 *
 * Declarations are C functions in the pack's environment. Each reads a table (struct fields: every unknown field is
 * refused with the nearest known name), builds plain C structs in the pack, and remembers in the loader what can
 * only be checked once all files have run. */
#ifndef NUDGED_SCRIPT_DECLARE_H
#define NUDGED_SCRIPT_DECLARE_H

#include "script/findings.h"
#include "script/settings.h"
#include "script/sandbox.h"

struct place {
	const char *file;
	int line;
};

struct series_use { /* of one series, while loading */
	bool keep_given, exact_needed, calendar_needed, exact_span_used;
	int64_t keep_ms, needed_ms;
	int64_t every_ms;
};

struct unfinished { struct place place; const char *what; bool tried, done; }; /* tried: a body came */

struct loader {
	struct vm *vm;
	struct pack *pack;
	struct settings settings;
	const struct bundle *bundle;
	bool pack_declared, timeline_declared, balance_declared;
	bool pack_assumed;                /* a declaration came before pack { }: noted, and gone on */
	struct place pack_place;
	struct str *zone;                 /* as declared */
	struct term **terms; unsigned term_count;
	struct series_use *uses;          /* one a series */
	struct words_part **reads; struct place *read_places; unsigned read_count; /* {name} parts to resolve at the end */
	struct unfinished *unfinished; unsigned unfinished_count;
	int depth;                        /* of require */
	struct findings *findings;        /* `rules check`: mistakes are noted here, and loading goes on; else NULL */
	const char *code;                 /* of the mistake being raised */
	bool *loaded;                     /* one a file of the bundle: it ran. NULL where nobody asks */
	bool refused;                     /* something was */
	unsigned compared;                /* terms that were compared by < > ==: what came of it is a bare boolean */
	unsigned holes;                   /* handed out in place of what was refused */
	bool incomplete;                  /* a file did not run to its end: what it would have declared is missing */
	struct str *last_file;            /* of place_here */
};

struct loader *loader_of(lua_State *L); /* raises after loading: declarations run once */

/* Grows a list whose length is only counted: room for one more at powers of two. */
void *list_room(void *items, unsigned count, size_t size);
struct str *pack_str(struct pack *p, struct slice text);
struct str *pack_str_at(lua_State *L, int index);

/* "FILE:LINE: text"; raises. */
struct place place_here(lua_State *L); /* of the Lua code that called */
_Noreturn void fail_at(lua_State *L, struct place at, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define fail_here(L, ...) fail_at(L, place_here(L), __VA_ARGS__)
/* The same with the code that `rules check` shows; else it is "refused". */
_Noreturn void fail_as(lua_State *L, const char *code, struct place at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#define CODE_FOLLOWS "follows" /* from what was told already: `rules check` does not tell it */
/* For checks that can go on: notes the mistake while a pack is being checked, raises it otherwise. */
void complain(lua_State *L, const char *code, struct place at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* guard.c: loading that goes on after a mistake. */
void guard_names(lua_State *L);       /* the declarations and metatables of the environment on top, before it is locked */
void guard_environment(lua_State *L); /* … and after it */
/* Notes the error on top as a mistake, pops it. False where loading must end: its budget is spent. */
bool guard_note(lua_State *L, const char *code, int status);
void guard_push_hole(lua_State *L);   /* what stands for something that could not be had */

/* A declaration's table. */
struct fields {
	lua_State *L;
	int table;
	const char *what;      /* "rule \"message-abuse\"" */
	struct place place;
	bool strange;          /* it has fields that are not known: one that is missing may be among them. While checked */
};
struct fields fields_open(lua_State *L, int index, const char *what, struct place place, const char *const *allowed);
bool fields_push(const struct fields *f, const char *name); /* pushes the value; nothing and false where it is nil */
struct str *fields_text(const struct fields *f, const char *name, bool required);
struct str **fields_texts(const struct fields *f, const char *name, bool required, unsigned *count); /* a text or a list; NULL-terminated */
double fields_number(const struct fields *f, const char *name, double low, double high, double otherwise);
bool fields_span(const struct fields *f, const char *name, struct span *out);
int64_t fields_ms(const struct fields *f, const char *name, int64_t otherwise); /* exact spans */
int fields_choice(const struct fields *f, const char *name, const char *const *choices, int otherwise);
struct term *fields_value(const struct fields *f, const char *name);     /* number or term; NULL where absent */
struct term *fields_condition(const struct fields *f, const char *name); /* term or gate function */
bool fields_phrase(const struct fields *f, const char *name, struct phrase *out);
_Noreturn void fields_fail(const struct fields *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void fields_fail_as(const struct fields *f, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Raises with what is allowed. `what` ends before the text: ":count", "rule \"r\": once_per =". */
struct span span_here(lua_State *L, struct place at, const char *what, const char *text, bool calendar);

/* Terms. */
struct term *term_new(lua_State *L, enum term_op op, enum term_type type, unsigned children);
void term_done(lua_State *L, struct term *t); /* children are set: depth, size, use */
void term_push(lua_State *L, struct term *t);
struct term *term_at(lua_State *L, int index); /* NULL where it is no term */
/* A term, number, text or boolean as a term; duration texts become seconds where `numeric`. Raises on anything else. */
struct term *term_operand(lua_State *L, int index, bool numeric, const char *what);
struct term *term_condition(lua_State *L, int index, struct place at, const char *what); /* a TYPE_BOOL or TYPE_ANY term, marked used */
struct term *term_gate_function(lua_State *L, int index, struct place at);
struct term *term_has_word(lua_State *L, struct term *list, struct term *word);
const char *term_kind(const struct term *t); /* "a number", "a condition" … */

/* A predicate of series:run, as the values it lets pass. */
bool predicate_at(lua_State *L, int index, double *low, double *high);
/* A metatable with methods, locked, and an answer to unknown ones. */
void declare_methods(lua_State *L, const char *meta, const luaL_Reg *list, lua_CFunction unknown);

/* Words. */
void words_parse(lua_State *L, struct place at, struct slice text, struct words *out);
void phrase_at(lua_State *L, int index, struct place at, const char *what, struct phrase *out);

/* The parts of the vocabulary, each adding its functions to the environment on top of the stack. */
void declare_terms(lua_State *L);
void declare_logic(lua_State *L);
void declare_facts(lua_State *L);
void declare_series(lua_State *L);
void declare_cases(lua_State *L);
void declare_contacts(lua_State *L);
void declare_rules(lua_State *L);
void declare_decisions(lua_State *L);
void declare_catalogue(lua_State *L);
void declare_restraints(lua_State *L);
void declare_budgets(lua_State *L);
void declare_guidance(lua_State *L);
void declare_strain(lua_State *L);
void strain_settle(lua_State *L);   /* after the last */
void declare_contracts(lua_State *L);
void declare_churn(lua_State *L);
void churn_settle(struct pack *p); /* after all files ran */
void declare_segments(lua_State *L);
void segments_settle(lua_State *L);  /* after the last */
void declare_campaigns(lua_State *L);
void campaigns_date(struct pack *p); /* once the zone is at hand */
/* An attribute of members and its value, of the table on top: { role = "payer" }. */
void read_addressee(lua_State *L, const struct fields *f, struct str **attr, struct str **value);
void declare_relations(lua_State *L);
void declare_surveys(lua_State *L);
void declare_settings(lua_State *L);
void settings_begin(lua_State *L);  /* before the first file runs */
void settings_settle(lua_State *L); /* after the last */
void settings_push(lua_State *L, const struct setting *s); /* its value */
void declare_pack(lua_State *L);
void pack_assume(struct loader *l); /* what pack { } would have set, for what comes without it */
int event_declare(lua_State *L); /* what calling `event` does (declare_event.c) */

/* declare_catalogue.c: what actions and what stands above them have in common. */
struct gates read_gates(lua_State *L, const struct fields *f);
void read_next(lua_State *L, const struct fields *action, struct action_decl *a);
void read_offer(lua_State *L, const struct fields *action, struct action_decl *a);
void catalogue_settle(lua_State *L); /* after all files ran: goals of actions, what stands above each */

/* A declaration of the form `what "name" { … }`: returns the function that takes the table. `body` gets name and
 * table as 1 and 2. */
int declare_named(lua_State *L, const char *what, lua_CFunction body);
struct place declare_named_place(lua_State *L); /* within body */
void declare_named_done(lua_State *L);          /* within body */
void check_new_name(lua_State *L, struct place at, const char *what, struct slice name, size_t longest);

/* declare_decision.c: see pack_has_topic. */
void check_topic(lua_State *L, struct place at, const char *what, struct slice topic); /* raises */
/* declare_fact.c: one that a declaration brings with it; its index. */
unsigned fact_add(lua_State *L, struct place at, struct slice name, struct term *t);
/* declare_guidance.c */
struct guidance *guidance_of(struct pack *p);
struct said_decl;
void check_tell(lua_State *L, const struct said_decl *d); /* can it ever be told? */

/* declare_relationship.c, declare_survey.c */
struct segment_by;
void read_segment_by(const struct fields *f, struct segment_by *by);
void read_provenance(lua_State *L, const struct fields *pack, struct pack *p);
void check_relations(lua_State *L);      /* after all files ran */
void relations_index(struct pack *p);
/* check.c: refuses what reads an event, a request or anybody but the customer. `because` ends the sentence. */
void check_customer_only(lua_State *L, const struct pack *p, struct place at, const char *what, const char *because,
			 const struct term *t);

/* source_check.c: the line of the first `^` operator; 0: none. */
struct slice source_text(const struct bytes *content); /* without a byte order mark */
int source_power_line(struct slice source);

/* pack.c: the zone that the pack declares ("UTC" where none), NUL-terminated, and where. ERR_RULE where the pack
 * does not load. */
int pack_zone_name(const struct bundle *bundle, struct bytes *out, int *line);

/* After all files ran. Each raises. */
void check_pack(lua_State *L);  /* check.c */
void check_segments(lua_State *L); /* check_segments.c */
/* check.c, for the other checks: what a term reads that is no customer's state, or NULL; whether something of a kind was
 * refused, so that a name may be right; whether some action has that name (or goal). */
const char *check_foreign(const struct term *t);
bool check_some_refused(const struct loader *l, const char *kind);
void check_catalogue_name(lua_State *L, struct place at, const char *what, bool goal, const struct str *name);
void series_settle(lua_State *L); /* keeping, keep, ids */
void index_build(struct pack *p); /* type_index.c */
void actions_index(struct pack *p); /* action_index.c */
void rule_index_add(struct pack *p); /* rule_index.c: the last of its rules */
int rule_index_find(const struct pack *p, uint32_t id); /* index or -1 */
uint32_t rule_id(const struct str *name);
/* declare_propensity.c */
void read_propensity(lua_State *L, const struct fields *action, struct action_decl *a);
void read_learning(const struct fields *pack, struct pack *p);
void pack_index_learning(struct pack *p);
/* declare_budget.c: after actions are indexed. */
void budgets_index(struct pack *p);
#define HOLDOUT_MOST 0.5 /* beyond that the exception would be the rule */
void reads_build(struct loader *l); /* read_index.c */
void reasons_prepare(struct pack *p); /* reasons.c */
void mask_spread(struct pack *p); /* mask.c */
void read_search(const struct fields *f, struct pack *p); /* declare_search.c. f: NULL, there is no pack { } */
void search_finish(struct pack *p); /* once it is known what is masked */

#endif
