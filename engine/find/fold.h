/* find/fold.h: text as it is searched: without case and diacritics, words apart. "Nguyễn Thị Lan" is "nguyen thi lan".
 *
 * Letters are folded by Unicode's own tables (compatibility decomposition, case folding, marks stripped); some letters that
 * have no decomposition become those that people type for them: đ d, ø o, ł l, æ ae, ß ss. Words are runs of letters and
 * digits; apostrophes are left out ("O'Brien" is one word), everything else lies between words. */
#ifndef NUDGED_FIND_FOLD_H
#define NUDGED_FIND_FOLD_H

#include "base/limits.h"
#include "base/slice.h"

#include <stdint.h>

#define FOLDED_BYTES 256u
#define FOLDED_WORD_BYTES 64u

struct folded {
	char text[FOLDED_BYTES]; /* words, a space between two */
	uint16_t len, count;
	struct {
		uint16_t at, len;
	} words[LIMIT_FIND_WORDS];
};

/* What is beyond a bound is cut off: LIMIT_FIND_WORDS words, FOLDED_WORD_BYTES of each. Bytes that are not UTF-8 lie between
 * words. */
void fold(struct slice text, struct folded *out);
static inline struct slice folded_word(const struct folded *f, unsigned i)
{
	return (struct slice){ f->text + f->words[i].at, f->words[i].len };
}
static inline struct slice folded_text(const struct folded *f)
{
	return (struct slice){ f->text, f->len };
}
/* Changes when the same text folds to something else: with this file's rules, or the tables' version of Unicode. */
uint64_t fold_version(void);

#endif
