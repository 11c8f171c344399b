/* The journal read ahead: all entries, in order, decoded; where one does not decode, those before it and then the error;
 * closing in the middle. */
#include "journal_kit.h"

#include "history/read_ahead.h"
#include "wire/request.h"

#define MANY 1500u /* more pages than there are */

static struct slice event_of(uint64_t n, struct bytes *out, char id[24])
{
	snprintf(id, 24, "e%llu", (unsigned long long)n);
	struct event e = { .id = slice_of(id), .source = SLICE("pbx"), .customer = SLICE("c-1"), .type = SLICE("call.ended"),
			   .time_ms = n % 2 ? (int64_t)n : 0 };
	event_encode(&e, out);
	return bytes_slice(out);
}

static void append_entry(struct journal *j, uint64_t n, const struct entry *entry)
{
	struct bytes body = { 0 };
	entry_body_encode(entry, &body);
	struct journal_entry je = { .received_at_ms = (int64_t)n + 1000, .kind = entry->kind, .body = bytes_slice(&body) };
	while (journal_reserve(j, 1, body.len) == ERR_BUSY)
		usleep(100);
	journal_append(j, &je, NULL, NULL);
	assert_int_equal(je.seq, n);
	bytes_finish(&body);
}

static void append_event(struct journal *j, uint64_t n)
{
	char id[24];
	struct bytes raw = { 0 };
	struct entry entry = { .kind = ENTRY_EVENT, .subject = subject_of(SUBJECT_CUSTOMER, SLICE("resolved")) };
	entry.event.raw = event_of(n, &raw, id);
	if (n % 3 == 0)
		entry.event.member = SLICE("daughter");
	append_entry(j, n, &entry);
	bytes_finish(&raw);
}

static void append_boot(struct journal *j, uint64_t n)
{
	struct entry entry = { .kind = ENTRY_BOOT, .boot = { .boot_id = n } };
	append_entry(j, n, &entry);
}

static struct journal *filled(struct place *p, uint64_t count)
{
	struct journal_found found;
	struct journal *j = open_ok(p->dir, &found);
	append_boot(j, 1);
	for (uint64_t n = 2; n <= count; n++)
		append_event(j, n);
	journal_kick(j);
	journal_wait(j, count);
	return j;
}

static void expect_item(const struct ahead_item *item, uint64_t n)
{
	char id[24];
	assert_int_equal(item->je.seq, n);
	if (n == 1) {
		assert_int_equal(item->entry.boot.boot_id, 1);
		assert_int_equal(item->hash, 0);
		return;
	}
	snprintf(id, sizeof(id), "e%llu", (unsigned long long)n);
	assert_true(slice_equal(item->event.id, slice_of(id)));
	assert_true(slice_equal(item->event.customer, SLICE("resolved"))); /* and not as it was sent */
	assert_true(slice_equal(item->event.member, n % 3 ? SLICE("") : SLICE("daughter")));
	assert_int_equal(item->untimed, n % 2 == 0);
	assert_int_equal(item->event.time_ms, n % 2 ? n : n + 1000);
	assert_int_equal(item->hash, subject_hash(&item->entry.subject));
}

/* Reads to the end; the next sequence, and *end: what came then. */
static uint64_t read_all(struct journal *j, uint64_t from, int *end)
{
	struct read_ahead *r;
	struct ahead_item *items;
	unsigned count;
	uint64_t n = from;
	assert_int_equal(read_ahead_open(&r, j, from, 0), ERR_OK);
	while ((*end = read_ahead_next(r, &items, &count)) == 1)
		for (unsigned i = 0; i < count; i++)
			expect_item(&items[i], n++);
	assert_int_equal(read_ahead_next(r, &items, &count), *end); /* the end stays the end */
	read_ahead_close(r);
	return n;
}

static void test_order(void **state)
{
	int end;
	struct journal *j = filled(*state, MANY);
	assert_int_equal(read_all(j, 1, &end), MANY + 1);
	assert_int_equal(end, 0);
	assert_int_equal(read_all(j, MANY - 2, &end), MANY + 1);
	assert_int_equal(end, 0);
	assert_int_equal(read_all(j, MANY + 1, &end), MANY + 1);
	assert_int_equal(end, 0);
	journal_close(j);
}

static void test_broken_entry(void **state)
{
	int end;
	struct entry none = { .kind = ENTRY_EVENT, .subject = subject_of(SUBJECT_CUSTOMER, SLICE("x")) };
	struct journal *j = filled(*state, 300);
	none.event.raw = SLICE("\xff");
	append_entry(j, 301, &none);
	append_event(j, 302);
	journal_kick(j);
	journal_wait(j, 302);
	assert_int_equal(read_all(j, 1, &end), 301);
	assert_true(end < 0);
	assert_non_null(strstr(error_last()->text, "entry 301"));
	journal_close(j);
}

static void test_close_early(void **state)
{
	struct read_ahead *r;
	struct ahead_item *items;
	unsigned count;
	struct journal *j = filled(*state, MANY);
	assert_int_equal(read_ahead_open(&r, j, 1, 0), ERR_OK);
	read_ahead_close(r);
	assert_int_equal(read_ahead_open(&r, j, 1, 0), ERR_OK);
	assert_int_equal(read_ahead_next(r, &items, &count), 1);
	read_ahead_close(r);
	journal_close(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_entry, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_close_early, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
