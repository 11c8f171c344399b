/* tests/unit/test_limits.c: the token bucket, and who counts as which client: by address, by token, by user. */
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define SECOND 1000000000ull

static void a_bucket_fills_with_time(void **state)
{
	struct bucket_size size = { 10, 5 };
	struct bucket b;
	bucket_init(&b, size, SECOND);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(bucket_wait_ns(&b, size, SECOND), 0);
		bucket_take(&b, 1);
	}
	uint64_t wait_ns = bucket_wait_ns(&b, size, SECOND);
	assert_in_range(wait_ns, SECOND / 10, SECOND / 10 + 2);
	assert_int_not_equal(bucket_wait_ns(&b, size, SECOND + SECOND / 20), 0);
	assert_int_equal(bucket_wait_ns(&b, size, SECOND + wait_ns), 0);
	assert_false(bucket_is_full(&b, size, SECOND + wait_ns));
	assert_true(bucket_is_full(&b, size, 2 * SECOND)); /* and no fuller than full */
	bucket_take(&b, 5);
	assert_int_not_equal(bucket_wait_ns(&b, size, 2 * SECOND), 0);
}

static void a_large_batch_is_paid_for_afterwards(void **state)
{
	struct bucket_size size = { 100, 10 };
	struct bucket b;
	bucket_init(&b, size, 0);
	assert_int_equal(bucket_wait_ns(&b, size, 0), 0);
	bucket_take(&b, 1010);
	uint64_t wait_ns = bucket_wait_ns(&b, size, 0);
	assert_in_range(wait_ns, 10 * SECOND, 10 * SECOND + SECOND / 10);
	assert_int_not_equal(bucket_wait_ns(&b, size, wait_ns - SECOND / 50), 0);
	assert_int_equal(bucket_wait_ns(&b, size, wait_ns + 1), 0);
	assert_int_equal(bucket_wait_ns(&b, size, 0), 0); /* a clock that goes back changes nothing */
}

/* A connection over loopback: *client, as the daemon accepted it from `from`. */
static int connected(const char *from, int *ours)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } }, source = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int listening = socket(AF_INET, SOCK_STREAM, 0), accepted;
	assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(listen(listening, 1), 0);
	*ours = socket(AF_INET, SOCK_STREAM, 0);
	inet_pton(AF_INET, from, &source.sin_addr);
	assert_int_equal(bind(*ours, (struct sockaddr *)&source, sizeof(source)), 0);
	assert_int_equal(connect(*ours, (struct sockaddr *)&at, sizeof(at)), 0);
	accepted = accept(listening, NULL, NULL);
	assert_true(accepted >= 0);
	close(listening);
	return accepted;
}

static struct client *meet(struct clients *all, const char *from, bool tls)
{
	int ours, theirs = connected(from, &ours);
	struct client *c = clients_meet(all, theirs, tls);
	close(ours);
	close(theirs);
	return c;
}

static void an_address_has_so_many_connections(void **state)
{
	struct clients *all;
	struct clients_stats stats;
	struct clients_config config = { .limits = { .connections = 2 } };
	assert_int_equal(clients_create(&all, &config), ERR_OK);
	struct client *one = meet(all, "127.0.0.1", true), *two = meet(all, "127.0.0.1", true);
	assert_non_null(one);
	assert_ptr_equal(one, two);
	assert_null(meet(all, "127.0.0.1", true));
	struct client *other = meet(all, "127.0.0.2", true), *plain = meet(all, "127.0.0.1", false);
	assert_non_null(other);
	assert_ptr_not_equal(other, one);
	assert_ptr_equal(plain, one); /* the same client; loopback without TLS is not counted against it */
	client_leave(plain, true);
	client_leave(two, true);
	two = meet(all, "127.0.0.1", true);
	assert_non_null(two);
	struct client *desk = clients_token(all, "desk", true), *again = clients_token(all, "desk", true);
	assert_ptr_equal(desk, again);
	assert_null(clients_token(all, "desk", true));
	struct client *asks = clients_token(all, "desk", false); /* a request of HTTP is no connection */
	assert_ptr_equal(asks, desk);
	clients_stats(all, &stats);
	assert_int_equal(stats.connections, 2);
	client_is_token(two); /* its connection has shown one, and leaves the address room */
	struct client *third = meet(all, "127.0.0.1", true);
	assert_ptr_equal(third, one);
	assert_null(meet(all, "127.0.0.1", true));
	client_leave(third, true), client_is_token(NULL);
	client_leave(asks, false);
	client_leave(desk, true), client_leave(again, true), client_leave(one, true), client_leave(two, false), client_leave(other, true);
	client_leave(NULL, true);
	clients_destroy(all);
}

static void each_client_has_its_own_rate(void **state)
{
	struct clients *all;
	struct clients_config config = { .limits = { .rate = 1, .burst = 3, .connections = 9 } };
	assert_int_equal(clients_create(&all, &config), ERR_OK);
	struct client *one = meet(all, "127.0.0.1", false), *two = meet(all, "127.0.0.2", false), *token = clients_token(all, "a", false);
	assert_true(client_is_limited(one));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(client_wait_ns(one), 0);
		client_charge(one, 1);
	}
	assert_int_not_equal(client_wait_ns(one), 0);
	assert_int_equal(client_wait_ns(two), 0);
	assert_int_equal(client_wait_ns(token), 0);
	client_leave(one, true); /* and its debt is not forgotten */
	one = meet(all, "127.0.0.1", false);
	assert_int_not_equal(client_wait_ns(one), 0);
	clients_set_limits(all, &(struct client_limits){ .connections = 9 });
	assert_false(client_is_limited(one));
	assert_int_equal(client_wait_ns(one), 0);
	client_leave(one, true), client_leave(two, true), client_leave(token, false);
	clients_destroy(all);
}

static void wrong_tokens_are_let_pass_a_few_times(void **state)
{
	struct clients *all;
	struct clients_config config = { .limits = { .connections = 9 } };
	assert_int_equal(clients_create(&all, &config), ERR_OK);
	struct client *c = meet(all, "127.0.0.1", false), *other = meet(all, "127.0.0.2", false);
	for (unsigned i = 0; i < 10; i++)
		assert_false(client_failed(c));
	assert_true(client_failed(c));
	assert_false(client_failed(other));
	assert_false(client_failed(NULL));
	client_leave(c, true), client_leave(other, true);
	clients_destroy(all);
}

static void a_user_is_let_in_by_name(void **state)
{
	struct clients *all;
	char own[32], others[32];
	int ends[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	snprintf(own, sizeof(own), "12345, %u", (unsigned)geteuid());
	snprintf(others, sizeof(others), "%u,12346", (unsigned)geteuid() + 1);
	const struct {
		const char *users, *groups;
		bool in;
	} cases[] = { { NULL, NULL, true }, { own, NULL, true }, { others, NULL, false }, { NULL, "12347", false }, { others, "0", getegid() == 0 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct clients_config config = { { .rate = 1, .connections = 1 }, "0600", cases[i].users, cases[i].groups };
		assert_int_equal(clients_create(&all, &config), ERR_OK);
		assert_int_equal(clients_unix_mode(all), 0600);
		struct client *c = clients_meet(all, ends[0], false), *again = clients_meet(all, ends[0], false);
		assert_int_equal(c != NULL, cases[i].in);
		assert_ptr_equal(c, again);
		assert_false(client_is_limited(c));
		client_leave(c, true), client_leave(again, true);
		clients_destroy(all);
	}
	close(ends[0]), close(ends[1]);
}

static void mistakes_are_told(void **state)
{
	struct clients *all;
	const struct clients_config bad[] = { { .mode = "rw" }, { .mode = "0999" }, { .mode = "0440" }, { .mode = "1777" },
					      { .users = "nobody-has-this-name" }, { .groups = "root, nobody-has-this-name" } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(clients_create(&all, &bad[i]), ERR_INVALID);
		assert_non_null(strstr(error_last()->text, "listen_"));
	}
}

/* Whoever comes from many addresses does not take the memory. */
static void not_more_are_known_than_fit(void **state)
{
	struct clients *all;
	struct clients_stats stats;
	char name[32];
	struct clients_config config = { .limits = { .rate = 1, .burst = 1, .connections = 1 } };
	assert_int_equal(clients_create(&all, &config), ERR_OK);
	struct client *stays = clients_token(all, "stays", true);
	for (unsigned i = 0; i < 3 * LIMIT_CLIENTS; i++) {
		snprintf(name, sizeof(name), "%u", i);
		struct client *c = clients_token(all, name, true);
		client_charge(c, 100); /* it owes something */
		client_leave(c, true);
	}
	clients_stats(all, &stats);
	assert_in_range(stats.known, 1, LIMIT_CLIENTS);
	assert_null(clients_token(all, "stays", true));
	client_leave(stays, true);
	clients_destroy(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_fills_with_time),
		cmocka_unit_test(a_large_batch_is_paid_for_afterwards),
		cmocka_unit_test(an_address_has_so_many_connections),
		cmocka_unit_test(each_client_has_its_own_rate),
		cmocka_unit_test(wrong_tokens_are_let_pass_a_few_times),
		cmocka_unit_test(a_user_is_let_in_by_name),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(not_more_are_known_than_fit),
	};
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
