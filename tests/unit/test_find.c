/* tests/unit/test_find.c: what is typed and what is stored meet: letters, phone numbers, words in any order, ranks, masks. */
#include "base/error.h"
#include "find/document.h"
#include "find/query.h"
#include "find/rows.h"
#include "state/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct strpool *pool;
static struct record *r;
static struct search by;
static struct bytes document;

static int setup(void **state)
{
	struct subject s = subject_of(SUBJECT_CUSTOMER, SLICE("c-000123"));
	pool = strpool_create();
	r = record_create(&s);
	by = (struct search){ .names = { SLICE("name"), SLICE("company") }, .count = 2 };
	return 0;
}

static int teardown(void **state)
{
	record_destroy(r, pool);
	strpool_destroy(pool);
	bytes_finish(&document);
	return 0;
}

static const char *folded(const char *text)
{
	static struct folded f;
	static char out[FOLDED_BYTES + 1];
	fold(slice_of(text), &f);
	memcpy(out, f.text, f.len);
	out[f.len] = '\0';
	return out;
}

static void letters_lose_case_and_marks(void **state)
{
	static const char *const both[][2] = {
		{ "Nguyễn Thị Lan", "nguyen thi lan" },
		{ "NGUYỄN  THỊ\tLAN", "nguyen thi lan" },
		{ "Nguye\xcc\x82\xcc\x83n", "nguyen" }, /* decomposed */
		{ "Đặng Văn Đông", "dang van dong" },
		{ "Ơ Ư ơ ư", "o u o u" },
		{ "Łódź Straße Ærø Þór ıI", "lodz strasse aero thor ii" },
		{ "O'Brien O\xe2\x80\x99" "Brien d'Arc", "obrien obrien darc" },
		{ "a-b_c.d@e", "a b c d e" },
		{ "ＡＢＣ１２３", "abc123" },
		{ "Ελλάδα МОСКВА", "ελλαδα москва" },
		{ "株式会社", "株式会社" },
		{ "\xff\xfe x \xc3", "x" },
		{ "", "" },
		{ "…—!?", "" },
	};
	for (unsigned i = 0; i < sizeof(both) / sizeof(both[0]); i++)
		assert_string_equal(folded(both[i][0]), both[i][1]);
}

static void folding_is_bounded(void **state)
{
	struct folded f;
	char text[4096];
	memset(text, 'x', sizeof(text));
	fold((struct slice){ text, sizeof(text) }, &f);
	assert_int_equal(f.count, 1);
	assert_int_equal(f.len, FOLDED_WORD_BYTES);
	for (unsigned i = 1; i < sizeof(text); i += 2)
		text[i] = ' ';
	fold((struct slice){ text, sizeof(text) }, &f);
	assert_int_equal(f.count, LIMIT_FIND_WORDS);
	for (unsigned i = 0; i + 3 <= sizeof(text); i += 3)
		memcpy(text + i, "\xef\xb7\xba", 3); /* one character that folds to 18 */
	fold((struct slice){ text, sizeof(text) - 1 }, &f);
	assert_true(f.len <= FOLDED_BYTES);
}

/* Whatever is folded once stays so: a typed word and a stored one meet. */
static void folding_twice_changes_nothing(void **state)
{
	srand(7);
	for (unsigned n = 0; n < 20000; n++) {
		char text[64];
		size_t len = (size_t)rand() % 40;
		for (size_t i = 0; i < len; i++)
			text[i] = (char)(rand() % 3 ? 0xc0 + rand() % 0x30 : rand() % 2 ? 0x80 + rand() % 0x40 : rand() % 256);
		struct folded once, twice;
		fold((struct slice){ text, len }, &once);
		fold(folded_text(&once), &twice);
		if (!slice_equal(folded_text(&once), folded_text(&twice)))
			fail_msg("%.*s folds to %.*s, that to %.*s", (int)len, text, SLICE_ARG(folded_text(&once)),
				 SLICE_ARG(folded_text(&twice)));
	}
}

static enum phone_match phones(const char *stored, const char *asked)
{
	struct phone s, a;
	assert_true(phone_read(&s, slice_of(stored), PHONE_DIGITS_MIN));
	assert_true(phone_read(&a, slice_of(asked), PHONE_PART_DIGITS));
	return phone_matches(&s, &a);
}

static void phone_numbers_meet_however_they_are_written(void **state)
{
	static const char *const same[] = { "+84901234567", "0901234567", "+84 901 234 567", "0084901234567", "(090) 123-45.67",
					    "901234567" };
	for (unsigned i = 0; i < 6; i++)
		for (unsigned k = 0; k < 6; k++)
			assert_int_equal(phones(same[i], same[k]), PHONE_WHOLE);
	assert_int_equal(phones("+84901234567", "84901234567"), PHONE_WHOLE);
	assert_int_equal(phones("+84901234567", "4567"), PHONE_PART);
	assert_int_equal(phones("0901234567", "34567"), PHONE_PART);
	assert_int_equal(phones("+84901234567", "0901"), PHONE_PART);
	assert_int_equal(phones("+84901234567", "+8490"), PHONE_PART);
	assert_int_equal(phones("+84901234567", "84901"), PHONE_PART);
	assert_int_equal(phones("+84901234567", "+85901234567"), PHONE_OTHER);
	assert_int_equal(phones("+84901234567", "2345"), PHONE_OTHER);
	assert_int_equal(phones("+12125550123", "2125550123"), PHONE_WHOLE);
	assert_int_equal(phones("+12125550123", "+1 (212) 555"), PHONE_PART);
	assert_int_equal(phones("+35312345678", "012345678"), PHONE_WHOLE);
	struct phone p;
	assert_false(phone_read(&p, SLICE("12x45678"), 4));
	assert_false(phone_read(&p, SLICE("1234567890123456"), 4));
	assert_false(phone_read(&p, SLICE("123"), 4));
	assert_true(phone_read(&p, SLICE("00123456789012345"), 4)); /* 15 digits behind 00 */
}

static void set(uint8_t member, const char *name, const char *value)
{
	assert_int_equal(record_set(r, pool, member, slice_of(name), value_string(slice_of(value)), 1), ERR_OK);
}

static enum find_rank match_as(const char *text, struct document *d, struct found_fields *fields)
{
	struct query q;
	bytes_clear(&document);
	document_make(&document, r, &by);
	assert_true(document_read(d, bytes_slice(&document)));
	assert_int_equal(query_parse(&q, slice_of(text)), ERR_OK);
	return query_match(&q, d, fields);
}

static enum find_rank match(const char *text)
{
	struct document d;
	struct found_fields fields;
	return match_as(text, &d, &fields);
}

static void a_customer_is_found_by_parts_in_any_order(void **state)
{
	set(0, "name", "Nguyễn Thị Lan");
	set(0, "company", "Vinamilk");
	assert_int_equal(links_add(r, pool, SLICE("+84901234567"), SLICE(""), 1), ERR_OK);
	assert_int_equal(match("nguyen lan"), FIND_WORDS);
	assert_int_equal(match("LAN nguyễn"), FIND_WORDS);
	assert_int_equal(match("nguyen thi lan"), FIND_EXACT);
	assert_int_equal(match("ngu la"), FIND_PREFIX);
	assert_int_equal(match("lan ngu"), FIND_PREFIX);
	assert_int_equal(match("lan vinamilk"), FIND_WORDS);
	assert_int_equal(match("lan 4567"), FIND_PREFIX);
	assert_int_equal(match("lan 0901 234 567"), FIND_WORDS);
	assert_int_equal(match("0901 234 567"), FIND_EXACT);
	assert_int_equal(match("c-000123"), FIND_EXACT);
	assert_int_equal(match("C-000123"), FIND_EXACT);
	assert_int_equal(match("000123"), FIND_WORDS);
	assert_int_equal(match("anh"), FIND_NOTHING);
	assert_int_equal(match("lan lam"), FIND_NOTHING);
	assert_int_equal(match("an"), FIND_NOTHING);
	assert_int_equal(match("lan 9999"), FIND_NOTHING);
}

static void members_and_links_count_while_they_are(void **state)
{
	struct document d;
	struct found_fields fields;
	int member = record_member(r, pool, SLICE("daughter"), true, 1);
	set((uint8_t)member, "name", "Bùi Mai");
	assert_int_equal(record_member(r, pool, SLICE("+84901111222"), true, 1), 2);
	assert_int_equal(links_add(r, pool, SLICE("mai@example.com"), SLICE("daughter"), 1), ERR_OK);
	assert_int_equal(match_as("bui mai", &d, &fields), FIND_EXACT);
	assert_true(slice_equal(d.fields[fields.at[0]].member, SLICE("daughter")));
	assert_true(slice_equal(document_label(&d, SLICE("c-000123")), SLICE("c-000123"))); /* a member's name is not theirs */
	assert_int_equal(match("daughter"), FIND_NOTHING);
	assert_int_equal(match("901111222"), FIND_EXACT);
	assert_int_equal(match("mai@example.com"), FIND_EXACT);
	assert_int_equal(match("mai@ex"), FIND_PREFIX);
	record_member_left(r, (uint8_t)member, 5);
	links_end(r, SLICE("mai@example.com"), 5);
	assert_int_equal(match("mai"), FIND_NOTHING);
}

static void masked_values_are_found_whole_alone(void **state)
{
	struct document d;
	struct found_fields fields;
	set(0, "name", "Nguyễn Thị Lan");
	by.masked[0] = true;
	assert_int_equal(match("nguyen"), FIND_NOTHING);
	assert_int_equal(match("lan nguyen thi"), FIND_NOTHING);
	assert_int_equal(match_as("nguyen thi lan", &d, &fields), FIND_EXACT);
	assert_true(d.fields[fields.at[0]].masked);
	assert_true(slice_equal(document_label(&d, SLICE("c-000123")), SLICE("c-000123")));
}

static void a_merged_customer_is_an_id_and_where_it_leads(void **state)
{
	struct document d;
	struct found_fields fields;
	set(0, "name", "Lan");
	record_redirect(r, pool, SLICE("c-9"));
	assert_int_equal(match_as("c-000123", &d, &fields), FIND_EXACT);
	assert_true(slice_equal(d.redirect, SLICE("c-9")));
	assert_int_equal(match("lan"), FIND_NOTHING);
	record_empty(r, pool);
	bytes_clear(&document);
	document_make(&document, r, &by);
	assert_int_equal(document.len, 0);
}

static void what_changes_the_words_is_noticed(void **state)
{
	struct bytes bytes = { 0 };
	struct record *again;
	assert_true(r->renamed); /* new */
	r->renamed = false;
	set(0, "name", "Lan");
	assert_true(r->renamed);
	r->renamed = false;
	set(0, "name", "Lan");
	assert_false(r->renamed); /* the same, later */
	set(0, "name", "Lam");
	assert_true(r->renamed);
	record_encode(r, &bytes);
	assert_int_equal(record_decode(&again, pool, bytes_slice(&bytes)), ERR_OK);
	assert_false(again->renamed);
	int64_t newest_ms = -1;
	r->newest_ms = 1234567890123;
	bytes_clear(&bytes);
	record_encode(r, &bytes);
	assert_true(record_peek_newest(bytes_slice(&bytes), &newest_ms));
	assert_int_equal(newest_ms, 1234567890123);
	record_destroy(again, pool);
	bytes_finish(&bytes);
	r->renamed = false;
	assert_int_equal(links_add(r, pool, SLICE("+84901234567"), SLICE(""), 1), ERR_OK);
	assert_true(r->renamed);
	r->renamed = false;
	links_end(r, SLICE("+84901234567"), 9);
	assert_true(r->renamed);
}

static void what_is_typed_has_bounds(void **state)
{
	struct query q;
	char text[LIMIT_FIND_TEXT_BYTES + 1];
	assert_int_equal(query_parse(&q, SLICE("  ")), ERR_INVALID);
	assert_int_equal(query_parse(&q, SLICE("--- !!")), ERR_INVALID);
	assert_string_equal(error_last()->field, "text");
	assert_int_equal(query_parse(&q, SLICE("a b c d e f g h i j k l m n o p q r s")), ERR_LIMIT);
	assert_int_equal(query_parse(&q, SLICE("o'1234 5678'x")), ERR_OK);
	srand(11);
	for (unsigned n = 0; n < 50000; n++) { /* whatever it is, it ends, and its terms lie within its words */
		static const char letters[] = "0123456789 +-().'aZ\xc3\xa9\xe2\x80\x99/[]0000";
		size_t len = (size_t)rand() % LIMIT_FIND_TEXT_BYTES;
		for (size_t i = 0; i < len; i++)
			text[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
		if (query_parse(&q, (struct slice){ text, len }) != ERR_OK)
			continue;
		unsigned words = 0;
		assert_in_range(q.count, 1, LIMIT_FIND_WORDS);
		for (unsigned i = 0; i < q.count; i++) {
			assert_int_equal(q.terms[i].first, words);
			words += q.terms[i].count;
		}
		assert_int_equal(words, q.folded.count);
	}
}

static void rows_stand_in_order_each_once(void **state)
{
	struct word_rows rows = { 0 };
	set(0, "name", "Lan Lan");
	set(0, "company", "0901 234 567");
	bytes_clear(&document);
	document_make(&document, r, &by);
	word_rows_make(&rows, bytes_slice(&document), SLICE("c-000123"));
	static const char *const want[] = { "n901234567", "r7654321090", "w000123 c", "w0901 234 567", "w234 567 0901",
					    "w567 0901 234", "wc 000123", "wlan lan" };
	assert_int_equal(rows.count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < rows.count; i++) {
		struct slice text, customer;
		char kind;
		assert_true(row_read(word_rows_key(&rows, i), &kind, &text, &customer));
		assert_true(kind == want[i][0] && slice_equal(text, slice_of(want[i] + 1)));
		assert_true(slice_equal(customer, SLICE("c-000123")));
	}
	word_rows_finish(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_lose_case_and_marks),
		cmocka_unit_test(folding_is_bounded),
		cmocka_unit_test(folding_twice_changes_nothing),
		cmocka_unit_test(phone_numbers_meet_however_they_are_written),
		cmocka_unit_test_setup_teardown(a_customer_is_found_by_parts_in_any_order, setup, teardown),
		cmocka_unit_test_setup_teardown(members_and_links_count_while_they_are, setup, teardown),
		cmocka_unit_test_setup_teardown(masked_values_are_found_whole_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_merged_customer_is_an_id_and_where_it_leads, setup, teardown),
		cmocka_unit_test_setup_teardown(what_changes_the_words_is_noticed, setup, teardown),
		cmocka_unit_test(what_is_typed_has_bounds),
		cmocka_unit_test_setup_teardown(rows_stand_in_order_each_once, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
