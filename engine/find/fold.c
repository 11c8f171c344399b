/* find/fold.c: see fold.h. The one place that knows utf8proc. */
#include "find/fold.h"

#include "base/hash.h"
#include "base/printable.h"

#include <utf8proc.h>

#define RULES_VERSION 1u
#define DECOMPOSED_MAX 32 /* U+FDFA becomes 18 */

static const struct {
	uint32_t rune;
	const char *as;
} plain[] = { /* without a decomposition; after case folding */
	{ 0x00df, "ss" }, { 0x00e6, "ae" }, { 0x00f0, "d" }, { 0x00f8, "o" }, { 0x00fe, "th" }, { 0x0111, "d" }, { 0x0127, "h" },
	{ 0x0131, "i" }, { 0x0142, "l" }, { 0x0153, "oe" }, { 0x0167, "t" },
};

struct folding {
	struct folded *out;
	bool in_word, full;
};

static void put(struct folding *f, const char *bytes, size_t len)
{
	struct folded *o = f->out;
	if (f->full)
		return;
	if (!f->in_word) {
		if (o->count == LIMIT_FIND_WORDS || o->len + len + 1 > FOLDED_BYTES) {
			f->full = true;
			return;
		}
		if (o->count)
			o->text[o->len++] = ' ';
		o->words[o->count].at = o->len;
		o->words[o->count++].len = 0;
		f->in_word = true;
	}
	if (o->words[o->count - 1].len + len > FOLDED_WORD_BYTES || o->len + len > FOLDED_BYTES)
		return; /* the word's end is cut off */
	memcpy(o->text + o->len, bytes, len);
	o->len = (uint16_t)(o->len + len);
	o->words[o->count - 1].len = (uint16_t)(o->words[o->count - 1].len + len);
}

static void put_ascii(struct folding *f, char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c + ('a' - 'A'));
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		put(f, &c, 1);
	else if (c != '\'')
		f->in_word = false;
}

static bool is_apostrophe(uint32_t rune)
{
	return rune == 0x2019 || rune == 0x2018 || rune == 0x02bc;
}

static void put_rune(struct folding *f, uint32_t rune)
{
	char bytes[4];
	if (rune < 0x80)
		put_ascii(f, (char)rune);
	if (rune < 0x80 || is_apostrophe(rune))
		return;
	for (unsigned i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (plain[i].rune == rune) {
			put(f, plain[i].as, strlen(plain[i].as));
			return;
		}
	}
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)rune);
	if ((category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
	    (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO))
		put(f, bytes, (size_t)utf8proc_encode_char((utf8proc_int32_t)rune, (utf8proc_uint8_t *)bytes));
	else
		f->in_word = false;
}

static void put_beyond_ascii(struct folding *f, uint32_t rune)
{
	const utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
					  UTF8PROC_STRIPMARK | UTF8PROC_IGNORE;
	utf8proc_int32_t runes[DECOMPOSED_MAX];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)rune, runes, DECOMPOSED_MAX, options, &boundary);
	if (n < 0 || n > DECOMPOSED_MAX)
		f->in_word = false;
	for (utf8proc_ssize_t i = 0; i < n && n <= DECOMPOSED_MAX; i++)
		put_rune(f, (uint32_t)runes[i]);
}

void fold(struct slice text, struct folded *out)
{
	const unsigned char *p = (const unsigned char *)text.data;
	struct folding f = { .out = out };
	out->len = out->count = 0;
	for (size_t i = 0; i < text.len && !f.full;) {
		uint32_t rune = p[i];
		size_t len = rune < 0x80 ? 1 : rune_read(p + i, text.len - i, &rune);
		if (rune < 0x80)
			put_ascii(&f, (char)rune);
		else if (len)
			put_beyond_ascii(&f, rune);
		else
			f.in_word = false;
		i += len ? len : 1;
	}
}

uint64_t fold_version(void)
{
	return hash64(slice_of(utf8proc_unicode_version()), RULES_VERSION);
}
