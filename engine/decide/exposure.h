/* decide/exposure.h: what an action does, not only whether it is accepted: what came after it, against customers who would have
 * been recommended it too and were not.
 *
 * An action with a share `holdout` is never recommended to that share of customers: a hash of customer and action says who,
 * always the same ones, other ones for each action. What they ask for they get: then the action is neither held out nor
 * counted.
 *
 * Intention to treat (Hollis and Campbell 1999, BMJ 319): both arms are fixed at the same moment, the one in which the
 * action passed every gate and would stand in the answer; from then on it does not matter what became of it. Of a
 * customer who is held out: it would stand there if only this one action were not held out. Only the first such
 * decision in 90 days counts. So both arms are people whom the engine chose for the same reasons, and chance alone tells them apart.
 *
 * The decision's journal entry says who is exposed to what, and applying it notes that in the customer's record. (An entry of its
 * own would be a second one that can be lost without the first.) A decision that exposes nobody changes nothing. Not
 * counted are decisions that are not for a customer: those that only explain (a request with `explain`), and those
 * that fell back to the pack's fallback.
 *
 * What comes after is a function of the customer's record: the contacts and complaints that it keeps (state/contacts.h), and
 * whether they have left (state/customers.h). After each entry of the customer it is looked at anew, and the difference counted, in
 * the day and cell of the exposure itself; so it does not matter in which order things are told, or put right. What the record keeps
 * no more of is not taken back. */
#ifndef NUDGED_DECIDE_EXPOSURE_H
#define NUDGED_DECIDE_EXPOSURE_H

#include "decide/applying.h"
#include "decide/deciding.h"
#include "state/actions.h"
#include "state/exposures.h"

/* For applying: at the end of an entry of a customer. Costs a pack without a holdout one comparison. */
void exposures_look(struct applying *a);
static inline void exposures_finish(struct applying *a)
{
	if (a->m->pack->holds_out && a->record->rare->item_count && a->record->subject.kind == SUBJECT_CUSTOMER)
		exposures_look(a);
}
/* What an outcome is counted as, for the report of actions. */
void action_counted(struct applying *a, const struct outcome_input *o, const struct outcome_details *details);

/* For deciding. */
bool held_out(const struct deciding *d, const struct action_decl *a);
void exposures_fill(struct deciding *d); /* once it is ranked */
void exposures_apply(struct applying *a, const struct exposures *all); /* of an entry that does more than this */

#endif
