/* history/erase.h: everything that is held of one customer, erased.
 *
 *     ask        that it is wanted is written to DIR/ERASING and synced (a running daemon: a crash forgets no request)
 *     plan       what is theirs is looked for in the whole journal: their own entries, those of customers and prospects who
 *                were merged into them, and what their entries did to others (the agent's copy of an event, an alias's
 *                link). It is written to DIR/ERASING and synced.
 *     carry out  journal bodies are blanked; records, due times, open alerts and aliases leave the store and the base store;
 *                alerts that their events raised on agents, too
 *                (and those older than the journal, of which nobody can tell); lines of the decision log are overwritten; both stores are
 *                put into new files row by row, since old values would lie on in theirs; DIR/ERASING is overwritten and removed.
 *
 * Carrying out may be done again from its beginning as often as it is interrupted, and a daemon that starts does it first.
 * What stays are sums that nobody can be told from: agents' series, ledgers, what actions have learned.
 *
 * In a running daemon (shard/eraser.h) the records are wiped by their shards before, and the plan says so: then rows go only
 * where nothing is in them, since the same name may have come again, as somebody new. */
#ifndef NUDGED_HISTORY_ERASE_H
#define NUDGED_HISTORY_ERASE_H

#include "disk/folder.h"
#include "disk/journal.h"
#include "disk/store.h"
#include "state/subject.h"

#include <stdint.h>

#define ERASING_FILE FOLDER_ERASING

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

struct erase_plan;
/* Of the entries up to `to`. ERR_MISSING: nothing is held. ERR_CONFLICT: the customer was merged into another, whom the
 * error names. Nothing is written. */
int erase_plan_make(struct erase_plan **out, const struct erase_sources *from, struct slice customer, uint64_t to,
		    struct erase_report *report);
void erase_plan_destroy(struct erase_plan *p); /* NULL-safe */
/* Whom it names: customers (the first is who was asked for), aliases, and agents and areas with something to be taken from
 * them. The next one from *at on; false: no more. */
bool erase_plan_next(const struct erase_plan *p, size_t *at, struct subject *out);
/* A customer's record was wiped when this entry was its newest (0: there was none): later ones are not theirs. */
void erase_plan_wiped(struct erase_plan *p, const struct subject *customer, uint64_t seq);
/* What came since, up to `to`. *again: somebody joined them, or they got another name: it is to be made anew. */
int erase_plan_extend(struct erase_plan *p, uint64_t to, bool *again);
/* Whether an alert goes that this entry raised on somebody else: it was theirs, or is not kept and may have been. */
bool erase_plan_has(const struct erase_plan *p, uint64_t seq);
/* To DIR/ERASING. log: the decision log's PATH; "" or NULL: none, or not a file. */
int erase_plan_write(const struct erase_plan *p, const char *log, bool wiped);

/* For a directory that no daemon has open: made and written. */
int erase_plan(const char *dir, struct slice customer, const char *log, struct erase_report *out);

/* That it is wanted: */
struct erase_asked {
	char customer[LIMIT_ID_BYTES + 1], by[LIMIT_BY_BYTES + 1];
	int64_t uid;
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
