/* find/query.c: see query.h. */
#include "find/query.h"

#include "base/error.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_in_number(char c)
{
	return is_digit(c) || c == ' ' || c == '.' || c == '-' || c == '(' || c == ')' || c == '[' || c == ']' || c == '/';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

/* A number from there on: its length in the text; 0: none. It must not be a part of a word, such as crm0001. */
static size_t number_at(struct slice text, size_t from, struct phone *out)
{
	size_t at = from, end = from;
	if (from && (is_letter(text.data[from - 1]) || is_digit(text.data[from - 1])))
		return 0;
	if (text.data[at] == '+')
		at++;
	for (; at < text.len && is_in_number(text.data[at]); at++)
		if (is_digit(text.data[at]))
			end = at + 1;
	if (end == from || (end < text.len && is_letter(text.data[end])))
		return 0;
	struct slice part = { text.data + from, end - from };
	return phone_read(out, part, PHONE_PART_DIGITS) ? part.len : 0;
}

static unsigned words_in(struct slice part)
{
	struct folded f;
	fold(part, &f);
	return f.count;
}

static struct slice trimmed(struct slice s)
{
	while (s.len && s.data[0] == ' ')
		s = (struct slice){ s.data + 1, s.len - 1 };
	while (s.len && s.data[s.len - 1] == ' ')
		s.len--;
	return s;
}

static void add_words(struct query *q, unsigned count, unsigned *next)
{
	for (unsigned i = 0; i < count && q->count < LIMIT_FIND_WORDS; i++)
		q->terms[q->count++] = (struct find_term){ .first = (*next)++, .count = 1 };
}

int query_parse(struct query *out, struct slice text)
{
	unsigned next = 0;
	size_t at = 0, from = 0;
	*out = (struct query){ .text = trimmed(text) };
	text = out->text;
	fold(text, &out->folded);
	if (!out->folded.count)
		return error_set(ERR_INVALID, "text", "text has no letters or digits: type a part of a name, an id or a phone number");
	if (out->folded.count == LIMIT_FIND_WORDS)
		return error_set(ERR_LIMIT, "text", "text has too many words: at most %u (limit_find_words)", LIMIT_FIND_WORDS - 1);
	while (at < text.len) {
		struct phone number;
		bool begins = is_digit(text.data[at]) || text.data[at] == '+' || text.data[at] == '(';
		size_t len = begins ? number_at(text, at, &number) : 0;
		if (!len) {
			at++;
			continue;
		}
		add_words(out, words_in((struct slice){ text.data + from, at - from }), &next);
		struct slice part = { text.data + at, len };
		unsigned words = words_in(part);
		if (out->count == LIMIT_FIND_WORDS)
			break;
		out->terms[out->count++] = (struct find_term){ next, words, true, number };
		next += words;
		at = from = at + len;
	}
	add_words(out, words_in((struct slice){ text.data + from, at - from }), &next);
	if (next != out->folded.count) { /* a word goes over the number's beginning: "o'1234" */
		out->count = next = 0;
		add_words(out, out->folded.count, &next);
	}
	return ERR_OK;
}

static enum find_rank word_rank(struct slice asked, const struct folded *f)
{
	enum find_rank best = FIND_NOTHING;
	for (unsigned i = 0; i < f->count && best < FIND_WORDS; i++) {
		struct slice word = folded_word(f, i);
		if (word.len >= asked.len && memcmp(word.data, asked.data, asked.len) == 0)
			best = word.len == asked.len ? FIND_WORDS : FIND_PREFIX;
	}
	return best;
}

static enum find_rank term_rank(const struct query *q, const struct find_term *t, const struct folded *f, const struct phone *number)
{
	enum phone_match phone = t->has_number && number ? phone_matches(number, &t->number) : PHONE_OTHER;
	enum find_rank words = FIND_WORDS;
	for (unsigned i = 0; i < t->count && words; i++) {
		enum find_rank rank = word_rank(folded_word(&q->folded, t->first + i), f);
		words = rank < words ? rank : words;
	}
	if (phone == PHONE_WHOLE)
		return FIND_WORDS;
	return phone == PHONE_PART && words == FIND_NOTHING ? FIND_PREFIX : words;
}

struct matching {
	enum find_rank rank[LIMIT_FIND_WORDS]; /* of each term, the best so far, … */
	uint8_t field[LIMIT_FIND_WORDS];       /* … and where it was */
	bool exact;
	uint8_t exact_field;
};

static bool is_exact(const struct query *q, const struct find_field *field, const struct folded *f, const struct phone *number)
{
	if (slice_equal(q->text, field->value) || slice_equal(folded_text(&q->folded), folded_text(f)))
		return true;
	return number && q->count == 1 && q->terms[0].has_number && phone_matches(number, &q->terms[0].number) == PHONE_WHOLE;
}

static void look_at(const struct query *q, const struct find_field *field, uint8_t at, struct matching *m)
{
	struct folded f;
	struct phone phone;
	const struct phone *number = phone_read(&phone, field->value, PHONE_DIGITS_MIN) ? &phone : NULL;
	fold(field->value, &f);
	if (!m->exact && is_exact(q, field, &f, number)) {
		m->exact = true;
		m->exact_field = at;
	}
	for (unsigned i = 0; i < q->count && !field->masked; i++) {
		enum find_rank rank = term_rank(q, &q->terms[i], &f, number);
		if (rank > m->rank[i]) {
			m->rank[i] = rank;
			m->field[i] = at;
		}
	}
}

static void show(struct found_fields *out, uint8_t field)
{
	for (unsigned i = 0; i < out->count; i++)
		if (out->at[i] == field)
			return;
	if (out->count < FIND_SHOWN)
		out->at[out->count++] = field;
}

enum find_rank query_match(const struct query *q, const struct document *d, struct found_fields *out)
{
	struct matching m = { 0 };
	enum find_rank all = FIND_WORDS;
	out->count = 0;
	for (unsigned i = 0; i < d->count; i++)
		look_at(q, &d->fields[i], (uint8_t)i, &m);
	if (m.exact) {
		show(out, m.exact_field);
		return FIND_EXACT;
	}
	for (unsigned i = 0; i < q->count; i++)
		all = m.rank[i] < all ? m.rank[i] : all;
	for (unsigned i = 0; i < q->count && all; i++)
		show(out, m.field[i]);
	return all;
}
_Static_assert(LIMIT_FIND_FIELDS <= UINT8_MAX, "a field's place fits a byte");
