/* script/kept.h: what a pack keeps of customers besides series, tallies and cases: contacts, contracts, who leaves, surveys,
 * the relationship's trends. Each with an identity of what it is made of: one that is made of something else counts anew
 * as far as anybody can tell. */
#ifndef NUDGED_SCRIPT_KEPT_H
#define NUDGED_SCRIPT_KEPT_H

#include "script/pack.h"

enum kept_kind { KEPT_CONTACTS, KEPT_CONTRACT, KEPT_CHURN, KEPT_RELATIONSHIP, KEPT_SURVEY, KEPT_KINDS };

struct kept {
	enum kept_kind kind;
	uint32_t id;
	struct slice name;  /* of the pack or static */
	int64_t looks_ms;   /* how far back what the pack asks of it looks; 0: as far as the customer's record goes */
};
#define KEPT_MAX (KEPT_KINDS - 1 + LIMIT_SURVEYS)

unsigned pack_kept(const struct pack *p, struct kept out[KEPT_MAX]);
struct slice kept_kind_name(enum kept_kind kind);

#endif
