/* tests/unit/test_find_index.c: the index in the store: names noted, flushed, changed, cut off in between, forgotten; and a search
 * against a walk over all customers. */
#include "base/check.h"
#include "base/error.h"
#include "base/log.h"
#include "find/index.h"
#include "find/rows.h"
#include "find/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define CUSTOMERS 3000u

static struct store *store;
static struct bytes documents[CUSTOMERS];
static char dir[] = "/tmp/nudged-find-XXXXXX";
static unsigned cut_after; /* transactions of a flush; 0: it goes through */

static int set_up(void **state)
{
	snprintf(dir, sizeof(dir), "/tmp/nudged-find-XXXXXX");
	CHECK(mkdtemp(dir) != NULL);
	log_set_level(LOG_LEVEL_ERROR);
	return store_open(&store, dir, 0, false);
}

static int tear_down(void **state)
{
	char command[128];
	store_close(store);
	for (unsigned i = 0; i < CUSTOMERS; i++)
		bytes_finish(&documents[i]);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static int write_one(void *arg, int (*make)(void *what, struct store_write *w), void *what)
{
	struct store_write *w;
	if (cut_after && --cut_after == 0)
		return ERR_IO;
	int result = store_begin(store, &w);
	if (result == ERR_OK) {
		result = make(what, w);
		if (result == ERR_OK)
			return store_commit(w);
		store_abort(w);
	}
	return result;
}

static const struct index_writer writer = { .write = write_one };

static struct subject customer(unsigned i)
{
	char id[16];
	snprintf(id, sizeof(id), "c-%u", i);
	return subject_of(SUBJECT_CUSTOMER, slice_of(id));
}

static void put_field(struct bytes *out, enum find_what what, const char *name, const char *value)
{
	bytes_put_u8(out, (uint8_t)what);
	bytes_put_string(out, slice_of(name));
	bytes_put_string(out, slice_of(value));
	bytes_put_string(out, SLICE(""));
}

static void make(unsigned i, const char *name, const char *alias)
{
	struct subject s = customer(i);
	char id[16];
	snprintf(id, sizeof(id), "%.*s", SLICE_ARG(subject_id(&s)));
	bytes_clear(&documents[i]);
	bytes_put_string(&documents[i], SLICE(""));
	put_field(&documents[i], FIND_ID, "", id);
	if (name)
		put_field(&documents[i], FIND_ATTRIBUTE, "name", name);
	if (alias)
		put_field(&documents[i], FIND_ALIAS, "", alias);
}

struct noting {
	unsigned from, to;
};

static int note_range(void *what, struct store_write *w)
{
	const struct noting *n = what;
	int result = ERR_OK;
	for (unsigned i = n->from; i < n->to && result == ERR_OK; i++) {
		struct bytes key = { 0 };
		struct subject s = customer(i);
		subject_key(&s, &key);
		result = index_note(w, bytes_slice(&key), bytes_slice(&documents[i]));
		bytes_finish(&key);
	}
	return result;
}

static void note(unsigned from, unsigned to)
{
	struct noting n = { from, to };
	assert_int_equal(write_one(NULL, note_range, &n), ERR_OK);
}

static void flush_all(void)
{
	uint64_t customers;
	do
		assert_int_equal(index_flush(store, &writer, 100000, &customers), ERR_OK);
	while (customers);
}

static int check_names(void *arg, struct slice key, struct slice value)
{
	assert_true(index_names_agree(store, key, value));
	return 0;
}

static int check_word(void *arg, struct slice key, struct slice value)
{
	assert_true(index_word_agrees(store, key));
	++*(unsigned *)arg;
	return 0;
}

/* All words are there, none is left over, nothing is waiting. */
static unsigned consistent(void)
{
	struct store_stats stats;
	unsigned words = 0;
	assert_int_equal(store_scan(store, STORE_NAMES, SLICE(""), check_names, NULL), 0);
	assert_int_equal(store_scan(store, STORE_WORDS, SLICE(""), check_word, &words), 0);
	assert_int_equal(store_stats(store, &stats), ERR_OK);
	assert_int_equal(stats.renamed, 0);
	return words;
}

static unsigned found(const char *text, struct search_run **out)
{
	struct search_run *s;
	assert_int_equal(search_create(&s, slice_of(text)), ERR_OK);
	assert_true(search_store(s, store) >= 0);
	search_rank(s, LIMIT_FOUND);
	unsigned count = s->count;
	if (out)
		*out = s;
	else
		search_destroy(s);
	return count;
}

static void names_come_change_and_go(void **state)
{
	make(1, "Nguyễn Thị Lan", "+84901234567");
	note(1, 2);
	assert_int_equal(found("lan", NULL), 1); /* noted is enough */
	flush_all();
	unsigned words = consistent();
	assert_int_equal(words, 3 + 2 + 2);
	assert_int_equal(found("nguyen lan", NULL), 1);
	assert_int_equal(found("4567", NULL), 1);
	note(1, 2); /* the same again: nothing to do */
	assert_int_equal(consistent(), words);
	make(1, "Trần Lan", NULL);
	note(1, 2);
	assert_int_equal(found("nguyen", NULL), 0);
	assert_int_equal(found("tran", NULL), 1);
	flush_all();
	assert_int_equal(consistent(), 2 + 2);
	assert_int_equal(found("4567", NULL), 0);
	bytes_clear(&documents[1]);
	note(1, 2);
	assert_int_equal(found("tran", NULL), 0);
	flush_all();
	assert_int_equal(consistent(), 0);
}

static enum find_rank naive(const struct query *q, unsigned i)
{
	struct document d;
	struct found_fields fields;
	return document_read(&d, bytes_slice(&documents[i])) ? query_match(q, &d, &fields) : FIND_NOTHING;
}

/* What a search finds is what a walk over all of them finds, best first; where there is more than it may look at it says so. */
static void compare(const char *text)
{
	struct search_run *s;
	unsigned all = 0, best = 0;
	found(text, &s);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		enum find_rank rank = naive(&s->query, i);
		all += rank > FIND_NOTHING;
		best = rank > best ? rank : best;
	}
	if (!s->more)
		assert_int_equal(s->count, all);
	else
		assert_true(s->count == LIMIT_FOUND || s->count <= all);
	if (all && s->count)
		assert_int_equal(s->hits[0].rank, best);
	assert_true(s->more || s->count == all);
	assert_true(s->count > 0 || all == 0);
	for (unsigned k = 0; k < s->count; k++) {
		unsigned i = (unsigned)atoi(s->hits[k].customer.data + 2);
		assert_int_equal(naive(&s->query, i), s->hits[k].rank);
		assert_true(k == 0 || s->hits[k].rank <= s->hits[k - 1].rank);
	}
	search_destroy(s);
}

/* Cut off after each of its transactions; changed, and changed back, in between. */
static void a_flush_that_is_cut_off_leaves_nothing_over(void **state)
{
	char name[64];
	uint64_t customers;
	for (unsigned round = 1; round < 8; round++) {
		for (unsigned i = 0; i < 600; i++) {
			snprintf(name, sizeof(name), "Ho%u Ten%u", i % 7, i * round);
			make(i, name, NULL);
		}
		note(0, 600);
		cut_after = round;
		int result = index_flush(store, &writer, 1000000, &customers);
		assert_true(cut_after == 0 ? result == ERR_IO : result == ERR_OK);
		cut_after = 0;
		for (unsigned i = 0; i < 600; i++) {
			snprintf(name, sizeof(name), "Ho%u Ten%u", i % 7, i * (round - 1));
			make(i, name, NULL);
		}
		note(0, 600); /* as it was before */
		flush_all();
		unsigned words = consistent();
		assert_int_equal(words, 600 * 4);
		compare("ho1 ten1");
		compare("ten8");
	}
}

static int forget(void *what, struct store_write *w)
{
	struct bytes key = { 0 };
	struct subject s = customer(*(unsigned *)what);
	subject_key(&s, &key);
	int result = index_forget(w, bytes_slice(&key));
	bytes_finish(&key);
	return result;
}

static int settle(void *what, struct store_write *w)
{
	struct bytes key = { 0 };
	struct subject s = customer(*(unsigned *)what);
	subject_key(&s, &key);
	int result = index_settle(w, bytes_slice(&key));
	bytes_finish(&key);
	return result;
}

static bool holds_text(enum store_table table, const char *text);
static int look_for(void *arg, struct slice key, struct slice value)
{
	const char *text = arg;
	return memmem(key.data, key.len, text, strlen(text)) || (value.len && memmem(value.data, value.len, text, strlen(text)));
}

static bool holds_text(enum store_table table, const char *text)
{
	return store_scan(store, table, SLICE(""), look_for, (void *)(uintptr_t)text) != 0;
}

static void who_is_forgotten_leaves_no_word(void **state)
{
	unsigned one = 1, two = 2;
	make(1, "Bui Mai", "+84901234567");
	make(2, "Do Hoa", NULL);
	note(1, 3);
	flush_all();
	make(1, "Bui Lien", NULL); /* noted, not flushed: both names are to go */
	note(1, 2);
	assert_int_equal(write_one(NULL, forget, &one), ERR_OK);
	for (enum store_table t = STORE_NAMES; t <= STORE_WORDS; t++) {
		assert_false(holds_text(t, "Bui") || holds_text(t, "bui") || holds_text(t, "c-1"));
		assert_false(holds_text(t, "76543210948"));
	}
	make(2, "Le Sen", NULL); /* somebody else under the same id: the old name goes at once */
	note(2, 3);
	assert_int_equal(write_one(NULL, settle, &two), ERR_OK);
	for (enum store_table t = STORE_NAMES; t <= STORE_WORDS; t++)
		assert_false(holds_text(t, "Hoa") || holds_text(t, "hoa"));
	assert_int_equal(found("sen", NULL), 1);
	assert_int_equal(consistent(), 4);
}

/* Somebody is erased between what a flush gathers and what it writes. */
static int write_late(void *arg, int (*make_rows)(void *what, struct store_write *w), void *what)
{
	bool *done = arg;
	unsigned one = 1, two = 2;
	if (!*done) {
		make(2, "Le Sen", NULL); /* changed once more, and settled */
		note(2, 3);
		assert_int_equal(write_one(NULL, forget, &one), ERR_OK);
		assert_int_equal(write_one(NULL, settle, &two), ERR_OK);
	}
	*done = true;
	return write_one(NULL, make_rows, what);
}

static void who_is_settled_in_a_flush_keeps_their_words(void **state)
{
	uint64_t customers;
	bool done = false;
	const struct index_writer late = { .write = write_late, .arg = &done };
	make(1, "Bui Mai", NULL);
	make(2, "Le Hoa", NULL);
	note(1, 3);
	assert_int_equal(index_flush(store, &late, 100000, &customers), ERR_OK);
	assert_int_equal(found("sen", NULL), 1);
	assert_int_equal(found("le", NULL), 1);
	assert_int_equal(found("hoa", NULL) + found("bui", NULL), 0);
	assert_int_equal(consistent(), 4);
}

static const char *const family[] = { "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng", "Bùi", "Đỗ", "Ngô", "Võ" };
static const char *const middle[] = { "Thị", "Văn", "Ngọc", "Minh", "Thu", "Đức" };
static const char *const given[] = { "Lan", "Lành", "Linh", "Lâm", "Hoa", "Hòa", "Hương", "An", "Ánh", "Anh", "Dũng", "Đông" };
#define ANY(list) list[(size_t)rand() % (sizeof(list) / sizeof(list[0]))]

static void a_search_agrees_with_a_walk(void **state)
{
	char text[256], phone[24];
	srand(42);
	for (unsigned i = 0; i < CUSTOMERS; i++) {
		snprintf(text, sizeof(text), "%s %s %s", ANY(family), ANY(middle), ANY(given));
		snprintf(phone, sizeof(phone), rand() % 2 ? "+8490%07d" : "090%07d", rand() % 10000000);
		make(i, rand() % 10 ? text : NULL, rand() % 3 ? phone : NULL);
	}
	note(0, 2000);
	flush_all();
	note(2000, CUSTOMERS); /* these are noted only */
	for (unsigned n = 0; n < 1500; n++) {
		int size = snprintf(text, sizeof(text), "%s", rand() % 2 ? ANY(given) : ANY(family));
		if (rand() % 2)
			size += snprintf(text + size, sizeof(text) - (size_t)size, " %s", rand() % 2 ? ANY(middle) : ANY(given));
		if (rand() % 4 == 0)
			size += snprintf(text + size, sizeof(text) - (size_t)size, " %04d", rand() % 10000);
		if (rand() % 5 == 0)
			snprintf(text, sizeof(text), rand() % 2 ? "+8490%03d" : "%05d", rand() % 1000);
		else if (rand() % 5 == 0)
			snprintf(text, sizeof(text), "c-%d", rand() % 4000);
		compare(text);
	}
	flush_all();
	(void)consistent();
}

static void a_query_is_bounded(void **state)
{
	struct search_run *s;
	for (unsigned i = 0; i < CUSTOMERS; i++)
		make(i, i == 2999 ? "Nguyen Quy" : "Nguyen Lan", NULL);
	note(0, CUSTOMERS);
	flush_all();
	assert_int_equal(found("nguyen", &s), LIMIT_FOUND);
	assert_true(s->more && s->customers <= LIMIT_FIND_CUSTOMERS);
	search_destroy(s);
	assert_int_equal(found("quy nguyen", &s), 1); /* however many are called Nguyen */
	assert_true(!s->more && s->customers < 10);
	search_destroy(s);
	assert_int_equal(found("ngu qu", &s), 1);
	assert_true(!s->more && s->customers < 10);
	search_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_come_change_and_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flush_that_is_cut_off_leaves_nothing_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_forgotten_leaves_no_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_is_settled_in_a_flush_keeps_their_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_search_agrees_with_a_walk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_query_is_bounded, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
