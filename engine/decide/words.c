/* decide/words.c: words filled in: an alert's text, what the agent may say, a quick answer. */
#include "decide/offer.h"
#include "decide/sharing.h"
#include "decide/text.h"

/* Back to a character's beginning (UTF-8 continuation bytes are 10xxxxxx). */
static size_t cut(const char *text, size_t len, size_t most)
{
	if (len <= most)
		return len;
	len = most;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* About another member than the one who asks: what is shared with them is that member's, all else the customer's. */
static struct value shared_value(struct eval *e, const struct words_part *part)
{
	uint8_t other = e->member;
	struct slice of_member = words_of_member(part), name = of_member.data ? of_member : str_slice(part->name);
	bool shared = may_see(e, other, name), by_id = of_member.data ? !shared : slice_equal(name, SLICE("member"));
	if (by_id && may_see(e, other, SLICE("member")))
		return value_string(record_member_id(e->customer, other));
	e->member = shared ? other : 0;
	struct value v = eval_term(e, part->term);
	e->member = other;
	return v;
}

struct slice words_fill(struct eval *e, const struct words *w, struct slice language, bool *unknown)
{
	struct bytes *b = &e->text;
	if (w->count == 1 && !w->parts[0].term) /* nothing to fill in: lent by the pack */
		return w->parts[0].text;
	bytes_clear(b);
	for (unsigned i = 0; i < w->count && b->len < LIMIT_WORDS_BYTES; i++) {
		const struct words_part *part = &w->parts[i];
		if (!part->term) {
			bytes_put(b, part->text.data, part->text.len);
			continue;
		}
		const struct value *agreed = e->offer ? offer_term(e->offer, part->name) : NULL;
		struct value v = agreed ? *agreed : e->sharing ? shared_value(e, part) : eval_term(e, part->term);
		if (v.kind == VALUE_UNKNOWN && unknown)
			*unknown = true;
		format_value(e->m->pack, language, part, v, e->now_ms, b);
	}
	return arena_slice(&e->m->arena, (struct slice){ b->data, cut(b->data, b->len, LIMIT_WORDS_BYTES) });
}

struct slice phrase_fill(struct eval *e, const struct phrase *p, unsigned language, bool *unknown)
{
	const struct pack *pack = e->m->pack;
	if (!p->by_language || pack->language_count == 0)
		return SLICE("");
	if (language >= pack->language_count || p->by_language[language].count == 0)
		for (language = 0; language < pack->language_count && p->by_language[language].count == 0;)
			language++;
	if (language >= pack->language_count)
		return SLICE("");
	return words_fill(e, &p->by_language[language], str_slice(pack->languages[language]), unknown);
}
