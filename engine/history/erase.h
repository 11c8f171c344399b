/* history/erase.h: everything that is held of one customer, erased.
 *
 *     ask        that it is wanted is written to DIR/ERASING and synced (a running daemon: a crash forgets no request)
 *     plan       what is theirs is looked for in the whole journal: their own entries, those of customers and prospects who
 *                were merged into them, and what their entries did to others (the agent's copy of an event, an alias's
 *                link, the words that a report counts). It is written to DIR/ERASING and synced.
 *     carry out  journal bodies are blanked; records, due times, open alerts and aliases leave the store and the base store;
 *                alerts that their events raised on agents, too
 *                (and those older than the journal, of which nobody can tell); lines of the decision log are overwritten; both stores are
 *                put into new files row by row, since old values would lie on in theirs; DIR/ERASING is overwritten and removed.
 *
 * Carrying out may be done again from its beginning as often as it is interrupted, and a daemon that starts does it first.
 * What stays are sums that nobody can be told from: agents' series, ledgers, what actions have learned. What they said in
 * their own words (a reason) is counted in reports as ERASED_TEXT.
 *
 * In a running daemon (shard/eraser.h) the records are wiped by their shards before, and the journal says so (EFFECT_WIPE):
 * an entry behind that, and what it did to others, is of somebody new who has the same name, and stays. Then rows go only
 * where nothing is in them. */
#ifndef NUDGED_HISTORY_ERASE_H
#define NUDGED_HISTORY_ERASE_H

#include "disk/folder.h"
#include "disk/journal.h"
#include "disk/store.h"
#include "state/ledger.h"
#include "state/subject.h"

#include <stdint.h>

#define ERASING_FILE FOLDER_ERASING
#define ERASED_TEXT "(erased)"

struct erase_report {
	uint64_t entries, customers, aliases, records, alerts, log_lines;
	uint64_t mentions; /* records and entries of others that name them: left as they are */
};

/* Where it is looked for. `base` may be NULL: none is kept. */
struct erase_sources {
	const char *dir;
	struct journal *journal;
	struct store *state, *base;
};

#define ERASE_NOT_WIPED UINT64_MAX
struct erase_plan;
/* Of the entries up to `to`. Records that were wiped by an entry behind `since` were wiped for this. ERR_MISSING: nothing is
 * held. ERR_CONFLICT: the customer was merged into another, whom the error names. Nothing is written. */
int erase_plan_make(struct erase_plan **out, const struct erase_sources *from, struct slice customer, uint64_t since,
		    uint64_t to, struct erase_report *report);
void erase_plan_destroy(struct erase_plan *p); /* NULL-safe */
/* Whom it names: customers (the first is who was asked for), aliases, and agents, areas and ledgers with something to be
 * taken from them. The next one from *at on; false: no more. */
bool erase_plan_next(const struct erase_plan *p, size_t *at, struct subject *out);
/* The entry that wiped a customer's record: later ones are not theirs. ERASE_NOT_WIPED: none has, or it must be wiped again. */
uint64_t erase_plan_bound(const struct erase_plan *p, const struct subject *customer);
bool erase_plan_is_customer(const struct erase_plan *p, struct slice id);
bool erase_plan_is_alias(const struct erase_plan *p, struct slice id);
/* What came since, up to `to`. *again: somebody joined them, or they got another name: it is to be made anew. */
int erase_plan_extend(struct erase_plan *p, uint64_t to, bool *again);
/* Whether an alert goes that this entry raised on somebody else: it was theirs, or is not kept and may have been. */
bool erase_plan_has(const struct erase_plan *p, uint64_t seq);
/* What they are counted with in their own words, in a ledger's record: EFFECT_COUNT's body that takes it back, and the one
 * that counts it without the words. Empty: nothing (any more). */
void erase_plan_words(const struct erase_plan *p, const struct subject *ledger, struct bytes *less, struct bytes *more);
/* To DIR/ERASING. log: the decision log's PATH; "" or NULL: none, or not a file. */
int erase_plan_write(const struct erase_plan *p, const char *log);

/* That it is wanted: */
struct erase_asked {
	char customer[LIMIT_ID_BYTES + 1], by[LIMIT_BY_BYTES + 1];
	int64_t uid;
	uint64_t since; /* the journal's newest entry then */
};
int erase_ask(const char *dir, const struct erase_asked *asked);
/* ERR_MISSING where nothing is asked for, also where it is planned already. */
int erase_asked(const char *dir, struct erase_asked *out);
int erase_withdraw(const char *dir); /* the file goes */
void erase_tidy(const char *dir);    /* what a crash left of one that was being written, or withdrawn */

/* The stores of a running daemon; `alone` keeps others from writing to the state meanwhile. */
struct erase_live {
	struct store *state, *base; /* base may be NULL */
	void (*alone)(void *arg, bool begin);
	void *arg;
};
/* What a plan in DIR/ERASING says; ERR_MISSING where there is none. The caller holds the journal's lock. live NULL: nobody
 * has the stores open. */
int erase_carry_out(const char *dir, const struct erase_live *live, struct erase_report *out);

#endif
