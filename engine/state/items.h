/* state/items.h: what a customer has several of, each with a name and a time: contacts, contracts, survey answers,
 * memberships of segments, exposures to actions. What the texts and numbers of a kind mean, the header of that kind says;
 * here they are kept, stored, merged and hashed alike.
 *
 * Items lie ordered by kind, declaration, time and key. Pointers are good until the next items_add or items_remove. */
#ifndef NUDGED_STATE_ITEMS_H
#define NUDGED_STATE_ITEMS_H

#include "state/record.h"

#define ITEM_TEXTS 6u    /* on disk: bits of what is there */
#define ITEM_NUMBERS 10u /* on disk */

enum item_kind { /* on disk; append only */
	ITEM_CONTACT = 1,
	ITEM_CONTRACT = 2,
	ITEM_SURVEY = 3,
	ITEM_SEGMENT = 4,
	ITEM_EXPOSURE = 5,
	ITEM_SCORE = 6,
	ITEM_ORIGIN = 7,
	ITEM_CUSTOMER = 8, /* one a record: what has been counted of the customer as such */
	ITEM_CASE = 10,    /* a complaint or promise, as reports count it: state/contacts.h */
	ITEM_TOUCH = 9, /* a contact that a loss may come after: state/customers.h */
	ITEM_CAMPAIGN = 12, /* a customer in a campaign: state/campaigns.h */
	ITEM_SPELL = 13,   /* when an agent was busy: state/spells.h */
	ITEM_REMOVED = 14, /* an attribute was removed then: attrs.c. The last kind, so that it is found at the end */
	ITEM_KINDS
};

struct item {
	int64_t time_ms;                 /* when it began */
	struct str *key;                 /* NULL: empty */
	uint32_t decl;                   /* identity of its declaration; 0: its kind has one alone */
	uint8_t kind, member, state;     /* state: as its kind has it */
	struct str *texts[ITEM_TEXTS];   /* NULL: none */
	int64_t numbers[ITEM_NUMBERS];
};

/* All of one kind and declaration, oldest first. */
struct items {
	struct item *items;
	unsigned count;
};
struct items items_of(const struct record *r, enum item_kind kind, uint32_t decl);
/* The newest of that key; NULL: none. */
struct item *items_find(const struct record *r, enum item_kind kind, uint32_t decl, struct slice key);
/* A new one, blank but for these. Of its kind and declaration at most `keep` stay: the oldest gives way. NULL, and nothing
 * added, where it would be the oldest itself, or where the record has LIMIT_ITEMS that are of other kinds. */
struct item *items_add(struct record *r, struct strpool *pool, enum item_kind kind, uint32_t decl, struct slice key,
		       uint8_t member, int64_t time_ms, unsigned keep);
void items_remove(struct record *r, struct strpool *pool, struct item *item);
/* How many did not find room, or took another's, since LIMIT_ITEMS were there; from then on counted anew. */
uint32_t items_take_lost(struct record *r);
void item_set_text(struct item *item, struct strpool *pool, unsigned which, struct slice text); /* empty: none */
struct slice item_text(const struct item *item, unsigned which);
struct slice item_key(const struct item *item);

#endif
