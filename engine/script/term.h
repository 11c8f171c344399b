/* script/term.h: terms: the expressions of a pack, built once when it is loaded (script/declare_*.c) and evaluated
 * in C by decide/eval_term.c at every event and decision. A term is a tree of nodes; facts are named terms; a Lua
 * function is a leaf (TERM_CALL).
 *
 * Logic has three values. Comparison with unknown is unknown; `all` is false as soon as one child is false, `any`
 * true as soon as one is true, whatever else is unknown; arithmetic with unknown, and division by zero, is unknown. */
#ifndef NUDGED_SCRIPT_TERM_H
#define NUDGED_SCRIPT_TERM_H

#include "base/strpool.h"
#include "state/span.h"
#include "state/value.h"

enum term_op {
	TERM_LITERAL,      /* .literal */
	/* reads of state and context */
	TERM_ATTR,         /* attr(name): of the bound member where it has one, else of the subject. .scope .name */
	TERM_EVENT,        /* event.name: a field (id source customer member agent contact type channel time) or an attribute. .name */
	TERM_REQUEST,      /* request.name: channel intent topic member agent language mood, or a further attribute. .name */
	TERM_NAME,         /* {name} in words that is no fact: event's or request's field or attribute, else attribute. .name */
	TERM_SERIES,       /* an aggregate of a series or tally. .series */
	TERM_CASE,         /* .open_case */
	TERM_CONTACTS,     /* of the customer's contacts; a child: the topic they are about. .contacts */
	TERM_OPEN_ALERT,   /* open_alert "rule": .name; bound member's where the rule is about members */
	TERM_CONTRACT,     /* of the customer's contracts, or whether they have left: .contract */
	TERM_OUTCOMES,     /* outcomes{...}: count in a span. .outcomes */
	TERM_TENURE,       /* seconds since the first event known of the subject, or since attribute `since` where it has one */
	TERM_NOW,          /* now(): UTC milliseconds of the event, due time or request */
	TERM_RELATIONSHIP, /* relationship(): the score, 0 to 100; children are its parts' values */
	TERM_ASKED,        /* asked_for_it(): the request's intent or topic is one that the action under decision answers */
	TERM_IN_SEGMENT,   /* in_segment "name": the customer is a member of it. .name */
	TERM_FACT,         /* .fact: index into pack->facts */
	TERM_CALL,         /* calc(inputs, function): .call; children are the inputs */
	/* numbers: two children (NEG one) */
	TERM_ADD, TERM_SUB, TERM_MUL, TERM_DIV, TERM_NEG, TERM_MIN, TERM_MAX,
	/* comparisons: two children, three for BETWEEN (both ends included), n+1 for ONE_OF */
	TERM_ABOVE, TERM_BELOW, TERM_AT_LEAST, TERM_AT_MOST, TERM_BETWEEN, TERM_IS, TERM_IS_NOT, TERM_ONE_OF,
	TERM_HAS,          /* two children: a text that lists words ("billing, retention"), and one of them */
	TERM_KNOWN,        /* one child; never unknown itself */
	TERM_OR_ELSE,      /* two children: the second where the first is unknown */
	/* logic: any number of children */
	TERM_ALL, TERM_ANY, TERM_NO, /* NO: none of them is true */
	TERM_ANY_MEMBER,   /* one child, evaluated with each member bound in turn; true binds that member for the words */
};

enum term_type { TYPE_ANY, TYPE_BOOL, TYPE_NUMBER, TYPE_STRING };

enum term_scope { SCOPE_SUBJECT, SCOPE_CUSTOMER, SCOPE_MEMBER, SCOPE_AGENT, SCOPE_AREA };

enum series_aggregate {
	AGGREGATE_COUNT, AGGREGATE_SUM, AGGREGATE_MEAN, AGGREGATE_MIN, AGGREGATE_MAX, /* over a span */
	AGGREGATE_LATEST,   /* value of the newest */
	AGGREGATE_PREVIOUS, /* value of the one before the current event */
	AGGREGATE_SINCE,    /* seconds from the newest before the current event to now, exact to the millisecond */
	AGGREGATE_RUN,      /* how many of the newest values in a row lie in [low, high] */
	AGGREGATE_DISTINCT, /* different values over a span */
	AGGREGATE_DAILY_MEAN,
	AGGREGATE_OCCUPANCY,   /* of spells: the share of a span in one */
	AGGREGATE_SINCE_BREAK, /* of spells: seconds since the last break ended; 0 on one */
};

enum case_aggregate {
	CASE_IS_OPEN, CASE_COUNT_OPEN, CASE_IS_MISSED, /* one is open and past its due time */
	CASE_AGE,  /* seconds since the oldest open one was opened; unknown where none */
	CASE_TURNAROUND, /* mean seconds from opening to closing of the closed ones still held; unknown where none */
};

#define TERM_NO_FUNCTION (-1)

struct term {
	uint8_t op, type, scope; /* enum term_op, term_type, term_scope */
	uint16_t child_count;
	uint16_t depth;          /* of the tree below: at most LIMIT_TERM_DEPTH */
	bool used;               /* part of some declaration; a comparison that nobody uses is refused at load */
	bool hole;               /* stands for something that was refused, while a pack is checked */
	bool duration;           /* a literal written as "24h": seconds, rendered as a span */
	uint32_t size;           /* nodes below, facts written out: at most LIMIT_TERM_SIZE, whatever is shared */
	struct term **children;
	const struct term_text *text; /* made at load for what may be a reason of a recommendation (reasons.c); else NULL */
	int line;                /* where it was written */
	const char *file;        /* lent by the pack */
	union {
		struct value literal; /* a string is lent by the pack */
		struct {
			struct str *name;
			unsigned read;           /* of what an event or request says: index into pack->reads */
		};
		unsigned fact;
		struct {
			unsigned index;          /* into pack->series */
			uint8_t aggregate;       /* enum series_aggregate */
			bool before_this, before_today, all_keys;
			struct span span;
			unsigned days, at_least_days; /* DAILY_MEAN */
			bool of_values;          /* DAILY_MEAN of the values' sums, not of counts */
			double low, high;        /* RUN */
			struct term **key;       /* with{...}: one a `by` name; NULL: the current event's or request's values */
		} series;
		struct {
			unsigned index;          /* into pack->cases */
			uint8_t aggregate;
		} open_case;
		struct {
			uint8_t aggregate;       /* enum contract_aggregate */
			struct str *product;     /* of that product only; NULL: of any */
			double days;             /* IN_LAST */
		} contract;
		struct {
			uint8_t aggregate;       /* enum contacts_aggregate */
			struct span span;
		} contacts;
		struct {
			int kind;                /* enum outcome_kind; 0: any */
			struct str *action, *group, *goal; /* NULL: any */
			struct span span;
		} outcomes;
		struct {
			int function;            /* handle for vm_call_value */
			struct str **names;      /* of the inputs */
			bool context;            /* a gate written as function(c): no inputs, for vm_call_condition */
		} call;
	};
};

struct pack;
/* The parts that evaluating it evaluates: children, then the keys of a series, then a fact's term. NULL past the end. */
const struct term *term_part(const struct term *t, const struct pack *p, unsigned i);

/* Text for explanations (term_text.c): "texts_today > 3 x texts_habit", "complaint is open", "lines at least 2". */
struct bytes;
/* Called after the name of a leaf that is read (not of a literal) was written; appends what is to follow it, such as
 * " 140", or nothing. */
typedef void (*term_leaf)(void *arg, const struct term *leaf, struct bytes *out);
void term_render(const struct term *t, const struct pack *p, term_leaf leaf, void *arg, struct bytes *out);
void term_text(const struct term *t, const struct pack *p, struct bytes *out); /* without values */
/* The same text made beforehand: the leaves of which a value is to follow, each after its piece of the text. */
struct term_text {
	struct slice whole; /* without values */
	struct term_text_part { struct slice text; const struct term *leaf; } *parts; /* leaf NULL: nothing follows */
	unsigned part_count;
};
/* The shortest decimal that reads back as the same number. */
const char *number_text(double n, char buffer[32]);

#endif
