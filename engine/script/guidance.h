/* script/guidance.h: what a pack has to tell the agent beside actions: how to open the conversation, what was before in
 * words, the rule that applies, what not to say; and how strain is measured and what it changes. */
#ifndef NUDGED_SCRIPT_GUIDANCE_H
#define NUDGED_SCRIPT_GUIDANCE_H

#include "script/pack.h"

enum said_kind { SAID_OPENING, SAID_GUIDELINE, SAID_AVOID, SAID_TELL };

/* One thing that may be said to the agent, in order of declaration. */
struct said_decl {
	uint8_t kind;           /* enum said_kind */
	bool household;         /* a tell: told whoever of the household asks; else what concerns another member is not */
	struct term *when;      /* NULL: always. A tell's reads the event that it tells of */
	struct phrase say;
	struct str **topics; unsigned topic_count;         /* asked about; none: whatever it is about */
	struct str *type;                                  /* a tell: of events of that type */
	struct str **instead_of; unsigned instead_count;   /* a tell: in its contact, types that are then not told */
	int64_t within_ms;                                 /* a tell: of what is so long ago at most */
	const char *file; int line;
};

/* How values of a name are spelled in words, {name:words}. */
struct spelling {
	struct slice is;        /* as value_key_text has it; empty: a band of numbers */
	double low, high;       /* of a band, both ends included; the first that holds counts */
	struct phrase say;      /* without {names} */
};
struct spell_decl {
	struct str *name;
	struct spelling *spellings; unsigned count;
	const char *file; int line;
};

/* What wears an agent out, as points of a whole that is at most 100. */
struct strain_part {
	struct str *name;
	struct term *fact_term; /* of the fact strain_NAME: its points */
	struct phrase say;      /* may be empty */
};
struct strain_level {
	struct str *name;
	double at_least;
	unsigned actions;       /* an answer holds at most so many; 0: as ever */
	struct phrase say;      /* what to do; may be empty */
};
struct strain_decl {
	struct strain_part *parts; unsigned part_count;
	struct strain_level *levels; unsigned level_count; /* by what they begin at */
	double *easy;           /* one a level: weight of actions that are easy to bring across */
	struct term *fact_term; /* of the fact strain: the whole; NULL until it is declared */
	const char *file; int line; /* NULL: not declared */
};

struct guidance {
	struct said_decl *said; unsigned said_count;
	struct spell_decl *spells; unsigned spell_count;
	struct strain_decl strain;
};

const struct spell_decl *pack_spell(const struct pack *p, const struct str *name); /* NULL: not declared */

#endif
