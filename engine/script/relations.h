/* script/relations.h: what a pack says of the relationship itself: surveys, and whom they speak for; the score from 0 to
 * 100 and its parts; what customers expect; of which attributes it is kept where they came from. */
#ifndef NUDGED_SCRIPT_RELATIONS_H
#define NUDGED_SCRIPT_RELATIONS_H

#include "script/pack.h"
#include "state/scores.h"

/* Names that segments are made of: facts, or attributes of the customer. */
struct segment_by {
	struct str *names[LIMIT_MODEL_BY];
	int facts[LIMIT_MODEL_BY]; /* which fact each is; -1: an attribute */
	unsigned count;
};

/* The definitions are report/weighting.h's. On disk: the names in survey_kind_name are. */
enum survey_kind { SURVEY_NPS, SURVEY_CSAT, SURVEY_CES, SURVEY_CES_MEAN, SURVEY_KINDS };
const char *survey_kind_name(enum survey_kind kind);
int survey_kind_of(struct slice name); /* -1: none */

struct survey_decl {
	struct str *name;
	uint32_t id;                            /* of kind, scale and what it is on */
	uint8_t kind;                           /* enum survey_kind */
	struct str **on; unsigned on_count;     /* event types that bring answers */
	struct str **asked; unsigned asked_count; /* … that say somebody was asked; none: all customers are whom it speaks for */
	struct term *where;                     /* event terms only; NULL: all */
	struct str *score;                      /* the attribute */
	unsigned score_read;                    /* index into pack->reads */
	double low, high, top, bottom;          /* the scale; from `top` on is a good answer, up to `bottom` a detractor's */
	struct segment_by by;
	int64_t smallest;                       /* answers that a weighting cell needs */
	int64_t within_ms;                      /* an answer that names no contact is to the newest question so long ago */
	const char *file; int line;
};

struct relationship_part {
	struct str *name;
	double weight;
	struct term *value;
};
struct relationship_decl {
	uint32_t id;                            /* of parts, their weights and values */
	struct relationship_part parts[SCORE_PARTS]; unsigned part_count; /* by weight, then name */
	double weights;                         /* their sum */
	struct str **sample; unsigned sample_count; /* event types after which it is looked at */
	struct segment_by by;
	struct term *growth;                    /* minor units a month; NULL: not told */
	const char *file; int line;             /* NULL: the pack has none */
};

struct expectation_decl {
	struct str *name, *why;
	struct term *when;
	struct phrase say;
	const char *file; int line;
};

struct relations {
	struct survey_decl surveys[LIMIT_SURVEYS]; unsigned survey_count;
	bool population;                        /* some survey speaks for all customers */
	struct relationship_decl relationship;
	struct expectation_decl *expectations; unsigned expectation_count; /* arena */
	bool origins_of_all;                    /* pack { provenance = true } */
	struct str **origins; unsigned origin_count; /* … = { "segment", … } */
};

static inline bool pack_has_relationship(const struct pack *p)
{
	return p->relations->relationship.part_count > 0;
}
static inline bool pack_keeps_origins(const struct pack *p)
{
	return p->relations->origins_of_all || p->relations->origin_count;
}
bool pack_keeps_origin(const struct pack *p, struct slice attribute);
const struct survey_decl *pack_survey(const struct pack *p, struct slice name); /* NULL: none */

#endif
