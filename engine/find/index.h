/* find/index.h: the words of all customers, in the store.
 *
 *     a changed record is stored   ->  RENAMED  what it is found by now, in the record's own transaction and beside it in key
 *                                               order: next to nothing
 *     index_flush, soon after      ->  WORDS    rows that are new, and those that are no longer, of many customers at once and
 *                                               in the order of their keys: a page of the table is written once for all of them
 *                                      NAMES    what the rows were made of; and RENAMED is done with
 *
 * Rows of a large flush go in several transactions. A crash between two of them leaves RENAMED, from which the same comes again.
 * Who looks for somebody trusts a row only as far as to look at the customer: what counts is RENAMED, and else NAMES.
 *
 * All of it follows from the records, and can be made again from them.
 *
 * Measured: 100,000 new customers, each with a name of three words, an id of two and a phone number, are 700,000 rows, which take
 * 50 MB of the store, 13 us of CPU a customer and 230 MB of writes beside the records' 240. (Flushed as they came: 21 GB, since
 * each row then has a page of the table to itself.) Events that change no name cost nothing. */
#ifndef NUDGED_FIND_INDEX_H
#define NUDGED_FIND_INDEX_H

#include "disk/store.h"
#include "state/subject.h"

/* A customer who is stored in this transaction is found by this from now on. key: subject_key. */
int index_note(struct store_write *w, struct slice key, struct slice document);
/* … is found by nothing, and none of their words stays. */
int index_forget(struct store_write *w, struct slice key);
/* What a customer is found by, as it was noted last. ERR_MISSING; `out` is overwritten. */
int index_get(struct store *s, struct slice key, struct bytes *out);
struct slice index_noted(struct slice renamed); /* the document in a row of RENAMED */
/* What was noted of them is made into words at once: nothing of what they were found by before stays. */
int index_settle(struct store_write *w, struct slice key);
/* The rows of these documents (each a string) go, but for those of what the customer is found by: for what was forgotten or
 * settled while it was being flushed. */
int index_undo(struct store_write *w, struct slice key, struct slice documents);
int index_empty(struct store_write *w); /* all of it */

/* How whoever flushes writes: a transaction at a time, with a pause after it where it likes. */
struct index_writer {
	int (*write)(void *arg, int (*make)(void *what, struct store_write *w), void *what);
	void *arg;
};
/* Makes the words of what was noted, as much of it as takes up to `most_bytes` of memory, and counts the customers. */
int index_flush(struct store *s, const struct index_writer *by, size_t most_bytes, uint64_t *customers);

/* Whether a row of NAMES has its words, and a row of WORDS its customer. Where something is noted of the customer that is not
 * flushed they may well not, which is no fault. */
bool index_names_agree(struct store *s, struct slice key, struct slice document);
bool index_word_agrees(struct store *s, struct slice key);

#endif
