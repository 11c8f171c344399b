/* decide/text.h: values as words: for keys, for people, for explanations. Deterministic: no locale, no clock. */
#ifndef NUDGED_DECIDE_TEXT_H
#define NUDGED_DECIDE_TEXT_H

#include "decide/eval.h"

/* As part of a series' key: one spelling for one value. Unknown is empty. Lends the string or the buffer. */
struct slice value_key_text(struct value v, char buffer[32]);
/* In an explanation: strings quoted, unknown named. */
void value_explain(struct value v, struct bytes *out);

/* learn.c: values as people read them, "gold / 5 years": a fact's (its index in `facts`; -1: none), else the customer's
 * attribute of that name. Empty where no names are given. */
struct slice segment_text(struct eval *e, struct str *const *names, const int *facts, unsigned count,
			  char buffer[LIMIT_KEY_BYTES]);

/* words.c: words filled in, at most LIMIT_WORDS_BYTES, cut between characters. An unknown part becomes "?" and sets
 * *unknown. */
struct slice words_fill(struct eval *e, const struct words *w, struct slice language, bool *unknown);
/* In this language, else in the pack's first, else in any that there is. Empty where there is none. */
struct slice phrase_fill(struct eval *e, const struct phrase *p, unsigned language, bool *unknown);

/* format.c: one value in one format */
void format_value(const struct pack *pack, struct slice language, const struct words_part *part, struct value v,
		  int64_t now_ms, struct bytes *out);

#endif
