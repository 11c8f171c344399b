/* workbench/check_parts.h: what the files of the check share.
 *
 *     check.c          the run of it; telling a finding, with the line it stands on
 *     check_uses.c     how often names are used; who writes an attribute or a tally
 *     check_source.c   what the Lua functions of a pack read and do, from its source text
 *     check_names.c    event types and attributes: are they what the pack declares, or else uses elsewhere?
 *     check_words.c    {name} parts, formats, languages
 *     check_lone.c     goals, groups, channels and receivers that stand once, beside one nearly the same
 *     check_relations.c surveys, the relationship, what is expected
 *     check_order.c    rules that read what a later one writes on the same event
 *     check_domain.c   what values a term can have
 *     check_gates.c    conditions that can never, or must always, hold
 *     check_lasting.c  contracts and who leaves
 *     check_unused.c   what nothing reads, nobody reaches, nobody tests
 */
#ifndef NUDGED_WORKBENCH_CHECK_PARTS_H
#define NUDGED_WORKBENCH_CHECK_PARTS_H

#include "script/findings.h"
#include "script/pack.h"

/* What is asked, and how often. */
struct name_use {
	struct slice name;
	unsigned count;
	const char *text; /* of the arena, once somebody wanted one that ends */
};
struct names {
	struct name_use *list; /* in the order of their first use */
	unsigned count, most; /* uses of the one that is used most */
	unsigned *slots, slot_count; /* of their hash: number in the list + 1 */
};
void names_add(struct names *n, struct slice name);
unsigned names_count(const struct names *n, struct slice name); /* 0: it is not among them */
void names_finish(struct names *n);

/* What values a term can have. */
struct domain {
	uint8_t type;     /* enum schema_type, SCHEMA_ANY where it cannot be told */
	double low, high; /* of numbers */
	const struct value *one_of;
	unsigned count; /* of one_of; 0: not closed */
	bool fixed;     /* a constant */
};

/* Rules that write an attribute (`set`) or a tally (`add`), in the order of their declaration. */
struct write {
	unsigned rule, which; /* of its sets or adds */
	unsigned next;        /* number + 1 of the next one; 0: none */
};
struct written {
	const struct str *name; /* of an attribute */
	unsigned first, last;   /* number + 1 */
	unsigned count;
	bool judging, judged;   /* what all of them set */
	struct domain domain;
};

struct check {
	const struct bundle *bundle, *tests;
	const struct pack_checked *loaded;
	struct pack *pack;
	struct findings *out;
	struct arena arena;
	bool declared;                    /* the pack says what comes in: event "…" */
	const struct event_decl *profile; /* of profile.updated; NULL: not declared */
	struct names types, event_attrs;  /* as used by declarations */
	struct names attrs, sets;         /* of subjects: read; set by rules and functions */
	struct names dotted, texts;       /* in the source: what follows a dot; short texts */
	struct names languages;           /* that words are in */
	struct names params, inputs;      /* in the source: first parameters of functions; what calc gives them */
	bool adds, sets_unknown; /* functions add to tallies; set attributes whose names are made up as they run */
	bool *fact_used, *series_used, *series_fed, *case_used; /* one a declaration */
	struct write *writes;
	unsigned write_count;
	struct written *attr_slots, *tallies; /* attributes, by a hash of their names; one a series */
	unsigned attr_mask;
};

/* Where a term is evaluated: on events of these types, or for a decision. */
struct context {
	bool decision;
	struct str **types;
	unsigned type_count;
	const struct rule_decl *rule;     /* NULL: of no rule */
	const struct action_decl *action; /* of a decision: NULL where it is about any */
};

void writes_note(struct check *c);
void writes_finish(struct check *c);
struct written *attr_written(const struct check *c, const struct str *name); /* NULL: no rule sets it */

/* Adds a finding. The line is that of the declaration, or of the first place in it where `needle` stands. */
struct tell_place {
	const char *file;
	int line;
	const char *needle; /* NULL: the line as it is */
};
void tell(struct check *c, enum severity severity, const char *code, struct tell_place at, const char *mend,
	  const char *format, ...) __attribute__((format(printf, 6, 7)));
/* The nearest of names that are used more often than this one, or NULL. Short names are near to each other by nature. */
const char *more_used_near(struct check *c, const struct names *names, struct slice name);
/* "did you mean \"x\"?" of the nearest of names, else `otherwise`. */
const char *mend_by_name(struct check *c, const char *wrong, const char *const *names, const char *otherwise);
const char *text_of(struct check *c, const struct term *t); /* as explanations show it */

/* Every term that a declaration holds, with where it is evaluated. */
struct root {
	const struct term *term;
	const char *what; /* "when", "eligible"; "" of values and words */
	bool gate;        /* something depends on whether it holds */
	const char *file;
	int line;
};
typedef void (*root_visit)(struct check *c, const struct context *x, const struct root *root);
void each_root(struct check *c, root_visit visit);
typedef void (*term_visit)(struct check *c, const struct context *x, const struct term *t);
void each_term(struct check *c, const struct context *x, const struct term *t, term_visit visit);

/* Words, with what they are for. */
struct text_use {
	const struct phrase *phrase;
	const char *of, *name; /* "action", "renewal" */
	bool to_customer;      /* read out or sent: every language is due */
	const char *file;
	int line;
};
typedef void (*text_visit)(struct check *c, const struct context *x, const struct text_use *use);
void each_text(struct check *c, text_visit visit);

/* Every list of event types that a declaration is on. */
typedef void (*list_visit)(struct check *c, struct str **types, const char *of, const char *file, int line);

/* check_relations.c's part of each of these, and of what is used. */
void relations_roots(struct check *c, root_visit visit);
void relations_texts(struct check *c, text_visit visit);
void relations_lists(struct check *c, list_visit visit);
void relations_note(struct check *c);

/* check_names.c: an attribute of events; a fact, or an attribute of the customer, that segments are made of. */
void check_event_attr(struct check *c, const struct context *x, const struct str *name, const char *what,
		      struct tell_place at);
void check_segment_name(struct check *c, const struct str *name, const char *what, struct tell_place at);

/* Of an attribute of events of a type. UNTOLD: nothing says what comes with them. */
enum has_attr { HAS_ATTR, LACKS_ATTR, ATTR_UNTOLD };
enum has_attr type_attr(const struct check *c, const struct str *type, const struct str *name, struct schema_attr *out);
bool is_event_field(const char *name);
bool is_request_field(const char *name);
extern const char *const request_fields[], *const engine_types[];
bool is_engine_type(const char *type); /* of events whose types the engine knows itself */
bool is_any_type(const struct str *type);
/* Whether an attribute of a subject is known of, and whether all of them would be. */
bool subject_attr_known(const struct check *c, const struct str *name);
bool subject_attrs_closed(const struct check *c);

const char **subject_attr_names(struct check *c); /* NULL-terminated, arena */
void each_lasting_list(struct check *c, list_visit visit);

struct domain domain_of(struct check *c, const struct context *x, const struct term *t);
const char *domain_text(struct check *c, const struct domain *d); /* "is 0 or more", "is one of \"a\", \"b\"" */

void source_read(struct check *c);
void check_names(struct check *c);
void check_words(struct check *c);
void check_lone(struct check *c);
void check_order(struct check *c);
void relations_check(struct check *c);
void check_gates(struct check *c);
void check_unused(struct check *c);
void check_lasting(struct check *c);

#endif
