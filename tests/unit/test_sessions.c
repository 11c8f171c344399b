/* Sessions of people with browsers: found by their ids, ended when told, when idle, when old, when there are too many; and
 * what they show against requests that another page makes their browser send. Time is what the test says. */
#include "access/sessions.h"
#include "base/error.h"
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MS 1000000ull
#define START (5000 * MS)

static struct access_grant grant(const char *name)
{
	struct access_grant g = { .generation = 1, .roles = 1u << ROLE_READ };
	snprintf(g.name, sizeof(g.name), "%s", name);
	return g;
}

static void begin(struct sessions *s, const char *name, uint64_t now_ns, char id[SESSION_TEXT_BYTES])
{
	struct access_grant g = grant(name);
	sessions_begin(s, &g, now_ns, id);
}

static bool is_of(struct sessions *s, const char *id, uint64_t now_ns, const char *name)
{
	struct access_grant *g = sessions_find(s, slice_of(id), now_ns, NULL);
	return g && strcmp(g->name, name) == 0;
}

static void are_found_by_their_ids_alone(void **state)
{
	struct sessions s;
	char anna[SESSION_TEXT_BYTES], binh[SESSION_TEXT_BYTES];
	sessions_init(&s);
	assert_null(sessions_find(&s, slice_of(""), START, NULL));
	begin(&s, "anna", START, anna);
	begin(&s, "binh", START, binh);
	assert_int_equal(strlen(anna), 64);
	assert_int_equal(strspn(anna, "0123456789abcdef"), 64);
	assert_string_not_equal(anna, binh);
	assert_true(is_of(&s, anna, START, "anna"));
	assert_true(is_of(&s, binh, START, "binh"));
	assert_null(memmem(s.items, s.count * sizeof(struct access_grant), anna, 64)); /* the id itself is not kept */
	anna[63] ^= 1;
	assert_null(sessions_find(&s, slice_of(anna), START, NULL));
	assert_non_null(strstr(error_last()->text, "log in again"));
	assert_null(sessions_find(&s, (struct slice){ binh, 63 }, START, NULL));
	sessions_finish(&s);
}

static void end_when_told(void **state)
{
	struct sessions s;
	char anna[SESSION_TEXT_BYTES], binh[SESSION_TEXT_BYTES];
	sessions_init(&s);
	begin(&s, "anna", START, anna);
	begin(&s, "binh", START, binh);
	assert_true(sessions_end(&s, slice_of(anna)));
	assert_false(sessions_end(&s, slice_of(anna)));
	assert_null(sessions_find(&s, slice_of(anna), START, NULL));
	assert_true(is_of(&s, binh, START, "binh"));
	sessions_finish(&s);
}

static void end_when_nobody_uses_them(void **state)
{
	struct sessions s;
	char id[SESSION_TEXT_BYTES];
	uint64_t idle = LIMIT_SESSION_IDLE_MS * MS, now = START;
	sessions_init(&s);
	begin(&s, "anna", now, id);
	for (unsigned i = 0; i < 3; i++) { /* each use begins it anew */
		now += idle - 1;
		sessions_tick(&s, now);
		assert_true(is_of(&s, id, now, "anna"));
	}
	assert_null(sessions_find(&s, slice_of(id), now + idle, NULL));
	assert_non_null(strstr(error_last()->text, "nobody used it"));
	assert_int_equal(s.count, 0);
	begin(&s, "anna", now, id);
	sessions_tick(&s, now + idle);
	assert_int_equal(s.count, 0);
	sessions_finish(&s);
}

static void end_however_much_they_are_used(void **state)
{
	struct sessions s;
	char id[SESSION_TEXT_BYTES];
	uint64_t ends, now = START;
	sessions_init(&s);
	begin(&s, "anna", START, id);
	for (; now < START + LIMIT_SESSION_MS * MS; now += LIMIT_SESSION_IDLE_MS * MS / 2) {
		assert_non_null(sessions_find(&s, slice_of(id), now, &ends));
		assert_int_equal(ends, START + LIMIT_SESSION_MS * MS);
	}
	assert_null(sessions_find(&s, slice_of(id), now, NULL));
	sessions_finish(&s);
}

static void are_bounded_and_the_idlest_gives_way(void **state)
{
	static char ids[LIMIT_SESSIONS + 1][SESSION_TEXT_BYTES];
	struct sessions s;
	sessions_init(&s);
	for (unsigned i = 0; i < LIMIT_SESSIONS; i++)
		begin(&s, "many", START + i, ids[i]);
	assert_non_null(sessions_find(&s, slice_of(ids[0]), START + LIMIT_SESSIONS, NULL)); /* so the second is the idlest */
	begin(&s, "one more", START + LIMIT_SESSIONS, ids[LIMIT_SESSIONS]);
	assert_int_equal(s.count, LIMIT_SESSIONS);
	for (unsigned i = 0; i <= LIMIT_SESSIONS; i++)
		assert_int_equal(sessions_find(&s, slice_of(ids[i]), START + LIMIT_SESSIONS, NULL) != NULL, i != 1);
	sessions_finish(&s);
}

/* Who logs in again and again ends sessions of their own, not what others have. */
static void of_one_token_do_not_push_out_others(void **state)
{
	char anna[SESSION_TEXT_BYTES], id[SESSION_TEXT_BYTES], first[SESSION_TEXT_BYTES];
	struct sessions s;
	sessions_init(&s);
	begin(&s, "anna", START, anna);
	begin(&s, "greedy", START + 1, first);
	for (unsigned i = 2; i < 2 * LIMIT_SESSIONS; i++)
		begin(&s, "greedy", START + i, id);
	assert_int_equal(s.count, LIMIT_SESSIONS);
	assert_true(is_of(&s, anna, START + 2 * LIMIT_SESSIONS, "anna"));
	assert_true(is_of(&s, id, START + 2 * LIMIT_SESSIONS, "greedy"));
	assert_null(sessions_find(&s, slice_of(first), START + 2 * LIMIT_SESSIONS, NULL));
	sessions_finish(&s);
}

static void have_a_csrf_token_of_their_own(void **state)
{
	struct sessions s;
	char anna[SESSION_TEXT_BYTES], binh[SESSION_TEXT_BYTES], csrf[SESSION_TEXT_BYTES], other[SESSION_TEXT_BYTES];
	sessions_init(&s);
	begin(&s, "anna", START, anna);
	begin(&s, "binh", START, binh);
	session_csrf(slice_of(anna), csrf);
	session_csrf(slice_of(binh), other);
	assert_string_not_equal(csrf, other);
	assert_string_not_equal(csrf, anna);
	assert_true(session_csrf_is(slice_of(anna), csrf));
	assert_false(session_csrf_is(slice_of(anna), other));
	assert_false(session_csrf_is(slice_of(anna), anna));
	assert_false(session_csrf_is(slice_of(anna), ""));
	assert_false(session_csrf_is(slice_of(anna), NULL));
	csrf[63] = '\0';
	assert_false(session_csrf_is(slice_of(anna), csrf));
	sessions_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_found_by_their_ids_alone),
		cmocka_unit_test(end_when_told),
		cmocka_unit_test(end_when_nobody_uses_them),
		cmocka_unit_test(end_however_much_they_are_used),
		cmocka_unit_test(are_bounded_and_the_idlest_gives_way),
		cmocka_unit_test(of_one_token_do_not_push_out_others),
		cmocka_unit_test(have_a_csrf_token_of_their_own),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
