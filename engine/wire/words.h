/* wire/words.h: how a pack spells things for people, as it is answered. Everything is lent. */
#ifndef NUDGED_WIRE_WORDS_H
#define NUDGED_WIRE_WORDS_H

#include "wire/response.h"

struct wire_wording {
	struct slice language, text;
};
struct wire_spelling {
	struct slice name, value; /* value empty: a band from low to high, infinite where it has no such end */
	double low, high;
	const struct wire_wording *wordings;
	size_t wording_count;
};
struct wire_attribute_kind {
	struct slice name, kind;
};
struct wire_words {
	struct slice pack, hash, zone, currency;
	const struct slice *languages, *topics;
	size_t language_count, topic_count;
	const struct wire_spelling *spellings;
	size_t spelling_count;
	const struct wire_attribute_kind *attributes;
	size_t attribute_count;
};

void response_words(struct bytes *out, uint64_t request_id, const struct wire_words *w);

#endif
