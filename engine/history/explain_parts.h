/* history/explain_parts.h: an explanation while it is made, as explain*.c share it. Private to this folder. */
#ifndef NUDGED_HISTORY_EXPLAIN_PARTS_H
#define NUDGED_HISTORY_EXPLAIN_PARTS_H

#include "history/explain.h"
#include "wire/response.h"

/* Explanation's fields. */
enum {
	TELLS_ABOUT = 1, TELLS_SUBJECT, TELLS_KIND, TELLS_MERGED_FROM, TELLS_SEQ, TELLS_TIME, TELLS_PACK,
	TELLS_PACK_HASH, TELLS_PACK_SEQ, TELLS_PACK_SINCE, TELLS_ASIDE, TELLS_RECOMPUTED, TELLS_RECOMMENDATION,
	TELLS_STATE, TELLS_DECISION, TELLS_ENTRY, TELLS_RULES, TELLS_NOTES, TELLS_DIGEST,
};

struct explaining {
	struct history *h;
	const struct request_explain *q;
	struct bytes *out;
	struct arena arena;  /* lasts for the whole explanation */
	struct recall recall; /* of whom it is about */
	struct recall agent, area;
	struct recall *models; /* arena; one an action of the pack of then */
	unsigned model_count;
	uint64_t seq;        /* as of after this entry */
	int64_t now_ms;
	struct slice member; /* as an alias named it */
	struct slice merged_from;
};

/* explain.c */
const struct record *explain_other(struct explaining *x, struct recall *r, enum subject_kind kind, struct slice id,
				   uint64_t seq);
const struct record *explain_area(struct explaining *x, const struct record *customer, uint64_t seq);
/* What the actions of the pack that is in force for `pack_seq` had learned by `seq`. */
const struct record *const *explain_models(struct explaining *x, uint64_t seq, uint64_t pack_seq);
/* Whose past, when, with which pack, how it compares, and the state. `what` names what was asked for ("decision",
 * "entry", NULL), same whether that is as recorded. */
int explain_head(struct explaining *x, const char *about, uint64_t pack_seq, const char *what, bool same);
/* explain_decision.c, explain_entry.c */
int explain_decision(struct explaining *x, uint64_t seq);
int explain_entry(struct explaining *x, uint64_t seq);
void explain_recommendation(struct explaining *x, const struct decision *d, uint64_t boot, uint64_t count,
			    struct slice channel);

#endif
