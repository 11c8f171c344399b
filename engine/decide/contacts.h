/* decide/contacts.h: contacts and cases while an entry is applied: what events tell of them, what they are to each other,
 * and what reports count of them. Everything counted is a function of the item: who changes one counts it out first and in
 * again afterwards, and only the difference leaves the entry. So late events, events out of order and merges come to the
 * same sums. */
#ifndef NUDGED_DECIDE_CONTACTS_H
#define NUDGED_DECIDE_CONTACTS_H

#include "decide/applying.h"
#include "state/contacts.h"

/* apply_contacts.c */
void apply_contact(struct applying *a);                             /* the event is part of one: index->contact */
void apply_contact_overdue(struct applying *a, struct slice key);   /* TIMER_CONTACT: no end has come */
/* The contact that the event names; NULL: none is known. */
struct item *contact_of_event(const struct record *r, const struct event *e);
/* A topic as the record has it: of the pack's list, or "other". Empty: not known. */
struct slice contact_topic(const struct pack *p, struct slice said);

/* relate_contacts.c: which contacts were followed by another about the same, repeat one, or left a case open. */
void contacts_relate(struct applying *a, const struct str *topic);  /* those about it; NULL: those of no topic */
void contacts_relate_all(struct applying *a);
/* A record joins: what both know of one contact or case is joined first, and is taken from `from`; then record_merge. */
void contacts_join(struct applying *a, struct record *from);
void contacts_joined(struct applying *a);

/* count_contacts.c. sign: 1, or -1 to take it back. */
void contact_count(struct applying *a, const struct item *c, int sign);
void case_count(struct applying *a, const struct item *c, int sign);

/* meant_cases.c: complaints and promises, as apply_cases.c opens and closes them. Nothing of a case without a meaning. */
void case_was_opened(struct applying *a, const struct case_decl *decl, const struct open_case *c);
void case_was_closed(struct applying *a, const struct case_decl *decl, const struct open_case *c);
void case_was_missed(struct applying *a, const struct case_decl *decl, const struct open_case *c);
/* One that concerns the topic was open at that time, as far as is known. */
bool case_open_at(const struct record *r, const struct pack *p, const struct str *topic, int64_t time_ms);

#endif
