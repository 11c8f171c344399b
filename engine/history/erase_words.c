/* history/erase_words.c: see erase.h: reports count what customers said in their own words (why they refused, why they left).
 * The sums stay, the words go: each amount is taken from the cell of the words and counted in one without them. */
#include "history/erase_parts.h"

#include "state/ledgers.h"

#include <string.h>

/* The dimension of a ledger that holds words; LEDGER_DIMS: none does. */
static unsigned words_dim(struct slice id, enum ledger_id *ledger)
{
	int32_t day;
	if (!ledger_of_subject(id, ledger, &day) || (*ledger != LEDGER_REASONS && *ledger != LEDGER_CHURN))
		return LEDGER_DIMS;
	for (unsigned i = 0; i < LEDGER_DIMS && ledgers[*ledger].dims[i]; i++)
		if (strcmp(ledgers[*ledger].dims[i], "reason") == 0)
			return i;
	return LEDGER_DIMS;
}

static bool has_words(struct slice key, unsigned dim)
{
	struct slice dims[LEDGER_DIMS];
	ledger_key_parse(key, dims, LEDGER_DIMS);
	return dims[dim].len && !slice_equal(dims[dim], SLICE(ERASED_TEXT));
}

/* As decide/counting.c spells keys: what is empty at the end is left out. */
struct slice words_key_without(struct slice ledger_id, struct slice key, char out[LIMIT_KEY_BYTES])
{
	struct slice dims[LEDGER_DIMS], erased = SLICE(ERASED_TEXT);
	enum ledger_id ledger;
	unsigned dim = words_dim(ledger_id, &ledger);
	size_t len = 0, used = 0;
	if (dim == LEDGER_DIMS || !has_words(key, dim))
		return key;
	ledger_key_parse(key, dims, LEDGER_DIMS);
	size_t spare = LIMIT_KEY_BYTES - (key.len - dims[dim].len);
	dims[dim] = (struct slice){ erased.data, erased.len < spare ? erased.len : spare };
	for (unsigned i = 0; i < LEDGER_DIMS; i++) {
		if (i && len < LIMIT_KEY_BYTES)
			out[len++] = LEDGER_BETWEEN;
		memcpy(out + len, dims[i].data, dims[i].len);
		len += dims[i].len;
		used = dims[i].len ? len : used;
	}
	return (struct slice){ out, used };
}

static struct erase_words *words_of(struct erase_plan *p, struct slice ledger, struct slice key, uint8_t measure)
{
	for (size_t i = 0; i < p->word_count; i++) {
		struct erase_words *w = &p->words[i];
		if (w->sum.measure == measure && slice_equal(w->ledger, ledger) && slice_equal(w->key, key))
			return w;
	}
	GROW(p->words, p->word_count);
	p->words[p->word_count] = (struct erase_words){ .ledger = { must_strndup(ledger.data, ledger.len), ledger.len },
							.key = { must_strndup(key.data, key.len), key.len },
							.sum.measure = measure };
	return &p->words[p->word_count++];
}

static void each_sum(struct erase_plan *p, const struct entry *e, bool taken)
{
	struct reader r = reader_of(e->effect.body);
	while (!r.bad && reader_left(&r)) {
		struct slice key = reader_string(&r);
		for (unsigned n = reader_u8(&r); n-- > 0 && !r.bad;) {
			uint8_t measure = reader_u8(&r);
			int64_t amount = reader_zigzag(&r);
			struct erase_words *w = words_of(p, subject_id(&e->subject), key, measure);
			w->left = ledger_plus(w->left, amount);
			if (!taken)
				w->sum.amount = ledger_plus(w->sum.amount, amount);
		}
	}
}

static bool any_words(const struct entry *e, unsigned dim)
{
	struct reader r = reader_of(e->effect.body);
	while (!r.bad && reader_left(&r)) {
		if (has_words(reader_string(&r), dim))
			return true;
		for (unsigned n = reader_u8(&r); n-- > 0 && !r.bad;) {
			(void)reader_u8(&r);
			(void)reader_zigzag(&r);
		}
	}
	return false;
}

bool words_counted(struct erase_plan *p, const struct entry *e)
{
	enum ledger_id ledger;
	unsigned dim = e->subject.kind == SUBJECT_LEDGER ? words_dim(subject_id(&e->subject), &ledger) : LEDGER_DIMS;
	if (dim == LEDGER_DIMS || !any_words(e, dim))
		return false;
	each_sum(p, e, false);
	return true;
}

void words_taken(struct erase_plan *p, const struct entry *e)
{
	each_sum(p, e, true);
}

bool words_left(const struct erase_plan *p)
{
	for (size_t i = 0; i < p->word_count; i++)
		if (p->words[i].left)
			return true;
	return false;
}

static void put(struct bytes *out, struct slice key, uint8_t measure, int64_t amount)
{
	bytes_put_string(out, key);
	bytes_put_u8(out, 1);
	bytes_put_u8(out, measure);
	bytes_put_zigzag(out, amount);
}

void erase_plan_words(const struct erase_plan *p, const struct subject *ledger, struct bytes *less, struct bytes *more)
{
	char without[LIMIT_KEY_BYTES];
	bytes_clear(less);
	bytes_clear(more);
	for (size_t i = 0; i < p->word_count; i++) {
		const struct erase_words *w = &p->words[i];
		if (!w->left || !slice_equal(w->ledger, subject_id(ledger)))
			continue;
		put(less, w->key, w->sum.measure, -w->left);
		put(more, words_key_without(w->ledger, w->key, without), w->sum.measure, w->left);
	}
}
