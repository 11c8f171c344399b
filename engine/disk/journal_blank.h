/* disk/journal_blank.h: bodies of entries erased in place: the bytes and the salt become zeroes, the hashes still hold
 * (journal.c has the drawing). Others may read and append meanwhile: entries that are durable do not move, and a reader that
 * meets one half blanked reads it once more. Segments must not be let go. */
#ifndef NUDGED_DISK_JOURNAL_BLANK_H
#define NUDGED_DISK_JOURNAL_BLANK_H

#include <stddef.h>
#include <stdint.h>

/* Blanks these entries (ascending; those that are not kept any more are passed over) and syncs them. A crash in the middle
 * may leave one half blanked, which is damage: who asks has written down what is to be blanked, and asks again. */
int journal_blank(const char *dir, const uint64_t *seqs, size_t count);

#endif
