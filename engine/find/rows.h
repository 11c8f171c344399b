/* find/rows.h: the keys under which a customer lies in the index of words, made from a document. The words of a value are
 * turned round, so that each comes first once and the others follow it:
 *
 *     w "lan nguyen thi" 0 CUSTOMER     word by word; what is typed is the beginning of one of these, or of each of its words
 *     n "901234567" 0 CUSTOMER          a phone number's national part
 *     r "76543210948" 0 CUSTOMER        all its digits backwards, for those who know how it ends
 *     m "nguyen thi lan" 0 CUSTOMER     a masked value, to be found by the whole of it alone
 *
 * So those who match stand together, exact ones first (0 sorts before the space), and cost grows with what is found. */
#ifndef NUDGED_FIND_ROWS_H
#define NUDGED_FIND_ROWS_H

#include "base/bytes.h"

#include <stdint.h>

#define ROW_WORDS 'w'
#define ROW_NATIONAL 'n'
#define ROW_BACKWARDS 'r'
#define ROW_MASKED 'm'
#define ROW_TEXT_BYTES 96u /* of the words; what follows is cut off */

struct word_rows { /* sorted, each once */
	struct bytes text;
	struct row {
		uint32_t at, len;
	} *items;
	size_t count, cap;
};

void word_rows_make(struct word_rows *out, struct slice document, struct slice customer); /* `out` is emptied first */
void word_rows_finish(struct word_rows *r);
static inline struct slice word_rows_key(const struct word_rows *r, size_t i)
{
	return (struct slice){ r->text.data + r->items[i].at, r->items[i].len };
}
/* The customer of a key, and the text before it. False: it is none. */
bool row_read(struct slice key, char *kind, struct slice *text, struct slice *customer);

#endif
